/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching one held group. "n" is a native resource, "s" a script; operations
 * are written as they are asked for: "status 2", "stop 1". One second is the
 * interval, three restarts in a minute the limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "common/base/time.h"
#include "heartbeatd/core/monitor.h"

struct fixture {
    struct hb_config *config;
    struct hb_group *group;
    struct hb_group_run run;
    struct hb_monitor monitor;
    struct hb_actions actions;
    struct ha_rand rand;
    uint64_t now_ns;
    unsigned room;       /* for the next step */
    uint32_t asked[16];  /* the newest question to each resource; 0: answered */
    uint32_t cancelled;
    char ops[256];
    GString *log;
};

static struct fixture *make(const char *kinds)
{
    struct fixture *f = g_new0(struct fixture, 1);

    f->config = hb_config_new();
    f->config->monitor = (struct hb_monitor_config){.interval_ms = 1000,
                                                    .timeout_ms = 700,
                                                    .restarts = 3,
                                                    .window_ms = 60000,
                                                    .delay_ms = 500,
                                                    .rules = f->config->monitor.rules};
    f->group = hb_group_new("node1", 1);
    for (unsigned i = 0; kinds[i] != '\0'; i++) {
        char text[] = "r::0";
        struct hb_resource *resource;

        text[3] = (char)('0' + i);
        resource = hb_resource_new(i % 2 == 0 ? "even" : "odd", text);
        resource->native = kinds[i] == 'n';
        g_ptr_array_add(f->group->resources, resource);
    }
    hb_group_init(&f->run, f->group, 3);
    hb_actions_init(&f->actions);
    ha_rand_seed(&f->rand, 7);
    f->log = g_string_new(NULL);
    f->now_ns = HA_NS_PER_S;
    f->room = HB_PROBES_MAX;
    return f;
}

static void unmake(struct fixture *f)
{
    hb_monitor_clear(&f->monitor);
    hb_actions_clear(&f->actions);
    hb_group_free(f->group);
    hb_config_free(f->config);
    g_string_free(f->log, TRUE);
    g_free(f);
}

/* What was asked for since the last call; a question to a held resource is kept for answer(). */
static const char *gather(struct fixture *f)
{
    static const char *const names[] = {"status", "start", "stop"};

    f->ops[0] = '\0';
    for (guint i = 0; i < f->actions.list->len; i++) {
        const struct hb_action *action = &g_array_index(f->actions.list, struct hb_action, i);
        size_t length = strlen(f->ops);

        if (action->kind == HB_ACT_LOG)
            g_string_append_printf(f->log, "%s\n", action->text);
        if (action->kind == HB_ACT_CANCEL)
            f->cancelled = action->op_id;
        if (action->kind != HB_ACT_OP)
            continue;
        assert_true(action->deadline_ms > 0);
        if (action->op_id != f->run.op_id)
            f->asked[action->first] = action->op_id;
        snprintf(f->ops + length, sizeof f->ops - length, "%s%s %u", length > 0 ? " " : "",
                 names[action->op], action->first);
    }
    hb_actions_reset(&f->actions);
    return f->ops;
}

static const char *step(struct fixture *f)
{
    unsigned room = f->room;

    hb_monitor_step(&f->monitor, &f->run, &room, f->now_ns, &f->rand, &f->actions);
    return gather(f);
}

static const char *after(struct fixture *f, uint64_t ms)
{
    f->now_ns += ha_ms_to_ns(ms);
    return step(f);
}

/* The group's own operation under way ends. */
static const char *done(struct fixture *f, enum hb_op_result result)
{
    hb_group_op_done(&f->run, f->run.op_id, result, NULL, f->now_ns, &f->actions);
    return step(f);
}

static const char *answer(struct fixture *f, unsigned at, enum hb_op_result result)
{
    uint32_t op_id = f->asked[at];

    assert_int_not_equal(op_id, 0);
    f->asked[at] = 0;
    assert_true(hb_monitor_answer(&f->monitor, &f->run, op_id, result, "said so", f->now_ns,
                                  &f->actions));
    return step(f);
}

/* Up it goes, everything well. */
static void hold(struct fixture *f)
{
    hb_monitor_init(&f->monitor, f->group, &f->config->monitor);
    hb_group_want(&f->run, true, &f->actions);
    while (f->run.op_id != 0)
        done(f, HB_OP_OK);
    memset(f->asked, 0, sizeof f->asked);
    gather(f);
    assert_int_equal(f->run.state, HB_GROUP_HELD);
}

/* Down and up again after a restart, everything well; what was done on the way. */
static char *finish(struct fixture *f)
{
    GString *all = g_string_new(f->ops);

    for (int i = 0; f->run.op_id != 0 && i < 50; i++) {
        const char *next = done(f, f->run.op == HB_OP_STATUS ? HB_OP_STOPPED : HB_OP_OK);

        if (*next != '\0')
            g_string_append_printf(all, " %s", next);
    }
    return g_string_free(all, FALSE);
}

/* Lets time pass until resource `at` is asked; bounded. */
static void until_asked(struct fixture *f, unsigned at)
{
    for (int i = 0; i < 200 && f->asked[at] == 0; i++) {
        after(f, 10);
        for (unsigned other = 0; other < 16; other++) {
            if (other != at && f->asked[other] != 0)
                answer(f, other, HB_OP_OK);
        }
    }
    assert_int_not_equal(f->asked[at], 0);
}

static void each_script_is_asked_once_an_interval_and_natives_never(void **state)
{
    struct fixture *f = make("nsns");
    unsigned asked[4] = {0};

    (void)state;
    hold(f);
    for (int i = 0; i < 1000; i++) {
        after(f, 10);
        for (unsigned at = 0; at < 4; at++) {
            if (f->asked[at] != 0) {
                asked[at]++;
                answer(f, at, HB_OP_OK);
            }
        }
    }
    assert_int_equal(asked[0] + asked[2], 0);
    assert_in_range(asked[1], 10, 10);
    assert_in_range(asked[3], 10, 10);
    unmake(f);
}

static void questions_are_spread_over_the_interval(void **state)
{
    struct fixture *f = make("ssssssss");
    unsigned quarters[4] = {0};

    (void)state;
    hold(f);
    for (unsigned at = 0; at < 8; at++) {
        uint64_t in_ns = f->monitor.probes[at].due_ns - f->now_ns;

        assert_in_range(in_ns, 1, HA_NS_PER_S);
        quarters[(in_ns - 1) / (HA_NS_PER_S / 4)]++;
    }
    for (unsigned i = 0; i < 4; i++)
        assert_true(quarters[i] < 8);
    unmake(f);
}

static void without_an_interval_nothing_is_asked(void **state)
{
    struct fixture *f = make("ss");

    (void)state;
    f->config->monitor.interval_ms = 0;
    hold(f);
    assert_string_equal(after(f, 86400000), "");
    assert_true(hb_monitor_next_ns(&f->monitor, f->now_ns) == HA_NEVER);
    unmake(f);
}

static void add_rule(struct fixture *f, const char *name, uint64_t interval_ms)
{
    struct hb_monitor_rule *rule = g_new0(struct hb_monitor_rule, 1);

    rule->name = g_strdup(name);
    rule->interval_ms = interval_ms;
    g_ptr_array_add(f->config->monitor.rules, rule);
}

static void a_rule_for_a_script_or_a_resource_overrides_and_the_last_one_counts(void **state)
{
    struct fixture *f = make("ssss");

    (void)state;
    add_rule(f, "odd", 5000);
    add_rule(f, "r::2", 0);
    add_rule(f, "r::3", 7000);
    hold(f);
    assert_int_equal(f->monitor.probes[0].interval_ns, HA_NS_PER_S);
    assert_int_equal(f->monitor.probes[1].interval_ns, 5 * HA_NS_PER_S);
    assert_int_equal(f->monitor.probes[2].interval_ns, 0);
    assert_int_equal(f->monitor.probes[3].interval_ns, 7 * HA_NS_PER_S);
    unmake(f);
}

static void what_died_is_restarted_with_what_stands_to_its_right(void **state)
{
    struct fixture *f = make("nssns");
    char *all;

    (void)state;
    hold(f);
    until_asked(f, 2);
    assert_string_equal(answer(f, 2, HB_OP_STOPPED), "stop 4");
    all = finish(f);
    assert_string_equal(all, "stop 4 stop 3 stop 2 status 2 start 2 start 3 status 4 start 4");
    g_free(all);
    assert_int_equal(f->run.state, HB_GROUP_HELD);
    assert_string_equal(f->run.reason, "r::2 is not running: said so");
    assert_int_equal(f->monitor.restarts, 1);
    unmake(f);
}

static void a_question_without_an_answer_counts_the_second_time_in_a_row(void **state)
{
    struct fixture *f = make("s");

    (void)state;
    hold(f);
    until_asked(f, 0);
    assert_string_equal(answer(f, 0, HB_OP_TIMED_OUT), "status 0");
    answer(f, 0, HB_OP_OK);
    until_asked(f, 0);
    assert_string_equal(answer(f, 0, HB_OP_TIMED_OUT), "status 0");
    assert_string_equal(answer(f, 0, HB_OP_FAILED), "stop 0");
    unmake(f);
}

static void restarts_pause_longer_each_time_and_then_the_group_is_given_up(void **state)
{
    static const uint64_t pauses_ms[] = {0, 500, 1000};
    struct fixture *f = make("s");

    (void)state;
    hold(f);
    for (unsigned i = 0; i < 3; i++) {
        until_asked(f, 0);
        answer(f, 0, HB_OP_STOPPED);
        if (pauses_ms[i] > 0) {
            assert_string_equal(f->ops, "");
            assert_int_equal(hb_monitor_next_ns(&f->monitor, f->now_ns),
                             f->now_ns + ha_ms_to_ns(pauses_ms[i]));
            assert_string_equal(after(f, pauses_ms[i] - 1), "");
            assert_string_equal(after(f, 1), "stop 0");
        }
        g_free(finish(f));
        assert_int_equal(f->run.state, HB_GROUP_HELD);
    }
    until_asked(f, 0);
    assert_string_equal(answer(f, 0, HB_OP_STOPPED), "stop 0");
    assert_false(f->run.wanted);
    done(f, HB_OP_OK);
    assert_int_equal(f->run.state, HB_GROUP_FAILED);
    assert_non_null(strstr(f->log->str, "restarted 3 times within 60 s; giving up group r::0"));
    unmake(f);
}

static void restarts_out_of_the_window_are_forgotten(void **state)
{
    struct fixture *f = make("s");

    (void)state;
    hold(f);
    for (unsigned i = 0; i < 10; i++) {
        until_asked(f, 0);
        answer(f, 0, HB_OP_STOPPED);
        g_free(finish(f));
        assert_int_equal(f->run.state, HB_GROUP_HELD);
        f->now_ns += ha_ms_to_ns(61000);
    }
    assert_int_equal(f->monitor.restarts, 10);
    unmake(f);
}

static void with_no_restarts_allowed_the_group_is_given_up_at_once(void **state)
{
    struct fixture *f = make("ss");

    (void)state;
    f->config->monitor.restarts = 0;
    hold(f);
    until_asked(f, 0);
    assert_string_equal(answer(f, 0, HB_OP_STOPPED), "stop 1");
    assert_true(f->run.failing);
    unmake(f);
}

static void a_group_let_go_is_asked_no_more_and_the_question_is_cancelled(void **state)
{
    struct fixture *f = make("s");
    uint32_t op_id;

    (void)state;
    hold(f);
    until_asked(f, 0);
    op_id = f->asked[0];
    hb_group_want(&f->run, false, &f->actions);
    assert_string_equal(step(f), "stop 0");
    assert_int_equal(f->cancelled, op_id);
    assert_false(hb_monitor_answer(&f->monitor, &f->run, op_id, HB_OP_FAILED, NULL, f->now_ns,
                                   &f->actions));
    assert_string_equal(after(f, 5000), "");
    unmake(f);
}

static void a_pause_before_a_restart_ends_when_the_group_is_let_go(void **state)
{
    struct fixture *f = make("s");

    (void)state;
    hold(f);
    until_asked(f, 0);
    answer(f, 0, HB_OP_STOPPED);
    g_free(finish(f));
    until_asked(f, 0);
    assert_string_equal(answer(f, 0, HB_OP_STOPPED), "");
    hb_group_want(&f->run, false, &f->actions);
    assert_string_equal(step(f), "stop 0");
    assert_string_equal(done(f, HB_OP_OK), "");
    assert_string_equal(after(f, 5000), "");
    assert_int_equal(f->run.state, HB_GROUP_STOPPED);
    unmake(f);
}

static void no_more_are_asked_at_a_time_than_there_is_room_for(void **state)
{
    struct fixture *f = make("ssss");

    (void)state;
    hold(f);
    f->room = 2;
    after(f, 2000);
    assert_int_equal(f->monitor.asking, 2);
    assert_true(hb_monitor_next_ns(&f->monitor, f->now_ns) == HA_NEVER); /* waits for room */
    f->room = 0;
    assert_string_equal(step(f), "");
    f->room = 1;
    step(f);
    assert_int_equal(f->monitor.asking, 3);
    unmake(f);
}

static void a_resource_that_others_found_lost_is_restarted_too(void **state)
{
    struct fixture *f = make("nns");
    char *all;

    (void)state;
    f->config->monitor.interval_ms = 0;
    hold(f);
    hb_monitor_lost(&f->monitor, &f->run, 1, "its interface is gone", f->now_ns, &f->actions);
    step(f);
    all = finish(f);
    assert_string_equal(all, "stop 2 stop 0 start 0 status 2 start 2");
    assert_string_equal(f->run.reason, "r::1 is lost: its interface is gone");
    g_free(all);
    hb_monitor_lost(&f->monitor, &f->run, 17, NULL, f->now_ns, &f->actions);
    assert_string_equal(step(f), "");
    unmake(f);
}

static void a_change_of_mind_during_a_restart_brings_all_of_it_up_again(void **state)
{
    struct fixture *f = make("sss");
    char *all;

    (void)state;
    hold(f);
    until_asked(f, 1);
    assert_string_equal(answer(f, 1, HB_OP_STOPPED), "stop 2");
    assert_string_equal(done(f, HB_OP_OK), "stop 1");
    hb_group_want(&f->run, false, &f->actions);
    assert_string_equal(done(f, HB_OP_OK), "stop 0");
    hb_group_want(&f->run, true, &f->actions);
    all = finish(f);
    assert_string_equal(all, "stop 0 status 0 start 0 status 1 start 1 status 2 start 2");
    g_free(all);
    unmake(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_script_is_asked_once_an_interval_and_natives_never),
        cmocka_unit_test(questions_are_spread_over_the_interval),
        cmocka_unit_test(without_an_interval_nothing_is_asked),
        cmocka_unit_test(a_rule_for_a_script_or_a_resource_overrides_and_the_last_one_counts),
        cmocka_unit_test(what_died_is_restarted_with_what_stands_to_its_right),
        cmocka_unit_test(a_question_without_an_answer_counts_the_second_time_in_a_row),
        cmocka_unit_test(restarts_pause_longer_each_time_and_then_the_group_is_given_up),
        cmocka_unit_test(restarts_out_of_the_window_are_forgotten),
        cmocka_unit_test(with_no_restarts_allowed_the_group_is_given_up_at_once),
        cmocka_unit_test(a_group_let_go_is_asked_no_more_and_the_question_is_cancelled),
        cmocka_unit_test(a_pause_before_a_restart_ends_when_the_group_is_let_go),
        cmocka_unit_test(no_more_are_asked_at_a_time_than_there_is_room_for),
        cmocka_unit_test(a_resource_that_others_found_lost_is_restarted_too),
        cmocka_unit_test(a_change_of_mind_during_a_restart_brings_all_of_it_up_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
