/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of ipfail. A give-up waits for two keepalives, so that a word that
 * is on its way can stop it; one that cannot be had now is looked at again
 * until the nodes are even, so that no lost message keeps the service where
 * nobody can reach it.
 */
#include "heartbeatd/api/ipfail_core.h"

#define AGAIN_MS  1000  /* resources are moving: look again */
#define NUDGE_MS  10000 /* still behind, and still holding something: ask again */

void ipfail_init(struct ipfail *ipfail, uint64_t keepalive_ms, bool failback)
{
    *ipfail = (struct ipfail){
        .keepalive_ms = keepalive_ms, .failback = failback, .due_ms = UINT64_MAX};
}

static void cancel(struct ipfail *ipfail)
{
    ipfail->pending = false;
    ipfail->due_ms = UINT64_MAX;
}

static void plan(struct ipfail *ipfail, uint64_t now_ms, enum ipfail_say give)
{
    /* All includes what is foreign; a plan that stands keeps its time. */
    if (ipfail->pending && (ipfail->give == give || give == IPFAIL_GIVE_FOREIGN))
        return;
    ipfail->pending = true;
    ipfail->give = give;
    ipfail->due_ms = now_ms + 2 * ipfail->keepalive_ms;
}

static bool holds(enum hb_hold holding, enum ipfail_say give)
{
    return holding == HB_HOLD_ALL || holding == HB_HOLD_FOREIGN ||
           (holding == HB_HOLD_LOCAL && give == IPFAIL_GIVE_ALL);
}

static void fall_behind(struct ipfail *ipfail, uint64_t now_ms)
{
    ipfail->behind = true;
    plan(ipfail, now_ms, IPFAIL_GIVE_ALL);
}

/* Even again: a plan to give up is dropped; without one, what is not ours goes home. */
static void even(struct ipfail *ipfail, uint64_t now_ms, enum hb_hold holding)
{
    bool pending = ipfail->pending;

    ipfail->behind = false;
    cancel(ipfail);
    if (!pending && ipfail->failback && holds(holding, IPFAIL_GIVE_FOREIGN))
        plan(ipfail, now_ms, IPFAIL_GIVE_FOREIGN);
}

static unsigned compare(struct ipfail *ipfail, uint64_t now_ms, const struct ipfail_event *event,
                        enum ipfail_say *says)
{
    if (event->ours < event->count) {
        fall_behind(ipfail, now_ms);
        return 0;
    }
    if (event->ours > event->count) {
        ipfail->behind = false;
        cancel(ipfail);
        says[0] = IPFAIL_SAY_BEHIND;
        return 1;
    }
    even(ipfail, now_ms, event->holding);
    says[0] = IPFAIL_SAY_EQUAL;
    return 1;
}

static unsigned timer(struct ipfail *ipfail, uint64_t now_ms, enum hb_hold holding,
                      enum ipfail_say *says)
{
    if (now_ms < ipfail->due_ms)
        return 0;
    if (holding == HB_HOLD_TRANSITION) {
        ipfail->due_ms = now_ms + AGAIN_MS;
        return 0;
    }
    if (ipfail->pending) {
        says[0] = ipfail->give;
        ipfail->pending = false;
        ipfail->due_ms = ipfail->behind ? now_ms + NUDGE_MS : UINT64_MAX;
        return holds(holding, ipfail->give) ? 1 : 0;
    }
    ipfail->due_ms = ipfail->behind ? now_ms + NUDGE_MS : UINT64_MAX;
    says[0] = IPFAIL_SAY_COUNT;
    return ipfail->behind && holds(holding, IPFAIL_GIVE_ALL) ? 1 : 0;
}

unsigned ipfail_step(struct ipfail *ipfail, uint64_t now_ms, const struct ipfail_event *event,
                     enum ipfail_say says[IPFAIL_SAYS_MAX])
{
    switch (event->kind) {
    case IPFAIL_LINK_DEAD:
    case IPFAIL_PING_UP:
    case IPFAIL_PEER_CAME:
        says[0] = IPFAIL_SAY_COUNT;
        return 1;
    case IPFAIL_COUNT:
        return compare(ipfail, now_ms, event, says);
    case IPFAIL_BEHIND:
        fall_behind(ipfail, now_ms);
        return 0;
    case IPFAIL_EQUAL:
        ipfail->behind = false;
        cancel(ipfail);
        return 0;
    default:
        return timer(ipfail, now_ms, event->holding, says);
    }
}
