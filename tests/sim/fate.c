/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may happen: to a node, to the network between two, and at the hands of
 * somebody who records. Each thing that breaks plans its own end.
 */
#include <string.h>

#include "tests/sim/sim.h"

static void resume(struct sim *sim, unsigned node, unsigned other)
{
    (void)other;
    sim_resume(sim, node);
}

static void on_time(struct sim *sim, unsigned node, unsigned other)
{
    unsigned keepalive_ms = (unsigned)sim->config[node]->keepalive_ms;

    sim_resume(sim, node);
    sim_later(sim, 10 + sim_below(sim, 2 * keepalive_ms), node, other, fate_late);
}

/* For up to a dead time each, with up to two keepalives between. */
void fate_late(struct sim *sim, unsigned node, unsigned other)
{
    if (sim->now_ns >= sim->trouble_ns)
        return;
    sim_pause(sim, node);
    sim_later(sim, 10 + sim_below(sim, (unsigned)sim->config[node]->deadtime_ms), node, other, on_time);
}

void fate_start(struct sim *sim, unsigned node, unsigned other)
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

static void mend_links(struct sim *sim, unsigned node, unsigned other)
{
    memset(sim->paths[node][other].link_cut, 0, sizeof sim->paths[node][other].link_cut);
    memset(sim->paths[other][node].link_cut, 0, sizeof sim->paths[other][node].link_cut);
}

static void unplug(struct sim *sim, unsigned node, unsigned other, unsigned link, bool cut)
{
    sim_say(sim, "%s     %s %s %s, link %u", "", sim_name(node), cut ? "-/ /-" : "-----",
            sim_name(other), link);
    sim->paths[node][other].link_cut[link] = sim->paths[other][node].link_cut[link] = cut;
}

/* A bad plug: one link goes and comes. */
static void flap(struct sim *sim, unsigned node, unsigned other)
{
    unsigned link = sim_below(sim, sim->link_count);

    unplug(sim, node, other, link, !sim->paths[node][other].link_cut[link]);
    if (sim_chance(sim, 850))
        sim_later(sim, 20 + sim_below(sim, sim_chance(sim, 500) ? 300 : 9000), node, other, flap);
    else
        mend_links(sim, node, other);
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

/* Two sets know each other's keys; with the third a node is a stranger. */
static void rekey(struct sim *sim, unsigned node, unsigned keys)
{
    sim_say(sim, "%s  has key set %u", sim_name(node), keys);
    sim->nodes[node].keys = keys;
}

static void roll_on(struct sim *sim, unsigned node, unsigned keys)
{
    rekey(sim, node, keys);
}

static void change_keys(struct sim *sim, unsigned node)
{
    unsigned other = (node + 1) % sim->node_count, keys = sim_below(sim, 2);

    if (sim_chance(sim, 400))
        keys = SIM_KEYS - 1; /* done wrong: nobody hears anybody for a while */
    rekey(sim, node, keys);
    if (sim_chance(sim, 500))
        sim_later(sim, some_time_ms(sim), other, keys, roll_on);
    sim_later(sim, 60000, node, 0, roll_on);
    sim_later(sim, 60000, other, 0, roll_on);
}

static void spoil_agents(struct sim *sim, unsigned node)
{
    struct sim_agent *agent = &sim->nodes[node].agent;

    *agent = (struct sim_agent){
        .slow_max_ms = 100 + sim_below(sim, 8000),
        .start_fails = sim_below(sim, 2) * sim_below(sim, 900),
        .stop_fails = sim_below(sim, 2) * sim_below(sim, 300),
        .hangs = sim_below(sim, 3) == 0 ? sim_below(sim, 60) : 0,
    };
    if (sim_chance(sim, 150))
        agent->stop_fails = 1000;
    sim_say(sim, "%s  agents: up to %u ms, start fails %u‰, stop %u‰, hang %u‰", sim_name(node),
            agent->slow_max_ms, agent->start_fails, agent->stop_fails, agent->hangs);
    sim_later(sim, 10000 + some_time_ms(sim), node, node, cure);
}

/* What is asked of a pair with a 3.0.6 node: what that can live with. */
static void happens_to_mixed(struct sim *sim, unsigned node)
{
    switch (sim_below(sim, 6)) {
    case 0:
        sim_crash(sim, node);
        sim_later(sim, 500 + some_time_ms(sim), node, node, fate_start);
        break;
    case 1:
        sim_stop(sim, node);
        sim_later(sim, 3000 + some_time_ms(sim), node, node, fate_start);
        break;
    case 2:
        if (!sim->nodes[node].is_classic)
            sim_pause(sim, node);
        sim_later(sim, some_time_ms(sim), node, node, resume);
        break;
    case 3:
        sim_standby(sim, node, (enum hb_what)sim_below(sim, HB_WHAT_COUNT));
        break;
    case 4:
        sim_takeover(sim, node, (enum hb_what)sim_below(sim, HB_WHAT_COUNT));
        break;
    default:
        fate_start(sim, node, node);
        break;
    }
}

static void happens_to_node(struct sim *sim, unsigned node)
{
    if (sim->mixed) {
        happens_to_mixed(sim, node);
        return;
    }
    switch (sim_below(sim, 10)) {
    case 0:
        sim_crash(sim, node);
        if (sim_chance(sim, 100))
            forget(sim, node);
        sim_later(sim, 500 + some_time_ms(sim), node, node, fate_start);
        break;
    case 1:
        sim_stop(sim, node);
        sim_later(sim, 3000 + some_time_ms(sim), node, node, fate_start);
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
        spoil_agents(sim, node);
        break;
    case 6:
        sim->nodes[node].wall_off_s += (int64_t)sim_below(sim, 200000) - 100000;
        break;
    case 7:
        sim_kill(sim, node);
        sim_later(sim, some_time_ms(sim), node, node, fate_start);
        break;
    case 8:
        change_keys(sim, node);
        break;
    default:
        fate_start(sim, node, node);
        break;
    }
}

static void happens_to_path(struct sim *sim, unsigned from, unsigned to)
{
    static const unsigned with_classic[] = {0, 2, 3};

    switch (sim->mixed ? with_classic[sim_below(sim, 3)] : sim_below(sim, 6)) {
    case 0:
        sim_partition(sim, from, to, true);
        sim_later(sim, some_time_ms(sim), from, to, heal);
        break;
    case 1:
        sim_cut(sim, from, to, true);
        sim_later(sim, some_time_ms(sim), from, to, heal);
        break;
    case 2:
        sim->paths[from][to].loss = sim_below(sim, sim->mixed ? 300 : 700);
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
    case 4:
        flap(sim, from, to);
        break;
    default:
        sim->paths[from][to].link_cut[0] = true; /* in one direction */
        sim_later(sim, some_time_ms(sim), from, to, mend_links);
        break;
    }
}

/* Now and then a service dies of itself. */
static void deaths(struct sim *sim, unsigned node, unsigned other)
{
    if (sim->now_ns >= sim->trouble_ns)
        return;
    sim_resource_dies(sim, sim_below(sim, sim->node_count), sim_below(sim, sim->group_count));
    sim_later(sim, sim_chance(sim, 300) ? sim_below(sim, 2000) : sim_below(sim, 60000), node, other,
              deaths);
}

/* Whoever records does not keep quiet when the others do, but has less to gain. */
void fate_attack(struct sim *sim, unsigned node, unsigned other)
{
    bool in_a_row = sim_chance(sim, 500), calm = sim->now_ns >= sim->trouble_ns;
    unsigned pause_ms = sim_chance(sim, 500) ? 2000 : 60000;

    sim_replay(sim, 1 + sim_below(sim, in_a_row ? 200 : 20), in_a_row);
    sim_later(sim, sim_below(sim, calm ? 10 * 60000 : pause_ms), node, other, fate_attack);
}

static void trouble(struct sim *sim, unsigned node, unsigned other)
{
    if (sim->now_ns >= sim->trouble_ns)
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

void fate_begin(struct sim *sim, uint64_t for_ms)
{
    sim_say(sim, "---- trouble from here on");
    sim->keep_up = false;
    sim->trouble_ns = sim->now_ns + for_ms * SIM_MS;
    sim_later(sim, sim_below(sim, 20000), 0, 0, trouble);
    sim_carrier_begin(sim);
    sim_reload_begin(sim);
    if (sim->config[0]->monitor.interval_ms > 0)
        sim_later(sim, sim_below(sim, 40000), 0, 0, deaths);
}

void fate_quiet(struct sim *sim)
{
    sim_say(sim, "---- quiet from here on");
    sim->keep_up = true;
    for (unsigned i = 0; i < sim->node_count; i++) {
        sim->nodes[i].keys = 0;
        sim_resume(sim, i);
        sim_start(sim, i);
        cure(sim, i, i);
        for (unsigned j = 0; j < sim->node_count; j++) {
            sim->paths[i][j].cut = false;
            mend_links(sim, i, j);
            calm(sim, i, j);
        }
    }
    sim_carrier_mend(sim);
    sim_reload_agree(sim);
}
