/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has to be switched off, and how far that is. Death is the only reason,
 * but for one: a Hearth node whose resource will not stop may ask for it
 * (stop_failure fence). What is said, in the log and on the wire, is
 * Heartbeat's where it had words for it.
 */
#include "heartbeatd/core/fence.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "common/base/name.h"
#include "common/base/time.h"
#include "heartbeatd/core/state.h"

/* A failure that repeats itself is in the log once in so many rounds. */
#define ROUNDS_PER_LINE 12

static const struct ha_name states[] = {
    {HB_FENCE_NONE, "none"},       {HB_FENCE_RUNNING, "running"},
    {HB_FENCE_WAITING, "waiting"}, {HB_FENCE_DONE, "done"}, HA_NAME_END,
};

/* The words of 3.0.6. */
static const struct ha_name results[] = {
    {HB_FENCED_OK, "OK"}, {HB_FENCED_BAD_HOST, "badhost"}, {HB_FENCED_BAD, "bad"}, HA_NAME_END,
};

const char *hb_fence_state_name(enum hb_fence_state state)
{
    return ha_name_of(states, (int)state);
}

static struct hb_fence *fence_of(const struct hb_core *core, const struct hb_node *node)
{
    return &core->fences[node - core->nodes];
}

/* ---- which devices ---- */

static bool names(const char *pattern, const char *node)
{
    return strcmp(pattern, "*") == 0 || g_ascii_strcasecmp(pattern, node) == 0;
}

/* Of the stonith lines that this node may use the last one counts, as in 3.0.6. */
static const struct hb_fence_device *stonith_device(const struct hb_core *core)
{
    const GPtrArray *devices = core->config->fence.devices;
    const struct hb_fence_device *found = NULL;

    for (guint i = 0; i < devices->len; i++) {
        const struct hb_fence_device *device = g_ptr_array_index(devices, i);

        if (device->kind == HB_DEVICE_STONITH &&
            names(device->host, core->nodes[core->self].name))
            found = device;
    }
    return found;
}

static void find_devices(struct hb_core *core, size_t index)
{
    const GPtrArray *devices = core->config->fence.devices;
    const struct hb_fence_device *stonith = stonith_device(core);
    struct hb_fence *fence = &core->fences[index];

    fence->devices = g_ptr_array_new();
    for (guint i = 0; i < devices->len; i++) {
        struct hb_fence_device *device = g_ptr_array_index(devices, i);

        if (device->kind == HB_DEVICE_STONITH ? device == stonith
                                              : names(device->host, core->nodes[index].name))
            g_ptr_array_add(fence->devices, device);
    }
}

void hb_fence_init(struct hb_core *core)
{
    core->fences = g_new0(struct hb_fence, MAX(core->node_count, 1));
    for (size_t i = 0; i < core->node_count; i++)
        find_devices(core, i);
}

void hb_fence_node_added(struct hb_core *core)
{
    core->fences = g_renew(struct hb_fence, core->fences, core->node_count);
    core->fences[core->node_count - 1] = (struct hb_fence){0};
    find_devices(core, core->node_count - 1);
}

void hb_fence_node_goes(struct hb_core *core, size_t node)
{
    struct hb_fence *fence = &core->fences[node];

    g_ptr_array_unref(fence->devices);
    memmove(fence, fence + 1, (core->node_count - node - 1) * sizeof *fence);
}

void hb_fence_clear(struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++)
        g_ptr_array_unref(core->fences[i].devices);
    g_free(core->fences);
}

static const struct hb_fence_device *device_at(const struct hb_fence *fence)
{
    return g_ptr_array_index(fence->devices, fence->at);
}

/* ---- a try ---- */

static void tell(struct hb_core *core, const struct hb_node *node, const char *result)
{
    struct hb_msg *msg = hb_compose("stonith");

    hb_msg_add_text(msg, "node", node->name);
    hb_msg_add_text(msg, "result", result);
    hb_send(core, msg);
}

static void enter(struct hb_core *core, struct hb_fence *fence, enum hb_fence_state state)
{
    if (fence->state != state)
        fence->since_ns = hb_mono(core);
    fence->state = state;
    fence->retry_ns = HA_NEVER;
    hb_actions_add(core->out, HB_ACT_STATUS);
}

static void try_device(struct hb_core *core, struct hb_node *node)
{
    struct hb_fence *fence = fence_of(core, node);
    struct hb_action *action = hb_actions_add(core->out, HB_ACT_FENCE);

    if (++core->fence_ops == 0)
        core->fence_ops = 1;
    action->op_id = fence->op_id = core->fence_ops;
    action->node = (size_t)(node - core->nodes);
    action->device = device_at(fence);
    action->deadline_ms = core->config->fence.timeout_ms;
    fence->tries++;
    if (fence->state != HB_FENCE_RUNNING)
        enter(core, fence, HB_FENCE_RUNNING);
}

static void begin(struct hb_core *core, struct hb_node *node)
{
    struct hb_fence *fence = fence_of(core, node);

    fence->at = 0;
    fence->tries = 0;
    fence->by_hand = false;
    fence->reason[0] = '\0';
    hb_say(core, LOG_INFO, "Resetting node %s with [%s]", node->name, device_at(fence)->type);
    try_device(core, node);
}

static void call_off(struct hb_core *core, struct hb_fence *fence)
{
    if (fence->op_id != 0)
        hb_actions_add(core->out, HB_ACT_FENCE_END)->op_id = fence->op_id;
    fence->op_id = 0;
    enter(core, fence, HB_FENCE_NONE);
}

static void is_down(struct hb_core *core, struct hb_node *node, bool by_hand)
{
    struct hb_fence *fence = fence_of(core, node);

    if (fence->op_id != 0)
        hb_actions_add(core->out, HB_ACT_FENCE_END)->op_id = fence->op_id;
    fence->op_id = 0;
    fence->by_hand = by_hand;
    enter(core, fence, HB_FENCE_DONE);
    if (!hb_node_alive(node))
        hb_say(core, LOG_INFO, "Resources being acquired from %s.", node->name);
}

/* ---- events ---- */

/* Called before the node's view is forgotten. */
void hb_fence_lost(struct hb_core *core, struct hb_node *node)
{
    struct hb_fence *fence = fence_of(core, node);

    if (core->config->unmanaged)
        return;
    if (node->view.stage == HB_STAGE_GONE) {
        hb_say(core, LOG_INFO, "Dead node %s gave up resources.", node->name);
        tell(core, node, "unneeded");
    } else if (core->stage >= HB_STAGE_SHUTDOWN || fence->state != HB_FENCE_NONE) {
        return; /* we leave, or it is being done, or was, at its own wish */
    } else if (fence->devices->len > 0) {
        begin(core, node);
    } else {
        hb_say(core, LOG_WARNING, "No STONITH device configured.");
        hb_say(core, LOG_WARNING, "Shared disks are not protected.");
        tell(core, node, "n_stnth");
        if (core->stage == HB_STAGE_STABLE)
            hb_say(core, LOG_INFO, "Resources being acquired from %s.", node->name);
    }
}

static void failed(struct hb_core *core, struct hb_node *node, const struct hb_event *event)
{
    struct hb_fence *fence = fence_of(core, node);
    bool first_round = fence->tries <= fence->devices->len;
    bool shown = first_round || fence->tries / fence->devices->len % ROUNDS_PER_LINE == 0;

    g_snprintf(fence->reason, sizeof fence->reason, "%s: %s", device_at(fence)->type,
               event->detail != NULL ? event->detail : "no reason given");
    if (shown)
        hb_say(core, LOG_ERR, "node %s could not be reset: %s", node->name, fence->reason);
    tell(core, node, ha_name_of(results, (int)event->fenced));
    if (++fence->at < fence->devices->len) {
        try_device(core, node);
        return;
    }
    fence->at = 0;
    enter(core, fence, HB_FENCE_WAITING);
    fence->retry_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(core->config->fence.retry_ms));
    if (shown)
        hb_say(core, LOG_CRIT, "node %s may still be running: nothing that it may have is taken. "
               "Trying again every %" PRIu64 " ms (%" PRIu64 " tries so far). If you have made "
               "sure that it is down: hactl confirm-down %s",
               node->name, core->config->fence.retry_ms, fence->tries, node->name);
}

void hb_fence_done(struct hb_core *core, const struct hb_event *event)
{
    for (size_t i = 0; event->op_id != 0 && i < core->node_count; i++) {
        struct hb_fence *fence = &core->fences[i];

        if (fence->op_id != event->op_id)
            continue;
        fence->op_id = 0;
        if (event->fenced != HB_FENCED_OK) {
            failed(core, &core->nodes[i], event);
            return;
        }
        hb_say(core, LOG_NOTICE, "node %s now reset by %s%s%s.", core->nodes[i].name,
               device_at(fence)->type, event->detail != NULL ? ": " : "",
               event->detail != NULL ? event->detail : "");
        tell(core, &core->nodes[i], "OK");
        is_down(core, &core->nodes[i], false);
        return;
    }
}

bool hb_core_confirmable(const struct hb_core *core, size_t node)
{
    return node < core->node_count && !core->nodes[node].self &&
           !hb_node_alive(&core->nodes[node]);
}

void hb_fence_confirmed(struct hb_core *core, size_t node)
{
    if (!hb_core_confirmable(core, node) || core->fences[node].state == HB_FENCE_NONE ||
        core->fences[node].state == HB_FENCE_DONE)
        return;
    hb_say(core, LOG_WARNING, "an operator has made sure that node %s is down",
           core->nodes[node].name);
    is_down(core, &core->nodes[node], true);
}

void hb_fence_heard(struct hb_core *core, const struct hb_node *node, const struct hb_msg *msg)
{
    static const char *const words[] = {"OK", "badhost", "bad", "n_stnth", "unneeded"};
    const char *target = hb_msg_text(msg, "node"), *result = hb_msg_text(msg, "result");

    for (size_t i = 0; target != NULL && result != NULL && i < core->node_count; i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(words); j++) {
            if (strcmp(core->nodes[i].name, target) == 0 && strcmp(words[j], result) == 0)
                hb_say(core, LOG_INFO, "node %s on resetting node %s: %s", node->name,
                       core->nodes[i].name, words[j]);
        }
    }
}

void hb_fence_inherit(struct hb_core *core, const struct hb_core *old)
{
    for (size_t i = 0; i < core->node_count; i++) {
        for (size_t j = 0; j < old->node_count; j++) {
            if (strcmp(core->nodes[i].name, old->nodes[j].name) != 0 ||
                old->fences[j].state != HB_FENCE_DONE || hb_node_alive(&old->nodes[j]))
                continue;
            core->fences[i].state = HB_FENCE_DONE;
            core->fences[i].since_ns = old->fences[j].since_ns;
            core->fences[i].by_hand = old->fences[j].by_hand;
            core->fences[i].tries = old->fences[j].tries;
        }
    }
}

/* ---- conclusions ---- */

bool hb_fence_pending(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        enum hb_fence_state state = core->fences[i].state;

        if (!hb_node_alive(&core->nodes[i]) &&
            (state == HB_FENCE_RUNNING || state == HB_FENCE_WAITING))
            return true;
    }
    return false;
}

/* It asks for it, and has lived on for longer than a reset takes effect. */
static bool still_asks(const struct hb_core *core, const struct hb_node *node)
{
    const struct hb_fence *fence = fence_of(core, node);

    return fence->state == HB_FENCE_DONE &&
           node->beat_ns > ha_after_ns(fence->since_ns, ha_ms_to_ns(core->config->deadtime_ms));
}

/* A node that lives: what was begun is called off, unless it asks for it itself. */
static void settle_living(struct hb_core *core, struct hb_node *node)
{
    struct hb_fence *fence = fence_of(core, node);

    if (!node->view.fence_me || core->stage >= HB_STAGE_SHUTDOWN) {
        if (fence->state == HB_FENCE_RUNNING || fence->state == HB_FENCE_WAITING)
            hb_say(core, LOG_WARNING, "node %s is alive: it is not reset any more", node->name);
        if (fence->state != HB_FENCE_NONE)
            call_off(core, fence);
    } else if (fence->devices->len == 0) {
        if (!fence->by_hand)
            hb_say(core, LOG_ERR, "node %s cannot stop its resources and asks to be reset, but no "
                   "device is configured here", node->name);
        fence->by_hand = true; /* said */
    } else if (fence->state == HB_FENCE_NONE || still_asks(core, node)) {
        hb_say(core, LOG_WARNING, "node %s cannot stop its resources and asks to be reset",
               node->name);
        begin(core, node);
    }
}

/* What the administrator chose for a resource that will not stop. */
static void settle_stuck(struct hb_core *core)
{
    const struct hb_group_run *stuck = NULL;

    for (size_t i = 0; i < core->group_count && stuck == NULL; i++) {
        if (core->groups[i].run.stuck)
            stuck = &core->groups[i].run;
    }
    for (guint i = 0; core->leaving != NULL && i < core->leaving->len && stuck == NULL; i++) {
        const struct hb_leaving *leaving = g_ptr_array_index(core->leaving, i);

        if (leaving->run.stuck)
            stuck = &leaving->run;
    }
    if (stuck != NULL && core->config->fence.stop_failure == HB_STOP_REBOOT && !core->rebooting) {
        core->rebooting = true;
        hb_actions_add(core->out, HB_ACT_REBOOT)->text = g_strdup(stuck->reason);
    }
    if (core->config->fence.stop_failure != HB_STOP_FENCE || core->fence_me == (stuck != NULL))
        return;
    core->fence_me = stuck != NULL;
    if (core->fence_me)
        hb_say(core, LOG_CRIT, "%s: asking the other nodes to reset this one", stuck->reason);
    else
        hb_say(core, LOG_NOTICE, "it did stop: no reset is asked for any more");
}

void hb_fence_settle(struct hb_core *core)
{
    settle_stuck(core);
    for (size_t i = 0; i < core->node_count; i++) {
        struct hb_node *node = &core->nodes[i];
        struct hb_fence *fence = &core->fences[i];

        if (node->self)
            continue;
        if (hb_node_alive(node) && node->beats > 0)
            settle_living(core, node);
        else if (core->stage >= HB_STAGE_SHUTDOWN && fence->state != HB_FENCE_NONE)
            call_off(core, fence);
        if (fence->state == HB_FENCE_WAITING && fence->retry_ns <= hb_mono(core))
            try_device(core, node);
    }
}

uint64_t hb_fence_next_ns(const struct hb_core *core)
{
    uint64_t next_ns = HA_NEVER;

    for (size_t i = 0; i < core->node_count; i++) {
        if (core->fences[i].state == HB_FENCE_WAITING)
            next_ns = MIN(next_ns, core->fences[i].retry_ns);
    }
    return next_ns;
}
