/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket on libqb's IPC (its socket transport: no shared memory but
 * a page for flow control). An answer may be longer than a datagram, and a
 * server may not wait for a client to read, so the client fetches it: the first
 * request carries the question, further ones ask for the rest from an offset.
 */
#include "common/run/control_inside.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <qb/qbdefs.h>
#include <qb/qbipcs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/control_poll.h"

/* ---- server ---- */

struct ha_control {
    qb_ipcs_service_t *service;
    ha_control_fn fn;
    void *ctx;
    unsigned clients;
};

/* What one client is told, until it has fetched it. */
struct session {
    struct ha_control_peer peer;
    int status;
    GString *answer;
};

#define SHARED "/dev/shm"

/* libqb gives a connection's file to its client, which it may only as root. A server that has let go of
 * root opens the way to the file instead: in it is when to pause, and nothing that is said. */
static void let_in(qb_ipcs_connection_t *connection)
{
    struct qb_ipcs_connection_stats stats;
    DIR *shared = opendir(SHARED);
    struct dirent *entry;
    char ours[64];

    if (shared && qb_ipcs_connection_stats_get(connection, &stats, QB_FALSE) == 0) {
        snprintf(ours, sizeof(ours), "qb-%d-%d-", (int)getpid(), (int)stats.client_pid);
        while ((entry = readdir(shared))) {
            if (g_str_has_prefix(entry->d_name, ours)) {
                fchmodat(dirfd(shared), entry->d_name, 0711, 0);
            }
        }
        qb_ipcs_connection_auth_set(connection, geteuid(), getegid(), 0666);
    }
    if (shared) {
        closedir(shared);
    }
}

static int32_t client_comes(qb_ipcs_connection_t *connection, uid_t uid, gid_t gid)
{
    struct ha_control *control = qb_ipcs_connection_service_context_get(connection);
    struct session *session;

    if (geteuid() != 0 && uid != 0 && uid != geteuid()) {
        let_in(connection);
    }
    if (control->clients >= HA_CONTROL_CLIENTS_MAX) {
        return -EBUSY;
    }
    control->clients++;
    session = g_new0(struct session, 1);
    session->peer.uid = uid;
    session->peer.gid = gid;
    session->answer = g_string_new(NULL);
    qb_ipcs_context_set(connection, session);
    return 0;
}

static int32_t client_closed(qb_ipcs_connection_t *connection)
{
    (void)connection;
    return 0;
}

static void client_gone(qb_ipcs_connection_t *connection)
{
    struct ha_control *control = qb_ipcs_connection_service_context_get(connection);
    struct session *session = qb_ipcs_context_get(connection);

    if (session) {
        control->clients--;
        g_string_free(session->answer, TRUE);
        g_free(session);
        qb_ipcs_context_set(connection, NULL);
    }
}

static void answer_question(struct ha_control *control, struct session *session, const char *text)
{
    char **words = g_strsplit(text, "\t", -1);

    g_string_truncate(session->answer, 0);
    session->status = control->fn(control->ctx, &session->peer, words, session->answer);
    if (session->answer->len > HA_CONTROL_ANSWER_MAX) {
        g_string_truncate(session->answer, HA_CONTROL_ANSWER_MAX);
    }
    g_strfreev(words);
}

static int32_t client_asks(qb_ipcs_connection_t *connection, void *data, size_t size)
{
    struct ha_control *control = qb_ipcs_connection_service_context_get(connection);
    struct session *session = qb_ipcs_context_get(connection);
    const struct ha_control_request *request = data;
    struct qb_ipcs_connection_stats stats;
    struct ha_control_response response = {.header = {.id = HA_CONTROL_ASK}};
    size_t words_at = offsetof(struct ha_control_request, words), piece;
    uint32_t from;

    if (!session || size < words_at || (size_t)request->header.size != size) {
        return -EINVAL; /* libqb hangs up */
    }
    from = request->offset;
    if (request->header.id != HA_CONTROL_MORE) {
        size_t length = size - words_at;

        if (length < 2 || length > sizeof(request->words) ||
            memchr(request->words, '\0', length) != request->words + length - 1) {
            return -EINVAL;
        }
        if (qb_ipcs_connection_stats_get(connection, &stats, QB_FALSE) == 0) {
            session->peer.pid = stats.client_pid;
        }
        answer_question(control, session, request->words);
        from = 0;
    }
    if (from > session->answer->len) {
        return -EINVAL;
    }
    piece = session->answer->len - from;
    if (piece > HA_CONTROL_PIECE_MAX) {
        piece = HA_CONTROL_PIECE_MAX;
    }
    memcpy(response.piece, session->answer->str + from, piece);
    response.status = session->status;
    response.total = (uint32_t)session->answer->len;
    response.header.size = (int32_t)(offsetof(struct ha_control_response, piece) + piece);
    /* Full: the client does not read. It will time out; that is its own affair. */
    if (request->header.id == HA_CONTROL_TELL) {
        qb_ipcs_event_send(connection, &response, (size_t)response.header.size);
    } else {
        qb_ipcs_response_send(connection, &response, (size_t)response.header.size);
    }
    return 0;
}

int ha_control_start(struct ha_control **out, struct ha_loop *loop, const char *name,
                     ha_control_fn fn, void *ctx)
{
    static struct qb_ipcs_service_handlers handlers = {
        .connection_accept = client_comes,
        .msg_process = client_asks,
        .connection_closed = client_closed,
        .connection_destroyed = client_gone,
    };
    struct ha_control *control;
    int status;

    *out = NULL;
    if (!ha_control_poll_begin(loop)) {
        return -EBUSY;
    }
    control = g_new0(struct ha_control, 1);
    control->fn = fn;
    control->ctx = ctx;
    control->service = qb_ipcs_create(name, 0, QB_IPC_SOCKET, &handlers);
    if (!control->service) {
        status = errno ? -errno : -ENOMEM;
        ha_control_poll_end();
        g_free(control);
        return status;
    }
    qb_ipcs_service_context_set(control->service, control);
    qb_ipcs_poll_handlers_set(control->service, &ha_control_poll);
    qb_ipcs_enforce_buffer_size(control->service, HA_CONTROL_MESSAGE_MAX);
    status = qb_ipcs_run(control->service);
    if (status < 0) {
        /* qb_ipcs_run() has released the service. */
        ha_control_poll_end();
        g_free(control);
        return status;
    }
    *out = control;
    return 0;
}

void ha_control_stop(struct ha_control *control)
{
    if (!control) {
        return;
    }
    qb_ipcs_destroy(control->service);
    ha_control_poll_end();
    g_free(control);
}

/* ---- client ---- */

static int left_ms(uint64_t until_ns)
{
    uint64_t now_ns = ha_clock_ns();

    return now_ns >= until_ns ? 0 : (int)((until_ns - now_ns + HA_NS_PER_MS - 1) / HA_NS_PER_MS);
}

int ha_control_connect(const char *name, qb_ipcc_connection_t **out, int *fd)
{
    int status;

    errno = 0;
    *out = qb_ipcc_connect_async(name, HA_CONTROL_MESSAGE_MAX, fd);
    if (*out) {
        return 0;
    }
    status = errno ? -errno : -ECONNREFUSED;
    return status == -ENOENT ? -ECONNREFUSED : status;
}

/* Who made the socket listen: a daemon that has let go of root since is believed all the same. */
static bool listens_as(int fd, struct ucred *who)
{
    socklen_t size = sizeof(*who);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &size) == 0 && size == sizeof(*who);
}

/* Any user may take an abstract name that is free: believe root and ourselves only. */
static bool is_believed(qb_ipcc_connection_t *connection, const struct ucred *listener)
{
    uid_t uid = (uid_t)-1;

    if (listener && (listener->uid == 0 || listener->uid == geteuid())) {
        return true;
    }
    return qb_ipcc_auth_get(connection, NULL, &uid, NULL) >= 0 && (uid == 0 || uid == geteuid());
}

int ha_control_connected(qb_ipcc_connection_t *connection, int fd, int *server_fd)
{
    struct ucred listener;
    bool known = listens_as(fd, &listener); /* later it may be closed */
    int status = qb_ipcc_connect_continue(connection); /* frees it when it fails */

    *server_fd = -1;
    if (status < 0) {
        return status;
    }
    if (!is_believed(connection, known ? &listener : NULL)) {
        qb_ipcc_disconnect(connection);
        return -EACCES;
    }
    if (known && listener.pid > 0) { /* 0: in another pid namespace */
        *server_fd = (int)syscall(SYS_pidfd_open, listener.pid, 0);
    }
    return 0;
}

void ha_control_give_up(qb_ipcc_connection_t *connection, int fd)
{
    shutdown(fd, SHUT_RDWR);
    if (qb_ipcc_connect_continue(connection) == 0) {
        qb_ipcc_disconnect(connection);
    }
}

struct line {
    qb_ipcc_connection_t *connection;
    struct pollfd server; /* readable: it has ended */
};

static int connect_within(const char *name, uint64_t until_ns, struct line *out)
{
    struct pollfd wait = {.events = POLLIN};
    int status = ha_control_connect(name, &out->connection, &wait.fd);

    if (status < 0) {
        return status;
    }
    out->server.events = POLLIN;
    do {
        status = poll(&wait, 1, left_ms(until_ns));
    } while (status < 0 && errno == EINTR);
    if (status <= 0) {
        status = status < 0 ? -errno : -ETIMEDOUT;
        ha_control_give_up(out->connection, wait.fd);
        return status;
    }
    return ha_control_connected(out->connection, wait.fd, &out->server.fd);
}

static void disconnect(struct line *line)
{
    qb_ipcc_disconnect(line->connection);
    if (line->server.fd >= 0) {
        close(line->server.fd);
    }
}

struct ha_control_request *ha_control_request(enum ha_control_id id, char *const *words)
{
    char *text = g_strjoinv("\t", (char **)words);
    size_t length = strlen(text) + 1;
    struct ha_control_request *request = NULL;

    if (length >= 2 && length <= HA_CONTROL_QUESTION_MAX) {
        request = g_new0(struct ha_control_request, 1);
        request->header.id = (int32_t)id;
        request->header.size = (int32_t)(offsetof(struct ha_control_request, words) + length);
        memcpy(request->words, text, length);
    }
    g_free(text);
    return request;
}

/* How often is looked whether the server is there still: libqb shows no descriptor for responses. */
#define LOOK_MS 100

static ssize_t receive(struct line *line, struct ha_control_response *response, uint64_t until_ns)
{
    bool gone = false;
    ssize_t got;
    int left;

    do {
        left = left_ms(until_ns);
        got = qb_ipcc_recv(line->connection, response, sizeof(*response), gone ? 0 : MIN(left, LOOK_MS));
        if (got != -EAGAIN && got != -ETIMEDOUT) {
            return got == -ENOTCONN ? -ECONNRESET : got;
        }
        if (gone) { /* without having answered just before */
            return -ECONNRESET;
        }
        gone = line->server.fd >= 0 && poll(&line->server, 1, 0) > 0;
    } while (left > LOOK_MS || gone);
    return -ETIMEDOUT;
}

static int exchange(struct line *line, const struct ha_control_request *request,
                    struct ha_control_response *response, uint64_t until_ns)
{
    ssize_t got = qb_ipcc_send(line->connection, request, (size_t)request->header.size);

    if (got >= 0) {
        got = receive(line, response, until_ns);
    }
    if (got < 0) {
        return (int)got;
    }
    if ((size_t)got < offsetof(struct ha_control_response, piece) || response->header.size != got ||
        response->total > HA_CONTROL_ANSWER_MAX) {
        return -EPROTO;
    }
    return response->header.error;
}

static int fetch(struct line *line, struct ha_control_request *request, uint64_t until_ns, int *status,
                 GString *answer)
{
    struct ha_control_response *response = g_new0(struct ha_control_response, 1);
    size_t before = answer->len;
    int result;

    for (;;) {
        size_t piece;

        result = exchange(line, request, response, until_ns);
        if (result < 0) {
            break;
        }
        piece = (size_t)response->header.size - offsetof(struct ha_control_response, piece);
        g_string_append_len(answer, response->piece, (gssize)piece);
        *status = response->status;
        if (answer->len - before >= response->total) {
            break;
        }
        if (piece == 0) {
            result = -EPROTO;
            break;
        }
        request->header.id = HA_CONTROL_MORE;
        request->header.size = offsetof(struct ha_control_request, words);
        request->offset = (uint32_t)(answer->len - before);
    }
    g_free(response);
    return result;
}

int ha_control_ask(const char *name, char *const *words, int timeout_ms, int *status,
                   GString *answer)
{
    uint64_t until_ns = ha_clock_ns() + ha_ms_to_ns((uint64_t)(timeout_ms > 0 ? timeout_ms : 0));
    struct ha_control_request *request = ha_control_request(HA_CONTROL_ASK, words);
    struct line line = {.server = {.fd = -1}};
    int result;

    if (!request) {
        return -EMSGSIZE;
    }
    result = connect_within(name, until_ns, &line);
    if (result == 0) {
        result = fetch(&line, request, until_ns, status, answer);
        disconnect(&line);
    }
    g_free(request);
    return result;
}
