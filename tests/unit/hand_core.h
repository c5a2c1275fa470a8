/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One core, node1, held by hand: the test says what time it is, what its peer
 * node2 (a 3.0.6 node unless it adds our own fields) sends, and how operations
 * end, and looks at what the core wants. haresources: node1 has group 0
 * (an address and a script), node2 has group 1 (an address).
 */
#ifndef HAND_CORE_H
#define HAND_CORE_H

#include "heartbeatd/core/state.h"

struct hand {
    struct hb_config *config;
    struct hb_haresources *resources;
    struct hb_core *core;
    uint64_t now_ms;
    uint64_t wall_s, peer_wall_s; /* what the two machines take the time of day to be */
    uint64_t peer_generation, peer_number;
    GPtrArray *sent;        /* of struct hb_msg *, since the last hand_forget() */
    GString *log;           /* a line each */
    GString *told;          /* "node2 is dead; " and "node2:eth0 up; " as programs would be told */
    GString *did;           /* "start 10.0.0.1 10.0.0.9; stop httpd; ": operations asked for */
    GArray *ops;            /* of struct hb_action: under way */
    bool answer_ops;        /* operations succeed by themselves (status: stopped) */
    bool stopped, restart;
    struct hb_action fence; /* the last HB_ACT_FENCE; op_id 0: it has ended */
    unsigned fences;        /* how many there were */
    char *reboot;           /* why; NULL: not wished for */
};

struct hand *hand_new(enum hb_failback failback);
/* The same with a ping node of that name, dead after 3 s. */
struct hand *hand_new_pinging(enum hb_failback failback, const char *ping);
void hand_free(struct hand *hand);
void hand_start(struct hand *hand);
/* Lets time pass; the core is woken exactly when it asks to be. */
void hand_pass(struct hand *hand, uint64_t ms);
/* The same, while the peer sends its status every second. */
void hand_pass_beating(struct hand *hand, uint64_t ms);
/* "t=resource|rsc_hold=all|isstable=1": standard fields are added, numbered on. */
void hand_hear(struct hand *hand, const char *fields);
/* The same with a number of the test's choice; the peer's own count stays. */
void hand_hear_numbered(struct hand *hand, const char *fields, uint64_t number);
void hand_operator(struct hand *hand, enum hb_event_kind kind, enum hb_what what);
/* Before the start: gives node1 a device that switches `host` off; "fence_NAME" or a type of stonith. */
void hand_add_device(struct hand *hand, const char *host, const char *type);
void hand_fenced(struct hand *hand, enum hb_fence_result result, const char *detail);
void hand_confirm(struct hand *hand, size_t node);
/* A resource of a group turns out to be gone. */
void hand_lost(struct hand *hand, unsigned group, unsigned resource, const char *detail);
void hand_wish(struct hand *hand, unsigned group, enum hb_wish wish);
/* What a program of this machine writes into the fifo, in the same form as hand_hear()'s. */
void hand_inject(struct hand *hand, const char *fields);
void hand_op_done(struct hand *hand, guint index, enum hb_op_result result);
/* The link on eth1, which that group needs, is lost or back. */
void hand_carrier(struct hand *hand, unsigned group, bool up);
/* What is kept warm for that group has become that. */
void hand_ready(struct hand *hand, unsigned group, enum hb_ready ready);
/* The ping node's answer, on that link. */
void hand_answer_ping(struct hand *hand, const char *src, const char *link);
/* Another haresources, a line each: "node1 10.0.0.1 httpd\n". Texts that begin with a digit are
 * addresses. */
void hand_reload(struct hand *hand, const char *lines);
/* A new core with that haresources takes over from the one there is, and starts. */
void hand_restart(struct hand *hand, const char *lines);
void hand_forget(struct hand *hand);
/* The newest message of that type since, or NULL. */
const struct hb_msg *hand_sent(const struct hand *hand, const char *type);
guint hand_count(const struct hand *hand, const char *type);
bool hand_logged(const struct hand *hand, const char *text);
enum hb_group_state hand_group(const struct hand *hand, size_t group);
/* Up to stable next to a stable 3.0.6 peer that holds peer_hold. */
void hand_join(struct hand *hand, const char *peer_hold);

#endif
