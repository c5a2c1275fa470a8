/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One group of resources on its way up or down (doc/states.md, "Group"). Up is
 * left to right: a script is asked for its status first and started unless it
 * runs; neighbouring native resources are one range. Down is right to left,
 * with ten more tries a second apart. A restart goes down to the resource that
 * died, for what stands to the right depends on it, and up again. At most one operation is under way, each
 * has a deadline. Decides nothing: somebody wants the group or does not.
 */
#ifndef HB_CORE_GROUP_H
#define HB_CORE_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "heartbeatd/core/core.h"

#define HB_STOP_RETRIES     10
#define HB_STOP_RETRY_MS    1000
#define HB_STUCK_RETRY_MS   60000
#define HB_STATUS_LIMIT_MS  20000
#define HB_START_LIMIT_MS   120000
#define HB_STOP_LIMIT_MS    60000
#define HB_NATIVE_LIMIT_MS  10000
#define HB_GROUP_NUMBERS    (4 * HB_GROUPS_MAX) /* room for those that are on their way out */
#define HB_REASON_MAX       240 /* bytes, NUL included */

struct hb_group_run {
    const struct hb_group *group;
    unsigned index;    /* its number: no other run has it as long as this one lives */
    enum hb_group_state state;
    bool wanted;
    bool failing;      /* on its way down because something did not start */
    bool stuck;        /* something would not stop and is still running */
    bool contest;      /* who had it before may still live */
    bool handed;       /* on its way down in good order, for another node */
    bool received;     /* on its way up, it may come from another node in good order */
    bool announcing;   /* held, and native resources are being announced once more */
    bool torn;         /* some of what was up already may be down: all of it goes down, whoever wants it */
    bool restarting;   /* on its way down to `floor`, and up again from there */
    unsigned floor;
    unsigned first, last; /* the range under way */
    enum hb_op op;
    uint32_t op_id;    /* 0: none under way */
    uint32_t ops;
    unsigned tries;
    uint64_t retry_ns; /* HA_NEVER: none due */
    char reason[HB_REASON_MAX]; /* what last went wrong, "" if nothing did */
    unsigned reasons;  /* how often something did */
};

void hb_group_init(struct hb_group_run *run, const struct hb_group *group, unsigned index);
void hb_group_want(struct hb_group_run *run, bool wanted, struct hb_actions *actions);
/* No longer wanted: another node takes it in good order. */
void hb_group_hand(struct hb_group_run *run, struct hb_actions *actions);
/* No longer wanted, and at once: a start under way is cancelled, not waited for. */
void hb_group_drop(struct hb_group_run *run, struct hb_actions *actions);
/* Another list of resources for a group at rest. A held one starts what does not run yet; of what
 * it has no more nothing is stopped here. A failed one may be tried again. */
void hb_group_redefine(struct hb_group_run *run, const struct hb_group *group,
                       struct hb_actions *actions);
/* Nothing under way, and nothing about to be. */
bool hb_group_at_rest(const struct hb_group_run *run);
/* Announces the addresses of a held group once more. */
void hb_group_announce(struct hb_group_run *run, struct hb_actions *actions);
/* A resource of a held group died: what stands to the right of it is stopped, then itself, and all
 * of it started again. False while the group has something else under way. */
bool hb_group_restart(struct hb_group_run *run, unsigned at, struct hb_actions *actions);
/* A life before this one had started it: it counts as up here, and is not wanted. */
void hb_group_found(struct hb_group_run *run);
/* Some of what a group with something under way had up may be down: with the end of that it goes down,
 * and up again if it is wanted. */
void hb_group_tear(struct hb_group_run *run);
/* Some of it may have been taken down behind our back. A held group is not wanted for the time being, but
 * stays up. False: it had something under way, and goes down, even if it is wanted again before. */
bool hb_group_doubt(struct hb_group_run *run, struct hb_actions *actions);
/* Stops what is up and not wanted. */
void hb_group_leave(struct hb_group_run *run, struct hb_actions *actions);
/* Gives a held group up, as if it could not be started. False as above. */
bool hb_group_fail(struct hb_group_run *run, struct hb_actions *actions);
/* Asks a script of a held group for its status, beside whatever else is under way. Returns op_id;
 * the answer is the caller's, not hb_group_op_done()'s. */
uint32_t hb_group_probe(struct hb_group_run *run, unsigned at, uint64_t deadline_ms,
                        struct hb_actions *actions);
/* Notes what went wrong, for the status. */
void hb_group_reason(struct hb_group_run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* An answer to an operation that is not under way is ignored. */
void hb_group_op_done(struct hb_group_run *run, uint32_t op_id, enum hb_op_result result,
                      const char *detail, uint64_t now_ns, struct hb_actions *actions);
void hb_group_timer(struct hb_group_run *run, uint64_t now_ns, struct hb_actions *actions);
/* Whether anything of it may be up here. */
static inline bool hb_group_claimed(const struct hb_group_run *run)
{
    return run->state != HB_GROUP_STOPPED && run->state != HB_GROUP_FAILED;
}
/* Nothing under way and where it was wanted, or given up. */
bool hb_group_settled(const struct hb_group_run *run);

/* The index of the group an op_id belongs to. */
static inline unsigned hb_group_of_op(uint32_t op_id)
{
    return op_id % HB_GROUP_NUMBERS;
}

#endif
