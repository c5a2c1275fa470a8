/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in memory: order, bounds, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "heartbeatd/core/msg.h"

static int setup(void **state)
{
    *state = hb_msg_new();
    return 0;
}

static int teardown(void **state)
{
    hb_msg_unref(*state);
    return 0;
}

static void fields_keep_their_order_and_their_bytes(void **state)
{
    struct hb_msg *msg = *state;
    const uint8_t raw[4] = {0, '=', '\n', 255};

    assert_true(hb_msg_add_text(msg, "t", "status"));
    assert_true(hb_msg_add(msg, HB_FIELD_BINARY, "srcuuid", raw, sizeof raw));
    assert_true(hb_msg_add_text(msg, "info", ""));
    assert_int_equal(hb_msg_count(msg), 3);
    assert_string_equal(hb_msg_at(msg, 0)->name, "t");
    assert_int_equal(hb_msg_at(msg, 1)->length, sizeof raw);
    assert_memory_equal(hb_msg_at(msg, 1)->value, raw, sizeof raw);
    assert_string_equal(hb_msg_text(msg, "info"), "");
    assert_null(hb_msg_at(msg, 3));
    assert_null(hb_msg_find(msg, "src"));
}

static void binary_is_no_text(void **state)
{
    struct hb_msg *msg = *state;

    assert_true(hb_msg_add(msg, HB_FIELD_BINARY, "srcuuid", "abc", 3));
    assert_null(hb_msg_text(msg, "srcuuid"));
}

static void the_first_of_two_fields_of_one_name_is_found(void **state)
{
    struct hb_msg *msg = *state;

    assert_true(hb_msg_add_text(msg, "t", "repnodes"));
    assert_true(hb_msg_add_text(msg, "t", "other"));
    assert_string_equal(hb_msg_text(msg, "t"), "repnodes");
    hb_msg_remove(msg, "t");
    assert_int_equal(hb_msg_count(msg), 0);
}

static void numbers_are_whole_values_in_range(void **state)
{
    static const struct {
        const char *text;
        bool hex, decimal;
        uint64_t hex_value, value;
    } cases[] = {
        {"0", true, true, 0, 0},
        {"bb8", true, false, 0xbb8, 0},
        {"BB8", true, false, 0xbb8, 0},
        {"3000", true, true, 0x3000, 3000},
        {"ffffffffffffffff", true, false, UINT64_MAX, 0},
        {"10000000000000000", false, true, 0, UINT64_C(10000000000000000)},
        {"18446744073709551615", false, true, 0, UINT64_MAX},
        {"18446744073709551616", false, false, 0, 0},
        {"", false, false, 0, 0},
        {"-1", false, false, 0, 0},
        {" 1", false, false, 0, 0},
        {"1 ", false, false, 0, 0},
        {"0x10", false, false, 0, 0},
        {"1g", false, false, 0, 0},
    };
    struct hb_msg *msg = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t out = 77;

        hb_msg_remove(msg, "seq");
        assert_true(hb_msg_add_text(msg, "seq", cases[i].text));
        assert_int_equal(hb_msg_hex(msg, "seq", &out), cases[i].hex);
        assert_int_equal(out, cases[i].hex ? cases[i].hex_value : 77);
        out = 77;
        assert_int_equal(hb_msg_uint(msg, "seq", &out), cases[i].decimal);
        assert_int_equal(out, cases[i].decimal ? cases[i].value : 77);
    }
}

static void numbers_come_back_as_they_were_added(void **state)
{
    struct hb_msg *msg = *state;
    uint64_t out = 0;

    assert_true(hb_msg_add_hex(msg, "hg", UINT64_MAX));
    assert_true(hb_msg_add_uint(msg, "ttl", 3));
    assert_string_equal(hb_msg_text(msg, "hg"), "ffffffffffffffff");
    assert_string_equal(hb_msg_text(msg, "ttl"), "3");
    assert_true(hb_msg_hex(msg, "hg", &out));
    assert_true(out == UINT64_MAX);
}

static void hexadecimal_digits_are_those_of_printf(void **state)
{
    char wanted[24], digits[HB_HEX_MAX];

    (void)state;
    for (unsigned shift = 0; shift < 64; shift++) {
        for (uint64_t value = (UINT64_C(0x9abcdef012345678) >> shift) - 1, i = 0; i < 3; i++, value++) {
            snprintf(wanted, sizeof wanted, "%llx", (unsigned long long)value);
            assert_int_equal(hb_hex_write(digits, value), strlen(wanted));
            assert_memory_equal(digits, wanted, strlen(wanted));
        }
    }
}

/* More than the table of places has, of one first byte, and many with the same first eight. */
static void each_of_many_fields_is_found_by_its_name(void **state)
{
    static const char *const begins[] = {"f", "longname", "exactly"};
    struct hb_msg *msg = *state;
    char name[32];
    uint64_t value;

    for (size_t i = 0; i < 180; i++) {
        snprintf(name, sizeof name, "%s%zu", begins[i % 3], i / 3);
        assert_true(hb_msg_add_uint(msg, name, i));
    }
    for (size_t i = 1; i < 180; i += 6) {
        snprintf(name, sizeof name, "%s%zu", begins[1], i / 3);
        hb_msg_remove(msg, name);
        assert_null(hb_msg_find(msg, name));
    }
    for (size_t i = 0; i < 180; i++) {
        snprintf(name, sizeof name, "%s%zu", begins[i % 3], i / 3);
        assert_int_equal(hb_msg_uint(msg, name, &value), i % 6 != 1);
        assert_true(i % 6 == 1 || value == i);
    }
    assert_null(hb_msg_find(msg, "longname"));
    assert_null(hb_msg_find(msg, "f"));
    assert_null(hb_msg_find(msg, ""));
}

static void names_that_a_framing_would_misread_are_refused(void **state)
{
    static const char *const bad[] = {"", "a=b", "(1)a", "a\nb", "a\x7f", "=", "\x1f", "abcdef=",
                                      "abcdefg=", "abcdefghi\x7f", "(longname"};
    struct hb_msg *msg = *state;
    char long_name[HB_MSG_NAME_MAX + 2];

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(hb_msg_add_text(msg, bad[i], "x"));
    memset(long_name, 'n', sizeof long_name);
    long_name[HB_MSG_NAME_MAX + 1] = '\0';
    assert_false(hb_msg_add_text(msg, long_name, "x"));
    long_name[HB_MSG_NAME_MAX] = '\0';
    assert_true(hb_msg_add_text(msg, long_name, "x"));
    assert_int_equal(hb_msg_count(msg), 1);
}

static void text_with_nul_and_unknown_types_are_refused(void **state)
{
    struct hb_msg *msg = *state;

    assert_false(hb_msg_add(msg, HB_FIELD_TEXT, "info", "a\0b", 3));
    assert_false(hb_msg_add(msg, HB_FIELD_TYPE_COUNT, "info", "a", 1));
    assert_int_equal(hb_msg_count(msg), 0);
}

static void a_full_message_stays_as_it_was(void **state)
{
    struct hb_msg *msg = *state;
    uint8_t *big = g_malloc0(HB_MSG_BYTES_MAX);

    assert_false(hb_msg_add(msg, HB_FIELD_BINARY, "big", big, HB_MSG_BYTES_MAX));
    assert_true(hb_msg_add(msg, HB_FIELD_BINARY, "big", big, HB_MSG_BYTES_MAX - 100));
    assert_false(hb_msg_add(msg, HB_FIELD_BINARY, "more", big, 100));
    assert_int_equal(hb_msg_count(msg), 1);
    hb_msg_remove(msg, "big");
    for (unsigned i = 0; i < HB_MSG_FIELDS_MAX; i++)
        assert_true(hb_msg_add_uint(msg, "n", i));
    assert_false(hb_msg_add_text(msg, "one", "too many"));
    assert_int_equal(hb_msg_count(msg), HB_MSG_FIELDS_MAX);
    g_free(big);
}

static void a_message_lives_as_long_as_its_last_owner(void **state)
{
    struct hb_msg *msg = *state;
    struct hb_msg *other = hb_msg_ref(msg);

    assert_true(hb_msg_add_text(msg, "t", "status"));
    hb_msg_unref(other);
    assert_string_equal(hb_msg_text(msg, "t"), "status");
    hb_msg_unref(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(fields_keep_their_order_and_their_bytes),
        CASE(binary_is_no_text),
        CASE(the_first_of_two_fields_of_one_name_is_found),
        CASE(numbers_are_whole_values_in_range),
        CASE(numbers_come_back_as_they_were_added),
        CASE(each_of_many_fields_is_found_by_its_name),
        CASE(hexadecimal_digits_are_those_of_printf),
        CASE(names_that_a_framing_would_misread_are_refused),
        CASE(text_with_nul_and_unknown_types_are_refused),
        CASE(a_full_message_stays_as_it_was),
        CASE(a_message_lives_as_long_as_its_last_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
