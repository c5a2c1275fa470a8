/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connect: a TCP connection, closed as soon as it stands. Sends and reads
 * nothing.
 *
 * Closed with an orderly FIN, as the original does, and not with a reset: a
 * reset would spare us the TIME_WAIT entry, but servers that accept later read
 * it as an error and write a line about it at every check. TIME_WAIT costs the
 * kernel some 200 bytes for a minute and never a port that anybody else needs.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ldirectord/check/check_inside.h"

struct connect_state {
    struct ha_watch watch;
    int fd;
};

static void connect_ready(void *ctx, uint32_t events)
{
    struct ld_check *check = ctx;
    struct connect_state *state = ld_check_state(check);
    int error = 0;
    socklen_t length = sizeof(error);

    (void)events;
    if (getsockopt(state->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        error = errno;
    ha_watch_stop(ld_check_loop(check), &state->watch);
    if (error != 0)
        ld_check_done(check, ld_check_errno(error), g_strerror(error));
    else
        ld_check_done(check, LD_L4OK, NULL);
}

static int connect_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct connect_state *state = ld_check_state(check);
    struct sockaddr_storage to;
    socklen_t length = ha_addr_to_sockaddr(&probe->addr, probe->port, &to);

    state->fd = -1;
    state->watch.fd = -1;
    if (probe->port == 0) {
        ld_check_done(check, LD_L4CON, "no port is configured for this check");
        return 0;
    }
    state->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (state->fd < 0)
        return -errno;
    if (connect(state->fd, (struct sockaddr *)&to, length) == 0) {
        ld_check_done(check, LD_L4OK, NULL);
        return 0;
    }
    if (errno != EINPROGRESS)
        return -errno;
    return ha_watch_start(ld_check_loop(check), &state->watch, state->fd, EPOLLOUT, connect_ready,
                          check);
}

static void connect_stop(struct ld_check *check)
{
    struct connect_state *state = ld_check_state(check);

    ha_watch_stop(ld_check_loop(check), &state->watch);
    if (state->fd >= 0)
        close(state->fd);
}

static enum ld_verdict connect_deadline(struct ld_check *check)
{
    (void)check;
    return LD_L4TOUT;
}

const struct ld_check_ops ld_check_connect = {
    .name = "connect",
    .state_size = sizeof(struct connect_state),
    .start = connect_start,
    .stop = connect_stop,
    .deadline = connect_deadline,
};
