/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord/act: real children, real files, and SMTP servers that behave and
 * that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/act/commands.h"
#include "ldirectord/act/mailer.h"
#include "ldirectord/act/maintenance_dir.h"
#include "ldirectord/act/monitor_file.h"
#include "tests/fakes/fake_script.h"
#include "tests/fakes/fake_server.h"
#include "tests/unit/loop_wait.h"

static struct place {
    struct ha_loop *loop;
    char *folder, *log, *file;
} place;

static int begin(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .level = HA_LOG_INFO};

    (void)state;
    place.folder = g_dir_make_tmp("act-XXXXXX", NULL);
    place.log = g_build_filename(place.folder, "log", NULL);
    place.file = g_build_filename(place.folder, "file", NULL);
    settings.file = place.log;
    ha_log_setup(&settings);
    place.loop = ha_loop_new();
    return 0;
}

static int end(void **state)
{
    char *command = g_strdup_printf("rm -rf '%s'", place.folder);

    (void)state;
    ha_loop_free(place.loop);
    ha_log_close();
    assert_int_equal(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL), TRUE);
    g_free(command);
    g_free(place.folder);
    g_free(place.log);
    g_free(place.file);
    return 0;
}

/* ---- time ---- */

static bool comes(bool (*holds)(const void *what), const void *what, uint64_t ms)
{
    return loop_wait(place.loop, holds, what, ms * HA_NS_PER_MS);
}

static bool file_has(const char *path, const char *text)
{
    char *all = NULL;
    bool has = g_file_get_contents(path, &all, NULL, NULL) && strstr(all, text) != NULL;

    g_free(all);
    return has;
}

static bool is_logged(const void *text)
{
    return file_has(place.log, text);
}

static void assert_file(const char *expected)
{
    char *all = NULL;

    assert_true(g_file_get_contents(place.file, &all, NULL, NULL));
    assert_string_equal(all, expected);
    g_free(all);
}

/* ---- commands ---- */

static bool commands_are_done(const void *commands)
{
    return ld_commands_count(commands) == 0;
}

static void shell(struct ld_commands *commands, const char *key, const char *what, const char *word)
{
    char *text = g_strdup_printf("%s; echo %s >>'%s'", what, word, place.file);

    ld_commands_shell(commands, key, text, 20000);
    g_free(text);
}

static void commands_of_a_key_run_in_order_and_the_last_that_waits_wins(void **state)
{
    struct ld_commands *commands = ld_commands_new(place.loop);

    (void)state;
    shell(commands, "a", "sleep 0.3", "one");
    shell(commands, "a", ":", "two");
    shell(commands, "a", ":", "three");
    assert_true(comes(commands_are_done, commands, 20000));
    assert_file("one\nthree\n");
    shell(commands, "a", "sleep 0.3", "one");
    shell(commands, "a", ":", "two");
    shell(commands, "a", "sleep 0.3", "one"); /* which is running: there and back again */
    assert_true(comes(commands_are_done, commands, 20000));
    assert_file("one\nthree\none\n");
    ld_commands_free(commands);
}

/* A callback that still copies the file of the last edit must be told of this one, too. */
static void what_is_executed_while_it_runs_is_executed_once_more(void **state)
{
    struct ld_commands *commands = ld_commands_new(place.loop);
    char *line = g_strdup_printf("sleep 0.3; echo ran >>'%s'", place.file);
    char *argv[] = {"/bin/sh", "-c", line, NULL};

    (void)state;
    for (int i = 0; i < 5; i++)
        ld_commands_run(commands, "a", argv, NULL, 20000);
    assert_true(comes(commands_are_done, commands, 20000));
    assert_file("ran\nran\n");
    ld_commands_free(commands);
    g_free(line);
}

static void commands_of_other_keys_do_not_wait(void **state)
{
    struct ld_commands *commands = ld_commands_new(place.loop);
    uint64_t began_ns = ha_clock_ns();

    (void)state;
    ld_commands_shell(commands, "slow", "sleep 1000", 900000);
    for (int i = 0; i < 40; i++) {
        char key[8];

        g_snprintf(key, sizeof(key), "%d", i);
        shell(commands, key, ":", "x");
    }
    while (ld_commands_count(commands) > 1 && ha_clock_ns() - began_ns < 60 * HA_NS_PER_S)
        comes(NULL, NULL, 20);
    assert_int_equal(ld_commands_count(commands), 1);
    ld_commands_free(commands); /* ends the slow one */
}

static void a_failure_is_logged_with_its_command(void **state)
{
    struct ld_commands *commands = ld_commands_new(place.loop);
    char *missing[] = {"/nowhere/x", "a", NULL};

    (void)state;
    ld_commands_shell(commands, "a", "exit 3", 5000);
    ld_commands_shell(commands, "b", "sleep 1000", 200);
    ld_commands_run(commands, "c", missing, NULL, 5000);
    assert_true(comes(is_logged, "system(exit 3) failed: exit status 3", 20000));
    assert_true(comes(is_logged, "system(sleep 1000) failed: still running after 200 ms", 20000));
    assert_true(comes(is_logged, "system(/nowhere/x a) failed: No such file", 20000));
    ld_commands_free(commands);
}

static void another_command_is_tried_if_one_fails(void **state)
{
    struct ld_commands *commands = ld_commands_new(place.loop);
    char *line = g_strdup_printf("echo other >'%s'", place.file);
    char *one[] = {"/bin/false", NULL}, *other[] = {"/bin/sh", "-c", line, NULL};

    (void)state;
    ld_commands_run(commands, "a", one, other, 5000);
    assert_true(comes(commands_are_done, commands, 20000));
    assert_file("other\n");
    g_free(line);
    ld_commands_free(commands);
}

/* ---- mails ---- */

static const struct fake_turn polite[] = {
    {NULL, "220-mx\r\n220 hello\r\n", 0, FAKE_SAYS},
    {"EHLO", "250-mx\r\n250 SIZE\r\n", 0, FAKE_SAYS},
    {"MAIL FROM:<", "250 ok\r\n", 0, FAKE_SAYS},
    {"RCPT TO:<bad@", "550 no such user\r\n", 0, FAKE_SAYS},
    {"RCPT TO:<", "250 ok\r\n", 0, FAKE_SAYS},
    {"DATA", "354 go on\r\n", 0, FAKE_SAYS},
    {".", "250 taken\r\n", 0, FAKE_SAYS},
    {"QUIT", "221 bye\r\n", 0, FAKE_LEAVES},
    {NULL, NULL, 0, FAKE_SAYS},
};

static struct ld_mailer *mailer_to(uint16_t port, uint64_t deadline_ms)
{
    const struct ld_mailer_settings settings = {.smtp_port = port, .deadline_ms = deadline_ms,
                                                .pause_ms = 100,
                                                .sendmail = "/nowhere/sendmail"};

    return ld_mailer_new(place.loop, &settings);
}

static void send_mail(struct ld_mailer *mailer, const char *smtp, const char *to,
                      const char *subject)
{
    const struct ld_mail mail = {.to = (char *)to, .smtp = (char *)smtp, .from = "x@y",
                                 .subject = (char *)subject, .body = "Log-Message: x\n.dot\n"};

    ld_mailer_send(mailer, &mail);
}

static bool mails_are_sent(const void *mailer)
{
    return ld_mailer_count(mailer) == 0;
}

static void assert_mail_reaches(int family, const char *smtp)
{
    struct fake_script server;
    struct ld_mailer *mailer;
    char *heard;

    fake_script_start_at(&server, family, polite);
    mailer = mailer_to(server.port, 20000);
    send_mail(mailer, smtp, "a@b, bad@b, c@d", "Deleted real server");
    assert_int_equal(ld_mailer_count(mailer), 1);
    assert_true(comes(mails_are_sent, mailer, 20000));
    heard = fake_script_heard(&server);
    assert_non_null(strstr(heard, "MAIL FROM:<x@y>\r\nRCPT TO:<a@b>\r\nRCPT TO:<bad@b>\r\n"
                                  "RCPT TO:<c@d>\r\nDATA\r\nFrom: x@y\r\n"));
    assert_non_null(strstr(heard, "\r\n..dot\r\n.\r\n"));
    assert_true(is_logged("bad@b is not accepted: 550 no such user"));
    g_free(heard);
    ld_mailer_free(mailer);
    fake_script_stop(&server);
}

static void a_mail_reaches_all_its_addresses_but_the_refused(void **state)
{
    (void)state;
    assert_mail_reaches(AF_INET, "localhost");
    assert_mail_reaches(AF_INET6, "[::1]");
}

static void mails_that_nobody_takes_are_given_up_after_three_tries(void **state)
{
    static const struct {
        const char *greeting, *reply, *why;
        unsigned tries;
    } cases[] = {
        {"220 x\r\n", "550 not from you\r\n", "MAIL FROM: 550 not from you", 1},
        {"220 x\r\n", "451 later\r\n", "MAIL FROM: 451 later", 3},
        {"554 go away\r\n", "", "greeting: 554 go away", 1},
        {"SSH-2.0\r\n", "", "the server does not speak SMTP", 3},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct fake_turn rude[] = {
            {NULL, cases[i].greeting, 0, FAKE_SAYS}, {"EHLO", "250 x\r\n", 0, FAKE_SAYS},
            {"MAIL", cases[i].reply, 0, FAKE_SAYS},  {"QUIT", "221 bye\r\n", 0, FAKE_LEAVES},
            {NULL, NULL, 0, FAKE_SAYS},
        };
        char *last = g_strdup_printf("failed to send SMTP email message: 127.0.0.1: %s\n",
                                     cases[i].why);
        char *first = g_strdup_printf("%s (will be tried again", cases[i].why);
        struct fake_script server;
        struct ld_mailer *mailer;

        fake_script_start(&server, rude);
        mailer = mailer_to(server.port, 5000);
        send_mail(mailer, "127.0.0.1", "a@b", "x");
        assert_true(comes(mails_are_sent, mailer, 30000));
        assert_true(is_logged(last));
        assert_int_equal(is_logged(first), cases[i].tries > 1);
        g_free(first);
        g_free(last);
        ld_mailer_free(mailer);
        fake_script_stop(&server);
    }
}

static void a_silent_relay_costs_its_own_mails_only(void **state)
{
    struct fake_server silent;
    struct ld_mailer *mailer;
    uint64_t began_ns;

    (void)state;
    fake_server_start(&silent, AF_INET, FAKE_SILENT, NULL);
    mailer = mailer_to(silent.port, 300);
    send_mail(mailer, "127.0.0.1", "a@b", "x");
    send_mail(mailer, NULL, "a@b", "by sendmail");
    began_ns = ha_clock_ns();
    assert_true(comes(is_logged, "there is no sendmail, and no smtp in the configuration", 10000));
    assert_true(comes(mails_are_sent, mailer, 20000));
    assert_true(ha_clock_ns() - began_ns >= 3 * 300 * HA_NS_PER_MS);
    assert_true(is_logged("no answer in time: greeting"));
    ld_mailer_free(mailer);
    fake_server_stop(&silent);
}

static void too_many_mails_are_dropped_and_counted(void **state)
{
    struct ld_mailer *mailer = mailer_to(fake_server_closed_port(AF_INET), 1000);

    (void)state;
    for (int i = 0; i < LD_MAIL_WAITING_MAX + 50; i++)
        send_mail(mailer, "127.0.0.1", "a@b", "x");
    assert_int_equal(ld_mailer_count(mailer), LD_MAIL_WAITING_MAX);
    assert_true(is_logged("too many mails are waiting"));
    for (int i = 0; i < LD_MAIL_HOSTS_MAX + 10; i++) {
        char host[32];

        g_snprintf(host, sizeof(host), "127.0.1.%d", i + 1);
        send_mail(mailer, host, "a@b", "x");
    }
    assert_int_equal(ld_mailer_count(mailer), LD_MAIL_WAITING_MAX + LD_MAIL_HOSTS_MAX - 1);
    ld_mailer_free(mailer);
    assert_true(is_logged("mails were not sent"));
}

static void sendmail_gets_the_mail_as_it_is(void **state)
{
    struct ld_mailer_settings settings = {.deadline_ms = 5000};
    char *script = g_build_filename(place.folder, "sendmail", NULL);
    char *text = g_strdup_printf("#!/bin/sh\necho \"$@\" >'%s'\ncat >>'%s'\n", place.file,
                                 place.file);
    struct ld_mailer *mailer;

    (void)state;
    assert_true(g_file_set_contents(script, text, -1, NULL));
    assert_int_equal(chmod(script, 0755), 0);
    settings.sendmail = script;
    mailer = ld_mailer_new(place.loop, &settings);
    send_mail(mailer, NULL, "a@b", "Deleted real server");
    assert_true(comes(mails_are_sent, mailer, 20000));
    assert_true(file_has(place.file, "-t -i -f x@y\nFrom: x@y\nTo: a@b\nSubject: Deleted real server\n"));
    assert_true(file_has(place.file, "\nLog-Message: x\n.dot\n"));
    ld_mailer_free(mailer);
    g_free(text);
    g_free(script);
}

/* ---- monitor files ---- */

static void a_line_is_appended_and_a_file_that_cannot_be_is_named_once(void **state)
{
    struct ld_monitor_files *files = ld_monitor_files_new();
    char *text = NULL;

    (void)state;
    ld_monitor_files_add(files, place.file, "ping tcp 10.0.0.1 [up] -");
    ld_monitor_files_add(files, place.file, "two\nlines");
    assert_true(g_file_get_contents(place.file, &text, NULL, NULL));
    assert_true(g_regex_match_simple("^\\[\\w{3} \\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}\\] "
                                     "\\[\\d+\\] ping tcp 10.0.0.1 \\[up\\] -\n"
                                     "\\[[^]]*\\] \\[\\d+\\] two lines\n$",
                                     text, 0, 0));
    g_free(text);
    ld_monitor_files_add(files, "/nowhere/m", "x");
    ld_monitor_files_add(files, "/nowhere/m", "x");
    assert_true(g_file_get_contents(place.log, &text, NULL, NULL));
    assert_ptr_equal(strstr(text, "Error writing to monitorfile"),
                     g_strrstr(text, "Error writing to monitorfile"));
    assert_non_null(strstr(text, "Error writing to monitorfile '/nowhere/m': No such file"));
    g_free(text);
    ld_monitor_files_free(files);
}

/* ---- the maintenance folder ---- */

struct told {
    unsigned times;
    bool web1, web2;
};

static void maintenance_told(void *ctx, const struct ld_maintenance *maintenance)
{
    struct told *told = ctx;
    struct ha_addr addr;

    told->times++;
    ha_addr_parse(&addr, "127.0.0.1");
    told->web1 = ld_maintenance_has(maintenance, &addr, 80);
    ha_addr_parse(&addr, "10.9.9.9");
    told->web2 = ld_maintenance_has(maintenance, &addr, 80);
}

static bool web1_is_in(const void *told)
{
    return ((const struct told *)told)->web1;
}

static bool web1_is_not_in(const void *told)
{
    return !((const struct told *)told)->web1;
}

static struct ld_config *config_of(const char *folder)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = ld_service_new();
    struct ld_real *real = ld_real_new();

    config->maintenancedir = g_strdup(folder);
    ha_addr_parse(&real->addr, "127.0.0.1");
    g_ptr_array_add(service->reals, real);
    g_ptr_array_add(config->services, service);
    return config;
}

static void touch(const char *folder, const char *name)
{
    char *path = g_build_filename(folder, name, NULL);

    assert_true(g_file_set_contents(path, "", 0, NULL));
    g_free(path);
}

static void untouch(const char *folder, const char *name)
{
    char *path = g_build_filename(folder, name, NULL);

    assert_int_equal(unlink(path), 0);
    g_free(path);
}

static void files_come_and_go_and_so_may_the_folder(void **state)
{
    char *folder = g_build_filename(place.folder, "maintenance", NULL);
    struct ld_config *config = config_of(folder);
    struct told told = {0};
    struct ld_maintenance_dir *dir = ld_maintenance_dir_new(place.loop, maintenance_told, &told);

    (void)state;
    ld_maintenance_dir_config(dir, config);
    assert_false(told.web1);
    assert_int_equal(g_mkdir(folder, 0755), 0);
    touch(folder, "127.0.0.1:80");
    assert_true(comes(web1_is_in, &told, 10000)); /* found by looking */
    assert_false(told.web2);
    untouch(folder, "127.0.0.1:80");
    assert_true(comes(web1_is_not_in, &told, 10000));
    touch(folder, "127.0.0.1");
    assert_true(comes(web1_is_in, &told, 1000)); /* told by the kernel */
    untouch(folder, "127.0.0.1");
    assert_true(comes(web1_is_not_in, &told, 1000));
    touch(folder, "127.0.0.1");
    ld_maintenance_dir_config(dir, config); /* known when this returns */
    assert_true(told.web1);
    g_free(config->maintenancedir);
    config->maintenancedir = NULL;
    ld_maintenance_dir_config(dir, config);
    assert_false(told.web1);
    ld_maintenance_dir_free(dir);
    ld_config_free(config);
    g_free(folder);
}

static void a_folder_that_cannot_be_read_now_brings_nobody_back(void **state)
{
    struct ld_config *config = config_of(place.folder);
    struct told told = {0};
    struct ld_maintenance_dir *dir = ld_maintenance_dir_new(place.loop, maintenance_told, &told);
    struct rlimit before, none;

    (void)state;
    touch(place.folder, "127.0.0.1:80");
    ld_maintenance_dir_config(dir, config);
    assert_true(told.web1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    untouch(place.folder, "127.0.0.1:80");
    ld_maintenance_dir_config(dir, config);
    assert_true(told.web1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(comes(web1_is_not_in, &told, 10000));
    ld_maintenance_dir_free(dir);
    ld_config_free(config);
}

static void a_file_may_be_named_after_a_host(void **state)
{
    struct ld_config *config = config_of(place.folder);
    struct told told = {0};
    struct ld_maintenance_dir *dir = ld_maintenance_dir_new(place.loop, maintenance_told, &told);

    (void)state;
    ld_maintenance_dir_config(dir, config);
    touch(place.folder, "localhost");
    assert_true(comes(web1_is_in, &told, 20000));
    untouch(place.folder, "localhost");
    assert_true(comes(web1_is_not_in, &told, 5000));
    touch(place.folder, "localhost:80"); /* known by now */
    assert_true(comes(web1_is_in, &told, 5000));
    ld_maintenance_dir_free(dir);
    ld_config_free(config);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(commands_of_a_key_run_in_order_and_the_last_that_waits_wins),
        CASE(what_is_executed_while_it_runs_is_executed_once_more),
        CASE(commands_of_other_keys_do_not_wait),
        CASE(a_failure_is_logged_with_its_command),
        CASE(another_command_is_tried_if_one_fails),
        CASE(a_mail_reaches_all_its_addresses_but_the_refused),
        CASE(mails_that_nobody_takes_are_given_up_after_three_tries),
        CASE(a_silent_relay_costs_its_own_mails_only),
        CASE(too_many_mails_are_dropped_and_counted),
        CASE(sendmail_gets_the_mail_as_it_is),
        CASE(a_line_is_appended_and_a_file_that_cannot_be_is_named_once),
        CASE(files_come_and_go_and_so_may_the_folder),
        CASE(a_folder_that_cannot_be_read_now_brings_nobody_back),
        CASE(a_file_may_be_named_after_a_host),
    };

    alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
