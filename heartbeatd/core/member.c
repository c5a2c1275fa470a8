/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is in: our own start and beats, the others' beats and deaths, the node
 * list both ends compare before they become active, and our own lateness. Times
 * are exact: a beat is due keepalive after the one before, whatever happened in
 * between, or goes along with another's (beat_if_due); and a node is dead at its
 * last beat + its dead time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

#define SETTLING_MS       5000    /* we promise less in our first seconds, or until we are stable */
#define SETTLING_EXTRA_MS 2000
#define ASK_NODES_MS      1000
#define DEADTIME_MAX_MS   86400000
#define LATE_LEAST_MS     20      /* not worth a thought below that */
#define SAY_LATE_MS       10000   /* not more often, but if it was for longer */

static uint64_t dead_after_ns(const struct hb_core *core, const struct hb_node *node)
{
    uint64_t dead_ns = node->dead_ns > 0 ? node->dead_ns : ha_ms_to_ns(core->config->deadtime_ms);

    return core->comm_up || core->inherited
               ? dead_ns
               : MAX(dead_ns, ha_ms_to_ns(core->config->initdead_ms));
}

/* ---- our own beats ---- */

void hb_member_send_status(struct hb_core *core)
{
    struct hb_msg *msg = hb_compose("status");
    uint64_t deadtime_ms = core->config->deadtime_ms;

    if (core->patience ||
        (core->stage != HB_STAGE_STABLE &&
         hb_mono(core) < ha_after_ns(core->started_ns, ha_ms_to_ns(SETTLING_MS))))
        deadtime_ms += SETTLING_EXTRA_MS;
    hb_msg_add_text(msg, "st", hb_status_name(core->status));
    hb_msg_add_hex(msg, "dt", deadtime_ms);
    hb_msg_add_text(msg, "protocol", "1");
    hb_send(core, msg);
    hb_pings_ask(core);
    core->sent_beat_ns = hb_mono(core);
}

static void set_status(struct hb_core *core, enum hb_status status)
{
    core->status = status;
    core->nodes[core->self].status = status;
    if (status != HB_STATUS_INIT)
        hb_say(core, LOG_INFO, "Local status now set to: '%s'", hb_status_name(status));
    hb_actions_add(core->out, HB_ACT_STATUS);
    hb_member_send_status(core);
    hb_actions_node(core->out, core->self, status, NULL);
}

void hb_member_start(struct hb_core *core)
{
    uint64_t now_ns = hb_mono(core);

    core->started_ns = now_ns;
    core->next_beat_ns = ha_after_ns(now_ns, ha_ms_to_ns(core->config->keepalive_ms));
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self)
            core->nodes[i].deadline_ns =
                ha_after_ns(now_ns, dead_after_ns(core, &core->nodes[i]));
    }
    hb_pings_start(core);
    set_status(core, HB_STATUS_INIT);
    set_status(core, HB_STATUS_UP);
}

/*
 * Another's beat has woken us: if half of the time to ours is over, ours goes with
 * it, and from then on two nodes wake up together and not each for its own beat and
 * once more for the other's. Who goes along waits for the other a little longer than
 * keepalive the next time, so that it does not become the first by a hair.
 */
static void beat_if_due(struct hb_core *core)
{
    uint64_t now_ns = hb_mono(core), keepalive_ns = ha_ms_to_ns(core->config->keepalive_ms);

    if (core->next_beat_ns <= now_ns)
        core->next_beat_ns += (1 + (now_ns - core->next_beat_ns) / keepalive_ns) * keepalive_ns;
    else if (core->heard_beat && core->next_beat_ns - now_ns <= keepalive_ns / 2)
        core->next_beat_ns = ha_after_ns(now_ns, keepalive_ns + keepalive_ns / 16);
    else
        return;
    hb_member_send_status(core);
    hb_receive_acknowledge(core);
}

/* ---- our own lateness ---- */

static void say_held_up(struct hb_core *core, uint64_t late_ns)
{
    struct hb_lateness *said = &core->lateness;
    uint64_t now_ns = hb_mono(core);
    char more[64] = "";

    if (said->said_ns > 0 && now_ns - said->said_ns < ha_ms_to_ns(SAY_LATE_MS) &&
        late_ns <= said->longest_ns) {
        said->unsaid++;
        return;
    }
    if (said->unsaid > 0)
        snprintf(more, sizeof more, " (%u times more since this was last said)", said->unsaid);
    hb_say(core, LOG_WARNING, "this node was held up for %" PRIu64 " ms; judging nobody by it%s",
           late_ns / HA_NS_PER_MS, more);
    *said = (struct hb_lateness){.said_ns = now_ns, .longest_ns = late_ns};
}

/* We were not there to hear anybody: nobody is judged for that time. After long
 * enough for others to have counted us dead, we trust nothing they said before. */
void hb_member_held_up(struct hb_core *core, uint64_t late_ns)
{
    uint64_t now_ns = hb_mono(core);
    uint64_t keepalive_ns = ha_ms_to_ns(core->config->keepalive_ms);
    uint64_t deadtime_ns = ha_ms_to_ns(core->config->deadtime_ms);
    const struct hb_absence absence = {.now_ns = now_ns, .late_ns = late_ns,
                                       .very = late_ns > MIN(keepalive_ns, deadtime_ns / 4)};

    for (size_t i = 0; i < core->node_count; i++) {
        struct hb_node *node = &core->nodes[i];
        uint64_t dead_ns = node->dead_ns > 0 ? node->dead_ns : deadtime_ns;

        node->deadline_ns = hb_absence_excuse(&absence, node->deadline_ns, dead_ns, &node->excused);
        hb_links_excuse(&node->links, &absence, dead_after_ns(core, node));
        if (absence.very)
            node->beat_ns = 0;
    }
    hb_pings_excuse(core, &absence);
    if (absence.very)
        say_held_up(core, late_ns);
    if (late_ns > deadtime_ns / 2) {
        bool again = core->doubt_ns > 0 && core->doubt_ns >= now_ns - late_ns; /* no time to settle between */

        hb_word_renew_trust(core);
        core->doubt_ns = hb_absence_excuse(&absence, core->doubt_ns, keepalive_ns, &again);
    }
}

void hb_member_late(struct hb_core *core)
{
    uint64_t now_ns = hb_mono(core);

    if (core->wake_ns < now_ns && now_ns - core->wake_ns >= ha_ms_to_ns(LATE_LEAST_MS))
        hb_member_held_up(core, now_ns - core->wake_ns);
}

/* ---- the others ---- */

bool hb_member_alone(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self && !hb_node_out(&core->nodes[i]))
            return false;
    }
    return true;
}

/* *out: as it was, and mostly is. */
static bool status_find(const char *text, enum hb_status *out)
{
    if (text != NULL && *out < HB_STATUS_DEAD && strcmp(text, hb_status_name(*out)) == 0)
        return true;
    for (int status = 0; text != NULL && status < HB_STATUS_DEAD; status++) {
        if (strcmp(text, hb_status_name((enum hb_status)status)) == 0) {
            *out = (enum hb_status)status;
            return true;
        }
    }
    return false;
}

static void read_deadtime(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg)
{
    uint64_t ms, ours = core->config->deadtime_ms, before_ns = node->dead_ns;

    if (!hb_msg_hex(msg, "dt", &ms) || ms == 0 || ms > DEADTIME_MAX_MS)
        return;
    node->dead_ns = ha_ms_to_ns(ms);
    if (node->dead_ns != before_ns && ms != ours && ms != ours + SETTLING_EXTRA_MS)
        hb_say(core, LOG_WARNING, "node %s asks to be counted dead after %" PRIu64
               " ms; deadtime here is %" PRIu64 " ms", node->name, ms, ours);
}

void hb_member_status(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg,
                      uint64_t number)
{
    uint64_t now_ns = hb_mono(core), before_ns = node->beat_ns;
    enum hb_status status = node->status;

    if (!hb_node_beat(node, number, now_ns))
        return;
    core->heard_beat = true;
    if (before_ns > 0 && now_ns - before_ns > ha_ms_to_ns(core->config->warntime_ms))
        hb_say(core, LOG_WARNING, "Late heartbeat: Node %s: interval %" PRIu64 " ms", node->name,
               (now_ns - before_ns) / HA_NS_PER_MS);
    read_deadtime(core, node, msg);
    node->deadline_ns = ha_after_ns(now_ns, dead_after_ns(core, node));
    if (!status_find(hb_msg_text(msg, "st"), &status))
        status = status == HB_STATUS_DEAD ? HB_STATUS_UP : status;
    if (status == node->status)
        return;
    node->status = status;
    hb_say(core, LOG_INFO, "Status update for node %s: status %s", node->name,
           hb_status_name(status));
    hb_actions_node(core->out, (size_t)(node - core->nodes), status, msg);
    hb_actions_add(core->out, HB_ACT_STATUS);
}

static void node_dies(struct hb_core *core, struct hb_node *node)
{
    hb_say(core, LOG_WARNING, "node %s: is dead", node->name);
    hb_fence_lost(core, node);
    hb_standby_lost(core, node);
    hb_owner_home_gone(core, node);
    hb_node_die(node, core->group_count);
    if (core->ask_nodes_ns != HA_NEVER)
        core->ask_nodes_ns = hb_mono(core); /* it may have been the one we asked */
    hb_actions_node(core->out, (size_t)(node - core->nodes), HB_STATUS_DEAD, NULL);
    hb_actions_add(core->out, HB_ACT_STATUS);
    if (node->hearth)
        hb_word_hurry(core); /* it may hear us, and counts on us to say that we do not hear it */
}

static void ask_again(struct hb_core *core, struct hb_node *node)
{
    uint64_t first, last;

    while (hb_seq_ask(&node->seq, hb_mono(core), core->config->max_rexmit_delay_ms, &first,
                      &last)) {
        struct hb_msg *msg = hb_compose("NS_rexmit");

        hb_msg_add_text(msg, "dest", node->name);
        hb_msg_add_uint(msg, "firstseq", first);
        hb_msg_add_uint(msg, "lastseq", last);
        hb_send(core, msg);
    }
}

static void watch_node(struct hb_core *core, struct hb_node *node)
{
    const struct hb_link *link;

    if (node->deadline_ns <= hb_mono(core))
        node_dies(core, node);
    while ((link = hb_links_expire(&node->links, hb_mono(core), dead_after_ns(core, node)))) {
        hb_say(core, LOG_WARNING, "Link %s:%s dead.", node->name, link->name);
        hb_actions_link(core->out, (size_t)(node - core->nodes), link->name, false);
        hb_actions_add(core->out, HB_ACT_STATUS);
    }
    if (hb_node_alive(node))
        ask_again(core, node);
}

/* ---- becoming active ---- */

static void become_active(struct hb_core *core)
{
    core->ask_nodes_ns = HA_NEVER;
    set_status(core, HB_STATUS_ACTIVE);
    hb_dialogue_active(core);
}

/* Asks the next node alive for its list; without one there is nobody to agree with. */
static void ask_nodes(struct hb_core *core)
{
    for (size_t i = 1; i <= core->node_count; i++) {
        size_t index = (core->asked_node + i) % core->node_count;
        struct hb_msg *msg;

        if (core->nodes[index].self || hb_node_out(&core->nodes[index]))
            continue;
        msg = hb_compose("reqnodes");
        hb_msg_add_text(msg, "dest", core->nodes[index].name);
        hb_send(core, msg);
        core->asked_node = index;
        core->ask_nodes_ns = ha_after_ns(hb_mono(core), ha_ms_to_ns(ASK_NODES_MS));
        return;
    }
    become_active(core);
}

/* Once each node was heard or is dead. */
static bool communication_is_up(const struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && hb_node_alive(node) && node->status_number == 0)
            return false;
    }
    return hb_pings_known(core);
}

static void communication_up(struct hb_core *core)
{
    core->comm_up = true;
    for (size_t i = 0; i < core->node_count; i++) {
        struct hb_node *node = &core->nodes[i];

        if (!node->self && hb_node_alive(node))
            node->deadline_ns = ha_after_ns(node->beat_ns > 0 ? node->beat_ns : hb_mono(core),
                                            dead_after_ns(core, node));
    }
    hb_pings_communication_up(core);
    ask_nodes(core);
}

void hb_member_reqnodes(struct hb_core *core, struct hb_node *node)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "dest", node->name);
    hb_msg_add_text(msg, "t", "repnodes");
    hb_roster_describe(core, msg);
    hb_send(core, msg);
}

void hb_member_repnodes(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg)
{
    if (core->status != HB_STATUS_UP || !core->comm_up)
        return; /* nobody asked */
    hb_roster_learn(core, node, msg);
    become_active(core);
}

static void watch_nodes(struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++)
        watch_node(core, &core->nodes[i]);
    hb_pings_timers(core);
}

void hb_member_timers(struct hb_core *core)
{
    beat_if_due(core);
    core->heard_beat = false;
    hb_suspect_timers(core);
    watch_nodes(core);
    if (!core->comm_up && communication_is_up(core)) {
        communication_up(core);
        watch_nodes(core); /* by shorter times now */
    } else if (core->ask_nodes_ns <= hb_mono(core))
        ask_nodes(core);
}

uint64_t hb_member_next_ns(const struct hb_core *core)
{
    uint64_t next_ns = MIN(core->next_beat_ns, MIN(core->word_ns, core->ask_nodes_ns));

    for (size_t i = 0; i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        next_ns = MIN(next_ns, node->deadline_ns);
        next_ns = MIN(next_ns, hb_links_next_ns(&node->links, dead_after_ns(core, node)));
        if (hb_node_alive(node))
            next_ns = MIN(next_ns, hb_seq_next_ns(&node->seq));
    }
    next_ns = MIN(next_ns, hb_suspect_next_ns(core));
    return MIN(next_ns, hb_pings_next_ns(core));
}
