/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When each question is asked: the first time at once, a whole configuration's
 * first questions spread over a small time; then once per interval on a grid
 * of its own, whose places are evenly apart, so that a thousand checks do not
 * fall together and no tenth of a second has many more than another. No more
 * than flying_max are in flight; what is due beyond that waits in the order in
 * which it fell due.
 */
#ifndef LD_CORE_SCHEDULE_H
#define LD_CORE_SCHEDULE_H

#include <glib.h>

#include "common/base/rand.h"
#include "ldirectord/core/probe.h"

/* A question in the heap, with all that is compared, so that comparing looks at no question. */
struct ld_waiting {
    uint64_t due_ns, order; /* order decides among those due at the same time */
    struct ld_question *question;
};

struct ld_schedule {
    GArray *heap;       /* of struct ld_waiting, questions not owned: not in flight, soonest first */
    GHashTable *flying; /* check_id -> struct ld_question *, not owned */
    guint flying_max;   /* from 1 to LD_IN_FLIGHT_MAX */
    struct ha_rand rand;
    uint64_t orders, places;
    uint32_t last_id;
};

void ld_schedule_init(struct ld_schedule *schedule, uint64_t seed);
void ld_schedule_clear(struct ld_schedule *schedule);

/* The question is new: due within window_ns, at once if that is 0. */
void ld_schedule_add(struct ld_schedule *schedule, struct ld_question *question, uint64_t now_ns,
                     uint64_t window_ns);
/* Forgets it; its check_id, if in flight, means nothing from here on. */
void ld_schedule_remove(struct ld_schedule *schedule, struct ld_question *question);
/* The next one to be asked now, in flight from here on (its check_id is set); NULL: none. */
struct ld_question *ld_schedule_take(struct ld_schedule *schedule, uint64_t now_ns);
/* The answer to check_id came: the question, due again at its next place; NULL: not in flight. */
struct ld_question *ld_schedule_answer(struct ld_schedule *schedule, uint32_t check_id,
                                       uint64_t now_ns);
/* Just answered: due after_ns from now already, if that is sooner; its grid moves along. */
void ld_schedule_hasten(struct ld_schedule *schedule, struct ld_question *question,
                        uint64_t now_ns, uint64_t after_ns);
/* When to call ld_schedule_take() next; HA_NEVER while nothing can be asked. */
uint64_t ld_schedule_wake_ns(const struct ld_schedule *schedule);

#endif
