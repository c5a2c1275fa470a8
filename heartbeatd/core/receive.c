/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message on its way in: who sent it, in which of its lives, whether it is
 * new, and who here deals with its type. What is refused costs a counter;
 * nothing from the wire can do more than its type allows.
 */
#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

/* A node in its first messages is asked for those before them. */
#define FROM_START_MAX 50
/* Resent to a 3.0.6 node no sooner than its own next request, less this. */
#define RESEND_EARLY_MS 10

/* One message, taken apart as far as everybody needs it. */
struct arrival {
    struct hb_node *node;
    const struct hb_msg *msg;
    const char *type, *link;
    uint64_t generation, number;
    struct hb_proof_words proof;
    bool for_us;
};

static bool is_for_us(const struct hb_core *core, const struct hb_msg *msg)
{
    const struct hb_field *uuid = hb_msg_find(msg, "destuuid");
    const char *dest = hb_msg_text(msg, "dest");

    if (uuid != NULL && uuid->type == HB_FIELD_BINARY && uuid->length == HB_UUID_BYTES)
        return memcmp(uuid->value, core->uuid, HB_UUID_BYTES) == 0;
    return dest == NULL || g_ascii_strcasecmp(dest, core->nodes[core->self].name) == 0;
}

static const uint8_t *uuid_of(const struct hb_msg *msg)
{
    const struct hb_field *uuid = hb_msg_find(msg, "srcuuid");

    return uuid != NULL && uuid->type == HB_FIELD_BINARY && uuid->length == HB_UUID_BYTES
               ? uuid->value
               : NULL;
}

/* By uuid first, then by name: a node may have been renamed, never two be one. */
static struct hb_node *find_sender(const struct hb_core *core, const struct hb_msg *msg)
{
    const uint8_t *uuid = uuid_of(msg);
    const char *src = hb_msg_text(msg, "src");

    for (size_t i = 0; uuid != NULL && i < core->node_count; i++) {
        struct hb_node *node = &core->nodes[i];

        if (node->uuid_known && memcmp(node->uuid, uuid, HB_UUID_BYTES) == 0)
            return node;
    }
    for (size_t i = 0; i < core->node_count; i++) {
        struct hb_node *node = &core->nodes[i];

        if (g_ascii_strcasecmp(node->name, src) == 0) /* our name, but not we? */
            return uuid != NULL && node->self ? NULL : node;
    }
    return NULL;
}

/* Once the message is believed. */
static void learn_uuid(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg)
{
    const uint8_t *uuid = uuid_of(msg);

    if (uuid == NULL || (node->uuid_known && memcmp(node->uuid, uuid, HB_UUID_BYTES) == 0))
        return;
    if (node->uuid_known)
        hb_say(core, LOG_INFO, "node %s has a new uuid", node->name);
    memcpy(node->uuid, uuid, HB_UUID_BYTES);
    node->uuid_known = true;
}

static void link_heard(struct hb_core *core, struct hb_node *node, const char *link)
{
    if (!hb_links_heard(&node->links, link, hb_mono(core)))
        return;
    hb_say(core, LOG_INFO, "Link %s:%s up.", node->name, link);
    hb_actions_link(core->out, (size_t)(node - core->nodes),
                    hb_links_find(&node->links, link)->name, true);
    hb_actions_add(core->out, HB_ACT_STATUS);
}

/* ---- messages without a number ---- */

static void refuse_resend(struct hb_core *core, const struct hb_node *node, uint64_t number,
                          const char *why)
{
    struct hb_msg *msg = hb_compose("NS_nak_rexmit");

    hb_msg_add_hex(msg, "firstseq", number);
    hb_msg_add_text(msg, "dest", node->name);
    hb_msg_add_text(msg, "info", why);
    hb_send(core, msg);
}

static void resend(struct hb_core *core, const struct arrival *in)
{
    uint64_t first, last, quiet_ms = core->config->max_rexmit_delay_ms;
    struct hb_msg *msg;

    if (!hb_msg_uint(in->msg, "firstseq", &first) || !hb_msg_uint(in->msg, "lastseq", &last) ||
        first == 0 || last < first)
        return;
    last = MIN(last, first + HB_SEQ_RANGE_MAX - 1);
    quiet_ms -= MIN(quiet_ms, RESEND_EARLY_MS);
    for (uint64_t number = MAX(first, in->node->acked + 1); number <= last; number++) {
        switch (hb_history_ask(&core->history, number, hb_mono(core), ha_ms_to_ns(quiet_ms),
                               &msg)) {
        case HB_RESEND_NOW:
            hb_actions_send(core->out, msg);
            break;
        case HB_RESEND_TOO_LOW:
            refuse_resend(core, in->node, number, "seqno too low");
            break;
        case HB_RESEND_NOT_FOUND:
            refuse_resend(core, in->node, number, "seqno not found");
            break;
        default:
            break;
        }
    }
}

static void resend_refused(struct hb_core *core, const struct arrival *in)
{
    uint64_t number;

    if (hb_msg_hex(in->msg, "firstseq", &number) && hb_seq_refused(&in->node->seq, number))
        hb_say(core, LOG_ERR, "Irretrievably lost packet: node %s seq %" PRIu64, in->node->name,
               number);
}

static void acknowledged(struct hb_core *core, const struct arrival *in)
{
    uint64_t number;

    if (hb_msg_hex(in->msg, "ackseq", &number) && number <= core->number)
        in->node->acked = MAX(in->node->acked, number);
}

/* ---- messages with one ---- */

/* A 3.0.6 node becomes active once somebody answered it, or everybody else is dead to it. One whose
 * life began when we were active, and which is active without having asked us, has not heard us:
 * both have taken everything, and it will not notice. */
static void is_it_apart(struct hb_core *core, const struct arrival *in)
{
    const char *its_status = hb_msg_text(in->msg, "st");

    if (!in->node->apart || its_status == NULL || strcmp(its_status, "active") != 0)
        return;
    in->node->apart = false;
    hb_say(core, LOG_CRIT, "Cluster node %s has started apart from this one.", in->node->name);
    hb_dialogue_heal(core);
}

static void status(struct hb_core *core, const struct arrival *in)
{
    is_it_apart(core, in);
    hb_member_status(core, in->node, in->msg, in->number);
}

static void reqnodes(struct hb_core *core, const struct arrival *in)
{
    if (core->doubt_ns <= hb_mono(core)) /* else the question may be old, and our answer too late */
        in->node->apart = false;
    hb_member_reqnodes(core, in->node);
}

static void repnodes(struct hb_core *core, const struct arrival *in)
{
    hb_member_repnodes(core, in->node, in->msg);
}

static void starting(struct hb_core *core, const struct arrival *in)
{
    hb_dialogue_starting(core, in->node, in->number);
}

static void resource(struct hb_core *core, const struct arrival *in)
{
    hb_dialogue_resource(core, in->node, in->msg, in->number);
}

static void shutdone(struct hb_core *core, const struct arrival *in)
{
    hb_dialogue_shutdone(core, in->node);
}

static void ask_resources(struct hb_core *core, const struct arrival *in)
{
    hb_standby_message(core, in->node, in->msg, in->number);
}

static void addnode(struct hb_core *core, const struct arrival *in)
{
    hb_roster_addnode(core, in->msg);
}

static void delnode(struct hb_core *core, const struct arrival *in)
{
    hb_roster_delnode(core, in->msg);
}

static void setweight(struct hb_core *core, const struct arrival *in)
{
    hb_roster_setweight(core, in->msg);
}

static void setsite(struct hb_core *core, const struct arrival *in)
{
    hb_roster_setsite(core, in->msg);
}

static void ip_request(struct hb_core *core, const struct arrival *in)
{
    hb_legacy_request(core, in->node, in->msg);
}

static void ip_request_resp(struct hb_core *core, const struct arrival *in)
{
    hb_legacy_response(core, in->node, in->msg);
}

static void stonith(struct hb_core *core, const struct arrival *in)
{
    if (!in->node->self)
        hb_fence_heard(core, in->node, in->msg);
}

static void hb_takeover(struct hb_core *core, const struct arrival *in)
{
    hb_standby_taken_over(core, in->node, in->msg);
}

/* Types 3.0.6 deals with only once it is active are dealt with then here too. */
#define WHEN_ACTIVE 1
/* Scripts may want to know; of types not in the table they always may. */
#define HEARD       2
/* Dealt with when it is our own, too. */
#define OWN         4

static const struct handler {
    const char *type;
    unsigned when;
    void (*handle)(struct hb_core *core, const struct arrival *in);
} handlers[] = {
    {"status", 0, status},
    {"NS_ackmsg", 0, acknowledged},
    {"NS_rexmit", 0, resend},
    {"NS_nak_rexmit", 0, resend_refused},
    {"reqnodes", 0, reqnodes},
    {"repnodes", 0, repnodes},
    {"resource", 0, resource},
    {"shutdone", 0, shutdone},
    {"starting", WHEN_ACTIVE, starting},
    {"ask_resources", WHEN_ACTIVE, ask_resources},
    {"stonith", WHEN_ACTIVE | HEARD | OWN, stonith},
    {"hb_takeover", WHEN_ACTIVE | HEARD, hb_takeover},
    {"addnode", HEARD | OWN, addnode},
    {"delnode", HEARD | OWN, delnode},
    {"setweight", HEARD | OWN, setweight},
    {"setsite", HEARD | OWN, setsite},
    {"ip-request", WHEN_ACTIVE | HEARD, ip_request},
    {"ip-request-resp", WHEN_ACTIVE | HEARD, ip_request_resp},
};
static const struct handler anything = {NULL, WHEN_ACTIVE | HEARD | OWN, NULL};

static const struct handler *find_handler(const char *type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
        if (strcmp(handlers[i].type, type) == 0)
            return &handlers[i];
    }
    return &anything;
}

static void dispatch(struct hb_core *core, const struct arrival *in)
{
    const struct handler *handler = find_handler(in->type);

    if ((handler->when & WHEN_ACTIVE) && core->status != HB_STATUS_ACTIVE)
        return;
    if (handler->handle != NULL && (!in->node->self || (handler->when & OWN)))
        handler->handle(core, in);
    if (handler->when & HEARD)
        hb_actions_add(core->out, HB_ACT_HEARD)->msg = hb_msg_ref((struct hb_msg *)in->msg);
}

void hb_receive_own(struct hb_core *core, struct hb_msg *msg)
{
    struct arrival in = {.node = &core->nodes[core->self],
                         .msg = msg,
                         .type = hb_msg_text(msg, "t"),
                         .generation = core->generation,
                         .number = core->number,
                         .for_us = is_for_us(core, msg)};

    if (in.for_us)
        dispatch(core, &in);
}

/* What is for us acts first: clients hear of a status when it counts. */
static void take(struct hb_core *core, const struct arrival *in)
{
    if (!in->for_us)
        return;
    dispatch(core, in);
    hb_client_hears(core, in->node, in->msg);
}

static void acknowledge(struct hb_core *core, struct hb_node *node)
{
    struct hb_msg *msg;
    uint64_t number;

    if (!hb_seq_ack(&node->seq, &number))
        return;
    msg = hb_compose("NS_ackmsg");
    hb_msg_add_text(msg, "dest", node->name);
    hb_msg_add_hex(msg, "ackseq", number);
    hb_send(core, msg);
}

/* A Hearth node needs none soon: it keeps what it sent, acknowledged or not. With our beat it wakes
 * up for both at once. */
void hb_receive_acknowledge(struct hb_core *core)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (!core->nodes[i].self && core->nodes[i].hearth)
            acknowledge(core, &core->nodes[i]);
    }
}

/* A node whose first message we miss: did we live already when it was sent? */
static bool lived_before(const struct hb_core *core, uint64_t number)
{
    uint64_t its_life_ns = ha_ms_to_ns(2 * (number + 5) * core->config->keepalive_ms);

    return ha_after_ns(core->started_ns, its_life_ns) <= hb_mono(core);
}

/* See is_it_apart(). Among more than two nodes another may have answered it. */
static bool may_be_apart(const struct hb_core *core, const struct arrival *in)
{
    return core->status == HB_STATUS_ACTIVE && in->proof.nonce == 0 &&
           hb_msg_find(in->msg, "hstate") == NULL &&
           (core->node_count == 2 || in->node->status == HB_STATUS_DEAD);
}

static void begin_life(struct hb_core *core, const struct arrival *in, bool first)
{
    struct hb_node *node = in->node;
    bool from_start = in->number <= FROM_START_MAX && (!first || lived_before(core, in->number));
    bool apart = may_be_apart(core, in);

    if (!first) {
        hb_say(core, LOG_INFO, "Heartbeat restart on node %s", node->name);
        hb_standby_lost(core, node);
    }
    if (node->status != HB_STATUS_INIT)
        hb_actions_node(core->out, (size_t)(node - core->nodes), HB_STATUS_INIT, in->msg);
    hb_proof_begin(core, node, &in->proof, in->generation);
    hb_node_begin(node, in->generation, from_start, core->group_count);
    node->apart = apart;
    if (in->proof.nonce != 0)
        node->hearth = true; /* it will tell what it has: until then nothing of it is free */
    else if (core->status == HB_STATUS_ACTIVE)
        hb_member_send_status(core); /* in legacy mode 3.0.6 takes whom it hears by another message
                                      * first for dead, and takes everything */
    if (node->deadline_ns == HA_NEVER || core->comm_up)
        node->deadline_ns = ha_after_ns(
            hb_mono(core), node->dead_ns > 0 ? node->dead_ns
                                             : ha_ms_to_ns(core->config->deadtime_ms));
}

static void comes_back(struct hb_core *core, const struct arrival *in)
{
    hb_say(core, LOG_CRIT, "Cluster node %s returning after partition.", in->node->name);
    hb_seq_resume(&in->node->seq, in->number - 1);
    if (hb_msg_find(in->msg, "hstate") == NULL)
        hb_dialogue_heal(core);
    else
        hb_owner_returned(core);
}

static bool is_replay(struct hb_core *core, const struct arrival *in)
{
    if (core->counters.replayed++ == 0)
        hb_say(core, LOG_ERR, "attempted replay attack or a message of an earlier life of "
               "node %s; more are only counted", in->node->name);
    return false;
}

/* What the sender's generation says about the message; false ends its way here. */
static bool belongs(struct hb_core *core, const struct arrival *in)
{
    switch (hb_node_judge(in->node, in->generation, in->number, strcmp(in->type, "status") == 0)) {
    case HB_ARRIVAL_PLAIN:
        return true;
    case HB_ARRIVAL_FIRST:
        begin_life(core, in, true);
        return true;
    case HB_ARRIVAL_RESTART:
        begin_life(core, in, false);
        return true;
    case HB_ARRIVAL_RETURN:
        comes_back(core, in);
        return true;
    case HB_ARRIVAL_REPLAY:
        return is_replay(core, in);
    default:
        core->counters.stale++;
        return false;
    }
}

/* A message that proves nothing, from a node that may: it must not end or follow a proven life
 * but by a higher generation, nor be believed beside one. */
static bool bare_belongs(struct hb_core *core, const struct arrival *in)
{
    const struct hb_node *node = in->node;

    if (in->generation < node->proof.floor)
        return is_replay(core, in);
    if (node->proof.proven && !hb_node_out(node)) {
        core->counters.unproven++;
        return false;
    }
    return belongs(core, in);
}

/* Whether the message is of a life we believe in, which it may begin. */
static bool is_believed(struct hb_core *core, const struct arrival *in)
{
    struct hb_node *node = in->node;
    bool believed;

    switch (hb_proof_judge(core, node, &in->proof, in->number)) {
    case HB_STANDING_BARE:
        believed = bare_belongs(core, in);
        break;
    case HB_STANDING_KNOWN:
        believed = in->generation == node->generation && belongs(core, in);
        core->counters.malformed += in->generation != node->generation;
        break;
    case HB_STANDING_NEWBORN:
        begin_life(core, in, node->generation == 0);
        believed = true;
        break;
    case HB_STANDING_OLD:
        core->counters.stale++;
        hb_proof_call(core, node, &in->proof, in->number);
        return false;
    default:
        core->counters.unproven++;
        hb_proof_call(core, node, &in->proof, in->number);
        return false;
    }
    if (believed) {
        hb_proof_believed(core, node, &in->proof, in->number);
        learn_uuid(core, node, in->msg);
    }
    return believed;
}

static void receive_numbered(struct hb_core *core, const struct arrival *in)
{
    enum hb_seq_verdict verdict;
    bool in_time;

    if (!is_believed(core, in))
        return;
    verdict = hb_seq_take(&in->node->seq, in->number, hb_mono(core), &core->rand,
                          core->config->max_rexmit_delay_ms);
    in_time = hb_proof_in_time(core, in->node, &in->proof);
    if ((hb_seq_accepts(verdict) || verdict == HB_SEQ_AGAIN) && in->for_us && in_time)
        link_heard(core, in->node, in->link);
    if (!hb_seq_accepts(verdict)) {
        core->counters.duplicate++;
        return;
    }
    if (verdict == HB_SEQ_FILLED && !in_time) {
        core->counters.stale++;
        return;
    }
    if (verdict == HB_SEQ_JUMP)
        hb_say(core, LOG_WARNING, "node %s: lost a lot of packets!", in->node->name);
    if (hb_word_on(in->type))
        hb_word_read(core, in->node, in->msg, &in->proof, in->number);
    take(core, in);
    if (!in->node->hearth)
        acknowledge(core, in->node);
}

/* Without a sequence number, but between Hearth nodes counted: each of them acts once. */
static bool is_next_unnumbered(struct hb_core *core, const struct arrival *in)
{
    struct hb_proof *proof = &in->node->proof;

    if (in->proof.nonce == 0)
        return true;
    if (in->proof.count <= proof->unnumbered) {
        core->counters.duplicate++;
        if (in->proof.count == proof->unnumbered) /* by another link */
            link_heard(core, in->node, in->link);
        return false;
    }
    hb_proof_believed(core, in->node, &in->proof, 0);
    return true;
}

static void receive_unnumbered(struct hb_core *core, const struct arrival *in)
{
    enum hb_standing standing = hb_proof_judge(core, in->node, &in->proof, 0);

    if (standing != HB_STANDING_KNOWN &&
        (standing != HB_STANDING_BARE || in->node->proof.proven)) {
        core->counters.unproven++;
        return;
    }
    if (in->generation < in->node->generation || !hb_node_alive(in->node)) {
        core->counters.stale++;
        return;
    }
    if (!is_next_unnumbered(core, in))
        return;
    link_heard(core, in->node, in->link);
    take(core, in);
}

void hb_receive_looped(struct hb_core *core, const char *link)
{
    link_heard(core, &core->nodes[core->self], link);
}

void hb_receive(struct hb_core *core, struct hb_msg *msg, const char *link)
{
    struct arrival in = {.msg = msg, .link = link, .type = hb_msg_text(msg, "t")};
    bool numbered = in.type != NULL && strncmp(in.type, "NS_", 3) != 0;
    uint64_t ts;

    if (in.type != NULL && strcmp(in.type, "NS_st") == 0) {
        hb_pings_receive(core, msg, link);
        return;
    }
    if (in.type == NULL || hb_msg_text(msg, "src") == NULL || !hb_msg_hex(msg, "ts", &ts) ||
        ts == 0 || !hb_msg_hex(msg, "hg", &in.generation) || in.generation == 0 ||
        (numbered && (!hb_msg_hex(msg, "seq", &in.number) || in.number == 0)) ||
        !hb_proof_read(core, msg, &in.proof)) {
        core->counters.malformed++;
        return;
    }
    in.node = find_sender(core, msg);
    if (in.node == NULL) {
        if (core->counters.unknown_node++ == 0)
            hb_say(core, LOG_ERR, "a message came from a node that ha.cf does not know, or from "
                   "another one with our name; more are only counted");
        return;
    }
    in.for_us = is_for_us(core, msg);
    if (in.node->self)
        hb_receive_looped(core, link);
    else if (numbered)
        receive_numbered(core, &in);
    else
        receive_unnumbered(core, &in);
}
