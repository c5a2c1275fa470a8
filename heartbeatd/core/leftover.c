/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a life before this one has left, and what is left of ours when the shell
 * took our addresses off because we had not moved for too long (doc/states.md,
 * "Guardian"). Such a group is claimed here and not wanted until the others have
 * had their say: nobody takes it meanwhile, and who has taken it keeps it.
 */
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

void hb_core_left_over(struct hb_core *core, size_t group, bool kept)
{
    if (group >= core->group_count || core->next_beat_ns != HA_NEVER)
        return;
    core->groups[group].left = kept ? HB_LEFT_KEPT : HB_LEFT_EXPIRED;
    hb_group_found(&core->groups[group].run);
}

static bool has_native(const struct hb_group *group)
{
    for (guint i = 0; i < group->resources->len; i++) {
        const struct hb_resource *resource = g_ptr_array_index(group->resources, i);

        if (resource->native)
            return true;
    }
    return false;
}

void hb_leftover_taken_off(struct hb_core *core)
{
    if (core->doubt_ns <= hb_mono(core)) /* our clock stood still as well */
        hb_member_held_up(core, ha_ms_to_ns(core->config->deadtime_ms));
    for (size_t i = 0; i < core->group_count; i++) {
        struct hb_owned *owned = &core->groups[i];

        if (owned->run.wanted && has_native(owned->run.group) &&
            hb_group_doubt(&owned->run, core->out))
            owned->left = HB_LEFT_SLEPT;
    }
}

static bool claimed_elsewhere(const struct hb_core *core, size_t group)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && hb_node_alive(node) && (node->view.groups[group] & HB_G_CLAIMED))
            return true;
    }
    return false;
}

/* A 3.0.6 node does not tell what it saw of us: a beat of it since we woke has to do. */
static bool all_heard(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && hb_node_alive(node) && !node->hearth && node->beat_ns == 0)
            return false;
    }
    return core->heal_ns == HA_NEVER;
}

static bool everybody_has_told(const struct hb_core *core, size_t group)
{
    return core->stage == HB_STAGE_STABLE && core->doubt_ns <= hb_mono(core) &&
           core->standby.phase == HB_HANDOVER_NONE && all_heard(core) &&
           hb_owner_is_free(core, group);
}

/* Why it is not to stay; NULL: that is open, or it is. */
static const char *why_not(const struct hb_core *core, size_t group)
{
    enum hb_left left = core->groups[group].left;

    if (left == HB_LEFT_EXPIRED)
        return "another node may have it by now";
    if (claimed_elsewhere(core, group))
        return "another node has it";
    if (core->stage > HB_STAGE_STABLE)
        return "this node leaves";
    if (core->standby.phase == HB_HANDOVER_GIVING &&
        hb_owner_in(core, group, core->standby.what, core->self))
        return "it is given away";
    if (left == HB_LEFT_KEPT && everybody_has_told(core, group) &&
        !hb_owner_falls_to_us(core, group))
        return "it falls to another node";
    return NULL;
}

static void settle(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];
    const char *why = why_not(core, group);

    if (owned->run.wanted || owned->run.state != HB_GROUP_HELD) {
        owned->left = HB_LEFT_NOTHING;
    } else if (why != NULL) {
        hb_say(core, LOG_WARNING, "stopping what is left of group %s %s: %s",
               hb_group_key(owned->run.group),
               owned->left == HB_LEFT_SLEPT ? "from before this node was held up"
                                            : "by the heartbeat before this one",
               why);
        owned->left = HB_LEFT_NOTHING;
        hb_group_leave(&owned->run, core->out);
    } else if (owned->left == HB_LEFT_SLEPT && everybody_has_told(core, group)) {
        hb_say(core, LOG_INFO, "nobody has taken group %s meanwhile: it goes on",
               hb_group_key(owned->run.group));
        owned->left = HB_LEFT_NOTHING;
        hb_owner_want(core, group, owned->why);
    }
}

void hb_leftover_settle(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++) {
        if (core->groups[i].left != HB_LEFT_NOTHING)
            settle(core, i);
    }
}

bool hb_core_all_left(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self &&
            (!hb_node_out(&core->nodes[i]) || hb_node_lost(&core->nodes[i])))
            return false;
    }
    return true;
}
