/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common/conf/value: which texts are numbers, booleans and durations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>

#include "common/conf/value.h"

#define REFUSED UINT64_MAX

static void whole_numbers_are_digits_within_a_range(void **state)
{
    static const struct {
        const char *text;
        uint64_t min, max, value;
    } cases[] = {
        {"0", 0, 10, 0},        {"7", 0, 10, 7},          {"007", 0, 10, 7},
        {"10", 0, 10, 10},      {"11", 0, 10, REFUSED},   {"1", 2, 10, REFUSED},
        {"", 0, 10, REFUSED},   {"-1", 0, 10, REFUSED},   {"+1", 0, 10, REFUSED},
        {" 1", 0, 10, REFUSED}, {"1 ", 0, 10, REFUSED},   {"1x", 0, 10, REFUSED},
        {"0x1", 0, 10, REFUSED},
        {"18446744073709551614", 0, UINT64_MAX, UINT64_MAX - 1},
        {"18446744073709551616", 0, UINT64_MAX, REFUSED},
        {"99999999999999999999999999", 0, UINT64_MAX, REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t value = 12345;
        bool ok = ha_value_uint(cases[i].text, cases[i].min, cases[i].max, &value);

        if (ok != (cases[i].value != REFUSED) || value != (ok ? cases[i].value : 12345))
            fail_msg("\"%s\" gave %d, %" G_GUINT64_FORMAT, cases[i].text, ok, value);
    }
}

static void booleans_are_five_pairs_of_words_in_any_case(void **state)
{
    static const char *const yes[] = {"true", "on", "yes", "y", "1", "TRUE", "On", "yEs", "Y"};
    static const char *const no[] = {"false", "off", "no", "n", "0", "FALSE", "Off", "nO", "N"};
    static const char *const neither[] = {"", "t", "f", "2", "yes ", " no", "legacy", "enable", "01"};
    bool value;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) {
        value = false;
        assert_true(ha_value_bool(yes[i], &value) && value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(no); i++) {
        value = true;
        assert_true(ha_value_bool(no[i], &value) && !value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(neither); i++)
        assert_false(ha_value_bool(neither[i], &value));
}

static void durations_are_seconds_unless_they_say_otherwise(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms;
    } cases[] = {
        {"2", 2000},          {"1.5", 1500},        {"0.25", 250},       {".5", 500},
        {"1.", 1000},         {"500ms", 500},       {"500msec", 500},    {"1.6ms", 2},
        {"2000us", 2},        {"500usec", 1},       {"499us", 1},        {"1usec", 1},
        {"0", 0},             {"0ms", 0},           {"0.0001", 1},       {"0.0000000000001", 1},
        {"1.9996", 2000},     {"10000000us", 10000}, {"0.9999999999", 1000},
        {"4294967296", UINT64_C(4294967296000)},
        {"4294967296000ms", UINT64_C(4294967296000)},
        {"4294967297", REFUSED},          {"4294967296.5", REFUSED},
        {"99999999999999999999", REFUSED}, {"1s", REFUSED},     {"500 ms", REFUSED},
        {"", REFUSED},        {".", REFUSED},       {"ms", REFUSED},     {"-1", REFUSED},
        {"+1", REFUSED},      {"1.2.3", REFUSED},   {"1MS", 1},  {"5MSec", 5},    {" 1", REFUSED},
        {"1 ", REFUSED},      {"2x", REFUSED},      {"1e3", REFUSED},    {".ms", REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t ms = 12345;
        bool ok = ha_value_duration_ms(cases[i].text, &ms);

        if (ok != (cases[i].ms != REFUSED) || ms != (ok ? cases[i].ms : 12345))
            fail_msg("\"%s\" gave %d, %" G_GUINT64_FORMAT, cases[i].text, ok, ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_digits_within_a_range),
        cmocka_unit_test(booleans_are_five_pairs_of_words_in_any_case),
        cmocka_unit_test(durations_are_seconds_unless_they_say_otherwise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
