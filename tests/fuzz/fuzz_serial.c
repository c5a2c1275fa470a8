/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages out of a stream: the same ones however it is cut. The first byte
 * says into pieces of what size.
 */
#include "heartbeatd/core/msg.h"
#include "heartbeatd/media/serial_text.h"
#include "tests/fuzz/fuzz.h"

static void keep(void *ctx, const void *bytes, size_t length)
{
    GByteArray *all = ctx;

    fuzz_must(length > 0 && length <= HB_MSG_BYTES_MAX);
    g_byte_array_append(all, bytes, (guint)length);
    g_byte_array_append(all, (const guint8 *)"", 1);
}

static GByteArray *feed(const uint8_t *data, size_t size, size_t piece)
{
    struct hb_serial_text text;
    GByteArray *all = g_byte_array_new();

    hb_serial_text_init(&text);
    for (size_t at = 0; at < size; at += piece)
        hb_serial_text_feed(&text, data + at, MIN(piece, size - at), keep, all);
    hb_serial_text_clear(&text);
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_rest rest = {data, size};
    size_t piece = (size_t)fuzz_byte(&rest) + 1;
    GByteArray *whole = feed(rest.at, rest.left, MAX(rest.left, 1));
    GByteArray *pieces = feed(rest.at, rest.left, piece);

    fuzz_must(whole->len == pieces->len &&
              (whole->len == 0 || memcmp(whole->data, pieces->data, whole->len) == 0));
    g_byte_array_unref(whole);
    g_byte_array_unref(pieces);
    return 0;
}
