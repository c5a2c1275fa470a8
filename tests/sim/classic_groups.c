/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the model of a 3.0.6 node holds, gives and takes (classic.h). */
#include "tests/sim/classic_inner.h"

#include <string.h>

/* ---- resources ---- */

static bool is_local(const struct classic *node, size_t group)
{
    return strcmp(node->runs[group].group->home, classic_name_of(node, false)) == 0;
}

/* which: from our view. True while anything of it is on its way. */
bool classic_want(struct classic *node, unsigned which, bool wanted)
{
    bool busy = false;

    for (size_t i = 0; i < node->group_count; i++) {
        struct hb_group_run *run = &node->runs[i];

        if (!(which & (is_local(node, i) ? LOCAL : FOREIGN)))
            continue;
        if (run->wanted != wanted)
            hb_group_want(run, wanted, node->out);
        busy |= !hb_group_settled(run);
    }
    return busy;
}

bool classic_is_busy(struct classic *node)
{
    for (size_t i = 0; i < node->group_count; i++) {
        if (!hb_group_settled(&node->runs[i]))
            return true;
    }
    return false;
}

static void take(struct classic *node, unsigned which)
{
    node->holds |= which;
    classic_want(node, which, true);
}

/* Local groups unless the other holds them, and what the dead one had. */
void classic_become_stable(struct classic *node)
{
    if (node->stage >= STABLE)
        return;
    node->stage = STABLE;
    node->wait_ns = HA_NEVER;
    if (!(node->peer_holds & FOREIGN))
        take(node, LOCAL);
    classic_report(node, node->holds, NULL);
}

void classic_take_all(struct classic *node)
{
    node->peer_holds = 0;
    node->peer_stable = node->failback_due = true;
    take(node, LOCAL | FOREIGN);
    if (node->stage < STABLE) {
        node->stage = STABLE;
        node->wait_ns = HA_NEVER;
    }
    classic_report(node, node->holds, NULL);
}

void classic_reported(struct classic *node)
{
    if (node->stage != STARTING && node->stage != BOTH)
        return;
    node->stage = RCVD;
    node->wait_ns = classic_in_ms(node, BOTH_MS);
}

/* ---- standby ---- */

void classic_begin_standby(struct classic *node, unsigned what)
{
    if (node->stage != STABLE || !node->peer_stable || node->standby != NONE ||
        node->peer == HB_STATUS_DEAD)
        return;
    node->standby = ME_SENT;
    node->given = what;
    node->standby_ns = classic_in_ms(node, ANSWER_MS);
    classic_say_standby(node, "me");
}

static void end_standby(struct classic *node)
{
    node->standby = NONE;
    node->standby_ns = HA_NEVER;
    classic_report(node, node->holds, NULL);
}

void classic_hear_standby(struct classic *node, const struct hb_msg *msg)
{
    const char *info = hb_msg_text(msg, "info");
    unsigned what = classic_hold_of(hb_msg_text(msg, "rsc_hold"));

    if (info == NULL || what == 0)
        return;
    if (strcmp(info, "me") == 0) {
        if (node->stage != STABLE || !node->peer_stable || node->standby != NONE)
            return;
        node->standby = PROMISED;
        node->given = what;
        node->standby_ns = classic_in_ms(node, STANDBY_MS);
        classic_say_standby(node, "other");
    } else if (strcmp(info, "other") == 0 && node->standby == ME_SENT) {
        node->standby = GIVING;
        node->standby_ns = classic_in_ms(node, STANDBY_MS);
        node->holds &= ~node->given;
        node->failback_due = false;
        classic_report(node, node->holds, "standby");
        classic_want(node, node->given, false);
    } else if (strcmp(info, "done") == 0 && node->standby == GIVEN) {
        node->peer_holds |= (node->given & LOCAL ? FOREIGN : 0) | (node->given & FOREIGN ? LOCAL : 0);
        end_standby(node);
    } else if (strcmp(info, "done") == 0 && node->standby == PROMISED) {
        unsigned ours = (node->given & LOCAL ? FOREIGN : 0) | (node->given & FOREIGN ? LOCAL : 0);

        node->standby = TAKING;
        node->peer_holds &= ~node->given;
        node->failback_due = false;
        take(node, ours);
    }
}

void classic_settle_standby(struct classic *node)
{
    if (node->standby_ns <= node->now->mono_ns)
        end_standby(node);
    if (node->standby == GIVING && !classic_want(node, node->given, false)) {
        node->standby = GIVEN;
        classic_say_standby(node, "done");
    } else if (node->standby == TAKING && !classic_is_busy(node)) {
        classic_say_standby(node, "done");
        end_standby(node);
    }
    if (node->standby == NONE && node->failback_due && node->failback_ns <= node->now->mono_ns &&
        node->peer != HB_STATUS_DEAD && node->peer_stable && node->stage == STABLE &&
        node->config->auto_failback == HB_FAILBACK_ON) {
        node->failback_ns = classic_in_ms(node, 1000);
        if (node->holds & FOREIGN && !classic_is_busy(node))
            classic_begin_standby(node, FOREIGN);
    }
}
