/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going into the background with a truthful exit status; readiness; pid files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/run/daemon.h"
#include "common/run/file.h"

static char directory[] = "/tmp/test_ha_daemon.XXXXXX";
static char *path;

/* Runs fn in a daemon; returns the exit status of the process that started it. */
static int exit_status_of(void (*fn)(struct ha_daemon *daemon))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct ha_daemon daemon;

        if (ha_daemon_start(&daemon) == 0) {
            fn(&daemon);
        }
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void be_ready(struct ha_daemon *daemon)
{
    char *text;

    ha_daemon_ready(daemon);
    text = g_strdup_printf("%d %d", getsid(0) != getpid(), getpgrp() != getppid());
    (void)!write(1, "must not be seen\n", 17);
    g_free(text);
    _exit(0);
}

static void fail_with_6(struct ha_daemon *daemon)
{
    ha_daemon_failed(daemon, 6);
    _exit(0);
}

static void die(struct ha_daemon *daemon)
{
    (void)daemon;
    kill(getpid(), SIGKILL);
}

static void the_starting_process_exits_as_the_daemon_says(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(be_ready), 0);
    assert_int_equal(exit_status_of(fail_with_6), 6);
    assert_int_equal(exit_status_of(die), 1);
}

static int ends[2];

static void keep_the_pipe(struct ha_daemon *daemon)
{
    ha_daemon_ready(daemon);
    _exit(write(ends[1], "kept", 4) == 4 ? 0 : 1);
}

static void closed_standard_descriptors_cost_none_of_ours(void **state)
{
    char got[8];
    pid_t pid;

    (void)state;
    assert_int_equal(pipe2(ends, 0), 0);
    pid = fork();
    if (pid == 0) {
        int low[2];

        close(0);
        close(1);
        close(2);
        ha_daemon_fill_standard();
        /* What we open next is ours to keep. */
        _exit(pipe2(low, 0) == 0 && low[0] > 2 ? exit_status_of(keep_the_pipe) : 98);
    }
    assert_int_equal(waitpid(pid, &(int){0}, 0), pid);
    close(ends[1]);
    assert_int_equal(read(ends[0], got, sizeof(got)), 4);
    close(ends[0]);
}

static void in_the_foreground_nobody_waits(void **state)
{
    struct ha_daemon daemon = {.ready_fd = -1};

    (void)state;
    ha_daemon_ready(&daemon);
    ha_daemon_failed(&daemon, 1);
}

static void listen_and_notify(const char *socket_path, const char *variable)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char got[64] = "";
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(at.sun_path, socket_path, strlen(socket_path));
    if (at.sun_path[0] == '@') {
        at.sun_path[0] = '\0';
    }
    assert_int_equal(bind(fd, (struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                                      strlen(socket_path))),
                     0);
    setenv("NOTIFY_SOCKET", variable, 1);
    ha_daemon_notify("STATUS=x");
    assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 8);
    assert_string_equal(got, "STATUS=x");
    unsetenv("NOTIFY_SOCKET");
    close(fd);
}

static void the_service_manager_hears_us_by_path_and_by_abstract_name(void **state)
{
    char *abstract = g_strdup_printf("@hearth-test-%d", (int)getpid());

    (void)state;
    listen_and_notify(path, path);
    g_unlink(path);
    listen_and_notify(abstract, abstract);
    g_free(abstract);
}

static void a_strange_notify_socket_is_ignored(void **state)
{
    char *longest = g_strnfill(300, '/');
    const char *values[] = {"", "x", "relative", "/nonexistent/socket", longest};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        setenv("NOTIFY_SOCKET", values[i], 1);
        ha_daemon_notify("READY=1");
    }
    unsetenv("NOTIFY_SOCKET");
    ha_daemon_notify("READY=1");
    g_free(longest);
}

static void a_pid_file_names_a_live_process_of_ours(void **state)
{
    char *text;

    (void)state;
    assert_int_equal(ha_pidfile_check(path, "daemon"), 0);
    assert_int_equal(ha_pidfile_write(path, 10, getpid()), 0);
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_int_equal(strlen(text), 11);
    assert_int_equal(atoi(text), getpid());
    g_free(text);
    assert_int_equal(ha_pidfile_check(path, "daemon"), getpid());
    assert_int_equal(ha_pidfile_check(path, "somethingelse"), -ESRCH);
    ha_pidfile_remove(path, getpid() + 1);
    assert_int_equal(ha_pidfile_check(path, "daemon"), getpid());
    ha_pidfile_remove(path, getpid());
    assert_int_equal(access(path, F_OK), -1);
}

static void a_pid_file_of_the_dead_is_told_from_none(void **state)
{
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    assert_int_equal(ha_pidfile_write(path, 0, pid), 0);
    assert_int_equal(ha_pidfile_check(path, "test"), -ESRCH);
    assert_int_equal(ha_file_write(path, "", 0, 0644), 0);
    assert_int_equal(ha_pidfile_check(path, "test"), 0);
    assert_int_equal(ha_file_write(path, "soup\n", 5, 0644), 0);
    assert_int_equal(ha_pidfile_check(path, "test"), -EINVAL);
    assert_int_equal(ha_file_write(path, "-1\n", 3, 0644), 0);
    assert_int_equal(ha_pidfile_check(path, "test"), -EINVAL);
    assert_int_equal(ha_file_write(path, "1 2\n", 4, 0644), 0);
    assert_int_equal(ha_pidfile_check(path, "test"), -EINVAL);
    g_unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_starting_process_exits_as_the_daemon_says),
        cmocka_unit_test(closed_standard_descriptors_cost_none_of_ours),
        cmocka_unit_test(in_the_foreground_nobody_waits),
        cmocka_unit_test(the_service_manager_hears_us_by_path_and_by_abstract_name),
        cmocka_unit_test(a_strange_notify_socket_is_ignored),
        cmocka_unit_test(a_pid_file_names_a_live_process_of_ours),
        cmocka_unit_test(a_pid_file_of_the_dead_is_told_from_none),
    };
    int failed;

    if (!mkdtemp(directory)) {
        return 1;
    }
    path = g_build_filename(directory, "file", NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_rmdir(directory);
    g_free(path);
    return failed;
}
