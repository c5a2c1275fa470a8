/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children that behave and children that do not; all of them real. */
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
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/confine/identity.h"
#include "common/run/child.h"
#include "common/run/clock.h"
#include "tests/unit/descriptors.h"

struct outcome {
    struct ha_loop *loop;
    int calls;
    enum ha_child_end end;
    int code;
    char *output;
    size_t output_len;
    bool truncated;
    char *text;
    struct ha_timer limit;
};

static void child_done(void *ctx, const struct ha_child_result *result)
{
    struct outcome *outcome = ctx;

    outcome->calls++;
    outcome->end = result->end;
    outcome->code = result->code;
    outcome->output = g_memdup2(result->output, result->output_len + 1);
    outcome->output_len = result->output_len;
    outcome->truncated = result->truncated;
    outcome->text = ha_child_result_text(result);
    ha_loop_stop(outcome->loop, 0);
}

static void too_late(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    ha_loop_stop(ctx, -1);
}

static int run_for(struct ha_loop *loop, uint64_t ms)
{
    struct ha_timer limit = {0};
    int status;

    ha_timer_set(loop, &limit, ha_clock_ns() + ms * HA_NS_PER_MS, too_late, loop);
    status = ha_loop_run(loop);
    ha_timer_cancel(loop, &limit);
    return status;
}

static void wait_until_all_are_reaped(struct ha_loop *loop)
{
    uint64_t limit_ns = ha_clock_ns() + 20 * HA_NS_PER_S;

    while (ha_child_count(loop) > 0) {
        assert_true(ha_clock_ns() < limit_ns);
        run_for(loop, 10);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static struct ha_child *start(struct outcome *outcome, const char *script, uint64_t deadline_ms,
                              size_t output_max)
{
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    struct ha_child_spec spec = {.path = "/bin/sh",
                                 .argv = argv,
                                 .deadline_ms = deadline_ms,
                                 .output_max = output_max,
                                 .merge_stderr = true};

    return ha_child_start(outcome->loop, &spec, child_done, outcome);
}

static void assert_outcome(struct outcome *outcome, enum ha_child_end end, int code)
{
    assert_int_equal(run_for(outcome->loop, 20000), 0);
    assert_int_equal(outcome->calls, 1);
    assert_int_equal(outcome->end, end);
    assert_int_equal(outcome->code, code);
}

static int begin(void **state)
{
    struct outcome *outcome = g_new0(struct outcome, 1);

    outcome->loop = ha_loop_new();
    *state = outcome;
    return 0;
}

static int finish(void **state)
{
    struct outcome *outcome = *state;

    ha_loop_free(outcome->loop);
    g_free(outcome->output);
    g_free(outcome->text);
    g_free(outcome);
    return 0;
}

static void output_and_exit_status_are_reported(void **state)
{
    struct outcome *outcome = *state;

    assert_non_null(start(outcome, "echo out; echo err >&2; exit 3", 10000, 100));
    assert_int_equal(outcome->calls, 0);
    assert_outcome(outcome, HA_CHILD_EXITED, 3);
    assert_string_equal(outcome->output, "out\nerr\n");
    assert_false(outcome->truncated);
    assert_string_equal(outcome->text, "exit status 3");
    wait_until_all_are_reaped(outcome->loop);
}

static void end_by_signal_is_reported(void **state)
{
    struct outcome *outcome = *state;

    start(outcome, "kill -9 $$", 10000, 0);
    assert_outcome(outcome, HA_CHILD_SIGNALLED, SIGKILL);
    assert_string_equal(outcome->text, "killed by signal 9 (Killed)");
    assert_string_equal(outcome->output, "");
}

struct unstartable {
    const char *path;
    int error;
};

static void what_cannot_be_started_is_reported_later_with_its_errno(void **state)
{
    char directory[] = "/tmp/test_ha_child.XXXXXX";
    char *plain, *binary;
    struct unstartable cases[4];

    (void)state;
    assert_non_null(mkdtemp(directory));
    plain = g_build_filename(directory, "plain", NULL);
    binary = g_build_filename(directory, "binary", NULL);
    assert_true(g_file_set_contents(plain, "#!/bin/sh\n", -1, NULL));
    assert_true(g_file_set_contents(binary, "\x7f" "junk", -1, NULL));
    assert_int_equal(g_chmod(plain, 0644), 0);
    assert_int_equal(g_chmod(binary, 0755), 0);
    cases[0] = (struct unstartable){"/nonexistent/script", ENOENT};
    cases[1] = (struct unstartable){directory, EACCES};
    cases[2] = (struct unstartable){plain, EACCES};
    cases[3] = (struct unstartable){binary, ENOEXEC};
    for (int i = 0; i < 4; i++) {
        struct outcome outcome = {.loop = ha_loop_new()};
        char *argv[] = {"x", NULL};
        struct ha_child_spec spec = {.path = cases[i].path, .argv = argv, .deadline_ms = 1000};

        assert_non_null(ha_child_start(outcome.loop, &spec, child_done, &outcome));
        assert_int_equal(outcome.calls, 0);
        assert_outcome(&outcome, HA_CHILD_FAILED, cases[i].error);
        assert_string_equal(outcome.text, strerror(cases[i].error));
        wait_until_all_are_reaped(outcome.loop);
        g_free(outcome.output);
        g_free(outcome.text);
        ha_loop_free(outcome.loop);
    }
    g_unlink(plain);
    g_unlink(binary);
    g_rmdir(directory);
    g_free(plain);
    g_free(binary);
}

static void a_child_that_hangs_is_ended_at_its_deadline(void **state)
{
    struct outcome *outcome = *state;
    uint64_t before_ns = ha_clock_ns();

    start(outcome, "sleep 1000", 100, 0);
    assert_outcome(outcome, HA_CHILD_TIMED_OUT, 100);
    assert_in_range(ha_clock_ns() - before_ns, 100 * HA_NS_PER_MS, 8000 * HA_NS_PER_MS);
    assert_string_equal(outcome->text, "still running after 100 ms");
    wait_until_all_are_reaped(outcome->loop);
}

/* Who looks late sees its deadline and its end at once: the end counts (loop.h). */
static void a_child_that_ended_while_we_were_held_up_is_not_late(void **state)
{
    struct outcome *outcome = *state;
    siginfo_t ended;

    start(outcome, "echo done; exit 3", 500, 100);
    assert_int_equal(waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT), 0);
    g_usleep(600000);
    assert_outcome(outcome, HA_CHILD_EXITED, 3);
    assert_string_equal(outcome->output, "done\n");
    wait_until_all_are_reaped(outcome->loop);
}

static void a_child_that_ignores_sigterm_is_killed_with_its_group(void **state)
{
    struct outcome *outcome = *state;
    pid_t grandchild;

    start(outcome, "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $!; "
                   "while :; do sleep 1; done",
          300, 100);
    assert_outcome(outcome, HA_CHILD_TIMED_OUT, 300);
    grandchild = atoi(outcome->output);
    assert_true(grandchild > 0);
    wait_until_all_are_reaped(outcome->loop);
    /* It is init's to reap now; dead is what matters. */
    for (int i = 0; i < 1000 && kill(grandchild, 0) == 0; i++) {
        char path[64], line[512] = "";
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/stat", (int)grandchild);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0 || strstr(line, ") Z")) {
            close(fd);
            return;
        }
        close(fd);
        g_usleep(10000);
    }
    assert_int_equal(kill(grandchild, 0), -1);
}

static void a_grandchild_that_outlives_a_timed_out_child_is_killed_after_the_grace(void **state)
{
    struct outcome *outcome = *state;
    uint64_t before_ns = ha_clock_ns(), told_ns;

    start(outcome, "(trap '' TERM; while :; do sleep 1; done) & sleep 1000", 100, 0);
    assert_outcome(outcome, HA_CHILD_TIMED_OUT, 100);
    told_ns = ha_clock_ns();
    assert_true(told_ns - before_ns < 4 * HA_NS_PER_S);
    wait_until_all_are_reaped(outcome->loop);
    assert_true(ha_clock_ns() - before_ns >= 5 * HA_NS_PER_S);
}

static void a_grandchild_that_keeps_the_pipe_open_delays_nothing(void **state)
{
    struct outcome *outcome = *state;
    const char *number;
    unsigned before;
    pid_t grandchild;

    before = open_descriptors();
    start(outcome, "(trap 'exit 0' TERM; while :; do echo x; sleep 0.05; done) & echo pid $!", 15000,
          1000);
    assert_outcome(outcome, HA_CHILD_EXITED, 0);
    wait_until_all_are_reaped(outcome->loop);
    /* Either may print first, and kill(0) would end whoever runs the tests. */
    number = strstr(outcome->output, "pid ");
    assert_non_null(number);
    grandchild = atoi(number + 4);
    assert_true(grandchild > 1);
    /* It lives, and prints without SIGPIPE. */
    run_for(outcome->loop, 300);
    assert_int_equal(kill(grandchild, 0), 0);
    kill(grandchild, SIGTERM);
    for (int i = 0; i < 500 && open_descriptors() > before; i++) {
        run_for(outcome->loop, 10);
    }
    assert_int_equal(open_descriptors(), before);
}

static void a_child_that_prints_endlessly_is_cut_and_ended(void **state)
{
    struct outcome *outcome = *state;

    start(outcome, "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done", 300, 1000);
    assert_outcome(outcome, HA_CHILD_TIMED_OUT, 300);
    assert_int_equal(outcome->output_len, 1000);
    assert_true(outcome->truncated);
    wait_until_all_are_reaped(outcome->loop);
}

static void a_child_inherits_nothing_but_what_it_is_given(void **state)
{
    struct outcome *outcome = *state;
    int extra = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    int kept = fcntl(extra, F_DUPFD, 20);
    char *argv[] = {"sh", "-c", "i=0; while [ $i -lt 100 ]; do "
                                "[ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); done; "
                                "pwd; echo $X; cat; kill -0 -$$ && echo group",
                    NULL};
    char *envp[] = {"X=y", "PATH=/bin:/usr/bin", NULL};
    struct ha_child_spec spec = {.path = "/bin/sh", .argv = argv, .envp = envp,
                                 .deadline_ms = 10000, .output_max = 1000, .keep_fd = kept};

    ha_signal_watch(outcome->loop, SIGHUP, NULL, NULL);
    assert_int_equal(kept, 20);
    assert_non_null(ha_child_start(outcome->loop, &spec, child_done, outcome));
    assert_outcome(outcome, HA_CHILD_EXITED, 0);
    assert_string_equal(outcome->output, "0\n1\n2\n20\n/\ny\ngroup\n");
    close(extra);
    close(kept);
}

static void an_abandoned_child_is_ended_and_never_heard_of_again(void **state)
{
    struct outcome *outcome = *state;
    struct ha_child *child = start(outcome, "trap '' TERM; while :; do sleep 1; done", 100000, 10);
    pid_t pid = ha_child_pid(child);

    assert_true(pid > 0);
    ha_child_abandon(child);
    wait_until_all_are_reaped(outcome->loop);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(outcome->calls, 0);
}

static void an_unstartable_child_may_be_abandoned(void **state)
{
    struct outcome *outcome = *state;
    char *argv[] = {"x", NULL};
    struct ha_child_spec spec = {.path = "/nonexistent", .argv = argv, .deadline_ms = 1000};

    ha_child_abandon(ha_child_start(outcome->loop, &spec, child_done, outcome));
    assert_int_equal(run_for(outcome->loop, 50), -1);
    assert_int_equal(outcome->calls, 0);
}

static void a_deadline_is_required(void **state)
{
    struct outcome *outcome = *state;

    assert_null(start(outcome, "exit 0", 0, 0));
    assert_int_equal(errno, EINVAL);
}

static void count_down(void *ctx, const struct ha_child_result *result)
{
    struct outcome *outcome = ctx;

    assert_int_equal(result->end, HA_CHILD_EXITED);
    if (++outcome->calls == 100) {
        ha_loop_stop(outcome->loop, 0);
    }
}

static void a_hundred_children_leave_no_descriptor_and_no_zombie(void **state)
{
    struct outcome *outcome = *state;
    unsigned before = open_descriptors();
    char *argv[] = {"sh", "-c", "echo hello", NULL};
    struct ha_child_spec spec = {
        .path = "/bin/sh", .argv = argv, .deadline_ms = 60000, .output_max = 10};

    for (int i = 0; i < 100; i++) {
        assert_non_null(ha_child_start(outcome->loop, &spec, count_down, outcome));
    }
    assert_int_equal(run_for(outcome->loop, 60000), 0);
    wait_until_all_are_reaped(outcome->loop);
    assert_int_equal(open_descriptors(), before);
}

static void children_end_with_their_loop(void **state)
{
    struct outcome outcome = {.loop = ha_loop_new()};
    struct ha_child *child;
    pid_t pid;

    (void)state;
    child = start(&outcome, "trap '' TERM; while :; do sleep 1; done", 100000, 10);
    pid = ha_child_pid(child);
    ha_loop_free(outcome.loop);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(outcome.calls, 0);
}

/* ---- as somebody else, and elsewhere ---- */

static void a_child_as_somebody_else_is_that_and_holds_nothing_of_ours(void **state)
{
    struct outcome *outcome = *state;
    struct ha_identity who;
    char *argv[] = {"/bin/sh", "-c", "id -u; ls /proc/self/fd | wc -l; cat", NULL};
    struct ha_child_spec spec = {.path = argv[0], .argv = argv, .deadline_ms = 20000, .output_max = 100,
                                 .input = "read", .as = &who};
    int extra = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *wanted;

    if (geteuid() != 0 || ha_identity_find(&who, "nobody") != 0)
        skip();
    assert_non_null(ha_child_start(outcome->loop, &spec, child_done, outcome));
    run_for(outcome->loop, 20000);
    close(extra);
    assert_int_equal(outcome->end, HA_CHILD_EXITED);
    wanted = g_strdup_printf("%u\n4\nread", (unsigned)who.uid); /* ls has its folder open */
    assert_string_equal(outcome->output, wanted);
    g_free(wanted);
}

static void what_somebody_else_may_not_read_or_run_is_reported_with_its_errno(void **state)
{
    struct outcome *outcome = *state;
    struct ha_identity who;
    char *argv[] = {"/bin/true", NULL};
    struct ha_child_spec spec = {.path = argv[0], .argv = argv, .deadline_ms = 20000, .as = &who,
                                 .reads = "/etc/shadow"};

    if (geteuid() != 0 || ha_identity_find(&who, "nobody") != 0)
        skip();
    assert_non_null(ha_child_start(outcome->loop, &spec, child_done, outcome));
    run_for(outcome->loop, 20000);
    assert_int_equal(outcome->calls, 1);
    assert_int_equal(outcome->end, HA_CHILD_FAILED);
    assert_int_equal(outcome->code, EACCES);
}

struct elsewhere {
    uint32_t number, abandoned;
    int answer;
};

static int start_there(void *ctx, uint32_t number, const struct ha_child_spec *spec)
{
    struct elsewhere *there = ctx;

    assert_string_equal(spec->path, "/bin/sh");
    there->number = number;
    return there->answer;
}

static void abandon_there(void *ctx, uint32_t number)
{
    ((struct elsewhere *)ctx)->abandoned = number;
}

static void a_child_may_be_started_elsewhere(void **state)
{
    struct outcome *outcome = *state;
    struct elsewhere there = {.answer = 0};
    const struct ha_child_elsewhere elsewhere = {.start = start_there, .abandon = abandon_there,
                                                 .ctx = &there};
    const struct ha_child_result result = {.end = HA_CHILD_EXITED, .code = 7, .output = "told",
                                           .output_len = 4};
    struct ha_child *child;

    ha_child_elsewhere(outcome->loop, &elsewhere);
    start(outcome, "exit 3", 1000, 10);
    ha_child_ended(outcome->loop, there.number + 1, &result);
    assert_int_equal(outcome->calls, 0);
    ha_child_ended(outcome->loop, there.number, &result);
    ha_child_ended(outcome->loop, there.number, &result);
    assert_int_equal(outcome->calls, 1);
    assert_int_equal(outcome->code, 7);
    assert_string_equal(outcome->output, "told");
    child = start(outcome, "exit 3", 1000, 10);
    ha_child_abandon(child);
    assert_int_equal(there.abandoned, there.number);
    ha_child_ended(outcome->loop, there.number, &result);
    assert_int_equal(outcome->calls, 1);
    ha_child_elsewhere(outcome->loop, NULL);
}

static void what_cannot_be_started_elsewhere_is_reported_later(void **state)
{
    struct outcome *outcome = *state;
    struct elsewhere there = {.answer = -EAGAIN};
    const struct ha_child_elsewhere elsewhere = {.start = start_there, .abandon = abandon_there,
                                                 .ctx = &there};

    ha_child_elsewhere(outcome->loop, &elsewhere);
    start(outcome, "exit 3", 1000, 10);
    assert_int_equal(outcome->calls, 0);
    run_for(outcome->loop, 20000);
    assert_int_equal(outcome->end, HA_CHILD_FAILED);
    assert_int_equal(outcome->code, EAGAIN);
    ha_child_elsewhere(outcome->loop, NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(output_and_exit_status_are_reported),
        CASE(end_by_signal_is_reported),
        cmocka_unit_test(what_cannot_be_started_is_reported_later_with_its_errno),
        CASE(a_child_that_hangs_is_ended_at_its_deadline),
        CASE(a_child_that_ended_while_we_were_held_up_is_not_late),
        CASE(a_child_that_ignores_sigterm_is_killed_with_its_group),
        CASE(a_grandchild_that_outlives_a_timed_out_child_is_killed_after_the_grace),
        CASE(a_grandchild_that_keeps_the_pipe_open_delays_nothing),
        CASE(a_child_that_prints_endlessly_is_cut_and_ended),
        CASE(a_child_inherits_nothing_but_what_it_is_given),
        CASE(an_abandoned_child_is_ended_and_never_heard_of_again),
        CASE(an_unstartable_child_may_be_abandoned),
        CASE(a_deadline_is_required),
        CASE(a_hundred_children_leave_no_descriptor_and_no_zombie),
        cmocka_unit_test(children_end_with_their_loop),
        CASE(a_child_as_somebody_else_is_that_and_holds_nothing_of_ours),
        CASE(what_somebody_else_may_not_read_or_run_is_reported_with_its_errno),
        CASE(a_child_may_be_started_elsewhere),
        CASE(what_cannot_be_started_elsewhere_is_reported_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
