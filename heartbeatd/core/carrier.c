/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces without a link (doc/states.md, "Carrier"): a node that cannot
 * reach anybody on the interface that a group's address needs counts for that
 * group only if no other node does better. The shell says when such a link is
 * lost and when it is back; we tell the others at once, move the group after a
 * pause, for a cable that is moved shall not move a service, and count as fit
 * again only some time after the link came back, longer each time it fails.
 *
 * Between Hearth nodes the word says who lacks what, and owner.c draws the
 * conclusions. A 3.0.6 node takes a group in a standby only, and with it all of
 * the same kind; with auto_failback it is asked for ours back.
 */
#include <inttypes.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

/* A link that came back counts after that long, doubled for each time it was lost lately. */
#define BACK_FIRST_MS 5000
#define BACK_LAST_MS  300000
#define LATELY_MS     600000
/* A 3.0.6 node that did not take what was offered is offered it again after that long. */
#define OFFER_FIRST_MS 1000
#define OFFER_LAST_MS  60000

bool hb_carrier_lacks(const struct hb_core *core, size_t group, size_t node)
{
    return core->nodes[node].self ? core->groups[group].carrier.lacks
                                  : core->nodes[node].view.groups[group] & HB_G_NO_CARRIER;
}

static const char *key_of(const struct hb_owned *owned)
{
    return hb_group_key(owned->run.group);
}

/* When a group that is held moves for it. */
static uint64_t move_ns(const struct hb_core *core, const struct hb_carrier *carrier)
{
    return ha_after_ns(carrier->down_ns, ha_ms_to_ns(core->config->carrier_ms));
}

/* ---- what the shell says ---- */

static void lost(struct hb_core *core, struct hb_owned *owned, const char *nic)
{
    struct hb_carrier *carrier = &owned->carrier;
    uint64_t now_ns = hb_mono(core);

    if (ha_after_ns(carrier->down_ns, ha_ms_to_ns(LATELY_MS)) <= now_ns)
        carrier->losses = 0;
    carrier->losses++;
    carrier->down = carrier->lacks = true;
    carrier->down_ns = now_ns;
    hb_group_reason(&owned->run, "interface %s has no link", nic);
    hb_say(core, LOG_WARNING, "interface %s, which group %s needs, has no link", nic,
           key_of(owned));
}

static void back(struct hb_core *core, struct hb_owned *owned, const char *nic)
{
    struct hb_carrier *carrier = &owned->carrier;
    uint64_t wait_ms = MIN(BACK_FIRST_MS << MIN(carrier->losses - 1, 6), BACK_LAST_MS);

    /* Once is nothing yet: a cable that is moved, a machine that has just started. */
    if (carrier->losses == 1 && move_ns(core, carrier) > hb_mono(core))
        wait_ms = 0;
    carrier->down = false;
    carrier->back_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(wait_ms));
    hb_say(core, LOG_INFO, "interface %s, which group %s needs, has its link again; it counts in "
           "%" PRIu64 " s", nic, key_of(owned), wait_ms / 1000);
}

void hb_carrier_event(struct hb_core *core, const struct hb_event *event)
{
    const char *nic = event->detail != NULL ? event->detail : "?";
    struct hb_owned *owned;

    if (event->group >= core->group_count)
        return;
    owned = &core->groups[event->group];
    if (!event->up && !owned->carrier.down)
        lost(core, owned, nic);
    else if (event->up && owned->carrier.down)
        back(core, owned, nic);
}

/* ---- time ---- */

static bool in_need(const struct hb_core *core, const struct hb_owned *owned)
{
    return owned->carrier.down && owned->run.wanted &&
           move_ns(core, &owned->carrier) <= hb_mono(core);
}

void hb_carrier_timers(struct hb_core *core)
{
    for (size_t i = 0; i < core->group_count; i++) {
        struct hb_owned *owned = &core->groups[i];

        if (!owned->carrier.lacks || owned->carrier.down || owned->carrier.back_ns > hb_mono(core))
            continue;
        owned->carrier.lacks = false;
        owned->failed_ns = 0; /* if it failed, it was for want of the link: try it now */
        hb_word_renew_trust(core);
    }
}

uint64_t hb_carrier_next_ns(const struct hb_core *core)
{
    uint64_t now_ns = hb_mono(core), next_ns = HA_NEVER;

    for (size_t i = 0; i < core->group_count; i++) {
        const struct hb_carrier *carrier = &core->groups[i].carrier;

        if (carrier->down && move_ns(core, carrier) > now_ns)
            next_ns = MIN(next_ns, move_ns(core, carrier));
        if (carrier->lacks && !carrier->down)
            next_ns = MIN(next_ns, carrier->back_ns);
        if ((carrier->down || carrier->lent) && carrier->offer_ns > now_ns)
            next_ns = MIN(next_ns, carrier->offer_ns);
    }
    return next_ns;
}

/* ---- moving ---- */

/* The 3.0.6 node that could take part in a standby; NULL for none. In legacy mode there is none. */
static const struct hb_node *classic(const struct hb_core *core)
{
    for (size_t i = 0; !hb_legacy_on(core) && i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && !node->hearth && node->status == HB_STATUS_ACTIVE &&
            hb_node_stable(node))
            return node;
    }
    return NULL;
}

static bool may_ask(struct hb_core *core, struct hb_carrier *carrier)
{
    if (core->standby.phase != HB_HANDOVER_NONE || carrier->offer_ns > hb_mono(core))
        return false;
    carrier->offer_ns =
        ha_after_ns(hb_mono(core), ha_ms_to_ns(MIN(OFFER_FIRST_MS << MIN(carrier->offers, 6),
                                                   OFFER_LAST_MS)));
    carrier->offers++;
    return true;
}

static void move(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];

    if (core->standby.phase != HB_HANDOVER_NONE)
        return;
    if (hb_owner_other_able(core, group)) {
        hb_say(core, LOG_WARNING, "%s: giving up group %s, which another node can take",
               owned->run.reason, key_of(owned));
        hb_owner_let_go(core, group);
    } else if (classic(core) != NULL && may_ask(core, &owned->carrier)) {
        hb_say(core, LOG_WARNING, "%s: offering the %s resources to the other node",
               owned->run.reason, owned->home ? "local" : "foreign");
        hb_standby_begin(core, owned->home ? HB_WHAT_LOCAL : HB_WHAT_FOREIGN,
                         core->nodes[core->self].name);
        owned->carrier.lent = owned->home && core->standby.phase != HB_HANDOVER_NONE;
    }
}

/* Ours, at a 3.0.6 node since we had no link: it does not give them back by itself. */
static void ask_back(struct hb_core *core, struct hb_owned *owned)
{
    const struct hb_node *node = classic(core);
    struct hb_carrier *carrier = &owned->carrier;

    if (core->config->auto_failback == HB_FAILBACK_ON && node != NULL &&
        (node->view.groups[owned - core->groups] & HB_G_CLAIMED) && may_ask(core, carrier)) {
        hb_say(core, LOG_INFO, "group %s: asking for our resources back", key_of(owned));
        hb_standby_takeover(core, HB_WHAT_LOCAL);
    }
}

void hb_carrier_settle(struct hb_core *core)
{
    if (core->stage != HB_STAGE_STABLE)
        return;
    for (size_t i = 0; i < core->group_count; i++) {
        struct hb_owned *owned = &core->groups[i];

        if (!owned->carrier.lacks && !owned->carrier.lent)
            owned->carrier.offers = 0;
        if (owned->run.wanted && core->standby.phase == HB_HANDOVER_NONE)
            owned->carrier.lent = false; /* it stayed, or it is here again */
        if (in_need(core, owned))
            move(core, i);
        else if (owned->carrier.lent && !owned->carrier.lacks)
            ask_back(core, owned);
    }
}

bool hb_carrier_refuses(const struct hb_core *core, enum hb_what what, size_t giver)
{
    for (size_t i = 0; i < core->group_count; i++) {
        if (core->groups[i].carrier.lacks && hb_owner_in(core, i, what, giver) &&
            !hb_carrier_lacks(core, i, giver))
            return true;
    }
    return false;
}
