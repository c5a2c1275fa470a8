/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common/conf/diag: what is kept, what is counted, how it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/conf/diag.h"

static void assert_prints(struct ha_diags *diags, const char *expected)
{
    GString *out = g_string_new(NULL);

    ha_diags_print(diags, out);
    assert_string_equal(out->str, expected);
    g_string_free(out, TRUE);
    ha_diags_clear(diags);
}

static void parts_of_the_place_that_are_unknown_are_left_out(void **state)
{
    struct ha_diags diags;

    (void)state;
    ha_diags_init(&diags);
    ha_diag_add(&diags, HA_ERROR, "ha.cf", 12, 3, "expected %d, found %s", 2, "x");
    ha_diag_add(&diags, HA_UNSUPPORTED, "ha.cf", 12, 0, "not yet");
    ha_diag_add(&diags, HA_WARNING, "ha.cf", 0, 9, "odd");
    assert_int_equal(diags.errors, 2);
    assert_int_equal(diags.warnings, 1);
    assert_prints(&diags, "ha.cf:12:3: expected 2, found x\n"
                          "ha.cf:12: not yet\n"
                          "ha.cf: warning: odd\n");
}

static void one_message_reads_like_in_the_list(void **state)
{
    struct ha_diags diags;
    char *text;

    (void)state;
    ha_diags_init(&diags);
    ha_diag_add(&diags, HA_ERROR, "f", 1, 0, "t");
    text = ha_diag_text(diags.list->pdata[0]);
    assert_string_equal(text, "f:1: t");
    g_free(text);
    ha_diags_clear(&diags);
}

static void control_bytes_are_shown_and_letters_of_all_languages_kept(void **state)
{
    struct ha_diags diags;

    (void)state;
    ha_diags_init(&diags);
    ha_diag_add(&diags, HA_ERROR, "f", 1, 0, "%s", "a\x1b[31m\n\tb\x7f");
    ha_diag_add(&diags, HA_ERROR, "f", 2, 0, "%s", "\xff" "caf\xc3\xa9 \xc2\x9b \xe4\xbd");
    assert_prints(&diags, "f:1: a\\x1B[31m\\x0A\\x09b\\x7F\n"
                          "f:2: \\xFFcaf\xc3\xa9 \\xC2\\x9B \\xE4\\xBD\n");
}

static void a_very_long_text_is_cut(void **state)
{
    struct ha_diags diags;
    char *longest = g_strnfill(1 << 20, 'x');
    struct ha_diag *diag;

    (void)state;
    ha_diags_init(&diags);
    ha_diag_add(&diags, HA_ERROR, "f", 1, 0, "%s", longest);
    diag = diags.list->pdata[0];
    assert_in_range(strlen(diag->text), 100, 1000);
    assert_true(g_str_has_suffix(diag->text, "..."));
    ha_diags_clear(&diags);
    g_free(longest);
}

static void more_than_the_bound_are_counted_only(void **state)
{
    struct ha_diags diags;
    GString *out = g_string_new(NULL);

    (void)state;
    ha_diags_init(&diags);
    for (unsigned i = 1; i <= HA_DIAGS_MAX + 5; i++)
        ha_diag_add(&diags, HA_ERROR, "f", i, 0, "t");
    assert_int_equal(diags.errors, HA_DIAGS_MAX + 5);
    assert_int_equal(diags.list->len, HA_DIAGS_MAX);
    ha_diags_print(&diags, out);
    assert_true(g_str_has_suffix(out->str, "f:200: t\n5 more messages not shown\n"));
    g_string_free(out, TRUE);
    ha_diags_clear(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_the_place_that_are_unknown_are_left_out),
        cmocka_unit_test(one_message_reads_like_in_the_list),
        cmocka_unit_test(control_bytes_are_shown_and_letters_of_all_languages_kept),
        cmocka_unit_test(a_very_long_text_is_cut),
        cmocka_unit_test(more_than_the_bound_are_counted_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
