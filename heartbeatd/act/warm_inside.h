/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What warm_members.c (who), warm.c (the process and its life) and warm_op.c (orders to it) share. */
#ifndef HB_ACT_WARM_INSIDE_H
#define HB_ACT_WARM_INSIDE_H

#include "common/run/control.h"
#include "common/run/director.h"
#include "heartbeatd/act/warm.h"

/* How long it may take to write a table, however long that is, and to say how it is while it does
 * other things; how often it is asked that. */
#define HB_WARM_ORDER_MS 50000
#define HB_WARM_LOOK_MS  10000
#define HB_WARM_CHECK_MS 10000
/* How often until it has checked all its servers, and how long that is waited for. */
#define HB_WARM_SOON_MS     100
#define HB_WARM_PATIENCE_MS 30000
/* So often in a row without an answer: it hangs. */
#define HB_WARM_SILENT_MAX 3

/* A group in which a file is named. */
struct hb_warm_part {
    unsigned group;
    enum hb_warmth wish;
    bool started; /* it was started, and has not been stopped since */
    enum hb_ready told;
};

/* One file, one process. */
struct hb_warm_member {
    struct hb_warm *warm;
    char *text;                    /* as in haresources, for messages */
    char *file;
    const char *instance;          /* a part of file */
    char socket[HA_DIRECTOR_SOCKET_MAX];
    GArray *parts;                 /* of struct hb_warm_part */
    bool wished;                   /* it was to run at some time */
    bool hopeless;                 /* not an ldirectord that knows standby */

    pid_t pid;
    struct ha_watch alive;         /* its pidfd; -1: none known */
    uint64_t known_ns;             /* since when */
    bool standby;                  /* as it said last, or was told */
    bool ending;                   /* has SIGTERM from us */
    struct ha_control_call *look;  /* under way: how is it? */
    struct ha_control_call *order; /* under way: one of our own, not of an operation, which waits */
    bool ordered_standby;          /* by that */
    bool spare;                    /* active for a group that is coming, or has just gone */
    bool hands_over;               /* it has said so: its connections, to the next director */
    bool checked;                  /* it has checked all its servers, or is not waited for */
    struct ha_timer patience;      /* with that */
    struct ha_child *starting;
    bool started;                  /* just now, and not heard yet */
    struct ha_timer again;         /* next start; while it runs, next look */
    unsigned tries;
    int failure;                   /* of the last start: its exit status, -1 for other ends; 0: none */
    unsigned silent;               /* looks in a row without an answer */
    bool drifted;                  /* it is not as it should be, and that was said */

    GQueue ops;                    /* of struct hb_warm_op */
};

struct hb_warm {
    struct ha_loop *loop;
    struct hb_act_paths paths;
    char *const *environment;
    uint64_t look_ms, check_ms; /* HB_WARM_LOOK_MS, HB_WARM_CHECK_MS; other ones for tests */
    bool linger;
    hb_warm_ready_fn ready_fn;
    void *ready_ctx;
    struct ha_timer tell; /* of what has changed */
    GPtrArray *members;      /* of struct hb_warm_member *, owned */
    GHashTable *by_text;     /* of a resource -> struct hb_warm_member * */
};

struct hb_warm_part *hb_warm_part(struct hb_warm_member *member, unsigned group);
/* Any group wants it to run; any has started it (but this one: NULL for any); any is held here; any is
 * coming. */
bool hb_warm_wanted(const struct hb_warm_member *member);
bool hb_warm_started(const struct hb_warm_member *member, const struct hb_warm_part *but);
bool hb_warm_in_use(const struct hb_warm_member *member);
bool hb_warm_coming(const struct hb_warm_member *member);
/* They have changed. */
void hb_warm_set_checked(struct hb_warm_member *member, bool checked);
void hb_warm_set_standby(struct hb_warm_member *member, bool standby);
/* Forgets the process, which goes on; what is under way is abandoned. */
void hb_warm_leave(struct hb_warm_member *member);
/* Does what follows from all that. */
void hb_warm_settle(struct hb_warm_member *member);
/* A script may have started it behind our back. */
void hb_warm_look_soon(struct hb_warm_member *member);
/* It does not answer. */
void hb_warm_kill(struct hb_warm_member *member);
/* Sends SIGTERM to the process that is known. */
void hb_warm_end(struct hb_warm_member *member);

unsigned hb_warm_op_group(const struct hb_warm_op *op);
/* A start, or an order of our own, has ended, well or not: operations that waited for that go on. */
void hb_warm_op_go_on(struct hb_warm_member *member);
/* The process has ended: operations that waited for that are through, those that asked it something
 * are the script's. */
void hb_warm_op_gone(struct hb_warm_member *member);

#endif
