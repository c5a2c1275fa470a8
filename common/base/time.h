/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Units of time. All times inside the daemons are uint64_t nanoseconds of the
 * monotonic clock; durations in configuration structs are milliseconds. The
 * pure rooms never ask what time it is: they are told (see common/run/clock.h
 * for the one place that asks).
 */
#ifndef HA_BASE_TIME_H
#define HA_BASE_TIME_H

#include <stdint.h>

#define HA_NS_PER_US UINT64_C(1000)
#define HA_NS_PER_MS UINT64_C(1000000)
#define HA_NS_PER_S  UINT64_C(1000000000)

/* "Never": later than any time that is reached. */
#define HA_NEVER UINT64_MAX

static inline uint64_t ha_ms_to_ns(uint64_t ms)
{
    return ms > UINT64_MAX / HA_NS_PER_MS ? HA_NEVER : ms * HA_NS_PER_MS;
}

/* at + duration without wrapping; HA_NEVER stays HA_NEVER. */
static inline uint64_t ha_after_ns(uint64_t at_ns, uint64_t duration_ns)
{
    return at_ns > HA_NEVER - duration_ns ? HA_NEVER : at_ns + duration_ns;
}

#endif
