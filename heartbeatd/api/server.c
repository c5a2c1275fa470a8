/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets of the interface for programs. Decides nothing about what is said; a
 * connection only ever ends in sweep(), so that nobody holds one that is gone.
 */
#include "heartbeatd/api/server.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/act/power.h"
#include "heartbeatd/api/frame.h"
#include "heartbeatd/api/listen.h"

#define READ_MAX     16384
#define UNREAD_MAX   (1 << 20) /* bytes left unread by one client */
#define CASTS_MAX    1000      /* of all clients, waiting to be sent */
#define WINDOW_NS    HA_NS_PER_S
#define WINDOW_CASTS 100       /* of one client, per window; then it is not read until the next */
#define NO_ROOM_NS   (HA_NS_PER_S / 10)

struct conn {
    struct hb_api_server *server;
    unsigned id;
    struct ha_watch watch;
    int pidfd; /* -1: it cannot be signalled */
    GByteArray *in, *out;
    GQueue lengths; /* of what waits in out */
    unsigned queue_max;
    unsigned casts;
    bool leaving;   /* close once out is empty */
    bool gone;
};

struct hb_api_server {
    struct ha_loop *loop;
    struct hb_api_host host;
    struct hb_api *api;
    char *path;
    struct ha_watch listener;
    GPtrArray *conns; /* of struct conn *, oldest first */
    unsigned last_id;
    GArray *acts;
    bool acting;
    bool listened;
    GQueue casts; /* of struct hb_msg * */
    struct ha_timer cast_timer, window, again;
    struct ha_log_limit limit;
};

static void run_acts(struct hb_api_server *server);

/* ---- connections ---- */

static void conn_free(struct conn *conn)
{
    int fd = conn->watch.fd;

    ha_watch_stop(conn->server->loop, &conn->watch);
    close(fd);
    g_byte_array_unref(conn->in);
    g_byte_array_unref(conn->out);
    g_queue_clear(&conn->lengths);
    if (conn->pidfd >= 0) {
        close(conn->pidfd);
    }
    g_free(conn);
}

static struct conn *conn_at(const struct hb_api_server *server, guint i)
{
    return server->conns->pdata[i];
}

static struct conn *find(const struct hb_api_server *server, unsigned id)
{
    for (guint i = 0; i < server->conns->len; i++) {
        if (conn_at(server, i)->id == id) {
            return conn_at(server, i);
        }
    }
    return NULL;
}

static uint32_t wanted_events(const struct conn *conn)
{
    uint32_t events = conn->out->len > 0 ? EPOLLOUT : 0;

    return conn->leaving || conn->casts >= WINDOW_CASTS ? events : events | EPOLLIN;
}

static void rewatch(struct conn *conn)
{
    if (!conn->gone && conn->watch.events != wanted_events(conn)) {
        ha_watch_change(conn->server->loop, &conn->watch, wanted_events(conn));
    }
}

static void flush(struct conn *conn)
{
    size_t sent_all = 0;

    while (!conn->gone && sent_all < conn->out->len) {
        ssize_t sent = send(conn->watch.fd, conn->out->data + sent_all, conn->out->len - sent_all,
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent > 0) {
            sent_all += (size_t)sent;
        } else if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        } else {
            conn->gone = true;
        }
    }
    if (sent_all > 0) {
        size_t rest = sent_all;

        g_byte_array_remove_range(conn->out, 0, (guint)sent_all);
        while (rest > 0) { /* the first message may have gone in part */
            guint first = GPOINTER_TO_UINT(g_queue_pop_head(&conn->lengths));

            if (first > rest) {
                g_queue_push_head(&conn->lengths, GUINT_TO_POINTER((guint)(first - rest)));
                break;
            }
            rest -= first;
        }
    }
    conn->gone = conn->gone || (conn->leaving && conn->out->len == 0);
    rewatch(conn);
}

/* ---- acts ---- */

static void tell(struct conn *conn, const struct hb_api_act *act)
{
    guint before = conn->out->len;

    if (conn->gone || conn->leaving) {
        return;
    }
    hb_frame_append(conn->out, act->msg);
    g_queue_push_tail(&conn->lengths, GUINT_TO_POINTER(conn->out->len - before));
    flush(conn);
    if (conn->out->len > UNREAD_MAX || conn->lengths.length > conn->queue_max) {
        ha_log(HA_LOG_WARNING, "client %u does not read (%u messages wait): sent away", conn->id,
               conn->lengths.length);
        conn->gone = true;
    }
    if (act->signal > 0 && conn->pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, conn->pidfd, act->signal, NULL, 0);
    }
}

static void cast_now(void *ctx, uint64_t now_ns)
{
    struct hb_api_server *server = ctx;
    struct hb_msg *msg;

    (void)now_ns;
    for (guint left = server->casts.length; left > 0; left--) {
        msg = g_queue_pop_head(&server->casts);
        server->host.cast(server->host.ctx, msg);
        hb_msg_unref(msg);
    }
}

static void next_window(void *ctx, uint64_t now_ns)
{
    struct hb_api_server *server = ctx;

    (void)now_ns;
    for (guint i = 0; i < server->conns->len; i++) {
        conn_at(server, i)->casts = 0;
        rewatch(conn_at(server, i));
    }
}

static void cast(struct hb_api_server *server, const struct hb_api_act *act)
{
    struct conn *conn = find(server, act->client);

    if (server->casts.length >= CASTS_MAX) {
        return;
    }
    g_queue_push_tail(&server->casts, hb_msg_ref(act->msg));
    ha_timer_set(server->loop, &server->cast_timer, 1, cast_now, server);
    if (conn && ++conn->casts == WINDOW_CASTS) {
        rewatch(conn);
    }
    if (conn && server->window.at_ns == 0) {
        ha_timer_set(server->loop, &server->window, ha_clock_ns() + WINDOW_NS, next_window,
                     server);
    }
}

static void log_line(struct hb_api_server *server, const struct hb_api_act *act)
{
    unsigned dropped;

    if (ha_log_allowed(&server->limit, ha_clock_ns(), 20, &dropped)) {
        ha_log((enum ha_level)act->level, "%s", act->text);
    }
}

static void do_act(struct hb_api_server *server, const struct hb_api_act *act)
{
    struct conn *conn = find(server, act->client);

    switch (act->kind) {
    case HB_API_TELL:
        if (conn) {
            tell(conn, act);
        }
        break;
    case HB_API_CLOSE:
        if (conn) {
            conn->leaving = true;
            flush(conn);
        }
        break;
    case HB_API_QUEUE:
        if (conn) {
            conn->queue_max = act->queue;
        }
        break;
    case HB_API_CAST:
        cast(server, act);
        break;
    case HB_API_LOG:
        log_line(server, act);
        break;
    default:
        break;
    }
}

static void world_of(struct hb_api_server *server, struct hb_api_world *world)
{
    *world = (struct hb_api_world){0};
    server->host.world(server->host.ctx, world);
}

/* Takes leave of those that are gone; what the others hear of it is new acts. */
static void sweep(struct hb_api_server *server)
{
    struct hb_api_world world;

    world_of(server, &world);
    for (guint i = 0; i < server->conns->len;) {
        struct conn *conn = conn_at(server, i);

        if (!conn->gone) {
            i++;
            continue;
        }
        hb_api_closed(server->api, &world, conn->id, server->acts);
        g_ptr_array_remove_index(server->conns, i);
        conn_free(conn);
    }
}

static void run_acts(struct hb_api_server *server)
{
    bool listening;

    if (server->acting) {
        return;
    }
    server->acting = true;
    do {
        for (guint i = 0; i < server->acts->len; i++) {
            do_act(server, &g_array_index(server->acts, struct hb_api_act, i));
        }
        hb_api_acts_reset(server->acts);
        sweep(server);
    } while (server->acts->len > 0);
    server->acting = false;
    listening = hb_api_listens(server->api);
    if (listening != server->listened) {
        server->listened = listening;
        server->host.listening(server->host.ctx, listening);
    }
}

/* ---- reading ---- */

static void take_messages(struct conn *conn)
{
    struct hb_api_server *server = conn->server;
    struct hb_api_world world;
    const uint8_t *body;
    size_t length, used = 0;
    enum hb_frame frame;

    world_of(server, &world);
    while ((frame = hb_frame_find(conn->in->data + used, conn->in->len - used, &body, &length)) ==
           HB_FRAME_WHOLE) {
        struct hb_msg *msg = hb_frame_open(body, length);

        used += HB_FRAME_HEAD + length;
        if (msg) {
            hb_api_message(server->api, &world, conn->id, msg, server->acts);
            hb_msg_unref(msg);
        } /* 3.0.6 passes over what is no message, too */
    }
    if (frame == HB_FRAME_BAD) {
        conn->gone = true;
    }
    g_byte_array_remove_range(conn->in, 0, (guint)used);
}

static void readable(struct conn *conn)
{
    uint8_t bytes[READ_MAX];
    ssize_t got = recv(conn->watch.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (got > 0) {
        g_byte_array_append(conn->in, bytes, (guint)got);
        take_messages(conn);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        conn->gone = true;
    }
}

static void conn_event(void *ctx, uint32_t events)
{
    struct conn *conn = ctx;
    struct hb_api_server *server = conn->server;

    if (events & EPOLLOUT) {
        flush(conn);
    }
    if (!conn->gone && (events & EPOLLIN) && !conn->leaving) {
        readable(conn);
    } else if (events & (EPOLLHUP | EPOLLERR)) {
        conn->gone = true;
    }
    run_acts(server);
}

/* ---- accepting ---- */

static void listen_event(void *ctx, uint32_t events);

static void listen_again(void *ctx, uint64_t now_ns)
{
    struct hb_api_server *server = ctx;

    (void)now_ns;
    ha_watch_change(server->loop, &server->listener, EPOLLIN);
}

/* Room for one more: the oldest that has not signed on makes it. */
static bool make_room(struct hb_api_server *server)
{
    for (guint i = 0; server->conns->len >= HB_API_CLIENTS_MAX && i < server->conns->len; i++) {
        if (!hb_api_signed_on(server->api, conn_at(server, i)->id)) {
            conn_at(server, i)->gone = true;
            run_acts(server);
        }
    }
    return server->conns->len < HB_API_CLIENTS_MAX;
}

static void welcome(struct hb_api_server *server, int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    struct conn *conn;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || !make_room(server)) {
        close(fd);
        return;
    }
    conn = g_new0(struct conn, 1);
    conn->server = server;
    conn->id = ++server->last_id;
    conn->watch.fd = -1;
    conn->pidfd = peer.pid > 0 ? (int)syscall(SYS_pidfd_open, peer.pid, 0) : -1;
    conn->in = g_byte_array_new();
    conn->out = g_byte_array_new();
    conn->queue_max = HB_API_QUEUE_MAX;
    g_queue_init(&conn->lengths);
    if (ha_watch_start(server->loop, &conn->watch, fd, EPOLLIN, conn_event, conn) < 0) {
        conn->watch.fd = fd; /* to be closed */
        conn_free(conn);
        return;
    }
    g_ptr_array_add(server->conns, conn);
    hb_api_connected(server->api, conn->id, peer.uid, peer.gid, peer.pid);
}

static void listen_event(void *ctx, uint32_t events)
{
    struct hb_api_server *server = ctx;
    int fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)events;
    if (fd >= 0) {
        welcome(server, fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        ha_watch_change(server->loop, &server->listener, 0);
        ha_timer_set(server->loop, &server->again, ha_clock_ns() + NO_ROOM_NS, listen_again,
                     server);
    }
}

int hb_api_server_open(struct hb_api_server **out, struct ha_loop *loop, const char *path,
                       const struct hb_api_host *host)
{
    struct hb_api_server *server;
    int fd = hb_power_away() ? hb_power_listen() : hb_api_listen_at(path), status;

    if (fd < 0) {
        return fd;
    }
    server = g_new0(struct hb_api_server, 1);
    server->loop = loop;
    server->host = *host;
    server->path = g_strdup(path);
    server->api = hb_api_new();
    server->conns = g_ptr_array_new();
    server->listener.fd = -1;
    hb_api_acts_init(&server->acts);
    g_queue_init(&server->casts);
    status = ha_watch_start(loop, &server->listener, fd, EPOLLIN, listen_event, server);
    if (status < 0) {
        server->listener.fd = fd;
        hb_api_server_close(server);
        return status;
    }
    *out = server;
    return 0;
}

void hb_api_server_close(struct hb_api_server *server)
{
    int fd;

    if (!server) {
        return;
    }
    fd = server->listener.fd;
    ha_watch_stop(server->loop, &server->listener);
    close(fd);
    hb_power_clear(HB_POWER_REGISTER, server->path);
    for (guint i = 0; i < server->conns->len; i++) {
        conn_free(conn_at(server, i));
    }
    ha_timer_cancel(server->loop, &server->cast_timer);
    ha_timer_cancel(server->loop, &server->window);
    ha_timer_cancel(server->loop, &server->again);
    g_queue_clear_full(&server->casts, (GDestroyNotify)hb_msg_unref);
    g_ptr_array_unref(server->conns);
    hb_api_acts_clear(&server->acts);
    hb_api_free(server->api);
    g_free(server->path);
    g_free(server);
}

/* ---- from the cluster ---- */

void hb_api_server_heard(struct hb_api_server *server, const struct hb_msg *msg,
                         enum hb_heard heard)
{
    struct hb_api_world world;

    world_of(server, &world);
    hb_api_heard(server->api, &world, msg, heard, server->acts);
    run_acts(server);
}

void hb_api_server_node_dead(struct hb_api_server *server, const char *node)
{
    hb_api_node_dead(server->api, node, ha_clock_wall_s(), server->acts);
    run_acts(server);
}

void hb_api_server_link(struct hb_api_server *server, const char *node, const char *link, bool up)
{
    hb_api_link(server->api, node, link, up, server->acts);
    run_acts(server);
}

bool hb_api_server_has(const struct hb_api_server *server, const char *name)
{
    return hb_api_has(server->api, name);
}
