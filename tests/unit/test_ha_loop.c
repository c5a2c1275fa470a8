/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop: order of timers, watches that end each other, signals, nothing left open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/loop.h"
#include "tests/unit/descriptors.h"

/* Ends a test that would otherwise wait for ever. */
static void too_late(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    ha_loop_stop(ctx, -1);
}

static void run_at_most_10_s(struct ha_loop *loop)
{
    struct ha_timer limit = {0};

    ha_timer_set(loop, &limit, ha_clock_ns() + 10 * HA_NS_PER_S, too_late, loop);
    assert_int_equal(ha_loop_run(loop), 0);
    ha_timer_cancel(loop, &limit);
}

/* ---- timers ---- */

struct trace {
    struct ha_loop *loop;
    GString *seen;
    struct ha_timer timers[1000];
    struct ha_watch watches[3];
    int fds[3];
    int count;
    uint64_t last_ns;
};

struct letter {
    struct trace *trace;
    struct ha_timer timer;
    char name;
};

static void note_letter(void *ctx, uint64_t now_ns)
{
    struct letter *letter = ctx;

    (void)now_ns;
    g_string_append_c(letter->trace->seen, letter->name);
    if (letter->name == 'z') {
        ha_loop_stop(letter->trace->loop, 0);
    }
}

static void timers_fire_in_order_of_time_and_then_of_arming(void **state)
{
    struct trace trace = {.loop = ha_loop_new(), .seen = g_string_new(NULL)};
    uint64_t base_ns = ha_clock_ns() + 20 * HA_NS_PER_MS;
    struct letter letters[] = {{&trace, {0}, 'c'}, {&trace, {0}, 'a'}, {&trace, {0}, 'b'},
                               {&trace, {0}, 'z'}, {&trace, {0}, 'x'}};
    uint64_t at_ns[] = {base_ns + 2, base_ns + 1, base_ns + 1, base_ns + 50 * HA_NS_PER_MS,
                        base_ns};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
        ha_timer_set(trace.loop, &letters[i].timer, at_ns[i], note_letter, &letters[i]);
    }
    ha_timer_cancel(trace.loop, &letters[4].timer);
    ha_timer_cancel(trace.loop, &letters[4].timer);
    run_at_most_10_s(trace.loop);
    assert_string_equal(trace.seen->str, "abcz");
    assert_true(ha_clock_ns() >= at_ns[3]);
    ha_loop_free(trace.loop);
    g_string_free(trace.seen, TRUE);
}

static void check_order(void *ctx, uint64_t now_ns)
{
    struct trace *trace = ctx;

    (void)now_ns;
    trace->count++;
}

static void last_of_many(void *ctx, uint64_t now_ns)
{
    struct trace *trace = ctx;

    (void)now_ns;
    ha_loop_stop(trace->loop, 0);
}

static void a_thousand_timers_set_and_cancelled_at_random_all_come_once(void **state)
{
    struct trace *trace = g_new0(struct trace, 1);
    GRand *rand = g_rand_new_with_seed(7);
    struct ha_timer last = {0};
    int expected = 0;
    uint64_t now_ns = ha_clock_ns();

    (void)state;
    trace->loop = ha_loop_new();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++) {
            ha_timer_set(trace->loop, &trace->timers[i],
                         now_ns + (uint64_t)g_rand_int_range(rand, 0, 20000000), check_order,
                         trace);
        }
        for (int i = 0; i < 1000; i += g_rand_int_range(rand, 1, 5)) {
            ha_timer_cancel(trace->loop, &trace->timers[i]);
        }
    }
    for (int i = 0; i < 1000; i++) {
        expected += trace->timers[i].at_ns != 0;
    }
    ha_timer_set(trace->loop, &last, now_ns + 60 * HA_NS_PER_MS, last_of_many, trace);
    run_at_most_10_s(trace->loop);
    assert_int_equal(trace->count, expected);
    ha_loop_free(trace->loop);
    g_rand_free(rand);
    g_free(trace);
}

static void rearm_in_the_past(void *ctx, uint64_t now_ns)
{
    struct trace *trace = ctx;

    (void)now_ns;
    trace->count++;
    ha_timer_set(trace->loop, &trace->timers[0], 1, rearm_in_the_past, trace);
}

static void a_timer_that_rearms_itself_in_the_past_starves_nobody(void **state)
{
    struct trace *trace = g_new0(struct trace, 1);

    (void)state;
    trace->loop = ha_loop_new();
    ha_timer_set(trace->loop, &trace->timers[0], 1, rearm_in_the_past, trace);
    ha_timer_set(trace->loop, &trace->timers[1], ha_clock_ns() + 5 * HA_NS_PER_MS, last_of_many,
                 trace);
    run_at_most_10_s(trace->loop);
    assert_true(trace->count >= 1);
    ha_loop_free(trace->loop);
    g_free(trace);
}

static void cancel_the_next(void *ctx, uint64_t now_ns)
{
    struct trace *trace = ctx;

    (void)now_ns;
    ha_timer_cancel(trace->loop, &trace->timers[1]);
    memset(&trace->timers[1], 0xa5, sizeof(trace->timers[1])); /* as if freed */
}

static void a_timer_may_cancel_and_free_another_one_due_in_the_same_round(void **state)
{
    struct trace *trace = g_new0(struct trace, 1);

    (void)state;
    trace->loop = ha_loop_new();
    ha_timer_set(trace->loop, &trace->timers[0], 1, cancel_the_next, trace);
    ha_timer_set(trace->loop, &trace->timers[1], 2, too_late, trace->loop);
    ha_timer_set(trace->loop, &trace->timers[2], 3, last_of_many, trace);
    run_at_most_10_s(trace->loop);
    ha_loop_free(trace->loop);
    g_free(trace);
}

static void never_disarms(void **state)
{
    struct trace *trace = g_new0(struct trace, 1);

    (void)state;
    trace->loop = ha_loop_new();
    ha_timer_set(trace->loop, &trace->timers[0], 1, too_late, trace->loop);
    ha_timer_set(trace->loop, &trace->timers[0], HA_NEVER, too_late, trace->loop);
    assert_int_equal(trace->timers[0].at_ns, 0);
    ha_timer_set(trace->loop, &trace->timers[2], 3, last_of_many, trace);
    run_at_most_10_s(trace->loop);
    ha_loop_free(trace->loop);
    g_free(trace);
}

/* ---- descriptors ---- */

static void stop_all_others(void *ctx, uint32_t events)
{
    struct trace *trace = ctx;

    assert_true(events & EPOLLIN);
    trace->count++;
    for (int i = 0; i < 3; i++) {
        ha_watch_stop(trace->loop, &trace->watches[i]);
        close(trace->fds[i]);
    }
    ha_loop_stop(trace->loop, 0);
}

static void a_callback_may_stop_all_watches_of_its_round(void **state)
{
    struct trace *trace = g_new0(struct trace, 1);
    int ends[3][2];

    (void)state;
    trace->loop = ha_loop_new();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pipe2(ends[i], O_CLOEXEC), 0);
        trace->fds[i] = ends[i][0];
        assert_int_equal(write(ends[i][1], "x", 1), 1);
        assert_int_equal(ha_watch_start(trace->loop, &trace->watches[i], ends[i][0], EPOLLIN,
                                        stop_all_others, trace),
                         0);
    }
    run_at_most_10_s(trace->loop);
    assert_int_equal(trace->count, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(trace->watches[i].fd, -1);
        close(ends[i][1]);
    }
    ha_loop_free(trace->loop);
    g_free(trace);
}

/* The first callback of a round takes its time; the second one is not told that it was ready so late. */
static void remember_the_wake(void *ctx, uint32_t events)
{
    struct trace *trace = ctx;
    uint64_t woke_ns = ha_loop_woke_ns(trace->loop), now_ns = ha_clock_ns();

    (void)events;
    assert_true(woke_ns <= now_ns);
    if (trace->count++ == 0) {
        assert_true(woke_ns >= trace->last_ns);
        trace->last_ns = woke_ns;
        while (ha_clock_ns() < now_ns + HA_NS_PER_MS)
            ;
    } else {
        assert_true(woke_ns == trace->last_ns);
        ha_loop_stop(trace->loop, 0);
    }
}

static void all_that_was_ready_together_is_told_one_time(void **state)
{
    struct trace *trace = g_new0(struct trace, 1);
    int ends[2][2];

    (void)state;
    trace->loop = ha_loop_new();
    assert_true(ha_loop_woke_ns(trace->loop) == 0);
    trace->last_ns = ha_clock_ns();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe2(ends[i], O_CLOEXEC), 0);
        assert_int_equal(ha_watch_start(trace->loop, &trace->watches[i], ends[i][1], EPOLLOUT,
                                        remember_the_wake, trace),
                         0);
    }
    run_at_most_10_s(trace->loop);
    assert_int_equal(trace->count, 2);
    for (int i = 0; i < 2; i++) {
        ha_watch_stop(trace->loop, &trace->watches[i]);
        close(ends[i][0]);
        close(ends[i][1]);
    }
    ha_loop_free(trace->loop);
    g_free(trace);
}

static void read_and_stop(void *ctx, uint32_t events)
{
    struct trace *trace = ctx;
    char byte;

    (void)events;
    assert_int_equal(read(trace->fds[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    trace->count++;
    ha_loop_stop(trace->loop, 0);
}

static void must_not_be_called(void *ctx, uint32_t events)
{
    (void)ctx;
    (void)events;
    fail();
}

/* As with a child that has been forked and has not yet become another program. */
static void a_closed_watch_hears_nothing_more_even_if_its_descriptor_is_held_elsewhere(void **state)
{
    struct trace *trace = g_new0(struct trace, 1);
    int old[2], new[2], held;

    (void)state;
    trace->loop = ha_loop_new();
    assert_int_equal(pipe2(new, O_CLOEXEC), 0);
    assert_int_equal(pipe2(old, O_CLOEXEC), 0);
    held = dup(old[0]);
    assert_int_equal(ha_watch_start(trace->loop, &trace->watches[0], old[0], EPOLLIN | EPOLLET,
                                    must_not_be_called, trace),
                     0);
    ha_watch_close(trace->loop, &trace->watches[0]);
    assert_int_equal(trace->watches[0].fd, -1);
    assert_int_equal(fcntl(old[0], F_GETFD), -1);
    assert_int_equal(write(old[1], "x", 1), 1);

    trace->fds[0] = fcntl(new[0], F_DUPFD_CLOEXEC, old[0]); /* the same number again */
    assert_int_equal(trace->fds[0], old[0]);
    assert_int_equal(ha_watch_start(trace->loop, &trace->watches[0], trace->fds[0], EPOLLIN,
                                    read_and_stop, trace),
                     0);
    assert_int_equal(write(new[1], "y", 1), 1);
    run_at_most_10_s(trace->loop);
    assert_int_equal(trace->count, 1);
    ha_watch_close(trace->loop, &trace->watches[0]);
    ha_loop_free(trace->loop);
    close(new[0]);
    close(new[1]);
    close(old[1]);
    close(held);
    g_free(trace);
}

struct race {
    struct ha_loop *loop;
    struct ha_timer timer;
    struct ha_watch watch;
    GString *seen;
};

static void time_is_up(void *ctx, uint64_t now_ns)
{
    struct race *race = ctx;

    (void)now_ns;
    g_string_append_c(race->seen, 't');
    if (race->seen->len == 2) {
        ha_loop_stop(race->loop, 0);
    }
}

static void answer_is_there(void *ctx, uint32_t events)
{
    struct race *race = ctx;

    (void)events;
    g_string_append_c(race->seen, 'a');
    ha_watch_close(race->loop, &race->watch);
    if (race->seen->len == 2) {
        ha_loop_stop(race->loop, 0);
    }
}

/* Both are ready when the loop looks, and the timer by late_ms before. */
static void assert_heard_first(unsigned late_ms)
{
    struct race race = {.loop = ha_loop_new(), .watch = HA_WATCH_INIT, .seen = g_string_new(NULL)};
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    ha_watch_start(race.loop, &race.watch, ends[0], EPOLLIN, answer_is_there, &race);
    ha_timer_set(race.loop, &race.timer, ha_clock_ns() - late_ms * HA_NS_PER_MS, time_is_up, &race);
    run_at_most_10_s(race.loop);
    assert_string_equal(race.seen->str, "at");
    close(ends[1]);
    g_string_free(race.seen, TRUE);
    ha_loop_free(race.loop);
}

static void an_answer_that_came_while_we_were_held_up_is_heard_before_its_time_is_up(void **state)
{
    (void)state;
    assert_heard_first(20);
    assert_heard_first(1000);
}

static void wrong_descriptors_are_refused(void **state)
{
    struct ha_loop *loop = ha_loop_new();
    struct ha_watch watch = HA_WATCH_INIT, unused = {0};
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(ha_watch_start(loop, &watch, -1, EPOLLIN, stop_all_others, NULL), -EINVAL);
    assert_int_equal(ha_watch_start(loop, &watch, 1000, EPOLLIN, stop_all_others, NULL), -EBADF);
    assert_int_equal(ha_watch_start(loop, &watch, file, EPOLLIN, stop_all_others, NULL), -EPERM);
    assert_int_equal(ha_watch_change(loop, &watch, EPOLLOUT), -EINVAL);
    ha_watch_stop(loop, &watch);
    ha_watch_stop(loop, &unused);
    close(file);
    ha_loop_free(loop);
}

/* ---- signals, stopping ---- */

static void note_signal(void *ctx, int signo)
{
    struct trace *trace = ctx;

    trace->count += signo;
    ha_loop_stop(trace->loop, 0);
}

static void signals_arrive_in_the_loop_and_the_mask_is_put_back(void **state)
{
    struct trace *trace = g_new0(struct trace, 1);
    sigset_t before, after;

    (void)state;
    sigprocmask(SIG_BLOCK, NULL, &before);
    trace->loop = ha_loop_new();
    assert_int_equal(ha_signal_watch(trace->loop, SIGHUP, note_signal, trace), 0);
    assert_int_equal(ha_signal_watch(trace->loop, SIGTERM, note_signal, trace), 0);
    assert_int_equal(ha_signal_watch(trace->loop, NSIG, note_signal, trace), -EINVAL);
    kill(getpid(), SIGHUP);
    assert_int_equal(trace->count, 0);
    run_at_most_10_s(trace->loop);
    kill(getpid(), SIGTERM);
    run_at_most_10_s(trace->loop);
    assert_int_equal(trace->count, SIGHUP + SIGTERM);
    ha_loop_free(trace->loop);
    sigprocmask(SIG_BLOCK, NULL, &after);
    assert_int_equal(sigismember(&before, SIGHUP), sigismember(&after, SIGHUP));
    g_free(trace);
}

static void a_stop_before_the_run_is_kept(void **state)
{
    struct ha_loop *loop = ha_loop_new();

    (void)state;
    ha_loop_stop(loop, 6);
    assert_int_equal(ha_loop_run(loop), 6);
    ha_loop_free(loop);
}

static void a_loop_leaves_no_descriptor_behind(void **state)
{
    unsigned before = open_descriptors();
    struct trace *trace = g_new0(struct trace, 1);

    (void)state;
    for (int i = 0; i < 10; i++) {
        trace->loop = ha_loop_new();
        ha_signal_watch(trace->loop, SIGHUP, note_signal, trace);
        ha_timer_set(trace->loop, &trace->timers[0], 1, last_of_many, trace);
        run_at_most_10_s(trace->loop);
        ha_loop_free(trace->loop);
    }
    assert_int_equal(open_descriptors(), before);
    g_free(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_order_of_time_and_then_of_arming),
        cmocka_unit_test(a_thousand_timers_set_and_cancelled_at_random_all_come_once),
        cmocka_unit_test(a_timer_that_rearms_itself_in_the_past_starves_nobody),
        cmocka_unit_test(a_timer_may_cancel_and_free_another_one_due_in_the_same_round),
        cmocka_unit_test(never_disarms),
        cmocka_unit_test(a_callback_may_stop_all_watches_of_its_round),
        cmocka_unit_test(all_that_was_ready_together_is_told_one_time),
        cmocka_unit_test(a_closed_watch_hears_nothing_more_even_if_its_descriptor_is_held_elsewhere),
        cmocka_unit_test(an_answer_that_came_while_we_were_held_up_is_heard_before_its_time_is_up),
        cmocka_unit_test(wrong_descriptors_are_refused),
        cmocka_unit_test(signals_arrive_in_the_loop_and_the_mask_is_put_back),
        cmocka_unit_test(a_stop_before_the_run_is_kept),
        cmocka_unit_test(a_loop_leaves_no_descriptor_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
