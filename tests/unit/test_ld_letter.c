/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/act/letter: headers, envelope and body of a mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/act/letter.h"

static const struct ld_sender us = {.user = "root", .host = "lb1"};

static struct ld_letter write_letter(const char *to, const char *from, const char *subject,
                                     const char *body)
{
    struct ld_mail mail = {.to = (char *)to, .from = (char *)from, .subject = (char *)subject,
                           .body = (char *)body};
    struct ld_letter letter = {0};

    ld_letter_write(&letter, &mail, &us, "Sat, 21 Nov 2026 07:13:02 +0000", "1");
    return letter;
}

static void a_mail_has_its_headers_and_the_words_of_the_original(void **state)
{
    struct ld_letter letter = write_letter("a@x, b@y", NULL, "Deleted", "Log-Message: Deleted\n");

    (void)state;
    assert_string_equal(letter.text,
                        "From: root@lb1\n"
                        "To: a@x, b@y\n"
                        "Subject: Deleted\n"
                        "Date: Sat, 21 Nov 2026 07:13:02 +0000\n"
                        "Message-ID: <1@lb1>\n"
                        "Auto-Submitted: auto-generated\n"
                        "\n"
                        "ldirectord host: lb1\n"
                        "Log-Message: Deleted\n");
    assert_string_equal(letter.from, "root@lb1");
    assert_string_equal(letter.to[0], "a@x");
    assert_string_equal(letter.to[1], "b@y");
    assert_null(letter.to[2]);
    ld_letter_clear(&letter);
}

static void the_sender_of_the_file_is_the_envelopes_too(void **state)
{
    struct ld_letter letter = write_letter("a@x", "\"X, Y\" <o@z>", "s", "b\n");

    (void)state;
    assert_string_equal(letter.from, "o@z");
    assert_non_null(strstr(letter.text, "From: \"X, Y\" <o@z>\n"));
    ld_letter_clear(&letter);
}

static void words_that_are_not_ascii_are_encoded(void **state)
{
    struct ld_letter letter = write_letter("a@x", NULL, "Größe", "Comment: Größe\n");

    (void)state;
    assert_non_null(strstr(letter.text, "Subject: =?UTF-8?B?R3LDtsOfZQ==?=\n"));
    assert_non_null(strstr(letter.text, "Content-Type: text/plain; charset=UTF-8\n"));
    ld_letter_clear(&letter);
}

static void nothing_can_add_a_header(void **state)
{
    struct ld_letter letter = write_letter("a@x\r\nBcc: b@y", "c@z\nX: 1", "s\r\nY: 2", "b\n");

    (void)state;
    assert_null(strstr(letter.text, "\nBcc:"));
    assert_null(strstr(letter.text, "\nX:"));
    assert_null(strstr(letter.text, "\nY:"));
    assert_null(strpbrk(letter.from, "\r\n "));
    ld_letter_clear(&letter);
}

static void lists_of_addresses_are_taken_apart(void **state)
{
    static const struct {
        const char *list, *expected;
    } cases[] = {
        {"a@b", "a@b"},
        {" a@b , c@d,", "a@b|c@d"},
        {"Ann <a@b>, \"C, D\" <c@d>", "a@b|c@d"},
        {"<a@b>", "a@b"},
        {"<a@b", "a@b"},
        {"<>", ""},
        {",,", ""},
        {"root", "root"},
        {"\"unclosed, a@b", "\"unclosed,a@b"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char **all = ld_letter_addresses(cases[i].list), *joined = g_strjoinv("|", all);

        assert_string_equal(joined, cases[i].expected);
        g_free(joined);
        g_strfreev(all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_has_its_headers_and_the_words_of_the_original),
        cmocka_unit_test(the_sender_of_the_file_is_the_envelopes_too),
        cmocka_unit_test(words_that_are_not_ascii_are_encoded),
        cmocka_unit_test(nothing_can_add_a_header),
        cmocka_unit_test(lists_of_addresses_are_taken_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
