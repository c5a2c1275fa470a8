/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What scripts write into the fifo: the same messages however it is cut. Then
 * each goes on to a core, as an HB_EV_INJECT.
 */
#include <glib/gstdio.h>
#include <unistd.h>

#include "common/run/loop.h"
#include "heartbeatd/daemon/fifo.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/hand_core.h"

static struct hand *hand; /* NULL: the message is only counted */
static GString *seen;

static void heard(void *ctx, struct hb_msg *msg)
{
    struct hb_now now = {.mono_ns = UINT64_C(1000000000000), .wall_s = 1700000000, .load = "0"};
    struct hb_actions actions;

    (void)ctx;
    fuzz_must(hb_msg_count(msg) <= HB_MSG_FIELDS_MAX);
    for (size_t i = 0; i < hb_msg_count(msg); i++)
        g_string_append_printf(seen, "%s=%s|", hb_msg_at(msg, i)->name,
                               (const char *)hb_msg_at(msg, i)->value);
    g_string_append_c(seen, '\n');
    if (hand == NULL)
        return;
    hb_actions_init(&actions);
    hb_core_step(hand->core, &now, &(struct hb_event){.kind = HB_EV_INJECT, .msg = msg}, &actions);
    hb_actions_clear(&actions);
}

static struct hb_fifo *open_fifo(void)
{
    static struct ha_loop *loop;
    char *dir = g_dir_make_tmp("fuzz-fifo-XXXXXX", NULL);
    char *path = g_build_filename(dir, "fifo", NULL);
    struct hb_fifo *fifo = NULL;

    if (loop == NULL)
        loop = ha_loop_new();
    fuzz_must(hb_fifo_open(&fifo, loop, path, heard, NULL) == 0);
    g_unlink(path);
    g_rmdir(dir);
    g_free(path);
    g_free(dir);
    return fifo;
}

static char *feed(struct hb_fifo *fifo, const uint8_t *data, size_t size, size_t piece)
{
    char *text;

    seen = g_string_new(NULL);
    for (size_t at = 0; at < size; at += piece)
        hb_fifo_feed(fifo, (const char *)data + at, MIN(piece, size - at));
    /* So that the next one begins anew. */
    hb_fifo_feed(fifo, "\n<<<\n", 5);
    text = g_string_free(seen, FALSE);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hb_fifo *fifo;
    struct fuzz_rest rest = {data, size};
    size_t piece = (size_t)fuzz_byte(&rest) + 1;
    char *whole, *pieces;

    if (fifo == NULL)
        fifo = open_fifo();
    whole = feed(fifo, rest.at, rest.left, MAX(rest.left, 1));
    hand = hand_new(HB_FAILBACK_ON);
    hand_join(hand, "local");
    pieces = feed(fifo, rest.at, rest.left, piece);
    hand_free(hand);
    hand = NULL;
    fuzz_must(strcmp(whole, pieces) == 0);
    g_free(whole);
    g_free(pieces);
    return 0;
}
