/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two clocks. Everything else in the tree is told what time it is. */
#include "common/run/clock.h"

#include <time.h>

#include "common/base/time.h"

uint64_t ha_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * HA_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t ha_clock_wall_s(void)
{
    return (uint64_t)time(NULL);
}
