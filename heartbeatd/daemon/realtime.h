/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Being on time on a busy machine. Nothing here is needed to run. */
#ifndef HB_REALTIME_H
#define HB_REALTIME_H

#include <stdint.h>

/* SCHED_RR with priority, memory locked, so much of it kept at hand; what cannot be had is logged.
 * Children start with ordinary scheduling. */
void hb_realtime_enter(int priority, uint64_t memreserve_kib);

#endif
