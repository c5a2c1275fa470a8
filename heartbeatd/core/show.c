/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the core has to show of itself. Reads and never changes; the sentences
 * say why a group is where it is, in the order in which owner.c looks at it.
 */
#include "heartbeatd/core/show.h"

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

static const char *const whys[HB_WHY_COUNT] = {
    [HB_WHY_NOT] = "it is on its way down",
    [HB_WHY_HOME] = "its home is here",
    [HB_WHY_DEAD] = "taken over: the node that had it died",
    [HB_WHY_LEFT] = "taken over: the node that had it left or let go of it",
    [HB_WHY_HANDED] = "handed over",
    [HB_WHY_FAILED] = "its home does not hold it",
    [HB_WHY_CARRIER] = "its home has no link on an interface that it needs",
};

static void show_fence(const struct hb_fence *fence, struct hb_show_node *out)
{
    out->devices = fence->devices->len;
    if (fence->state == HB_FENCE_NONE)
        return;
    out->fencing = hb_fence_state_name(fence->state);
    out->fencing_ns = fence->since_ns;
    out->fence_tries = fence->tries;
    out->fenced_by_hand = fence->by_hand;
    out->fence_trouble = fence->reason[0] != '\0' ? fence->reason : NULL;
}

bool hb_show_node(const struct hb_core *core, size_t index, struct hb_show_node *out)
{
    const struct hb_node *node;

    if (index >= hb_core_node_count(core))
        return false;
    *out = (struct hb_show_node){.name = hb_core_node_name(core, index),
                                 .ping = hb_core_node_is_ping(core, index),
                                 .status = hb_core_node_status(core, index)};
    if (out->ping || index >= core->node_count)
        return true;
    node = &core->nodes[index];
    out->self = node->self;
    out->hearth = node->self || node->hearth;
    out->stage = hb_stage_name(node->self ? core->stage : node->view.stage);
    out->beat_ns = node->beat_ns;
    show_fence(&core->fences[index], out);
    out->haresources_differ = node->view.other_resources;
    return true;
}

size_t hb_show_group_count(const struct hb_core *core)
{
    return core->group_count;
}

static const struct hb_node *holder(const struct hb_core *core, size_t group)
{
    if (hb_group_claimed(&core->groups[group].run))
        return &core->nodes[core->self];
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && hb_node_alive(node) && (node->view.groups[group] & HB_G_CLAIMED))
            return node;
    }
    return NULL;
}

static const char *why(const struct hb_core *core, size_t group, const struct hb_node *at)
{
    const struct hb_owned *owned = &core->groups[group];

    if (owned->run.stuck)
        return "something of it does not stop";
    if (owned->run.failing)
        return "it failed here and is being stopped";
    if (owned->run.restarting || owned->monitor.dead)
        return "something of it died and is being restarted";
    if (at == &core->nodes[core->self])
        return owned->run.wanted ? whys[owned->why] : "it is being given up";
    if (at != NULL)
        return "another node has it";
    if (core->stage != HB_STAGE_STABLE)
        return core->stage > HB_STAGE_STABLE ? "this node is leaving"
                                             : "it is not settled yet who takes what";
    if (hb_fence_pending(core))
        return "a dead node may still have it: it is being reset, or you confirm that it is down";
    if (core->standby.phase != HB_HANDOVER_NONE)
        return "it is being handed over";
    if (owned->failed)
        return "it failed here; another node may take it";
    return "it is for another node to take, or not certain yet that nobody has it";
}

bool hb_show_group(const struct hb_core *core, size_t group, struct hb_show_group *out)
{
    const struct hb_owned *owned;
    const struct hb_node *at;

    if (group >= core->group_count)
        return false;
    owned = &core->groups[group];
    at = holder(core, group);
    *out = (struct hb_show_group){
        .key = hb_group_key(owned->run.group),
        .home = owned->run.group->home,
        .line = owned->run.group->line,
        .state = owned->run.state,
        .since_ns = owned->since_ns,
        .why = why(core, group, at),
        .holder = at != NULL ? at->name : NULL,
        .trouble = owned->run.reasons > 0 ? owned->run.reason : NULL,
        .trouble_ns = owned->run.reasons > 0 ? owned->reason_ns : 0,
        .restarts = owned->monitor.restarts,
        .retry_ns = owned->failed ? hb_owner_retry_ns(core, group) : 0,
    };
    return true;
}

bool hb_show_resource(const struct hb_core *core, size_t group, size_t at,
                      struct hb_show_resource *out)
{
    const struct hb_monitor *monitor;
    const struct hb_resource *resource;

    if (group >= core->group_count || at >= core->groups[group].run.group->resources->len)
        return false;
    monitor = &core->groups[group].monitor;
    resource = g_ptr_array_index(core->groups[group].run.group->resources, at);
    *out = (struct hb_show_resource){.text = resource->text, .native = resource->native};
    if (monitor->probes != NULL)
        out->interval_ms = monitor->probes[at].interval_ns / HA_NS_PER_MS;
    return true;
}

const char *hb_show_stage(const struct hb_core *core)
{
    return hb_stage_name(core->stage);
}

const char *hb_show_handover(const struct hb_core *core)
{
    return hb_handover_name(core->standby.phase);
}
