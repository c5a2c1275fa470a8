/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket between real processes, one of which does not answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/control.h"
#include "tests/unit/descriptors.h"

static char name[64];

struct server {
    struct ha_loop *loop;
    struct ha_control *control;
    unsigned idle_descriptors;
};

static int answer(void *ctx, const struct ha_control_peer *peer, char *const *words,
                  GString *text)
{
    struct server *server = ctx;

    if (!strcmp(words[0], "who")) {
        g_string_printf(text, "%d %d", (int)peer->uid, (int)peer->pid);
    } else if (!strcmp(words[0], "echo")) {
        g_string_append(text, words[1]);
        return 7;
    } else if (!strcmp(words[0], "long")) {
        for (int i = 0; text->len < HA_CONTROL_ANSWER_MAX; i++) {
            g_string_append_printf(text, "line %d\n", i);
        }
    } else if (!strcmp(words[0], "descriptors")) {
        g_string_printf(text, "%u", open_descriptors());
    } else if (!strcmp(words[0], "die")) {
        raise(SIGKILL);
    } else if (!strcmp(words[0], "quit")) {
        ha_loop_stop(server->loop, 0);
    }
    return 0;
}

static uid_t server_user; /* 0: as we are */

static pid_t start_server(bool answers)
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct server server = {0};
        int status;

        if (server_user != 0 && (setgroups(0, NULL) != 0 || setgid(server_user) != 0 || setuid(server_user) != 0))
            _exit(1);
        server.loop = ha_loop_new();
        status = ha_control_start(&server.control, server.loop, name, answer, &server);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (status < 0) {
            _exit(-status);
        }
        (void)!write(ready[1], "x", 1);
        if (answers) {
            ha_loop_run(server.loop);
        } else {
            pause();
        }
        ha_control_stop(server.control);
        ha_loop_free(server.loop);
        _exit(0);
    }
    close(ready[1]);
    byte = 0;
    (void)!read(ready[0], &byte, 1);
    close(ready[0]);
    return pid;
}

static int ask(const char *first, const char *second, int timeout_ms, int *status, GString *text)
{
    char *words[] = {(char *)first, (char *)second, NULL};

    g_string_truncate(text, 0);
    return ha_control_ask(name, words, timeout_ms, status, text);
}

static int begin(void **state)
{
    *state = g_string_new(NULL);
    return 0;
}

static int finish(void **state)
{
    g_string_free(*state, TRUE);
    return 0;
}

static void end_server(pid_t pid, GString *text)
{
    int status;

    assert_int_equal(ask("quit", NULL, 10000, &status, text), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void nobody_there_is_refused_at_once(void **state)
{
    int status;

    assert_int_equal(ask("who", NULL, 10000, &status, *state), -ECONNREFUSED);
}

static void status_and_text_come_back_and_the_kernel_says_who_asked(void **state)
{
    GString *text = *state;
    pid_t pid = start_server(true);
    char *expected = g_strdup_printf("%d %d", (int)getuid(), (int)getpid());
    int status = -1;

    assert_int_equal(ask("who", NULL, 10000, &status, text), 0);
    assert_int_equal(status, 0);
    assert_string_equal(text->str, expected);
    assert_int_equal(ask("echo", "a b", 10000, &status, text), 0);
    assert_int_equal(status, 7);
    assert_string_equal(text->str, "a b");
    end_server(pid, text);
    g_free(expected);
}

static void a_long_answer_arrives_whole(void **state)
{
    GString *text = *state;
    pid_t pid = start_server(true);
    int status = -1;

    assert_int_equal(ask("long", NULL, 10000, &status, text), 0);
    assert_int_equal(text->len, HA_CONTROL_ANSWER_MAX);
    assert_true(g_str_has_prefix(text->str, "line 0\nline 1\n"));
    end_server(pid, text);
}

static void a_question_that_is_too_long_is_not_sent(void **state)
{
    char *words = g_strnfill(HA_CONTROL_QUESTION_MAX, 'a');
    int status;

    assert_int_equal(ask(words, NULL, 100, &status, *state), -EMSGSIZE);
    assert_int_equal(ask("", NULL, 100, &status, *state), -EMSGSIZE);
    g_free(words);
}

static void a_server_that_hangs_costs_no_more_than_the_timeout(void **state)
{
    pid_t pid = start_server(false);
    uint64_t before_ns = ha_clock_ns();
    unsigned ours = open_descriptors();
    int status;

    assert_int_equal(ask("who", NULL, 300, &status, *state), -ETIMEDOUT);
    assert_true(ha_clock_ns() - before_ns >= 300 * HA_NS_PER_MS);
    assert_int_equal(open_descriptors(), ours);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

/* The timeout stands for for ever. */
static void a_server_that_dies_over_a_question_is_not_waited_for(void **state)
{
    pid_t pid = start_server(true);
    unsigned ours = open_descriptors();
    int status;

    assert_int_equal(ask("die", NULL, 100000, &status, *state), -ECONNRESET);
    assert_int_equal(open_descriptors(), ours);
    waitpid(pid, &status, 0);
}

static void a_second_server_of_the_name_is_refused(void **state)
{
    pid_t pid = start_server(true), second = start_server(true);
    int status;

    assert_int_equal(waitpid(second, &status, 0), second);
    assert_int_equal(WEXITSTATUS(status), EADDRINUSE);
    end_server(pid, *state);
}

static void clients_leave_no_descriptor_on_either_side(void **state)
{
    GString *text = *state;
    pid_t pid = start_server(true);
    unsigned ours = open_descriptors();
    int status;
    char *first;

    ask("descriptors", NULL, 10000, &status, text);
    first = g_strdup(text->str);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ask("descriptors", NULL, 10000, &status, text), 0);
    }
    /* The last client's end may reach the server after the next one's question. */
    for (int i = 0; i < 100 && strcmp(first, text->str) != 0; i++) {
        g_usleep(10000);
        ask("descriptors", NULL, 10000, &status, text);
    }
    assert_string_equal(text->str, first);
    assert_int_equal(open_descriptors(), ours);
    end_server(pid, text);
    g_free(first);
}

/* ---- on a loop ---- */

struct heard {
    struct ha_loop *loop;
    unsigned times;
    int error, status;
    char text[64];
};

static void hears(void *ctx, int error, int status, const char *text)
{
    struct heard *heard = ctx;

    heard->times++;
    heard->error = error;
    heard->status = status;
    g_strlcpy(heard->text, text, sizeof(heard->text));
    ha_loop_stop(heard->loop, 0);
}

static void call(struct heard *heard, char *const *words, int timeout_ms)
{
    *heard = (struct heard){.loop = ha_loop_new()};
    assert_non_null(ha_control_call(heard->loop, name, words, timeout_ms, hears, heard));
    assert_int_equal(heard->times, 0); /* never from inside */
    ha_loop_run(heard->loop);
    assert_int_equal(heard->times, 1);
    ha_loop_free(heard->loop);
}

static void a_daemon_asks_from_its_loop(void **state)
{
    char *words[] = {(char *)"echo", (char *)"a b", NULL};
    pid_t pid = start_server(true);
    unsigned ours = open_descriptors();
    struct heard heard;

    for (int i = 0; i < 20; i++) {
        call(&heard, words, 10000);
        assert_int_equal(heard.error, 0);
        assert_int_equal(heard.status, 7);
        assert_string_equal(heard.text, "a b");
    }
    assert_int_equal(open_descriptors(), ours);
    end_server(pid, *state);
}

static void a_daemon_is_told_later_that_nobody_is_there(void **state)
{
    char *words[] = {(char *)"who", NULL}, *none[] = {(char *)"", NULL};
    struct heard heard;

    (void)state;
    call(&heard, words, 10000);
    assert_int_equal(heard.error, -ECONNREFUSED);
    call(&heard, none, 10000);
    assert_int_equal(heard.error, -EMSGSIZE);
}

static void a_server_that_hangs_costs_a_daemon_no_more_than_the_timeout(void **state)
{
    char *words[] = {(char *)"who", NULL};
    pid_t pid = start_server(false);
    struct heard heard;
    int status;

    (void)state;
    call(&heard, words, 300);
    assert_int_equal(heard.error, -ETIMEDOUT);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

static void a_daemon_does_not_wait_for_a_server_that_dies_over_its_question(void **state)
{
    char *words[] = {(char *)"die", NULL};
    pid_t pid = start_server(true);
    unsigned ours = open_descriptors();
    struct heard heard;
    int status;

    (void)state;
    call(&heard, words, 100000);
    assert_int_equal(heard.error, -ECONNRESET);
    assert_int_equal(open_descriptors(), ours);
    waitpid(pid, &status, 0);
}

static void a_question_can_be_abandoned_at_any_time(void **state)
{
    char *words[] = {(char *)"who", NULL};
    pid_t pid = start_server(false);
    struct heard heard = {.loop = ha_loop_new()};
    unsigned ours = open_descriptors();
    int status;

    (void)state;
    for (int i = 0; i < 10; i++) {
        ha_control_abandon(ha_control_call(heard.loop, name, words, 10000, hears, &heard));
    }
    assert_int_equal(open_descriptors(), ours);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    ha_control_abandon(ha_control_call(heard.loop, name, words, 10000, hears, &heard));
    ha_loop_free(heard.loop);
    assert_int_equal(heard.times, 0);
}

/* Any user may take a name that is free: what such a one says is not believed. */
static void a_server_of_another_user_is_not_believed(void **state)
{
    GString *text = *state;
    int status = 0;
    pid_t pid;

    if (geteuid() != 0)
        skip();
    server_user = 65534;
    pid = start_server(true);
    server_user = 0;
    assert_int_equal(ask("echo", "yes", 10000, &status, text), -EACCES);
    assert_string_equal(text->str, "");
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nobody_there_is_refused_at_once),
        CASE(status_and_text_come_back_and_the_kernel_says_who_asked),
        CASE(a_long_answer_arrives_whole),
        CASE(a_question_that_is_too_long_is_not_sent),
        CASE(a_server_that_hangs_costs_no_more_than_the_timeout),
        CASE(a_server_that_dies_over_a_question_is_not_waited_for),
        CASE(a_second_server_of_the_name_is_refused),
        CASE(a_server_of_another_user_is_not_believed),
        CASE(a_daemon_asks_from_its_loop),
        CASE(a_daemon_is_told_later_that_nobody_is_there),
        CASE(a_server_that_hangs_costs_a_daemon_no_more_than_the_timeout),
        CASE(a_daemon_does_not_wait_for_a_server_that_dies_over_its_question),
        CASE(a_question_can_be_abandoned_at_any_time),
        CASE(clients_leave_no_descriptor_on_either_side),
    };

    snprintf(name, sizeof(name), "hearth-test-%d", (int)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
