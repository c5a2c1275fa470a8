/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the helper runs and opens for the daemon, and what it refuses, however it is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/helper_rules.h"

static int rules_new(void **state)
{
    *state = helper_rules();
    return *state == NULL;
}

static int rules_free(void **state)
{
    hb_rules_free(*state);
    return 0;
}

/* words: separated by blanks, the first is the path. */
static bool runs_with(const struct hb_rules *rules, const char *words, const char *input, const char *cwd)
{
    char **argv = g_strsplit(words, " ", -1);
    struct hb_power_start start = {.path = argv[0], .cwd = cwd, .input = input,
                                   .argv = g_ptr_array_new(), .envp = g_ptr_array_new()};
    bool may;

    for (guint i = 0; i <= g_strv_length(argv); i++)
        g_ptr_array_add(start.argv, argv[i]);
    g_ptr_array_add(start.envp, NULL);
    may = hb_rules_start(rules, &start) == NULL;
    hb_power_start_clear(&start);
    g_strfreev(argv);
    return may;
}

static bool runs(const struct hb_rules *rules, const char *words)
{
    return runs_with(rules, words, NULL, NULL);
}

static void a_script_is_run_with_the_words_of_haresources(void **state)
{
    assert_true(runs(*state, "/etc/ha.d/resource.d/Filesystem /dev/sda1 /srv ext4 start"));
    assert_true(runs(*state, "/etc/init.d/apache stop"));
    assert_true(runs(*state, "/etc/ha.d/resource.d/apache status"));
    assert_true(runs(*state, "/etc/ha.d/resource.d/IPaddr 10.0.0.1 start"));
    assert_true(runs(*state, "/etc/ha.d/resource.d/ldirectord www.cf start"));
}

static void a_script_with_other_words_is_not_run(void **state)
{
    static const char *const forged[] = {
        "/etc/ha.d/resource.d/Filesystem /dev/sda2 /srv ext4 start",
        "/etc/ha.d/resource.d/Filesystem /dev/sda1 /srv start",
        "/etc/ha.d/resource.d/Filesystem /dev/sda1 /srv ext4 ext4 start",
        "/etc/ha.d/resource.d/Filesystem /dev/sda1 /srv ext4",
        "/etc/ha.d/resource.d/Filesystem /dev/sda1 /srv ext4 restart",
        "/etc/ha.d/resource.d/../resource.d/apache start",
        "/etc/ha.d/resource.d/nginx start",
        "/etc/ha.d/apache start",
        "/etc/init.d/ssh stop",
        "/bin/sh -c id",
        "/tmp/apache start",
        "/etc/ha.d/resource.d/apache",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(forged); i++)
        assert_false(runs(*state, forged[i]));
    assert_false(runs_with(*state, "/etc/init.d/apache stop", "input", NULL));
    assert_false(runs_with(*state, "/etc/init.d/apache stop", NULL, "/tmp"));
}

static void a_resource_that_has_left_the_file_can_still_be_stopped(void **state)
{
    helper_learn(*state, helper_ha_cf, "n1 10.0.0.2\n");
    assert_true(runs(*state, "/etc/init.d/apache stop"));
    assert_true(runs(*state, "/etc/ha.d/resource.d/IPaddr 10.0.0.2 start"));
}

static void messages_run_scripts_of_rc_d_and_no_others(void **state)
{
    assert_true(runs(*state, "/etc/ha.d/harc status"));
    assert_true(runs(*state, "/etc/ha.d/rc.d/status status"));
    assert_false(runs(*state, "/etc/ha.d/rc.d/status other"));
    assert_false(runs(*state, "/etc/ha.d/harc ../../tmp/x"));
    assert_false(runs(*state, "/etc/ha.d/harc .hidden"));
    assert_false(runs(*state, "/etc/ha.d/harc"));
    assert_false(runs(*state, "/etc/ha.d/harc status more"));
}

static void ldirectord_is_run_with_a_file_of_haresources(void **state)
{
    assert_true(runs(*state, "/usr/sbin/ldirectord www.cf standby"));
    assert_true(runs(*state, "/usr/sbin/ldirectord www.cf start"));
    assert_false(runs(*state, "/usr/sbin/ldirectord /tmp/evil.cf start"));
    assert_false(runs(*state, "/usr/sbin/ldirectord ldirectord.cf start"));
    assert_false(runs(*state, "/usr/sbin/ldirectord www.cf stop"));
}

static void a_client_is_run_as_ha_cf_has_it(void **state)
{
    assert_null(hb_rules_program(*state, "nobody", "/usr/lib/heartbeat/ipfail -x"));
    assert_non_null(hb_rules_program(*state, "root", "/usr/lib/heartbeat/ipfail -x"));
    assert_non_null(hb_rules_program(*state, "nobody", "/usr/lib/heartbeat/ipfail -x; id"));
    assert_non_null(hb_rules_program(*state, "nobody", ""));
}

static void files_are_opened_for_what_they_are(void **state)
{
    assert_null(hb_rules_open(*state, HB_POWER_CONF, "/etc/ha.d/authkeys"));
    assert_null(hb_rules_open(*state, HB_POWER_CONF, "/etc/ha.d/ha.cf"));
    assert_null(hb_rules_open(*state, HB_POWER_LOG, "/var/log/ha-log"));
    assert_null(hb_rules_open(*state, HB_POWER_WATCHDOG, "/dev/watchdog"));
    assert_null(hb_rules_open(*state, HB_POWER_SERIAL, "/dev/ttyS0"));
    assert_non_null(hb_rules_open(*state, HB_POWER_FIFO, "/etc/cron.d/fifo"));
    assert_non_null(hb_rules_open(*state, HB_POWER_GUARDED, "/etc/cron.d/guarded"));
    assert_non_null(hb_rules_open(*state, HB_POWER_CONF, "/etc/shadow"));
    assert_non_null(hb_rules_open(*state, HB_POWER_CONF, "/etc/ha.d/../shadow"));
    assert_non_null(hb_rules_open(*state, HB_POWER_CONF, "/etc/ha.d/conf/x"));
    assert_non_null(hb_rules_open(*state, HB_POWER_LOG, "/etc/ha.d/authkeys"));
    assert_non_null(hb_rules_open(*state, HB_POWER_LOG, "/etc/passwd"));
    assert_non_null(hb_rules_open(*state, HB_POWER_SERIAL, "/dev/watchdog"));
    assert_non_null(hb_rules_open(*state, HB_POWER_WATCHDOG, "/dev/sda"));
    assert_non_null(hb_rules_open(*state, HB_POWER_PIDFILE, "/run/heartbeat.pid"));
    assert_non_null(hb_rules_open(*state, (enum hb_power_file)99, "/etc/ha.d/ha.cf"));
}

static void the_daemon_sets_no_variable_that_a_program_trusts(void **state)
{
    char *const extra[] = {(char *)"LD_PRELOAD=/tmp/x.so", (char *)"PATH=/tmp", (char *)"HA_FUNCS=/tmp/f",
                           (char *)"HA_BIN=/tmp",          (char *)"BASH_ENV=/tmp/e",
                           (char *)"HA_=x",                (char *)"HA_a b=x", (char *)"HA_noequals",
                           (char *)"HA_st=active",         (char *)"HA_OSTATUS=up", NULL};
    char **environment = hb_rules_environment(*state, extra);

    assert_null(g_environ_getenv(environment, "LD_PRELOAD"));
    assert_null(g_environ_getenv(environment, "BASH_ENV"));
    assert_null(g_environ_getenv(environment, "HA_"));
    assert_null(g_environ_getenv(environment, "HA_a b"));
    assert_string_equal(g_environ_getenv(environment, "HA_FUNCS"), "/etc/ha.d/shellfuncs");
    assert_string_not_equal(g_environ_getenv(environment, "HA_BIN"), "/tmp");
    assert_string_not_equal(g_environ_getenv(environment, "PATH"), "/tmp");
    assert_string_equal(g_environ_getenv(environment, "HA_st"), "active");
    assert_string_equal(g_environ_getenv(environment, "HA_OSTATUS"), "up");
    g_strfreev(environment);
}

static bool may_be_run(uid_t uid, gid_t gid, mode_t mode)
{
    return hb_rules_owner(&(struct hb_owner){694, 695}, &(struct hb_owner){uid, gid}, mode);
}

static void a_file_that_the_daemon_or_everybody_may_write_is_not_run(void **state)
{
    (void)state;
    assert_true(may_be_run(0, 0, 0755));
    assert_true(may_be_run(0, 695, 0755));
    assert_true(may_be_run(0, 0, 0775));
    assert_false(may_be_run(0, 695, 0775));
    assert_false(may_be_run(0, 0, 0757));
    assert_false(may_be_run(694, 0, 0755));
}

static void what_root_has_given_to_somebody_else_is_run(void **state)
{
    (void)state;
    assert_true(may_be_run(0, 50, 0775));
    assert_true(may_be_run(1000, 0, 0755));
    assert_false(may_be_run(1000, 0, 0757));
}

static void nothing_is_run_before_the_files_were_read(void **state)
{
    struct hb_rules *rules = hb_rules_new(&helper_paths);

    (void)state;
    assert_false(runs(rules, "/etc/init.d/apache stop"));
    assert_non_null(hb_rules_program(rules, "root", "/bin/sh"));
    assert_non_null(hb_rules_open(rules, HB_POWER_LOG, "/var/log/ha-log"));
    hb_rules_free(rules);
}

static void a_guardian_has_a_priority_and_a_log_of_ha_cf(void **state)
{
    assert_null(hb_rules_guardian(*state, 0, "-"));
    assert_null(hb_rules_guardian(*state, 99, "/var/log/ha-log"));
    assert_non_null(hb_rules_guardian(*state, 100, "-"));
    assert_non_null(hb_rules_guardian(*state, -1, "-"));
    assert_non_null(hb_rules_guardian(*state, 1, "/etc/passwd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_script_is_run_with_the_words_of_haresources, rules_new, rules_free),
        cmocka_unit_test_setup_teardown(a_script_with_other_words_is_not_run, rules_new, rules_free),
        cmocka_unit_test_setup_teardown(a_resource_that_has_left_the_file_can_still_be_stopped, rules_new,
                                        rules_free),
        cmocka_unit_test_setup_teardown(messages_run_scripts_of_rc_d_and_no_others, rules_new, rules_free),
        cmocka_unit_test_setup_teardown(ldirectord_is_run_with_a_file_of_haresources, rules_new, rules_free),
        cmocka_unit_test_setup_teardown(a_client_is_run_as_ha_cf_has_it, rules_new, rules_free),
        cmocka_unit_test_setup_teardown(files_are_opened_for_what_they_are, rules_new, rules_free),
        cmocka_unit_test_setup_teardown(the_daemon_sets_no_variable_that_a_program_trusts, rules_new,
                                        rules_free),
        cmocka_unit_test(a_file_that_the_daemon_or_everybody_may_write_is_not_run),
        cmocka_unit_test(what_root_has_given_to_somebody_else_is_run),
        cmocka_unit_test(nothing_is_run_before_the_files_were_read),
        cmocka_unit_test_setup_teardown(a_guardian_has_a_priority_and_a_log_of_ha_cf, rules_new, rules_free),
    };

    unsetenv("LD_PRELOAD"); /* what runs us may have set it: valgrind does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
