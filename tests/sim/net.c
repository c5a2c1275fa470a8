/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages on their way: each link and direction loses, delays and doubles on
 * its own. In part of the lives they travel as the bytes of the real codec.
 */
#include <string.h>

#include "heartbeatd/core/wire.h"
#include "tests/sim/sim.h"

void sim_keys_init(struct sim *sim)
{
    static const char *const texts[SIM_KEYS] = {
        "auth 2\n1 md5 old\n2 sha1 helloworld\n",
        "auth 1\n1 md5 old\n2 sha1 helloworld\n",
        "auth 3\n3 sha256 of nobody else\n",
    };

    sim->keys = g_new0(struct ak_keys, SIM_KEYS);
    for (unsigned i = 0; i < SIM_KEYS; i++) {
        struct ha_diags diags;

        ha_diags_init(&diags);
        if (!ak_keys_parse(&sim->keys[i], "authkeys", texts[i], strlen(texts[i]), 0100600, &diags))
            sim_fail(sim, "the keys are no good");
        ha_diags_clear(&diags);
    }
}

static bool accepts(unsigned ours, unsigned theirs)
{
    return (ours == SIM_KEYS - 1) == (theirs == SIM_KEYS - 1);
}

static void send_one(struct sim *sim, const struct sim_record *record, unsigned to, unsigned link,
                     uint64_t at_ns)
{
    struct sim_due *due = sim_due_new(sim, SIM_DUE_MESSAGE);

    due->node = to;
    due->life = sim->nodes[to].life;
    due->from = record->from;
    due->link = link;
    due->msg = hb_msg_ref(record->msg);
    due->bytes = record->bytes != NULL ? g_byte_array_ref(record->bytes) : NULL;
    due->origin = record->origin;
    due->at_ns = at_ns;
    sim_push(sim, due);
}

static void send_on(struct sim *sim, const struct sim_record *record, unsigned to, unsigned link)
{
    const struct sim_path *path = &sim->paths[record->from][to];

    send_one(sim, record, to, link,
             sim->now_ns + (path->delay_min_us +
                            sim_below(sim, path->delay_max_us - path->delay_min_us + 1)) *
                               HA_NS_PER_US);
}

/* ---- an attacker: hears all, forgets little, forges nothing ---- */

void sim_attacker(struct sim *sim)
{
    sim->tape = g_new0(struct sim_record, SIM_TAPE);
}

static void tape_record(struct sim *sim, const struct sim_record *record)
{
    struct sim_record *kept = &sim->tape[sim->recorded++ % SIM_TAPE];

    hb_msg_unref(kept->msg);
    if (kept->bytes != NULL)
        g_byte_array_unref(kept->bytes);
    *kept = *record;
    kept->origin.played = true;
    hb_msg_ref(kept->msg);
    if (kept->bytes != NULL)
        g_byte_array_ref(kept->bytes);
}

void sim_tape_clear(struct sim *sim)
{
    for (unsigned i = 0; sim->tape != NULL && i < MIN(sim->recorded, SIM_TAPE); i++) {
        hb_msg_unref(sim->tape[i].msg);
        if (sim->tape[i].bytes != NULL)
            g_byte_array_unref(sim->tape[i].bytes);
    }
    g_free(sim->tape);
}

static void play(struct sim *sim, const struct sim_record *record, uint64_t at_ns)
{
    unsigned to = (record->from + 1 + sim_below(sim, sim->node_count - 1)) % sim->node_count;
    const char *number = hb_msg_text(record->msg, "seq");

    if (!sim_runs(sim, to))
        return;
    if (sim->trace)
        sim_say(sim, "%s     somebody sends %s again what %s had sent at %.3f: %s [%s]", "",
                sim_name(to), sim_name(record->from), (double)record->origin.sent_ns / 1e9,
                hb_msg_text(record->msg, "t"), number != NULL ? number : "-");
    send_one(sim, record, to, sim_below(sim, sim->link_count), at_ns);
}

void sim_replay(struct sim *sim, unsigned count, bool in_a_row)
{
    unsigned kept = MIN(sim->recorded, SIM_TAPE), from;
    uint64_t first_ns;

    if (sim->tape == NULL || kept == 0)
        return;
    from = sim_below(sim, kept);
    first_ns = sim->tape[from].origin.sent_ns;
    for (unsigned i = 0; i < count; i++) {
        const struct sim_record *record = &sim->tape[(from + i) % kept];

        if (!in_a_row)
            play(sim, &sim->tape[sim_below(sim, kept)],
                 sim->now_ns + sim_below(sim, 3000) * SIM_MS);
        else if (record->origin.sent_ns >= first_ns)
            play(sim, record, sim->now_ns + record->origin.sent_ns - first_ns);
    }
}

/* ---- sending and delivering ---- */

static void trace_send(struct sim *sim, unsigned from, const struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t"), *info = hb_msg_text(msg, "info");
    const char *hold = hb_msg_text(msg, "rsc_hold"), *state = hb_msg_text(msg, "hstate");

    sim_say(sim, "%s    → %s%s%s%s%s  [%s] %s", sim_name(from), type, hold != NULL ? " " : "",
            hold != NULL ? hold : "", info != NULL ? " " : "", info != NULL ? info : "",
            hb_msg_text(msg, "seq") != NULL ? hb_msg_text(msg, "seq") : "-",
            state != NULL ? state : "");
}

static struct sim_origin origin_of(const struct sim *sim, unsigned from, const struct hb_msg *msg)
{
    struct sim_origin origin = {.beat = strcmp(hb_msg_text(msg, "t"), "status") == 0,
                                .life = sim->nodes[from].life,
                                .keys = sim->nodes[from].keys,
                                .sent_ns = sim->now_ns};

    origin.again = hb_msg_hex(msg, "seq", &origin.number) &&
                   origin.number <= sim->nodes[from].sent;
    memcpy(origin.heard, sim->nodes[from].heard_life, sizeof origin.heard);
    memcpy(origin.heard_ns, sim->nodes[from].heard_ns, sizeof origin.heard_ns);
    return origin;
}

void sim_send(struct sim *sim, unsigned from, struct hb_msg *msg)
{
    struct sim_record record = {.msg = msg, .from = from, .origin = origin_of(sim, from, msg)};

    audit_send(sim, from, msg, &record.origin);
    if (sim->trace)
        trace_send(sim, from, msg);
    if (sim->keys != NULL) {
        record.bytes = g_byte_array_new();
        if (hb_wire_seal(&sim->keys[record.origin.keys], msg, true, record.bytes) != 0)
            sim_fail(sim, "%s sends what cannot be sealed", sim_name(from));
    }
    for (unsigned to = 0; to < sim->node_count; to++) {
        const struct sim_path *path = &sim->paths[from][to];

        for (unsigned link = 0; link < sim->link_count; link++) {
            if (!sim_runs(sim, to) || (to == from && !sim->loopback) || path->cut ||
                path->link_cut[link])
                continue;
            if (!sim_chance(sim, path->loss))
                send_on(sim, &record, to, link);
            if (sim_chance(sim, path->twice))
                send_on(sim, &record, to, link);
        }
    }
    if (sim->tape != NULL)
        tape_record(sim, &record);
    if (record.bytes != NULL)
        g_byte_array_unref(record.bytes);
}

void sim_deliver(struct sim *sim, struct sim_due *due)
{
    static const char *const links[SIM_LINKS] = {"eth0", "eth1"};
    struct hb_event event = {.kind = HB_EV_MESSAGE, .msg = due->msg, .link = links[due->link]};
    struct hb_msg *opened = NULL;
    struct sim_node *node = &sim->nodes[due->node];
    bool accepted = accepts(node->keys, due->origin.keys);

    if (due->bytes != NULL) {
        if ((hb_wire_open(&sim->keys[node->keys], due->bytes->data, due->bytes->len, &opened) ==
             HB_ACCEPTED) != accepted)
            sim_fail(sim, "what %s sealed can%s be opened", sim_name(due->from),
                     accepted ? "not" : "");
        event.msg = opened;
    }
    if (!accepted)
        return;
    if (due->origin.beat && !due->origin.played)
        audit_delivered(sim, due);
    if (!due->origin.played && due->origin.life >= node->heard_life[due->from]) {
        if (due->origin.life > node->heard_life[due->from])
            node->heard_ns[due->from] = 0;
        node->heard_life[due->from] = due->origin.life;
        node->heard_ns[due->from] = MAX(node->heard_ns[due->from], due->origin.sent_ns);
    }
    if (event.msg != NULL)
        sim_step(sim, due->node, &event);
    audit_believed(sim, due);
    hb_msg_unref(opened);
}

void sim_cut(struct sim *sim, unsigned from, unsigned to, bool cut)
{
    sim_say(sim, "%s     %s --%s--> %s", "", sim_name(from), cut ? "/ /" : "-----", sim_name(to));
    sim->paths[from][to].cut = cut;
}

void sim_partition(struct sim *sim, unsigned a, unsigned b, bool cut)
{
    sim_cut(sim, a, b, cut);
    sim_cut(sim, b, a, cut);
}
