/* SPDX-License-Identifier: GPL-2.0-or-later */
/* External checks: real scripts, well-behaved and not. */
#include "tests/unit/check_trial.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static char *script(const char *name, const char *body, int mode)
{
    char *path = g_build_filename(folder, name, NULL);
    char *text = g_strconcat("#!/bin/sh\n", body, "\n", NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_int_equal(chmod(path, (mode_t)mode), 0);
    g_free(text);
    return path;
}

static struct ld_probe external_probe(const char *command)
{
    struct ld_probe probe = {.type = LD_CHECK_EXTERNAL, .command = command, .timeout_ms = 20000,
                             .addr = loopback_of(AF_INET), .port = 81, .real_port = 80};

    probe.service.protocol = LD_TCP;
    probe.service.port = 8080;
    assert_true(ha_addr_parse(&probe.service.addr, "192.168.6.240"));
    return probe;
}

static enum ld_verdict ask_script(const char *body, uint64_t timeout_ms, char **detail)
{
    char *path = script("check", body, 0755);
    struct ld_probe probe = external_probe(path);
    enum ld_verdict verdict;

    probe.timeout_ms = timeout_ms;
    verdict = ask(&probe, detail);
    g_free(path);
    return verdict;
}

static int no_process; /* an errno: what the kernel would say */

/* In place of the C library's, which is called if all is well. */
int __real_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
    return no_process != 0 ? no_process : __real_posix_spawn(pid, path, actions, attr, argv, envp);
}

static void no_memory_or_process_says_nothing_about_the_server(void **state)
{
    static const int errors[] = {EAGAIN, ENOMEM, EMFILE, ENFILE};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        enum ld_verdict verdict;

        no_process = errors[i];
        verdict = ask_script("exit 0", 20000, NULL);
        no_process = 0;
        assert_verdict(verdict, LD_INTERNAL);
    }
}

static void only_exit_status_0_passes(void **state)
{
    char *detail;

    (void)state;
    assert_verdict(ask_script("exit 0", 20000, NULL), LD_EXTOK);
    assert_verdict(ask_script("exit 3", 20000, &detail), LD_EXTERR);
    assert_non_null(strstr(detail, "3"));
    g_free(detail);
}

static void with_checkweight_the_exit_status_may_be_a_weight(void **state)
{
    static const struct {
        const char *body;
        enum ld_verdict verdict;
        bool given;
        uint32_t percent;
    } rows[] = {
        {"exit 0", LD_EXTOK, false, 0},    {"exit 1", LD_EXTERR, false, 0},
        {"exit 2", LD_EXTOK, true, 0},     {"exit 52", LD_EXTOK, true, 50},
        {"exit 102", LD_EXTOK, true, 100}, {"exit 103", LD_EXTERR, false, 0},
        {"exit 127", LD_EXTERR, false, 0}, {"kill -9 $$", LD_EXTERR, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *path = script("weighs", rows[i].body, 0755);
        struct ld_probe probe = external_probe(path);
        struct ld_advice advice;

        probe.weighs = true;
        assert_verdict(ask_advice(&probe, NULL, &advice), rows[i].verdict);
        assert_int_equal(advice.given, rows[i].given);
        assert_int_equal(advice.percent, rows[i].percent);
        g_free(path);
    }
    assert_verdict(ask_script("exit 52", 20000, NULL), LD_EXTERR);
}

static void a_program_killed_by_a_signal_fails(void **state)
{
    char *detail;

    (void)state;
    assert_verdict(ask_script("kill -9 $$", 20000, &detail), LD_EXTERR);
    assert_non_null(strstr(detail, "signal 9"));
    g_free(detail);
}

static char *read_file(const char *name)
{
    char *path = g_build_filename(folder, name, NULL), *text = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_free(path);
    return text;
}

static void assert_told(struct ld_probe *probe, const char *expected)
{
    char *body = g_strdup_printf("echo \"$#: $*; $(pwd)\" >%s/told", folder);
    char *path = script("tells", body, 0755), *told;

    probe->command = path;
    assert_verdict(ask(probe, NULL), LD_EXTOK);
    told = read_file("told");
    assert_string_equal(told, expected);
    g_free(told);
    g_free(path);
    g_free(body);
}

static void it_is_told_four_things_and_stands_in_the_root(void **state)
{
    struct ld_probe probe = external_probe(NULL);

    (void)state;
    assert_told(&probe, "4: 192.168.6.240 8080 127.0.0.1 80; /\n");
    probe.addr = loopback_of(AF_INET6);
    assert_true(ha_addr_parse(&probe.service.addr, "2001:db8::1"));
    assert_told(&probe, "4: [2001:db8::1] 8080 [::1] 80; /\n");
    probe.service = (struct ld_service_id){.protocol = LD_FWM, .fwmark = 7};
    assert_told(&probe, "4: 7 0 [::1] 80; /\n");
}

static void the_whole_command_is_the_path(void **state)
{
    char *path = script("with blank", "exit 0", 0755);
    char *wrong = g_strconcat(path, " argument", NULL);
    struct ld_probe probe = external_probe(path);
    char *detail;

    (void)state;
    assert_verdict(ask(&probe, NULL), LD_EXTOK);
    probe.command = wrong;
    assert_verdict(ask(&probe, &detail), LD_EXTRUN);
    assert_non_null(strstr(detail, "with blank argument"));
    g_free(detail);
    g_free(wrong);
    g_free(path);
}

static void what_cannot_be_executed_is_told_apart(void **state)
{
    char *path = script("plain", "exit 0", 0644);
    struct ld_probe probe = external_probe(path);

    (void)state;
    assert_verdict(ask(&probe, NULL), LD_EXTRUN);
    probe.command = "/no/such/program";
    assert_verdict(ask(&probe, NULL), LD_EXTRUN);
    probe.command = "";
    assert_verdict(ask(&probe, NULL), LD_EXTRUN);
    g_free(path);
}

/* The check answers at its deadline; that the family is gone as well takes the kernel a moment. */
static void a_hanging_program_and_its_children_are_ended(void **state)
{
    char *body = g_strdup_printf("sleep 1000 & echo $! >%s/pid; wait", folder), *text;
    struct ld_probe probe;
    struct trial trial;
    char *path;
    pid_t pid;

    (void)state;
    path = script("hangs", body, 0755);
    probe = external_probe(path);
    probe.timeout_ms = 1500;
    trial_begin(&trial);
    trial.wanted = 1;
    ld_checks_start(trial.checks, 1, &probe, ha_clock_ns());
    ha_loop_run(trial.loop);
    assert_verdict(trial.verdict, LD_EXTTOUT);
    text = read_file("pid");
    pid = (pid_t)g_ascii_strtoll(text, NULL, 10);
    assert_true(pid > 1);
    for (unsigned i = 0; i < 500 && kill(pid, 0) == 0; i++) {
        char *stat_path = g_strdup_printf("/proc/%d/stat", pid), *stat = NULL;
        bool zombie = g_file_get_contents(stat_path, &stat, NULL, NULL) &&
                      strstr(stat, ") Z ") != NULL; /* nobody here reaps orphans */
        g_free(stat_path);
        g_free(stat);
        if (zombie)
            break;
        g_usleep(10000);
        assert_int_not_equal(i, 499);
    }
    trial_end(&trial);
    g_free(text);
    g_free(path);
    g_free(body);
}

static void a_chatterbox_is_not_listened_to(void **state)
{
    (void)state;
    assert_verdict(ask_script("head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2", 20000,
                              NULL), LD_EXTOK);
}

/* ---- external-perl ---- */

static enum ld_verdict ask_perl(const char *body, uint64_t timeout_ms, char **detail)
{
    char *path = g_build_filename(folder, "check.pl", NULL);
    struct ld_probe probe = external_probe(path);
    enum ld_verdict verdict;

    assert_true(g_file_set_contents(path, body, -1, NULL)); /* and not executable */
    probe.type = LD_CHECK_EXTERNAL_PERL;
    probe.timeout_ms = timeout_ms;
    verdict = ask(&probe, detail);
    g_free(path);
    return verdict;
}

static void perl_passes_unless_it_dies_or_exits_with_more_than_0(void **state)
{
    static const struct {
        const char *body;
        enum ld_verdict expected;
    } rows[] = {
        {"exit 0;\n", LD_EXTOK},
        {"exit 3;\n", LD_EXTERR},
        {"1;\n", LD_EXTOK},
        {"0;\n", LD_EXTOK},
        {"return 7;\n", LD_EXTOK},
        {"sub down { exit 1 } down();\n", LD_EXTERR},
        {"eval { die 'inside' }; 1;\n", LD_EXTOK},
        {"die \"no\\n\";\n", LD_EXTERR},
        {"this is no Perl;\n", LD_EXTERR},
        {"exit 0;\n__END__\nwords\n", LD_EXTOK},
        {"kill 9, $$;\n", LD_EXTERR},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        enum ld_verdict found = ask_perl(rows[i].body, 20000, NULL);

        if (found != rows[i].expected)
            fail_msg("%s gave %s", rows[i].body, ld_verdict_code(found));
    }
}

static void perl_is_told_the_same_four_things(void **state)
{
    char *body = g_strdup_printf("open(my $f, '>', '%s/perl') or die; print $f \"@ARGV; \", "
                                 "scalar(@ARGV); close $f;\n", folder);
    char *told;

    (void)state;
    assert_verdict(ask_perl(body, 20000, NULL), LD_EXTOK);
    told = read_file("perl");
    assert_string_equal(told, "192.168.6.240 8080 127.0.0.1 80; 4");
    g_free(told);
    g_free(body);
}

static void what_perl_died_of_is_told(void **state)
{
    char *detail;

    (void)state;
    assert_verdict(ask_perl("die \"the lamp is out\\n\";\n", 20000, &detail), LD_EXTERR);
    assert_non_null(strstr(detail, "the lamp is out"));
    g_free(detail);
}

static void perl_that_does_not_end_or_is_not_there_is_told_apart(void **state)
{
    struct ld_probe probe = external_probe("/no/such/check.pl");

    (void)state;
    assert_verdict(ask_perl("sleep 1000;\n", 500, NULL), LD_EXTTOUT);
    probe.type = LD_CHECK_EXTERNAL_PERL;
    assert_verdict(ask(&probe, NULL), LD_EXTRUN);
    probe.command = "";
    assert_verdict(ask(&probe, NULL), LD_EXTRUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_exit_status_0_passes),
        cmocka_unit_test(no_memory_or_process_says_nothing_about_the_server),
        cmocka_unit_test(with_checkweight_the_exit_status_may_be_a_weight),
        cmocka_unit_test(a_program_killed_by_a_signal_fails),
        cmocka_unit_test(it_is_told_four_things_and_stands_in_the_root),
        cmocka_unit_test(the_whole_command_is_the_path),
        cmocka_unit_test(what_cannot_be_executed_is_told_apart),
        cmocka_unit_test(a_hanging_program_and_its_children_are_ended),
        cmocka_unit_test(a_chatterbox_is_not_listened_to),
        cmocka_unit_test(perl_passes_unless_it_dies_or_exits_with_more_than_0),
        cmocka_unit_test(perl_is_told_the_same_four_things),
        cmocka_unit_test(what_perl_died_of_is_told),
        cmocka_unit_test(perl_that_does_not_end_or_is_not_there_is_told_apart),
    };
    int failed;
    char *clean;

    alarm(120);
    folder = g_dir_make_tmp("external-XXXXXX", NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    clean = g_strdup_printf("rm -rf '%s'", folder);
    (void)!system(clean);
    g_free(clean);
    g_free(folder);
    return failed;
}
