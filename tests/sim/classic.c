/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model of a 3.0.6 node (classic.h). Groups are run by the core's own group.c. */
#include "tests/sim/classic.h"

#include <string.h>
#include <syslog.h>

#include "heartbeatd/core/actions.h"
#include "tests/sim/classic_inner.h"

static const char *const holds[] = {"none", "local", "foreign", "all"};

unsigned classic_hold_of(const char *text)
{
    for (unsigned i = 1; text != NULL && i < 4; i++) {
        if (strcmp(text, holds[i]) == 0)
            return i;
    }
    return 0;
}

uint64_t classic_in_ms(const struct classic *node, uint64_t ms)
{
    return node->now->mono_ns + ha_ms_to_ns(ms);
}

const char *classic_name_of(const struct classic *node, bool peer)
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

    hb_msg_add_text(msg, "src", classic_name_of(node, false));
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

void classic_report(struct classic *node, unsigned what, const char *info)
{
    struct hb_msg *msg = compose("resource");

    hb_msg_add_text(msg, "rsc_hold", holds[what]);
    hb_msg_add_text(msg, "rtype", "full");
    hb_msg_add_text(msg, "isstable", node->stage == STABLE && info == NULL ? "1" : "0");
    if (info != NULL)
        hb_msg_add_text(msg, "info", info);
    say(node, msg);
    classic_reported(node);
}

void classic_say_standby(struct classic *node, const char *info)
{
    struct hb_msg *msg = compose("ask_resources");

    hb_msg_add_text(msg, "info", info);
    hb_msg_add_text(msg, "rsc_hold", holds[node->given]);
    say(node, msg);
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
        classic_take_all(node);
}

static void ask_nodes(struct classic *node)
{
    struct hb_msg *msg;

    if (node->peer == HB_STATUS_DEAD) {
        become_active(node);
        return;
    }
    msg = compose("reqnodes");
    hb_msg_add_text(msg, "dest", classic_name_of(node, true));
    say(node, msg);
    node->ask_ns = classic_in_ms(node, 1000);
}

static void peer_dies(struct classic *node)
{
    hb_actions_log(node->out, LOG_WARNING, "node %s: is dead", classic_name_of(node, true));
    node->peer = HB_STATUS_DEAD;
    node->peer_deadline_ns = HA_NEVER;
    hb_seq_forget(&node->seq);
    if (node->standby != NONE) {
        node->standby = NONE;
        node->standby_ns = HA_NEVER;
    }
    if (node->stage >= STARTING && node->stage < SHUTDOWN)
        classic_take_all(node);
}

static void stop(struct classic *node)
{
    if (node->stage >= SHUTDOWN)
        return;
    if (node->status != HB_STATUS_ACTIVE || (classic_is_busy(node) && !node->restarting)) {
        node->stop_wished = true; /* delayed until current resource activity finishes */
        return;
    }
    send_status(node);
    node->stage = SHUTDOWN;
    node->standby = NONE;
    classic_report(node, 0, "shutdown");
    classic_want(node, LOCAL | FOREIGN, false);
}

static void settle_stop(struct classic *node)
{
    if (node->stop_wished && node->stage < SHUTDOWN)
        stop(node);
    if (node->stage == SHUTDOWN && !classic_is_busy(node)) {
        struct hb_msg *msg = compose("shutdone");

        hb_msg_add_text(msg, "st", "dead");
        say(node, msg);
        node->stage = GONE;
        node->wait_ns = classic_in_ms(node, FAREWELL_MS);
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
        node->peer_deadline_ns = classic_in_ms(node, node->config->initdead_ms);
    node->peer = g_strcmp0(hb_msg_text(msg, "st"), "active") == 0 ? HB_STATUS_ACTIVE : HB_STATUS_UP;
}

static void hear_resource(struct classic *node, const struct hb_msg *msg)
{
    const char *stable = hb_msg_text(msg, "isstable");
    bool was = node->peer_stable;

    node->peer_holds = classic_hold_of(hb_msg_text(msg, "rsc_hold"));
    if (stable != NULL)
        node->peer_stable = strcmp(stable, "1") == 0;
    if (node->stage == STARTING || node->stage == BOTH)
        classic_reported(node);
    if (node->peer_stable && !was && node->stage == STABLE && node->standby == NONE)
        classic_report(node, node->holds, NULL);
    if (node->peer_stable && node->stage >= STARTING)
        classic_become_stable(node);
}

static void hear_active(struct classic *node, const char *type, const struct hb_msg *msg)
{
    if (strcmp(type, "starting") == 0) {
        node->peer_stable = false;
        if (node->stage == STARTING)
            node->stage = BOTH;
        if (node->stage < SHUTDOWN)
            classic_report(node, node->holds, NULL);
    } else if (strcmp(type, "resource") == 0) {
        hear_resource(node, msg);
    } else if (strcmp(type, "ask_resources") == 0) {
        classic_hear_standby(node, msg);
    } else if (strcmp(type, "hb_takeover") == 0) {
        unsigned what = classic_hold_of(hb_msg_text(msg, "rsc_hold"));

        classic_begin_standby(node, what == (LOCAL | FOREIGN) ? what : what ^ (LOCAL | FOREIGN));
    } else if (strcmp(type, "shutdone") == 0 && node->stage < SHUTDOWN) {
        node->standby = NONE;
        node->standby_ns = HA_NEVER;
        classic_take_all(node);
    }
}

static void hear(struct classic *node, const char *type, const struct hb_msg *msg, uint64_t number)
{
    if (strcmp(type, "status") == 0) {
        hear_status(node, msg, number);
    } else if (strcmp(type, "reqnodes") == 0) {
        struct hb_msg *answer = hb_msg_new();

        hb_msg_add_text(answer, "dest", classic_name_of(node, true));
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
        hb_actions_log(node->out, LOG_INFO, "Heartbeat restart on node %s",
                       classic_name_of(node, true));
        node->peer_generation = generation;
        node->peer_status_number = 0;
        hb_seq_restart(&node->seq, false);
    } else if (status && node->peer == HB_STATUS_DEAD) {
        if (number <= node->peer_status_number)
            return false;
        hb_actions_log(node->out, LOG_CRIT, "Cluster node %s returning after partition.",
                       classic_name_of(node, true));
        hb_seq_resume(&node->seq, number - 1);
        send_status(node);
        node->heal_ns = MIN(node->heal_ns, classic_in_ms(node, HEAL_MS));
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
    hb_msg_add_text(msg, "dest", classic_name_of(node, true));
    hb_msg_add_hex(msg, "ackseq", number);
    say(node, msg);
}

static void receive(struct classic *node, const struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t"), *dest = hb_msg_text(msg, "dest");
    bool for_us = dest == NULL || strcmp(dest, classic_name_of(node, false)) == 0;
    uint64_t generation = 0, number = 0, refused;

    if (strcmp(hb_msg_text(msg, "src"), classic_name_of(node, true)) != 0)
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

        hb_msg_add_text(msg, "dest", classic_name_of(node, true));
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
        classic_become_stable(node);
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
    node->beat_ns = classic_in_ms(node, node->config->keepalive_ms);
    node->peer_deadline_ns = classic_in_ms(node, node->config->initdead_ms);
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
        classic_begin_standby(node,
                              (const unsigned[]){LOCAL | FOREIGN, LOCAL, FOREIGN}[event->what]);
    else if (event->kind == HB_EV_STOP)
        stop(node);
    timers(node);
    classic_settle_standby(node);
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
