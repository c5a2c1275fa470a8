/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random life from a seed: a small cluster, trouble, then quiet, in which
 * everything must come into order and stay so.
 *
 *   hour   of cluster life: one or two stretches of trouble, four minutes
 *          together, in which something breaks every 20 s on average; after
 *          each everything is mended, and the rest of the hour is what most of
 *          real life is: beats, checks, and nothing to be done
 *   dense  ten minutes: trouble for more than half of them
 *   late   dense, and one node is held up again and again
 *   mixed  dense, but one node is a 3.0.6 one (classic.c), and nothing happens
 *          that such a one cannot live with
 */
#include "tests/sim/sim.h"

#define TROUBLE_MS 240000  /* of an hour */
#define HOUR_MS    3600000
#define SETTLE_MS  160000  /* of quiet, until everything must be in order */
#define SETTLES_MAX 3      /* more, where a node was counted dead meanwhile */
#define DENSE_TROUBLE_MS 340000
#define DENSE_CALM_MS    100000

uint64_t life_ms(enum life_kind kind)
{
    return kind == LIFE_HOUR ? HOUR_MS : DENSE_TROUBLE_MS + SETTLE_MS + DENSE_CALM_MS;
}

static void configure_monitor(struct sim *sim, enum life_kind kind)
{
    unsigned often = kind == LIFE_HOUR ? 10 : 1;

    for (unsigned i = 0; i < sim->node_count; i++) {
        struct hb_monitor_config *config = &sim->config[i]->monitor;

        config->interval_ms = (1000 + sim_below(sim, 9000)) * often;
        config->timeout_ms = 1000 + sim_below(sim, 9000);
        config->restarts = sim_below(sim, 4);
        config->window_ms = 5000 + sim_below(sim, 60000);
        config->delay_ms = sim_below(sim, 2) * 500;
    }
}

static void configure_fence(struct sim *sim)
{
    sim_add_fence(sim);
    for (unsigned i = 0; i < sim->node_count; i++) {
        sim->config[i]->fence.retry_ms = 1000 + sim_below(sim, 9000);
        sim->nodes[i].agent.fence_fails = sim_below(sim, 2) * sim_below(sim, 900);
    }
}

static void configure_paths(struct sim *sim)
{
    bool bad_net = sim_chance(sim, 100);

    for (unsigned i = 0; i < sim->node_count; i++) {
        for (unsigned j = 0; j < sim->node_count; j++) {
            sim->paths[i][j].loss = bad_net               ? 100 + sim_below(sim, 300)
                                    : sim_chance(sim, 200) ? sim_below(sim, 150)
                                                           : 0;
            sim->paths[i][j].twice = sim_chance(sim, 200) ? sim_below(sim, 100) : 0;
            sim->paths[i][j].delay_max_us = 200 + sim_below(sim, 3000);
        }
    }
}

static void configure(struct sim *sim, uint64_t seed, enum life_kind kind)
{
    static const unsigned keepalives_ms[LIFE_KIND_COUNT][5] = {
        {2000, 2000, 2000, 5000, 10000}, {1000, 2000, 2000, 3000, 3000},
        {1000, 2000, 2000, 3000, 3000}, {1000, 2000, 2000, 3000, 3000}};
    static const char *const kinds[] = {"n", "nn", "s", "ns", "nsn", "nnss", "sn"};
    unsigned keepalive_ms = keepalives_ms[kind][sim_below(sim, 5)];
    unsigned deadtime_ms = keepalive_ms * (3 + sim_below(sim, 4)) + 1;
    bool failback = sim_chance(sim, 500), differ = sim_chance(sim, 60);
    unsigned groups = 1 + sim_below(sim, 3);
    unsigned fails = kind != LIFE_MIXED && sim_chance(sim, 100) ? 500 : 0;

    for (unsigned i = 0; i < sim->node_count; i++) {
        sim->config[i]->keepalive_ms = keepalive_ms;
        sim->config[i]->deadtime_ms = deadtime_ms;
        sim->config[i]->warntime_ms = deadtime_ms / 2;
        sim->config[i]->initdead_ms = deadtime_ms + sim_below(sim, 20000);
        sim->config[i]->auto_failback =
            failback != (differ && i == 1) ? HB_FAILBACK_ON : HB_FAILBACK_OFF;
        if (kind != LIFE_MIXED && seed % 8 == 5) /* the model of 3.0.6 does not know it */
            sim->config[i]->auto_failback = HB_FAILBACK_LEGACY;
        sim->nodes[i].agent.start_fails = fails;
    }
    for (unsigned i = 0; i < groups; i++)
        sim_add_group(sim, sim_below(sim, sim->node_count), kinds[sim_below(sim, 7)]);
    sim->loopback = sim_chance(sim, 100);
    configure_paths(sim);
    if (kind != LIFE_MIXED && sim_chance(sim, 300))
        configure_monitor(sim, kind);
}

/* Trouble, mending, order; and in what is left nothing may get lost. A beat in a hundred still is,
 * and now and then so many in a row that a node is counted dead, and switched off. Where that
 * happens just before the end there is time to come into order once more, but not for ever. */
static void episode(struct sim *sim, uint64_t trouble_ms, uint64_t calm_ms)
{
    fate_begin(sim, trouble_ms);
    sim_run(sim, trouble_ms + 1000);
    fate_quiet(sim);
    sim_run(sim, SETTLE_MS);
    audit_settled(sim);
    sim_run(sim, calm_ms);
    for (unsigned i = 0; i < SETTLES_MAX && sim->now_ns < sim->death_ns + SETTLE_MS * SIM_MS; i++)
        sim_run(sim, SETTLE_MS);
    if (!sim->failed)
        audit_end(sim);
}

void life_play(struct sim *sim, uint64_t seed, enum life_kind kind)
{
    bool trace = sim->trace;
    unsigned episodes = 1;

    sim_init(sim, seed, 2, 1 + (seed % 5 == 0));
    sim->trace = trace;
    if (seed % 64 == 0)
        sim_keys_init(sim);
    sim->mixed = kind == LIFE_MIXED;
    sim->nodes[sim_below(sim, 2)].is_classic = sim->mixed;
    configure(sim, seed, kind);
    if (seed % 7 == 5 && !sim->mixed)
        sim_reload_init(sim);
    if (seed % 3 == 2 && !sim->mixed)
        configure_fence(sim);
    sim->guarded = seed % 8 == 6;
    for (unsigned i = 0; i < sim->node_count; i++)
        sim_later(sim, sim_chance(sim, 700) ? sim_below(sim, 3000) : sim_below(sim, 40000), i, i,
                  fate_start);
    if (seed % 4 == 1 && !sim->mixed) {
        sim_attacker(sim);
        sim_later(sim, sim_below(sim, 100000), 0, 0, fate_attack);
    }
    if (kind == LIFE_LATE)
        sim_later(sim, sim_below(sim, 60000), sim_below(sim, 2), 0, fate_late);
    if (kind != LIFE_HOUR) {
        episode(sim, DENSE_TROUBLE_MS, DENSE_CALM_MS);
        return;
    }
    episodes += sim_below(sim, 2);
    for (unsigned i = 0; i < episodes && !sim->failed; i++)
        episode(sim, TROUBLE_MS / episodes,
                (HOUR_MS - TROUBLE_MS) / episodes - SETTLE_MS);
}
