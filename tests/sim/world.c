/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time and nodes. One loop takes the next thing due, of the queue or of a node's
 * own clock, and lets it happen.
 */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static const char *const names[SIM_NODES] = {"alice", "bob", "carol", "dave"};

const char *sim_name(unsigned node)
{
    return names[node];
}

void sim_say(struct sim *sim, const char *format, ...)
{
    va_list args;

    if (!sim->trace)
        return;
    printf("%10.3f  ", (double)sim->now_ns / 1e9);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void sim_fail(struct sim *sim, const char *format, ...)
{
    va_list args;
    int length;

    if (sim->failed)
        return;
    sim->failed = true;
    length = snprintf(sim->failure, sizeof sim->failure, "at %.3f s: ",
                      (double)sim->now_ns / 1e9);
    va_start(args, format);
    vsnprintf(sim->failure + length, sizeof sim->failure - (size_t)length, format, args);
    va_end(args);
    sim_say(sim, "*** %s", sim->failure);
}

/* ---- making and unmaking a world ---- */

static struct hb_config *make_config(const struct sim *sim)
{
    struct hb_config *config = hb_config_new();

    for (unsigned i = 0; i < sim->node_count; i++)
        g_ptr_array_add(config->nodes, g_strdup(names[i]));
    for (unsigned i = 0; i < sim->link_count; i++) {
        struct hb_medium *medium = g_new0(struct hb_medium, 1);

        medium->kind = HB_BCAST;
        medium->interface = g_strdup_printf("eth%u", i);
        g_ptr_array_add(config->media, medium);
    }
    config->keepalive_ms = 1000;
    config->deadtime_ms = 5000;
    config->warntime_ms = 2500;
    config->initdead_ms = 15000;
    config->auto_failback = HB_FAILBACK_ON;
    return config;
}

void sim_init(struct sim *sim, uint64_t seed, unsigned nodes, unsigned links)
{
    memset(sim, 0, sizeof *sim);
    sim->seed = seed;
    ha_rand_seed(&sim->rand, seed);
    sim->now_ns = SIM_S;
    sim->node_count = nodes;
    sim->link_count = links;
    sim->queue = g_ptr_array_new();
    sim->spare = g_ptr_array_new();
    sim->resources = hb_haresources_new();
    hb_actions_init(&sim->actions);
    for (unsigned i = 0; i < nodes; i++) {
        struct sim_node *node = &sim->nodes[i];

        sim->config[i] = make_config(sim);
        node->generation = 1700000000 + sim_below(sim, 1000);
        node->boot_ns = (uint64_t)sim_below(sim, 1000000) * SIM_MS;
        node->wake_ns = HA_NEVER;
        node->backlog = g_ptr_array_new();
        node->agent.slow_max_ms = 400;
        for (unsigned j = 0; j < nodes; j++)
            sim->paths[i][j] = (struct sim_path){.delay_min_us = 100, .delay_max_us = 600};
    }
}

void sim_add_resource(struct sim *sim, unsigned group, char kind)
{
    const struct hb_group *to = g_ptr_array_index(sim->resources->groups, group);
    const char *name = kind == 'n' ? "IPaddr" : "script";
    char text[64];
    struct hb_resource *resource;

    snprintf(text, sizeof text, "%s::%u.%u", name, group, to->resources->len);
    resource = hb_resource_new(name, text);
    resource->native = kind == 'n';
    g_ptr_array_add(to->resources, resource);
    sim->resource_count[group] = to->resources->len;
}

void sim_add_group(struct sim *sim, unsigned home, const char *resources)
{
    struct hb_group *group = hb_group_new(names[home], sim->group_count + 1);

    g_ptr_array_add(sim->resources->groups, group);
    sim->group_count++;
    for (unsigned i = 0; resources[i] != '\0'; i++)
        sim_add_resource(sim, sim->group_count - 1, resources[i]);
}

void sim_clear(struct sim *sim)
{
    sim_due_list_free(sim, sim->queue);
    for (unsigned i = 0; i < sim->node_count; i++) {
        sim_due_list_free(sim, sim->nodes[i].backlog);
        hb_core_free(sim->nodes[i].core);
        classic_free(sim->nodes[i].classic);
        hb_config_free(sim->config[i]);
    }
    g_ptr_array_set_free_func(sim->spare, g_free);
    g_ptr_array_unref(sim->spare);
    sim_tape_clear(sim);
    sim_reload_clear(sim);
    hb_haresources_free(sim->resources);
    hb_actions_clear(&sim->actions);
    for (unsigned i = 0; sim->keys != NULL && i < SIM_KEYS; i++)
        ak_keys_clear(&sim->keys[i]);
    g_free(sim->keys);
}

/* ---- nodes ---- */

static void leave(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];

    hb_core_free(node->core);
    classic_free(node->classic);
    node->core = NULL;
    node->classic = NULL;
    node->life++;
    node->wake_ns = HA_NEVER;
    node->paused = node->stopping = node->taken_off = false;
    audit_upset(sim, index);
}

static void start_again(struct sim *sim, unsigned node, unsigned other)
{
    (void)other;
    sim_start(sim, node);
}

static void carry_out(struct sim *sim, unsigned index, const struct hb_action *action)
{
    switch (action->kind) {
    case HB_ACT_SEND:
        sim->sends++;
        sim_send(sim, index, action->msg);
        break;
    case HB_ACT_OP:
        sim_op_begin(sim, index, action);
        break;
    case HB_ACT_FENCE:
        sim_fence_begin(sim, index, action);
        break;
    case HB_ACT_FENCE_END:
        sim_fence_cancel(sim, index, action->op_id);
        break;
    case HB_ACT_CANCEL:
        sim_op_cancel(sim, index, action->op_id);
        break;
    case HB_ACT_LOG:
        sim_say(sim, "%s  %s%s", names[index], action->level <= LOG_WARNING ? "! " : "",
                action->text);
        break;
    case HB_ACT_REMEMBER:
        for (unsigned i = 0; i < sim->node_count; i++)
            sim->nodes[index].floors[i] = hb_core_floor(sim->nodes[index].core, i);
        break;
    case HB_ACT_STOPPED:
        sim_say(sim, "%s  has stopped", names[index]);
        leave(sim, index);
        if (sim->keep_up)
            sim_later(sim, 1000, index, index, start_again);
        break;
    case HB_ACT_RESTART:
        sim_say(sim, "%s  starts itself again", names[index]);
        leave(sim, index);
        sim_later(sim, (sim->config[index]->deadtime_ms + 999) / 1000 * 1000 + 1000, index, index,
                  start_again);
        break;
    default:
        break;
    }
}

void sim_step(struct sim *sim, unsigned index, const struct hb_event *event)
{
    struct sim_node *node = &sim->nodes[index];
    struct hb_now now = {
        .mono_ns = sim->now_ns + node->boot_ns,
        .wall_s = (uint64_t)((int64_t)(1700000000 + sim->now_ns / SIM_S) + node->wall_off_s),
        .load = "0.00 0.01 0.05 1/100 4242",
    };
    struct hb_actions actions = sim->actions;
    uint64_t wake_ns;

    sim->steps++;
    if (node->is_classic)
        classic_step(node->classic, &now, event, &actions);
    else
        hb_core_step(node->core, &now, event, &actions);
    wake_ns = node->is_classic ? classic_wake_ns(node->classic) : hb_core_wake_ns(node->core);
    node->wake_ns = wake_ns == HA_NEVER ? HA_NEVER : wake_ns - node->boot_ns;
    if (wake_ns != HA_NEVER && wake_ns <= now.mono_ns)
        sim_fail(sim, "%s wants to be woken in the past", names[index]);
    if (!node->is_classic)
        audit_step(sim, index);
    for (guint i = 0; i < actions.list->len; i++) {
        const struct hb_action *action = &g_array_index(actions.list, struct hb_action, i);

        if (sim_runs(sim, index))
            carry_out(sim, index, action);
        else if (action->kind == HB_ACT_SEND || action->kind == HB_ACT_OP)
            sim_fail(sim, "%s says or does something after its end", names[index]);
    }
    if (actions.list->len > 600)
        sim_fail(sim, "%s wants %u actions in one step", names[index], actions.list->len);
    hb_actions_reset(&actions);
}

/* What the guardian's table tells a successor; what is kept has a daemon again. */
static void find_left(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];
    bool kept = sim->now_ns < node->guard_ns;

    for (unsigned group = 0; group < sim->group_count; group++) {
        const struct hb_owned *owned = sim_owned(sim, index, group);
        bool known = owned != NULL && node->left[group] &&
                     hb_group_same(owned->run.group, node->left_as[group]) &&
                     strcmp(owned->run.group->home, node->left_as[group]->home) == 0;

        if (!node->left[group] || node->core == NULL)
            continue;
        if (!known) { /* for the operator to see to */
            node->left[group] = false;
            continue;
        }
        sim_say(sim, "%s  finds what is left of group %u%s", names[index], group,
                kept ? ", its addresses too" : "");
        node->left[group] = false;
        node->orphan[group] &= ~sim_listed(owned->run.group);
        hb_core_left_over(node->core, (size_t)(owned - node->core->groups), kept);
    }
}

void sim_start(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];
    struct hb_identity self = {.node = names[index], .generation = ++node->generation,
                               .floors = node->floors};
    struct hb_event event = {.kind = HB_EV_START};

    if (sim_runs(sim, index))
        return;
    sim_say(sim, "%s  is started", names[index]);
    if (sim->now_ns >= node->guard_ns)
        sim_guardian(sim, index, node->life); /* a successor comes after it */
    memset(self.uuid, (int)index + 1, sizeof self.uuid);
    node->life++;
    node->sent = 0;
    node->paused = node->stopping = false;
    memset(node->heard_life, 0, sizeof node->heard_life);
    memset(node->heard_ns, 0, sizeof node->heard_ns);
    memset(node->met_life, 0, sizeof node->met_life);
    memset(node->beats, 0, sizeof node->beats);
    memset(node->beat_life, 0, sizeof node->beat_life);
    memset(node->away, 0, sizeof node->away);
    memset(node->away_ns, 0, sizeof node->away_ns);
    memset(node->beat_number, 0, sizeof node->beat_number);
    memset(node->seen, 0, sizeof node->seen);
    memset(node->state, 0, sizeof node->state);
    memset(node->wanted, 0, sizeof node->wanted);
    node->pause_ns = 0;
    if (node->is_classic)
        node->classic = classic_new(sim->config[index], sim->resources, &self,
                                    ha_rand_next(&sim->rand));
    else
        node->core = hb_core_new(sim->config[index], sim_file(sim, index), &self,
                                 ha_rand_next(&sim->rand));
    find_left(sim, index);
    audit_upset(sim, index);
    sim_step(sim, index, &event);
    memset(node->told_down, 0, sizeof node->told_down);
    sim_carrier_tell(sim, index);
    sim_warmth_begin(sim, index);
}

static void drop_backlog(struct sim *sim, unsigned index)
{
    GPtrArray *backlog = sim->nodes[index].backlog;

    for (guint i = 0; i < backlog->len; i++)
        sim_due_done(sim, g_ptr_array_index(backlog, i));
    g_ptr_array_set_size(backlog, 0);
}

void sim_machine_off(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];

    memset(node->up, 0, sizeof node->up);
    memset(node->orphan, 0, sizeof node->orphan);
    memset(node->left, 0, sizeof node->left);
    memset(node->rising, 0, sizeof node->rising);
    memset(node->died_ns, 0, sizeof node->died_ns);
}

/* The machine goes: what ran on it is gone as well. */
void sim_crash(struct sim *sim, unsigned index)
{
    if (!sim_runs(sim, index))
        return;
    sim_say(sim, "%s  CRASHES", names[index]);
    leave(sim, index);
    drop_backlog(sim, index);
    sim_machine_off(sim, index);
}

/* Its resources are left as they are, until the guardian or a successor acts. */
void sim_kill(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];

    if (node->core == NULL)
        return;
    sim_say(sim, "%s  the daemon is KILLED", names[index]);
    for (unsigned group = 0; group < sim->group_count; group++) {
        const struct hb_owned *owned = sim_owned(sim, index, group);

        if (owned == NULL || !hb_group_claimed(&owned->run))
            continue;
        node->left[group] = true;
        node->left_as[group] = sim_in_file(sim, index, group);
    }
    node->guard_ns = node->beat_sent_ns + ha_ms_to_ns(sim->config[index]->deadtime_ms / 2);
    leave(sim, index);
    drop_backlog(sim, index);
    sim_orphans(sim, index);
    sim_later(sim, (MAX(node->guard_ns, sim->now_ns) - sim->now_ns) / SIM_MS, index, node->life,
              sim_guardian);
}

void sim_stop(struct sim *sim, unsigned index)
{
    struct hb_event event = {.kind = HB_EV_STOP};

    if (!sim_runs(sim, index) || sim->nodes[index].paused)
        return;
    sim_say(sim, "%s  is told to stop", names[index]);
    sim->nodes[index].stopping = true;
    sim_step(sim, index, &event);
}

void sim_standby(struct sim *sim, unsigned index, enum hb_what what)
{
    struct hb_event event = {.kind = HB_EV_STANDBY, .what = what};

    if (!sim_runs(sim, index) || sim->nodes[index].paused)
        return;
    sim_say(sim, "%s  hb_standby %s", names[index], hb_what_name(what));
    sim_step(sim, index, &event);
}

void sim_takeover(struct sim *sim, unsigned index, enum hb_what what)
{
    struct hb_event event = {.kind = HB_EV_TAKEOVER, .what = what};

    if (!sim_runs(sim, index) || sim->nodes[index].paused)
        return;
    sim_say(sim, "%s  hb_takeover %s", names[index], hb_what_name(what));
    sim_step(sim, index, &event);
}

void sim_pause(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];
    uint64_t off_ns;

    if (!sim_runs(sim, index) || sim->nodes[index].paused)
        return;
    sim_say(sim, "%s  is PAUSED", names[index]);
    node->paused = true;
    node->paused_ns = sim->now_ns;
    audit_upset(sim, index);
    node->pauses++;
    off_ns = node->beat_sent_ns + ha_ms_to_ns(sim->config[index]->deadtime_ms * 3 / 4);
    if (sim->guarded && node->core != NULL)
        sim_later(sim, (MAX(off_ns, sim->now_ns) - sim->now_ns) / SIM_MS, index, node->pauses,
                  sim_guardian_looks);
}

/* What waited is handled within microseconds, in the order it came. */
void sim_resume(struct sim *sim, unsigned index)
{
    struct sim_node *node = &sim->nodes[index];
    uint64_t at_ns = sim->now_ns;

    if (!node->paused)
        return;
    sim_say(sim, "%s  goes on", names[index]);
    node->paused = false;
    node->pause_ns = sim->now_ns - node->paused_ns;
    audit_upset(sim, index);
    audit_resumed(sim, index);
    for (guint i = 0; i < node->backlog->len; i++) {
        struct sim_due *due = g_ptr_array_index(node->backlog, i);

        due->at_ns = at_ns += 5 * HA_NS_PER_US;
        sim_push(sim, due);
    }
    g_ptr_array_set_size(node->backlog, 0);
    if (node->taken_off) {
        node->taken_off = false;
        sim_step(sim, index, &(struct hb_event){.kind = HB_EV_TAKEN_OFF});
    }
    /* Whether its timer or its sockets come first is chance. */
    if (node->wake_ns != HA_NEVER && node->wake_ns < sim->now_ns)
        node->wake_ns = sim_chance(sim, 500) ? sim->now_ns : at_ns + 5 * HA_NS_PER_US;
    sim_carrier_tell(sim, index);
}

/* ---- time ---- */

void sim_later(struct sim *sim, uint64_t in_ms, unsigned node, unsigned other,
               void (*fate)(struct sim *sim, unsigned node, unsigned other))
{
    struct sim_due *due = sim_due_new(sim, SIM_DUE_FATE);

    due->at_ns = sim->now_ns + in_ms * SIM_MS;
    due->node = node;
    due->other = other;
    due->fate = fate;
    sim_push(sim, due);
}

/* What a child of the daemon does, and then tells it. */
static void child_ends(struct sim *sim, struct sim_due *due)
{
    if (due->kind == SIM_DUE_OP)
        sim_op_end(sim, due);
    else
        sim_fence_end(sim, due);
}

static void happen(struct sim *sim, struct sim_due *due)
{
    struct sim_node *node = &sim->nodes[due->node];
    bool child = due->kind == SIM_DUE_OP || due->kind == SIM_DUE_FENCE;

    if (due->kind == SIM_DUE_FATE) {
        due->fate(sim, due->node, due->other);
    } else if (due->life != node->life && (child || !sim_runs(sim, due->node))) {
        /* void: it belongs to an earlier life */
    } else if (node->paused) {
        bool done = child && !(sim->guarded && sim_op_is_native(sim, due));

        if (done)
            child_ends(sim, due);
        if (child || node->backlog->len < SIM_BACKLOG) {
            due->op.op = done ? HB_OP_COUNT : due->op.op;
            g_ptr_array_add(node->backlog, due);
            return;
        }
    } else if (due->kind == SIM_DUE_MESSAGE) {
        sim_deliver(sim, due);
    } else {
        if (due->op.op != HB_OP_COUNT)
            child_ends(sim, due);
        if (due->kind == SIM_DUE_OP)
            sim_op_report(sim, due);
        else
            sim_fence_report(sim, due);
    }
    sim_due_done(sim, due);
}

static unsigned next_to_wake(const struct sim *sim, uint64_t *at_ns)
{
    unsigned first = 0;

    *at_ns = HA_NEVER;
    for (unsigned i = 0; i < sim->node_count; i++) {
        const struct sim_node *node = &sim->nodes[i];

        if (sim_runs(sim, i) && !node->paused && node->wake_ns < *at_ns) {
            *at_ns = node->wake_ns;
            first = i;
        }
    }
    return first;
}

void sim_run(struct sim *sim, uint64_t for_ms)
{
    static const struct hb_event timer = {.kind = HB_EV_TIMER};
    uint64_t until_ns = sim->now_ns + for_ms * SIM_MS;

    while (!sim->failed) {
        uint64_t wake_ns, due_ns = sim_due_ns(sim);
        unsigned index = next_to_wake(sim, &wake_ns);

        if (MIN(due_ns, wake_ns) > until_ns)
            break;
        sim->now_ns = MAX(sim->now_ns, MIN(due_ns, wake_ns));
        if (due_ns <= wake_ns)
            happen(sim, sim_pop(sim));
        else
            sim_step(sim, index, &timer);
        audit_truth(sim);
    }
    sim->now_ns = MAX(sim->now_ns, until_ns);
}
