/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: what goes where, what a line looks like, and what happens when nothing works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/log.h"

static char directory[] = "/tmp/test_ha_log.XXXXXX";
static char *file, *debug_file, *stderr_file;
static int saved_stderr;

static void format(void *ctx, enum ha_level level, time_t said_s, const char *message, GString *out)
{
    assert_true(time(NULL) - said_s <= 60 && said_s <= time(NULL));
    g_string_append_printf(out, "%s%d: %s\n", (const char *)ctx, (int)level, message);
}

static void assert_file(const char *path, const char *expected)
{
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        text = g_strdup("(none)");
    }
    assert_string_equal(text, expected);
    g_free(text);
}

static int begin(void **state)
{
    int fd = open(stderr_file, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

    (void)state;
    saved_stderr = dup(2);
    dup2(fd, 2);
    close(fd);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    ha_log_close();
    dup2(saved_stderr, 2);
    close(saved_stderr);
    g_unlink(file);
    g_unlink(debug_file);
    return 0;
}

static void lines_go_to_their_files_by_level(void **state)
{
    struct ha_log_settings settings = {.ident = "test", .syslog_facility = -1, .file = file,
                                       .debug_file = debug_file, .level = HA_LOG_INFO,
                                       .format = format, .ctx = (char *)"x"};

    (void)state;
    assert_int_equal(ha_log_setup(&settings), 0);
    ha_log(HA_LOG_ERROR, "number %d", 1);
    ha_log(HA_LOG_DEBUG, "unseen");
    assert_file(file, "x3: number 1\n");
    assert_file(debug_file, "x3: number 1\n");
    settings.level = HA_LOG_DEBUG;
    settings.ctx = (char *)"y";
    assert_int_equal(ha_log_setup(&settings), 0);
    ha_log(HA_LOG_DEBUG, "seen");
    ha_log(HA_LOG_INFO, "both");
    assert_file(file, "x3: number 1\ny6: both\n");
    assert_file(debug_file, "x3: number 1\ny7: seen\ny6: both\n");
    assert_file(stderr_file, "");
}

static void the_same_file_twice_gets_each_line_once(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .debug_file = file,
                                       .level = HA_LOG_DEBUG};

    (void)state;
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "once");
    assert_file(file, "once\n");
}

static void what_is_held_is_written_in_order_when_the_last_lets_go(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file,
                                       .debug_file = debug_file, .level = HA_LOG_DEBUG};

    (void)state;
    ha_log_setup(&settings);
    ha_log_hold();
    ha_log(HA_LOG_INFO, "one");
    ha_log_hold();
    ha_log(HA_LOG_DEBUG, "two");
    ha_log_release();
    assert_file(file, "(none)");
    assert_file(debug_file, "(none)");
    ha_log_release();
    assert_file(file, "one\n");
    assert_file(debug_file, "one\ntwo\n");
    ha_log(HA_LOG_INFO, "three");
    assert_file(file, "one\nthree\n");
}

static void what_is_held_is_not_lost(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};

    (void)state;
    ha_log_setup(&settings);
    ha_log_hold();
    ha_log(HA_LOG_INFO, "one");
    ha_log_flush();
    assert_file(file, "one\n");
    ha_log(HA_LOG_INFO, "two");
    settings.file = debug_file;
    ha_log_setup(&settings);
    assert_file(file, "one\ntwo\n");
    ha_log(HA_LOG_INFO, "three");
    ha_log_close();
    assert_file(debug_file, "three\n");
}

/* It ends before its parent's step does, and has a copy of what that holds. */
static void a_child_writes_its_own_lines_at_once_and_no_others(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};
    pid_t child;

    (void)state;
    ha_log_setup(&settings);
    ha_log_hold();
    ha_log(HA_LOG_INFO, "parent");
    child = fork();
    if (child == 0) {
        ha_log(HA_LOG_INFO, "child");
        ha_log_release();
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_file(file, "child\n");
    ha_log_release();
    assert_file(file, "child\nparent\n");
}

static void a_child_has_a_number_of_its_own(void **state)
{
    pid_t child;
    int status;

    (void)state;
    assert_int_equal(ha_log_pid(), getpid());
    child = fork();
    if (child == 0)
        _exit(ha_log_pid() == getpid() ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(ha_log_pid(), getpid());
}

static void what_glib_ends_us_with_is_in_the_log_after_what_was_held(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        struct rlimit none = {0};

        setrlimit(RLIMIT_CORE, &none);
        ha_log_setup(&settings);
        ha_log_hold();
        ha_log(HA_LOG_INFO, "held");
        g_log("GLib", G_LOG_LEVEL_ERROR, "failed to allocate %d bytes", 42);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_file(file, "held\ncannot go on: GLib: failed to allocate 42 bytes\n");
}

static void no_more_than_a_bound_is_held(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};
    struct stat status;

    (void)state;
    ha_log_setup(&settings);
    ha_log_hold();
    for (int i = 0; i < 10000; i++)
        ha_log(HA_LOG_INFO, "a line of a storm");
    assert_int_equal(stat(file, &status), 0);
    assert_true(status.st_size > 10000 * 18 - 70000);
    ha_log_release();
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_size, 10000 * 18);
}

static void a_moved_file_is_made_anew(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};

    (void)state;
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "one");
    assert_int_equal(g_rename(file, debug_file), 0);
    ha_log(HA_LOG_INFO, "two");
    assert_file(debug_file, "one\n");
    assert_file(file, "two\n");
}

static void a_file_that_cannot_be_written_is_named_once_on_stderr_and_tried_again(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};
    char *expected = g_strdup_printf("cannot write the log file %s: Is a directory\none\n", file);

    (void)state;
    assert_int_equal(g_mkdir(file, 0700), 0);
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "one");
    ha_log(HA_LOG_INFO, "two");
    assert_file(stderr_file, expected);
    g_rmdir(file);
    ha_log(HA_LOG_INFO, "three");
    assert_file(file, "three\n");
    assert_file(stderr_file, expected);
    g_free(expected);
}

static void what_is_said_while_descriptors_are_short_is_written_later(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};
    struct rlimit before, none;
    char *text = NULL;

    (void)state;
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "one");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int i = 0; i < 1000; i++) /* more than is kept */
        ha_log(HA_LOG_INFO, "%0200d", i);
    ha_log(HA_LOG_INFO, "two");
    ha_log(HA_LOG_INFO, "three");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    ha_log(HA_LOG_INFO, "four");
    assert_true(g_file_get_contents(file, &text, NULL, NULL));
    assert_true(g_str_has_prefix(text, "one\n"));
    assert_true(g_str_has_suffix(text, "\ntwo\nthree\nfour\n"));
    assert_in_range(strlen(text), 300, 80000);
    g_free(text);
}

static void a_fifo_without_reader_does_not_stop_us(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};

    (void)state;
    assert_int_equal(mkfifo(file, 0600), 0);
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "one");
}

static void long_messages_are_kept_up_to_the_bound_and_stay_one_line(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};
    char *text = g_strnfill(3000, 'a'), *huge = g_strnfill(100000, 'b'), *got;
    gsize length;

    (void)state;
    text[1500] = '\n';
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "%s", text);
    ha_log(HA_LOG_INFO, "%s", huge);
    assert_true(g_file_get_contents(file, &got, &length, NULL));
    text[1500] = ' ';
    assert_memory_equal(got, text, 3000);
    assert_int_equal(got[3000], '\n');
    assert_true(length > 5000 && length < 3000 + 4200);
    assert_int_equal(got[length - 1], '\n');
    g_free(got);
    g_free(text);
    g_free(huge);
}

/* A percent sign in what is logged must reach nobody as a format. */
static void percent_signs_are_text(void **state)
{
    struct ha_log_settings settings = {.syslog_facility = -1, .file = file, .level = HA_LOG_INFO};

    (void)state;
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "%s", "100%s %n %d");
    assert_file(file, "100%s %n %d\n");
}

static void a_stderr_that_nobody_reads_does_not_stop_us(void **state)
{
    const struct ha_log_settings settings = {
        .ident = "test", .syslog_facility = -1, .to_stderr = true, .level = HA_LOG_INFO};
    char bytes[4096];
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    memset(bytes, '.', sizeof(bytes));
    while (write(ends[1], bytes, sizeof(bytes)) > 0) {
    }
    assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
    dup2(ends[1], 2);
    assert_int_equal(ha_log_setup(&settings), 0);
    alarm(60);
    for (int i = 0; i < 100; i++) {
        ha_log(HA_LOG_INFO, "line %d", i);
    }
    alarm(0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    while (read(ends[0], bytes, sizeof(bytes)) > 0) {
    }
    ha_log(HA_LOG_INFO, "heard again");
    assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 12);
    assert_memory_equal(bytes, "heard again\n", 12);
    close(ends[0]);
    close(ends[1]);
}

static void without_setup_messages_go_to_stderr(void **state)
{
    (void)state;
    ha_log(HA_LOG_ERROR, "early %s", "bird");
    assert_file(stderr_file, "early bird\n");
}

static void syslog_that_is_away_costs_nothing(void **state)
{
    struct ha_log_settings settings = {.ident = "test", .syslog_facility = LOG_LOCAL0,
                                       .to_stderr = true, .level = HA_LOG_INFO};

    (void)state;
    ha_log_setup(&settings);
    for (int i = 0; i < 100; i++) {
        ha_log(HA_LOG_INFO, "x");
    }
    settings.to_stderr = false;
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "x");
}

static void say_hello(void *ctx, enum ha_level level, time_t said_s, const char *message, GString *out)
{
    (void)ctx;
    assert_true(time(NULL) - said_s <= 60 && said_s <= time(NULL));
    g_string_append_printf(out, "hello: [%d]: %s", (int)level, message);
}

/* A namespace of our own, in which /dev/log is ours. */
static void in_own_dev(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    struct ha_log_settings settings = {.ident = "test", .syslog_facility = LOG_LOCAL0,
                                       .level = HA_LOG_INFO};
    char got[256] = "", expected[256];
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), lines = 0;

    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", "/dev", "tmpfs", 0, NULL) < 0) {
        _exit(77);
    }
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "lost");
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
        _exit(2);
    }
    ha_log(HA_LOG_ERROR, "kept");
    snprintf(expected, sizeof(expected), "<%d>test[%d]: 1 messages could not be given to syslog",
             LOG_LOCAL0 | LOG_WARNING, (int)getpid());
    if (recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) < 0 || strcmp(got, expected) != 0) {
        _exit(3);
    }
    snprintf(expected, sizeof(expected), "<%d>test[%d]: kept", LOG_LOCAL0 | LOG_ERR,
             (int)getpid());
    memset(got, 0, sizeof(got));
    if (recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) < 0 || strcmp(got, expected) != 0) {
        _exit(4);
    }
    settings.syslog_format = say_hello;
    ha_log_setup(&settings);
    ha_log(HA_LOG_INFO, "x");
    memset(got, 0, sizeof(got));
    if (recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) < 0 || !strstr(got, ">hello: [6]: x")) {
        _exit(5);
    }
    /* Nobody reads any more: this must end. */
    for (int i = 0; i < 10000; i++) {
        ha_log(HA_LOG_INFO, "%d", i);
    }
    while (recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT) > 0) {
        lines++;
    }
    _exit(lines > 0 && lines < 10000 ? 0 : 6);
}

static void syslog_gets_its_lines_and_a_full_one_is_not_waited_for(void **state)
{
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0) {
        in_own_dev();
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(status, 0);
}

static void a_limiter_lets_a_burst_through_and_says_what_it_dropped(void **state)
{
    struct ha_log_limit limit = {0};
    unsigned dropped = 99, passed = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        passed += ha_log_allowed(&limit, 5 * HA_NS_PER_S, 10, &dropped);
    }
    assert_int_equal(passed, 10);
    assert_int_equal(dropped, 0);
    assert_false(ha_log_allowed(&limit, 64 * HA_NS_PER_S, 10, &dropped));
    assert_true(ha_log_allowed(&limit, 65 * HA_NS_PER_S, 10, &dropped));
    assert_int_equal(dropped, 91);
    assert_true(ha_log_allowed(&limit, 66 * HA_NS_PER_S, 10, &dropped));
    assert_int_equal(dropped, 0);
}

static void strange_bytes_are_shown_as_hex_within_the_bound(void **state)
{
    char *text = ha_log_clean("a\x1b[0m\\\n\xff\0z", 10, 100);

    (void)state;
    assert_string_equal(text, "a\\x1b[0m\\x5c\\x0a\\xff\\x00z");
    g_free(text);
    text = ha_log_clean("abc\n", 4, 6);
    assert_string_equal(text, "abc");
    g_free(text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(lines_go_to_their_files_by_level),
        CASE(the_same_file_twice_gets_each_line_once),
        CASE(what_is_held_is_written_in_order_when_the_last_lets_go),
        CASE(what_is_held_is_not_lost),
        CASE(a_child_writes_its_own_lines_at_once_and_no_others),
        CASE(what_glib_ends_us_with_is_in_the_log_after_what_was_held),
        CASE(no_more_than_a_bound_is_held),
        CASE(a_moved_file_is_made_anew),
        CASE(a_file_that_cannot_be_written_is_named_once_on_stderr_and_tried_again),
        CASE(what_is_said_while_descriptors_are_short_is_written_later),
        CASE(a_fifo_without_reader_does_not_stop_us),
        CASE(long_messages_are_kept_up_to_the_bound_and_stay_one_line),
        CASE(percent_signs_are_text),
        CASE(a_stderr_that_nobody_reads_does_not_stop_us),
        CASE(without_setup_messages_go_to_stderr),
        CASE(syslog_that_is_away_costs_nothing),
        CASE(syslog_gets_its_lines_and_a_full_one_is_not_waited_for),
        cmocka_unit_test(a_child_has_a_number_of_its_own),
        cmocka_unit_test(a_limiter_lets_a_burst_through_and_says_what_it_dropped),
        cmocka_unit_test(strange_bytes_are_shown_as_hex_within_the_bound),
    };
    int failed;

    if (!mkdtemp(directory)) {
        return 1;
    }
    file = g_build_filename(directory, "file", NULL);
    debug_file = g_build_filename(directory, "debug", NULL);
    stderr_file = g_build_filename(directory, "stderr", NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_unlink(stderr_file);
    g_rmdir(directory);
    g_free(file);
    g_free(debug_file);
    g_free(stderr_file);
    return failed;
}
