/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classic exchange about resources: starting, resource, shutdone. The table
 * is the one in doc/states.md, "Dialogue"; around it are the messages that feed
 * it and what its entries ask for. Which groups to take is not decided here
 * (owner.c): a stable node takes what falls to it.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

#define START_AGAIN_MS 3000    /* nobody answered our "starting" */
#define BOTH_WAIT_MS   10000   /* nobody is stable: 3.0.6 lets that long pass */
#define FAREWELL_MS    1000    /* shutdone is out; answer those who missed it */
#define HEAL_WAIT_MS   2000    /* 3.0.6 lets go that long after a healed partition */
#define STOP_LIMIT_MS  1200000 /* a resource that will not stop holds a stop up no longer */

enum talk {
    TALK_ACTIVE,        /* this node became active */
    TALK_PEER_STARTING, /* "starting" from another */
    TALK_REPORT,        /* a "resource" message, our own among them */
    TALK_PEER_STABLE,   /* another is stable */
    TALK_ALONE,         /* there is no other */
    TALK_AGREED,        /* all others are Hearth nodes that start as well and know that we do */
    TALK_TIME,          /* wait_ns is over */
    TALK_STOP,          /* leave in good order */
    TALK_RELEASED,      /* nothing is claimed here any more */
    TALK_COUNT
};

/* What a table entry asks for, in this order. */
#define DO_START    1  /* send "starting" */
#define DO_ANSWER   2  /* send "resource" */
#define DO_WAIT     4  /* ten seconds from now */
#define DO_ACQUIRE  8  /* from now on take what falls to us */
#define DO_RELEASE  16 /* let go of everything */
#define DO_FAREWELL 32 /* send "shutdone" */
#define DO_LEAVE    64 /* the end */

struct entry {
    enum hb_stage next;
    unsigned todo;
};

#define GO(stage, todo) {HB_STAGE_##stage, todo}
#define STAY(stage)     {HB_STAGE_##stage, 0}

/* doc/states.md, "Dialogue" */
static const struct entry table[HB_STAGE_COUNT][TALK_COUNT] = {
    [HB_STAGE_INIT] = {
        [TALK_ACTIVE]        = GO(STARTING, DO_START),
        [TALK_PEER_STARTING] = STAY(INIT),
        [TALK_REPORT]        = STAY(INIT),
        [TALK_PEER_STABLE]   = STAY(INIT),
        [TALK_ALONE]         = STAY(INIT),
        [TALK_AGREED]        = STAY(INIT),
        [TALK_TIME]          = STAY(INIT),
        [TALK_STOP]          = GO(SHUTDOWN, DO_RELEASE),
        [TALK_RELEASED]      = STAY(INIT),
    },
    [HB_STAGE_STARTING] = {
        [TALK_ACTIVE]        = STAY(STARTING),
        [TALK_PEER_STARTING] = GO(BOTH_STARTING, DO_ANSWER),
        [TALK_REPORT]        = GO(RSC_RCVD, DO_WAIT),
        [TALK_PEER_STABLE]   = GO(STABLE, DO_ACQUIRE),
        [TALK_ALONE]         = GO(STABLE, DO_ACQUIRE),
        [TALK_AGREED]        = GO(STABLE, DO_ACQUIRE),
        [TALK_TIME]          = GO(STARTING, DO_START),
        [TALK_STOP]          = GO(SHUTDOWN, DO_RELEASE),
        [TALK_RELEASED]      = STAY(STARTING),
    },
    [HB_STAGE_BOTH_STARTING] = {
        [TALK_ACTIVE]        = STAY(BOTH_STARTING),
        [TALK_PEER_STARTING] = GO(BOTH_STARTING, DO_ANSWER),
        [TALK_REPORT]        = GO(RSC_RCVD, DO_WAIT),
        [TALK_PEER_STABLE]   = GO(STABLE, DO_ACQUIRE),
        [TALK_ALONE]         = GO(STABLE, DO_ACQUIRE),
        [TALK_AGREED]        = GO(STABLE, DO_ACQUIRE),
        [TALK_TIME]          = GO(BOTH_STARTING, DO_START),
        [TALK_STOP]          = GO(SHUTDOWN, DO_RELEASE),
        [TALK_RELEASED]      = STAY(BOTH_STARTING),
    },
    [HB_STAGE_RSC_RCVD] = {
        [TALK_ACTIVE]        = STAY(RSC_RCVD),
        [TALK_PEER_STARTING] = GO(RSC_RCVD, DO_ANSWER),
        [TALK_REPORT]        = STAY(RSC_RCVD),
        [TALK_PEER_STABLE]   = GO(STABLE, DO_ACQUIRE),
        [TALK_ALONE]         = GO(STABLE, DO_ACQUIRE),
        [TALK_AGREED]        = GO(STABLE, DO_ACQUIRE),
        [TALK_TIME]          = GO(STABLE, DO_ACQUIRE),
        [TALK_STOP]          = GO(SHUTDOWN, DO_RELEASE),
        [TALK_RELEASED]      = STAY(RSC_RCVD),
    },
    [HB_STAGE_STABLE] = {
        [TALK_ACTIVE]        = STAY(STABLE),
        [TALK_PEER_STARTING] = GO(STABLE, DO_ANSWER),
        [TALK_REPORT]        = STAY(STABLE),
        [TALK_PEER_STABLE]   = STAY(STABLE),
        [TALK_ALONE]         = STAY(STABLE),
        [TALK_AGREED]        = STAY(STABLE),
        [TALK_TIME]          = STAY(STABLE),
        [TALK_STOP]          = GO(SHUTDOWN, DO_RELEASE),
        [TALK_RELEASED]      = STAY(STABLE),
    },
    [HB_STAGE_SHUTDOWN] = {
        [TALK_ACTIVE]        = STAY(SHUTDOWN),
        [TALK_PEER_STARTING] = GO(SHUTDOWN, DO_ANSWER),
        [TALK_REPORT]        = STAY(SHUTDOWN),
        [TALK_PEER_STABLE]   = STAY(SHUTDOWN),
        [TALK_ALONE]         = STAY(SHUTDOWN),
        [TALK_AGREED]        = STAY(SHUTDOWN),
        [TALK_TIME]          = GO(SHUTDOWN, DO_LEAVE),
        [TALK_STOP]          = STAY(SHUTDOWN),
        [TALK_RELEASED]      = GO(GONE, DO_FAREWELL),
    },
    [HB_STAGE_GONE] = {
        [TALK_ACTIVE]        = STAY(GONE),
        [TALK_PEER_STARTING] = STAY(GONE),
        [TALK_REPORT]        = STAY(GONE),
        [TALK_PEER_STABLE]   = STAY(GONE),
        [TALK_ALONE]         = STAY(GONE),
        [TALK_AGREED]        = STAY(GONE),
        [TALK_TIME]          = GO(GONE, DO_LEAVE),
        [TALK_STOP]          = STAY(GONE),
        [TALK_RELEASED]      = STAY(GONE),
    },
};

static void talk(struct hb_core *core, enum talk event);

static void wait_ms(struct hb_core *core, uint64_t ms)
{
    core->wait_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(ms));
}

void hb_dialogue_report(struct hb_core *core, enum hb_hold hold, bool stable, const char *info)
{
    struct hb_msg *msg;

    core->reported = hold;
    core->reported_stable = stable;
    if (hb_legacy_on(core)) /* there nobody says what he holds */
        return;
    msg = hb_compose("resource");
    hb_msg_add_text(msg, "rsc_hold", hb_hold_name(hold));
    hb_msg_add_text(msg, "rtype", "full");
    hb_msg_add_text(msg, "isstable", stable ? "1" : "0");
    if (info != NULL)
        hb_msg_add_text(msg, "info", info);
    hb_send(core, msg);
    talk(core, TALK_REPORT);
}

static void acquire(struct hb_core *core)
{
    core->wait_ns = HA_NEVER;
    hb_word_renew_trust(core);
    hb_say(core, LOG_INFO, "local resource transition completed.");
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self && hb_node_lost(&core->nodes[i]) && !hb_fence_pending(core))
            hb_say(core, LOG_INFO, "Resources being acquired from %s.", core->nodes[i].name);
    }
    hb_owner_settle(core);
    hb_dialogue_report(core, hb_owner_hold(core), true, "req_our_resources()");
}

static void release(struct hb_core *core)
{
    core->standby.phase = HB_HANDOVER_NONE;
    hb_say(core, LOG_INFO, "Giving up all HA resources.");
    hb_member_send_status(core);
    hb_dialogue_report(core, HB_HOLD_NONE, false, "shutdown");
    wait_ms(core, STOP_LIMIT_MS);
    for (size_t i = 0; i < core->group_count; i++)
        hb_owner_hand(core, i);
}

static void farewell(struct hb_core *core)
{
    struct hb_msg *msg = hb_compose("shutdone");

    hb_say(core, LOG_INFO, "All HA resources relinquished.");
    hb_msg_add_text(msg, "st", "dead");
    hb_send(core, msg);
    wait_ms(core, FAREWELL_MS);
}

static void leave(struct hb_core *core)
{
    if (core->stage == HB_STAGE_SHUTDOWN)
        hb_say(core, LOG_CRIT, "leaving although resources could not be stopped");
    core->finished = true;
    hb_actions_add(core->out, core->restarting ? HB_ACT_RESTART : HB_ACT_STOPPED);
}

static void talk(struct hb_core *core, enum talk event)
{
    const struct entry *entry = &table[core->stage][event];

    core->stage = entry->next;
    if (entry->todo & DO_START) {
        uint64_t number = hb_send(core, hb_compose("starting"));

        core->start_number = core->start_number > 0 ? core->start_number : number;
        wait_ms(core, START_AGAIN_MS);
    }
    if (entry->todo & DO_ANSWER)
        hb_dialogue_report(core, hb_owner_hold(core), core->stage == HB_STAGE_STABLE, NULL);
    if (entry->todo & DO_WAIT)
        wait_ms(core, BOTH_WAIT_MS);
    if (entry->todo & DO_ACQUIRE)
        acquire(core);
    if (entry->todo & DO_RELEASE)
        release(core);
    if (entry->todo & DO_FAREWELL)
        farewell(core);
    if (entry->todo & DO_LEAVE)
        leave(core);
}

void hb_dialogue_active(struct hb_core *core)
{
    /* Without resources we are to the others what a node that has released everything is. */
    if (core->config->unmanaged) {
        core->stage = HB_STAGE_GONE;
        return;
    }
    if (hb_legacy_on(core)) { /* no dialogue: what is held elsewhere is asked for (legacy.c) */
        if (core->stage == HB_STAGE_INIT) {
            core->stage = HB_STAGE_STABLE;
            acquire(core);
        }
        return;
    }
    talk(core, TALK_ACTIVE);
}

void hb_dialogue_starting(struct hb_core *core, struct hb_node *node, uint64_t number)
{
    if (!node->hearth && number > node->view.number) {
        node->view.number = number;
        node->view.stage = HB_STAGE_STARTING;
    }
    talk(core, TALK_PEER_STARTING);
}

/* What a 3.0.6 node tells. While it releases, it claims until it says that it is done. */
static void classic_report(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg,
                           uint64_t number)
{
    const char *info = hb_msg_text(msg, "info"), *stable = hb_msg_text(msg, "isstable");
    struct hb_view *view = &node->view;
    bool was_stable = view->stage == HB_STAGE_STABLE;
    enum hb_hold hold;

    if (number <= view->number || view->stage == HB_STAGE_GONE)
        return;
    view->number = number;
    view->told_ns = hb_mono(core);
    if (info != NULL && strcmp(info, "shutdown") == 0) {
        view->stage = HB_STAGE_SHUTDOWN;
        if (node->seq.missing->len > 0) /* one of them may have said that it has taken something */
            hb_owner_suspects(core, node);
        return;
    }
    if (stable != NULL)
        view->stage = strcmp(stable, "1") == 0 ? HB_STAGE_STABLE : HB_STAGE_RSC_RCVD;
    hb_standby_reported(core, node);
    if ((info == NULL || strcmp(info, "standby") != 0) && hb_msg_text(msg, "rtype") != NULL &&
        hb_hold_find(hb_msg_text(msg, "rsc_hold"), &hold)) {
        view->known = true;
        hb_owner_claims(core, node, hold);
    }
    if (view->stage == HB_STAGE_STABLE && !was_stable) {
        hb_say(core, LOG_INFO, "remote resource transition completed.");
        if (core->status == HB_STATUS_ACTIVE)
            hb_dialogue_report(core, hb_owner_hold(core), core->stage == HB_STAGE_STABLE, NULL);
    }
}

void hb_dialogue_resource(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg,
                          uint64_t number)
{
    if (!node->hearth)
        classic_report(core, node, msg, number);
    if (core->status == HB_STATUS_ACTIVE)
        talk(core, TALK_REPORT);
}

void hb_dialogue_shutdone(struct hb_core *core, struct hb_node *node)
{
    hb_say(core, LOG_INFO, "Received shutdown notice from '%s'.", node->name);
    hb_say(core, LOG_INFO, "Resources being acquired from %s.", node->name);
    node->view.stage = HB_STAGE_GONE;
    hb_owner_claims(core, node, HB_HOLD_NONE);
    hb_standby_lost(core, node);
    hb_owner_home_gone(core, node);
}

void hb_dialogue_stop(struct hb_core *core)
{
    if (core->stage < HB_STAGE_SHUTDOWN)
        hb_say(core, LOG_INFO, "Heartbeat shutdown in progress.");
    core->restarting = false;
    core->heal_ns = HA_NEVER;
    if (core->config->unmanaged && core->stage == HB_STAGE_GONE)
        farewell(core);
    else
        talk(core, TALK_STOP);
}

void hb_dialogue_heal(struct hb_core *core)
{
    if (core->heal_ns != HA_NEVER || core->status != HB_STATUS_ACTIVE ||
        core->stage >= HB_STAGE_SHUTDOWN)
        return;
    hb_member_send_status(core);
    core->heal_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(HEAL_WAIT_MS));
}

static bool any_stable(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self && hb_node_stable(&core->nodes[i]))
            return true;
    }
    return false;
}

/* What the ten seconds are for is known sooner among Hearth nodes: nobody else is coming, each
 * has become active, and each has seen that we have. What nobody has then falls to one of us, and
 * that one waits until all have seen that it may (owner.c). */
static bool all_start_as_well(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];
        const struct hb_view *view = &node->view;

        if (node->self || hb_node_out(node))
            continue;
        if (!node->hearth || !view->known || !view->sees_us || view->saw < core->start_number ||
            view->stage < HB_STAGE_STARTING || view->stage > HB_STAGE_STABLE)
            return false;
    }
    return true;
}

void hb_dialogue_settle(struct hb_core *core)
{
    if (core->stage == HB_STAGE_SHUTDOWN) {
        if (!hb_owner_any_claimed(core))
            talk(core, TALK_RELEASED);
    } else if (core->stage == HB_STAGE_STABLE) {
        if (core->standby.phase == HB_HANDOVER_NONE &&
            (core->reported != hb_owner_hold(core) || !core->reported_stable))
            hb_dialogue_report(core, hb_owner_hold(core), true, NULL);
    } else if (hb_member_alone(core)) {
        talk(core, TALK_ALONE);
    } else if (any_stable(core)) {
        talk(core, TALK_PEER_STABLE);
    } else if (core->stage >= HB_STAGE_STARTING && all_start_as_well(core)) {
        talk(core, TALK_AGREED);
    }
}

void hb_dialogue_timers(struct hb_core *core)
{
    uint64_t now_ns = hb_mono(core);

    if (core->heal_ns <= now_ns) {
        core->heal_ns = HA_NEVER;
        core->restarting = true;
        talk(core, TALK_STOP);
    }
    if (core->wait_ns <= now_ns) {
        core->wait_ns = HA_NEVER;
        talk(core, TALK_TIME);
    }
}

uint64_t hb_dialogue_next_ns(const struct hb_core *core)
{
    return MIN(core->wait_ns, core->heal_ns);
}
