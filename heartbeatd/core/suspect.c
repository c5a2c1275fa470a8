/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Before a silent node is counted dead: in the last part of its dead time the
 * shell asks whether anybody still answers for the addresses that node holds, so
 * that the answer is there when it is needed and nothing waits for it
 * (doc/states.md, "Probe").
 */
#include "common/base/time.h"
#include "heartbeatd/core/fence.h"
#include "heartbeatd/core/state.h"

#define LEAD_MS 250

static uint64_t suspect_ns(const struct hb_core *core, const struct hb_node *node)
{
    uint64_t dead_ns, lead_ns;

    if (node->self || node->deadline_ns == HA_NEVER || node->deadline_ns == node->probed_ns ||
        core->stage != HB_STAGE_STABLE)
        return HA_NEVER;
    dead_ns = node->dead_ns > 0 ? node->dead_ns : ha_ms_to_ns(core->config->deadtime_ms);
    lead_ns = MIN(dead_ns / 4, ha_ms_to_ns(LEAD_MS));
    return node->deadline_ns < lead_ns ? HA_NEVER : node->deadline_ns - lead_ns;
}

static void probe(struct hb_core *core, struct hb_node *node)
{
    node->probed_ns = node->deadline_ns;
    for (size_t i = 0; i < core->group_count; i++) {
        struct hb_owned *owned = &core->groups[i];

        if ((node->view.groups[i] & HB_G_CLAIMED) && !hb_group_claimed(&owned->run))
            hb_actions_add(core->out, HB_ACT_PROBE)->of = owned->run.group;
    }
}

void hb_suspect_timers(struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (suspect_ns(core, &core->nodes[i]) <= hb_mono(core))
            probe(core, &core->nodes[i]);
    }
}

uint64_t hb_suspect_next_ns(const struct hb_core *core)
{
    uint64_t next_ns = HA_NEVER;

    for (size_t i = 0; i < core->node_count; i++)
        next_ns = MIN(next_ns, suspect_ns(core, &core->nodes[i]));
    return next_ns;
}

bool hb_suspect_may_live(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self && hb_node_lost(&core->nodes[i]) &&
            core->fences[i].state != HB_FENCE_DONE)
            return true;
    }
    return false;
}
