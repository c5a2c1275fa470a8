/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seeded generator: xoshiro256** (Blackman and Vigna, public domain design)
 * started through SplitMix64, so that neighbouring seeds lead different lives.
 * Small state, no bad seed, the same numbers on every machine. Not for keys.
 */
#include "common/base/rand.h"

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static uint64_t split_mix(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

void ha_rand_seed(struct ha_rand *rand, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        rand->state[i] = split_mix(&seed);
}

uint64_t ha_rand_next(struct ha_rand *rand)
{
    uint64_t *s = rand->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t ha_rand_below(struct ha_rand *rand, uint64_t bound)
{
    uint64_t number;

    if (bound == 0)
        return 0;
    /* The first 2^64 modulo bound numbers would favour the low results; they are below bound. */
    do
        number = ha_rand_next(rand);
    while (number < bound && number < (0 - bound) % bound);
    return number % bound;
}
