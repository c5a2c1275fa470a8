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
    static const char text[] = "auth 2\n1 md5 old\n2 sha1 helloworld\n";
    struct ha_diags diags;

    ha_diags_init(&diags);
    sim->keys = g_new0(struct ak_keys, 1);
    if (!ak_keys_parse(sim->keys, "authkeys", text, strlen(text), 0100600, &diags))
        sim_fail(sim, "the keys are no good");
    ha_diags_clear(&diags);
}

static struct sim_due *message_due(const struct sim *sim, unsigned from, unsigned to,
                                   unsigned link, struct hb_msg *msg)
{
    struct sim_due *due = g_new0(struct sim_due, 1);

    due->kind = SIM_DUE_MESSAGE;
    due->sent_ns = sim->now_ns;
    due->node = to;
    due->life = sim->nodes[to].life;
    due->from = from;
    due->link = link;
    due->msg = hb_msg_ref(msg);
    return due;
}

static void send_one(struct sim *sim, unsigned from, unsigned to, unsigned link,
                     struct hb_msg *msg, GByteArray *bytes)
{
    const struct sim_path *path = &sim->paths[from][to];
    struct sim_due *due = message_due(sim, from, to, link, msg);

    due->at_ns = sim->now_ns + (path->delay_min_us +
                                sim_below(sim, path->delay_max_us - path->delay_min_us + 1)) *
                                   HA_NS_PER_US;
    due->bytes = bytes != NULL ? g_byte_array_ref(bytes) : NULL;
    due->beat = strcmp(hb_msg_text(msg, "t"), "status") == 0;
    sim_push(sim, due);
}

static void record(struct sim *sim, const struct sim_due *due)
{
    struct sim_record *kept = &sim->records[sim->recorded % SIM_RECORDS];

    if (!sim_chance(sim, 50))
        return;
    hb_msg_unref(kept->msg);
    *kept = (struct sim_record){.msg = hb_msg_ref(due->msg), .from = due->from, .to = due->node,
                                .life = due->life, .link = due->link};
    sim->recorded++;
}

/* Only to the life that had it: what a node knows of others does not outlive it. */
void sim_replay(struct sim *sim, unsigned count)
{
    for (unsigned i = 0; i < count && sim->recorded > 0; i++) {
        const struct sim_record *kept =
            &sim->records[sim_below(sim, MIN(sim->recorded, SIM_RECORDS))];
        struct sim_due *due;

        if (sim->nodes[kept->to].life != kept->life)
            continue;
        sim_say(sim, "somebody sends %s again what %s had sent: %s [%s]", sim_name(kept->to),
                sim_name(kept->from), hb_msg_text(kept->msg, "t"),
                hb_msg_text(kept->msg, "seq") != NULL ? hb_msg_text(kept->msg, "seq") : "-");
        due = message_due(sim, kept->from, kept->to, kept->link, kept->msg);
        due->at_ns = sim->now_ns + sim_below(sim, 1000) * SIM_MS;
        sim_push(sim, due);
    }
}

static void trace_send(struct sim *sim, unsigned from, const struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t"), *info = hb_msg_text(msg, "info");
    const char *hold = hb_msg_text(msg, "rsc_hold"), *state = hb_msg_text(msg, "hstate");

    sim_say(sim, "%s    → %s%s%s%s%s  [%s] %s", sim_name(from), type, hold != NULL ? " " : "",
            hold != NULL ? hold : "", info != NULL ? " " : "", info != NULL ? info : "",
            hb_msg_text(msg, "seq") != NULL ? hb_msg_text(msg, "seq") : "-",
            state != NULL ? state : "");
}

void sim_send(struct sim *sim, unsigned from, struct hb_msg *msg)
{
    GByteArray *bytes = NULL;

    audit_send(sim, from, msg);
    if (sim->trace)
        trace_send(sim, from, msg);
    if (sim->keys != NULL) {
        bytes = g_byte_array_new();
        if (hb_wire_seal(sim->keys, msg, true, bytes) != 0)
            sim_fail(sim, "%s sends what cannot be sealed", sim_name(from));
    }
    for (unsigned to = 0; to < sim->node_count; to++) {
        const struct sim_path *path = &sim->paths[from][to];

        for (unsigned link = 0; link < sim->link_count; link++) {
            if (sim->nodes[to].core == NULL || (to == from && !sim->loopback) || path->cut ||
                path->link_cut[link])
                continue;
            if (!sim_chance(sim, path->loss))
                send_one(sim, from, to, link, msg, bytes);
            if (sim_chance(sim, path->twice))
                send_one(sim, from, to, link, msg, bytes);
        }
    }
    if (bytes != NULL)
        g_byte_array_unref(bytes);
}

void sim_deliver(struct sim *sim, struct sim_due *due)
{
    static const char *const links[SIM_LINKS] = {"eth0", "eth1"};
    struct hb_event event = {.kind = HB_EV_MESSAGE, .msg = due->msg, .link = links[due->link]};
    struct hb_msg *opened = NULL;

    if (due->bytes != NULL) {
        if (hb_wire_open(sim->keys, due->bytes->data, due->bytes->len, &opened) != HB_ACCEPTED)
            sim_fail(sim, "what %s sealed cannot be opened", sim_name(due->from));
        event.msg = opened;
    }
    if (due->beat)
        audit_delivered(sim, due->from, due->node, due->msg, due->sent_ns);
    record(sim, due);
    if (event.msg != NULL)
        sim_step(sim, due->node, &event);
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
