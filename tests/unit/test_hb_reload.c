/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another haresources for a core that runs, and a core that inherits from another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "tests/unit/hand_core.h"

/* Next to a 3.0.6 node that holds its own; group 0 is held here. */
static struct hand *joined(void)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    hand_join(hand, "local");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_forget(hand);
    return hand;
}

static void assert_did(const struct hand *hand, const char *expected)
{
    assert_string_equal(hand->did->str, expected);
}

static void the_same_groups_in_another_order_go_on_untouched(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand_reload(hand, "node2 10.0.0.2\nnode1 10.0.0.1 httpd\n");
    hand_pass_beating(hand, 3000);
    assert_did(hand, "");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    assert_did(hand, "stop httpd; stop 10.0.0.1; ");
    hand_free(hand);
}

static void a_new_group_is_placed_by_the_rules(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand_reload(hand, "node1 10.0.0.1 httpd\nnode2 10.0.0.2\nnode1 10.0.0.3\nnode2 10.0.0.4\n");
    hand_pass_beating(hand, 1000);
    /* The 3.0.6 node holds the groups of node2, a new one as well. And those of node1 are ours. */
    assert_did(hand, "start 10.0.0.3; ");
    assert_int_equal(hand_group(hand, 2), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 3), HB_GROUP_STOPPED);
    hand_free(hand);
}

static void a_group_that_is_gone_is_stopped_and_then_forgotten(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand_reload(hand, "node2 10.0.0.2\n");
    assert_did(hand, "stop httpd; stop 10.0.0.1; ");
    assert_true(hand_logged(hand, "group 10.0.0.1 is gone"));
    hand_pass_beating(hand, 3000);
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    hand_pass(hand, 2000);
    assert_true(hand->stopped);
    hand_free(hand);
}

static void of_a_group_that_changed_the_difference_is_stopped_and_started(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand->answer_ops = false;
    hand_reload(hand, "node1 10.0.0.1 10.0.0.9 nginx\nnode2 10.0.0.2\n");
    assert_did(hand, "stop httpd; ");
    hand_op_done(hand, 0, HB_OP_OK);
    assert_did(hand, "stop httpd; start 10.0.0.1 10.0.0.9; "); /* the first is set: announced */
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STARTING);
    hand_op_done(hand, 0, HB_OP_OK);
    hand_op_done(hand, 0, HB_OP_STOPPED);
    hand_op_done(hand, 0, HB_OP_OK);
    assert_did(hand, "stop httpd; start 10.0.0.1 10.0.0.9; status nginx; start nginx; ");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

static void a_group_under_another_key_starts_when_the_old_one_is_down(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand->answer_ops = false;
    hand_reload(hand, "node1 httpd 10.0.0.1\nnode2 10.0.0.2\n");
    assert_did(hand, "stop httpd; ");
    hand_op_done(hand, 0, HB_OP_OK);
    hand_pass_beating(hand, 2000);
    assert_did(hand, "stop httpd; stop 10.0.0.1; ");
    hand_op_done(hand, 0, HB_OP_OK);
    assert_did(hand, "stop httpd; stop 10.0.0.1; status httpd; ");
    hand_free(hand);
}

static void a_resource_that_changes_its_group_is_stopped_before_it_is_started(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand_reload(hand, "node1 10.0.0.1\nnode2 10.0.0.2\nnode1 httpd\n");
    hand_pass_beating(hand, 1000);
    assert_true(g_str_has_prefix(hand->did->str, "stop httpd; "));
    assert_non_null(strstr(hand->did->str, "start httpd; "));
    assert_null(strstr(strstr(hand->did->str, "start httpd; "), "stop httpd; "));
    hand_free(hand);
}

static void a_change_waits_for_an_operation_under_way(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand->answer_ops = false;
    hand_join(hand, "local");
    assert_did(hand, "start 10.0.0.1; ");
    hand_reload(hand, "node1 10.0.0.1 nginx\nnode2 10.0.0.2\n");
    hand_op_done(hand, 0, HB_OP_OK);
    hand_op_done(hand, 0, HB_OP_STOPPED);
    assert_did(hand, "start 10.0.0.1; status httpd; start httpd; ");
    hand_op_done(hand, 0, HB_OP_OK);
    assert_did(hand, "start 10.0.0.1; status httpd; start httpd; stop httpd; ");
    hand->answer_ops = true;
    hand_op_done(hand, 0, HB_OP_OK);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_non_null(strstr(hand->did->str, "start nginx; "));
    hand_free(hand);
}

static void a_group_that_is_gone_while_it_starts_is_cancelled_and_stopped(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand->answer_ops = false;
    hand_join(hand, "local");
    hand_reload(hand, "node2 10.0.0.2\n");
    hand->answer_ops = true;
    hand_op_done(hand, 0, HB_OP_FAILED);
    assert_did(hand, "start 10.0.0.1; stop httpd; stop 10.0.0.1; ");
    assert_true(hand_logged(hand, "group 10.0.0.1 is gone"));
    hand_free(hand);
}

static void a_group_that_comes_back_before_it_is_down_is_started_after_all(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand->answer_ops = false;
    hand_reload(hand, "node2 10.0.0.2\n");
    assert_did(hand, "stop httpd; ");
    hand_reload(hand, "node1 10.0.0.1 httpd\nnode2 10.0.0.2\n");
    hand->answer_ops = true;
    hand_op_done(hand, 0, HB_OP_OK);
    hand_pass_beating(hand, 2000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

static void a_resource_that_will_not_stop_delays_nothing_else_for_ever(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand->answer_ops = false;
    hand_reload(hand, "node2 10.0.0.2\nnode1 10.0.0.3\n");
    for (int i = 0; i <= HB_STOP_RETRIES; i++) {
        hand_op_done(hand, 0, HB_OP_FAILED);
        hand_pass_beating(hand, 1000);
    }
    assert_null(strstr(hand->did->str, "10.0.0.3"));
    hand->answer_ops = true;
    hand_op_done(hand, 0, HB_OP_OK); /* status: it is still running */
    hand_pass_beating(hand, 1000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_free(hand);
}

static void two_changes_in_a_row_end_with_the_second(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand->answer_ops = false;
    hand_reload(hand, "node1 10.0.0.1 nginx\nnode2 10.0.0.2\n");
    assert_did(hand, "stop httpd; ");
    hand_reload(hand, "node1 10.0.0.1 httpd\nnode2 10.0.0.2\n");
    hand->answer_ops = true;
    hand_op_done(hand, 0, HB_OP_OK);
    assert_did(hand, "stop httpd; start 10.0.0.1; status httpd; start httpd; ");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

static void a_group_with_another_home_goes_there(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand_reload(hand, "node2 10.0.0.1 httpd\nnode2 10.0.0.2\n");
    hand_pass_beating(hand, 3000);
    assert_string_equal(hb_msg_text(hand_sent(hand, "ask_resources"), "rsc_hold"), "foreign");
    assert_string_equal(hb_msg_text(hand_sent(hand, "ask_resources"), "info"), "me");
    hand_free(hand);
}

static void a_failed_group_is_tried_again_when_it_changes(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand->config->monitor.restarts = 0;
    hand_lost(hand, 0, 1, "gone");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_FAILED);
    hand_reload(hand, "node1 10.0.0.1 nginx\nnode2 10.0.0.2\n");
    hand_pass_beating(hand, 12000); /* the other was offered it meanwhile */
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

static void a_new_core_inherits_what_is_held_and_nothing_moves(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand_restart(hand, "node1 10.0.0.1 httpd\nnode2 10.0.0.2\n");
    assert_string_equal(hb_msg_text(hand_sent(hand, "status"), "hg"), "65");
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    hand_hear(hand, "t=resource|rsc_hold=local|rtype=full|isstable=1");
    hand_pass_beating(hand, 6000);
    assert_did(hand, "");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_string_equal(hb_msg_text(hand_sent(hand, "resource"), "rsc_hold"), "local");
    hand_free(hand);
}

static void a_new_core_gets_the_answers_that_the_old_one_asked_for(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand->answer_ops = false;
    hand_join(hand, "local");
    hand_restart(hand, "node2 10.0.0.2\nnode1 10.0.0.1 httpd\n");
    assert_did(hand, "start 10.0.0.1; ");
    hand->answer_ops = true;
    hand_op_done(hand, 0, HB_OP_OK);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_free(hand);
}

static void a_new_core_with_other_files_stops_what_they_do_not_have(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand_restart(hand, "node1 10.0.0.1\nnode2 10.0.0.2\n");
    assert_did(hand, "stop httpd; start 10.0.0.1; ");
    hand_free(hand);
}

static void a_dead_peer_is_not_given_an_initial_dead_time_again(void **state)
{
    struct hand *hand = joined();

    (void)state;
    hand_pass(hand, 10000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_forget(hand);
    hand_restart(hand, "node1 10.0.0.1 httpd\nnode2 10.0.0.2\n");
    hand_pass(hand, 5001);
    assert_int_equal(hb_core_holding(hand->core), HB_HOLD_ALL);
    assert_did(hand, "");
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_groups_in_another_order_go_on_untouched),
        cmocka_unit_test(a_new_group_is_placed_by_the_rules),
        cmocka_unit_test(a_group_that_is_gone_is_stopped_and_then_forgotten),
        cmocka_unit_test(of_a_group_that_changed_the_difference_is_stopped_and_started),
        cmocka_unit_test(a_group_under_another_key_starts_when_the_old_one_is_down),
        cmocka_unit_test(a_resource_that_changes_its_group_is_stopped_before_it_is_started),
        cmocka_unit_test(a_change_waits_for_an_operation_under_way),
        cmocka_unit_test(a_group_that_is_gone_while_it_starts_is_cancelled_and_stopped),
        cmocka_unit_test(a_group_that_comes_back_before_it_is_down_is_started_after_all),
        cmocka_unit_test(a_resource_that_will_not_stop_delays_nothing_else_for_ever),
        cmocka_unit_test(two_changes_in_a_row_end_with_the_second),
        cmocka_unit_test(a_group_with_another_home_goes_there),
        cmocka_unit_test(a_failed_group_is_tried_again_when_it_changes),
        cmocka_unit_test(a_new_core_inherits_what_is_held_and_nothing_moves),
        cmocka_unit_test(a_new_core_gets_the_answers_that_the_old_one_asked_for),
        cmocka_unit_test(a_new_core_with_other_files_stops_what_they_do_not_have),
        cmocka_unit_test(a_dead_peer_is_not_given_an_initial_dead_time_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
