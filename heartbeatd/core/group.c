/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One group on its way up or down. What happens when an operation ends is the
 * table in doc/states.md, "Group": one function for the way up, one for the way
 * down, one for announcing.
 */
#include "heartbeatd/core/group.h"

#include <stdarg.h>
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/actions.h"

void hb_group_init(struct hb_group_run *run, const struct hb_group *group, unsigned index)
{
    *run = (struct hb_group_run){.group = group, .index = index, .retry_ns = HA_NEVER};
}

void hb_group_reason(struct hb_group_run *run, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_vsnprintf(run->reason, sizeof run->reason, format, args);
    va_end(args);
    run->reasons++;
}

static const struct hb_resource *resource(const struct hb_group_run *run, unsigned at)
{
    return g_ptr_array_index(run->group->resources, at);
}

static bool range_is_native(const struct hb_group_run *run)
{
    return resource(run, run->first)->native;
}

/* The range that begins, or ends, at a resource: native neighbours, or a script alone. */
static void range_from(struct hb_group_run *run, unsigned first)
{
    run->first = run->last = first;
    while (resource(run, first)->native && run->last + 1 < run->group->resources->len &&
           resource(run, run->last + 1)->native)
        run->last++;
}

static void range_to(struct hb_group_run *run, unsigned last)
{
    run->first = run->last = last;
    while (resource(run, last)->native && run->first > 0 && resource(run, run->first - 1)->native)
        run->first--;
}

static uint64_t limit_ms(const struct hb_group_run *run, enum hb_op op)
{
    if (range_is_native(run))
        return HB_NATIVE_LIMIT_MS;
    if (op == HB_OP_STATUS)
        return HB_STATUS_LIMIT_MS;
    return op == HB_OP_START ? HB_START_LIMIT_MS : HB_STOP_LIMIT_MS;
}

static struct hb_action *add_op(struct hb_group_run *run, enum hb_op op,
                                struct hb_actions *actions)
{
    struct hb_action *action = hb_actions_add(actions, HB_ACT_OP);

    if (++run->ops == UINT32_MAX / HB_GROUP_NUMBERS)
        run->ops = 1;
    action->op_id = run->ops * HB_GROUP_NUMBERS + run->index;
    action->op = op;
    action->group = run->index;
    action->of = run->group;
    return action;
}

static void begin(struct hb_group_run *run, enum hb_op op, struct hb_actions *actions)
{
    struct hb_action *action = add_op(run, op, actions);

    run->op = op;
    run->op_id = action->op_id;
    action->first = run->first;
    action->last = run->last;
    action->contest = run->contest && op == HB_OP_START && run->state == HB_GROUP_STARTING;
    action->handed = (run->handed && op == HB_OP_STOP) ||
                     (run->received && op == HB_OP_START && run->state == HB_GROUP_STARTING);
    action->deadline_ms = limit_ms(run, op);
}

uint32_t hb_group_probe(struct hb_group_run *run, unsigned at, uint64_t deadline_ms,
                        struct hb_actions *actions)
{
    struct hb_action *action = add_op(run, HB_OP_STATUS, actions);

    action->first = action->last = at;
    action->deadline_ms = deadline_ms;
    return action->op_id;
}

static void begin_up(struct hb_group_run *run, struct hb_actions *actions)
{
    begin(run, range_is_native(run) ? HB_OP_START : HB_OP_STATUS, actions);
}

static void go_up(struct hb_group_run *run, unsigned from, struct hb_actions *actions)
{
    run->state = HB_GROUP_STARTING;
    run->failing = run->stuck = run->restarting = false;
    run->retry_ns = HA_NEVER;
    range_from(run, from);
    begin_up(run, actions);
}

static void go_down(struct hb_group_run *run, struct hb_actions *actions)
{
    run->state = HB_GROUP_STOPPING;
    run->announcing = run->torn = false;
    run->tries = 0;
    range_to(run, run->group->resources->len - 1);
    begin(run, HB_OP_STOP, actions);
}

static void is_down(struct hb_group_run *run, struct hb_actions *actions)
{
    run->stuck = false;
    run->state = run->failing ? HB_GROUP_FAILED : HB_GROUP_STOPPED;
    if (run->failing)
        hb_actions_log(actions, LOG_ERR, "group %s has failed here and is stopped: %s",
                       hb_group_key(run->group), run->reason);
    if (run->wanted && !run->failing)
        go_up(run, 0, actions);
    run->failing = false;
}

void hb_group_want(struct hb_group_run *run, bool wanted, struct hb_actions *actions)
{
    if (run->wanted == wanted)
        return;
    run->wanted = wanted;
    run->restarting = run->restarting && wanted;
    run->handed = run->handed && !wanted;
    if (wanted && run->state == HB_GROUP_STOPPING && !run->stuck) {
        run->failing = false;
    } else if (run->op_id != 0) {
        return; /* op_done turns round */
    } else if (!wanted && run->state == HB_GROUP_HELD) {
        go_down(run, actions);
    } else if (wanted) {
        go_up(run, 0, actions);
    }
}

void hb_group_hand(struct hb_group_run *run, struct hb_actions *actions)
{
    run->handed = run->wanted && run->state == HB_GROUP_HELD;
    hb_group_want(run, false, actions);
}

void hb_group_drop(struct hb_group_run *run, struct hb_actions *actions)
{
    bool wanted = run->wanted;

    hb_group_want(run, false, actions);
    if (wanted && run->state == HB_GROUP_STARTING && run->op_id != 0)
        hb_actions_add(actions, HB_ACT_CANCEL)->op_id = run->op_id;
}

bool hb_group_at_rest(const struct hb_group_run *run)
{
    return run->op_id == 0 && run->retry_ns == HA_NEVER;
}

void hb_group_redefine(struct hb_group_run *run, const struct hb_group *group,
                       struct hb_actions *actions)
{
    run->group = group;
    if (run->state == HB_GROUP_FAILED)
        run->state = HB_GROUP_STOPPED;
    else if (run->state == HB_GROUP_HELD)
        go_up(run, 0, actions);
}

/* The next native range from there on, if any. */
static bool announce_from(struct hb_group_run *run, unsigned at, struct hb_actions *actions)
{
    while (at < run->group->resources->len && !resource(run, at)->native)
        at++;
    if (at == run->group->resources->len)
        return false;
    range_from(run, at);
    begin(run, HB_OP_START, actions);
    return true;
}

void hb_group_announce(struct hb_group_run *run, struct hb_actions *actions)
{
    if (run->state == HB_GROUP_HELD && run->op_id == 0)
        run->announcing = announce_from(run, 0, actions);
}

static void announced(struct hb_group_run *run, enum hb_op_result result, const char *detail,
                      struct hb_actions *actions)
{
    if (result != HB_OP_OK)
        hb_actions_log(actions, LOG_WARNING, "announcing %s failed: %s",
                       resource(run, run->first)->text, detail != NULL ? detail : "no reason given");
    if (!run->wanted || run->torn)
        go_down(run, actions);
    else
        run->announcing = announce_from(run, run->last + 1, actions);
}

bool hb_group_restart(struct hb_group_run *run, unsigned at, struct hb_actions *actions)
{
    if (run->state != HB_GROUP_HELD || run->op_id != 0)
        return false;
    range_to(run, at);
    run->floor = run->first;
    run->restarting = true;
    go_down(run, actions);
    return true;
}

static void fail(struct hb_group_run *run, struct hb_actions *actions)
{
    run->failing = true;
    run->wanted = run->restarting = false;
    go_down(run, actions);
}

void hb_group_found(struct hb_group_run *run)
{
    run->state = HB_GROUP_HELD;
}

void hb_group_tear(struct hb_group_run *run)
{
    run->torn = run->state != HB_GROUP_STOPPING && hb_group_claimed(run);
}

bool hb_group_doubt(struct hb_group_run *run, struct hb_actions *actions)
{
    if (run->state != HB_GROUP_HELD || run->op_id != 0) {
        hb_group_tear(run);
        hb_group_want(run, false, actions);
        return false;
    }
    run->wanted = false;
    return true;
}

void hb_group_leave(struct hb_group_run *run, struct hb_actions *actions)
{
    if (run->state == HB_GROUP_HELD && !run->wanted && run->op_id == 0)
        go_down(run, actions);
}

bool hb_group_fail(struct hb_group_run *run, struct hb_actions *actions)
{
    if (run->state != HB_GROUP_HELD || run->op_id != 0)
        return false;
    fail(run, actions);
    return true;
}

static void gives_up(struct hb_group_run *run, enum hb_op_result result, const char *detail,
                     struct hb_actions *actions)
{
    hb_group_reason(run, "start of %s failed%s%s%s", resource(run, run->first)->text,
                    result == HB_OP_TIMED_OUT ? " (timed out)" : "", detail != NULL ? ": " : "",
                    detail != NULL ? detail : "");
    hb_actions_log(actions, LOG_CRIT, "Giving up resources due to failure of %s%s%s%s",
                   resource(run, run->first)->text,
                   result == HB_OP_TIMED_OUT ? " (timed out)" : "", detail != NULL ? ": " : "",
                   detail != NULL ? detail : "");
    fail(run, actions);
}

static void went_up(struct hb_group_run *run, enum hb_op_result result, const char *detail,
                    struct hb_actions *actions)
{
    if (!run->wanted || run->torn) {
        go_down(run, actions);
    } else if (run->op == HB_OP_STATUS && result != HB_OP_OK) {
        begin(run, HB_OP_START, actions);
    } else if (run->op == HB_OP_START && result != HB_OP_OK) {
        gives_up(run, result, detail, actions);
    } else if (run->last + 1 < run->group->resources->len) {
        range_from(run, run->last + 1);
        begin_up(run, actions);
    } else {
        run->state = HB_GROUP_HELD;
        run->contest = run->received = false;
        hb_actions_log(actions, LOG_INFO, "group %s is held here", hb_group_key(run->group));
    }
}

static void next_down(struct hb_group_run *run, struct hb_actions *actions)
{
    run->tries = 0;
    if (run->restarting && run->first <= run->floor) {
        go_up(run, run->floor, actions);
        return;
    }
    if (run->first == 0) {
        is_down(run, actions);
        return;
    }
    range_to(run, run->first - 1);
    begin(run, HB_OP_STOP, actions);
}

static void is_stuck(struct hb_group_run *run, uint64_t now_ns, struct hb_actions *actions)
{
    hb_group_reason(run, "%s does not stop", resource(run, run->first)->text);
    hb_actions_log(actions, LOG_CRIT, "%s is still running after %d attempts to stop it; it is "
                   "still counted as held here", resource(run, run->first)->text,
                   HB_STOP_RETRIES + 1);
    run->stuck = true;
    run->tries = 0;
    if (run->wanted)
        go_up(run, 0, actions);
    else
        run->retry_ns = ha_after_ns(now_ns, ha_ms_to_ns(HB_STUCK_RETRY_MS));
}

static void went_down(struct hb_group_run *run, enum hb_op_result result, const char *detail,
                      uint64_t now_ns, struct hb_actions *actions)
{
    if (run->op == HB_OP_STOP && result == HB_OP_OK) {
        next_down(run, actions);
    } else if (run->op == HB_OP_STOP && run->tries < HB_STOP_RETRIES) {
        if (run->tries++ == 0)
            hb_actions_log(actions, LOG_WARNING, "stopping %s failed, trying again%s%s",
                           resource(run, run->first)->text, detail != NULL ? ": " : "",
                           detail != NULL ? detail : "");
        run->retry_ns = ha_after_ns(now_ns, ha_ms_to_ns(HB_STOP_RETRY_MS));
    } else if (run->op == HB_OP_STOP) {
        begin(run, HB_OP_STATUS, actions);
    } else if (result == HB_OP_STOPPED) {
        hb_actions_log(actions, LOG_ERR, "%s did not stop cleanly, but does not run",
                       resource(run, run->first)->text);
        next_down(run, actions);
    } else {
        is_stuck(run, now_ns, actions);
    }
}

void hb_group_op_done(struct hb_group_run *run, uint32_t op_id, enum hb_op_result result,
                      const char *detail, uint64_t now_ns, struct hb_actions *actions)
{
    if (run->op_id == 0 || run->op_id != op_id)
        return;
    run->op_id = 0;
    if (run->announcing)
        announced(run, result, detail, actions);
    else if (run->state == HB_GROUP_STARTING)
        went_up(run, result, detail, actions);
    else
        went_down(run, result, detail, now_ns, actions);
}

void hb_group_timer(struct hb_group_run *run, uint64_t now_ns, struct hb_actions *actions)
{
    if (run->retry_ns > now_ns || run->op_id != 0)
        return;
    run->retry_ns = HA_NEVER;
    begin(run, HB_OP_STOP, actions);
}

bool hb_group_settled(const struct hb_group_run *run)
{
    if (run->op_id != 0 || run->retry_ns != HA_NEVER)
        return false;
    return run->wanted ? run->state == HB_GROUP_HELD : !hb_group_claimed(run);
}
