/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages on their way out: the standard fields in the order of
 * doc/protocol.md, a number, a place in the history.
 */
#include <string.h>

#include "heartbeatd/core/state.h"

struct hb_msg *hb_compose(const char *type)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", type);
    return msg;
}

static void add_destination(struct hb_core *core, struct hb_msg *msg)
{
    const char *dest = hb_msg_text(msg, "dest");

    for (size_t i = 0; dest != NULL && i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (node->uuid_known && strcmp(node->name, dest) == 0)
            hb_msg_add(msg, HB_FIELD_BINARY, "destuuid", node->uuid, HB_UUID_BYTES);
    }
}

uint64_t hb_send(struct hb_core *core, struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t");
    bool numbered = strncmp(type, "NS_", 3) != 0;
    uint64_t number = 0;

    if (numbered) {
        number = ++core->number;
        if (hb_word_on(type))
            hb_word_add(core, msg);
    }
    hb_proof_add(core, msg, numbered ? 0 : ++core->unnumbered);
    add_destination(core, msg);
    hb_msg_add_text(msg, "src", core->nodes[core->self].name);
    hb_msg_add(msg, HB_FIELD_BINARY, "srcuuid", core->uuid, HB_UUID_BYTES);
    if (numbered)
        hb_msg_add_hex(msg, "seq", number);
    hb_msg_add_hex(msg, "hg", core->generation);
    hb_msg_add_hex(msg, "ts", core->now->wall_s);
    if (numbered)
        hb_msg_add_text(msg, "ld", core->now->load != NULL ? core->now->load : "");
    hb_msg_add_uint(msg, "ttl", core->config->hopfudge + core->node_count + core->ping_count);
    if (numbered)
        hb_history_put(&core->history, number, hb_mono(core), msg);
    hb_actions_send(core->out, msg);
    hb_client_hears_own(core, msg);
    hb_msg_unref(msg);
    return number;
}
