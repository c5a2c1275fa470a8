/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on what is kept warm: an order, an answer.
 *
 *   start    activate; it ends with the table written. Nothing, if that was done
 *            when the group was about to come
 *   stop     it hands over what connections are open, if there is somebody to hand them to. Then
 *            standby; if it may linger, by warm.c, and this one is through. While
 *            heartbeat leaves: SIGTERM, and its end. Nothing, if another group has it
 *            started. Before anything is wished: standby, too, of one that a heartbeat
 *            that was killed has left
 *   status   running: active, and no other group has it started
 *
 * Whatever cannot be had over the socket is the script's; one that does not obey
 * in time is killed before.
 */
#include <errno.h>
#include <string.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/act/warm_inside.h"

/* It takes a fifth of that; nobody waits longer for what is worth no more than a few connections. */
#define HAND_OVER_MS 100

struct hb_warm_op {
    struct hb_warm_member *member;
    GList link;
    enum hb_op op;
    unsigned group;
    struct ha_control_call *call;
    uint64_t wait_ms, deadline_ms;
    bool until_started;    /* waits for a start, or another order, under way */
    bool until_gone;       /* waits for the end of the process */
    struct ha_timer timer; /* deadline of that; or the answer waits here */
    bool reached;
    enum hb_op_result result;
    char *detail;
    hb_warm_fn fn;
    void *ctx;
};

unsigned hb_warm_op_group(const struct hb_warm_op *op)
{
    return op->group;
}

void hb_warm_abandon(struct hb_warm_op *op)
{
    if (op == NULL)
        return;
    g_queue_unlink(&op->member->ops, &op->link);
    ha_control_abandon(op->call);
    ha_timer_cancel(op->member->warm->loop, &op->timer);
    g_free(op->detail);
    g_free(op);
}

static void answer(struct hb_warm_op *op, bool reached, enum hb_op_result result,
                   const char *detail)
{
    struct hb_warm_member *member = op->member;
    hb_warm_fn fn = op->fn;
    void *ctx = op->ctx;

    if (op->op == HB_OP_STOP && reached && result == HB_OP_OK) {
        hb_warm_part(member, op->group)->started = false;
        member->spare = member->alive.fd >= 0 && !member->standby && !hb_warm_started(member, NULL);
    }
    if (!reached)
        hb_warm_look_soon(member);
    hb_warm_settle(member);
    hb_warm_abandon(op);
    fn(ctx, reached, result, detail); /* may free all of us */
}

static void answer_due(void *ctx, uint64_t now_ns)
{
    struct hb_warm_op *op = ctx;
    char *detail = g_steal_pointer(&op->detail);

    (void)now_ns;
    answer(op, op->reached, op->result, detail);
    g_free(detail);
}

static void answer_later(struct hb_warm_op *op, bool reached, enum hb_op_result result)
{
    op->reached = reached;
    op->result = result;
    ha_timer_set(op->member->warm->loop, &op->timer, 1, answer_due, op);
}

static void status_told(struct hb_warm_op *op, const char *text)
{
    struct hb_warm_part *part = hb_warm_part(op->member, op->group);
    struct ha_director_state state;

    if (!ha_director_state_read(text, &state)) {
        answer(op, false, HB_OP_FAILED, NULL);
    } else if (state.standby || op->member->spare || hb_warm_started(op->member, part)) {
        answer(op, true, part->started && !state.standby ? HB_OP_OK : HB_OP_STOPPED, NULL);
    } else {
        part->started = true;
        answer(op, true, HB_OP_OK, NULL);
    }
}

static void order_answered(struct hb_warm_op *op, int status, const char *text)
{
    const char *member = op->member->text;
    char *clean = ha_log_clean(text, strcspn(text, "\n"), 400);
    char *detail = *clean != '\0' ? g_strdup_printf("%s: %s", member, clean) : NULL;

    if (status == 0)
        hb_warm_set_standby(op->member, op->op == HB_OP_STOP);
    if (status == 0 && detail != NULL)
        ha_log(HA_LOG_WARNING, "%s", detail);
    answer(op, true, status == 0 ? HB_OP_OK : HB_OP_FAILED, detail);
    g_free(detail);
    g_free(clean);
}

static void answered(void *ctx, int error, int status, const char *text)
{
    struct hb_warm_op *op = ctx;

    op->call = NULL;
    if (error != 0 && error != -ECONNREFUSED)
        ha_log(HA_LOG_WARNING, "%s: its control socket: %s", op->member->text,
               g_strerror(-error));
    if (error == -ETIMEDOUT && op->op == HB_OP_STATUS) {
        answer(op, true, HB_OP_FAILED, "it does not answer"); /* the script could not tell, either */
    } else if (error != 0) {
        if (error == -ETIMEDOUT)
            hb_warm_kill(op->member);
        answer(op, false, HB_OP_FAILED, NULL);
    } else if (op->op == HB_OP_STATUS && status == 0) {
        status_told(op, text);
    } else {
        order_answered(op, status, text);
    }
}

static void say(struct hb_warm_op *op)
{
    static const char *const words[HB_OP_COUNT] = {[HB_OP_STATUS] = HA_DIRECTOR_STATUS,
                                                   [HB_OP_START] = HA_DIRECTOR_ACTIVATE,
                                                   [HB_OP_STOP] = HA_DIRECTOR_STANDBY};
    char *question[] = {(char *)words[op->op], NULL};

    op->until_started = op->member->starting != NULL || op->member->order != NULL;
    if (!op->until_started)
        op->call = ha_control_call(op->member->warm->loop, op->member->socket, question,
                                   (int)op->wait_ms, answered, op);
}

void hb_warm_op_go_on(struct hb_warm_member *member)
{
    for (GList *at = member->ops.head; at != NULL; at = at->next) {
        struct hb_warm_op *op = at->data;

        if (op->until_started)
            say(op);
    }
}

static void too_late(void *ctx, uint64_t now_ns)
{
    struct hb_warm_op *op = ctx;

    (void)now_ns;
    answer(op, true, HB_OP_TIMED_OUT, "it was told to end, and did not");
}

/* While heartbeat leaves. */
static void end_it(struct hb_warm_op *op)
{
    if (op->member->alive.fd < 0) {
        answer_later(op, false, HB_OP_FAILED);
        return;
    }
    op->until_gone = true;
    hb_warm_end(op->member);
    ha_timer_set(op->member->warm->loop, &op->timer, ha_clock_ns() + ha_ms_to_ns(op->deadline_ms),
                 too_late, op);
}

void hb_warm_op_gone(struct hb_warm_member *member)
{
    for (GList *at = member->ops.head; at != NULL; at = at->next) {
        struct hb_warm_op *op = at->data;

        if (op->until_gone) {
            answer_later(op, true, HB_OP_OK);
        } else if (op->call != NULL) {
            ha_control_abandon(op->call);
            op->call = NULL;
            answer_later(op, false, HB_OP_FAILED);
        }
    }
}

/* It has handed over, or has not. */
static void let_go(struct hb_warm_op *op)
{
    if (op->member->warm->linger && hb_warm_wanted(op->member) && op->member->alive.fd >= 0)
        answer_later(op, true, HB_OP_OK);
    else if (hb_warm_wanted(op->member) || !op->member->wished)
        say(op);
    else
        end_it(op);
}

static void handed_over(void *ctx, int error, int status, const char *text)
{
    struct hb_warm_op *op = ctx;

    (void)text;
    op->call = NULL;
    if (error != 0 || status != 0)
        ha_log(HA_LOG_INFO, "%s: open connections were not handed over", op->member->text);
    let_go(op);
}

static void stop(struct hb_warm_op *op, const struct hb_warm_part *part)
{
    char *question[] = {HA_DIRECTOR_HAND_OVER, NULL};

    if (hb_warm_started(op->member, part)) {
        ha_log(HA_LOG_INFO, "%s stays active for another group", op->member->text);
        answer_later(op, true, HB_OP_OK);
    } else if (op->member->hands_over && !op->member->standby && op->member->alive.fd >= 0) {
        op->call = ha_control_call(op->member->warm->loop, op->member->socket, question, HAND_OVER_MS,
                                   handed_over, op);
    } else {
        let_go(op);
    }
}

/* The group's own. What a group has lost is stopped under another number: for whoever started it. */
static struct hb_warm_part *part_for(struct hb_warm_member *member, const struct hb_action *op)
{
    struct hb_warm_part *part = hb_warm_part(member, op->group), fresh = {.group = op->group};

    for (guint i = 0; part == NULL && op->op == HB_OP_STOP && i < member->parts->len; i++) {
        struct hb_warm_part *other = &g_array_index(member->parts, struct hb_warm_part, i);

        if (other->started)
            part = other;
    }
    if (part != NULL)
        return part;
    g_array_append_val(member->parts, fresh);
    return &g_array_index(member->parts, struct hb_warm_part, member->parts->len - 1);
}

struct hb_warm_op *hb_warm_run(struct hb_warm *warm, const struct hb_resource *resource,
                               const struct hb_action *op, hb_warm_fn fn, void *ctx)
{
    struct hb_warm_member *member = g_hash_table_lookup(warm->by_text, resource->text);
    struct hb_warm_part *part = part_for(member, op);
    struct hb_warm_op *run = g_new0(struct hb_warm_op, 1);
    bool ahead = false; /* it is active, as it has said just now */

    run->member = member;
    run->link.data = run;
    run->op = op->op;
    run->group = part->group;
    run->deadline_ms = op->deadline_ms;
    run->wait_ms = MIN(op->deadline_ms, op->op == HB_OP_STATUS ? warm->look_ms : HB_WARM_ORDER_MS);
    run->fn = fn;
    run->ctx = ctx;
    g_queue_push_tail_link(&member->ops, &run->link);
    member->drifted = false;
    if (op->op == HB_OP_START) {
        part->started = true;
        ahead = member->spare && !member->standby && member->order == NULL;
        member->spare = false;
    }
    if (member->hopeless)
        answer_later(run, false, HB_OP_FAILED);
    else if (ahead)
        answer_later(run, true, HB_OP_OK);
    else if (op->op == HB_OP_STOP)
        stop(run, part);
    else
        say(run);
    return run;
}
