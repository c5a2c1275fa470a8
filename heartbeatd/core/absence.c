/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a silence is worth that we were away in (absence.h).
 */
#include "heartbeatd/core/absence.h"

#include <glib.h>

#include "common/base/time.h"

/* What came meanwhile is read within that. */
#define READ_MS 5

uint64_t hb_absence_excuse(const struct hb_absence *absence, uint64_t deadline_ns, uint64_t dead_ns,
                           bool *excused)
{
    uint64_t again_ns = absence->very ? dead_ns : MIN(absence->late_ns, dead_ns);
    uint64_t whole_ns = ha_after_ns(absence->now_ns, again_ns);
    uint64_t read_ns = ha_after_ns(absence->now_ns, ha_ms_to_ns(READ_MS));

    if (deadline_ns == HA_NEVER)
        return deadline_ns;
    if (*excused) {
        if (absence->very)
            deadline_ns = ha_after_ns(deadline_ns, absence->late_ns);
        return MAX(deadline_ns, read_ns);
    }
    *excused = deadline_ns < whole_ns;
    return MAX(deadline_ns, whole_ns);
}
