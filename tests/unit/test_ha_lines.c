/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common/conf/lines: cutting a text into lines and words; what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/conf/lines.h"

/* All lines of the text, each followed by its number and a bar, then the messages. */
static char *read_all(const char *text, size_t length, size_t line_max)
{
    GString *out = g_string_new(NULL);
    struct ha_diags diags;
    struct ha_lines lines;
    const char *line;

    ha_diags_init(&diags);
    ha_lines_init(&lines, "f", text, length, line_max, &diags);
    while ((line = ha_lines_next(&lines)))
        g_string_append_printf(out, "%s%u|", line, lines.line);
    ha_lines_clear(&lines);
    ha_diags_print(&diags, out);
    ha_diags_clear(&diags);
    return g_string_free(out, FALSE);
}

static void assert_reads(const char *text, size_t length, const char *expected)
{
    /* A copy of the exact size: reading past the end would be seen. */
    char *copy = g_memdup2(text, length);
    char *read = read_all(copy, length, 40);

    assert_string_equal(read, expected);
    g_free(read);
    g_free(copy);
}

#define TEXT(text) text, sizeof(text) - 1

static void lines_come_with_their_numbers_however_they_end(void **state)
{
    (void)state;
    assert_reads(TEXT(""), "");
    assert_reads(TEXT("a"), "a1|");
    assert_reads(TEXT("a\n"), "a1|");
    assert_reads(TEXT("a\n\nb"), "a1|2|b3|");
    assert_reads(TEXT("a\r\nb\r\n"), "a1|b2|");
    assert_reads(TEXT("a\r\nb\r"), "a1|b2|");
    assert_reads(TEXT("a\rb\n"), "a\rb1|");
    assert_reads(TEXT("\xef\xbb\xbf" "a\n"), "a1|");
}

static void the_kind_of_line_end_is_told(void **state)
{
    struct ha_diags diags;
    struct ha_lines lines;

    (void)state;
    ha_diags_init(&diags);
    ha_lines_init(&lines, "f", TEXT("a\r\nb\n"), 40, &diags);
    assert_non_null(ha_lines_next(&lines));
    assert_true(lines.crlf);
    assert_non_null(ha_lines_next(&lines));
    assert_false(lines.crlf);
    assert_null(ha_lines_next(&lines));
    assert_null(ha_lines_next(&lines));
    ha_lines_clear(&lines);
    ha_diags_clear(&diags);
}

static void a_line_with_a_nul_byte_is_refused_by_its_number(void **state)
{
    (void)state;
    assert_reads(TEXT("first line of the file\nx\0y\nthird line of it\n"),
                 "first line of the file1|third line of it3|"
                 "f:2: expected text, found a NUL byte\n");
}

static void a_line_beyond_the_bound_is_refused_by_its_number(void **state)
{
    (void)state;
    assert_reads(TEXT("a\n0123456789012345678901234567890123456789\n"
                      "01234567890123456789012345678901234567890\nb\n"),
                 "a1|01234567890123456789012345678901234567892|b4|"
                 "f:3: expected a line of at most 40 bytes, found 41\n");
}

static void a_binary_file_gives_one_message(void **state)
{
    unsigned char bytes[4096];
    char *read;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 167 + i / 256);
    read = read_all((const char *)bytes, sizeof(bytes), 40);
    assert_string_equal(read, "f: expected a text file, found binary data\n");
    g_free(read);
}

static void a_text_beyond_the_bound_gives_one_message(void **state)
{
    char *text = g_strnfill(HA_CONF_MAX + 1, '\n');
    char *read = read_all(text, HA_CONF_MAX + 1, 40);

    (void)state;
    assert_string_equal(read,
                        "f: expected a configuration of at most 16 MiB, found 16777217 bytes\n");
    g_free(read);
    g_free(text);
}

static void strip_takes_blanks_off_both_ends(void **state)
{
    static const char *const cases[][2] = {
        {"", ""}, {" \t ", ""}, {"a", "a"}, {"\t a b \t", "a b"}, {"a\r ", "a\r"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup(cases[i][0]);

        assert_string_equal(ha_strip(text), cases[i][1]);
        g_free(text);
    }
}

static void words_are_what_lies_between_separators(void **state)
{
    char text[] = "  one,two ,\tthree";
    char *rest = text;

    (void)state;
    assert_string_equal(ha_word(&rest, " \t,"), "one");
    assert_string_equal(ha_word(&rest, " \t,"), "two");
    assert_string_equal(ha_word(&rest, " \t,"), "three");
    assert_null(ha_word(&rest, " \t,"));
    assert_null(ha_word(&rest, " \t,"));
    assert_string_equal(rest, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_with_their_numbers_however_they_end),
        cmocka_unit_test(the_kind_of_line_end_is_told),
        cmocka_unit_test(a_line_with_a_nul_byte_is_refused_by_its_number),
        cmocka_unit_test(a_line_beyond_the_bound_is_refused_by_its_number),
        cmocka_unit_test(a_binary_file_gives_one_message),
        cmocka_unit_test(a_text_beyond_the_bound_gives_one_message),
        cmocka_unit_test(strip_takes_blanks_off_both_ends),
        cmocka_unit_test(words_are_what_lies_between_separators),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
