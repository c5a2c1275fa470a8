/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes on the wire: the worked examples of doc/protocol.md, and every kind of damage by name. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heartbeatd/core/wire.h"

static char secret[] = "hblab-secret", other[] = "another";

#define KEY(of, which) {.method = (of), .text = (which), .length = sizeof(which) - 1}

static const struct ak_keys one_key = {
    .keys = {[1] = KEY(AK_SHA1, secret)},
    .sending = 1,
};

static const uint8_t node1_uuid[16] = {0xda, 0x7c, 0x36, 0x6d, 0x99, 0xc4, 0x4e, 0x6a,
                                       0xb8, 0x81, 0x43, 0x63, 0x21, 0xa3, 0x9f, 0xa8};

/* A datagram that a real node sent; the uuid stands where the dots are. */
static const char starting_text[] =
    "###\n13:(0)t=starting,12:(0)src=node1,27:(1)srcuuid=................,8:(0)seq=6,"
    "14:(0)hg=6b01443b,14:(0)ts=6b01443b,29:(0)ld=0.12 0.24 0.13 2/104 54,8:(0)ttl=3,"
    "50:(0)auth=1 d4b84bf753ee9c84ffa8a44307367de63ed505ea,%%%\n"
    "42:1 020a3e3301530211548276f8e36159ff4e7fd6a3,";
#define STARTING_LENGTH 263
#define STARTING_COVERED 217

static GByteArray *starting_bytes(void)
{
    GByteArray *bytes = g_byte_array_new();

    assert_int_equal(sizeof starting_text - 1, STARTING_LENGTH);
    g_byte_array_append(bytes, (const guint8 *)starting_text, STARTING_LENGTH);
    memcpy(strstr((char *)bytes->data, "................"), node1_uuid, 16);
    return bytes;
}

static const char classic_text[] =
    ">>>\nt=status\nst=active\ndt=bb8\nprotocol=1\nsrc=node2\n"
    "(1)srcuuid=AAECAwQFBgcICQoLDA0ODw==\nseq=2a\nhg=65000001\nts=65000100\n"
    "ld=0.00 0.01 0.05 1/100 4242\nttl=3\n"
    "auth=1 3fb52fad63833af17ef21c9d7980040929d8b294\n<<<\n";

static enum hb_refusal open_bytes(const struct ak_keys *keys, const void *bytes, size_t length,
                                  struct hb_msg **out)
{
    uint8_t *copy = g_memdup2(bytes, length); /* its own block: reading past it is seen */
    enum hb_refusal refusal = hb_wire_open(keys, copy, length, out);

    g_free(copy);
    assert_int_equal(*out != NULL, refusal == HB_ACCEPTED);
    return refusal;
}

static void assert_refused(enum hb_refusal expected, const struct ak_keys *keys,
                           const GByteArray *bytes)
{
    struct hb_msg *msg = NULL;

    assert_string_equal(hb_refusal_name(open_bytes(keys, bytes->data, bytes->len, &msg)),
                        hb_refusal_name(expected));
}

/* "###\n" fields "%%%\n" and a right trailer: what only a holder of the key can send. */
static GByteArray *signed_fields(const void *fields, size_t length)
{
    GByteArray *bytes = g_byte_array_new();
    char digest[AK_DIGEST_TEXT];
    char *trailer;

    g_byte_array_append(bytes, (const guint8 *)"###\n", 4);
    if (length > 0)
        g_byte_array_append(bytes, fields, (guint)length);
    g_byte_array_append(bytes, (const guint8 *)"%%%\n", 4);
    assert_int_equal(ak_digest(&one_key.keys[1], bytes->data, bytes->len, digest), 40);
    trailer = g_strdup_printf("42:1 %s,", digest);
    g_byte_array_append(bytes, (const guint8 *)trailer, (guint)strlen(trailer));
    g_free(trailer);
    return bytes;
}

static enum hb_refusal open_signed(const void *fields, size_t length)
{
    GByteArray *bytes = signed_fields(fields, length);
    struct hb_msg *msg = NULL;
    enum hb_refusal refusal = open_bytes(&one_key, bytes->data, bytes->len, &msg);

    hb_msg_unref(msg);
    g_byte_array_unref(bytes);
    return refusal;
}

/* ---- worked examples ---- */

static void the_real_datagram_is_read(void **state)
{
    GByteArray *bytes = starting_bytes();
    struct hb_msg *msg = NULL;
    uint64_t number = 0;

    (void)state;
    assert_int_equal(open_bytes(&one_key, bytes->data, bytes->len, &msg), HB_ACCEPTED);
    assert_int_equal(hb_msg_count(msg), 9);
    assert_string_equal(hb_msg_text(msg, "t"), "starting");
    assert_string_equal(hb_msg_text(msg, "src"), "node1");
    assert_int_equal(hb_msg_find(msg, "srcuuid")->length, 16);
    assert_memory_equal(hb_msg_find(msg, "srcuuid")->value, node1_uuid, 16);
    assert_true(hb_msg_hex(msg, "hg", &number) && number == 0x6b01443b);
    assert_string_equal(hb_msg_text(msg, "ld"), "0.12 0.24 0.13 2/104 54");
    hb_msg_unref(msg);
    g_byte_array_unref(bytes);
}

static void the_real_datagram_is_written(void **state)
{
    GByteArray *bytes = starting_bytes(), *out = g_byte_array_new();
    struct hb_msg *msg = hb_msg_new();

    (void)state;
    assert_true(hb_msg_add_text(msg, "t", "starting"));
    assert_true(hb_msg_add_text(msg, "src", "node1"));
    assert_true(hb_msg_add(msg, HB_FIELD_BINARY, "srcuuid", node1_uuid, 16));
    assert_true(hb_msg_add_hex(msg, "seq", 6));
    assert_true(hb_msg_add_hex(msg, "hg", 0x6b01443b));
    assert_true(hb_msg_add_hex(msg, "ts", 0x6b01443b));
    assert_true(hb_msg_add_text(msg, "ld", "0.12 0.24 0.13 2/104 54"));
    assert_true(hb_msg_add_uint(msg, "ttl", 3));
    assert_int_equal(hb_wire_seal(&one_key, msg, true, out), 0);
    assert_int_equal(out->len, bytes->len);
    assert_memory_equal(out->data, bytes->data, bytes->len);
    /* Once more behind it: an auth field that is there is replaced. */
    assert_true(hb_msg_add_text(msg, "auth", "1 old"));
    assert_int_equal(hb_wire_seal(&one_key, msg, true, out), 0);
    assert_int_equal(out->len, 2 * bytes->len);
    assert_memory_equal(out->data + bytes->len, bytes->data, bytes->len);
    hb_msg_unref(msg);
    g_byte_array_unref(bytes);
    g_byte_array_unref(out);
}

static void the_other_methods_digest_the_same_bytes(void **state)
{
    const struct ak_key md5 = KEY(AK_MD5, secret), crc = {.method = AK_CRC};
    GByteArray *bytes = starting_bytes();
    char digest[AK_DIGEST_TEXT];

    (void)state;
    assert_int_equal(ak_digest(&md5, bytes->data, STARTING_COVERED, digest), 32);
    assert_string_equal(digest, "793951cf8757cf34b116d3c5b1f33c6f");
    assert_int_equal(ak_digest(&crc, bytes->data, STARTING_COVERED, digest), 8);
    assert_string_equal(digest, "9e18e70b");
    g_byte_array_unref(bytes);
}

static void the_string_form_is_read_and_written(void **state)
{
    static const char trailer[] = "42:1 37d83537fe086bb6301584a7adb2cb026cdff886,";
    struct hb_msg *msg = NULL;
    GByteArray *out = g_byte_array_new();

    (void)state;
    /* With its NUL and without. */
    assert_int_equal(sizeof classic_text, 206);
    assert_int_equal(open_bytes(&one_key, classic_text, 205, &msg), HB_ACCEPTED);
    hb_msg_unref(msg);
    assert_int_equal(open_bytes(&one_key, classic_text, 206, &msg), HB_ACCEPTED);
    assert_int_equal(hb_wire_seal_classic(&one_key, msg, out), 0);
    assert_int_equal(out->len, 206);
    assert_memory_equal(out->data, classic_text, 206);
    g_byte_array_set_size(out, 0);
    assert_int_equal(hb_wire_seal(&one_key, msg, true, out), 0);
    assert_int_equal(out->len, 309);
    assert_memory_equal(out->data + 309 - strlen(trailer), trailer, strlen(trailer));
    hb_msg_unref(msg);
    g_byte_array_unref(out);
}

static void every_type_of_field_comes_through_both_forms(void **state)
{
    struct hb_msg *msg = hb_msg_new(), *back = NULL;
    GByteArray *out = g_byte_array_new();
    const uint8_t raw[5] = {0, '\n', ',', '%', 0xff};

    (void)state;
    assert_true(hb_msg_add_text(msg, "t", "NS_test"));
    assert_true(hb_msg_add_text(msg, "src", "node1"));
    assert_true(hb_msg_add_text(msg, "ts", "1"));
    assert_true(hb_msg_add_text(msg, "info", "two\nlines, %%%\nand <<<\n"));
    assert_true(hb_msg_add_text(msg, "empty", ""));
    assert_true(hb_msg_add(msg, HB_FIELD_BINARY, "raw", raw, sizeof raw));
    assert_true(hb_msg_add(msg, HB_FIELD_BINARY, "none", NULL, 0));
    assert_true(hb_msg_add(msg, HB_FIELD_COMPRESSED, "packed", raw, sizeof raw));
    assert_true(hb_msg_add(msg, HB_FIELD_LIST, "list", "3:a\nb,0:,", 9));
    for (unsigned form = 0; form < 2; form++) {
        g_byte_array_set_size(out, 0);
        assert_int_equal(form == 0 ? hb_wire_seal(&one_key, msg, true, out)
                                   : hb_wire_seal_classic(&one_key, msg, out),
                         0);
        assert_int_equal(open_bytes(&one_key, out->data, out->len, &back), HB_ACCEPTED);
        assert_int_equal(hb_msg_count(back), hb_msg_count(msg) + 1);
        for (size_t i = 0; i < hb_msg_count(msg); i++) {
            const struct hb_field *a = hb_msg_at(msg, i), *b = hb_msg_at(back, i);

            assert_string_equal(a->name, b->name);
            assert_int_equal(a->type, b->type);
            assert_int_equal(a->length, b->length);
            assert_memory_equal(a->value, b->value, a->length);
        }
        hb_msg_unref(back);
    }
    hb_msg_unref(msg);
    g_byte_array_unref(out);
}

/* ---- keys ---- */

static GByteArray *sealed_by(const struct ak_keys *keys)
{
    GByteArray *bytes = starting_bytes(), *out = g_byte_array_new();
    struct hb_msg *msg = NULL;

    assert_int_equal(hb_wire_open(&one_key, bytes->data, bytes->len, &msg), HB_ACCEPTED);
    assert_int_equal(hb_wire_seal(keys, msg, true, out), 0);
    hb_msg_unref(msg);
    g_byte_array_unref(bytes);
    return out;
}

static void any_key_of_the_file_opens(void **state)
{
    const struct ak_keys sender = {.keys = {[7] = KEY(AK_SHA256, other)},
                                   .sending = 7};
    const struct ak_keys both = {.keys = {[1] = KEY(AK_SHA1, secret),
                                          [7] = KEY(AK_SHA256, other)},
                                 .sending = 1};
    GByteArray *bytes = sealed_by(&sender);
    struct hb_msg *msg = NULL;

    (void)state;
    assert_int_equal(open_bytes(&both, bytes->data, bytes->len, &msg), HB_ACCEPTED);
    hb_msg_unref(msg);
    assert_refused(HB_REFUSED_UNKNOWN_KEY, &one_key, bytes);
    g_byte_array_unref(bytes);
}

static void a_peer_that_mixes_index_and_text_is_understood(void **state)
{
    /* 3.0.6 signs with its sending key's text and the method of the index. */
    const struct ak_keys sender = {.keys = {[2] = KEY(AK_MD5, secret)},
                                   .sending = 2};
    const struct ak_keys ours = {
        .keys =
            {[1] = KEY(AK_SHA1, secret), [2] = KEY(AK_MD5, other)},
        .sending = 1};
    const struct ak_keys stranger = {
        .keys = {[1] = KEY(AK_SHA1, other), [2] = KEY(AK_MD5, other)},
        .sending = 1};
    const struct ak_keys with_crc = {
        .keys = {[1] = {.method = AK_CRC}, [2] = KEY(AK_MD5, other)}, .sending = 1};
    GByteArray *bytes = sealed_by(&sender);
    struct hb_msg *msg = NULL;

    (void)state;
    assert_int_equal(open_bytes(&ours, bytes->data, bytes->len, &msg), HB_ACCEPTED);
    hb_msg_unref(msg);
    assert_refused(HB_REFUSED_WRONG_DIGEST, &stranger, bytes);
    assert_refused(HB_REFUSED_WRONG_DIGEST, &with_crc, bytes);
    g_byte_array_unref(bytes);
}

static void without_a_sending_key_nothing_is_written(void **state)
{
    const struct ak_keys none = {.sending = 1};
    const struct ak_keys wild = {.sending = -1};
    struct hb_msg *msg = hb_msg_new();
    GByteArray *out = g_byte_array_new();

    (void)state;
    assert_true(hb_msg_add_text(msg, "t", "status"));
    assert_int_equal(hb_wire_seal(&none, msg, true, out), -ENOKEY);
    assert_int_equal(hb_wire_seal(&none, msg, false, out), -ENOKEY);
    assert_int_equal(hb_wire_seal(&wild, msg, false, out), -ENOKEY);
    assert_int_equal(hb_wire_seal_classic(&none, msg, out), -ENOKEY);
    assert_int_equal(out->len, 0);
    hb_msg_unref(msg);
    g_byte_array_unref(out);
}

static void what_does_not_fit_a_datagram_is_not_written(void **state)
{
    struct hb_msg *msg = hb_msg_new();
    GByteArray *out = g_byte_array_new();
    char *big = g_strnfill(HB_MSG_BYTES_MAX - 20, 'x');

    (void)state;
    assert_true(hb_msg_add_text(msg, "info", big));
    assert_int_equal(hb_wire_seal(&one_key, msg, false, out), -EMSGSIZE);
    assert_int_equal(hb_wire_seal_classic(&one_key, msg, out), -EMSGSIZE);
    assert_int_equal(out->len, 0);
    hb_msg_unref(msg);
    g_byte_array_unref(out);
    g_free(big);
}

/* A message of depth messages inside each other as its last field. */
static GByteArray *nested_fields(unsigned depth)
{
    GString *inner = g_string_new("");
    GByteArray *fields = g_byte_array_new();

    for (unsigned i = 0; i < depth; i++) {
        char *field;

        g_string_prepend(inner, "###\n");
        g_string_append(inner, "%%%\n");
        field = g_strdup_printf("%zu:(2)a=%s,", inner->len + 5, inner->str);
        g_string_assign(inner, field);
        g_free(field);
    }
    g_string_prepend(inner, "10:(0)t=NS_st,9:(0)src=n1,8:(0)ts=1a,");
    g_byte_array_append(fields, (const guint8 *)inner->str, (guint)inner->len);
    g_string_free(inner, TRUE);
    return fields;
}

static void nested_messages_have_a_bound(void **state)
{
    static const struct {
        unsigned depth;
        enum hb_refusal refusal;
    } cases[] = {{0, HB_ACCEPTED},
                 {1, HB_ACCEPTED},
                 {16, HB_ACCEPTED},
                 {17, HB_REFUSED_BAD_FIELD},
                 {3000, HB_REFUSED_BAD_FIELD}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *fields = nested_fields(cases[i].depth);

        assert_int_equal(open_signed(fields->data, fields->len), cases[i].refusal);
        g_byte_array_unref(fields);
    }
}

static void nested_messages_are_carried_but_not_put_under_an_inner_digest(void **state)
{
    GByteArray *fields = nested_fields(2), *out = g_byte_array_new();
    GByteArray *bytes = signed_fields(fields->data, fields->len);
    struct hb_msg *msg = NULL;

    (void)state;
    assert_int_equal(open_bytes(&one_key, bytes->data, bytes->len, &msg), HB_ACCEPTED);
    assert_int_equal(hb_wire_seal(&one_key, msg, false, out), 0);
    assert_int_equal(out->len, bytes->len);
    assert_memory_equal(out->data, bytes->data, bytes->len);
    assert_int_equal(hb_wire_seal(&one_key, msg, true, out), -EPROTO);
    assert_int_equal(hb_wire_seal_classic(&one_key, msg, out), -EPROTO);
    assert_int_equal(out->len, bytes->len);
    hb_msg_unref(msg);
    g_byte_array_unref(fields);
    g_byte_array_unref(bytes);
    g_byte_array_unref(out);
}

static void more_fields_than_a_message_may_have_are_refused(void **state)
{
    GString *fields = g_string_new("10:(0)t=NS_st,9:(0)src=n1,8:(0)ts=1a,");

    (void)state;
    for (unsigned i = 3; i < HB_MSG_FIELDS_MAX; i++)
        g_string_append(fields, "6:(0)a=b,");
    assert_int_equal(open_signed(fields->str, fields->len), HB_ACCEPTED);
    g_string_append(fields, "6:(0)a=b,");
    assert_int_equal(open_signed(fields->str, fields->len), HB_REFUSED_BAD_FIELD);
    g_string_free(fields, TRUE);
}

/* ---- damage before the digest is right ---- */

static void damaged_framing_has_a_name(void **state)
{
    static const struct {
        const char *bytes;
        enum hb_refusal refusal;
    } cases[] = {
        {"", HB_REFUSED_NOT_OURS},
        {"#", HB_REFUSED_NOT_OURS},
        {"###", HB_REFUSED_NOT_OURS},
        {"GET / HTTP/1.0\r\n", HB_REFUSED_NOT_OURS},
        {"%%%\n", HB_REFUSED_NOT_OURS},
        {"<<<\n", HB_REFUSED_NOT_OURS},
        {"###\n", HB_REFUSED_TRUNCATED},
        {"###\n8:(0)t=abc,", HB_REFUSED_TRUNCATED},
        {"###\n%%%\n", HB_REFUSED_NO_DIGEST},
        {"###\n%%%\n4", HB_REFUSED_TRUNCATED},
        {"###\n%%%\n42:", HB_REFUSED_TRUNCATED},
        {"###\n%%%\n42:1 ab", HB_REFUSED_TRUNCATED},
        {"###\n%%%\n4:1 ab", HB_REFUSED_TRUNCATED},
        {"###\n%%%\n4:1 ab;", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n04:1 ab,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n-4:1 ab,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n99999999999999999999:1 ab,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n0:,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n2:1 ,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n3: ab,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n4:x ab,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n5:-1 ab,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n4:1 xy,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n4:1 AB,", HB_REFUSED_BAD_DIGEST_LINE},
        {"###\n%%%\n5:16 ab,", HB_REFUSED_UNKNOWN_KEY},
        {"###\n%%%\n4:2 ab,", HB_REFUSED_UNKNOWN_KEY},
        {"###\n%%%\n8:99999 ab,", HB_REFUSED_UNKNOWN_KEY},
        {"###\n%%%\n4:1 ab,", HB_REFUSED_WRONG_DIGEST},
        {"###\n%%%\n42:1 020a3e3301530211548276f8e36159ff4e7fd6a3,", HB_REFUSED_WRONG_DIGEST},
        /* Never looked at, because the digest is wrong: what crashed 3.0.6. */
        {"###\n5:nofie,%%%\n4:1 ab,", HB_REFUSED_WRONG_DIGEST},
        {"###\n0:,%%%\n4:1 ab,", HB_REFUSED_WRONG_DIGEST},
        {"###\n8:(7)t=abc,%%%\n4:1 ab,", HB_REFUSED_WRONG_DIGEST},
        {"###\n8:(z)t=abc,%%%\n4:1 ab,", HB_REFUSED_WRONG_DIGEST},
        {">>>\n", HB_REFUSED_TRUNCATED},
        {">>>\nt=status\n", HB_REFUSED_TRUNCATED},
        {">>>\nt=status<<<\n", HB_REFUSED_TRUNCATED},
        {">>>\n<<<\n", HB_REFUSED_NO_DIGEST},
        {">>>\nt=status\n<<<\n", HB_REFUSED_NO_DIGEST},
        {">>>\nauth=1 ab\nt=status\n<<<\n", HB_REFUSED_NO_DIGEST},
        {">>>\nauth=\n<<<\n", HB_REFUSED_BAD_DIGEST_LINE},
        {">>>\nauth=1\n<<<\n", HB_REFUSED_BAD_DIGEST_LINE},
        {">>>\nt=status\nauth=9 ab\n<<<\n", HB_REFUSED_UNKNOWN_KEY},
        {">>>\nt=status\nauth=1 ab\n<<<\n", HB_REFUSED_WRONG_DIGEST},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct hb_msg *msg = NULL;
        enum hb_refusal refusal =
            open_bytes(&one_key, cases[i].bytes, strlen(cases[i].bytes), &msg);

        if (refusal != cases[i].refusal)
            print_error("case %zu: %s\n", i, cases[i].bytes);
        assert_string_equal(hb_refusal_name(refusal), hb_refusal_name(cases[i].refusal));
    }
}

static void an_endless_trailer_is_refused(void **state)
{
    GByteArray *bytes = g_byte_array_new();
    char *big = g_strnfill(60000, 'a');
    char *text = g_strdup_printf("###\n%%%%%%\n60002:1 %s,", big);

    (void)state;
    g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
    assert_refused(HB_REFUSED_BAD_DIGEST_LINE, &one_key, bytes);
    g_byte_array_append(bytes, (const guint8 *)big, 60000);
    assert_refused(HB_REFUSED_TOO_LONG, &one_key, bytes);
    g_byte_array_unref(bytes);
    g_free(text);
    g_free(big);
}

static void bytes_behind_the_trailer_change_nothing(void **state)
{
    GByteArray *bytes = starting_bytes();
    struct hb_msg *msg = NULL;

    (void)state;
    g_byte_array_append(bytes, (const guint8 *)"\0junk", 5);
    assert_int_equal(open_bytes(&one_key, bytes->data, bytes->len, &msg), HB_ACCEPTED);
    assert_int_equal(hb_msg_count(msg), 9);
    hb_msg_unref(msg);
    g_byte_array_unref(bytes);
}

static void an_inner_digest_does_not_replace_the_trailer(void **state)
{
    GByteArray *bytes = starting_bytes();

    (void)state;
    g_byte_array_set_size(bytes, STARTING_COVERED);
    assert_refused(HB_REFUSED_NO_DIGEST, &one_key, bytes);
    g_byte_array_unref(bytes);
}

/* ---- damage under a right digest ---- */

#define HEAD "10:(0)t=NS_st,9:(0)src=n1,8:(0)ts=1a,"
#define FIELDS(text)                                                                               \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

static const struct {
    struct {
        const char *at;
        size_t length;
    } fields;
    enum hb_refusal refusal;
} damaged[] = {
    {FIELDS("9:(0)t=NS_x,10:(0)src=n1,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("x"), HB_REFUSED_BAD_FIELD},
    {FIELDS("0:,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(":(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("5:t=abc,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("3:(0),"), HB_REFUSED_BAD_FIELD},
    {FIELDS("4:(0)=,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("5:(0)=x,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("6:(0)abc,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("6:(6)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("6:(9)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("6:(z)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("6:[0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("6:(0]a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("7:(00)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("06:(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("6 :(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("+6:(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("-6:(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("5:(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("7:(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("6:(0)a=b;"), HB_REFUSED_BAD_FIELD},
    {FIELDS("6:(0)a=b"), HB_REFUSED_BAD_FIELD},
    {FIELDS("999999:(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("4294967302:(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS("18446744073709551615:(0)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "7:(0)a=\0b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "7:(0)\0a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "7:(0)\na=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "8:(0)(0)=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "\n"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "6:(2)a=b,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "9:(2)a=###\n,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "19:(2)a=###\n4:(0)=%%%\n,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "14:(2)a=###\n%%%\nx,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "7:(3)a=1:,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(HEAD "8:(3)a=2:x,"), HB_REFUSED_BAD_FIELD},
    {FIELDS(""), HB_REFUSED_BAD_HEADER},
    {FIELDS("9:(0)src=n1,8:(0)ts=1a,8:(0)seq=1,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("10:(0)t=NS_st,8:(0)ts=1a,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("10:(0)t=NS_st,9:(0)src=n1,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("10:(0)t=NS_st,7:(0)src=,8:(0)ts=1a,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("5:(0)t=,9:(0)src=n1,8:(0)ts=1a,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("10:(1)t=NS_st,9:(0)src=n1,8:(0)ts=1a,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("10:(0)t=NS_st,9:(0)src=n1,7:(0)ts=0,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("10:(0)t=NS_st,9:(0)src=n1,7:(0)ts=z,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("11:(0)t=status,9:(0)src=n1,8:(0)ts=1a,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("11:(0)t=status,9:(0)src=n1,8:(0)ts=1a,8:(0)seq=z,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("11:(0)t=status,9:(0)src=n1,8:(0)ts=1a,8:(0)seq=0,"), HB_REFUSED_BAD_HEADER},
    {FIELDS("25:(1)_compressed_payload=BZ,"), HB_REFUSED_COMPRESSED},
    {FIELDS(HEAD), HB_ACCEPTED},
    {FIELDS("11:(0)t=status,9:(0)src=n1,8:(0)ts=1a,8:(0)seq=1,"), HB_ACCEPTED},
    {FIELDS(HEAD "13:(2)a=###\n%%%\n,"), HB_ACCEPTED},
    {FIELDS(HEAD "22:(2)a=###\n6:(0)b=c,%%%\n,"), HB_ACCEPTED},
    {FIELDS(HEAD "22:(5)a=###\n6:(0)b=c,%%%\n,"), HB_ACCEPTED},
    {FIELDS(HEAD "5:(3)a=,"), HB_ACCEPTED},
    {FIELDS(HEAD "9:(3)a=1:x,,"), HB_ACCEPTED},
};

static void damaged_fields_have_a_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
        enum hb_refusal refusal = open_signed(damaged[i].fields.at, damaged[i].fields.length);

        if (refusal != damaged[i].refusal)
            print_error("case %zu: %s\n", i, damaged[i].fields.at);
        assert_string_equal(hb_refusal_name(refusal), hb_refusal_name(damaged[i].refusal));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_datagram_is_read),
        cmocka_unit_test(the_real_datagram_is_written),
        cmocka_unit_test(the_other_methods_digest_the_same_bytes),
        cmocka_unit_test(the_string_form_is_read_and_written),
        cmocka_unit_test(every_type_of_field_comes_through_both_forms),
        cmocka_unit_test(any_key_of_the_file_opens),
        cmocka_unit_test(a_peer_that_mixes_index_and_text_is_understood),
        cmocka_unit_test(without_a_sending_key_nothing_is_written),
        cmocka_unit_test(what_does_not_fit_a_datagram_is_not_written),
        cmocka_unit_test(nested_messages_have_a_bound),
        cmocka_unit_test(nested_messages_are_carried_but_not_put_under_an_inner_digest),
        cmocka_unit_test(more_fields_than_a_message_may_have_are_refused),
        cmocka_unit_test(damaged_framing_has_a_name),
        cmocka_unit_test(an_endless_trailer_is_refused),
        cmocka_unit_test(bytes_behind_the_trailer_change_nothing),
        cmocka_unit_test(an_inner_digest_does_not_replace_the_trailer),
        cmocka_unit_test(damaged_fields_have_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
