/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is kept warm for a group. It is not ready for up to half a minute after
 * a node starts: nobody gives the group back to it by himself until then. Then
 * it stands by, and sometimes becomes active when the group is about to come,
 * sometimes not. In some lives, and from a generator of its own, so that the
 * others stay what they are.
 */
#include "tests/sim/sim.h"

#define NOT_READY_MAX_MS 30000

static void tell(struct sim *sim, unsigned index, unsigned group, enum hb_ready ready)
{
    const struct hb_owned *owned = sim_owned(sim, index, group);
    struct hb_core *core = sim->nodes[index].core;

    if (owned != NULL)
        sim_step(sim, index,
                 &(struct hb_event){.kind = HB_EV_READY, .ready = ready,
                                    .group = hb_core_group_number(
                                        core, (size_t)(owned - core->groups))});
}

/* Each second, as it should be by then, or a little later. */
static void follows(struct sim *sim, unsigned index, unsigned group)
{
    const struct hb_owned *owned =
        sim->nodes[index].core != NULL ? sim_owned(sim, index, group) : NULL;

    if (owned != NULL && !sim->nodes[index].paused) {
        enum hb_warmth wish =
            hb_core_warm(sim->nodes[index].core, (size_t)(owned - sim->nodes[index].core->groups));

        tell(sim, index, group, sim->now_ns < sim->nodes[index].ready_ns[group] ? HB_READY_NOT
                                : wish == HB_WARM_READY ? HB_READY_STANDBY : HB_READY_ACTIVE);
    }
    sim_later(sim, 1000, index, group, follows);
}

void sim_warmth_begin(struct sim *sim, unsigned index)
{
    struct ha_rand rand;

    if (sim->seed % 4 != 1 || sim->nodes[index].core == NULL)
        return;
    ha_rand_seed(&rand, sim->seed ^ sim->now_ns ^ index);
    for (unsigned group = 0; group < sim->group_count; group++) {
        if (ha_rand_below(&rand, 2)) {
            tell(sim, index, group, HB_READY_NOT);
            if (sim->nodes[index].ready_ns[group] == 0)
                sim_later(sim, ha_rand_below(&rand, 1000), index, group, follows);
            sim->nodes[index].ready_ns[group] =
                sim->now_ns + ha_ms_to_ns(ha_rand_below(&rand, NOT_READY_MAX_MS));
        }
    }
}
