/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random life from a seed: a small cluster, some minutes of trouble, then
 * quiet, in which everything must come into order.
 */
#include <string.h>

#include "tests/sim/sim.h"

#define TROUBLE_MS 340000
#define SETTLE_MS  160000 /* of quiet, until everything must be in order */
#define CALM_MS    100000 /* and stay so */

static void resume(struct sim *sim, unsigned node, unsigned other)
{
    (void)other;
    sim_resume(sim, node);
}

static void start(struct sim *sim, unsigned node, unsigned other)
{
    (void)other;
    sim_start(sim, node);
}

static void heal(struct sim *sim, unsigned node, unsigned other)
{
    sim_partition(sim, node, other, false);
}

static void calm(struct sim *sim, unsigned node, unsigned other)
{
    sim->paths[node][other].loss = sim_below(sim, 20);
    sim->paths[node][other].delay_max_us = 2000;
}

static void mend_link(struct sim *sim, unsigned node, unsigned other)
{
    sim->paths[node][other].link_cut[0] = false;
}

static void cure(struct sim *sim, unsigned node, unsigned other)
{
    (void)other;
    sim->nodes[node].agent = (struct sim_agent){.slow_max_ms = 400};
}

/* From a blink to well beyond every dead time. */
static unsigned some_time_ms(struct sim *sim)
{
    static const unsigned scale[] = {200, 2000, 12000, 60000};

    return 20 + sim_below(sim, scale[sim_below(sim, 4)]);
}

/* Its disk was replaced, or its clock was wrong when the file was made anew. */
static void forget(struct sim *sim, unsigned node)
{
    if (sim_chance(sim, 700))
        sim->nodes[node].generation -= sim_below(sim, sim_chance(sim, 300) ? 1000000 : 8);
    if (sim_chance(sim, 700))
        memset(sim->nodes[node].floors, 0, sizeof sim->nodes[node].floors);
    sim_say(sim, "%s  has lost files", sim_name(node));
}

static void happens_to_node(struct sim *sim, unsigned node)
{
    switch (sim_below(sim, 8)) {
    case 0:
        sim_crash(sim, node);
        if (sim_chance(sim, 100))
            forget(sim, node);
        sim_later(sim, 500 + some_time_ms(sim), node, node, start);
        break;
    case 1:
        sim_stop(sim, node);
        sim_later(sim, 3000 + some_time_ms(sim), node, node, start);
        break;
    case 2:
        sim_pause(sim, node);
        sim_later(sim, some_time_ms(sim), node, node, resume);
        break;
    case 3:
        sim_standby(sim, node, (enum hb_what)sim_below(sim, HB_WHAT_COUNT));
        break;
    case 4:
        sim_takeover(sim, node, (enum hb_what)sim_below(sim, HB_WHAT_COUNT));
        break;
    case 5:
        sim->nodes[node].agent = (struct sim_agent){
            .slow_max_ms = 100 + sim_below(sim, 8000),
            .start_fails = sim_below(sim, 2) * sim_below(sim, 900),
            .stop_fails = sim_below(sim, 2) * sim_below(sim, 300),
            .hangs = sim_below(sim, 3) == 0 ? sim_below(sim, 60) : 0,
        };
        sim_say(sim, "%s  agents: start fails %u‰, stop %u‰, hang %u‰", sim_name(node),
                sim->nodes[node].agent.start_fails, sim->nodes[node].agent.stop_fails,
                sim->nodes[node].agent.hangs);
        sim_later(sim, 10000 + some_time_ms(sim), node, node, cure);
        break;
    case 6:
        sim->nodes[node].wall_off_s += (int64_t)sim_below(sim, 200000) - 100000;
        break;
    default:
        start(sim, node, node);
        break;
    }
}

static void happens_to_path(struct sim *sim, unsigned from, unsigned to)
{
    switch (sim_below(sim, 5)) {
    case 0:
        sim_partition(sim, from, to, true);
        sim_later(sim, some_time_ms(sim), from, to, heal);
        break;
    case 1:
        sim_cut(sim, from, to, true);
        sim_later(sim, some_time_ms(sim), from, to, heal);
        break;
    case 2:
        sim->paths[from][to].loss = sim_below(sim, 700);
        sim_say(sim, "%s --> %s loses %u‰", sim_name(from), sim_name(to),
                sim->paths[from][to].loss);
        sim_later(sim, some_time_ms(sim), from, to, calm);
        break;
    case 3:
        sim->paths[from][to].delay_max_us = 1000 + sim_below(sim, 400000);
        sim_say(sim, "%s --> %s takes up to %u ms", sim_name(from), sim_name(to),
                sim->paths[from][to].delay_max_us / 1000);
        sim_later(sim, some_time_ms(sim), from, to, calm);
        break;
    default:
        sim->paths[from][to].link_cut[0] = true;
        sim_later(sim, some_time_ms(sim), from, to, mend_link);
        break;
    }
}

/* Now and then a service dies of itself. */
static void deaths(struct sim *sim, unsigned node, unsigned other)
{
    if (sim->now_ns >= TROUBLE_MS * SIM_MS)
        return;
    sim_resource_dies(sim, sim_below(sim, sim->node_count), sim_below(sim, sim->group_count));
    sim_later(sim, sim_chance(sim, 300) ? sim_below(sim, 2000) : sim_below(sim, 60000), node, other,
              deaths);
}

static void monitor(struct sim *sim)
{
    for (unsigned i = 0; i < sim->node_count; i++) {
        struct hb_monitor_config *config = &sim->config[i]->monitor;

        config->interval_ms = 1000 + sim_below(sim, 9000);
        config->timeout_ms = 1000 + sim_below(sim, 9000);
        config->restarts = sim_below(sim, 4);
        config->window_ms = 5000 + sim_below(sim, 60000);
        config->delay_ms = sim_below(sim, 2) * 500;
    }
    sim_later(sim, 20000 + sim_below(sim, 20000), 0, 0, deaths);
}

/* Whoever records does not keep quiet when the others do. */
static void attack(struct sim *sim, unsigned node, unsigned other)
{
    bool in_a_row = sim_chance(sim, 500);

    sim_replay(sim, 1 + sim_below(sim, in_a_row ? 400 : 20), in_a_row);
    sim_later(sim, sim_below(sim, sim_chance(sim, 500) ? 2000 : 60000), node, other, attack);
}

static void trouble(struct sim *sim, unsigned node, unsigned other)
{
    if (sim->now_ns >= TROUBLE_MS * SIM_MS)
        return;
    node = sim_below(sim, sim->node_count);
    other = (node + 1 + sim_below(sim, sim->node_count - 1)) % sim->node_count;
    if (sim_chance(sim, 600))
        happens_to_node(sim, node);
    else
        happens_to_path(sim, node, other);
    sim_later(sim, sim_chance(sim, 300) ? sim_below(sim, 3000) : 1000 + sim_below(sim, 60000), 0,
              0, trouble);
}

static void quiet(struct sim *sim)
{
    sim_say(sim, "---- quiet from here on");
    sim->keep_up = true;
    for (unsigned i = 0; i < sim->node_count; i++) {
        sim_resume(sim, i);
        sim_start(sim, i);
        cure(sim, i, i);
        for (unsigned j = 0; j < sim->node_count; j++) {
            sim->paths[i][j].cut = false;
            sim->paths[i][j].link_cut[0] = false;
            calm(sim, i, j);
        }
    }
}

static void configure(struct sim *sim)
{
    static const unsigned keepalives_ms[] = {1000, 2000, 2000, 3000};
    static const char *const kinds[] = {"n", "nn", "s", "ns", "nsn", "nnss", "sn"};
    unsigned keepalive_ms = keepalives_ms[sim_below(sim, 4)];
    unsigned deadtime_ms = keepalive_ms * (3 + sim_below(sim, 4)) + 1;
    bool failback = sim_chance(sim, 500), bad_net = sim_chance(sim, 150);
    unsigned groups = 1 + sim_below(sim, 3), fails = sim_chance(sim, 100) ? 500 : 0;

    for (unsigned i = 0; i < sim->node_count; i++) {
        sim->config[i]->keepalive_ms = keepalive_ms;
        sim->config[i]->deadtime_ms = deadtime_ms;
        sim->config[i]->warntime_ms = deadtime_ms / 2;
        sim->config[i]->initdead_ms = deadtime_ms + sim_below(sim, 20000);
        sim->config[i]->auto_failback = failback ? HB_FAILBACK_ON : HB_FAILBACK_OFF;
        sim->nodes[i].agent.start_fails = fails;
        for (unsigned j = 0; j < sim->node_count; j++) {
            sim->paths[i][j].loss = bad_net               ? 100 + sim_below(sim, 300)
                                    : sim_chance(sim, 300) ? sim_below(sim, 150)
                                                           : 0;
            sim->paths[i][j].twice = sim_chance(sim, 300) ? sim_below(sim, 100) : 0;
            sim->paths[i][j].delay_max_us = 200 + sim_below(sim, 3000);
        }
    }
    for (unsigned i = 0; i < groups; i++)
        sim_add_group(sim, sim_below(sim, sim->node_count), kinds[sim_below(sim, 7)]);
    sim->loopback = sim_chance(sim, 300);
}

void fate_play(struct sim *sim, uint64_t seed)
{
    bool trace = sim->trace;

    sim_init(sim, seed, 2, 1 + (seed % 5 == 0));
    sim->trace = trace;
    if (seed % 8 == 0)
        sim_keys_init(sim);
    configure(sim);
    if (seed % 3 == 1)
        monitor(sim);
    if (seed % 16 == 7) /* files that differ */
        sim->config[1]->auto_failback = sim->config[0]->auto_failback == HB_FAILBACK_ON
                                            ? HB_FAILBACK_OFF
                                            : HB_FAILBACK_ON;
    for (unsigned i = 0; i < sim->node_count; i++)
        sim_later(sim, sim_chance(sim, 700) ? sim_below(sim, 3000) : sim_below(sim, 40000), i, i,
                  start);
    sim_later(sim, 5000 + sim_below(sim, 40000), 0, 0, trouble);
    if (seed % 4 == 1) {
        sim_attacker(sim);
        sim_later(sim, sim_below(sim, 100000), 0, 0, attack);
    }
    sim_run(sim, TROUBLE_MS);
    /* What trouble had planned to end it may come later: wait for that too. */
    sim_run(sim, 1000);
    quiet(sim);
    sim_run(sim, SETTLE_MS);
    audit_settled(sim);
    sim_run(sim, CALM_MS);
    if (!sim->failed)
        audit_end(sim);
}
