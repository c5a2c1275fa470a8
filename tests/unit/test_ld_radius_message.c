/* SPDX-License-Identifier: GPL-2.0-or-later */
/* radius_message: the worked example of RFC 2865, 7.1, and answers good, forged and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "ldirectord/check/radius_message.h"

/* nemo logs in at 192.168.1.16 with the password arctangent; the secret is xyzzy5461. */
static struct ld_radius_ask nemo(void)
{
    struct ld_radius_ask ask = {.login = "nemo", .passwd = "arctangent", .secret = "xyzzy5461"};
    static const uint8_t authenticator[16] = {0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57,
                                              0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a};

    assert_true(ha_addr_parse(&ask.nas, "192.168.1.16"));
    memcpy(ask.authenticator, authenticator, sizeof(authenticator));
    return ask;
}

static const uint8_t accept_of_nemo[38] = {
    0x02, 0x00, 0x00, 0x26, 0x86, 0xfe, 0x22, 0x0e, 0x76, 0x24, 0xba, 0x2a, 0x10,
    0x05, 0xf6, 0xbf, 0x9b, 0x55, 0xe0, 0xb2, 0x06, 0x06, 0x00, 0x00, 0x00, 0x01,
    0x0f, 0x06, 0x00, 0x00, 0x00, 0x00, 0x0e, 0x06, 0xc0, 0xa8, 0x01, 0x03};

static const uint8_t *attribute(const uint8_t *message, size_t length, uint8_t type)
{
    for (size_t at = 20; at + 1 < length; at += message[at + 1])
        if (message[at] == type)
            return message + at;
    fail_msg("no attribute %u", type);
    return NULL;
}

static void the_password_is_hidden_as_in_the_rfc(void **state)
{
    static const uint8_t hidden[18] = {0x02, 0x12, 0x0d, 0xbe, 0x70, 0x8d, 0x93, 0xd4, 0x13,
                                       0xce, 0x31, 0x96, 0xe4, 0x3f, 0x78, 0x2a, 0x0a, 0xee};
    struct ld_radius_ask ask = nemo();
    uint8_t out[LD_RADIUS_MAX];
    size_t length = ld_radius_request(&ask, out);

    (void)state;
    assert_int_equal(length, 20 + 18 + 6 + 18 + 6);
    assert_memory_equal(out, "\1\0\0\x44\x0f\x40", 6);
    assert_memory_equal(attribute(out, length, 1), "\1\6nemo", 6);
    assert_memory_equal(attribute(out, length, 2), hidden, sizeof(hidden));
    assert_memory_equal(attribute(out, length, 4), "\4\6\xc0\xa8\1\x10", 6);
    assert_int_equal(attribute(out, length, 80)[1], 18);
}

static void long_words_are_refused_and_the_longest_are_not(void **state)
{
    char login[LD_RADIUS_LOGIN_MAX + 2], passwd[LD_RADIUS_PASSWD_MAX + 2];
    struct ld_radius_ask ask = nemo();
    uint8_t out[LD_RADIUS_MAX];

    (void)state;
    memset(login, 'x', sizeof(login));
    memset(passwd, 'x', sizeof(passwd));
    login[LD_RADIUS_LOGIN_MAX] = passwd[LD_RADIUS_PASSWD_MAX] = '\0';
    ask.login = login;
    ask.passwd = passwd;
    assert_int_equal(ld_radius_request(&ask, out), 20 + 18 + 255 + 130 + 6);
    assert_int_equal(out[2] << 8 | out[3], 20 + 18 + 255 + 130 + 6);
    login[LD_RADIUS_LOGIN_MAX] = 'x';
    login[LD_RADIUS_LOGIN_MAX + 1] = '\0';
    assert_int_equal(ld_radius_request(&ask, out), 0);
    ask.login = "nemo";
    passwd[LD_RADIUS_PASSWD_MAX] = 'x';
    passwd[LD_RADIUS_PASSWD_MAX + 1] = '\0';
    assert_int_equal(ld_radius_request(&ask, out), 0);
    ask.login = ask.passwd = ask.secret = "";
    assert_true(ha_addr_parse(&ask.nas, "2001:db8::1"));
    assert_int_equal(ld_radius_request(&ask, out), 20 + 18 + 18 + 18);
}

static void the_answer_of_the_rfc_is_an_accept(void **state)
{
    struct ld_radius_ask ask = nemo();
    uint8_t padded[64] = {0};

    (void)state;
    assert_int_equal(ld_radius_read(accept_of_nemo, sizeof(accept_of_nemo), &ask),
                     LD_RADIUS_ACCEPT);
    memcpy(padded, accept_of_nemo, sizeof(accept_of_nemo));
    assert_int_equal(ld_radius_read(padded, sizeof(padded), &ask), LD_RADIUS_ACCEPT);
}

/* Any one byte changed, any end cut off, another secret or request: never an accept. */
static void nothing_but_that_answer_is_an_accept(void **state)
{
    struct ld_radius_ask ask = nemo();

    (void)state;
    for (size_t i = 0; i < sizeof(accept_of_nemo); i++) {
        uint8_t *bytes = g_memdup2(accept_of_nemo, sizeof(accept_of_nemo));

        for (unsigned change = 1; change < 256; change++) {
            bytes[i] = accept_of_nemo[i] ^ (uint8_t)change;
            assert_int_not_equal(ld_radius_read(bytes, sizeof(accept_of_nemo), &ask),
                                 LD_RADIUS_ACCEPT);
        }
        g_free(bytes);
        bytes = g_memdup2(accept_of_nemo, MAX(i, 1));
        assert_int_equal(ld_radius_read(bytes, i, &ask), LD_RADIUS_NOT_OURS);
        g_free(bytes);
    }
    ask.secret = "xyzzy5462";
    assert_int_equal(ld_radius_read(accept_of_nemo, sizeof(accept_of_nemo), &ask),
                     LD_RADIUS_FORGED);
    ask = nemo();
    ask.authenticator[15] ^= 1;
    assert_int_equal(ld_radius_read(accept_of_nemo, sizeof(accept_of_nemo), &ask),
                     LD_RADIUS_FORGED);
    ask = nemo();
    ask.id = 1;
    assert_int_equal(ld_radius_read(accept_of_nemo, sizeof(accept_of_nemo), &ask),
                     LD_RADIUS_NOT_OURS);
}

/* ---- answers signed here, with attributes of any kind ---- */

static enum ld_radius signed_answer(uint8_t code, const void *attributes, size_t length,
                                    bool sign_inner)
{
    struct ld_radius_ask ask = nemo();
    uint8_t *message = g_malloc0(20 + length);
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    gsize size = 16;
    enum ld_radius is;

    message[0] = code;
    message[2] = (uint8_t)((20 + length) >> 8);
    message[3] = (uint8_t)(20 + length);
    memcpy(message + 4, ask.authenticator, 16);
    memcpy(message + 20, attributes, length);
    if (sign_inner) {
        GHmac *hmac = g_hmac_new(G_CHECKSUM_MD5, (const guchar *)ask.secret, strlen(ask.secret));

        g_hmac_update(hmac, message, (gssize)(20 + length));
        g_hmac_get_digest(hmac, message + 22, &size);
        g_hmac_unref(hmac);
    }
    g_checksum_update(sum, message, (gssize)(20 + length));
    g_checksum_update(sum, (const guchar *)ask.secret, -1);
    size = 16;
    g_checksum_get_digest(sum, message + 4, &size);
    g_checksum_free(sum);
    is = ld_radius_read(message, 20 + length, &ask);
    g_free(message);
    return is;
}

static void the_code_decides(void **state)
{
    (void)state;
    assert_int_equal(signed_answer(2, "", 0, false), LD_RADIUS_ACCEPT);
    assert_int_equal(signed_answer(3, "\22\4no", 4, false), LD_RADIUS_REJECT);
    assert_int_equal(signed_answer(11, "", 0, false), LD_RADIUS_CHALLENGE);
    assert_int_equal(signed_answer(5, "", 0, false), LD_RADIUS_NOT_OURS);
    assert_int_equal(signed_answer(1, "", 0, false), LD_RADIUS_NOT_OURS);
}

static void attributes_must_fit(void **state)
{
    (void)state;
    assert_int_equal(signed_answer(2, "\22", 1, false), LD_RADIUS_BROKEN);
    assert_int_equal(signed_answer(2, "\22\1", 2, false), LD_RADIUS_BROKEN);
    assert_int_equal(signed_answer(2, "\22\0", 2, false), LD_RADIUS_BROKEN);
    assert_int_equal(signed_answer(2, "\22\5xx", 4, false), LD_RADIUS_BROKEN);
    assert_int_equal(signed_answer(2, "\22\4xx\22", 5, false), LD_RADIUS_BROKEN);
    assert_int_equal(signed_answer(2, "\120\3x", 3, false), LD_RADIUS_BROKEN);
}

static void the_inner_signature_is_held_against_the_message_too(void **state)
{
    uint8_t attributes[18] = {80, 18};

    (void)state;
    assert_int_equal(signed_answer(2, attributes, sizeof(attributes), true), LD_RADIUS_ACCEPT);
    assert_int_equal(signed_answer(2, attributes, sizeof(attributes), false), LD_RADIUS_FORGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_password_is_hidden_as_in_the_rfc),
        cmocka_unit_test(long_words_are_refused_and_the_longest_are_not),
        cmocka_unit_test(the_answer_of_the_rfc_is_an_accept),
        cmocka_unit_test(nothing_but_that_answer_is_an_accept),
        cmocka_unit_test(the_code_decides),
        cmocka_unit_test(attributes_must_fit),
        cmocka_unit_test(the_inner_signature_is_held_against_the_message_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
