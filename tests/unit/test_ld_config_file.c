/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord.cf from disk: all that is said of a file, by whomever and whenever
 * it is found out, is in the order of the file, each with line and column; in
 * the classic form, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "ldirectord/check/late.h"
#include "ldirectord/config_file.h"

static char *path;

static int make_place(void **state)
{
    (void)state;
    path = g_strdup_printf("/tmp/ld-config-%d.cf", (int)getpid());
    return 0;
}

static int leave_place(void **state)
{
    (void)state;
    unlink(path);
    g_free(path);
    return 0;
}

/* What is said of this file, without its path. */
static char *said_to(unsigned looks, const char *text, bool good)
{
    GString *out = g_string_new(NULL);
    struct ld_content content;
    struct ld_config *config;
    struct ha_diags diags;

    assert_true(g_file_set_contents(path, text, -1, NULL));
    ha_diags_init(&diags);
    config = ld_config_load(path, &content, looks, &diags);
    assert_int_equal(good, diags.errors == 0);
    ha_diags_print(&diags, out);
    ld_config_free(config);
    ha_diags_clear(&diags);
    g_string_replace(out, path, "", 0);
    return g_string_free(out, FALSE);
}

static char *said_of(const char *text, bool good)
{
    return said_to(LD_LOOK_FILES | LD_LOOK_LOG, text, good);
}

static void all_that_is_said_has_line_and_column_in_the_files_order(void **state)
{
    char *said = said_to(LD_LOOK_FILES, "maintenancedir=/nowhere\n"
                                        "virtual=10.0.0.1:80\n"
                                        "\treal=10.1.0.1:80 gate\n"
                                        "\tcheckinterval=3\n"
                                        "   \n"
                                        "virtual=10.0.0.2:80\n"
                                        "    real=10.1.0.1:80 gate\n"
                                        "  \t  monitorfile=/nowhere/m\n", false);

    (void)state;
    assert_string_equal(said, ":1:1: warning: maintenance directory does not exist: /nowhere\n"
                              ":4:16: warning: checkinterval in virtual service tcp:10.0.0.1:80 ignored "
                              "when fork=no\n"
                              ":8:6: unable to open monitorfile /nowhere/m: No such file or directory\n");
    g_free(said);
}

static void a_check_program_that_is_not_there_is_warned_of(void **state)
{
    char *said = said_to(LD_LOOK_FILES, "virtual=10.0.0.1:80\n"
                                        "\treal=10.1.0.1:80 gate\n"
                                        "\tchecktype=external\n"
                                        "\tcheckcommand=\"/bin/true quickly\"\n"
                                        "virtual=10.0.0.2:80\n"
                                        "\treal=10.1.0.1:80 gate\n"
                                        "\tchecktype=external-perl\n"
                                        "\tcheckcommand=/nowhere/it.pl\n"
                                        "virtual=10.0.0.3:80\n"
                                        "\treal=10.1.0.1:80 gate\n"
                                        "\tchecktype=external\n"
                                        "virtual=10.0.0.4:80\n"
                                        "\treal=10.1.0.1:80 gate\n"
                                        "\tchecktype=connect\n"
                                        "\tcheckcommand=/nowhere/it\n", true);

    (void)state;
    assert_string_equal(said, ":1:1: warning: checkcommand: expected a file that can be executed, found "
                              "\"/bin/true quickly\" (No such file or directory): its servers cannot come up; the "
                              "whole is one path, without arguments\n"
                              ":5:1: warning: checkcommand: expected a file that can be read, found "
                              "\"/nowhere/it.pl\" (No such file or directory): its servers cannot come up\n");
    g_free(said);
}

static void a_log_that_cannot_be_written_is_an_error_at_its_place(void **state)
{
    char *said = said_of("checktimeout=3\nlogfile = \"/nowhere/log\"\n", false);

    (void)state;
    assert_string_equal(said, ":2:11: unable to open logfile: /nowhere/log: No such file or directory\n");
    g_free(said);
    said = said_of("logfile=\"locale0\"\n", true);
    assert_string_equal(said, ":1:9: warning: logfile: expected a path or a syslog facility, found "
                              "\"locale0\"; it will be daemon\n");
    g_free(said);
    said = said_of("logfile=\"local0\"\n", true);
    assert_string_equal(said, "");
    g_free(said);
}

static void files_that_cannot_be_written_are_named_beside_all_other_faults(void **state)
{
    char *said = said_of("bogus=1\nlogfile=\"/nowhere/log\"\nfork=maybe\n"
                         "virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n"
                         "\tmonitorfile=/nowhere/m\n", false);

    (void)state;
    assert_string_equal(said, ":1:1: Unknown command bogus=1: expected a global directive\n"
                              ":2:9: unable to open logfile: /nowhere/log: No such file or directory\n"
                              ":3:6: fork must be 'yes' or 'no': found \"maybe\"\n"
                              ":6:2: unable to open monitorfile /nowhere/m: No such file or directory\n");
    g_free(said);
}

static void who_only_looks_makes_nothing(void **state)
{
    char *log = g_strconcat(path, ".log", NULL);
    char *text = g_strdup_printf("logfile=\"%s\"\n", log), *said;

    (void)state;
    said = said_to(LD_LOOK_FILES | LD_LOOK_LOG | LD_LOOK_ONLY, text, true);
    assert_false(g_file_test(log, G_FILE_TEST_EXISTS));
    g_free(said);
    said = said_to(0, "logfile=\"/nowhere/log\"\n", true);
    assert_string_equal(said, "");
    g_free(said);
    said = said_to(LD_LOOK_FILES | LD_LOOK_LOG | LD_LOOK_ONLY, "logfile=\"/nowhere/log\"\n", false);
    g_free(said);
    said = said_of("supervised=yes\nlogfile=\"/nowhere/log\"\n", true);
    assert_string_equal(said, "");
    g_free(said);
    said = said_of(text, true);
    assert_int_equal(unlink(log), 0);
    g_free(said);
    g_free(text);
    g_free(log);
}

static void the_classic_form_ends_with_the_column(void **state)
{
    struct ha_diags diags;
    char *text, *expected;

    (void)state;
    ha_diags_init(&diags);
    ha_diag_add(&diags, HA_ERROR, "f.cf", 7, 3, "Unknown command x");
    text = ld_diag_classic(diags.list->pdata[0]);
    expected = g_strdup_printf("Error [%d] reading file f.cf at line 7: Unknown command x (column 3)",
                               (int)getpid());
    assert_string_equal(text, expected);
    g_free(text);
    g_free(expected);
    ha_diags_clear(&diags);
}

static void a_client_library_that_is_missing_is_said_where_it_is_needed(void **state)
{
    static const char text[] = "virtual=10.0.0.1:443\n\treal=10.0.0.2:443 masq\n\tservice=https\n"
                               "virtual=10.0.0.1:25\n\treal=10.0.0.2:25 masq\n";
    const char *file = ld_late_curl.file;
    char *said;

    (void)state;
    ld_late_curl.file = "libhearth-is-not-here.so.9";
    said = said_to(LD_LOOK_CLIENTS, text, false);
    assert_non_null(strstr(said, ":3:10: service = https cannot be checked"));
    assert_non_null(strstr(said, ":4:9: service = smtp cannot be checked"));
    assert_non_null(strstr(said, "libhearth-is-not-here.so.9"));
    g_free(said);
    said = said_to(0, text, true); /* who only asks what runs */
    assert_string_equal(said, "");
    g_free(said);
    ld_late_curl.file = file;
}

static struct ld_config *read_again(const struct ld_config *prior, const char *text)
{
    struct ld_content content = {.digest = ""};
    struct ld_config *config;
    struct ha_diags diags;

    assert_true(g_file_set_contents(path, text, -1, NULL));
    ha_diags_init(&diags);
    config = ld_config_load_again(prior, path, &content, LD_LOOK_FILES, &diags);
    ha_diags_clear(&diags);
    return config;
}

static void what_stands_as_it_stood_is_not_parsed_again(void **state)
{
    static const char one[] = "\nvirtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n"
                              "virtual=10.0.0.2:80\n\treal=10.1.0.1:80 gate\n",
                      other[] = "\nvirtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n"
                                "virtual=10.0.0.2:80\n\treal=10.1.0.1:80 gate 2\n";
    struct ld_config *first = read_again(NULL, one), *same = read_again(first, one),
                     *second = read_again(same, other);

    (void)state;
    for (guint i = 0; i < 2; i++) {
        assert_ptr_equal(first->services->pdata[i], same->services->pdata[i]);
        assert_int_equal(first->services->pdata[i] == second->services->pdata[i], i == 0);
    }
    ld_config_free(first);
    ld_config_free(same);
    assert_null(read_again(second, "bogus\n"));
    ld_config_free(second);
}

static void what_warns_or_names_others_is_read_anew_each_time(void **state)
{
    static const char *const texts[] = {
        "virtual=10.0.0.1:80\n\treal=10.1.0.1:81 gate\n",
        "virtual=10.0.0.1:http\n\treal=10.1.0.1:80 gate\n",
        "virtual=10.0.0.1:80\n\treal=localhost:80 masq\n",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct ld_config *config = read_again(NULL, texts[i]), *again = read_again(config, texts[i]);

        assert_ptr_not_equal(config->services->pdata[0], again->services->pdata[0]);
        ld_config_free(config);
        ld_config_free(again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_said_has_line_and_column_in_the_files_order),
        cmocka_unit_test(a_check_program_that_is_not_there_is_warned_of),
        cmocka_unit_test(a_log_that_cannot_be_written_is_an_error_at_its_place),
        cmocka_unit_test(files_that_cannot_be_written_are_named_beside_all_other_faults),
        cmocka_unit_test(who_only_looks_makes_nothing),
        cmocka_unit_test(the_classic_form_ends_with_the_column),
        cmocka_unit_test(a_client_library_that_is_missing_is_said_where_it_is_needed),
        cmocka_unit_test(what_stands_as_it_stood_is_not_parsed_again),
        cmocka_unit_test(what_warns_or_names_others_is_read_anew_each_time),
    };

    return cmocka_run_group_tests(tests, make_place, leave_place);
}
