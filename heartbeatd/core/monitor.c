/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching what is held. A question that says "not running" is believed at
 * once; one without an answer only the second time in a row, for a slow machine
 * is not a dead service. The restart itself is group.c's.
 */
#include "heartbeatd/core/monitor.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/actions.h"

/* Longest that a group waits with a restart because something else of it is under way. */
#define AGAIN_MS 1000

static const struct hb_resource *resource(const struct hb_group *group, unsigned at)
{
    return g_ptr_array_index(group->resources, at);
}

/* The last rule that names it counts, whether by its whole text or by its script. */
static uint64_t interval_ms(const struct hb_monitor_config *config, const struct hb_resource *of)
{
    uint64_t interval = config->interval_ms;

    if (of->native)
        return 0;
    for (guint i = 0; i < config->rules->len; i++) {
        const struct hb_monitor_rule *rule = g_ptr_array_index(config->rules, i);

        if (strcmp(rule->name, of->name) == 0 || strcmp(rule->name, of->text) == 0)
            interval = rule->interval_ms;
    }
    return interval;
}

void hb_monitor_init(struct hb_monitor *monitor, const struct hb_group *group,
                     const struct hb_monitor_config *config)
{
    *monitor = (struct hb_monitor){
        .config = config, .next_ns = HA_NEVER, .restart_ns = HA_NEVER};
    monitor->restarts_ns = g_new0(uint64_t, MAX(config->restarts, 1));
    for (guint i = 0; i < group->resources->len; i++) {
        uint64_t interval = interval_ms(config, resource(group, i));

        if (interval == 0)
            continue;
        if (monitor->probes == NULL)
            monitor->probes = g_new0(struct hb_probe, group->resources->len);
        monitor->probes[i].interval_ns = ha_ms_to_ns(interval);
    }
}

void hb_monitor_clear(struct hb_monitor *monitor)
{
    g_free(monitor->probes);
    g_free(monitor->restarts_ns);
    monitor->probes = NULL;
    monitor->restarts_ns = NULL;
}

/* ---- asking ---- */

static void find_next(struct hb_monitor *monitor, const struct hb_group_run *run)
{
    monitor->next_ns = HA_NEVER;
    for (guint i = 0; monitor->armed && i < run->group->resources->len; i++) {
        const struct hb_probe *probe = &monitor->probes[i];

        if (probe->interval_ns > 0 && probe->op_id == 0)
            monitor->next_ns = MIN(monitor->next_ns, probe->due_ns);
    }
}

/* The first question comes anywhere in the interval, so that those of many do not come together.
 * One that is due already stays so: the restarts of a neighbour shall not put it off for ever. */
static void arm(struct hb_monitor *monitor, const struct hb_group_run *run, uint64_t now_ns,
                struct ha_rand *rand)
{
    monitor->armed = true;
    for (guint i = 0; i < run->group->resources->len; i++) {
        struct hb_probe *probe = &monitor->probes[i];

        if (probe->interval_ns == 0)
            continue;
        probe->misses = 0;
        if (probe->due_ns > now_ns && probe->due_ns - now_ns <= probe->interval_ns)
            continue;
        probe->due_ns = ha_after_ns(now_ns, 1 + ha_rand_below(rand, probe->interval_ns));
    }
    find_next(monitor, run);
}

static void disarm(struct hb_monitor *monitor, const struct hb_group_run *run,
                   struct hb_actions *actions)
{
    for (guint i = 0; monitor->asking > 0 && i < run->group->resources->len; i++) {
        struct hb_probe *probe = &monitor->probes[i];

        if (probe->op_id == 0)
            continue;
        hb_actions_add(actions, HB_ACT_CANCEL)->op_id = probe->op_id;
        probe->op_id = 0;
        monitor->asking--;
    }
    monitor->armed = false;
    monitor->next_ns = HA_NEVER;
}

static void ask_due(struct hb_monitor *monitor, struct hb_group_run *run, unsigned *room,
                    uint64_t now_ns, struct hb_actions *actions)
{
    for (guint i = 0; *room > 0 && i < run->group->resources->len; i++) {
        struct hb_probe *probe = &monitor->probes[i];

        if (probe->interval_ns == 0 || probe->op_id != 0 || probe->due_ns > now_ns)
            continue;
        probe->op_id = hb_group_probe(run, i, monitor->config->timeout_ms, actions);
        monitor->asking++;
        (*room)--;
    }
    find_next(monitor, run);
}

/* ---- what died ---- */

/* Restarts that still count against the limit. */
static unsigned recent(const struct hb_monitor *monitor, uint64_t now_ns)
{
    uint64_t window_ns = ha_ms_to_ns(monitor->config->window_ms);
    unsigned count = 0, kept = (unsigned)MIN(monitor->restarts, monitor->config->restarts);

    for (unsigned i = 0; i < kept; i++)
        count += ha_after_ns(monitor->restarts_ns[i], window_ns) > now_ns;
    return count;
}

static uint64_t pause_ms(const struct hb_monitor *monitor, unsigned before)
{
    if (before == 0)
        return 0;
    return MIN(monitor->config->delay_ms << MIN(before - 1, 16), HB_RESTART_LAST_MS);
}

static void is_dead(struct hb_monitor *monitor, struct hb_group_run *run, unsigned at,
                    const char *what, const char *detail, uint64_t now_ns,
                    struct hb_actions *actions)
{
    unsigned before = recent(monitor, now_ns);
    uint64_t wait_ms = pause_ms(monitor, before);

    hb_group_reason(run, "%s %s%s%s", resource(run->group, at)->text, what,
                    detail != NULL ? ": " : "", detail != NULL ? detail : "");
    if (before < monitor->config->restarts && wait_ms > 0)
        hb_actions_log(actions, LOG_ERR, "%s; restarting it in %" PRIu64 " ms", run->reason,
                       wait_ms);
    else if (before < monitor->config->restarts)
        hb_actions_log(actions, LOG_ERR, "%s; restarting it", run->reason);
    else
        hb_actions_log(actions, LOG_CRIT, "%s, restarted %u times within %" PRIu64 " s; giving up "
                       "group %s", run->reason, before, monitor->config->window_ms / 1000,
                       hb_group_key(run->group));
    monitor->dead = true;
    monitor->dead_at = at;
    monitor->restart_ns = ha_after_ns(now_ns, ha_ms_to_ns(wait_ms));
    if (before >= monitor->config->restarts)
        monitor->restart_ns = now_ns;
}

static void end_of_pause(struct hb_monitor *monitor, struct hb_group_run *run, uint64_t now_ns,
                         struct hb_actions *actions)
{
    bool again = recent(monitor, now_ns) < monitor->config->restarts;
    bool done = again ? hb_group_restart(run, monitor->dead_at, actions)
                      : hb_group_fail(run, actions);

    if (!done) { /* being announced just now */
        monitor->restart_ns = ha_after_ns(now_ns, ha_ms_to_ns(AGAIN_MS));
        return;
    }
    if (again)
        monitor->restarts_ns[monitor->restarts++ % monitor->config->restarts] = now_ns;
    monitor->dead = false;
    monitor->restart_ns = HA_NEVER;
}

void hb_monitor_step(struct hb_monitor *monitor, struct hb_group_run *run, unsigned *room,
                     uint64_t now_ns, struct ha_rand *rand, struct hb_actions *actions)
{
    bool held = run->state == HB_GROUP_HELD && run->wanted;

    if (!held) {
        monitor->dead = false;
        monitor->restart_ns = HA_NEVER;
    } else if (monitor->restart_ns <= now_ns) {
        end_of_pause(monitor, run, now_ns, actions);
        held = run->state == HB_GROUP_HELD;
    }
    if (monitor->probes == NULL)
        return;
    if (monitor->armed && (!held || monitor->dead))
        disarm(monitor, run, actions);
    else if (!monitor->armed && held && !monitor->dead)
        arm(monitor, run, now_ns, rand);
    if (monitor->next_ns <= now_ns && *room > 0)
        ask_due(monitor, run, room, now_ns, actions);
}

/* ---- answers ---- */

static void judge(struct hb_monitor *monitor, struct hb_group_run *run, unsigned at,
                  enum hb_op_result result, const char *detail, uint64_t now_ns,
                  struct hb_actions *actions)
{
    struct hb_probe *probe = &monitor->probes[at];

    if (result == HB_OP_STOPPED) {
        is_dead(monitor, run, at, "is not running", detail, now_ns, actions);
    } else if (result == HB_OP_OK) {
        probe->misses = 0;
        while (probe->due_ns <= now_ns) /* the same place in the interval, however late this is */
            probe->due_ns += (1 + (now_ns - probe->due_ns) / probe->interval_ns) *
                             probe->interval_ns;
    } else if (++probe->misses >= HB_MISSES_MAX) {
        is_dead(monitor, run, at, "does not say whether it runs", detail, now_ns, actions);
    } else {
        hb_actions_log(actions, LOG_WARNING, "%s does not say whether it runs%s%s; asking again",
                       resource(run->group, at)->text, detail != NULL ? ": " : "",
                       detail != NULL ? detail : "");
        probe->due_ns = now_ns;
    }
}

bool hb_monitor_answer(struct hb_monitor *monitor, struct hb_group_run *run, uint32_t op_id,
                       enum hb_op_result result, const char *detail, uint64_t now_ns,
                       struct hb_actions *actions)
{
    for (guint i = 0; monitor->asking > 0 && i < run->group->resources->len; i++) {
        if (monitor->probes[i].op_id != op_id)
            continue;
        monitor->probes[i].op_id = 0;
        monitor->asking--;
        judge(monitor, run, i, result, detail, now_ns, actions);
        find_next(monitor, run);
        return true;
    }
    return false;
}

void hb_monitor_lost(struct hb_monitor *monitor, struct hb_group_run *run, unsigned at,
                     const char *detail, uint64_t now_ns, struct hb_actions *actions)
{
    if (run->state == HB_GROUP_HELD && run->wanted && !monitor->dead &&
        at < run->group->resources->len)
        is_dead(monitor, run, at, "is lost", detail, now_ns, actions);
}

uint64_t hb_monitor_next_ns(const struct hb_monitor *monitor, uint64_t now_ns)
{
    uint64_t next_ns = monitor->next_ns > now_ns ? monitor->next_ns : HA_NEVER;

    return monitor->restart_ns > now_ns ? MIN(next_ns, monitor->restart_ns) : next_ns;
}
