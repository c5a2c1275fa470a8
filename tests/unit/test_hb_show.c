/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core says of itself: why a group is where it is, and what should be kept warm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "heartbeatd/core/show.h"
#include "tests/unit/hand_core.h"

static int begin(void **state)
{
    *state = hand_new(HB_FAILBACK_ON);
    return 0;
}

static int end(void **state)
{
    hand_free(*state);
    return 0;
}

static void assert_why(const struct hand *hand, size_t group, const char *why, const char *holder)
{
    struct hb_show_group shown;

    assert_true(hb_show_group(hand->core, group, &shown));
    assert_string_equal(shown.why, why);
    if (holder == NULL)
        assert_null(shown.holder);
    else
        assert_string_equal(shown.holder, holder);
}

/* Answers whatever is asked, for some seconds: each status with `status`, the rest with `result`. */
static void answer_all(struct hand *hand, enum hb_op_result status, enum hb_op_result result)
{
    for (int second = 0; second < 20; second++) {
        while (hand->ops->len > 0)
            hand_op_done(hand, 0, g_array_index(hand->ops, struct hb_action, 0).op == HB_OP_STATUS
                                      ? status
                                      : result);
        hand_pass_beating(hand, 1000);
    }
}

static void before_it_is_settled_nobody_has_a_group(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    assert_why(hand, 0, "it is not settled yet who takes what", NULL);
    assert_int_equal(hb_core_warm(hand->core, 0), HB_WARM_OFF);
}

static void a_group_is_warm_from_the_day_it_is_settled_to_the_stop(void **state)
{
    struct hand *hand = *state;

    hand_join(hand, "local");
    assert_int_equal(hb_core_warm(hand->core, 0), HB_WARM_IN_USE);
    assert_int_equal(hb_core_warm(hand->core, 1), HB_WARM_READY);
    assert_int_equal(hb_core_warm(hand->core, 2), HB_WARM_OFF); /* there is none */
    assert_why(hand, 1, "another node has it", "node2");
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    hand_pass_beating(hand, 60000);
    assert_true(hand->stopped);
    assert_int_equal(hb_core_warm(hand->core, 1), HB_WARM_OFF);
}

static void a_life_that_follows_another_keeps_warm_while_it_settles(void **state)
{
    struct hand *hand = *state;

    hand_join(hand, "local");
    hand_restart(hand, "node1 10.0.0.1 httpd\nnode2 10.0.0.2\n");
    assert_true(hand->core->stage < HB_STAGE_STABLE);
    assert_int_equal(hb_core_warm(hand->core, 1), HB_WARM_READY);
}

static void what_will_not_start_is_being_stopped(void **state)
{
    struct hand *hand = *state;
    struct hb_show_group shown;

    hand_join(hand, "local");
    hand_pass_beating(hand, 30000); /* nothing of the peer's is awaited any more */
    hand->answer_ops = false;
    hand_pass(hand, 12000); /* node2 dies: its group comes here */
    for (int i = 0; i < 50 && !hand->core->groups[1].run.failing; i++) {
        while (hand->ops->len > 0 && !hand->core->groups[1].run.failing)
            hand_op_done(hand, 0, g_array_index(hand->ops, struct hb_action, 0).op == HB_OP_STATUS
                                      ? HB_OP_STOPPED
                                      : HB_OP_FAILED);
        hand_pass(hand, 1000);
    }
    assert_why(hand, 1, "it failed here and is being stopped", "node1");
    assert_true(hb_show_group(hand->core, 1, &shown));
    assert_non_null(shown.trouble);
}

static void what_died_is_being_restarted(void **state)
{
    struct hand *hand = *state;

    hand_join(hand, "local");
    hand->answer_ops = false;
    hand_lost(hand, 0, 0, "it is gone");
    hand_pass_beating(hand, 100);
    assert_why(hand, 0, "something of it died and is being restarted", "node1");
}

static void what_is_given_up_is_said_until_it_is_down(void **state)
{
    struct hand *hand = *state;

    hand_join(hand, "local");
    hand->answer_ops = false;
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_ALL);
    hand_hear(hand, "t=ask_resources|info=node2|rsc_hold=all|dest=node1");
    hand_pass_beating(hand, 100);
    hand_hear(hand, "t=ask_resources|info=other|rsc_hold=all");
    hand_pass_beating(hand, 100);
    assert_why(hand, 0, "it is being given up", "node1");
    for (int i = 0; i < 50 && hb_group_claimed(&hand->core->groups[0].run); i++) {
        while (hand->ops->len > 0)
            hand_op_done(hand, 0, g_array_index(hand->ops, struct hb_action, 0).op == HB_OP_STATUS
                                      ? HB_OP_STOPPED
                                      : HB_OP_OK);
        hand_pass_beating(hand, 100);
    }
    assert_why(hand, 0, "it is being handed over", NULL);
}

static void what_does_not_stop_is_said(void **state)
{
    struct hand *hand = *state;

    hand_join(hand, "local");
    hand->answer_ops = false;
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    answer_all(hand, HB_OP_OK, HB_OP_FAILED);
    answer_all(hand, HB_OP_OK, HB_OP_FAILED);
    assert_why(hand, 0, "something of it does not stop", "node1");
}

static void what_there_is_not_is_not_shown(void **state)
{
    struct hand *hand = *state;
    struct hb_show_resource resource;
    struct hb_show_group group;
    struct hb_show_node node;

    hand_join(hand, "local");
    assert_int_equal(hb_show_group_count(hand->core), 2);
    assert_false(hb_show_group(hand->core, 2, &group));
    assert_false(hb_show_resource(hand->core, 2, 0, &resource));
    assert_false(hb_show_resource(hand->core, 0, 2, &resource));
    assert_false(hb_show_node(hand->core, 2, &node));
}

static void a_ping_node_is_shown_without_a_stage(void **state)
{
    struct hand *hand = hand_new_pinging(HB_FAILBACK_ON, "10.0.0.254");
    struct hb_show_node node;

    (void)state;
    hand_join(hand, "local");
    assert_true(hb_show_node(hand->core, 2, &node));
    assert_true(node.ping);
    assert_string_equal(node.name, "10.0.0.254");
    assert_null(node.stage);
    hand_free(hand);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, begin, end)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(before_it_is_settled_nobody_has_a_group),
        CASE(a_group_is_warm_from_the_day_it_is_settled_to_the_stop),
        CASE(a_life_that_follows_another_keeps_warm_while_it_settles),
        CASE(what_will_not_start_is_being_stopped),
        CASE(what_died_is_being_restarted),
        CASE(what_is_given_up_is_said_until_it_is_down),
        CASE(what_does_not_stop_is_said),
        CASE(what_there_is_not_is_not_shown),
        cmocka_unit_test(a_ping_node_is_shown_without_a_stage),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
