/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/terms: bytes, statuses, headers, and when two terms are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/core/terms.h"

static void escapes_stand_for_bytes(void **state)
{
    static const struct {
        const char *escaped, *bytes;
        size_t length;
    } rows[] = {
        {"", "", 0},
        {"PING\\r\\n", "PING\r\n", 6},
        {"\\x00\\xfF\\0", "\0\377\0", 3},
        {"a\\\\b\\\"c\\t", "a\\b\"c\t", 6},
        {"\xc3\xa4", "\xc3\xa4", 2},
    };
    static const char *const wrong[] = {"\\", "a\\q", "\\x", "\\x1", "\\xg0", "\\1"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t length;
        char *bytes = ld_terms_bytes(rows[i].escaped, &length);

        assert_non_null(bytes);
        assert_int_equal(length, rows[i].length);
        assert_memory_equal(bytes, rows[i].bytes, length + 1);
        g_free(bytes);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        size_t length;

        assert_null(ld_terms_bytes(wrong[i], &length));
    }
}

static void a_list_of_statuses_is_numbers_and_ranges(void **state)
{
    static const char *const wrong[] = {"", ",", "200,", "99", "600", "300-200", "2xx", "-200",
                                        "200-", "200;300", "200-299-300", "200 x"};
    char *list = ld_terms_statuses(" 200 - 299, 302,401-401 ");

    (void)state;
    assert_string_equal(list, "200-299,302,401-401");
    assert_true(ld_terms_expects(list, 200) && ld_terms_expects(list, 299));
    assert_true(ld_terms_expects(list, 302) && ld_terms_expects(list, 401));
    assert_false(ld_terms_expects(list, 300) || ld_terms_expects(list, 402));
    assert_false(ld_terms_expects(list, 0));
    g_free(list);
    assert_true(ld_terms_expects(NULL, 204));
    assert_false(ld_terms_expects(NULL, 302) || ld_terms_expects(NULL, 0));
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        if (ld_terms_statuses(wrong[i]) != NULL)
            fail_msg("\"%s\" was taken for a list", wrong[i]);
}

static void a_header_is_found_by_its_name_in_any_case(void **state)
{
    const char *headers = "X-One: host: a\nhost: b\n";

    (void)state;
    assert_true(ld_terms_has_header(headers, "Host"));
    assert_true(ld_terms_has_header(headers, "x-one"));
    assert_false(ld_terms_has_header(headers, "One") || ld_terms_has_header(headers, "Ho"));
    assert_false(ld_terms_has_header(NULL, "Host"));
}

static void terms_are_equal_if_each_is(void **state)
{
    static const struct ld_terms rows[] = {
        {0},
        {.verify = LD_VERIFY_NAME},
        {.cafile = (char *)"x"},
        {.sni = (char *)"x"},
        {.expectstatus = (char *)"x"},
        {.headers = (char *)"x"},
        {.body = (char *)"x"},
        {.body = (char *)""},
        {.send = (char *)"x"},
        {.expect = (char *)"x"},
        {.send = (char *)"x|1:x", .expect = NULL},
        {.send = (char *)"x", .expect = (char *)"x"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(rows); j++)
            assert_int_equal(ld_terms_equal(&rows[i], &rows[j]), i == j);
}

static void what_is_set_is_not_inherited_over(void **state)
{
    struct ld_terms from = {.verify = LD_VERIFY_NAME, .cafile = (char *)"a", .sni = (char *)"b",
                            .send = (char *)"c"};
    struct ld_terms out = {.sni = g_strdup("own")};

    (void)state;
    ld_terms_inherit(&out, &from, LD_TERMS_TLS);
    assert_int_equal(out.verify, LD_VERIFY_NAME);
    assert_string_equal(out.cafile, "a");
    assert_string_equal(out.sni, "own");
    assert_null(out.send);
    from.verify = LD_VERIFY_NONE;
    ld_terms_inherit(&out, &from, LD_TERMS_TLS | LD_TERMS_TALK);
    assert_int_equal(out.verify, LD_VERIFY_NAME);
    assert_string_equal(out.send, "c");
    ld_terms_clear(&out);
    assert_null(out.sni);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_stand_for_bytes),
        cmocka_unit_test(a_list_of_statuses_is_numbers_and_ranges),
        cmocka_unit_test(a_header_is_found_by_its_name_in_any_case),
        cmocka_unit_test(terms_are_equal_if_each_is),
        cmocka_unit_test(what_is_set_is_not_inherited_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
