/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modes and owners of what is obeyed with our power. Owners other than ours need root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/run/trust.h"

/* Nobody's, on any Debian. */
#define OTHER 65534

static char *folder, *file;
static struct ha_diags diags;

static int begin(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("trust-XXXXXX", NULL);
    file = g_build_filename(folder, "script", NULL);
    assert_true(g_file_set_contents(file, "#!/bin/sh\n", -1, NULL));
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(file, 0755), 0);
    ha_diags_init(&diags);
    return 0;
}

static int end(void **state)
{
    (void)state;
    ha_diags_clear(&diags);
    g_unlink(file);
    g_rmdir(folder);
    g_free(file);
    g_free(folder);
    return 0;
}

/* What is said of the file, its place being FOLDER and FILE. */
static void assert_said(const char *expected, unsigned errors)
{
    GString *text = g_string_new(NULL);

    ha_trust_file(file, HA_ERROR, (struct ha_trust_at){"cf", 3, 0}, &diags);
    ha_diags_print(&diags, text);
    g_string_replace(text, file, "FILE", 0);
    g_string_replace(text, folder, "FOLDER", 0);
    assert_string_equal(text->str, expected);
    assert_int_equal(diags.errors, errors);
    g_string_free(text, TRUE);
}

static void what_only_we_may_write_is_trusted(void **state)
{
    (void)state;
    assert_said("", 0);
}

static void what_everybody_may_write_is_an_error_that_names_the_cure(void **state)
{
    (void)state;
    assert_int_equal(chmod(file, 0757), 0);
    assert_said("cf:3: FILE can be written by everybody, who could take over this machine by it: "
                "chmod o-w FILE\n", 1);
}

static void so_is_a_folder_in_which_everybody_may_put_another(void **state)
{
    (void)state;
    assert_int_equal(chmod(folder, 0777), 0);
    assert_said("cf:3: FOLDER can be written by everybody, who could put other files there: "
                "chmod o-w FOLDER\n", 1);
}

static void in_a_folder_like_tmp_only_the_file_counts(void **state)
{
    (void)state;
    assert_int_equal(chmod(folder, 01777), 0);
    assert_said("", 0);
}

static void a_link_is_what_it_leads_to(void **state)
{
    char *link = g_build_filename(folder, "link", NULL);

    (void)state;
    assert_int_equal(symlink("script", link), 0);
    assert_int_equal(chmod(file, 0757), 0);
    ha_trust_file(link, HA_ERROR, (struct ha_trust_at){"cf", 3, 0}, &diags);
    assert_int_equal(diags.errors, 1);
    g_unlink(link);
    g_free(link);
}

static void a_finding_is_told_once(void **state)
{
    (void)state;
    assert_int_equal(chmod(folder, 0777), 0);
    ha_trust_folder(folder, HA_ERROR, (struct ha_trust_at){"cf", 1, 0}, &diags);
    ha_trust_file(file, HA_ERROR, (struct ha_trust_at){"cf", 2, 0}, &diags);
    assert_int_equal(diags.errors, 1);
}

static void what_a_group_or_another_user_was_given_is_a_warning(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(file, OTHER, OTHER), 0);
    assert_int_equal(chmod(file, 0775), 0);
    assert_said("cf:3: warning: FILE can be written by the group nogroup, which could take over this "
                "machine by it: chmod g-w FILE\n"
                "cf:3: warning: FILE belongs to the user nobody, who could take over this machine by "
                "it: chown root FILE\n", 0);
}

static void who_has_let_go_of_root_judges_for_root(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(file, OTHER, OTHER), 0);
    ha_trust_hold();
    assert_int_equal(seteuid(OTHER), 0);
    ha_trust_file(file, HA_ERROR, (struct ha_trust_at){"cf", 3, 0}, &diags);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(diags.warnings, 1);
}

static void roots_own_group_is_nobody_else(void **state)
{
    (void)state;
    assert_int_equal(chmod(file, 0775), 0);
    assert_said("", 0);
}

static void passwords_that_everybody_can_read_are_a_warning(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(stat(file, &st), 0);
    ha_trust_secret(file, &st, (struct ha_trust_at){.file = "cf"}, &diags);
    assert_int_equal(diags.warnings, 1);
    assert_int_equal(chmod(file, 0600), 0);
    assert_int_equal(stat(file, &st), 0);
    ha_trust_secret(file, &st, (struct ha_trust_at){.file = "cf"}, &diags);
    assert_int_equal(diags.warnings, 1);
}

static void of_a_command_the_program_counts(void **state)
{
    char *command = g_strdup_printf("%s --with 'words'", file);

    (void)state;
    assert_int_equal(chmod(file, 0757), 0);
    ha_trust_command("script", HA_ERROR, (struct ha_trust_at){.file = "cf"}, &diags);
    ha_trust_command(NULL, HA_ERROR, (struct ha_trust_at){.file = "cf"}, &diags);
    assert_int_equal(diags.errors, 0);
    ha_trust_command(command, HA_ERROR, (struct ha_trust_at){.file = "cf"}, &diags);
    assert_int_equal(diags.errors, 1);
    g_free(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_only_we_may_write_is_trusted, begin, end),
        cmocka_unit_test_setup_teardown(what_everybody_may_write_is_an_error_that_names_the_cure,
                                        begin, end),
        cmocka_unit_test_setup_teardown(so_is_a_folder_in_which_everybody_may_put_another, begin,
                                        end),
        cmocka_unit_test_setup_teardown(in_a_folder_like_tmp_only_the_file_counts, begin, end),
        cmocka_unit_test_setup_teardown(a_link_is_what_it_leads_to, begin, end),
        cmocka_unit_test_setup_teardown(a_finding_is_told_once, begin, end),
        cmocka_unit_test_setup_teardown(what_a_group_or_another_user_was_given_is_a_warning, begin,
                                        end),
        cmocka_unit_test_setup_teardown(who_has_let_go_of_root_judges_for_root, begin, end),
        cmocka_unit_test_setup_teardown(roots_own_group_is_nobody_else, begin, end),
        cmocka_unit_test_setup_teardown(passwords_that_everybody_can_read_are_a_warning, begin, end),
        cmocka_unit_test_setup_teardown(of_a_command_the_program_counts, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
