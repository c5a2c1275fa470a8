/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nntp: says nothing and waits for the greeting; a status of 2xx is a server at
 * work. request and receive do not count, and never did.
 */
#include "ldirectord/check/nntp_greeting.h"
#include "ldirectord/check/wire.h"

static void nntp_heard(struct ld_check *check, const uint8_t *bytes, size_t length, bool end)
{
    struct ld_wire *wire = ld_check_state(check);
    char shown[LD_SHOWN_MAX + 1];
    unsigned status;

    (void)end;
    switch (ld_nntp_greeting(bytes, length, &status)) {
    case LD_NNTP_GREETING:
        ld_wire_done(wire, status / 100 == 2 ? LD_L7OK : LD_L7STS,
                     ld_wire_shown(bytes, length, shown));
        return;
    case LD_NNTP_NONE:
        ld_wire_done(wire, LD_L7RSP, ld_wire_shown(bytes, length, shown));
        return;
    default:
        return;
    }
}

static const struct ld_talk nntp_talk = {.waiting_max = LD_NNTP_LINE_MAX, .heard = nntp_heard};

static int nntp_start(struct ld_check *check)
{
    return ld_wire_open(ld_check_state(check), check, LD_TCP, &nntp_talk);
}

const struct ld_check_ops ld_check_nntp = {
    .name = "nntp",
    .state_size = sizeof(struct ld_wire),
    .start = nntp_start,
    .stop = ld_wire_stop,
    .deadline = ld_wire_deadline,
};
