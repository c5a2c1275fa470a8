/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/check/match.c: receive means what it means to Perl, in answers of any size, and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "ldirectord/check/match.h"

static int find(const char *pattern, const char *bytes, size_t length)
{
    struct ld_match *match = ld_match_new();
    const char *why;
    int found = ld_match_find(match, pattern, bytes, length, &why);

    assert_true((found < 0) == (why != NULL));
    ld_match_free(match);
    return found;
}

static void a_pattern_means_what_it_means_to_perl(void **state)
{
    static const struct {
        const char *pattern, *answer;
        int found;
    } cases[] = {
        {"still here", "we are still here", 1},
        {"still here", "Still Here", 0},
        {"^all well$", "all well\n", 1},
        {"^all well$", "all well\r", 0},
        {"well.$", "all well\r\n", 1},
        {"one.\ntwo", "one\r\ntwo", 1},
        {"one.two", "one\ntwo", 0},
        {"one.two", "one\vtwo", 1},
        {"K.*nu", "K\xc3\x85ping nu", 1}, /* a byte that some take for the end of a line */
        {"\xd1\x85", "\xd1\x85", 1},
        {"(?s)one.*two", "one\n\ntwo", 1},
        {"[", "[", -EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        if (find(cases[i].pattern, cases[i].answer, strlen(cases[i].answer)) != cases[i].found)
            fail_msg("%s in %s", cases[i].pattern, cases[i].answer);
}

static void a_group_that_repeats_may_span_an_answer_of_any_size(void **state)
{
    static const char *const patterns[] = {
        "<html>(.|\n)*</html>", "<html>(?:.|\n)*?</html>", "<html>(\\s|\\S)+</html>", "([^\n]*\n)*</html>",
        "(?:[^<]|<[^/])*</html>",
    };
    GString *answer = g_string_new("<html>");

    (void)state;
    while (answer->len < 65536)
        g_string_append(answer, "a line of no interest\n");
    g_string_append(answer, "</html>\n");
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++)
        if (find(patterns[i], answer->str, answer->len) != 1)
            fail_msg("%s", patterns[i]);
    g_string_free(answer, TRUE);
}

/* It may have failed the fast way before: that is no reason to fail for good. */
static void one_that_needs_more_room_goes_on_being_found(void **state)
{
    static const char pattern[] = "<html>(.|\n)*</html>";
    struct ld_match *match = ld_match_new();
    char *filling = g_strnfill(65536, 'x'), *large = g_strconcat("<html>", filling, "</html>", NULL);
    const char *why;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ld_match_find(match, pattern, "<html></html>", 13, &why), 1);
        assert_int_equal(ld_match_find(match, pattern, large, strlen(large), &why), 1);
        assert_int_equal(ld_match_find(match, pattern, large, strlen(large) - 1, &why), 0);
    }
    g_free(large);
    g_free(filling);
    ld_match_free(match);
}

static void a_search_without_end_is_ended(void **state)
{
    char answer[64];

    (void)state;
    memset(answer, 'a', sizeof(answer));
    answer[sizeof(answer) - 1] = 'b';
    assert_int_equal(find("(a+)+$", answer, sizeof(answer)), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_means_what_it_means_to_perl),
        cmocka_unit_test(a_group_that_repeats_may_span_an_answer_of_any_size),
        cmocka_unit_test(one_that_needs_more_room_goes_on_being_found),
        cmocka_unit_test(a_search_without_end_is_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
