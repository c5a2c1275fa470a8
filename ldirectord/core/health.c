/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One real server's state machine; the table is in health.h. Does not know
 * what was asked, when, or who else asked.
 */
#include "ldirectord/core/health.h"

#include <glib.h>
#include <limits.h>
#include <string.h>

static void remember(struct ld_health *health, enum ld_verdict verdict, const char *detail,
                     uint64_t took_ns)
{
    health->verdict = verdict;
    health->took_ns = took_ns;
    if (g_strcmp0(health->detail, detail) == 0)
        return;
    g_free(health->detail);
    health->detail = detail ? g_strndup(detail, LD_DETAIL_MAX) : NULL;
}

static enum ld_change passed(struct ld_health *health, unsigned risecount, bool first,
                             uint64_t now_ns)
{
    bool had_failures = health->failures > 0;

    if (!health->up && health->successes + 1 < risecount) {
        health->successes++;
        health->first_rise = first;
        return LD_CHANGE_RISING;
    }
    health->failures = health->successes = 0;
    health->first_rise = false;
    if (health->up)
        return had_failures ? LD_CHANGE_RESET : LD_CHANGE_NONE;
    health->up = true;
    health->since_ns = now_ns;
    return LD_CHANGE_UP;
}

static enum ld_change failed(struct ld_health *health, unsigned failurecount, bool first,
                             uint64_t now_ns)
{
    if (health->failures < UINT_MAX)
        health->failures++;
    health->successes = 0;
    health->first_rise = false;
    if (!health->up)
        return first ? LD_CHANGE_FOUND_DOWN : LD_CHANGE_NONE;
    if (health->failures < failurecount)
        return LD_CHANGE_SOFT;
    health->up = false;
    health->since_ns = now_ns;
    return LD_CHANGE_DOWN;
}

enum ld_change ld_health_verdict(struct ld_health *health, unsigned failurecount,
                                 unsigned risecount, enum ld_verdict verdict, const char *detail, uint64_t took_ns,
                                 uint64_t now_ns, unsigned *failures_before)
{
    bool first = ld_health_unjudged(health);

    if (failures_before)
        *failures_before = health->failures;
    if (verdict == LD_INTERNAL || verdict == LD_UNKNOWN)
        return LD_CHANGE_NONE;
    remember(health, verdict, detail, took_ns);
    if (ld_verdict_passed(verdict))
        return passed(health, risecount, first, now_ns);
    return failed(health, failurecount, first, now_ns);
}

bool ld_health_unjudged(const struct ld_health *health)
{
    return health->verdict == LD_UNKNOWN || health->first_rise;
}

bool ld_health_unsettled(const struct ld_health *health)
{
    return health->up ? health->failures > 0 : health->successes > 0;
}

void ld_health_set(struct ld_health *health, bool up, enum ld_verdict verdict, uint64_t now_ns)
{
    if (health->up != up || health->since_ns == 0)
        health->since_ns = now_ns;
    health->up = up;
    health->failures = health->successes = 0;
    health->first_rise = false;
    remember(health, verdict, NULL, 0);
}

void ld_health_clear(struct ld_health *health)
{
    g_free(health->detail);
    memset(health, 0, sizeof(*health));
}
