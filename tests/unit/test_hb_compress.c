/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed messages: real ones of 3.0.6, our own, and those that are meant to hurt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "heartbeatd/core/wire.h"
#include "tests/unit/pcap.h"

static char secret[] = "secret";
static const struct ak_keys keys = {
    .sending = 1, .keys[1] = {.method = AK_SHA1, .text = secret, .length = sizeof secret - 1}};

static const enum hb_compression methods[] = {HB_COMPRESS_ZLIB, HB_COMPRESS_BZ2};

static GByteArray *packed(enum hb_compression method, const void *bytes, size_t length)
{
    GByteArray *out = g_byte_array_new();

    assert_int_equal(hb_compress(method, bytes, length, out), 0);
    return out;
}

/* ---- bytes ---- */

static void bytes_come_out_as_they_went_in(void **state)
{
    static const size_t lengths[] = {0, 1, 100, 65507};
    uint8_t *bytes = g_malloc(65507);

    (void)state;
    for (size_t i = 0; i < 65507; i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    for (size_t m = 0; m < G_N_ELEMENTS(methods); m++) {
        for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
            GByteArray *small = packed(methods[m], bytes, lengths[i]), *out = g_byte_array_new();

            assert_int_equal(
                hb_uncompress(methods[m], small->data, small->len, lengths[i] + 1, out), 0);
            assert_int_equal(out->len, lengths[i]);
            assert_memory_equal(out->data, bytes, lengths[i]);
            g_byte_array_unref(small);
            g_byte_array_unref(out);
        }
    }
    g_free(bytes);
}

static void what_is_longer_than_any_datagram_is_not_even_looked_at(void **state)
{
    GByteArray *out = g_byte_array_new();

    (void)state;
    for (size_t m = 0; m < G_N_ELEMENTS(methods); m++) {
        assert_int_equal(hb_uncompress(methods[m], "x", G_MAXUINT32, 100, out), -EMSGSIZE);
        assert_int_equal(hb_uncompress(methods[m], "x", 1, G_MAXUINT32, out), -EMSGSIZE);
    }
    assert_int_equal(out->len, 0);
    g_byte_array_unref(out);
}

static void a_bomb_is_refused_without_being_filled(void **state)
{
    uint8_t *zeros = g_malloc0(40 << 20);

    (void)state;
    for (size_t m = 0; m < G_N_ELEMENTS(methods); m++) {
        GByteArray *bomb = packed(methods[m], zeros, 40 << 20), *out = g_byte_array_new();

        assert_true(bomb->len < 65507);
        assert_int_equal(hb_uncompress(methods[m], bomb->data, bomb->len, 65507, out), -EMSGSIZE);
        assert_int_equal(out->len, 0);
        g_byte_array_unref(bomb);
        g_byte_array_unref(out);
    }
    g_free(zeros);
}

static void damaged_bytes_are_refused(void **state)
{
    GByteArray *out = g_byte_array_new();

    (void)state;
    for (size_t m = 0; m < G_N_ELEMENTS(methods); m++) {
        GByteArray *small = packed(methods[m], "some bytes, some more bytes", 27);

        for (guint cut = 0; cut < small->len; cut++)
            assert_int_equal(hb_uncompress(methods[m], small->data, cut, 1000, out), -EBADMSG);
        assert_int_equal(hb_uncompress(methods[1 - m], small->data, small->len, 1000, out),
                         -EBADMSG);
        g_byte_array_append(small, (const guint8 *)"x", 1);
        assert_int_equal(hb_uncompress(methods[m], small->data, small->len, 1000, out), -EBADMSG);
        assert_int_equal(out->len, 0);
        g_byte_array_unref(small);
    }
    g_byte_array_unref(out);
}

/* ---- messages ---- */

static void is_opened(void *ctx, const uint8_t *payload, size_t length)
{
    struct hb_msg *msg;

    (void)ctx;
    assert_int_equal(hb_wire_open(&keys, payload, length, &msg), HB_ACCEPTED);
    assert_string_equal(hb_msg_text(msg, "t"), "bigtest");
    assert_string_equal(hb_msg_text(msg, "src"), "left");
    assert_int_equal(strlen(hb_msg_text(msg, "big60")), 41);
    assert_non_null(hb_msg_find(msg, "srcuuid"));
    hb_msg_unref(msg);
}

static void changed_it_is_refused(void *ctx, const uint8_t *payload, size_t length)
{
    uint8_t *copy = g_memdup2(payload, length);
    struct hb_msg *msg;

    (void)ctx;
    copy[100] ^= 1; /* within what is compressed */
    assert_int_equal(hb_wire_open(&keys, copy, length, &msg), HB_REFUSED_WRONG_DIGEST);
    g_free(copy);
}

static void messages_of_heartbeat_are_read(void **state)
{
    const char *path = TOP_SRCDIR "/tests/data/captures/compressed.pcap";
    unsigned count;

    (void)state;
    assert_true(pcap_each_udp(path, 694, is_opened, NULL, &count));
    assert_int_equal(count, 2);
    assert_true(pcap_each_udp(path, 694, changed_it_is_refused, NULL, &count));
}

static struct hb_msg *message(const char *filler, unsigned count)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", "status");
    for (unsigned i = 0; i < count; i++) {
        char name[16];

        g_snprintf(name, sizeof name, "f%u", i);
        assert_true(hb_msg_add_text(msg, name, filler));
    }
    hb_msg_add_text(msg, "src", "node1");
    hb_msg_add(msg, HB_FIELD_BINARY, "srcuuid", "\0\1\2", 3);
    hb_msg_add_hex(msg, "seq", 1);
    hb_msg_add_hex(msg, "hg", 1);
    hb_msg_add_hex(msg, "ts", 1);
    return msg;
}

static void ours_come_out_as_they_went_in(void **state)
{
    GByteArray *out = g_byte_array_new();

    (void)state;
    for (size_t m = 0; m < G_N_ELEMENTS(methods); m++) {
        struct hb_msg *msg = message("the same again and again and again", 100), *back;

        g_byte_array_set_size(out, 0);
        assert_int_equal(hb_wire_seal_packed(&keys, msg, methods[m], out), 0);
        assert_true(out->len < 1000);
        assert_int_equal(hb_wire_open(&keys, out->data, out->len, &back), HB_ACCEPTED);
        for (size_t i = 0; i < hb_msg_count(msg); i++) {
            const struct hb_field *a = hb_msg_at(msg, i), *b = hb_msg_at(back, i);

            assert_string_equal(a->name, b->name);
            assert_int_equal(a->length, b->length);
            assert_memory_equal(a->value, b->value, a->length);
        }
        hb_msg_unref(back);
        hb_msg_unref(msg);
    }
    g_byte_array_unref(out);
}

/* Signed by us, with that inside. */
static enum hb_refusal open_packed(const char *method, enum hb_field_type type, GByteArray *inside)
{
    struct hb_msg *outer = hb_msg_new(), *msg = NULL;
    GByteArray *out = g_byte_array_new();
    enum hb_refusal refusal;

    assert_true(hb_msg_add(outer, type, "_compressed_payload", inside->data, inside->len));
    if (method != NULL)
        hb_msg_add_text(outer, "_compression_algorithm", method);
    assert_int_equal(hb_wire_seal(&keys, outer, false, out), 0);
    refusal = hb_wire_open(&keys, out->data, out->len, &msg);
    assert_true((msg != NULL) == (refusal == HB_ACCEPTED));
    hb_msg_unref(msg);
    hb_msg_unref(outer);
    g_byte_array_unref(out);
    g_byte_array_unref(inside);
    return refusal;
}

static GByteArray *zip(const char *text)
{
    return packed(HB_COMPRESS_ZLIB, text, strlen(text));
}

static void what_is_inside_is_judged_like_any_message(void **state)
{
    static const struct {
        const char *method, *inside;
        enum hb_refusal refusal;
    } cases[] = {
        {"zlib", ">>>\nt=status\nsrc=a\nts=1\nseq=1\n<<<\n", HB_ACCEPTED},
        {"zlib", "###\n11:(0)t=status,8:(0)src=a,7:(0)ts=1,8:(0)seq=1,%%%\n", HB_ACCEPTED},
        {"bz2", ">>>\nt=status\nsrc=a\nts=1\nseq=1\n<<<\n", HB_REFUSED_COMPRESSED},
        {"lzo", ">>>\nt=status\nsrc=a\nts=1\nseq=1\n<<<\n", HB_REFUSED_COMPRESSED},
        {NULL, ">>>\nt=status\nsrc=a\nts=1\nseq=1\n<<<\n", HB_REFUSED_COMPRESSED},
        {"zlib", ">>>\nt=status\nsrc=a\nts=1\n<<<\n", HB_REFUSED_BAD_HEADER},
        {"zlib", ">>>\n_compressed_payload=x\n<<<\n", HB_REFUSED_COMPRESSED},
        {"zlib", ">>>\nt=status\n", HB_REFUSED_BAD_FIELD},
        {"zlib", "###\n", HB_REFUSED_BAD_FIELD},
        {"zlib", ">>>", HB_REFUSED_BAD_FIELD},
        {"zlib", "<<<\n", HB_REFUSED_BAD_FIELD},
        {"zlib", "", HB_REFUSED_BAD_FIELD},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_string_equal(hb_refusal_name(open_packed(cases[i].method, HB_FIELD_BINARY,
                                                        zip(cases[i].inside))),
                            hb_refusal_name(cases[i].refusal));
    assert_int_equal(open_packed("zlib", HB_FIELD_LIST, g_byte_array_new()),
                     HB_REFUSED_COMPRESSED);
}

static void a_bomb_in_a_message_is_too_long(void **state)
{
    uint8_t *zeros = g_malloc0(10 << 20);

    (void)state;
    for (size_t m = 0; m < G_N_ELEMENTS(methods); m++)
        assert_int_equal(open_packed(hb_compression_name(methods[m]), HB_FIELD_BINARY,
                                     packed(methods[m], zeros, 10 << 20)),
                         HB_REFUSED_TOO_LONG);
    g_free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_out_as_they_went_in),
        cmocka_unit_test(what_is_longer_than_any_datagram_is_not_even_looked_at),
        cmocka_unit_test(a_bomb_is_refused_without_being_filled),
        cmocka_unit_test(damaged_bytes_are_refused),
        cmocka_unit_test(messages_of_heartbeat_are_read),
        cmocka_unit_test(ours_come_out_as_they_went_in),
        cmocka_unit_test(what_is_inside_is_judged_like_any_message),
        cmocka_unit_test(a_bomb_in_a_message_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
