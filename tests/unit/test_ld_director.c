/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wiring: a real configuration file, the real loop, real checks of a server
 * on loopback, and a made-up kernel table.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "tests/fakes/fake_server.h"
#include "tests/unit/director_house.h"

static struct director_house house;
static struct fake_server web;

/* ---- files ---- */

static void write_file(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void write_file(const char *format, ...)
{
    va_list args;
    char *text;
    FILE *out = fopen(house.file, "w");

    assert_non_null(out);
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    assert_true(fprintf(out, "logfile=\"%s\"\ncheckinterval=1\nautoreload=yes\n%s", house.log,
                        text) > 0);
    fclose(out);
    g_free(text);
}

/* A service at 10.9.0.1:PORT with one server on loopback. */
static void write_service(unsigned port, const char *more)
{
    write_file("virtual=10.9.0.1:%u\n\treal=127.0.0.1:%u masq\n\tchecktype=connect\n%s\n", port,
               web.port, more);
}

static unsigned times_logged(const char *text)
{
    return director_house_logged(&house, text);
}

/* ---- time ---- */

static void wait_until(bool (*holds)(const void *what), const void *what, const char *sentence)
{
    if (!loop_wait(house.loop, holds, what, 20 * HA_NS_PER_S))
        fail_msg("not within 20 s: %s", sentence);
}

static void let_pass(uint64_t ns)
{
    (void)loop_wait(house.loop, NULL, NULL, ns);
}

/* ---- conditions ---- */

static const struct ld_vs *service_at(unsigned port)
{
    struct ld_service_id id = {.protocol = LD_TCP, .port = (uint16_t)port};

    ha_addr_parse(&id.addr, "10.9.0.1");
    return ld_table_find(house.ipvs.table, &id);
}

static bool service_is_there(const void *port)
{
    return service_at(GPOINTER_TO_UINT(port)) != NULL;
}

static bool server_is_in(const void *port)
{
    const struct ld_vs *vs = service_at(GPOINTER_TO_UINT(port));

    return vs != NULL && vs->dests->len == 1 &&
           g_array_index(vs->dests, struct ld_dest, 0).weight == 1;
}

static bool server_is_out(const void *port)
{
    const struct ld_vs *vs = service_at(GPOINTER_TO_UINT(port));

    return vs != NULL && vs->dests->len == 0;
}

static bool is_logged(const void *text)
{
    return times_logged(text) > 0;
}

#define WAIT(holds, what) wait_until(holds, what, #holds " " #what)
#define PORT(number)      GUINT_TO_POINTER(number)

/* ---- setting up ---- */

static int begin(void **state)
{
    (void)state;
    director_house_open(&house);
    fake_server_start(&web, AF_INET, FAKE_SILENT, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    director_house_close(&house);
    fake_server_stop(&web);
    return 0;
}

static void start(void)
{
    director_house_start(&house, false);
}

/* ---- cases ---- */

static void the_table_stands_when_start_returns(void **state)
{
    (void)state;
    write_service(80, "");
    start();
    assert_true(service_is_there(PORT(80)));
    assert_true(server_is_out(PORT(80)));
}

static void a_server_follows_its_checks(void **state)
{
    (void)state;
    write_service(80, "");
    start();
    WAIT(server_is_in, PORT(80));
    kill(web.pid, SIGKILL);
    WAIT(server_is_out, PORT(80));
    assert_true(is_logged("L4CON"));
}

static void an_edit_in_place_is_taken_up(void **state)
{
    (void)state;
    write_service(80, "");
    start();
    write_service(81, "");
    WAIT(server_is_in, PORT(81));
    assert_null(service_at(80));
}

static void an_edit_by_a_new_file_is_taken_up(void **state)
{
    char *other = g_strconcat(house.folder, "/ldirectord.cf.new", NULL), *file = house.file;

    (void)state;
    write_service(80, "");
    start();
    house.file = other;
    write_service(81, "");
    house.file = file;
    assert_int_equal(g_rename(other, file), 0);
    WAIT(server_is_in, PORT(81));
    g_free(other);
}

static void a_touched_file_is_not_read_again(void **state)
{
    (void)state;
    write_service(80, "");
    start();
    write_service(80, "");
    let_pass(HA_NS_PER_S / 2);
    assert_int_equal(times_logged("has changed on disk"), 0);
}

static void the_old_configuration_is_in_force_while_the_new_one_is_read(void **state)
{
    (void)state;
    write_service(80, "autoreload=no\n");
    start();
    write_service(81, "autoreload=no\n");
    ld_director_reload(house.director);
    assert_true(ld_director_reloading(house.director));
    write_service(82, "autoreload=no\n");
    ld_director_reload(house.director); /* what was read by then may be either file */
    assert_non_null(service_at(80));
    WAIT(service_is_there, PORT(82));
    assert_null(service_at(80));
    assert_null(service_at(81));
}

static void a_stop_does_not_wait_for_the_file(void **state)
{
    (void)state;
    write_service(80, "autoreload=no\n");
    start();
    ld_director_reload(house.director);
    ld_director_stop(house.director);
    assert_false(ld_director_reloading(house.director));
    assert_null(service_at(80));
}

static void a_bad_edit_is_told_whole_and_changes_nothing(void **state)
{
    (void)state;
    write_service(80, "");
    start();
    WAIT(server_is_in, PORT(80));
    write_service(81, "bogus=1\nfork=maybe\n");
    WAIT(is_logged, "nothing is changed");
    assert_true(is_logged("at line 7: "));
    assert_true(is_logged("at line 8: "));
    assert_true(server_is_in(PORT(80)));
    assert_null(service_at(81));
    write_service(81, "");
    WAIT(server_is_in, PORT(81));
}

static void a_file_cut_off_before_its_services_changes_nothing(void **state)
{
    (void)state;
    write_service(80, "");
    start();
    WAIT(server_is_in, PORT(80));
    assert_int_equal(truncate(house.file, 0), 0);
    director_house_reload(&house); /* whether the usual log can be written is another matter */
    WAIT(is_logged, "nothing is changed");
    assert_true(server_is_in(PORT(80)));
    write_file("%s", ""); /* what stands above them is there still */
    director_house_reload(&house);
    WAIT(is_logged, "no virtual service any more: nothing is changed");
    assert_true(server_is_in(PORT(80)));
    write_service(81, "");
    WAIT(server_is_in, PORT(81)); /* it has not lost autoreload */
}

static void a_file_that_vanishes_costs_nothing_until_it_is_back(void **state)
{
    (void)state;
    write_service(80, "");
    start();
    assert_int_equal(g_unlink(house.file), 0);
    director_house_reload(&house);
    WAIT(is_logged, "cannot be read");
    assert_true(service_is_there(PORT(80)));
    write_service(81, "");
    WAIT(service_is_there, PORT(81));
}

static void without_autoreload_an_edit_waits_for_the_signal(void **state)
{
    (void)state;
    write_service(80, "autoreload=no\n");
    start();
    write_service(81, "autoreload=no\n");
    WAIT(is_logged, "ignore new configuration");
    assert_null(service_at(81));
    director_house_reload(&house);
    WAIT(service_is_there, PORT(81));
}

static void a_refused_operation_is_named_once_and_tried_again(void **state)
{
    (void)state;
    house.ipvs.missing_scheduler = "nosuch";
    write_file("virtual=10.9.0.1:80\n\treal=127.0.0.1:%u masq\n\tchecktype=on\n"
               "\tscheduler=nosuch\n", web.port);
    start();
    let_pass(3500 * HA_NS_PER_MS); /* tried again after one and after three seconds */
    assert_int_equal(times_logged("cannot add"), 1);
    house.ipvs.missing_scheduler = NULL;
    WAIT(server_is_in, PORT(80));
}

static void a_stop_takes_away_what_is_ours(void **state)
{
    struct ld_service_id id = {.protocol = LD_TCP, .port = 99};

    (void)state;
    ha_addr_parse(&id.addr, "10.99.0.1");
    assert_non_null(ld_table_add(house.ipvs.table, &id));
    write_service(80, "");
    start();
    WAIT(server_is_in, PORT(80));
    ld_director_stop(house.director);
    assert_int_equal(house.ipvs.table->services->len, 1);
    assert_non_null(ld_table_find(house.ipvs.table, &id));
    assert_true(is_logged("Purged virtual server (stop): 10.9.0.1:80"));
}

static bool all_are_checked(const void *ctx)
{
    struct ha_director_state state;

    (void)ctx;
    ld_director_state(house.director, &state);
    return state.standby && state.servers == 1 && state.up == 1 && state.unchecked == 0;
}

static void a_standby_is_ready_and_activated_in_one_go(void **state)
{
    unsigned refused;

    (void)state;
    write_service(80, "");
    director_house_start(&house, true);
    WAIT(all_are_checked, NULL);
    assert_null(service_at(80));
    assert_int_equal(ld_director_set_standby(house.director, false, &refused), 0);
    assert_int_equal(refused, 0);
    assert_true(server_is_in(PORT(80)));
    assert_int_equal(ld_director_set_standby(house.director, true, &refused), 0);
    assert_null(service_at(80));
}

static bool is_read(const void *ctx)
{
    (void)ctx;
    return is_logged("reread new configuration") && !ld_director_reloading(house.director);
}

static void an_edit_is_taken_up_in_standby_and_does_not_end_it(void **state)
{
    unsigned refused;

    (void)state;
    write_service(80, "");
    director_house_start(&house, true);
    WAIT(all_are_checked, NULL);
    write_service(81, "");
    WAIT(is_read, NULL);
    WAIT(all_are_checked, NULL);
    assert_int_equal(house.ipvs.operations, 0);
    assert_int_equal(ld_director_set_standby(house.director, false, &refused), 0);
    assert_true(server_is_in(PORT(81)));
    assert_null(service_at(80));
}

static void what_the_kernel_refuses_at_activation_is_counted(void **state)
{
    unsigned refused;

    (void)state;
    house.ipvs.missing_scheduler = "nosuch";
    write_file("virtual=10.9.0.1:80\n\treal=127.0.0.1:%u masq\n\tchecktype=on\n"
               "\tscheduler=nosuch\n", web.port);
    director_house_start(&house, true);
    assert_int_equal(ld_director_set_standby(house.director, false, &refused), 0);
    assert_int_equal(refused, 2); /* the service, and its server */
    house.ipvs.missing_scheduler = NULL;
    WAIT(server_is_in, PORT(80));
}

/* ---- beside the table ---- */

static char *beside(const char *name)
{
    return g_build_filename(house.folder, name, NULL);
}

static bool file_is_there(const void *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void the_fallback_command_is_run_and_checks_are_monitored(void **state)
{
    char *ran = beside("ran"), *monitor = beside("monitor"), *text = NULL;
    char *more = g_strdup_printf("\tmonitorfile=%s\n\tfallbackcommand=\"echo >%s\"\n", monitor, ran);

    (void)state;
    write_service(80, more);
    start();
    WAIT(file_is_there, ran);
    WAIT(file_is_there, monitor);
    kill(web.pid, SIGKILL);
    WAIT(server_is_out, PORT(80));
    while (!g_file_get_contents(ran, &text, NULL, NULL) || strstr(text, "start") == NULL) {
        g_clear_pointer(&text, g_free);
        let_pass(20 * HA_NS_PER_MS);
    }
    assert_string_equal(text, "start 10.9.0.1:80 tcp\n");
    g_free(text);
    assert_true(g_file_get_contents(monitor, &text, NULL, NULL));
    assert_non_null(strstr(text, "] connect tcp 127.0.0.1 "));
    assert_non_null(strstr(text, "[down] L4CON"));
    g_unlink(ran);
    g_unlink(monitor);
    g_free(text);
    g_free(more);
    g_free(monitor);
    g_free(ran);
}

static void a_file_in_the_maintenance_folder_takes_a_server_out(void **state)
{
    char *folder = beside("maintenance"), *file = g_build_filename(folder, "127.0.0.1", NULL);
    char *more = g_strdup_printf("maintenancedir=%s\n", folder);

    (void)state;
    assert_int_equal(g_mkdir(folder, 0755), 0);
    assert_true(g_file_set_contents(file, "", 0, NULL));
    write_service(80, more);
    start();
    let_pass(HA_NS_PER_S);
    assert_true(server_is_out(PORT(80)));
    g_unlink(file);
    WAIT(server_is_in, PORT(80));
    assert_true(g_file_set_contents(file, "", 0, NULL));
    WAIT(server_is_out, PORT(80));
    g_unlink(file);
    g_rmdir(folder);
    g_free(more);
    g_free(file);
    g_free(folder);
}

static void an_edit_without_fault_is_told_to_the_callback(void **state)
{
    char *called = beside("called"), *program = beside("callback"), *more, *script, *text = NULL;

    (void)state;
    script = g_strdup_printf("#!/bin/sh\necho \"$@\" >>'%s'\n", called);
    more = g_strdup_printf("callback=\"%s\"\n", program);
    assert_true(g_file_set_contents(program, script, -1, NULL));
    assert_int_equal(g_chmod(program, 0755), 0);
    write_service(80, more);
    start();
    write_service(81, "bogus=1\n");
    WAIT(is_logged, "nothing is changed");
    write_service(81, more);
    WAIT(server_is_in, PORT(81));
    WAIT(file_is_there, called);
    let_pass(200 * HA_NS_PER_MS);
    assert_true(g_file_get_contents(called, &text, NULL, NULL));
    g_strchomp(text);
    assert_string_equal(text, house.file); /* once, and for the good edit */
    g_unlink(called);
    g_unlink(program);
    g_free(text);
    g_free(script);
    g_free(more);
    g_free(program);
    g_free(called);
}

static void a_monitor_file_that_cannot_be_written_is_refused_in_the_file(void **state)
{
    (void)state;
    write_service(80, "maintenancedir=/nowhere\n");
    start();
    write_service(81, "\tmonitorfile=/nowhere/m\n");
    WAIT(is_logged, "nothing is changed");
    assert_true(is_logged("at line 7: unable to open monitorfile /nowhere/m: No such file or directory"));
    assert_null(service_at(81));
    write_service(81, "maintenancedir=/nowhere\n");
    WAIT(is_logged, "maintenance directory does not exist");
    WAIT(server_is_in, PORT(81));
}

static bool has_left(const void *left)
{
    return *(const bool *)left;
}

static void leave(void *ctx)
{
    *(bool *)ctx = true;
}

static void the_last_command_is_waited_for_and_a_slow_one_is_not(void **state)
{
    uint64_t began_ns;
    bool left = false;

    (void)state;
    write_service(80, "\tfallbackcommand=\"sleep 1000; :\"\n");
    start();
    WAIT(server_is_in, PORT(80));
    let_pass(100 * HA_NS_PER_MS);
    ld_director_stop(house.director);
    began_ns = ha_clock_ns();
    ld_director_farewell(house.director, leave, &left);
    WAIT(has_left, &left);
    assert_true(ha_clock_ns() - began_ns > HA_NS_PER_S);
}

static void a_log_line_is_as_watchers_know_it(void **state)
{
    char *text = NULL;

    (void)state;
    write_service(80, "");
    start();
    assert_true(g_file_get_contents(house.log, &text, NULL, NULL));
    assert_true(g_regex_match_simple("^\\[\\w{3} \\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}"
                                     "\\|test\\|\\d+\\] Added virtual server: 10.9.0.1:80$",
                                     text, G_REGEX_MULTILINE, 0));
    g_free(text);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(the_table_stands_when_start_returns),
        CASE(a_server_follows_its_checks),
        CASE(an_edit_in_place_is_taken_up),
        CASE(an_edit_by_a_new_file_is_taken_up),
        CASE(a_touched_file_is_not_read_again),
        CASE(the_old_configuration_is_in_force_while_the_new_one_is_read),
        CASE(a_stop_does_not_wait_for_the_file),
        CASE(a_bad_edit_is_told_whole_and_changes_nothing),
        CASE(a_file_cut_off_before_its_services_changes_nothing),
        CASE(a_file_that_vanishes_costs_nothing_until_it_is_back),
        CASE(without_autoreload_an_edit_waits_for_the_signal),
        CASE(a_refused_operation_is_named_once_and_tried_again),
        CASE(a_stop_takes_away_what_is_ours),
        CASE(a_standby_is_ready_and_activated_in_one_go),
        CASE(an_edit_is_taken_up_in_standby_and_does_not_end_it),
        CASE(what_the_kernel_refuses_at_activation_is_counted),
        CASE(the_fallback_command_is_run_and_checks_are_monitored),
        CASE(a_file_in_the_maintenance_folder_takes_a_server_out),
        CASE(an_edit_without_fault_is_told_to_the_callback),
        CASE(a_monitor_file_that_cannot_be_written_is_refused_in_the_file),
        CASE(the_last_command_is_waited_for_and_a_slow_one_is_not),
        CASE(a_log_line_is_as_watchers_know_it),
    };

    alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
