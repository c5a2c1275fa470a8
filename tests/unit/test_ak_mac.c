/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * authkeys/mac and crc against known answers: the RFCs' own vectors, and a
 * datagram as Heartbeat 3.0.6 put it on the network (doc/protocol.md).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "authkeys/authkeys.h"
#include "authkeys/crc.h"

static void assert_digest(enum ak_method method, const char *key, size_t key_length,
                          const void *bytes, size_t length, const char *expected)
{
    struct ak_key with = {.method = method, .text = g_memdup2(key, key_length + 1), .length = key_length};
    char digest[AK_DIGEST_TEXT];

    assert_int_equal(ak_digest(&with, bytes, length, digest), strlen(expected));
    assert_string_equal(digest, expected);
    ak_key_begin(&with);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(ak_digest(&with, bytes, length, digest), strlen(expected));
        assert_string_equal(digest, expected);
    }
    ak_key_end(&with);
    g_free(with.text);
}

static void hmacs_give_the_answers_of_the_rfcs(void **state)
{
    static const char question[] = "what do ya want for nothing?";
    static const char long_key_text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    char long_key[132];

    (void)state;
    memset(long_key, 0xaa, sizeof(long_key));
    assert_digest(AK_MD5, "Jefe", 4, question, 28, "750c783e6ab0b503eaa86e310a5db738");
    assert_digest(AK_SHA1, "Jefe", 4, question, 28, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_digest(AK_SHA256, "Jefe", 4, question, 28,
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_digest(AK_SHA512, "Jefe", 4, question, 28,
                  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    assert_digest(AK_MD5, long_key, 80, long_key_text, 54, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
    assert_digest(AK_SHA1, long_key, 80, long_key_text, 54,
                  "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    assert_digest(AK_SHA256, long_key, 131, long_key_text, 54,
                  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_digest(AK_SHA512, long_key, 131, long_key_text, 54,
                  "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                  "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

static void an_empty_text_has_a_digest_too(void **state)
{
    (void)state;
    assert_digest(AK_MD5, "", 0, NULL, 0, "74e6f7298a9c2d168935f58c001bad88");
    assert_digest(AK_SHA1, "", 0, NULL, 0, "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
    assert_digest(AK_SHA256, "", 0, NULL, 0,
                  "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    assert_digest(AK_SHA512, "", 0, NULL, 0,
                  "b936cee86c9f87aa5d3c6f2e84cb5a4239a5fe50480a6ec66b70ab5b1f4ac673"
                  "0c6c515421b327ec1d69402e53dfb49ad7381eb067b338fd7b0cb22247225d47");
    assert_digest(AK_CRC, "", 0, NULL, 0, "ffffffff");
}

static void crc_gives_its_check_value(void **state)
{
    (void)state;
    assert_digest(AK_CRC, "", 0, "123456789", 9, "765e7680");
}

/* The definition itself, a bit at a time. */
static uint32_t crc_by_bits(const uint8_t *bytes, size_t length)
{
    uint32_t crc = 0;

    for (size_t bit = 0; bit < length * 8; bit++) {
        uint32_t in = bytes[bit / 8] >> (7 - bit % 8) & 1;
        uint32_t out = crc >> 31 ^ in;

        crc = crc << 1 ^ (out ? 0x04c11db7u : 0);
    }
    return ~crc;
}

static void crc_agrees_with_its_definition_for_every_byte(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[] = {(uint8_t)first, 0, 0xff, (uint8_t)~first};

        assert_int_equal(ak_crc32(bytes, sizeof(bytes)), crc_by_bits(bytes, sizeof(bytes)));
    }
}

static void crc_is_written_without_leading_zeros(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 1000; number++) {
        struct ak_key key = {.method = AK_CRC};
        char digest[AK_DIGEST_TEXT], expected[9];
        uint8_t bytes[] = {(uint8_t)(number >> 8), (uint8_t)number};

        g_snprintf(expected, sizeof(expected), "%x", crc_by_bits(bytes, sizeof(bytes)));
        assert_int_equal(ak_digest(&key, bytes, sizeof(bytes), digest), strlen(expected));
        assert_string_equal(digest, expected);
    }
}

static const char datagram_hex[] =
    "2323230a31333a283029743d7374617274696e672c31323a2830297372633d6e"
    "6f6465312c32373a283129737263757569643dda7c366d99c44e6ab881436321"
    "a39fa82c383a2830297365713d362c31343a28302968673d3662303134343362"
    "2c31343a28302974733d36623031343433622c32393a2830296c643d302e3132"
    "20302e323420302e313320322f3130342035342c383a28302974746c3d332c35"
    "303a283029617574683d31206434623834626637353365653963383466666138"
    "61343433303733363764653633656435303565612c2525250a34323a31203032"
    "3061336533333031353330323131353438323736663865333631353966663465"
    "3766643661332c";

static const char inner_text[] = "t=starting\nsrc=node1\n(1)srcuuid=2nw2bZnETmq4gUNjIaOfqA==\nseq=6\n"
                                 "hg=6b01443b\nts=6b01443b\nld=0.12 0.24 0.13 2/104 54\nttl=3\n";

static void a_captured_datagram_verifies(void **state)
{
    static const char key[] = "hblab-secret";
    uint8_t datagram[263];

    (void)state;
    assert_int_equal(strlen(datagram_hex), 2 * sizeof(datagram));
    for (size_t i = 0; i < sizeof(datagram); i++)
        datagram[i] = (uint8_t)(g_ascii_xdigit_value(datagram_hex[2 * i]) << 4 |
                                g_ascii_xdigit_value(datagram_hex[2 * i + 1]));
    assert_memory_equal(datagram + 222, "020a3e3301530211548276f8e36159ff4e7fd6a3", 40);
    assert_digest(AK_SHA1, key, 12, datagram, 217, "020a3e3301530211548276f8e36159ff4e7fd6a3");
    assert_digest(AK_MD5, key, 12, datagram, 217, "793951cf8757cf34b116d3c5b1f33c6f");
    assert_digest(AK_CRC, key, 12, datagram, 217, "9e18e70b");
    assert_int_equal(strlen(inner_text), 120);
    assert_digest(AK_SHA1, key, 12, inner_text, 120, "d4b84bf753ee9c84ffa8a44307367de63ed505ea");
}

static void without_a_key_there_is_no_digest(void **state)
{
    struct ak_key none = {.method = AK_NONE};
    char digest[AK_DIGEST_TEXT] = "x";

    (void)state;
    assert_int_equal(ak_digest(&none, "a", 1, digest), 0);
    assert_string_equal(digest, "");
}

static void digests_are_equal_only_if_every_byte_is(void **state)
{
    (void)state;
    assert_true(ak_digest_equal("abcd", 4, "abcd", 4));
    assert_true(ak_digest_equal("", 0, "", 0));
    assert_false(ak_digest_equal("abcd", 4, "abcde", 5));
    assert_false(ak_digest_equal("abcd", 4, "", 0));
    for (int i = 0; i < 4; i++) {
        char other[] = "abcd";

        other[i] ^= (char)0x80;
        assert_false(ak_digest_equal("abcd", 4, other, 4));
    }
}

static void methods_are_known_by_name(void **state)
{
    enum ak_method method = AK_NONE;

    (void)state;
    for (int i = AK_CRC; i < AK_METHOD_COUNT; i++) {
        assert_true(ak_method_find(ak_method_name((enum ak_method)i), &method));
        assert_int_equal(method, i);
    }
    assert_false(ak_method_find("SHA1", &method));
    assert_false(ak_method_find("none", &method));
    assert_string_equal(ak_method_name(AK_NONE), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmacs_give_the_answers_of_the_rfcs),
        cmocka_unit_test(an_empty_text_has_a_digest_too),
        cmocka_unit_test(crc_gives_its_check_value),
        cmocka_unit_test(crc_agrees_with_its_definition_for_every_byte),
        cmocka_unit_test(crc_is_written_without_leading_zeros),
        cmocka_unit_test(a_captured_datagram_verifies),
        cmocka_unit_test(without_a_key_there_is_no_digest),
        cmocka_unit_test(digests_are_equal_only_if_every_byte_is),
        cmocka_unit_test(methods_are_known_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
