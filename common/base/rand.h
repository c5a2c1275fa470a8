/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small seeded generator for the pure cores and the simulator: the same seed
 * gives the same life. Not for keys.
 */
#ifndef HA_BASE_RAND_H
#define HA_BASE_RAND_H

#include <stdint.h>

struct ha_rand {
    uint64_t state[4];
};

void ha_rand_seed(struct ha_rand *rand, uint64_t seed);
uint64_t ha_rand_next(struct ha_rand *rand);
/* Uniform in 0 … bound-1; 0 for bound 0. */
uint64_t ha_rand_below(struct ha_rand *rand, uint64_t bound);

#endif
