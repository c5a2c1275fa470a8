/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agents of the made-up machines: they take their time, fail or hang as the
 * node's struct sim_agent says, and keep the truth of what is up.
 */
#include <string.h>

#include "tests/sim/sim.h"

/* A script that is killed has done its work or not; the answer comes soon. */
void sim_op_cancel(struct sim *sim, unsigned index, uint32_t op_id)
{
    for (guint i = 0; i < sim->queue->len; i++) {
        struct sim_due *due = g_ptr_array_index(sim->queue, i), *early;

        if (due->kind != SIM_DUE_OP || due->node != index || due->op.op_id != op_id ||
            due->life != sim->nodes[index].life)
            continue;
        early = sim_due_new(sim, SIM_DUE_OP);
        *early = *due;
        due->life = 0; /* void */
        early->result = HB_OP_FAILED;
        early->at_ns = MIN(early->at_ns, sim->now_ns + 3 * SIM_MS);
        sim_push(sim, early);
        return;
    }
}

static const struct hb_resource *resource_of(const struct sim *sim, unsigned group, unsigned at)
{
    const struct hb_group *of = g_ptr_array_index(sim->resources->groups, group);

    return g_ptr_array_index(of->resources, at);
}

void sim_op_begin(struct sim *sim, unsigned index, const struct hb_action *op)
{
    struct sim_node *node = &sim->nodes[index];
    unsigned group = sim_group(op->of);
    bool native = ((struct hb_resource *)g_ptr_array_index(op->of->resources, op->first))->native;
    unsigned fails = op->op == HB_OP_START  ? node->agent.start_fails
                     : op->op == HB_OP_STOP ? node->agent.stop_fails
                                            : 0;
    struct sim_due *due = sim_due_new(sim, SIM_DUE_OP);
    uint64_t takes_us = native ? 500 + sim_below(sim, 4000)
                               : 5000 + (uint64_t)sim_below(sim, node->agent.slow_max_ms) * 1000;

    audit_op(sim, index, op);
    due->node = index;
    due->life = node->life;
    due->op = *op;
    due->group = group;
    for (unsigned i = op->first; i <= op->last; i++)
        due->slots |= 1U << sim_slot(g_ptr_array_index(op->of->resources, i));
    due->result = sim_chance(sim, fails) ? HB_OP_FAILED : HB_OP_OK;
    if (sim_chance(sim, node->agent.hangs)) {
        due->result = HB_OP_TIMED_OUT;
        takes_us = op->deadline_ms * 1000;
    }
    due->at_ns = sim->now_ns + takes_us * HA_NS_PER_US;
    if (op->op == HB_OP_START)
        node->rising[group] = true;
    sim_say(sim, "%s      %s group %u [%u-%u]", sim_name(index),
            op->op == HB_OP_START ? "start" : op->op == HB_OP_STOP ? "stop" : "status", group,
            op->first, op->last);
    sim_push(sim, due);
}

/* The truth changes when an operation ends; a failed start leaves part of it up. */
void sim_op_end(struct sim *sim, struct sim_due *due)
{
    struct sim_node *node = &sim->nodes[due->node];
    unsigned *up = &node->up[due->group];

    if (due->op.op == HB_OP_START)
        node->rising[due->group] = false;
    for (unsigned i = 0; i < SIM_RESOURCES; i++) {
        if ((due->slots & 1U << i) == 0)
            continue;
        if (due->op.op != HB_OP_STATUS)
            node->died_ns[due->group][i] = 0;
        if (due->op.op == HB_OP_START && !(*up & 1U << i) &&
            (due->result == HB_OP_OK || sim_chance(sim, 500)))
            *up |= 1U << i;
    }
    node->orphan[due->group] &= ~due->slots;
    if (due->op.op == HB_OP_STOP && due->result == HB_OP_OK)
        *up &= ~due->slots;
    if (due->op.op == HB_OP_STATUS && due->result == HB_OP_OK)
        due->result = *up & due->slots ? HB_OP_OK : HB_OP_STOPPED;
}

void sim_op_report(struct sim *sim, struct sim_due *due)
{
    static const char *const results[HB_OP_RESULT_COUNT] = {"ok", "stopped", "FAILED",
                                                            "TIMED OUT"};
    struct hb_event event = {.kind = HB_EV_OP_DONE,
                             .op_id = due->op.op_id,
                             .result = due->result,
                             .detail = due->result == HB_OP_FAILED ? "made to fail" : NULL};

    sim_say(sim, "%s      … group %u [%u-%u] %s", sim_name(due->node), due->group, due->op.first,
            due->op.last, results[due->result]);
    sim_step(sim, due->node, &event);
}

/* What was on its way up or down when the daemon died is up or not. */
void sim_orphans(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];

    for (unsigned group = 0; group < sim->group_count; group++) {
        node->orphan[group] = node->up[group];
        node->rising[group] = false;
    }
}

/* Natively held addresses do not outlive half a dead time, nor meet a successor. */
void sim_guardian(struct sim *sim, unsigned index, unsigned life)
{
    struct sim_node *node = &sim->nodes[index];

    if (node->life != life)
        return;
    for (unsigned group = 0; group < sim->group_count; group++) {
        const struct hb_group *of = g_ptr_array_index(sim->resources->groups, group);

        for (guint i = 0; i < of->resources->len; i++) {
            if (!(node->orphan[group] & 1U << i) || !resource_of(sim, group, i)->native)
                continue;
            node->up[group] &= ~(1U << i);
            node->orphan[group] &= ~(1U << i);
        }
    }
}

static unsigned natives(const struct sim *sim, unsigned group)
{
    const struct hb_group *of = g_ptr_array_index(sim->resources->groups, group);
    unsigned slots = 0;

    for (guint i = 0; i < of->resources->len; i++)
        slots |= (unsigned)resource_of(sim, group, i)->native << i;
    return slots;
}

bool sim_op_is_native(const struct sim *sim, const struct sim_due *due)
{
    return due->kind == SIM_DUE_OP && (due->slots & natives(sim, due->group)) != 0;
}

/* Three quarters of a dead time after the last beat: what the daemon had set is off, and that is the
 * first thing it hears when it goes on. */
void sim_guardian_looks(struct sim *sim, unsigned index, unsigned pauses)
{
    struct sim_node *node = &sim->nodes[index];

    if (!node->paused || node->pauses != pauses)
        return;
    for (unsigned group = 0; group < sim->group_count; group++) {
        unsigned off = node->up[group] & ~node->orphan[group] & natives(sim, group);

        for (unsigned i = 0; off >> i != 0; i++) {
            if (off & 1U << i)
                node->died_ns[group][i] = sim->now_ns;
        }
        node->up[group] &= ~off;
        node->taken_off |= off != 0;
    }
    if (node->taken_off)
        sim_say(sim, "%s      its guardian takes its addresses off", sim_name(index));
}

void sim_resource_dies(struct sim *sim, unsigned index, unsigned group)
{
    struct sim_node *node = &sim->nodes[index];
    const struct hb_group *of = g_ptr_array_index(sim->resources->groups, group);
    unsigned first = sim_below(sim, of->resources->len);

    for (unsigned i = 0; i < of->resources->len; i++) {
        unsigned at = (first + i) % of->resources->len;

        if (resource_of(sim, group, at)->native || !(node->up[group] & 1U << at))
            continue;
        sim_say(sim, "%s      group %u [%u] DIES", sim_name(index), group, at);
        node->up[group] &= ~(1U << at);
        node->died_ns[group][at] = sim->now_ns;
        return;
    }
}

/* ---- switching off ---- */

void sim_add_fence(struct sim *sim)
{
    sim->fencing = true;
    for (unsigned i = 0; i < sim->node_count; i++) {
        struct hb_fence_device *device = g_new0(struct hb_fence_device, 1);

        device->kind = HB_DEVICE_AGENT;
        device->host = g_strdup("*");
        device->type = g_strdup("fence_sim");
        g_ptr_array_add(sim->config[i]->fence.devices, device);
    }
}

void sim_fence_begin(struct sim *sim, unsigned index, const struct hb_action *action)
{
    struct sim_due *due = sim_due_new(sim, SIM_DUE_FENCE);

    if (action->deadline_ms == 0 || action->device == NULL || action->node >= sim->node_count ||
        action->node == index)
        sim_fail(sim, "%s wants to switch off nobody, or for ever", sim_name(index));
    due->node = index;
    due->life = sim->nodes[index].life;
    due->other = (unsigned)action->node;
    due->op = *action;
    due->result = sim_chance(sim, sim->nodes[index].agent.fence_fails) ? HB_OP_FAILED : HB_OP_OK;
    due->at_ns = sim->now_ns + (20 + sim_below(sim, 3000)) * SIM_MS;
    sim_say(sim, "%s      switches %s off", sim_name(index), sim_name(due->other));
    sim_push(sim, due);
}

/* Killed before it took effect, or after: that is chance. */
void sim_fence_cancel(struct sim *sim, unsigned index, uint32_t op_id)
{
    for (guint i = 0; i < sim->queue->len; i++) {
        struct sim_due *due = g_ptr_array_index(sim->queue, i);

        if (due->kind == SIM_DUE_FENCE && due->node == index && due->op.op_id == op_id &&
            due->life == sim->nodes[index].life && sim_chance(sim, 500))
            due->life = 0; /* void */
    }
}

static void power_on(struct sim *sim, unsigned node, unsigned other)
{
    (void)other;
    sim_start(sim, node);
}

void sim_fence_end(struct sim *sim, struct sim_due *due)
{
    sim_say(sim, "%s      … %s %s", sim_name(due->node), sim_name(due->other),
            due->result == HB_OP_OK ? "is off" : "COULD NOT BE SWITCHED OFF");
    if (due->result != HB_OP_OK)
        return;
    sim->fenced++;
    sim_crash(sim, due->other);
    sim_machine_off(sim, due->other);
    sim_later(sim, 3000 + sim_below(sim, 60000), due->other, due->other, power_on);
}

void sim_fence_report(struct sim *sim, struct sim_due *due)
{
    struct hb_event event = {.kind = HB_EV_FENCED,
                             .op_id = due->op.op_id,
                             .fenced = due->result == HB_OP_OK ? HB_FENCED_OK : HB_FENCED_BAD,
                             .detail = due->result == HB_OP_OK ? NULL : "made to fail"};

    sim_step(sim, due->node, &event);
}
