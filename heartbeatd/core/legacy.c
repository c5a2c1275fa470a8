/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One group at a time: "auto_failback legacy", in which a node that becomes
 * active asks for its groups (ip-request) and their holder gives them up
 * (ip-request-resp), and the wishes by which an operator takes a group, gives
 * it up or asks for it. The table is doc/states.md, "Legacy". Requests are
 * answered in every mode, for the asker may be a node in legacy mode.
 *
 * In legacy mode nobody says what he holds, so of a 3.0.6 node we believe that
 * it has a group until it has answered; of a Hearth node we know it by its word.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

/* The one asked may not have been active yet, or forgets: it is asked again. */
#define ASK_AGAIN_MS 5000
/* A Hearth node that asked for a group has begun to take it by then, or will not. */
#define LENT_LIMIT_MS 10000
/* A wish that was not granted by then is not one any more: what is free much later, after a
 * handover say, is free for a reason the operator did not know. */
#define TAKE_LIMIT_MS 5000
#define SEEK_LIMIT_MS 60000

bool hb_legacy_on(const struct hb_core *core)
{
    return core->config->auto_failback == HB_FAILBACK_LEGACY;
}

size_t hb_core_find_group(const struct hb_core *core, const char *key)
{
    size_t group = 0;

    if (key == NULL)
        return core->group_count;
    while (group < core->group_count &&
           strcmp(hb_group_key(core->groups[group].run.group), key) != 0)
        group++;
    return group;
}

/* ---- others ask for what we hold ---- */

static void answer(struct hb_core *core, size_t asker, const char *key, bool owned)
{
    struct hb_msg *msg = hb_compose("ip-request-resp");

    hb_msg_add_text(msg, "dest", core->nodes[asker].name);
    hb_msg_add_text(msg, "ipaddr", key);
    hb_msg_add_text(msg, "weown", owned ? "yes" : "no");
    hb_msg_add_text(msg, "ok", "OK");
    hb_send(core, msg);
}

static void lend(struct hb_core *core, struct hb_owned *owned, const struct hb_node *node)
{
    owned->lent_to = 1 + (size_t)(node - core->nodes);
    owned->lent_life = node->generation;
    owned->lent_until_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(LENT_LIMIT_MS));
}

void hb_legacy_request(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg)
{
    const char *key = hb_msg_text(msg, "ipaddr");
    size_t asker = (size_t)(node - core->nodes), group = hb_core_find_group(core, key);
    struct hb_owned *owned;

    if (key == NULL)
        return;
    owned = group < core->group_count ? &core->groups[group] : NULL;
    if (owned == NULL || (!hb_group_claimed(&owned->run) && !owned->run.wanted)) {
        if (owned != NULL)
            lend(core, owned, node);
        answer(core, asker, key, false);
        return;
    }
    hb_say(core, LOG_INFO, "node %s asks for resource group %s: releasing it", node->name, key);
    lend(core, owned, node);
    owned->owes_answer = true;
    hb_owner_hand(core, group);
}

/* It is for the node that asked, in this life of it. */
bool hb_legacy_lent(const struct hb_core *core, size_t group)
{
    const struct hb_owned *owned = &core->groups[group];
    const struct hb_node *node;

    if (owned->lent_to == 0)
        return false;
    node = &core->nodes[owned->lent_to - 1];
    return !hb_node_out(node) && node->generation == owned->lent_life;
}

/* Of a Hearth node we shall know by its word that it has it, and when it has it no more: it only
 * needs the time to take it. */
static void settle_lent(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];
    struct hb_node *node;

    if (owned->lent_to == 0)
        return;
    node = &core->nodes[owned->lent_to - 1];
    if (!hb_legacy_lent(core, group) ||
        (node->hearth && !owned->owes_answer && owned->lent_until_ns <= hb_mono(core))) {
        owned->lent_to = 0;
        owned->owes_answer = false;
        return;
    }
    if (!owned->owes_answer || hb_group_claimed(&owned->run))
        return;
    owned->owes_answer = false;
    if (!node->hearth)
        node->view.groups[group] = HB_G_CLAIMED | HB_G_WANTED;
    owned->lent_until_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(LENT_LIMIT_MS));
    answer(core, owned->lent_to - 1, hb_group_key(owned->run.group), true);
}

/* ---- we ask for what others hold ---- */

bool hb_legacy_blocks(const struct hb_core *core, const struct hb_node *node, size_t group)
{
    return hb_legacy_on(core) && !node->hearth && !hb_node_out(node) &&
           !(node->view.groups[group] & HB_G_YIELDED);
}

void hb_legacy_response(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg)
{
    const char *ok = hb_msg_text(msg, "ok");
    size_t group = hb_core_find_group(core, hb_msg_text(msg, "ipaddr"));

    if (ok == NULL || strcmp(ok, "OK") != 0 || group == core->group_count ||
        hb_msg_text(msg, "dest") == NULL ||
        !(hb_legacy_on(core) || core->groups[group].sought)) /* nobody asked */
        return;
    hb_say(core, LOG_INFO, "node %s has answered: resource group %s is free", node->name,
           hb_group_key(core->groups[group].run.group));
    if (!node->hearth) /* a Hearth node's word is newer */
        node->view.groups[group] = HB_G_YIELDED;
}

/* Somebody is active who may have it. */
static bool to_be_asked(const struct hb_core *core, size_t group)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && node->status == HB_STATUS_ACTIVE && !hb_node_out(node) &&
            ((node->view.groups[group] & HB_G_CLAIMED) || hb_legacy_blocks(core, node, group)))
            return true;
    }
    return false;
}

static bool wants(const struct hb_core *core, size_t group)
{
    const struct hb_owned *owned = &core->groups[group];

    if (core->stage != HB_STAGE_STABLE || owned->run.wanted || owned->withheld ||
        hb_legacy_lent(core, group))
        return false;
    return owned->sought || (hb_legacy_on(core) && hb_owner_falls_to_us(core, group));
}

static void settle_sought(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];
    struct hb_msg *msg;

    owned->sought &= owned->sought_until_ns > hb_mono(core);
    if (!wants(core, group) || !to_be_asked(core, group)) {
        owned->ask_ns = 0;
        return;
    }
    if (owned->ask_ns > hb_mono(core))
        return;
    msg = hb_compose("ip-request");
    hb_msg_add_text(msg, "ipaddr", hb_group_key(owned->run.group));
    hb_send(core, msg);
    owned->ask_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(ASK_AGAIN_MS));
}

void hb_legacy_settle(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++) {
        settle_lent(core, i);
        settle_sought(core, i);
    }
}

uint64_t hb_legacy_next_ns(const struct hb_core *core)
{
    uint64_t next_ns = HA_NEVER;

    for (size_t i = 0; i < core->group_count; i++) {
        if (core->groups[i].ask_ns > 0)
            next_ns = MIN(next_ns, core->groups[i].ask_ns);
        if (core->groups[i].lent_to > 0 && core->groups[i].lent_until_ns > hb_mono(core))
            next_ns = MIN(next_ns, core->groups[i].lent_until_ns);
        if (core->groups[i].sought)
            next_ns = MIN(next_ns, core->groups[i].sought_until_ns);
    }
    return next_ns;
}

/* ---- an operator's wishes ---- */

const char *hb_core_group_elsewhere(const struct hb_core *core, size_t group)
{
    for (size_t i = 0; group < core->group_count && i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && hb_node_alive(node) && (node->view.groups[group] & HB_G_CLAIMED))
            return node->name;
    }
    if (group < core->group_count && hb_legacy_lent(core, group))
        return core->nodes[core->groups[group].lent_to - 1].name;
    return NULL;
}

void hb_legacy_wish(struct hb_core *core, size_t group, enum hb_wish wish)
{
    struct hb_owned *owned;

    if (group >= core->group_count || core->stage != HB_STAGE_STABLE)
        return;
    owned = &core->groups[group];
    if (wish == HB_WISH_GIVE) {
        if (!owned->run.wanted) /* given up already, or never had */
            return;
        hb_say(core, LOG_INFO, "Releasing resource group, as an operator wishes: %s",
               hb_group_key(owned->run.group));
        hb_owner_let_go(core, group);
        owned->withheld = true;
    } else if (!owned->run.wanted &&
               (wish == HB_WISH_SEEK || hb_core_group_elsewhere(core, group) == NULL)) {
        owned->withheld = owned->failed = false;
        owned->lent_to = 0;
        owned->sought = true;
        owned->sought_until_ns = ha_after_ns(
            hb_mono(core), ha_ms_to_ns(wish == HB_WISH_SEEK ? SEEK_LIMIT_MS : TAKE_LIMIT_MS));
    }
}
