/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same numbers for the same seed, for programs that make files for the lab. */
#ifndef LAB_CHANCE_H
#define LAB_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

static uint64_t chance_state;

/* 0 to below - 1. */
static inline unsigned chance(unsigned below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (unsigned)(chance_state * UINT64_C(2685821657736338717) >> 33) % below;
}

static inline bool percent(unsigned share)
{
    return chance(100) < share;
}

/* Neighbouring seeds have nothing in common. */
static inline void chance_seed(uint64_t seed)
{
    chance_state = seed * 2 + 1;
    for (unsigned warm = 0; warm < 16; warm++)
        chance(2);
}

#endif
