/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One group of resources on its way up and down. "n" is a native resource, "s"
 * a script; operations are written as they are asked for: "status 2",
 * "start 0-1".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "common/base/time.h"
#include "heartbeatd/core/group.h"

struct fixture {
    struct hb_group *group;
    struct hb_group_run run;
    struct hb_actions actions;
    uint64_t now_ns;
};

static struct fixture *make(const char *kinds)
{
    struct fixture *f = g_new0(struct fixture, 1);

    f->group = hb_group_new("node1", 1);
    for (const char *kind = kinds; *kind != '\0'; kind++) {
        struct hb_resource *resource = hb_resource_new("r", "r");

        resource->native = *kind == 'n';
        g_ptr_array_add(f->group->resources, resource);
    }
    hb_group_init(&f->run, f->group, 3);
    hb_actions_init(&f->actions);
    f->now_ns = HA_NS_PER_S;
    return f;
}

static void unmake(struct fixture *f)
{
    hb_actions_clear(&f->actions);
    hb_group_free(f->group);
    g_free(f);
}

/* The operation asked for since the last call, "" for none; each must have a deadline. */
static const char *asked(struct fixture *f)
{
    static const char *const names[] = {"status", "start", "stop"};
    static char text[64];

    text[0] = '\0';
    for (guint i = 0; i < f->actions.list->len; i++) {
        const struct hb_action *action = &g_array_index(f->actions.list, struct hb_action, i);

        if (action->kind != HB_ACT_OP)
            continue;
        assert_string_equal(text, "");
        assert_true(action->deadline_ms > 0);
        assert_int_equal(action->group, 3);
        assert_int_equal(hb_group_of_op(action->op_id), 3);
        if (action->first == action->last)
            snprintf(text, sizeof text, "%s %u", names[action->op], action->first);
        else
            snprintf(text, sizeof text, "%s %u-%u", names[action->op], action->first,
                     action->last);
    }
    hb_actions_reset(&f->actions);
    return text;
}

static const char *want(struct fixture *f, bool wanted)
{
    hb_group_want(&f->run, wanted, &f->actions);
    return asked(f);
}

static const char *done(struct fixture *f, enum hb_op_result result)
{
    hb_group_op_done(&f->run, f->run.op_id, result, NULL, f->now_ns, &f->actions);
    return asked(f);
}

static const char *after(struct fixture *f, uint64_t ms)
{
    f->now_ns += ha_ms_to_ns(ms);
    hb_group_timer(&f->run, f->now_ns, &f->actions);
    return asked(f);
}

static void natives_go_up_as_one_range_and_scripts_are_asked_first(void **state)
{
    struct fixture *f = make("nnsn");

    (void)state;
    assert_string_equal(want(f, true), "start 0-1");
    assert_string_equal(done(f, HB_OP_OK), "status 2");
    assert_string_equal(done(f, HB_OP_STOPPED), "start 2");
    assert_string_equal(done(f, HB_OP_OK), "start 3");
    assert_string_equal(done(f, HB_OP_OK), "");
    assert_int_equal(f->run.state, HB_GROUP_HELD);
    unmake(f);
}

static void a_script_that_runs_already_is_not_started(void **state)
{
    struct fixture *f = make("ss");

    (void)state;
    assert_string_equal(want(f, true), "status 0");
    assert_string_equal(done(f, HB_OP_OK), "status 1");
    assert_string_equal(done(f, HB_OP_TIMED_OUT), "start 1");
    assert_string_equal(done(f, HB_OP_OK), "");
    assert_int_equal(f->run.state, HB_GROUP_HELD);
    unmake(f);
}

static void it_goes_down_right_to_left(void **state)
{
    struct fixture *f = make("nsnn");

    (void)state;
    want(f, true);
    while (f->run.op_id != 0)
        done(f, HB_OP_OK);
    assert_string_equal(want(f, false), "stop 2-3");
    assert_string_equal(done(f, HB_OP_OK), "stop 1");
    assert_string_equal(done(f, HB_OP_OK), "stop 0");
    assert_true(hb_group_claimed(&f->run));
    assert_string_equal(done(f, HB_OP_OK), "");
    assert_int_equal(f->run.state, HB_GROUP_STOPPED);
    assert_false(hb_group_claimed(&f->run));
    unmake(f);
}

static void a_failed_start_gives_the_whole_group_up(void **state)
{
    struct fixture *f = make("nss");

    (void)state;
    want(f, true);
    done(f, HB_OP_OK);
    assert_string_equal(done(f, HB_OP_STOPPED), "start 1");
    assert_string_equal(done(f, HB_OP_TIMED_OUT), "stop 2"); /* also what never started */
    assert_false(f->run.wanted);
    done(f, HB_OP_OK);
    assert_string_equal(done(f, HB_OP_OK), "stop 0");
    done(f, HB_OP_OK);
    assert_int_equal(f->run.state, HB_GROUP_FAILED);
    assert_false(hb_group_claimed(&f->run));
    assert_string_equal(want(f, true), "start 0");
    unmake(f);
}

static void a_failed_stop_is_tried_ten_times_more_a_second_apart(void **state)
{
    struct fixture *f = make("s");
    int stops = 1;

    (void)state;
    want(f, true);
    done(f, HB_OP_OK);
    assert_string_equal(want(f, false), "stop 0");
    for (; f->run.op == HB_OP_STOP && stops < 50; stops++) {
        if (*done(f, HB_OP_FAILED) != '\0')
            break;
        assert_string_equal(after(f, 999), "");
        assert_string_equal(after(f, 1), "stop 0");
    }
    assert_int_equal(stops, 11);
    assert_int_equal(f->run.op, HB_OP_STATUS);
    assert_string_equal(done(f, HB_OP_STOPPED), "");
    assert_int_equal(f->run.state, HB_GROUP_STOPPED);
    unmake(f);
}

static void what_will_not_stop_stays_claimed_and_is_tried_each_minute(void **state)
{
    struct fixture *f = make("s");

    (void)state;
    want(f, true);
    done(f, HB_OP_OK);
    want(f, false);
    for (int i = 0; i <= HB_STOP_RETRIES; i++) {
        done(f, HB_OP_FAILED);
        after(f, 1000);
    }
    assert_string_equal(done(f, HB_OP_OK), ""); /* its status: it runs */
    assert_true(f->run.stuck);
    assert_true(hb_group_claimed(&f->run));
    assert_string_equal(after(f, 59999), "");
    assert_string_equal(after(f, 1), "stop 0");
    assert_string_equal(done(f, HB_OP_OK), "");
    assert_int_equal(f->run.state, HB_GROUP_STOPPED);
    unmake(f);
}

static void a_change_of_mind_waits_for_the_operation_under_way(void **state)
{
    struct fixture *f = make("sn");

    (void)state;
    want(f, true);
    assert_string_equal(want(f, false), "");
    assert_string_equal(done(f, HB_OP_STOPPED), "stop 1");
    assert_string_equal(want(f, true), "");
    assert_string_equal(done(f, HB_OP_OK), "stop 0");
    assert_string_equal(done(f, HB_OP_OK), "status 0");
    assert_int_equal(f->run.state, HB_GROUP_STARTING);
    unmake(f);
}

static void all_the_way_down_and_up(struct fixture *f)
{
    assert_string_equal(done(f, HB_OP_OK), "stop 1");
    assert_string_equal(done(f, HB_OP_OK), "stop 0");
    assert_string_equal(done(f, HB_OP_OK), "start 0");
    assert_string_equal(done(f, HB_OP_OK), "status 1");
    assert_string_equal(done(f, HB_OP_OK), "");
    assert_int_equal(f->run.state, HB_GROUP_HELD);
}

/* Its addresses were taken off while a script was being started, or while it was announced: what went up
 * before has to do so once more. */
static void what_lost_its_addresses_on_its_way_up_begins_anew_though_it_is_wanted_again(void **state)
{
    struct fixture *f = make("ns");

    (void)state;
    want(f, true);
    assert_string_equal(done(f, HB_OP_OK), "status 1");
    assert_string_equal(done(f, HB_OP_STOPPED), "start 1");
    assert_false(hb_group_doubt(&f->run, &f->actions));
    assert_false(f->run.wanted);
    assert_string_equal(want(f, true), "");
    all_the_way_down_and_up(f);

    hb_group_announce(&f->run, &f->actions);
    assert_string_equal(asked(f), "start 0");
    assert_false(hb_group_doubt(&f->run, &f->actions));
    assert_string_equal(want(f, true), "");
    all_the_way_down_and_up(f);
    unmake(f);
}

static void a_start_that_lost_its_right_is_cancelled(void **state)
{
    struct fixture *f = make("s");
    const struct hb_action *last;

    (void)state;
    want(f, true);
    done(f, HB_OP_STOPPED);
    hb_group_drop(&f->run, &f->actions);
    last = &g_array_index(f->actions.list, struct hb_action, f->actions.list->len - 1);
    assert_int_equal(last->kind, HB_ACT_CANCEL);
    assert_int_equal(last->op_id, f->run.op_id);
    hb_actions_reset(&f->actions);
    assert_string_equal(done(f, HB_OP_FAILED), "stop 0");
    done(f, HB_OP_OK);
    assert_int_equal(f->run.state, HB_GROUP_STOPPED); /* it did not fail */
    unmake(f);
}

static void announcing_again_touches_addresses_only(void **state)
{
    struct fixture *f = make("nnsn");

    (void)state;
    want(f, true);
    while (f->run.op_id != 0)
        done(f, HB_OP_OK);
    hb_group_announce(&f->run, &f->actions);
    assert_string_equal(asked(f), "start 0-1");
    assert_string_equal(done(f, HB_OP_OK), "start 3");
    assert_string_equal(done(f, HB_OP_FAILED), "");
    assert_int_equal(f->run.state, HB_GROUP_HELD);
    unmake(f);
}

static void an_answer_to_something_else_is_ignored(void **state)
{
    struct fixture *f = make("n");

    (void)state;
    want(f, true);
    hb_group_op_done(&f->run, f->run.op_id + HB_GROUPS_MAX, HB_OP_OK, NULL, f->now_ns,
                     &f->actions);
    assert_int_equal(f->run.state, HB_GROUP_STARTING);
    done(f, HB_OP_OK);
    hb_group_op_done(&f->run, 0, HB_OP_FAILED, NULL, f->now_ns, &f->actions);
    assert_int_equal(f->run.state, HB_GROUP_HELD);
    unmake(f);
}

/* The stop that was just asked for. */
static bool is_handed(struct fixture *f)
{
    const struct hb_action *action = &g_array_index(f->actions.list, struct hb_action, f->actions.list->len - 1);
    bool handed = action->handed;

    assert_int_equal(action->kind, HB_ACT_OP);
    assert_int_equal(action->op, HB_OP_STOP);
    (void)asked(f);
    return handed;
}

static void what_is_handed_is_so_once(void **state)
{
    struct fixture *f = make("n");

    (void)state;
    want(f, true);
    done(f, HB_OP_OK);
    hb_group_hand(&f->run, &f->actions);
    assert_true(is_handed(f));
    hb_group_op_done(&f->run, f->run.op_id, HB_OP_FAILED, NULL, f->now_ns, &f->actions);
    hb_group_timer(&f->run, f->now_ns + 10 * HA_NS_PER_S, &f->actions);
    assert_true(is_handed(f)); /* the same, once more */
    done(f, HB_OP_OK);
    want(f, true);
    done(f, HB_OP_OK);
    hb_group_want(&f->run, false, &f->actions);
    assert_false(is_handed(f));
    unmake(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(natives_go_up_as_one_range_and_scripts_are_asked_first),
        cmocka_unit_test(a_script_that_runs_already_is_not_started),
        cmocka_unit_test(it_goes_down_right_to_left),
        cmocka_unit_test(a_failed_start_gives_the_whole_group_up),
        cmocka_unit_test(a_failed_stop_is_tried_ten_times_more_a_second_apart),
        cmocka_unit_test(what_will_not_stop_stays_claimed_and_is_tried_each_minute),
        cmocka_unit_test(a_change_of_mind_waits_for_the_operation_under_way),
        cmocka_unit_test(what_lost_its_addresses_on_its_way_up_begins_anew_though_it_is_wanted_again),
        cmocka_unit_test(a_start_that_lost_its_right_is_cancelled),
        cmocka_unit_test(announcing_again_touches_addresses_only),
        cmocka_unit_test(an_answer_to_something_else_is_ignored),
        cmocka_unit_test(what_is_handed_is_so_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
