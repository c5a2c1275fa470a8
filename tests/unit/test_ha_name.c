/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common/base/name: words for values, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>

#include "common/base/name.h"

static const struct ha_name methods[] = {{1, "gate"}, {2, "masq"}, {3, "ipip"}, HA_NAME_END};
static const struct ha_name single[] = {{7, "only"}, HA_NAME_END};
static const struct ha_name empty[] = {HA_NAME_END};

static void assert_list(const struct ha_name *table, const char *expected)
{
    char *list = ha_name_list(table);

    assert_string_equal(list, expected);
    g_free(list);
}

static void a_value_has_its_name_and_others_have_a_question_mark(void **state)
{
    (void)state;
    assert_string_equal(ha_name_of(methods, 1), "gate");
    assert_string_equal(ha_name_of(methods, 3), "ipip");
    assert_string_equal(ha_name_of(methods, 0), "?");
    assert_string_equal(ha_name_of(empty, 0), "?");
}

static void a_name_is_found_exactly(void **state)
{
    int value = -1;

    (void)state;
    assert_true(ha_name_find(methods, "masq", &value));
    assert_int_equal(value, 2);
    assert_false(ha_name_find(methods, "Masq", &value));
    assert_false(ha_name_find(methods, "mas", &value));
    assert_false(ha_name_find(methods, "", &value));
    assert_int_equal(value, 2);
}

static void a_name_is_found_in_any_case_where_asked(void **state)
{
    int value = -1;

    (void)state;
    assert_true(ha_name_find_nocase(methods, "IpIp", &value));
    assert_int_equal(value, 3);
    assert_false(ha_name_find_nocase(methods, "ip ip", &value));
}

static void the_list_reads_like_a_sentence(void **state)
{
    (void)state;
    assert_list(methods, "gate, masq or ipip");
    assert_list(single, "only");
    assert_list(empty, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_has_its_name_and_others_have_a_question_mark),
        cmocka_unit_test(a_name_is_found_exactly),
        cmocka_unit_test(a_name_is_found_in_any_case_where_asked),
        cmocka_unit_test(the_list_reads_like_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
