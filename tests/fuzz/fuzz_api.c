/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface for programs: the stream of one client, frame by frame, as the
 * server reads it; a second client, signed on, hears of it. The input is the
 * text of messages, each up to a NUL, so that a head of right is put in front;
 * and all of it once as it is.
 */
#include "heartbeatd/api/api.h"
#include "heartbeatd/api/frame.h"
#include "heartbeatd/api/rights.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/hand_core.h"

#define MESSAGES_MAX 64

struct desk {
    struct hb_api *api;
    struct hb_api_world world;
    GArray *acts;
};

static void do_acts(struct desk *desk)
{
    GByteArray *out = g_byte_array_new();

    for (guint i = 0; i < desk->acts->len; i++) {
        const struct hb_api_act *act = &g_array_index(desk->acts, struct hb_api_act, i);
        const uint8_t *body;
        size_t length;

        if (act->kind != HB_API_TELL)
            continue;
        g_byte_array_set_size(out, 0);
        hb_frame_append(out, act->msg);
        /* The longest we have is longer than what we take. */
        if (out->len <= HB_FRAME_HEAD + HB_FRAME_MAX)
            fuzz_must(hb_frame_find(out->data, out->len, &body, &length) == HB_FRAME_WHOLE);
    }
    hb_api_acts_reset(desk->acts);
    g_byte_array_unref(out);
}

static void hear(struct desk *desk, const uint8_t *body, size_t length)
{
    struct hb_msg *msg = hb_frame_open(body, length);

    if (msg == NULL)
        return;
    hb_api_message(desk->api, &desk->world, 1, msg, desk->acts);
    do_acts(desk);
    if (hb_msg_text(msg, "t") != NULL) {
        hb_api_heard(desk->api, &desk->world, msg, HB_HEARD_NEWS, desk->acts);
        hb_api_heard(desk->api, &desk->world, msg, HB_HEARD_API, desk->acts);
    }
    do_acts(desk);
    hb_msg_unref(msg);
}

static void as_stream(struct desk *desk, const uint8_t *bytes, size_t length)
{
    const uint8_t *body;
    size_t part;

    for (unsigned i = 0; i < MESSAGES_MAX && hb_frame_find(bytes, length, &body, &part) == HB_FRAME_WHOLE;
         i++) {
        fuzz_must(body + part <= bytes + length);
        hear(desk, body, part);
        bytes += HB_FRAME_HEAD + part;
        length -= HB_FRAME_HEAD + part;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char sign_on[] = ">>>\nt=hbapi-req\nreqtype=signon\nfrom_id=other\npid=4242\n<<<\n";
    struct fuzz_rest rest = {data, size}, piece;
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    struct desk desk = {.api = hb_api_new()};
    GPtrArray *rights = hb_rights_new();
    struct hb_msg *msg;
    uid_t root = 0;

    /* Who may come in is not in question here. */
    g_array_append_val(hb_rights_add(rights, HB_RIGHT_ANON)->uids, root);
    g_array_append_val(hb_rights_add(rights, HB_RIGHT_DEFAULT)->uids, root);
    hand_join(hand, "local");
    desk.world = (struct hb_api_world){
        .config = hand->config, .core = hand->core, .node = "node1", .version = "1", .rights = rights};
    hb_api_acts_init(&desk.acts);
    hb_api_connected(desk.api, 1, 0, 0, 4242);
    hb_api_connected(desk.api, 2, 0, 0, 4242);
    msg = hb_frame_open((const uint8_t *)sign_on, sizeof(sign_on));
    hb_api_message(desk.api, &desk.world, 2, msg, desk.acts);
    hb_msg_unref(msg);
    fuzz_must(hb_api_signed_on(desk.api, 2));
    do_acts(&desk);
    as_stream(&desk, data, size);
    for (unsigned i = 0; i < MESSAGES_MAX && fuzz_until(&rest, '\0', &piece); i++)
        hear(&desk, piece.at, piece.left);
    hb_api_link(desk.api, "node2", "eth0", false, desk.acts);
    hb_api_node_dead(desk.api, "node2", 1700000000, desk.acts);
    do_acts(&desk);
    hb_api_closed(desk.api, &desk.world, 1, desk.acts);
    hb_api_acts_clear(&desk.acts);
    hb_api_free(desk.api);
    g_ptr_array_unref(rights);
    hand_free(hand);
    return 0;
}
