/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own lateness: for a while we were not there to hear anybody, so how much
 * of a silence is somebody's own? The first time since it was last heard it is
 * given as much time again as it had (it may have been held up together with
 * us). After that only the time that we were away is not counted: whoever is
 * silent is found out, however often we are held up (doc/states.md, "Our own
 * lateness").
 */
#ifndef HB_CORE_ABSENCE_H
#define HB_CORE_ABSENCE_H

#include <stdbool.h>
#include <stdint.h>

struct hb_absence {
    uint64_t now_ns;  /* we are back */
    uint64_t late_ns; /* and were to be that much earlier */
    bool very;        /* so late that a silence may be all of our making */
};

/* When somebody is dead that was to be at deadline_ns, after a silence of dead_ns; never earlier than
 * that. HA_NEVER stays so. *excused: it was given more time since it was last heard; whoever hears
 * it sets it to false. */
uint64_t hb_absence_excuse(const struct hb_absence *absence, uint64_t deadline_ns, uint64_t dead_ns,
                           bool *excused);

#endif
