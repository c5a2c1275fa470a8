/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a message holds compressed: the bytes of the stream as they are, and as
 * the contents of a stream of right, so that the message inside is reached.
 */
#include "heartbeatd/core/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_keys.h"

static void open_packed(enum hb_compression method, const void *bytes, size_t length)
{
    struct hb_msg *outer = hb_msg_new(), *inner = NULL;
    GByteArray *datagram = g_byte_array_new();

    if (hb_msg_add(outer, HB_FIELD_BINARY, "_compressed_payload", bytes, length) &&
        hb_msg_add_text(outer, "_compression_algorithm", hb_compression_name(method)) &&
        hb_wire_seal(fuzz_keys(), outer, false, datagram) == 0 &&
        hb_wire_open(fuzz_keys(), datagram->data, datagram->len, &inner) == HB_ACCEPTED)
        hb_msg_unref(inner);
    g_byte_array_unref(datagram);
    hb_msg_unref(outer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (enum hb_compression method = 0; method < HB_COMPRESSION_COUNT; method++) {
        GByteArray *out = g_byte_array_new();

        (void)hb_uncompress(method, data, size, HB_MSG_BYTES_MAX, out);
        fuzz_must(out->len <= HB_MSG_BYTES_MAX);
        open_packed(method, data, size);
        g_byte_array_set_size(out, 0);
        if (hb_compress(method, data, size, out) == 0) {
            GByteArray *back = g_byte_array_new();

            open_packed(method, out->data, out->len);
            if (size <= HB_MSG_BYTES_MAX) {
                fuzz_must(hb_uncompress(method, out->data, out->len, HB_MSG_BYTES_MAX, back) == 0);
                fuzz_must(back->len == size && memcmp(back->data, data, size) == 0);
            }
            g_byte_array_unref(back);
        }
        g_byte_array_unref(out);
    }
    return 0;
}
