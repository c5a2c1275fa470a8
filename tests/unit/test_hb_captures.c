/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Heartbeat 3.0.6 really sent: every datagram verifies, decodes and comes out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heartbeatd/core/wire.h"
#include "tests/unit/pcap.h"

static char key_text[] = "hblab-secret";

static struct ak_keys keys_of(enum ak_method method)
{
    struct ak_keys keys = {.sending = method == AK_SHA1 ? 1 : method == AK_CRC ? 2 : 3};
    struct ak_key *key = &keys.keys[keys.sending];

    key->method = method;
    if (method != AK_CRC) {
        key->text = key_text;
        key->length = strlen(key_text);
    }
    return keys;
}

static void names_its_key(void *ctx, const uint8_t *payload, size_t length)
{
    const struct ak_keys *keys = ctx;

    assert_int_equal(hb_wire_key(payload, length), keys->sending);
    for (size_t cut = 1; cut < 8; cut++)
        assert_int_equal(hb_wire_key(payload, length - cut), -1);
}

static void assert_opens(const struct ak_keys *keys, const uint8_t *payload, size_t length)
{
    struct hb_msg *msg = NULL;

    assert_int_equal(hb_wire_open(keys, payload, length, &msg), HB_ACCEPTED);
    hb_msg_unref(msg);
}

static void comes_out_again(void *ctx, const uint8_t *payload, size_t length)
{
    const struct ak_keys *keys = ctx;
    struct hb_msg *msg = NULL;
    GByteArray *again = g_byte_array_new();

    assert_int_equal(hb_wire_open(keys, payload, length, &msg), HB_ACCEPTED);
    assert_int_equal(hb_wire_seal(keys, msg, hb_msg_find(msg, "auth") != NULL, again), 0);
    assert_int_equal(again->len, length);
    assert_memory_equal(again->data, payload, length);
    g_byte_array_unref(again);
    hb_msg_unref(msg);
}

/* The same message under a trailer of ours: all but its digests comes out again. */
static void comes_out_again_signed_by_us(void *ctx, const uint8_t *payload, size_t length)
{
    const struct ak_keys *keys = ctx;
    GByteArray *ours = g_byte_array_new(), *again = g_byte_array_new();
    struct hb_msg *msg = NULL;
    char digest[AK_DIGEST_TEXT];
    const size_t trailer = strlen("34:3 0123456789abcdef0123456789abcdef,");
    const size_t inner = strlen("42:(0)auth=3 0123456789abcdef0123456789abcdef,%%%\n");

    g_byte_array_append(ours, payload, (guint)length);
    assert_int_equal(ak_digest(&keys->keys[3], payload, length - trailer, digest), 32);
    memcpy(ours->data + length - 33, digest, 32);
    assert_int_equal(hb_wire_open(keys, ours->data, length, &msg), HB_ACCEPTED);
    assert_int_equal(hb_wire_seal(keys, msg, true, again), 0);
    assert_int_equal(again->len, length);
    assert_memory_equal(again->data, payload, length - trailer - inner);
    hb_msg_unref(msg);
    g_byte_array_unref(ours);
    g_byte_array_unref(again);
}

static void is_refused(void *ctx, const uint8_t *payload, size_t length)
{
    struct hb_msg *msg = NULL;

    assert_int_equal(hb_wire_open(ctx, payload, length, &msg), HB_REFUSED_WRONG_DIGEST);
    assert_null(msg);
}

/* The message in the old form says the same, so its netstring form is the same again. */
static void says_the_same_in_the_string_form(void *ctx, const uint8_t *payload, size_t length)
{
    const struct ak_keys *keys = ctx;
    struct hb_msg *msg = NULL, *other = NULL;
    GByteArray *classic = g_byte_array_new(), *again = g_byte_array_new();

    assert_int_equal(hb_wire_open(keys, payload, length, &msg), HB_ACCEPTED);
    assert_int_equal(hb_wire_seal_classic(keys, msg, classic), 0);
    assert_int_equal(hb_wire_open(keys, classic->data, classic->len, &other), HB_ACCEPTED);
    assert_int_equal(hb_wire_seal(keys, other, hb_msg_find(msg, "auth") != NULL, again), 0);
    assert_int_equal(again->len, length);
    assert_memory_equal(again->data, payload, length);
    g_byte_array_unref(classic);
    g_byte_array_unref(again);
    hb_msg_unref(msg);
    hb_msg_unref(other);
}

static void any_changed_byte_is_refused(void *ctx, const uint8_t *payload, size_t length)
{
    const struct ak_keys *keys = ctx;
    uint8_t *copy = g_memdup2(payload, length);

    assert_opens(keys, payload, length);
    for (size_t i = 0; i < length; i++) {
        for (unsigned bit = 1; bit < 256; bit <<= 3) {
            struct hb_msg *msg = NULL;

            copy[i] = (uint8_t)(payload[i] ^ bit);
            assert_int_not_equal(hb_wire_open(keys, copy, length, &msg), HB_ACCEPTED);
            assert_null(msg);
        }
        copy[i] = payload[i];
    }
    g_free(copy);
}

static void any_cut_is_refused(void *ctx, const uint8_t *payload, size_t length)
{
    const struct ak_keys *keys = ctx;

    assert_opens(keys, payload, length);
    for (size_t i = 0; i < length; i++) {
        uint8_t *copy = g_memdup2(payload, i); /* so that a read beyond it is seen */
        struct hb_msg *msg = NULL;
        enum hb_refusal refusal = hb_wire_open(keys, copy, i, &msg);

        assert_null(msg);
        if (i < 4)
            assert_int_equal(refusal, HB_REFUSED_NOT_OURS);
        else if (refusal != HB_REFUSED_NO_DIGEST)
            assert_int_equal(refusal, HB_REFUSED_TRUNCATED);
        g_free(copy);
    }
}

static void each(const char *name, enum ak_method method, unsigned expected, pcap_fn fn)
{
    struct ak_keys keys = keys_of(method);
    char *path = g_strdup_printf("%s/captures/%s", TEST_DATA, name);
    unsigned count = 0;

    assert_true(pcap_each_udp(path, 694, fn, &keys, &count));
    assert_int_equal(count, expected);
    g_free(path);
}

static const struct {
    const char *name;
    enum ak_method method;
    unsigned count;
} captures[] = {
    {"start-2node.pcap", AK_SHA1, 124},    {"auth-crc.pcap", AK_CRC, 26},
    {"std-1-standby-0.pcap", AK_SHA1, 18}, {"msgfmt-netstring.pcap", AK_SHA1, 26},
    {"std-1-kill9-0.pcap", AK_SHA1, 12},   {"partition-heal.pcap", AK_SHA1, 470},
    {"standby-md5.pcap", AK_MD5, 166},
};

static void every_datagram_verifies_and_is_written_again_byte_for_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(captures); i++)
        each(captures[i].name, captures[i].method, captures[i].count, comes_out_again);
}

static void every_message_survives_the_string_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(captures); i++)
        each(captures[i].name, captures[i].method, captures[i].count,
             says_the_same_in_the_string_form);
}

static void no_byte_of_a_datagram_can_be_changed(void **state)
{
    (void)state;
    each("std-1-standby-0.pcap", AK_SHA1, 18, any_changed_byte_is_refused);
    each("msgfmt-netstring.pcap", AK_SHA1, 26, any_changed_byte_is_refused);
}

static void no_datagram_can_be_cut(void **state)
{
    (void)state;
    each("std-1-standby-0.pcap", AK_SHA1, 18, any_cut_is_refused);
    each("msgfmt-netstring.pcap", AK_SHA1, 26, any_cut_is_refused);
}

static void a_whole_datagram_says_which_key_it_is_signed_with(void **state)
{
    (void)state;
    each("std-1-standby-0.pcap", AK_SHA1, 18, names_its_key);
    each("msgfmt-netstring.pcap", AK_SHA1, 26, names_its_key);
    assert_int_equal(hb_wire_key("x", 1), -1);
}

/* Its key text was not kept. */
static void the_md5_capture_is_read_but_not_believed(void **state)
{
    (void)state;
    each("auth-md5.pcap", AK_MD5, 25, is_refused);
    each("auth-md5.pcap", AK_MD5, 25, comes_out_again_signed_by_us);
}

static void another_key_opens_nothing(void **state)
{
    struct ak_keys keys = keys_of(AK_SHA1);
    char other[] = "hblab-secreT";

    (void)state;
    keys.keys[1].text = other;
    assert_true(
        pcap_each_udp(TEST_DATA "/captures/start-2node.pcap", 694, is_refused, &keys, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_datagram_verifies_and_is_written_again_byte_for_byte),
        cmocka_unit_test(every_message_survives_the_string_form),
        cmocka_unit_test(no_byte_of_a_datagram_can_be_changed),
        cmocka_unit_test(no_datagram_can_be_cut),
        cmocka_unit_test(a_whole_datagram_says_which_key_it_is_signed_with),
        cmocka_unit_test(the_md5_capture_is_read_but_not_believed),
        cmocka_unit_test(another_key_opens_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
