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
#include <sys/epoll.h>
#include <sys/socket.h>

#include "ldirectord/check/dial.h"

struct connect_state {
    struct ha_watch watch;
    bool dialled;
};

static void connect_ready(void *ctx, uint32_t events)
{
    struct ld_check *check = ctx;
    struct connect_state *state = ld_check_state(check);
    int error = ld_dial_error(&state->watch, events);

    ha_watch_close(ld_check_loop(check), &state->watch);
    if (error != 0)
        ld_check_done(check, ld_check_errno(error), g_strerror(error));
    else
        ld_check_done(check, LD_L4OK, NULL);
}

static int connect_start(struct ld_check *check)
{
    struct connect_state *state = ld_check_state(check);
    int error;

    if (ld_check_probe(check)->port == 0) {
        ld_check_done(check, LD_L4CON, "no port is configured for this check");
        return 0;
    }
    error = ld_dial(check, SOCK_STREAM, &state->watch, EPOLLOUT, connect_ready, check);
    state->dialled = error == 0;
    return error;
}

static void connect_stop(struct ld_check *check)
{
    struct connect_state *state = ld_check_state(check);

    if (state->dialled)
        ha_watch_close(ld_check_loop(check), &state->watch);
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
