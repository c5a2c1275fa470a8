/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Being on time on a busy machine. Nothing here is needed to run. */
#ifndef HB_REALTIME_H
#define HB_REALTIME_H

#include <stdbool.h>
#include <stdint.h>

/* All memory locked, and so much of it kept at hand. SCHED_RR with priority; children start with ordinary
 * scheduling. What cannot be had is logged. In this order: who locks memory with precedence, or forks with
 * much of it, keeps a processor from everybody else, on a director from its clients' packets. */
void hb_realtime_keep_memory(uint64_t memreserve_kib);
void hb_realtime_hurry(int priority);

/* Memory alone, what comes later included. 0 or negative errno; -ENOTSUP: not in this build. */
int hb_realtime_lock(void);
/* Of how much may be locked, for this process and those it starts. False: it stays; for who has CAP_IPC_LOCK
 * (hb_realtime_may_lock()) it counts all the same only from the day when that is given up: then what is
 * allocated beyond it is not to be had. */
bool hb_realtime_lift_limit(void);
/* The same of precedence. False: who is not root any more can keep what he has, and get none. */
bool hb_realtime_lift_priority(void);
bool hb_realtime_may_lock(void);

#endif
