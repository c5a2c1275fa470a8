/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only places that ask what time it is. */
#ifndef HA_RUN_CLOCK_H
#define HA_RUN_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC (BOOTTIME is not used: a suspended machine's timers stop too,
 * and the core learns of the pause from its late wake-up). */
uint64_t ha_clock_ns(void);
/* Seconds since 1970, only for what is shown or sent as a date. */
uint64_t ha_clock_wall_s(void);

#endif
