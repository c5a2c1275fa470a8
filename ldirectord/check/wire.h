/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One conversation of a check with its server, over a socket of ours: connect,
 * say, hear, each without ever blocking and each bounded. Knows no protocol;
 * what is heard goes to the check type, which ends the conversation with a
 * verdict. What the kernel says about the server (refused, unreachable) is a
 * verdict of its own and never bothers the check type.
 */
#ifndef LD_CHECK_WIRE_H
#define LD_CHECK_WIRE_H

#include "ldirectord/check/check_inside.h"

/* What a check type listens to; any of them may be NULL but heard where something is said. */
struct ld_talk {
    /* Most bytes of a stream that may wait for the rest of what they are part of. */
    size_t waiting_max;
    /* The connection stands (datagrams: at once, from within ld_wire_open()). */
    void (*ready)(struct ld_check *check);
    /* A stream: all that was not yet taken, at each arrival and once more, with end, when the
     * server has closed. Datagrams: one, whole, never with end. Who takes nothing away and does
     * not finish at the end of the stream gets L7RSP. */
    void (*heard)(struct ld_check *check, const uint8_t *bytes, size_t length, bool end);
};

/* All zero: closed. */
struct ld_wire {
    struct ld_check *check;
    const struct ld_talk *talk;
    struct ha_watch watch;
    struct ha_timer again;
    uint64_t again_ns;
    GByteArray *out, *in;
    unsigned sent;
    bool open, datagrams, connected, last, over;
};

enum {
    LD_SAY_LAST = 1,   /* a stream: nothing more from us, and the server is told so */
    LD_SAY_REPEAT = 2, /* a datagram: once more whenever no answer has come for a while */
};

/* To address and port of the check's probe; LD_FWM is not a protocol here. 0 or negative errno. */
int ld_wire_open(struct ld_wire *wire, struct ld_check *check, enum ld_protocol protocol,
                 const struct ld_talk *talk);
/* Goes out as soon as it can. Each call is a datagram of its own, which replaces one that waits. */
void ld_wire_say(struct ld_wire *wire, const void *bytes, size_t length, unsigned how);
/* The first length bytes of the stream have been understood. */
void ld_wire_take(struct ld_wire *wire, size_t length);
/* As ld_check_done(); the connection is closed, and nothing is heard any more. */
void ld_wire_done(struct ld_wire *wire, enum ld_verdict verdict, const char *detail);
/* Releases everything; harmless when closed. */
void ld_wire_close(struct ld_wire *wire);
/* stop and deadline (no connection, or no answer) of a check type whose state begins with its
 * struct ld_wire. */
void ld_wire_stop(struct ld_check *check);
enum ld_verdict ld_wire_deadline(struct ld_check *check);
/* Our end of it; false: not known. */
bool ld_wire_local(const struct ld_wire *wire, struct ha_addr *addr, uint16_t *port);

/* The request without the "/" that ld_cf put in front; "" if there is none. */
const char *ld_wire_request(const struct ld_probe *probe);

/* The first line of an answer as a log can bear it: cut, anything but printable ASCII as "?". */
#define LD_SHOWN_MAX 80
const char *ld_wire_shown(const void *bytes, size_t length, char text[LD_SHOWN_MAX + 1]);

#endif
