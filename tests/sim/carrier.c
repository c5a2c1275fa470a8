/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cables of service interfaces: pulled and plugged in again, of one group or of
 * all at a time. From a generator of its own, so that the other lives of a seed
 * stay what they are. At most a few losses a life: a node that loses its link
 * again and again counts as fit later each time.
 */
#include "tests/sim/sim.h"

#define LOSSES_MAX 4

/* What the shell would say: at the start, and of each change while it is awake. */
void sim_carrier_tell(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];

    for (unsigned group = 0; group < sim->group_count; group++) {
        const struct hb_owned *owned = sim_owned(sim, index, group);

        if (node->core == NULL || node->paused)
            continue;
        if (owned == NULL)
            node->told_down[group] = false;
        if (owned == NULL || node->told_down[group] == node->down[group])
            continue;
        node->told_down[group] = node->down[group];
        sim_step(sim, index, &(struct hb_event){.kind = HB_EV_CARRIER,
                                                .group = (unsigned)(owned - node->core->groups),
                                                .up = !node->down[group],
                                                .detail = "eth1"});
    }
}

static void pull(struct sim *sim, unsigned index, unsigned group, bool down)
{
    struct sim_node *node = &sim->nodes[index];

    sim_say(sim, "%s  %s the link of group %u%s", sim_name(index), down ? "loses" : "has", group,
            down ? "" : " again");
    node->down[group] = down;
}

static void plug_in(struct sim *sim, unsigned index, unsigned group)
{
    if (!sim->nodes[index].down[group])
        return;
    pull(sim, index, group, false);
    sim_carrier_tell(sim, index);
}

static void trouble(struct sim *sim, unsigned index, unsigned unused)
{
    struct ha_rand *rand = &sim->carrier_rand;
    bool all = ha_rand_below(rand, 2);
    unsigned only = (unsigned)ha_rand_below(rand, sim->group_count);

    if (sim->now_ns >= sim->trouble_ns)
        return;
    index = (unsigned)ha_rand_below(rand, sim->node_count);
    if (sim->nodes[index].losses < LOSSES_MAX) {
        sim->nodes[index].losses++;
        for (unsigned group = 0; group < sim->group_count; group++) {
            if (!sim->nodes[index].down[group] && (all || group == only)) {
                pull(sim, index, group, true);
                sim_later(sim, 100 + ha_rand_below(rand, ha_rand_below(rand, 2) ? 3000 : 60000),
                          index, group, plug_in);
            }
        }
        sim_carrier_tell(sim, index);
    }
    sim_later(sim, 1000 + ha_rand_below(rand, 60000), index, unused, trouble);
}

void sim_carrier_begin(struct sim *sim)
{
    if (sim->seed % 8 != 3)
        return;
    for (unsigned i = 0; i < sim->node_count; i++)
        sim->nodes[i].losses = 0;
    ha_rand_seed(&sim->carrier_rand, sim->seed ^ sim->now_ns);
    sim_later(sim, ha_rand_below(&sim->carrier_rand, 20000), 0, 0, trouble);
}

void sim_carrier_mend(struct sim *sim)
{
    for (unsigned i = 0; i < sim->node_count; i++) {
        for (unsigned group = 0; group < sim->group_count; group++)
            plug_in(sim, i, group);
    }
}
