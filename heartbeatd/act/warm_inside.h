/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What warm.c (the process and its life) and warm_op.c (orders to it) share. */
#ifndef HB_ACT_WARM_INSIDE_H
#define HB_ACT_WARM_INSIDE_H

#include "common/run/control.h"
#include "common/run/director.h"
#include "heartbeatd/act/warm.h"

/* How long it may take to say how it is, and to write its table. */
#define HB_WARM_LOOK_MS  3000
#define HB_WARM_ORDER_MS 20000

/* A group in which a file is named. */
struct hb_warm_part {
    unsigned group;
    enum hb_warmth wish;
    bool started; /* it was started, and has not been stopped since */
};

/* One file, one process. */
struct hb_warm_member {
    struct hb_warm *warm;
    const char *text;              /* as in haresources, for messages */
    const char *file, *instance;
    char socket[HA_DIRECTOR_SOCKET_MAX];
    GArray *parts;                 /* of struct hb_warm_part */
    bool hopeless;                 /* not an ldirectord that knows standby */

    pid_t pid;
    struct ha_watch alive;         /* its pidfd; -1: none known */
    uint64_t known_ns;             /* since when */
    bool ending;                   /* has SIGTERM from us */
    struct ha_control_call *look;  /* under way: how is it? */
    struct ha_control_call *order; /* under way: one of our own, not of an operation */
    struct ha_child *starting;
    bool started;                  /* just now, and not heard yet */
    struct ha_timer again;
    unsigned tries;

    GQueue ops;                    /* of struct hb_warm_op */
};

struct hb_warm {
    struct ha_loop *loop;
    struct hb_act_paths paths;
    char *const *environment;
    GPtrArray *members;      /* of struct hb_warm_member *, owned */
    GHashTable *by_resource; /* const struct hb_resource * -> struct hb_warm_member * */
};

struct hb_warm_part *hb_warm_part(struct hb_warm_member *member, unsigned group);
/* Any group wants it to run; any has started it (but this one: NULL for any); any is held here. */
bool hb_warm_wanted(const struct hb_warm_member *member);
bool hb_warm_started(const struct hb_warm_member *member, const struct hb_warm_part *but);
bool hb_warm_in_use(const struct hb_warm_member *member);
/* Does what follows from all that. */
void hb_warm_settle(struct hb_warm_member *member);
/* Sends SIGTERM to the process that is known. */
void hb_warm_end(struct hb_warm_member *member);

/* A start has ended, well or not: operations that waited for that go on. */
void hb_warm_op_started(struct hb_warm_member *member);
/* The process has ended: operations that waited for that are through, those that asked it something
 * are the script's. */
void hb_warm_op_gone(struct hb_warm_member *member);

#endif
