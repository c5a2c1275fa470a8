/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model of a 3.0.6 node (classic.h). Groups are run by the core's own group.c. */
#include "tests/sim/classic.h"

#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/actions.h"
#include "heartbeatd/core/group.h"
#include "heartbeatd/core/history.h"
#include "heartbeatd/core/seq.h"

#define SETTLING_MS 5000
#define BOTH_MS     10000
#define HEAL_MS     2000
#define FAREWELL_MS 1000
#define ANSWER_MS   10000
#define STANDBY_MS  3600000
#define LOCAL       1
#define FOREIGN     2

enum stage { INIT, STARTING, BOTH, RCVD, STABLE, SHUTDOWN, GONE };
enum standby { NONE, ME_SENT, GIVING, GIVEN, PROMISED, TAKING };

struct classic {
    const struct hb_config *config;
    const struct hb_haresources *resources;
    size_t self, group_count;
    uint8_t uuid[16];
    uint64_t generation, number, started_ns, beat_ns, ask_ns, wait_ns, heal_ns, standby_ns,
        failback_ns, wake_ns;
    struct ha_rand rand;
    struct hb_history history;
    struct hb_group_run *runs;
    enum hb_status status;
    enum stage stage;
    enum standby standby;
    unsigned given; /* LOCAL, FOREIGN: from the giver's view */
    unsigned holds; /* what it says it holds */
    bool comm_up, restarting, stop_wished, mach_down, over;
    /* the other */
    enum hb_status peer;
    uint64_t peer_generation, peer_status_number, peer_dead_ns, peer_deadline_ns;
    struct hb_seq seq;
    unsigned peer_holds;
    bool peer_stable, failback_due;
    /* for the length of a step */
    const struct hb_now *now;
    struct hb_actions *out;
};

static const char *const holds[] = {"none", "local", "foreign", "all"};

static unsigned hold_of(const char *text)
{
    for (unsigned i = 1; text != NULL && i < 4; i++) {
        if (strcmp(text, holds[i]) == 0)
            return i;
    }
    return 0;
}

static uint64_t in_ms(const struct classic *node, uint64_t ms)
{
    return node->now->mono_ns + ha_ms_to_ns(ms);
}

static const char *name_of(const struct classic *node, bool peer)
{
    return g_ptr_array_index(node->config->nodes, peer ? 1 - node->self : node->self);
}

struct classic *classic_new(const struct hb_config *config, const struct hb_haresources *resources,
                            const struct hb_identity *self, uint64_t seed)
{
    struct classic *node = g_new0(struct classic, 1);

    node->config = config;
    node->resources = resources;
    node->self = strcmp(g_ptr_array_index(config->nodes, 0), self->node) != 0;
    memcpy(node->uuid, self->uuid, sizeof node->uuid);
    node->generation = self->generation;
    ha_rand_seed(&node->rand, seed);
    hb_history_init(&node->history);
    hb_seq_init(&node->seq, &node->rand);
    node->group_count = resources->groups->len;
    node->runs = g_new0(struct hb_group_run, node->group_count);
    for (size_t i = 0; i < node->group_count; i++)
        hb_group_init(&node->runs[i], g_ptr_array_index(resources->groups, i), (unsigned)i);
    node->ask_ns = node->wait_ns = node->heal_ns = node->standby_ns = node->failback_ns = HA_NEVER;
    node->peer_dead_ns = ha_ms_to_ns(config->deadtime_ms);
    return node;
}

void classic_free(struct classic *node)
{
    if (node == NULL)
        return;
    hb_history_clear(&node->history);
    hb_seq_clear(&node->seq);
    g_free(node->runs);
    g_free(node);
}

/* ---- sending ---- */

static void say(struct classic *node, struct hb_msg *msg)
{
    bool numbered = strncmp(hb_msg_text(msg, "t"), "NS_", 3) != 0;

    hb_msg_add_text(msg, "src", name_of(node, false));
    hb_msg_add(msg, HB_FIELD_BINARY, "srcuuid", node->uuid, sizeof node->uuid);
    if (numbered)
        hb_msg_add_hex(msg, "seq", ++node->number);
    hb_msg_add_hex(msg, "hg", node->generation);
    hb_msg_add_hex(msg, "ts", node->now->wall_s);
    hb_msg_add_text(msg, "ttl", "3");
    if (numbered)
        hb_history_put(&node->history, node->number, node->now->mono_ns, msg);
    hb_actions_send(node->out, msg);
    hb_msg_unref(msg);
}

static struct hb_msg *compose(const char *type)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", type);
    return msg;
}

static void send_status(struct classic *node)
{
    struct hb_msg *msg = compose("status");
    bool young = node->now->mono_ns < node->started_ns + ha_ms_to_ns(SETTLING_MS);

    hb_msg_add_text(msg, "st", hb_status_name(node->status));
    hb_msg_add_hex(msg, "dt", node->config->deadtime_ms + (young ? 2000 : 0));
    hb_msg_add_text(msg, "protocol", "1");
    say(node, msg);
}

static void reported(struct classic *node);

static void report(struct classic *node, unsigned what, const char *info)
{
    struct hb_msg *msg = compose("resource");

    hb_msg_add_text(msg, "rsc_hold", holds[what]);
    hb_msg_add_text(msg, "rtype", "full");
    hb_msg_add_text(msg, "isstable", node->stage == STABLE && info == NULL ? "1" : "0");
    if (info != NULL)
        hb_msg_add_text(msg, "info", info);
    say(node, msg);
    reported(node);
}

static void say_standby(struct classic *node, const char *info)
{
    struct hb_msg *msg = compose("ask_resources");

    hb_msg_add_text(msg, "info", info);
    hb_msg_add_text(msg, "rsc_hold", holds[node->given]);
    say(node, msg);
}

/* ---- resources ---- */

static bool is_local(const struct classic *node, size_t group)
{
    return strcmp(node->runs[group].group->home, name_of(node, false)) == 0;
}

/* which: from our view. True while anything of it is on its way. */
static bool want(struct classic *node, unsigned which, bool wanted)
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

static bool is_busy(struct classic *node)
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
    want(node, which, true);
}

/* Local groups unless the other holds them, and what the dead one had. */
static void become_stable(struct classic *node)
{
    if (node->stage >= STABLE)
        return;
    node->stage = STABLE;
    node->wait_ns = HA_NEVER;
    if (!(node->peer_holds & FOREIGN))
        take(node, LOCAL);
    report(node, node->holds, NULL);
}

static void take_all(struct classic *node)
{
    node->peer_holds = 0;
    node->peer_stable = node->failback_due = true;
    take(node, LOCAL | FOREIGN);
    if (node->stage < STABLE) {
        node->stage = STABLE;
        node->wait_ns = HA_NEVER;
    }
    report(node, node->holds, NULL);
}

static void reported(struct classic *node)
{
    if (node->stage != STARTING && node->stage != BOTH)
        return;
    node->stage = RCVD;
    node->wait_ns = in_ms(node, BOTH_MS);
}

/* ---- standby ---- */

static void begin_standby(struct classic *node, unsigned what)
{
    if (node->stage != STABLE || !node->peer_stable || node->standby != NONE ||
        node->peer == HB_STATUS_DEAD)
        return;
    node->standby = ME_SENT;
    node->given = what;
    node->standby_ns = in_ms(node, ANSWER_MS);
    say_standby(node, "me");
}

static void end_standby(struct classic *node)
{
    node->standby = NONE;
    node->standby_ns = HA_NEVER;
    report(node, node->holds, NULL);
}

static void hear_standby(struct classic *node, const struct hb_msg *msg)
{
    const char *info = hb_msg_text(msg, "info");
    unsigned what = hold_of(hb_msg_text(msg, "rsc_hold"));

    if (info == NULL || what == 0)
        return;
    if (strcmp(info, "me") == 0) {
        if (node->stage != STABLE || !node->peer_stable || node->standby != NONE)
            return;
        node->standby = PROMISED;
        node->given = what;
        node->standby_ns = in_ms(node, STANDBY_MS);
        say_standby(node, "other");
    } else if (strcmp(info, "other") == 0 && node->standby == ME_SENT) {
        node->standby = GIVING;
        node->standby_ns = in_ms(node, STANDBY_MS);
        node->holds &= ~node->given;
        node->failback_due = false;
        report(node, node->holds, "standby");
        want(node, node->given, false);
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

static void settle_standby(struct classic *node)
{
    if (node->standby_ns <= node->now->mono_ns)
        end_standby(node);
    if (node->standby == GIVING && !want(node, node->given, false)) {
        node->standby = GIVEN;
        say_standby(node, "done");
    } else if (node->standby == TAKING && !is_busy(node)) {
        say_standby(node, "done");
        end_standby(node);
    }
    if (node->standby == NONE && node->failback_due && node->failback_ns <= node->now->mono_ns &&
        node->peer != HB_STATUS_DEAD && node->peer_stable && node->stage == STABLE &&
        node->config->auto_failback == HB_FAILBACK_ON) {
        node->failback_ns = in_ms(node, 1000);
        if (node->holds & FOREIGN && !is_busy(node))
            begin_standby(node, FOREIGN);
    }
}

/* ---- coming and going ---- */

static void set_status(struct classic *node, enum hb_status status)
{
    node->status = status;
    send_status(node);
}

static void become_active(struct classic *node)
{
    node->ask_ns = HA_NEVER;
    set_status(node, HB_STATUS_ACTIVE);
    node->stage = STARTING;
    say(node, compose("starting"));
    if (node->peer == HB_STATUS_DEAD)
        take_all(node);
}

static void ask_nodes(struct classic *node)
{
    struct hb_msg *msg;

    if (node->peer == HB_STATUS_DEAD) {
        become_active(node);
        return;
    }
    msg = compose("reqnodes");
    hb_msg_add_text(msg, "dest", name_of(node, true));
    say(node, msg);
    node->ask_ns = in_ms(node, 1000);
}

static void peer_dies(struct classic *node)
{
    hb_actions_log(node->out, LOG_WARNING, "node %s: is dead", name_of(node, true));
    node->peer = HB_STATUS_DEAD;
    node->peer_deadline_ns = HA_NEVER;
    hb_seq_forget(&node->seq);
    if (node->standby != NONE) {
        node->standby = NONE;
        node->standby_ns = HA_NEVER;
    }
    if (node->stage >= STARTING && node->stage < SHUTDOWN)
        take_all(node);
}

static void stop(struct classic *node)
{
    if (node->stage >= SHUTDOWN)
        return;
    if (node->status != HB_STATUS_ACTIVE || (is_busy(node) && !node->restarting)) {
        node->stop_wished = true; /* delayed until current resource activity finishes */
        return;
    }
    send_status(node);
    node->stage = SHUTDOWN;
    node->standby = NONE;
    report(node, 0, "shutdown");
    want(node, LOCAL | FOREIGN, false);
}

static void settle_stop(struct classic *node)
{
    if (node->stop_wished && node->stage < SHUTDOWN)
        stop(node);
    if (node->stage == SHUTDOWN && !is_busy(node)) {
        struct hb_msg *msg = compose("shutdone");

        hb_msg_add_text(msg, "st", "dead");
        say(node, msg);
        node->stage = GONE;
        node->wait_ns = in_ms(node, FAREWELL_MS);
    } else if (node->stage == GONE && node->wait_ns <= node->now->mono_ns) {
        node->over = true;
        hb_actions_add(node->out, node->restarting ? HB_ACT_RESTART : HB_ACT_STOPPED);
    }
}

/* ---- messages ---- */

static void hear_status(struct classic *node, const struct hb_msg *msg, uint64_t number)
{
    uint64_t dt;

    if (number <= node->peer_status_number)
        return;
    node->peer_status_number = number;
    if (hb_msg_hex(msg, "dt", &dt))
        node->peer_dead_ns = ha_ms_to_ns(dt);
    node->peer_deadline_ns = node->now->mono_ns + node->peer_dead_ns;
    if (!node->comm_up)
        node->peer_deadline_ns = in_ms(node, node->config->initdead_ms);
    node->peer = g_strcmp0(hb_msg_text(msg, "st"), "active") == 0 ? HB_STATUS_ACTIVE : HB_STATUS_UP;
}

static void hear_resource(struct classic *node, const struct hb_msg *msg)
{
    const char *stable = hb_msg_text(msg, "isstable");
    bool was = node->peer_stable;

    node->peer_holds = hold_of(hb_msg_text(msg, "rsc_hold"));
    if (stable != NULL)
        node->peer_stable = strcmp(stable, "1") == 0;
    if (node->stage == STARTING || node->stage == BOTH)
        reported(node);
    if (node->peer_stable && !was && node->stage == STABLE && node->standby == NONE)
        report(node, node->holds, NULL);
    if (node->peer_stable && node->stage >= STARTING)
        become_stable(node);
}

static void hear_active(struct classic *node, const char *type, const struct hb_msg *msg)
{
    if (strcmp(type, "starting") == 0) {
        node->peer_stable = false;
        if (node->stage == STARTING)
            node->stage = BOTH;
        if (node->stage < SHUTDOWN)
            report(node, node->holds, NULL);
    } else if (strcmp(type, "resource") == 0) {
        hear_resource(node, msg);
    } else if (strcmp(type, "ask_resources") == 0) {
        hear_standby(node, msg);
    } else if (strcmp(type, "hb_takeover") == 0) {
        unsigned what = hold_of(hb_msg_text(msg, "rsc_hold"));

        begin_standby(node, what == (LOCAL | FOREIGN) ? what : what ^ (LOCAL | FOREIGN));
    } else if (strcmp(type, "shutdone") == 0 && node->stage < SHUTDOWN) {
        node->standby = NONE;
        node->standby_ns = HA_NEVER;
        take_all(node);
    }
}

static void hear(struct classic *node, const char *type, const struct hb_msg *msg, uint64_t number)
{
    if (strcmp(type, "status") == 0) {
        hear_status(node, msg, number);
    } else if (strcmp(type, "reqnodes") == 0) {
        struct hb_msg *answer = hb_msg_new();

        hb_msg_add_text(answer, "dest", name_of(node, true));
        hb_msg_add_text(answer, "t", "repnodes");
        hb_msg_add_text(answer, "nodelist", "alice bob ");
        hb_msg_add_text(answer, "delnodelist", " ");
        say(node, answer);
    } else if (strcmp(type, "repnodes") == 0) {
        if (node->status == HB_STATUS_UP && node->comm_up)
            become_active(node);
    } else if (node->status == HB_STATUS_ACTIVE) {
        hear_active(node, type, msg);
    }
}

static void resend(struct classic *node, const struct hb_msg *msg)
{
    uint64_t first, last;
    struct hb_msg *kept;

    if (!hb_msg_uint(msg, "firstseq", &first) || !hb_msg_uint(msg, "lastseq", &last))
        return;
    for (uint64_t i = first; i <= last && i < first + HB_SEQ_RANGE_MAX; i++) {
        if (hb_history_ask(&node->history, i, node->now->mono_ns, ha_ms_to_ns(240), &kept) ==
            HB_RESEND_NOW)
            hb_actions_send(node->out, kept);
    }
}

/* Generation, then sequence. False: not to be acted on. */
static bool is_new(struct classic *node, const char *type, uint64_t generation, uint64_t number)
{
    bool status = strcmp(type, "status") == 0;

    if (generation < node->peer_generation)
        return false;
    if (status && generation > node->peer_generation) {
        hb_actions_log(node->out, LOG_INFO, "Heartbeat restart on node %s", name_of(node, true));
        node->peer_generation = generation;
        node->peer_status_number = 0;
        hb_seq_restart(&node->seq, false);
    } else if (status && node->peer == HB_STATUS_DEAD) {
        if (number <= node->peer_status_number)
            return false;
        hb_actions_log(node->out, LOG_CRIT, "Cluster node %s returning after partition.",
                       name_of(node, true));
        hb_seq_resume(&node->seq, number - 1);
        send_status(node);
        node->heal_ns = MIN(node->heal_ns, in_ms(node, HEAL_MS));
    }
    return hb_seq_accepts(hb_seq_take(&node->seq, number, node->now->mono_ns, &node->rand,
                                      node->config->max_rexmit_delay_ms));
}

static void acknowledge(struct classic *node)
{
    struct hb_msg *msg;
    uint64_t number;

    if (!hb_seq_ack(&node->seq, &number))
        return;
    msg = compose("NS_ackmsg");
    hb_msg_add_text(msg, "dest", name_of(node, true));
    hb_msg_add_hex(msg, "ackseq", number);
    say(node, msg);
}

static void receive(struct classic *node, const struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t"), *dest = hb_msg_text(msg, "dest");
    bool for_us = dest == NULL || strcmp(dest, name_of(node, false)) == 0;
    uint64_t generation = 0, number = 0, refused;

    if (strcmp(hb_msg_text(msg, "src"), name_of(node, true)) != 0)
        return;
    if (strcmp(type, "NS_rexmit") == 0 && for_us) {
        resend(node, msg);
    } else if (strcmp(type, "NS_nak_rexmit") == 0 && for_us) {
        if (hb_msg_hex(msg, "firstseq", &refused))
            hb_seq_refused(&node->seq, refused);
    } else if (hb_msg_hex(msg, "seq", &number) && hb_msg_hex(msg, "hg", &generation)) {
        if (!is_new(node, type, generation, number))
            return;
        if (for_us)
            hear(node, type, msg, number);
        acknowledge(node);
    }
}

/* ---- a step ---- */

static void ask_again(struct classic *node)
{
    uint64_t first, last;

    while (node->peer != HB_STATUS_DEAD &&
           hb_seq_ask(&node->seq, node->now->mono_ns, node->config->max_rexmit_delay_ms, &first,
                      &last)) {
        struct hb_msg *msg = compose("NS_rexmit");

        hb_msg_add_text(msg, "dest", name_of(node, true));
        hb_msg_add_uint(msg, "firstseq", first);
        hb_msg_add_uint(msg, "lastseq", last);
        say(node, msg);
    }
}

static void timers(struct classic *node)
{
    uint64_t now_ns = node->now->mono_ns;

    for (; node->beat_ns <= now_ns; node->beat_ns += ha_ms_to_ns(node->config->keepalive_ms))
        send_status(node);
    if (node->peer_deadline_ns <= now_ns)
        peer_dies(node);
    if (!node->comm_up && (node->peer == HB_STATUS_DEAD || node->peer_status_number > 0)) {
        node->comm_up = true;
        if (node->peer != HB_STATUS_DEAD)
            node->peer_deadline_ns = now_ns + node->peer_dead_ns;
        ask_nodes(node);
    } else if (node->ask_ns <= now_ns) {
        ask_nodes(node);
    }
    if (node->stage == RCVD && node->wait_ns <= now_ns)
        become_stable(node);
    if (node->heal_ns <= now_ns) {
        node->heal_ns = HA_NEVER;
        node->restarting = true;
        stop(node);
    }
    ask_again(node);
    for (size_t i = 0; i < node->group_count; i++)
        hb_group_timer(&node->runs[i], now_ns, node->out);
}

static void start(struct classic *node)
{
    node->started_ns = node->now->mono_ns;
    node->beat_ns = in_ms(node, node->config->keepalive_ms);
    node->peer_deadline_ns = in_ms(node, node->config->initdead_ms);
    set_status(node, HB_STATUS_INIT);
    set_status(node, HB_STATUS_UP);
}

static uint64_t next_ns(const struct classic *node)
{
    uint64_t now_ns = node->now->mono_ns, next = MIN(node->beat_ns, node->peer_deadline_ns);

    next = MIN(next, MIN(node->ask_ns, node->heal_ns));
    next = MIN(next, MIN(node->wait_ns, node->standby_ns));
    if (node->failback_due && node->failback_ns > now_ns)
        next = MIN(next, node->failback_ns);
    if (node->peer != HB_STATUS_DEAD)
        next = MIN(next, hb_seq_next_ns(&node->seq));
    for (size_t i = 0; i < node->group_count; i++)
        next = MIN(next, node->runs[i].retry_ns);
    return MAX(next, now_ns + 1);
}

void classic_step(struct classic *node, const struct hb_now *now, const struct hb_event *event,
                  struct hb_actions *actions)
{
    if (node->over)
        return;
    node->now = now;
    node->out = actions;
    if (node->failback_ns == HA_NEVER)
        node->failback_ns = 0;
    if (event->kind == HB_EV_START)
        start(node);
    else if (event->kind == HB_EV_MESSAGE)
        receive(node, event->msg);
    else if (event->kind == HB_EV_OP_DONE)
        hb_group_op_done(&node->runs[hb_group_of_op(event->op_id)], event->op_id, event->result,
                         event->detail, now->mono_ns, actions);
    else if (event->kind == HB_EV_STANDBY)
        begin_standby(node, (const unsigned[]){LOCAL | FOREIGN, LOCAL, FOREIGN}[event->what]);
    else if (event->kind == HB_EV_STOP)
        stop(node);
    timers(node);
    settle_standby(node);
    settle_stop(node);
    node->wake_ns = node->over ? HA_NEVER : next_ns(node);
}

uint64_t classic_wake_ns(const struct classic *node)
{
    return node->wake_ns;
}

bool classic_wants(const struct classic *node, size_t group)
{
    return node->runs[group].wanted;
}

bool classic_is_stable(const struct classic *node)
{
    return node->status == HB_STATUS_ACTIVE && node->stage == STABLE;
}

bool classic_sees_peer(const struct classic *node)
{
    return node->peer == HB_STATUS_ACTIVE;
}
