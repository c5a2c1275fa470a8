/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door of the core: events in, actions out, and what is shown. Each step
 * ends with everybody drawing their conclusions (state.h), so an event only has
 * to note what it says.
 */
#include "heartbeatd/core/core.h"

#include <string.h>
#include <syslog.h>

#include "common/base/name.h"
#include "common/base/time.h"
#include "heartbeatd/core/state.h"

static const struct ha_name statuses[] = {
    {HB_STATUS_INIT, "init"}, {HB_STATUS_UP, "up"}, {HB_STATUS_ACTIVE, "active"},
    {HB_STATUS_DEAD, "dead"}, {HB_STATUS_PING, "ping"}, HA_NAME_END,
};

static const struct ha_name group_states[] = {
    {HB_GROUP_STOPPED, "stopped"},   {HB_GROUP_STARTING, "starting"}, {HB_GROUP_HELD, "held"},
    {HB_GROUP_STOPPING, "stopping"}, {HB_GROUP_FAILED, "FAILED"},     HA_NAME_END,
};

const char *hb_status_name(enum hb_status status)
{
    return ha_name_of(statuses, (int)status);
}

const char *hb_group_state_name(enum hb_group_state state)
{
    return ha_name_of(group_states, (int)state);
}

static void init_nodes(struct hb_core *core, const char *self)
{
    const struct hb_config *config = core->config;

    core->group_count = core->resources->groups->len;
    core->node_count = config->nodes->len;
    core->nodes = g_new0(struct hb_node, MAX(core->node_count, 1));
    for (size_t i = 0; i < core->node_count; i++) {
        struct hb_node *node = &core->nodes[i];

        hb_node_init(node, g_ptr_array_index(config->nodes, i), config, core->group_count,
                     &core->rand);
        if (strcmp(node->name, self) != 0)
            continue;
        core->self = core->asked_node = i;
        node->self = node->uuid_known = true;
        memcpy(node->uuid, core->uuid, HB_UUID_BYTES);
    }
}

static size_t find_node(const struct hb_core *core, const char *name)
{
    size_t i = 0;

    while (i < core->node_count && strcmp(core->nodes[i].name, name) != 0)
        i++;
    return i;
}

static void init_groups(struct hb_core *core, const char *self)
{
    core->groups = g_new0(struct hb_owned, MAX(core->group_count, 1));
    for (size_t i = 0; i < core->group_count; i++) {
        const struct hb_group *group = g_ptr_array_index(core->resources->groups, i);

        hb_group_init(&core->groups[i].run, group, (unsigned)i);
        core->groups[i].home = strcmp(group->home, self) == 0;
        core->groups[i].home_node = find_node(core, group->home);
    }
}

struct hb_core *hb_core_new(const struct hb_config *config, const struct hb_haresources *resources,
                            const struct hb_identity *self, uint64_t seed)
{
    struct hb_core *core = g_new0(struct hb_core, 1);

    core->config = config;
    core->resources = resources;
    core->digest = hb_word_digest(resources);
    hb_agree_digest(config, core->agreed);
    memcpy(core->uuid, self->uuid, HB_UUID_BYTES);
    core->generation = self->generation;
    ha_rand_seed(&core->rand, seed);
    hb_history_init(&core->history);
    core->nonce = ha_rand_next(&core->rand) | 1;
    core->word = g_string_new(NULL);
    core->gist = g_string_new(NULL);
    core->told = g_string_new(NULL);
    core->next_beat_ns = core->ask_nodes_ns = core->wake_ns = core->word_ns = HA_NEVER;
    core->wait_ns = core->heal_ns = HA_NEVER;
    init_nodes(core, self->node);
    hb_roster_init(core);
    hb_pings_init(core);
    for (size_t i = 0; self->floors != NULL && i < core->node_count; i++)
        core->nodes[i].proof.floor = self->floors[i];
    init_groups(core, self->node);
    hb_watch_init(core);
    hb_fence_init(core);
    return core;
}

void hb_core_free(struct hb_core *core)
{
    if (core == NULL)
        return;
    hb_roster_clear(core);
    for (size_t i = 0; i < core->node_count; i++)
        hb_node_clear(&core->nodes[i]);
    hb_watch_clear(core);
    hb_reload_free(core);
    hb_fence_clear(core);
    g_free(core->nodes);
    g_free(core->pings);
    g_free(core->groups);
    hb_history_clear(&core->history);
    g_string_free(core->word, TRUE);
    g_string_free(core->gist, TRUE);
    g_string_free(core->told, TRUE);
    g_free(core);
}

/* ---- a step ---- */

static void op_done(struct hb_core *core, const struct hb_event *event)
{
    size_t group;
    struct hb_group_run *run = hb_reload_run(core, event->op_id, &group);

    if (run != NULL && !hb_watch_answer(core, group, event))
        hb_group_op_done(run, event->op_id, event->result, event->detail, hb_mono(core),
                         core->out);
}

static void handle(struct hb_core *core, const struct hb_event *event)
{
    switch (event->kind) {
    case HB_EV_START:
        hb_member_start(core);
        break;
    case HB_EV_MESSAGE:
        hb_receive(core, event->msg, event->link);
        break;
    case HB_EV_LOOPED:
        hb_receive_looped(core, event->link);
        break;
    case HB_EV_OP_DONE:
        op_done(core, event);
        break;
    case HB_EV_STANDBY:
        hb_standby_begin(core, event->what, "an operator");
        break;
    case HB_EV_TAKEOVER:
        hb_standby_takeover(core, event->what);
        break;
    case HB_EV_FENCED:
        hb_fence_done(core, event);
        break;
    case HB_EV_CONFIRMED:
        hb_fence_confirmed(core, event->node);
        break;
    case HB_EV_RESOURCE_LOST:
        hb_watch_lost(core, event);
        break;
    case HB_EV_WISH:
        hb_legacy_wish(core, event->group, event->wish);
        break;
    case HB_EV_READY:
        hb_warm_event(core, event);
        break;
    case HB_EV_CARRIER:
        hb_carrier_event(core, event);
        break;
    case HB_EV_INJECT:
        hb_inject(core, event->msg);
        break;
    case HB_EV_CONFIG:
        hb_agree_digest(core->config, core->agreed);
        if (event->resources != NULL)
            hb_reload(core, event->resources);
        break;
    case HB_EV_TAKEN_OFF:
        hb_leftover_taken_off(core);
        break;
    case HB_EV_STOP:
        hb_dialogue_stop(core);
        break;
    case HB_EV_CLIENT_START:
        hb_client_starts(core);
        break;
    default:
        break;
    }
}

/* What is shown of the groups, in one number: changes are worth an HB_ACT_STATUS. */
static uint64_t shown(const struct hb_core *core)
{
    uint64_t sum = (uint64_t)core->stage * 31 + (uint64_t)core->standby.phase;

    for (size_t i = 0; i < core->group_count; i++)
        sum = sum * 31 + (uint64_t)core->groups[i].run.state;
    return sum;
}

static void settle(struct hb_core *core)
{
    hb_reload_settle(core);
    hb_carrier_settle(core);
    hb_fence_settle(core);
    hb_leftover_settle(core);
    hb_owner_settle(core);
    hb_standby_settle(core);
    hb_watch_settle(core);
    hb_owner_settle(core);
    hb_legacy_settle(core);
    hb_dialogue_settle(core);
    hb_word_settle(core);
}

static void conclude(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++)
        hb_group_timer(&core->groups[i].run, hb_mono(core), core->out);
    hb_reload_timers(core);
    hb_watch_timers(core);
    hb_carrier_timers(core);
    settle(core);
    hb_suspect_timers(core); /* we may have become stable just now */
}

static uint64_t next_ns(const struct hb_core *core)
{
    uint64_t next = hb_member_next_ns(core);

    next = MIN(next, hb_owner_next_ns(core));
    next = MIN(next, hb_standby_next_ns(core));
    next = MIN(next, hb_legacy_next_ns(core));
    next = MIN(next, hb_roster_next_ns(core));
    next = MIN(next, hb_watch_next_ns(core));
    next = MIN(next, hb_carrier_next_ns(core));
    next = MIN(next, hb_reload_next_ns(core));
    next = MIN(next, hb_fence_next_ns(core));
    return MIN(next, hb_dialogue_next_ns(core));
}

void hb_core_step(struct hb_core *core, const struct hb_now *now, const struct hb_event *event,
                  struct hb_actions *actions)
{
    uint64_t before;

    if (core->finished || (core->next_beat_ns == HA_NEVER) != (event->kind == HB_EV_START))
        return;
    core->now = now;
    core->out = actions;
    hb_reload_step(core);
    before = shown(core);
    hb_member_late(core);
    handle(core, event);
    hb_member_timers(core);
    hb_dialogue_timers(core);
    if (!core->finished) /* who has left says and does nothing more */
        conclude(core);
    if (shown(core) != before)
        hb_actions_add(actions, HB_ACT_STATUS);
    hb_roster_settle(core);
    core->wake_ns = core->finished ? HA_NEVER : next_ns(core);
    core->now = NULL;
    core->out = NULL;
}

uint64_t hb_core_wake_ns(const struct hb_core *core)
{
    return core->wake_ns;
}

/* ---- what is shown ---- */

size_t hb_core_node_count(const struct hb_core *core)
{
    return core->node_count + core->ping_count;
}

/* NULL for a node, and beyond the last. */
static const struct hb_ping *ping_of(const struct hb_core *core, size_t index)
{
    return index >= core->node_count && index - core->node_count < core->ping_count
               ? &core->pings[index - core->node_count]
               : NULL;
}

bool hb_core_node_is_ping(const struct hb_core *core, size_t index)
{
    return ping_of(core, index) != NULL;
}

const char *hb_core_node_name(const struct hb_core *core, size_t index)
{
    const struct hb_ping *ping = ping_of(core, index);

    if (ping != NULL)
        return ping->medium->interface;
    return index < core->node_count ? core->nodes[index].name : NULL;
}

enum hb_status hb_core_node_status(const struct hb_core *core, size_t index)
{
    const struct hb_ping *ping = ping_of(core, index);

    if (ping != NULL)
        return ping->status;
    return index < core->node_count ? core->nodes[index].status : HB_STATUS_DEAD;
}

static const struct hb_links *links_of(const struct hb_core *core, size_t index)
{
    const struct hb_ping *ping = ping_of(core, index);

    if (ping != NULL)
        return &ping->links;
    return index < core->node_count ? &core->nodes[index].links : NULL;
}

const char *hb_core_link_name(const struct hb_core *core, size_t node, size_t link)
{
    const struct hb_links *links = links_of(core, node);

    return links != NULL && link < links->count ? links->list[link].name : NULL;
}

uint64_t hb_core_floor(const struct hb_core *core, size_t index)
{
    return index < core->node_count ? core->nodes[index].proof.floor : 0;
}

const uint8_t *hb_core_node_uuid(const struct hb_core *core, size_t index)
{
    return index < core->node_count && core->nodes[index].uuid_known ? core->nodes[index].uuid
                                                                     : NULL;
}

bool hb_core_leaving(const struct hb_core *core)
{
    return core->stage == HB_STAGE_GONE;
}

bool hb_core_link_status(const struct hb_core *core, size_t node, const char *link, bool *up)
{
    const struct hb_links *links = links_of(core, node);
    const struct hb_link *found =
        links != NULL ? hb_links_find((struct hb_links *)links, link) : NULL;

    if (found == NULL)
        return false;
    *up = found->up;
    return true;
}

const struct hb_counters *hb_core_counters(const struct hb_core *core)
{
    return &core->counters;
}

enum hb_hold hb_core_holding(const struct hb_core *core)
{
    if (core->config->unmanaged)
        return HB_HOLD_NONE;
    if (hb_legacy_on(core))
        return HB_HOLD_NONE; /* as 3.0.6 has it */
    if (core->stage != HB_STAGE_STABLE || core->standby.phase != HB_HANDOVER_NONE)
        return HB_HOLD_TRANSITION;
    return hb_owner_hold(core);
}

enum hb_group_state hb_core_group_state(const struct hb_core *core, size_t group)
{
    return group < core->group_count ? core->groups[group].run.state : HB_GROUP_STOPPED;
}
