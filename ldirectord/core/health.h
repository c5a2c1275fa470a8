/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The health of one real server in one virtual service: up or down, how often
 * it failed in a row, and why. Fed with verdicts, tells what changed; what
 * follows from that is the core's business.
 */
#ifndef LD_CORE_HEALTH_H
#define LD_CORE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "ldirectord/core/verdict.h"

/* Longest detail that is kept, in bytes: a sentence, not a page. */
#define LD_DETAIL_MAX 200

struct ld_health {
    bool up;
    bool first_rise;         /* never up, and every answer so far was a good one */
    unsigned failures;       /* in a row, also while down; saturates */
    unsigned successes;      /* in a row, while down */
    enum ld_verdict verdict; /* the last that said something; LD_UNKNOWN: never asked */
    char *detail;            /* owned; may be NULL */
    uint64_t took_ns;
    uint64_t since_ns;       /* of the last transition */
};

enum ld_change {
    LD_CHANGE_NONE,
    LD_CHANGE_RESET, /* up; failures that did not suffice are forgotten */
    LD_CHANGE_SOFT,  /* a failure; still up */
    LD_CHANGE_RISING, /* a success; still down */
    LD_CHANGE_UP,
    LD_CHANGE_DOWN,
    LD_CHANGE_FOUND_DOWN, /* never up, and the first bad answer says why */
    LD_CHANGE_COUNT
};

/*
 *   state | verdict         | then
 *   ------+-----------------+-------------------------------------------------
 *   any   | LD_INTERNAL     | as before: it says nothing about the server
 *   down  | passed          | successes + 1; up when they reach risecount, and
 *         |                 | then failures 0
 *   up    | passed          | failures 0
 *   up    | failed          | failures + 1; down when they reach failurecount
 *   down  | failed          | failures + 1, successes 0
 *
 * detail is copied and may be NULL. *failures_before may be NULL.
 */
enum ld_change ld_health_verdict(struct ld_health *health, unsigned failurecount,
                                 unsigned risecount, enum ld_verdict verdict, const char *detail, uint64_t took_ns,
                                 uint64_t now_ns, unsigned *failures_before);
/* Never up, and nothing bad is known of it. */
bool ld_health_unjudged(const struct ld_health *health);
/* Whether the next verdict or the one after it may turn it: up with failures, down with successes. */
bool ld_health_unsettled(const struct ld_health *health);
/* Up or down for another reason than a verdict: already in the table, checktype on. */
void ld_health_set(struct ld_health *health, bool up, enum ld_verdict verdict, uint64_t now_ns);
void ld_health_clear(struct ld_health *health);

#endif
