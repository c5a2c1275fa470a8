/* SPDX-License-Identifier: GPL-2.0-or-later */
/* resource.d/ocf/positional: Heartbeat's scripts whose arguments go to an OCF agent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "resource.d/ocf/positional.h"

/* NULL if refused; else the arguments with a bar between them. */
static char *read_as(const char *name, const char *values)
{
    const struct ocf_positional *positional = ocf_positional_find(name);
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
    char **words = *values ? g_strsplit(values, "|", -1) : g_new0(char *, 1);
    char *text = NULL;

    assert_non_null(positional);
    if (ocf_positional_read(positional, words, g_strv_length(words), arguments)) {
        g_ptr_array_add(arguments, NULL);
        text = g_strjoinv("|", (char **)arguments->pdata);
    }
    g_ptr_array_free(arguments, TRUE);
    g_strfreev(words);
    return text;
}

#define READS(name, values, expected)                                                              \
    do {                                                                                           \
        char *text = read_as(name, values);                                                        \
        assert_non_null(text);                                                                     \
        assert_string_equal(text, expected);                                                       \
        g_free(text);                                                                              \
    } while (0)

static void an_argument_is_the_parameter_of_its_place(void **state)
{
    (void)state;
    READS("Filesystem", "/dev/sda1|/data|ext3",
          "device=/dev/sda1|directory=/data|fstype=ext3");
    READS("MailTo", "root|it moved", "email=root|subject=it moved");
    READS("apache", "", "");
    READS("portblock", "tcp|80,443|block", "protocol=tcp|portno=80,443|action=block");
}

static void an_empty_argument_is_a_parameter_not_given(void **state)
{
    (void)state;
    READS("Filesystem", "/dev/sda1|/data||ro", "device=/dev/sda1|directory=/data|options=ro");
}

static void a_list_of_nodes_is_one_parameter(void **state)
{
    (void)state;
    READS("AudibleAlarm", "left|right", "nodelist=left right");
}

static void too_few_and_too_many_are_refused(void **state)
{
    (void)state;
    assert_null(read_as("Filesystem", "/dev/sda1"));
    assert_null(read_as("Filesystem", "1|2|3|4|5"));
    assert_null(read_as("IPsrcaddr", ""));
}

static void the_usage_shows_what_must_be_there(void **state)
{
    char *usage = ocf_positional_usage(ocf_positional_find("Filesystem"));

    (void)state;
    assert_string_equal(usage, "device directory [fstype] [options]");
    g_free(usage);
    assert_null(ocf_positional_find("OCF"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_argument_is_the_parameter_of_its_place),
        cmocka_unit_test(an_empty_argument_is_a_parameter_not_given),
        cmocka_unit_test(a_list_of_nodes_is_one_parameter),
        cmocka_unit_test(too_few_and_too_many_are_refused),
        cmocka_unit_test(the_usage_shows_what_must_be_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
