/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ipfail decides: two nodes tell each other how many ping nodes they see,
 * and the one that sees fewer gives its resources up (doc/states.md, "ipfail").
 * Pure: a time, an event and what is known go in; messages come out.
 */
#ifndef HB_API_IPFAIL_CORE_H
#define HB_API_IPFAIL_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "heartbeatd/core/core.h"

enum ipfail_kind {
    IPFAIL_LINK_DEAD,  /* of any node */
    IPFAIL_PING_UP,    /* a ping node answers again */
    IPFAIL_PEER_CAME,  /* an ipfail signed on at the other node */
    IPFAIL_COUNT,      /* the other sees so many */
    IPFAIL_BEHIND,     /* "you are dead": the other sees more than we do */
    IPFAIL_EQUAL,      /* "abort": we are even again */
    IPFAIL_TIMER,
    IPFAIL_KIND_COUNT
};

enum ipfail_say {
    IPFAIL_SAY_COUNT,  /* num_ping_nodes, with ours */
    IPFAIL_SAY_BEHIND, /* you_are_dead */
    IPFAIL_SAY_EQUAL,  /* abort_giveup */
    IPFAIL_GIVE_ALL,   /* a standby: to the daemon */
    IPFAIL_GIVE_FOREIGN,
    IPFAIL_SAY_KIND_COUNT
};

#define IPFAIL_SAYS_MAX 2

struct ipfail {
    uint64_t keepalive_ms;
    bool failback;       /* auto_failback on: what is not ours goes home when we are even */
    bool behind;         /* the other saw more than we, when last we compared */
    bool pending;        /* a standby is due at due_ms */
    enum ipfail_say give;
    uint64_t due_ms;     /* UINT64_MAX: nothing is */
};

struct ipfail_event {
    enum ipfail_kind kind;
    uint64_t count;      /* COUNT */
    uint64_t ours;       /* ping nodes that answer us, now */
    enum hb_hold holding;
};

void ipfail_init(struct ipfail *ipfail, uint64_t keepalive_ms, bool failback);
/* Fills says and returns how many there are. The next TIMER is due at ipfail->due_ms. */
unsigned ipfail_step(struct ipfail *ipfail, uint64_t now_ms, const struct ipfail_event *event,
                     enum ipfail_say says[IPFAIL_SAYS_MAX]);

#endif
