/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the interface for programs: one socket, one request at a time.
 */
#include "heartbeatd/api/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/api/frame.h"

#define ANSWER_MS 5000
#define KEPT_MAX  1000 /* heard while waiting for an answer */

struct hb_client {
    int fd;
    char *name, *node;
    uint64_t keepalive_ms;
    GByteArray *in;
    GQueue kept; /* of struct hb_msg * */
};

char *hb_client_node(const struct hb_client *client, uint64_t *keepalive_ms)
{
    *keepalive_ms = client->keepalive_ms;
    return g_strdup(client->node);
}

static int send_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR) {
            return -errno;
        }
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        }
    }
    return 0;
}

int hb_client_send(struct hb_client *client, const struct hb_msg *msg)
{
    GByteArray *bytes = g_byte_array_new();
    int status;

    hb_frame_append(bytes, msg);
    status = send_all(client->fd, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
    return status;
}

/* From what has arrived: 0, -EAGAIN, or -EPROTO. */
static int take(struct hb_client *client, struct hb_msg **msg)
{
    const uint8_t *body;
    size_t length;

    for (;;) {
        enum hb_frame frame = hb_frame_find(client->in->data, client->in->len, &body, &length);

        if (frame != HB_FRAME_WHOLE) {
            return frame == HB_FRAME_PART ? -EAGAIN : -EPROTO;
        }
        *msg = hb_frame_open(body, length);
        g_byte_array_remove_range(client->in, 0, (guint)(HB_FRAME_HEAD + length));
        if (*msg) {
            return 0;
        }
    }
}

static int read_one(struct hb_client *client, uint64_t until_ns, struct hb_msg **msg)
{
    struct pollfd readable = {.fd = client->fd, .events = POLLIN};
    uint8_t bytes[16384];
    uint64_t now_ns;
    ssize_t got;
    int status;

    while ((status = take(client, msg)) == -EAGAIN) {
        now_ns = ha_clock_ns();
        status = poll(&readable, 1,
                      now_ns >= until_ns ? 0 : (int)((until_ns - now_ns) / HA_NS_PER_MS + 1));
        if (status < 0) {
            return errno == EINTR ? -EAGAIN : -errno;
        }
        if (status == 0) {
            return -EAGAIN;
        }
        got = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            return -EPIPE;
        }
        if (got > 0) {
            g_byte_array_append(client->in, bytes, (guint)got);
        }
    }
    return status;
}

int hb_client_next(struct hb_client *client, int timeout_ms, struct hb_msg **msg)
{
    *msg = g_queue_pop_head(&client->kept);
    if (*msg) {
        return 0;
    }
    return read_one(client, ha_clock_ns() + ha_ms_to_ns((uint64_t)timeout_ms), msg);
}

static bool answers(const struct hb_msg *msg, const char *request)
{
    const char *type = hb_msg_text(msg, "t"), *name = hb_msg_text(msg, "reqtype");

    return type && name && !strcmp(type, "hbapi-resp") && !strcmp(name, request);
}

static int collect(struct hb_client *client, const char *request, GPtrArray *list)
{
    uint64_t until_ns = ha_clock_ns() + ha_ms_to_ns(ANSWER_MS);
    const char *result;
    struct hb_msg *msg;
    int status;

    for (;;) {
        status = read_one(client, until_ns, &msg);
        if (status == -EAGAIN && ha_clock_ns() < until_ns) {
            continue; /* a signal */
        }
        if (status < 0) {
            return status == -EAGAIN ? -ETIMEDOUT : status;
        }
        if (!answers(msg, request)) {
            if (client->kept.length < KEPT_MAX) {
                g_queue_push_tail(&client->kept, msg);
            } else {
                hb_msg_unref(msg);
            }
            continue;
        }
        g_ptr_array_add(list, msg);
        result = hb_msg_text(msg, "result");
        if (!result || strcmp(result, "ok/more") != 0) {
            return result && !strcmp(result, "OK") ? 0 : -EINVAL;
        }
    }
}

static struct hb_msg *compose(const struct hb_client *client, const char *request)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", "hbapi-req");
    hb_msg_add_text(msg, "reqtype", request);
    hb_msg_add_uint(msg, "pid", (uint64_t)getpid());
    hb_msg_add_text(msg, "from_id", client->name);
    return msg;
}

int hb_client_ask(struct hb_client *client, const char *request, const char *field,
                  const char *text, GPtrArray **out)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)hb_msg_unref);
    struct hb_msg *msg = compose(client, request);
    int status;

    if (field) {
        hb_msg_add_text(msg, field, text);
    }
    status = hb_client_send(client, msg);
    hb_msg_unref(msg);
    if (status == 0) {
        status = collect(client, request, list);
    }
    if (out) {
        *out = list;
    } else {
        g_ptr_array_unref(list);
    }
    return status;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, error;

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path)) {
        return -ENAMETOOLONG;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        error = errno;
        close(fd);
        return -error;
    }
    return fd < 0 ? -errno : fd;
}

static void discard(struct hb_client *client)
{
    close(client->fd);
    g_free(client->name);
    g_free(client->node);
    g_byte_array_unref(client->in);
    g_queue_clear_full(&client->kept, (GDestroyNotify)hb_msg_unref);
    g_free(client);
}

int hb_client_open(struct hb_client **out, const char *path, const char *name, char **why)
{
    struct hb_client *client;
    GPtrArray *list;
    int fd = connect_to(path), status;

    *why = NULL;
    if (fd < 0) {
        return fd;
    }
    client = g_new0(struct hb_client, 1);
    client->fd = fd;
    client->name = g_strdup(name);
    client->in = g_byte_array_new();
    g_queue_init(&client->kept);
    status = hb_client_ask(client, "signon", NULL, NULL, &list);
    if (status == -EINVAL) {
        *why = g_strdup(hb_msg_text(list->pdata[list->len - 1], "info"));
        status = -EACCES;
    }
    if (status == 0) {
        client->node = g_strdup(hb_msg_text(list->pdata[list->len - 1], "node"));
        if (!client->node ||
            !hb_msg_hex(list->pdata[list->len - 1], "keepalive", &client->keepalive_ms)) {
            status = -EPROTO;
        }
    }
    g_ptr_array_unref(list);
    if (status < 0) {
        discard(client);
        return status;
    }
    *out = client;
    return 0;
}

void hb_client_close(struct hb_client *client)
{
    struct hb_msg *msg;

    if (!client) {
        return;
    }
    msg = compose(client, "signoff");
    hb_client_send(client, msg);
    hb_msg_unref(msg);
    discard(client);
}
