/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a loop until something holds, or the time is up. */
#ifndef TEST_LOOP_WAIT_H
#define TEST_LOOP_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/loop.h"

struct loop_wait {
    struct ha_loop *loop;
    struct ha_timer timer;
    bool (*holds)(const void *what);
    const void *what;
    uint64_t until_ns;
};

static inline void loop_wait_look(void *ctx, uint64_t now_ns)
{
    struct loop_wait *wait = ctx;

    if (wait->holds != NULL && wait->holds(wait->what))
        ha_loop_stop(wait->loop, 0);
    else if (now_ns > wait->until_ns)
        ha_loop_stop(wait->loop, 1);
    else
        ha_timer_set(wait->loop, &wait->timer, now_ns + 5 * HA_NS_PER_MS, loop_wait_look, wait);
}

/* False: it did not come to hold within that time. holds NULL: just lets it pass. */
static inline bool loop_wait(struct ha_loop *loop, bool (*holds)(const void *what),
                             const void *what, uint64_t bound_ns)
{
    struct loop_wait wait = {.loop = loop, .holds = holds, .what = what,
                             .until_ns = ha_clock_ns() + bound_ns};

    ha_timer_set(loop, &wait.timer, ha_clock_ns(), loop_wait_look, &wait);
    return ha_loop_run(loop) == 0;
}

#endif
