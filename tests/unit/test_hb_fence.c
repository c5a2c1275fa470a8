/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Before node1 takes what node2 may still hold, node2 is switched off. node2 is
 * a 3.0.6 node and holds its own group (1) unless the case says otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/base/time.h"
#include "tests/unit/hand_core.h"

static struct hand *joined(const char *const *devices)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    for (; *devices != NULL; devices += 2)
        hand_add_device(hand, devices[0], devices[1]);
    hand_join(hand, "local");
    hand_forget(hand);
    return hand;
}

/* node2 falls silent. */
static struct hand *dead(const char *const *devices)
{
    struct hand *hand = joined(devices);

    hand_pass(hand, 5000);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_DEAD);
    return hand;
}

static const char *const one[] = {"*", "fence_one", NULL};
static const char *const none[] = {NULL};

static void assert_told(const struct hand *hand, guint count, const char *result)
{
    assert_int_equal(hand_count(hand, "stonith"), count);
    if (count == 0)
        return;
    assert_string_equal(hb_msg_text(hand_sent(hand, "stonith"), "node"), "node2");
    assert_string_equal(hb_msg_text(hand_sent(hand, "stonith"), "result"), result);
}

static void nothing_is_taken_before_the_dead_node_is_off(void **state)
{
    struct hand *hand = dead(one);

    (void)state;
    assert_int_equal(hand->fences, 1);
    assert_int_equal(hand->fence.node, 1);
    assert_string_equal(hand->fence.device->type, "fence_one");
    assert_true(hand->fence.deadline_ms > 0);
    assert_true(hand_logged(hand, "Resetting node node2 with [fence_one]"));
    assert_false(hand_logged(hand, "No STONITH"));
    hand_pass(hand, 50000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD); /* our own stays */
    hand_fenced(hand, HB_FENCED_OK, NULL);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    assert_told(hand, 1, "OK");
    assert_true(hand_logged(hand, "node node2 now reset by fence_one."));
    assert_true(hand_logged(hand, "Resources being acquired from node2."));
    hand_free(hand);
}

static void a_device_that_fails_is_tried_again_every_five_seconds(void **state)
{
    struct hand *hand = dead(one);

    (void)state;
    for (unsigned i = 1; i <= 30; i++) {
        assert_int_equal(hand->fences, i);
        hand_fenced(hand, i % 2 ? HB_FENCED_BAD : HB_FENCED_BAD_HOST, "no route");
        assert_told(hand, i, i % 2 ? "bad" : "badhost");
        hand_pass(hand, 4999);
        assert_int_equal(hand->fences, i);
        hand_pass(hand, 1);
    }
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    assert_true(hand_logged(hand, "node node2 could not be reset: fence_one: no route"));
    assert_true(hand_logged(hand, "hactl confirm-down node2"));
    hand_forget(hand);
    hand_fenced(hand, HB_FENCED_BAD, "still none");
    assert_string_equal(hand->log->str, ""); /* it was said, and is said again only now and then */
    hand_pass(hand, 5000);
    hand_fenced(hand, HB_FENCED_OK, NULL);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_free(hand);
}

static void devices_are_tried_in_their_order_without_a_pause(void **state)
{
    static const char *const devices[] = {"node2", "fence_a", "node1", "fence_not_for_node2",
                                          "node1", "apc", "node2", "fence_b", "other", "wti",
                                          "*", "fence_c", NULL};
    static const char *const order[] = {"fence_a", "apc", "fence_b", "fence_c"};
    struct hand *hand = dead(devices);

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(hand->fences, i + 1);
        assert_string_equal(hand->fence.device->type, order[i]);
        hand_fenced(hand, HB_FENCED_BAD, NULL);
    }
    assert_int_equal(hand->fences, 4);
    hand_pass(hand, 5000);
    assert_string_equal(hand->fence.device->type, "fence_a");
    hand_free(hand);
}

static void of_the_stonith_lines_of_this_node_the_last_one_counts(void **state)
{
    static const char *const devices[] = {"*", "first", "node1", "second", "node2", "third", NULL};
    struct hand *hand = dead(devices);

    (void)state;
    assert_string_equal(hand->fence.device->type, "second");
    hand_fenced(hand, HB_FENCED_BAD, NULL);
    assert_int_equal(hand->fences, 1);
    hand_free(hand);
}

static void without_a_device_it_says_so_and_goes_on(void **state)
{
    struct hand *hand = dead(none);

    (void)state;
    assert_told(hand, 1, "n_stnth");
    assert_true(hand_logged(hand, "No STONITH device configured."));
    assert_true(hand_logged(hand, "Shared disks are not protected."));
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_free(hand);
}

static void who_left_in_good_order_is_not_reset(void **state)
{
    struct hand *hand = joined(one);

    (void)state;
    hand_hear(hand, "t=resource|rsc_hold=none|rtype=full|isstable=0|info=shutdown");
    hand_hear(hand, "t=shutdone|st=dead");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_pass(hand, 6000);
    assert_int_equal(hand->fences, 0);
    assert_told(hand, 1, "unneeded");
    assert_true(hand_logged(hand, "Dead node node2 gave up resources."));
    hand_free(hand);
}

static void who_was_never_heard_is_reset_as_well(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_add_device(hand, "*", "fence_one");
    hand_start(hand);
    hand_pass(hand, 15000);
    assert_int_equal(hand->fences, 1);
    hand_pass(hand, 30000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_fenced(hand, HB_FENCED_OK, NULL);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_free(hand);
}

static void who_is_heard_again_is_not_reset_any_more(void **state)
{
    struct hand *hand = dead(one);

    (void)state;
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    assert_int_equal(hand->fence.op_id, 0);
    assert_true(hand_logged(hand, "node node2 is alive: it is not reset any more"));
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_free(hand);
}

static void an_operator_may_say_that_it_is_down(void **state)
{
    struct hand *hand = dead(one);

    (void)state;
    assert_true(hb_core_confirmable(hand->core, 1));
    assert_false(hb_core_confirmable(hand->core, 0));
    assert_false(hb_core_confirmable(hand->core, 7));
    hand_fenced(hand, HB_FENCED_BAD, NULL);
    hand_confirm(hand, 7);
    hand_confirm(hand, 0);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_confirm(hand, 1);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_pass(hand, 60000);
    assert_int_equal(hand->fences, 1);
    hand_free(hand);
}

static void nobody_may_say_so_of_a_node_that_lives(void **state)
{
    struct hand *hand = joined(one);

    (void)state;
    assert_false(hb_core_confirmable(hand->core, 1));
    hand_confirm(hand, 1);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_free(hand);
}

static void a_stop_calls_it_off(void **state)
{
    struct hand *hand = dead(one);

    (void)state;
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    assert_int_equal(hand->fence.op_id, 0);
    hand_pass(hand, 60000);
    assert_int_equal(hand->fences, 1);
    assert_true(hand->stopped);
    hand_free(hand);
}

/* Group 0's script does not stop. */
static struct hand *stuck(enum hb_stop_failure choice)
{
    struct hand *hand = joined(one);

    hand->config->fence.stop_failure = choice;
    hand->answer_ops = false;
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    for (int i = 0; i < 200 && !hand->core->groups[0].run.stuck; i++) {
        while (hand->ops->len > 0)
            hand_op_done(hand, 0, g_array_index(hand->ops, struct hb_action, 0).op == HB_OP_STATUS
                                      ? HB_OP_OK
                                      : HB_OP_FAILED);
        hand_pass_beating(hand, 1000);
    }
    assert_true(hand->core->groups[0].run.stuck);
    return hand;
}

static void what_will_not_stop_is_kept_unless_something_else_was_chosen(void **state)
{
    struct hand *hand = stuck(HB_STOP_KEEP);

    (void)state;
    assert_null(hand->reboot);
    assert_null(strstr(hb_msg_text(hand_sent(hand, "status"), "hstate"), "fm="));
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPING);
    hand_free(hand);
}

static void it_reboots_the_machine_where_that_was_chosen(void **state)
{
    struct hand *hand = stuck(HB_STOP_REBOOT);

    (void)state;
    assert_non_null(hand->reboot);
    assert_string_equal(hand->reboot, "httpd does not stop");
    hand_free(hand);
}

static void or_it_asks_the_others_to_be_reset(void **state)
{
    struct hand *hand = stuck(HB_STOP_FENCE);

    (void)state;
    assert_null(hand->reboot);
    hand_pass_beating(hand, 1000);
    assert_non_null(strstr(hb_msg_text(hand_sent(hand, "status"), "hstate"), " fm=1 "));
    assert_true(hand_logged(hand, "httpd does not stop: asking the other nodes to reset this one"));
    hand_free(hand);
}

/* A Hearth node2 that is stable and sees us. */
static void hear_hearth(struct hand *hand, const char *more)
{
    char *text = g_strdup_printf("t=status|st=active|dt=1388|protocol=1|hearth=1|hstate=rs=stable "
                                 "fb=on ho=none rd=0 rh=local tr=1%s g= seen=node1:64:%x,",
                                 more, (unsigned)hand->core->number);

    hand_hear(hand, text);
    g_free(text);
}

static void a_hearth_node_that_asks_for_it_is_reset_and_taken_over_when_it_is_silent(void **state)
{
    struct hand *hand = joined(one);

    (void)state;
    hear_hearth(hand, "");
    assert_int_equal(hand->fences, 0);
    hear_hearth(hand, " fm=1");
    assert_int_equal(hand->fences, 1);
    assert_true(hand_logged(hand, "node node2 cannot stop its resources and asks to be reset"));
    assert_false(hb_fence_pending(hand->core));
    hand_fenced(hand, HB_FENCED_OK, NULL);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED); /* it is still counted alive */
    hand_pass(hand, 6000);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_DEAD);
    assert_int_equal(hand->fences, 1); /* once is enough */
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_free(hand);
}

static void if_it_lives_on_the_reset_was_none(void **state)
{
    struct hand *hand = joined(one);

    (void)state;
    hear_hearth(hand, " fm=1");
    hand_fenced(hand, HB_FENCED_OK, NULL);
    for (int i = 0; i < 8; i++) {
        hand_pass(hand, 1000);
        hear_hearth(hand, " fm=1");
    }
    assert_int_equal(hand->fences, 2);
    hear_hearth(hand, "");
    assert_int_equal(hand->fence.op_id, 0);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_taken_before_the_dead_node_is_off),
        cmocka_unit_test(a_device_that_fails_is_tried_again_every_five_seconds),
        cmocka_unit_test(devices_are_tried_in_their_order_without_a_pause),
        cmocka_unit_test(of_the_stonith_lines_of_this_node_the_last_one_counts),
        cmocka_unit_test(without_a_device_it_says_so_and_goes_on),
        cmocka_unit_test(who_left_in_good_order_is_not_reset),
        cmocka_unit_test(who_was_never_heard_is_reset_as_well),
        cmocka_unit_test(who_is_heard_again_is_not_reset_any_more),
        cmocka_unit_test(an_operator_may_say_that_it_is_down),
        cmocka_unit_test(nobody_may_say_so_of_a_node_that_lives),
        cmocka_unit_test(a_stop_calls_it_off),
        cmocka_unit_test(what_will_not_stop_is_kept_unless_something_else_was_chosen),
        cmocka_unit_test(it_reboots_the_machine_where_that_was_chosen),
        cmocka_unit_test(or_it_asks_the_others_to_be_reset),
        cmocka_unit_test(a_hearth_node_that_asks_for_it_is_reset_and_taken_over_when_it_is_silent),
        cmocka_unit_test(if_it_lives_on_the_reset_was_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
