/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last transitions of one real server, the newest first: when it went up or
 * down, and which verdict made it so. A ring of fixed size that costs nothing
 * until the first of them. Draws no conclusions.
 */
#ifndef LD_CORE_TURNS_H
#define LD_CORE_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#include "ldirectord/core/verdict.h"

#define LD_TURNS_MAX 10
/* Of the verdict's detail, so many bytes are kept with each. */
#define LD_TURN_DETAIL_MAX 80

struct ld_turn {
    uint64_t at_ns;
    uint64_t took_ns; /* the check that decided it */
    enum ld_verdict verdict;
    bool up;      /* from here on */
    char *detail; /* owned by the ring; may be NULL */
};

struct ld_turns;

/* *turns: NULL before the first. */
void ld_turns_add(struct ld_turns **turns, const struct ld_turn *turn);
/* 0 is the newest; NULL beyond the oldest that is known. turns may be NULL. */
const struct ld_turn *ld_turns_at(const struct ld_turns *turns, unsigned i);
/* NULL is allowed. */
void ld_turns_free(struct ld_turns *turns);

#endif
