/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which group should be held here, and why. Drawn at the end of each step from
 * what is known then (doc/states.md, "Ownership"):
 *
 *   nobody has it      the one node it falls to takes it, if it may be sure
 *   held twice         one rule, the same on both nodes, says who lets go
 *   could not start    it falls to another; tried again here after a while
 *
 * A handover in progress suspends the first. Says nothing to anybody: the word
 * and the dialogue do.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/name.h"
#include "common/base/time.h"
#include "heartbeatd/core/state.h"

/* A group that could not be started here is tried again after that long. */
#define FAILED_RETRY_MS       60000
#define FAILED_RETRY_ALONE_MS 10000
/* A stable 3.0.6 node that does not hold its own groups will not take them any more. */
#define CLASSIC_PATIENCE_MS   5000

static const struct ha_name holds[] = {
    {HB_HOLD_NONE, "none"}, {HB_HOLD_LOCAL, "local"},           {HB_HOLD_FOREIGN, "foreign"},
    {HB_HOLD_ALL, "all"},   {HB_HOLD_TRANSITION, "transition"}, HA_NAME_END,
};

static const struct ha_name whats[] = {
    {HB_WHAT_ALL, "all"}, {HB_WHAT_LOCAL, "local"}, {HB_WHAT_FOREIGN, "foreign"}, HA_NAME_END,
};

const char *hb_hold_name(enum hb_hold hold)
{
    return ha_name_of(holds, (int)hold);
}

bool hb_hold_find(const char *text, enum hb_hold *hold)
{
    int value;

    if (text == NULL || !ha_name_find(holds, text, &value) || value == HB_HOLD_TRANSITION)
        return false;
    *hold = (enum hb_hold)value;
    return true;
}

const char *hb_what_name(enum hb_what what)
{
    return ha_name_of(whats, (int)what);
}

bool hb_what_find(const char *text, enum hb_what *what)
{
    int value;

    if (text == NULL || !ha_name_find(whats, text, &value))
        return false;
    *what = (enum hb_what)value;
    return true;
}

static const char *key_of(const struct hb_core *core, size_t group)
{
    return hb_group_key(core->groups[group].run.group);
}

static bool home_is(const struct hb_core *core, size_t group, size_t node)
{
    return core->groups[group].home_node == node;
}

bool hb_owner_in(const struct hb_core *core, size_t group, enum hb_what what, size_t giver)
{
    if (what == HB_WHAT_ALL)
        return true;
    return home_is(core, group, giver) == (what == HB_WHAT_LOCAL);
}

bool hb_owner_any_claimed(const struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++) {
        if (hb_group_claimed(&core->groups[i].run))
            return true;
    }
    return core->leaving != NULL && core->leaving->len > 0;
}

/* A node without groups of its own counts as holding them once it is stable, as 3.0.6 has it. */
enum hb_hold hb_owner_hold(const struct hb_core *core)
{
    bool any_home = false, local = false, foreign = false;

    for (size_t i = 0; i < core->group_count; i++) {
        const struct hb_owned *owned = &core->groups[i];
        bool has = owned->run.wanted || owned->withheld || hb_group_claimed(&owned->run);

        any_home |= owned->home;
        local |= owned->home && has;
        foreign |= !owned->home && has;
    }
    if (!any_home && core->stage == HB_STAGE_STABLE)
        local = true;
    return local ? (foreign ? HB_HOLD_ALL : HB_HOLD_LOCAL)
                 : (foreign ? HB_HOLD_FOREIGN : HB_HOLD_NONE);
}

void hb_owner_home_gone(struct hb_core *core, const struct hb_node *node)
{
    for (size_t i = 0; i < core->group_count; i++) {
        struct hb_owned *owned = &core->groups[i];

        /* What failed there failed in a life that is over. */
        if ((owned->why == HB_WHY_HANDED || owned->why == HB_WHY_FAILED) &&
            owned->home_node < core->node_count && &core->nodes[owned->home_node] == node)
            owned->why = HB_WHY_LEFT;
    }
}

void hb_owner_claims(const struct hb_core *core, struct hb_node *node, enum hb_hold hold)
{
    size_t index = (size_t)(node - core->nodes);
    bool local = hold == HB_HOLD_LOCAL || hold == HB_HOLD_ALL;
    bool foreign = hold == HB_HOLD_FOREIGN || hold == HB_HOLD_ALL;

    for (size_t i = 0; i < core->group_count; i++)
        node->view.groups[i] = (home_is(core, i, index) ? local : foreign)
                                   ? HB_G_CLAIMED | HB_G_WANTED
                                   : 0;
}

void hb_owner_suspects(const struct hb_core *core, struct hb_node *node)
{
    for (size_t i = 0; i < core->group_count; i++) {
        if (!(hb_word_bits(core, i) & HB_G_CLAIMED))
            node->view.groups[i] |= HB_G_CLAIMED;
    }
}

static bool any_lost(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self && hb_node_lost(&core->nodes[i]))
            return true;
    }
    return false;
}

void hb_owner_want(struct hb_core *core, size_t group, enum hb_why why)
{
    struct hb_owned *owned = &core->groups[group];

    owned->why = why;
    owned->took = any_lost(core);
    owned->failed = owned->contested = owned->withheld = owned->sought = false;
    owned->asking = owned->let_alone = false;
    owned->lent_to = 0;
    owned->run.contest = owned->took && hb_suspect_may_live(core);
    owned->run.received = !owned->took;
    hb_group_want(&owned->run, true, core->out);
}

static void no_reason(struct hb_owned *owned)
{
    owned->why = HB_WHY_NOT;
    owned->took = owned->contested = owned->withheld = owned->sought = false;
}

void hb_owner_let_go(struct hb_core *core, size_t group)
{
    no_reason(&core->groups[group]);
    hb_group_want(&core->groups[group].run, false, core->out);
}

void hb_owner_hand(struct hb_core *core, size_t group)
{
    no_reason(&core->groups[group]);
    hb_group_hand(&core->groups[group].run, core->out);
}

/* ---- nobody has it ---- */

bool hb_owner_is_free(const struct hb_core *core, size_t group)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (node->self || !hb_node_alive(node))
            continue;
        if ((node->view.groups[group] & HB_G_CLAIMED) || hb_legacy_blocks(core, node, group))
            return false;
        if (node->hearth &&
            !(node->view.known && node->view.sees_us && node->view.saw >= core->trust))
            return false;
    }
    return true;
}

static bool classic_gave_up(const struct hb_node *node, uint64_t now_ns)
{
    return node->view.known && node->view.stage == HB_STAGE_STABLE &&
           ha_after_ns(node->view.told_ns, ha_ms_to_ns(CLASSIC_PATIENCE_MS)) <= now_ns;
}

/* Will the node take a free group of its own by itself? */
static bool will_take(const struct hb_core *core, size_t index, size_t group)
{
    const struct hb_node *node = &core->nodes[index];

    if (node->self)
        return !core->groups[group].failed && !core->groups[group].run.failing;
    if (hb_node_out(node) || node->view.stage == HB_STAGE_SHUTDOWN)
        return false;
    if (!node->hearth)
        return !classic_gave_up(node, hb_mono(core));
    return !(node->view.groups[group] & HB_G_FAILED);
}

static bool ready(const struct hb_core *core, size_t index)
{
    return core->nodes[index].self ||
           (core->nodes[index].hearth && core->nodes[index].view.stage == HB_STAGE_STABLE);
}

bool hb_owner_other_able(const struct hb_core *core, size_t group)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && hb_node_stable(node) && ready(core, i) && will_take(core, i, group) &&
            !hb_carrier_lacks(core, group, i))
            return true;
    }
    return false;
}

/* A free group falls to its home, or else to the first node that is ready; at first among those
 * whose interfaces have a link. node_count: to nobody. */
static size_t falls_to(const struct hb_core *core, size_t group, bool linked)
{
    size_t home = core->groups[group].home_node;

    if (home < core->node_count && will_take(core, home, group) &&
        !(linked && hb_carrier_lacks(core, group, home)))
        return home;
    for (size_t i = 0; i < core->node_count; i++) {
        if (ready(core, i) && will_take(core, i, group) &&
            !(linked && hb_carrier_lacks(core, group, i)))
            return i;
    }
    return core->node_count;
}

bool hb_owner_falls_to_us(const struct hb_core *core, size_t group)
{
    size_t node = falls_to(core, group, true);

    if (node == core->node_count)
        node = falls_to(core, group, false);
    return node == core->self;
}

static enum hb_why why_free(const struct hb_core *core, size_t group)
{
    size_t home = core->groups[group].home_node;

    if (core->groups[group].home)
        return HB_WHY_HOME;
    if (home < core->node_count && !hb_node_out(&core->nodes[home]) &&
        core->nodes[home].view.stage == HB_STAGE_STABLE)
        return hb_carrier_lacks(core, group, home) ? HB_WHY_CARRIER : HB_WHY_FAILED;
    return any_lost(core) ? HB_WHY_DEAD : HB_WHY_LEFT;
}

uint64_t hb_owner_retry_ns(const struct hb_core *core, size_t group)
{
    const struct hb_owned *owned = &core->groups[group];

    if (!owned->failed)
        return HA_NEVER;
    return ha_after_ns(owned->failed_ns, ha_ms_to_ns(hb_member_alone(core) ? FAILED_RETRY_ALONE_MS
                                                                           : FAILED_RETRY_MS));
}

static void consider(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];

    if (core->doubt_ns > hb_mono(core) || owned->fresh || hb_fence_pending(core))
        return;
    if (hb_owner_retry_ns(core, group) <= hb_mono(core)) {
        owned->failed = false;
        hb_word_renew_trust(core);
    }
    owned->withheld = owned->withheld && hb_core_group_elsewhere(core, group) == NULL;
    if (!hb_owner_falls_to_us(core, group) && !owned->sought) {
        owned->asking = false;
        return;
    }
    if (core->standby.phase != HB_HANDOVER_NONE || owned->withheld || hb_legacy_lent(core, group) ||
        !hb_owner_is_free(core, group) || !hb_claims_may_take(core, group))
        return;
    hb_owner_want(core, group, why_free(core, group));
    hb_say(core, LOG_INFO, "Acquiring resource group: %s %s", owned->run.group->home,
           key_of(core, group));
}

/* ---- held twice ---- */

/* The rule both nodes come to the same answer by. */
static bool we_keep(const struct hb_core *core, size_t group, const struct hb_node *other)
{
    const struct hb_owned *owned = &core->groups[group];
    bool other_took = other->view.groups[group] & HB_G_TOOK;

    if (other->view.other_resources) /* homes need not agree, nor what is one group */
        return strcmp(core->nodes[core->self].name, other->name) < 0;
    if (core->config->auto_failback != HB_FAILBACK_OFF || other->view.failback) {
        if (owned->home)
            return true;
        if (home_is(core, group, (size_t)(other - core->nodes)))
            return false;
    }
    if (owned->took != other_took)
        return other_took;
    return strcmp(core->nodes[core->self].name, other->name) < 0;
}

/* How long a node may say that it does not see us before we believe that it cannot. */
static uint64_t blind_limit_ns(const struct hb_core *core)
{
    return ha_ms_to_ns(3 * core->config->keepalive_ms + 500);
}

static bool is_blind(const struct hb_core *core, const struct hb_node *node)
{
    return node->view.blind_ns != HA_NEVER &&
           ha_after_ns(node->view.blind_ns, blind_limit_ns(core)) <= hb_mono(core);
}

/* True if the other means to keep it and we are the one to let go. */
static bool yields(struct hb_core *core, size_t group, const struct hb_node *other)
{
    if (!other->hearth || !(other->view.groups[group] & HB_G_WANTED))
        return false;
    if (other->view.sees_us ? we_keep(core, group, other) : !is_blind(core, other))
        return false;
    hb_say(core, LOG_WARNING, "group %s is held by node %s as well, which %s: giving it up",
           key_of(core, group), other->name,
           other->view.sees_us ? "keeps it" : "does not hear us");
    no_reason(&core->groups[group]);
    hb_group_drop(&core->groups[group].run, core->out);
    return true;
}

/* What is about to be another list is announced as it is started by that: what it has no more may
 * be on its way down already, and would be put back. */
static void announce(struct hb_core *core, struct hb_owned *owned)
{
    if (owned->next == NULL)
        hb_group_announce(&owned->run, core->out);
}

void hb_owner_returned(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++)
        core->groups[i].doubled |= core->groups[i].run.wanted;
}

/* A Hearth node that lives and has not said yet what it has. */
static bool is_silent(const struct hb_node *node)
{
    return node->hearth && !node->view.known && node->view.stage != HB_STAGE_GONE;
}

static void settle_held(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];
    bool others = false, silent = false, agreed = !any_lost(core);

    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (node->self || !hb_node_alive(node))
            continue;
        agreed &= node->view.known || node->view.stage == HB_STAGE_GONE;
        silent |= is_silent(node);
        if (!(node->view.groups[group] & HB_G_CLAIMED))
            continue;
        others = owned->doubled = true;
        if (yields(core, group, node))
            return;
        if (!owned->contested && node->hearth && node->view.sees_us) {
            owned->contested = true;
            hb_say(core, LOG_WARNING, "group %s is held by node %s as well: keeping it here",
                   key_of(core, group), node->name);
            announce(core, owned);
        }
    }
    if (owned->doubled && !others && !silent) {
        owned->contested = owned->doubled = false;
        announce(core, owned);
    }
    if (agreed && !others)
        owned->took = false;
}

static void settle_group(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];

    if ((owned->run.failing || owned->run.state == HB_GROUP_FAILED) && !owned->failed &&
        owned->why != HB_WHY_NOT) {
        owned->failed = true;
        owned->failed_ns = hb_mono(core);
        no_reason(owned);
    }
    if (core->stage != HB_STAGE_STABLE)
        hb_owner_let_go(core, group);
    else if (owned->run.wanted)
        settle_held(core, group);
    else if (owned->left != HB_LEFT_SLEPT) /* leftover.c asks for more */
        consider(core, group);
}

void hb_owner_settle(struct hb_core *core)
{
    for (size_t i = 0; core->stage >= HB_STAGE_STABLE && i < core->group_count; i++)
        settle_group(core, i);
}

uint64_t hb_owner_next_ns(const struct hb_core *core)
{
    uint64_t now_ns = core->now->mono_ns;
    uint64_t next_ns = core->doubt_ns > now_ns ? core->doubt_ns : HA_NEVER;

    for (size_t i = 0; i < core->group_count; i++) {
        uint64_t retry_ns = hb_owner_retry_ns(core, i);

        if (retry_ns > now_ns)
            next_ns = MIN(next_ns, retry_ns);
        next_ns = MIN(next_ns, core->groups[i].run.retry_ns);
    }
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_view *view = &core->nodes[i].view;
        uint64_t patience_ns = ha_after_ns(view->told_ns, ha_ms_to_ns(CLASSIC_PATIENCE_MS));
        uint64_t blind_ns = ha_after_ns(view->blind_ns, blind_limit_ns(core));

        if (view->known && !core->nodes[i].hearth && patience_ns > now_ns)
            next_ns = MIN(next_ns, patience_ns);
        if (blind_ns > now_ns)
            next_ns = MIN(next_ns, blind_ns);
    }
    return next_ns;
}
