/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handing resources over while both nodes live: the standby exchange from both
 * sides, hb_takeover, and automatic failback, which is the same exchange begun
 * by the node that took over (doc/states.md, "Standby"). One at a time. Between
 * two Hearth nodes the word says where each side is, so a step whose message
 * was lost is noticed and a side that gave up is not waited for.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

#define ANSWER_LIMIT_MS   10000
#define STEP_LIMIT_MS     3600000 /* the other side moves its resources */
#define READY_LIMIT_MS    1000    /* what is kept warm here becomes active before we answer */
#define FAILBACK_FIRST_MS 1000
#define FAILBACK_LAST_MS  60000

static struct hb_node *partner(struct hb_core *core)
{
    return &core->nodes[core->standby.peer];
}

static size_t giver(const struct hb_core *core)
{
    enum hb_handover phase = core->standby.phase;

    return phase == HB_HANDOVER_PROMISED || phase == HB_HANDOVER_TAKING ? core->standby.peer
                                                                         : core->self;
}

static bool concerned(const struct hb_core *core, size_t group)
{
    return hb_owner_in(core, group, core->standby.what, giver(core));
}

bool hb_standby_brings(const struct hb_core *core, size_t group)
{
    return (core->standby.phase == HB_HANDOVER_PROMISED ||
            core->standby.phase == HB_HANDOVER_TAKING) && concerned(core, group);
}

static void enter(struct hb_core *core, enum hb_handover phase, uint64_t limit_ms)
{
    core->standby.phase = phase;
    core->standby.until_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(limit_ms));
}

static void say_step(struct hb_core *core, const char *info)
{
    struct hb_msg *msg = hb_compose("ask_resources");

    if (core->node_count > 2) /* 3.0.6 knows no third node that could answer */
        hb_msg_add_text(msg, "dest", partner(core)->name);
    hb_msg_add_text(msg, "info", info);
    hb_msg_add_text(msg, "rsc_hold", hb_what_name(core->standby.what));
    core->standby.number = hb_send(core, msg);
}

static void finish(struct hb_core *core, int level, const char *how)
{
    hb_say(core, level, "standby [%s]: %s", hb_what_name(core->standby.what), how);
    core->standby.phase = HB_HANDOVER_NONE;
    hb_word_renew_trust(core);
    hb_dialogue_report(core, hb_owner_hold(core), core->stage == HB_STAGE_STABLE, NULL);
}

/* The first other node that could take over; node_count if there is none. */
static size_t find_taker(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self && hb_node_stable(&core->nodes[i]))
            return i;
    }
    return core->node_count;
}

static bool refused_by_mode(struct hb_core *core, enum hb_what what)
{
    if (hb_legacy_on(core))
        hb_say(core, LOG_WARNING, "standby [%s] ignored: there is none with auto_failback legacy",
               hb_what_name(what));
    return hb_legacy_on(core);
}

void hb_standby_begin(struct hb_core *core, enum hb_what what, const char *who)
{
    size_t taker = find_taker(core);

    if (refused_by_mode(core, what))
        return;
    if (core->stage != HB_STAGE_STABLE || taker == core->node_count) {
        hb_say(core, LOG_WARNING, "standby [%s] ignored: %s", hb_what_name(what),
               core->stage != HB_STAGE_STABLE ? "resources here are not stable"
                                              : "no other node is stable");
        return;
    }
    if (core->standby.phase != HB_HANDOVER_NONE) {
        hb_say(core, LOG_WARNING, "Standby in progress - new request from %s ignored", who);
        return;
    }
    core->standby.what = what;
    core->standby.peer = taker;
    hb_say(core, LOG_INFO, "%s wants to go standby [%s]", core->nodes[core->self].name,
           hb_what_name(what));
    enter(core, HB_HANDOVER_ASKED, ANSWER_LIMIT_MS);
    say_step(core, "me");
}

/* ---- the giver ---- */

static enum hb_hold rest(const struct hb_core *core)
{
    switch (core->standby.what) {
    case HB_WHAT_LOCAL:
        return hb_owner_hold(core) == HB_HOLD_ALL || hb_owner_hold(core) == HB_HOLD_FOREIGN
                   ? HB_HOLD_FOREIGN
                   : HB_HOLD_NONE;
    case HB_WHAT_FOREIGN:
        return hb_owner_hold(core) == HB_HOLD_ALL || hb_owner_hold(core) == HB_HOLD_LOCAL
                   ? HB_HOLD_LOCAL
                   : HB_HOLD_NONE;
    default:
        return HB_HOLD_NONE;
    }
}

static void give(struct hb_core *core)
{
    hb_say(core, LOG_INFO, "standby: %s can take our %s resources", partner(core)->name,
           hb_what_name(core->standby.what));
    enter(core, HB_HANDOVER_GIVING, STEP_LIMIT_MS);
    hb_dialogue_report(core, rest(core), false, "standby");
    for (size_t i = 0; i < core->group_count; i++) {
        if (concerned(core, i))
            hb_owner_hand(core, i);
    }
}

static void settle_giving(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++) {
        if (concerned(core, i) && hb_group_claimed(&core->groups[i].run))
            return;
    }
    hb_say(core, LOG_INFO, "standby: %s resources released", hb_what_name(core->standby.what));
    enter(core, HB_HANDOVER_GIVEN, STEP_LIMIT_MS);
    say_step(core, "done");
}

/* A 3.0.6 node has them from its "done" on, whether it says so yet or not. */
static void given(struct hb_core *core)
{
    for (size_t i = 0; !partner(core)->hearth && i < core->group_count; i++) {
        if (concerned(core, i))
            partner(core)->view.groups[i] |= HB_G_CLAIMED | HB_G_WANTED;
    }
    finish(core, LOG_INFO, "resources handed over");
}

/* ---- the taker ---- */

static void promise(struct hb_core *core, struct hb_node *node, enum hb_what what)
{
    core->standby.what = what;
    core->standby.peer = (size_t)(node - core->nodes);
    hb_say(core, LOG_INFO, "standby: acquire [%s] resources from %s", hb_what_name(what),
           node->name);
    enter(core, HB_HANDOVER_PROMISED, STEP_LIMIT_MS);
    core->standby.answer_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(READY_LIMIT_MS));
}

/* From our answer on nobody serves, until we do: what can be done before is done before. */
static void settle_promised(struct hb_core *core)
{
    struct hb_standby *standby = &core->standby;

    if (standby->answer_ns == HA_NEVER)
        return;
    for (size_t i = 0; i < core->group_count && standby->answer_ns > hb_mono(core); i++) {
        if (concerned(core, i) && core->groups[i].ready == HB_READY_STANDBY)
            return;
    }
    standby->answer_ns = HA_NEVER;
    say_step(core, "other");
}

/* What its giver still claims as it says that it has given is not for us: it has another
 * haresources, or has just stopped listing the group and is not done with it. */
static void take(struct hb_core *core)
{
    const struct hb_node *giver = partner(core);

    enter(core, HB_HANDOVER_TAKING, STEP_LIMIT_MS);
    for (size_t i = 0; i < core->group_count; i++) {
        struct hb_owned *owned = &core->groups[i];

        if (!concerned(core, i) || (giver->hearth && (giver->view.groups[i] & HB_G_CLAIMED)))
            continue;
        partner(core)->view.groups[i] &= (uint8_t)~(HB_G_CLAIMED | HB_G_WANTED);
        if (!owned->run.wanted && !owned->fresh) /* what a reload stops here may be of it */
            hb_owner_want(core, i, owned->home ? HB_WHY_HOME : HB_WHY_HANDED);
    }
}

/* What lost its addresses while we were held up is none of the exchange's any more: leftover.c finds out
 * whose it is, when that is over. */
static void settle_taking(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++) {
        const struct hb_owned *owned = &core->groups[i];

        if (concerned(core, i) && !hb_group_settled(&owned->run) && owned->left != HB_LEFT_SLEPT)
            return;
    }
    say_step(core, "done");
    finish(core, LOG_INFO, "resources acquired");
}

/* ---- messages and operators ---- */

static void asked(struct hb_core *core, struct hb_node *node, enum hb_what what)
{
    enum hb_handover phase = core->standby.phase;
    bool again = phase == HB_HANDOVER_PROMISED && partner(core) == node;

    hb_say(core, LOG_INFO, "%s wants to go standby [%s]", node->name, hb_what_name(what));
    if (refused_by_mode(core, what))
        return;
    if (core->stage != HB_STAGE_STABLE || node->view.stage != HB_STAGE_STABLE)
        hb_say(core, LOG_WARNING, "standby ignored: resources are not stable");
    else if (hb_carrier_refuses(core, what, (size_t)(node - core->nodes)))
        hb_say(core, LOG_WARNING, "standby ignored: there is no link here for what would come");
    else if (phase != HB_HANDOVER_NONE && !again)
        hb_say(core, LOG_WARNING, "Standby in progress - new request from %s ignored", node->name);
    else
        promise(core, node, what);
}

void hb_standby_message(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg,
                        uint64_t number)
{
    const char *info = hb_msg_text(msg, "info");
    enum hb_what what;
    enum hb_handover phase = core->standby.phase;
    bool from_partner = phase != HB_HANDOVER_NONE && partner(core) == node;

    if (info == NULL || !hb_what_find(hb_msg_text(msg, "rsc_hold"), &what))
        return;
    /* A late message of an exchange that is over must not act: its sender has told otherwise since. */
    if (node->view.number > number && strcmp(info, "me") == 0 &&
        (!node->hearth || node->view.handover != HB_HANDOVER_ASKED))
        return;
    if (strcmp(info, "me") == 0) {
        asked(core, node, what);
        return;
    }
    if (!from_partner || what != core->standby.what)
        return;
    if (!node->hearth && strcmp(info, "done") == 0) /* no report of before undoes it */
        node->view.number = MAX(node->view.number, number);
    if (strcmp(info, "other") == 0 && phase == HB_HANDOVER_ASKED)
        give(core);
    else if (strcmp(info, "done") == 0 && phase == HB_HANDOVER_GIVEN)
        given(core);
    else if (strcmp(info, "done") == 0 && phase == HB_HANDOVER_PROMISED && !node->hearth)
        take(core);
}

void hb_standby_reported(struct hb_core *core, const struct hb_node *node)
{
    uint64_t limit_ms = node->view.stage == HB_STAGE_STABLE ? ANSWER_LIMIT_MS : STEP_LIMIT_MS;

    if (core->standby.phase == HB_HANDOVER_PROMISED && partner(core) == node)
        core->standby.until_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(limit_ms));
}

void hb_standby_takeover(struct hb_core *core, enum hb_what what)
{
    struct hb_msg *msg = hb_compose("hb_takeover");

    hb_msg_add_text(msg, "rsc_hold", hb_what_name(what));
    hb_send(core, msg);
}

void hb_standby_taken_over(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg)
{
    static const enum hb_what ours[HB_WHAT_COUNT] = {
        [HB_WHAT_ALL] = HB_WHAT_ALL,
        [HB_WHAT_LOCAL] = HB_WHAT_FOREIGN,
        [HB_WHAT_FOREIGN] = HB_WHAT_LOCAL,
    };
    enum hb_what what;

    if (!hb_what_find(hb_msg_text(msg, "rsc_hold"), &what))
        what = HB_WHAT_ALL;
    hb_standby_begin(core, ours[what], node->name);
}

void hb_standby_lost(struct hb_core *core, const struct hb_node *node)
{
    if (core->standby.phase == HB_HANDOVER_NONE || partner(core) != node)
        return;
    hb_say(core, LOG_WARNING, "standby [%s]: cancelled, node %s is gone",
           hb_what_name(core->standby.what), node->name);
    core->standby.phase = HB_HANDOVER_NONE;
    hb_word_renew_trust(core);
}

/* ---- what the partner's word tells ---- */

static void settle_by_word(struct hb_core *core)
{
    const struct hb_view *view = &partner(core)->view;
    bool answered = view->known && view->sees_us && view->saw >= core->standby.number;

    if (!partner(core)->hearth || !answered)
        return;
    if (core->standby.phase == HB_HANDOVER_PROMISED && view->handover == HB_HANDOVER_GIVEN)
        take(core);
    else if (core->standby.phase == HB_HANDOVER_PROMISED && view->handover == HB_HANDOVER_NONE)
        finish(core, LOG_WARNING, "the other side has given up");
    else if (core->standby.phase == HB_HANDOVER_GIVEN && view->handover == HB_HANDOVER_NONE)
        given(core);
}

/* ---- automatic failback ---- */

/* A group taken over from a node that is back, stable, able to hold it and ready for it. */
static bool wants_back(const struct hb_core *core, size_t group)
{
    const struct hb_owned *owned = &core->groups[group];
    const struct hb_node *node;

    if (owned->home || owned->home_node == core->node_count || owned->run.state != HB_GROUP_HELD || owned->contested ||
        (owned->why != HB_WHY_DEAD && owned->why != HB_WHY_LEFT && owned->why != HB_WHY_CARRIER))
        return false;
    node = &core->nodes[owned->home_node];
    return node->status == HB_STATUS_ACTIVE && hb_node_stable(node) &&
           !(node->view.groups[group] & (HB_G_FAILED | HB_G_NO_CARRIER | HB_G_NOT_READY));
}

static void settle_failback(struct hb_core *core)
{
    bool due = false;

    if (core->config->auto_failback != HB_FAILBACK_ON || core->stage != HB_STAGE_STABLE ||
        core->standby.failback_ns > hb_mono(core))
        return;
    for (size_t i = 0; i < core->group_count && !due; i++)
        due = wants_back(core, i);
    if (!due) {
        core->standby.failback_tries = 0;
        return;
    }
    core->standby.failback_ns = ha_after_ns(
        hb_mono(core), ha_ms_to_ns(MIN(FAILBACK_FIRST_MS << MIN(core->standby.failback_tries, 6),
                                       FAILBACK_LAST_MS)));
    core->standby.failback_tries++;
    hb_standby_begin(core, HB_WHAT_FOREIGN, core->nodes[core->self].name);
}

void hb_standby_settle(struct hb_core *core)
{
    struct hb_standby *standby = &core->standby;

    if (standby->phase != HB_HANDOVER_NONE && standby->until_ns <= hb_mono(core))
        finish(core, LOG_WARNING, standby->phase == HB_HANDOVER_ASKED
                                      ? "No reply to standby request. Standby request cancelled."
                                      : "the other side took too long");
    if (standby->phase != HB_HANDOVER_NONE)
        settle_by_word(core);
    if (standby->phase == HB_HANDOVER_PROMISED)
        settle_promised(core);
    else if (standby->phase == HB_HANDOVER_GIVING)
        settle_giving(core);
    else if (standby->phase == HB_HANDOVER_TAKING)
        settle_taking(core);
    else if (standby->phase == HB_HANDOVER_NONE)
        settle_failback(core);
}

uint64_t hb_standby_next_ns(const struct hb_core *core)
{
    if (core->standby.phase != HB_HANDOVER_NONE)
        return MIN(core->standby.until_ns, core->standby.phase == HB_HANDOVER_PROMISED
                                               ? core->standby.answer_ns
                                               : HA_NEVER);
    return core->standby.failback_ns > core->now->mono_ns ? core->standby.failback_ns : HA_NEVER;
}
