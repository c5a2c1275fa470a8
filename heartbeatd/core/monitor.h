/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching what is held (doc/states.md, "Monitor"): each script of a held group
 * is asked for its status once per interval, the questions spread over it and
 * never more than HB_PROBES_MAX at a time. What died is restarted in place, with
 * what depends on it, so often and no oftener; then the group is given up and
 * falls to another node. Knows nothing of other nodes; asks nobody while a
 * group is on its way up or down, for then group.c does.
 */
#ifndef HB_CORE_MONITOR_H
#define HB_CORE_MONITOR_H

#include "common/base/rand.h"
#include "heartbeatd/core/group.h"

#define HB_PROBES_MAX      8     /* questions under way at a time, all groups together */
#define HB_MISSES_MAX      2     /* questions in a row without an answer, and it counts as dead */
#define HB_RESTART_LAST_MS 60000 /* longest pause before a restart */

/* One script. */
struct hb_probe {
    uint64_t interval_ns; /* 0: not watched */
    uint64_t due_ns;
    uint32_t op_id;       /* 0: no question under way */
    unsigned misses;
};

/* One group. */
struct hb_monitor {
    const struct hb_monitor_config *config;
    struct hb_probe *probes;   /* one per resource; NULL: nothing of the group is watched */
    unsigned asking;           /* questions under way */
    bool armed;                /* the group is held and its probes are running */
    uint64_t next_ns;          /* the first probe due; HA_NEVER: none */
    uint64_t *restarts_ns;     /* the last ones, as many as the window may have, a ring */
    uint64_t restarts;         /* in this life */
    bool dead;                 /* a resource is, and is to be restarted, or the group given up */
    unsigned dead_at;
    uint64_t restart_ns;       /* not before then */
};

void hb_monitor_init(struct hb_monitor *monitor, const struct hb_group *group,
                     const struct hb_monitor_config *config);
void hb_monitor_clear(struct hb_monitor *monitor);
/* Asks what is due, restarts or gives up what is dead. *room: questions that may still be under
 * way beside those that are; is counted down. */
void hb_monitor_step(struct hb_monitor *monitor, struct hb_group_run *run, unsigned *room,
                     uint64_t now_ns, struct ha_rand *rand, struct hb_actions *actions);
/* False if op_id was no question of this one. */
bool hb_monitor_answer(struct hb_monitor *monitor, struct hb_group_run *run, uint32_t op_id,
                       enum hb_op_result result, const char *detail, uint64_t now_ns,
                       struct hb_actions *actions);
/* Somebody else found a resource of the group lost (an address that cannot be put back). */
void hb_monitor_lost(struct hb_monitor *monitor, struct hb_group_run *run, unsigned at,
                     const char *detail, uint64_t now_ns, struct hb_actions *actions);
/* When to step next; what only waits for room is not counted. */
uint64_t hb_monitor_next_ns(const struct hb_monitor *monitor, uint64_t now_ns);

#endif
