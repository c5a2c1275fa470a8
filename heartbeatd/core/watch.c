/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitors of all groups within the core, and what becomes of a group that
 * failed here. A Hearth node takes it by itself, for the word says that it
 * failed (owner.c); a 3.0.6 node takes it only in a standby, and with it all
 * groups of the same kind. So that is offered once in ten minutes: a group that
 * fails on both nodes shall not drag the others to and fro.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

#define MOVE_FIRST_MS 1000
#define MOVE_LAST_MS  60000
#define MOVED_MS      600000
/* Told again only after it was silent for this long; the shell repeats itself oftener. */
#define LOST_TOLD_MS  30000

void hb_watch_init(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++)
        hb_monitor_init(&core->groups[i].monitor, core->groups[i].run.group,
                        &core->config->monitor);
}

void hb_watch_clear(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++)
        hb_monitor_clear(&core->groups[i].monitor);
}

void hb_watch_timers(struct hb_core *core)
{
    unsigned room = HB_PROBES_MAX;

    for (size_t i = 0; i < core->group_count; i++)
        room -= core->groups[i].monitor.asking;
    /* From another group on each time, so that the first ones do not take all the room. */
    for (size_t i = 0; i < core->group_count; i++) {
        struct hb_owned *owned = &core->groups[(core->watch_turn + i) % core->group_count];

        hb_monitor_step(&owned->monitor, &owned->run, &room, hb_mono(core), &core->rand,
                        core->out);
    }
    core->watch_turn++;
}

bool hb_watch_answer(struct hb_core *core, size_t group, const struct hb_event *event)
{
    return group < core->group_count &&
           hb_monitor_answer(&core->groups[group].monitor, &core->groups[group].run, event->op_id,
                             event->result, event->detail, hb_mono(core), core->out);
}

/* ---- a failed group and a 3.0.6 node ---- */

static bool any_claims(const struct hb_core *core, size_t group)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && hb_node_alive(node) && (node->view.groups[group] & HB_G_CLAIMED))
            return true;
    }
    return false;
}

static bool classic_could(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && !node->hearth && node->status == HB_STATUS_ACTIVE &&
            hb_node_stable(node))
            return true;
    }
    return false;
}

/* An address that the shell could not put back is kept in mind where nobody else could take its
 * group: giving up what still works would help nobody, and the shell goes on trying. */
static bool keep_lost(struct hb_core *core, const struct hb_event *event)
{
    const struct hb_group *group = core->groups[event->group].run.group;
    const struct hb_resource *resource;

    if (event->resource >= group->resources->len)
        return false;
    resource = g_ptr_array_index(group->resources, event->resource);
    if (!resource->native || classic_could(core) || hb_owner_other_able(core, event->group))
        return false;
    if (core->groups[event->group].lost_told_ns <= hb_mono(core))
        hb_say(core, LOG_ERR, "%s is lost: %s; keeping group %s, for no other node can take it",
               resource->text, event->detail != NULL ? event->detail : "no reason given",
               hb_group_key(group));
    core->groups[event->group].lost_told_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(LOST_TOLD_MS));
    return true;
}

void hb_watch_lost(struct hb_core *core, const struct hb_event *event)
{
    struct hb_event ours = *event;
    size_t group;

    hb_reload_run(core, event->group, &group);
    if (group == core->group_count || core->groups[group].next != NULL)
        return;
    ours.group = (unsigned)group;
    if (!keep_lost(core, &ours))
        hb_monitor_lost(&core->groups[group].monitor, &core->groups[group].run, event->resource,
                        event->detail, hb_mono(core), core->out);
}

/* A 3.0.6 node that has it counts as having been offered it. */
static void offer(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];

    if (any_claims(core, group)) {
        if (owned->move_tries > 0)
            owned->move_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(MOVED_MS));
        owned->move_tries = 0;
        return;
    }
    if (owned->run.state != HB_GROUP_FAILED || owned->move_ns > hb_mono(core) ||
        core->stage != HB_STAGE_STABLE || core->standby.phase != HB_HANDOVER_NONE ||
        !classic_could(core))
        return;
    owned->move_ns = ha_after_ns(
        hb_mono(core), ha_ms_to_ns(MIN(MOVE_FIRST_MS << MIN(owned->move_tries, 6), MOVE_LAST_MS)));
    owned->move_tries++;
    hb_say(core, LOG_WARNING, "group %s has failed here: offering the %s resources to the other "
           "node", hb_group_key(owned->run.group), owned->home ? "local" : "foreign");
    hb_standby_begin(core, owned->home ? HB_WHAT_LOCAL : HB_WHAT_FOREIGN,
                     core->nodes[core->self].name);
}

/* ---- for the status ---- */

static void note_times(struct hb_core *core, struct hb_owned *owned)
{
    if (owned->state != owned->run.state || owned->since_ns == 0)
        owned->since_ns = hb_mono(core);
    if (owned->reasons != owned->run.reasons)
        owned->reason_ns = hb_mono(core);
    owned->state = owned->run.state;
    owned->reasons = owned->run.reasons;
}

void hb_watch_settle(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++) {
        note_times(core, &core->groups[i]);
        offer(core, i);
    }
}

uint64_t hb_watch_next_ns(const struct hb_core *core)
{
    uint64_t now_ns = hb_mono(core), next_ns = HA_NEVER;

    for (size_t i = 0; i < core->group_count; i++) {
        const struct hb_owned *owned = &core->groups[i];

        next_ns = MIN(next_ns, hb_monitor_next_ns(&owned->monitor, now_ns));
        if (owned->run.state == HB_GROUP_FAILED && owned->move_ns > now_ns)
            next_ns = MIN(next_ns, owned->move_ns);
    }
    return next_ns;
}
