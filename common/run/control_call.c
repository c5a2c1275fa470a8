/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A question over the control socket, asked by a daemon on its loop. libqb shows
 * its clients no descriptor for responses, but one for events: so the answer is
 * asked for as an event. Connecting, asking and hearing each wait for a
 * descriptor, all of it for one deadline, or until the server has ended.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/control_inside.h"

struct ha_control_call {
    struct ha_loop *loop;
    struct ha_control_request *request;
    qb_ipcc_connection_t *connection; /* NULL: none, or gone */
    int connecting_fd;                /* -1: connected */
    struct ha_watch watch, server;
    struct ha_timer timer;            /* the deadline; or the error waits here */
    int error;
    ha_control_answer_fn fn;
    void *ctx;
};

void ha_control_abandon(struct ha_control_call *call)
{
    if (!call) {
        return;
    }
    ha_timer_cancel(call->loop, &call->timer);
    ha_watch_stop(call->loop, &call->watch); /* before libqb may close it */
    if (call->server.fd >= 0) {
        int fd = call->server.fd;

        ha_watch_stop(call->loop, &call->server);
        close(fd);
    }
    if (call->connection && call->connecting_fd >= 0) {
        ha_control_give_up(call->connection, call->connecting_fd);
    } else if (call->connection) {
        qb_ipcc_disconnect(call->connection);
    }
    g_free(call->request);
    g_free(call);
}

static void answer(struct ha_control_call *call, int error, int status, const char *text)
{
    ha_control_answer_fn fn = call->fn;
    void *ctx = call->ctx;

    ha_control_abandon(call);
    fn(ctx, error, status, text);
}

static void time_is_up(void *ctx, uint64_t now_ns)
{
    struct ha_control_call *call = ctx;

    (void)now_ns;
    answer(call, call->error ? call->error : -ETIMEDOUT, 0, "");
}

static void heard(void *ctx, uint32_t events)
{
    struct ha_control_call *call = ctx;
    struct ha_control_response response;
    ssize_t got = qb_ipcc_event_recv(call->connection, &response, sizeof(response), 0);
    size_t piece_at = offsetof(struct ha_control_response, piece);
    char *text;

    if (got == -EAGAIN || got == -ETIMEDOUT || got == -ENOTCONN) {
        if (events & (EPOLLERR | EPOLLHUP)) {
            answer(call, -ECONNRESET, 0, "");
        }
        return;
    }
    if (got < 0 || (size_t)got < piece_at || response.header.size != got) {
        answer(call, got < 0 ? (int)got : -EPROTO, 0, "");
        return;
    }
    text = g_strndup(response.piece, (size_t)got - piece_at);
    answer(call, response.header.error, response.status, text);
    g_free(text);
}

static void server_gone(void *ctx, uint32_t events)
{
    (void)events;
    heard(ctx, EPOLLHUP); /* it may have answered just before */
}

static void connected(void *ctx, uint32_t events)
{
    struct ha_control_call *call = ctx;
    qb_ipcc_connection_t *connection = g_steal_pointer(&call->connection);
    int fd = call->connecting_fd, server_fd, status;
    ssize_t sent;

    (void)events;
    ha_watch_stop(call->loop, &call->watch);
    call->connecting_fd = -1;
    status = ha_control_connected(connection, fd, &server_fd);
    if (status < 0) {
        answer(call, status, 0, "");
        return;
    }
    call->connection = connection;
    if (server_fd >= 0 &&
        ha_watch_start(call->loop, &call->server, server_fd, EPOLLIN, server_gone, call) < 0) {
        close(server_fd);
    }
    status = qb_ipcc_fd_get(connection, &fd);
    if (status == 0) {
        status = ha_watch_start(call->loop, &call->watch, fd, EPOLLIN, heard, call);
    }
    if (status == 0) {
        sent = qb_ipcc_send(connection, call->request, (size_t)call->request->header.size);
        status = sent < 0 ? (int)sent : 0;
    }
    if (status < 0) {
        answer(call, status, 0, "");
    }
}

struct ha_control_call *ha_control_call(struct ha_loop *loop, const char *name, char *const *words,
                                        int timeout_ms, ha_control_answer_fn fn, void *ctx)
{
    struct ha_control_call *call = g_new0(struct ha_control_call, 1);
    uint64_t until_ns = ha_clock_ns() + ha_ms_to_ns((uint64_t)(timeout_ms > 0 ? timeout_ms : 0));

    call->loop = loop;
    call->watch.fd = call->server.fd = call->connecting_fd = -1;
    call->fn = fn;
    call->ctx = ctx;
    call->request = ha_control_request(HA_CONTROL_TELL, words);
    call->error = call->request ? ha_control_connect(name, &call->connection, &call->connecting_fd)
                                : -EMSGSIZE;
    if (call->error == 0) {
        call->error = ha_watch_start(loop, &call->watch, call->connecting_fd, EPOLLIN, connected,
                                     call);
    }
    ha_timer_set(loop, &call->timer, call->error ? 1 : until_ns, time_is_up, call);
    return call;
}
