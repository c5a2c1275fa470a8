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
#include "ldirectord/check/wire.h"

static void connect_ready(struct ld_check *check)
{
    ld_wire_done(ld_check_state(check), LD_L4OK, NULL);
}

static const struct ld_talk connect_talk = {.ready = connect_ready};

static int connect_start(struct ld_check *check)
{
    return ld_wire_open(ld_check_state(check), check, LD_TCP, &connect_talk);
}

const struct ld_check_ops ld_check_connect = {
    .name = "connect",
    .state_size = sizeof(struct ld_wire),
    .start = connect_start,
    .stop = ld_wire_stop,
    .deadline = ld_wire_deadline,
};
