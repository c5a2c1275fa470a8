/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A datagram, as it is and signed by us: whole, as the fields of the netstring
 * form, and as the lines of the classic one. What is accepted can be sealed and
 * opened again, and is then the same.
 */
#include "heartbeatd/core/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_keys.h"

static void same(const struct hb_msg *one, const struct hb_msg *other)
{
    fuzz_must(hb_msg_count(one) == hb_msg_count(other));
    for (size_t i = 0; i < hb_msg_count(one); i++) {
        const struct hb_field *a = hb_msg_at(one, i), *b = hb_msg_at(other, i);

        fuzz_must(a->type == b->type && a->length == b->length && strcmp(a->name, b->name) == 0 &&
                  memcmp(a->value, b->value, a->length) == 0);
    }
}

static bool open_bytes(const void *bytes, size_t length)
{
    struct hb_msg *msg = NULL, *again = NULL;
    enum hb_refusal refusal = hb_wire_open(fuzz_keys(), bytes, length, &msg);
    GByteArray *out = g_byte_array_new();
    bool accepted = refusal == HB_ACCEPTED;

    fuzz_must(refusal < HB_REFUSAL_COUNT && accepted == (msg != NULL));
    (void)hb_wire_key(bytes, length);
    /* It may have become longer than a datagram by what was packed in it. */
    if (accepted && hb_wire_seal(fuzz_keys(), msg, false, out) == 0) {
        while (hb_msg_find(msg, "auth") != NULL)
            hb_msg_remove(msg, "auth");
        fuzz_must(hb_wire_open(fuzz_keys(), out->data, out->len, &again) == HB_ACCEPTED);
        same(msg, again);
        hb_msg_unref(again);
    }
    if (accepted) {
        g_byte_array_set_size(out, 0);
        (void)hb_wire_seal(fuzz_keys(), msg, true, out);
        g_byte_array_set_size(out, 0);
        (void)hb_wire_seal_classic(fuzz_keys(), msg, out);
        hb_msg_unref(msg);
    }
    g_byte_array_unref(out);
    return accepted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GByteArray *signed_by_us;

    open_bytes(data, size);
    for (int index = 1; index <= FUZZ_KEYS; index++) {
        signed_by_us = fuzz_sign_net(index, data, size);
        open_bytes(signed_by_us->data, signed_by_us->len);
        g_byte_array_unref(signed_by_us);
    }
    signed_by_us = fuzz_sign_old(1, data, size);
    open_bytes(signed_by_us->data, signed_by_us->len);
    g_byte_array_unref(signed_by_us);
    return 0;
}
