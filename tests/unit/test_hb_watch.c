/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core does about held resources that die and groups that fail, next to a 3.0.6 node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/base/time.h"
#include "tests/unit/hand_core.h"

static void assert_asked(const struct hand *hand, const char *info, const char *hold)
{
    const struct hb_msg *msg = hand_sent(hand, "ask_resources");

    assert_non_null(msg);
    assert_string_equal(hb_msg_text(msg, "info"), info);
    assert_string_equal(hb_msg_text(msg, "rsc_hold"), hold);
}

/* Joined, group 0 held; then its script dies and is not restarted. */
static struct hand *failed_group(void)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    hand->config->monitor.restarts = 0;
    hand_join(hand, "local");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_forget(hand);
    hand_lost(hand, 0, 1, "gone");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_FAILED);
    return hand;
}

static void a_failed_group_is_offered_to_a_classic_node_by_the_right_standby(void **state)
{
    struct hand *hand = failed_group();

    (void)state;
    assert_true(
        hand_logged(hand, "group 10.0.0.1 has failed here and is stopped: httpd is lost: gone"));
    assert_asked(hand, "me", "local");
    hand_hear(hand, "t=ask_resources|info=other|rsc_hold=local");
    assert_asked(hand, "done", "local");
    hand_hear(hand, "t=ask_resources|info=done|rsc_hold=local");
    hand_hear(hand, "t=resource|rsc_hold=all|rtype=full|isstable=1");
    hand_pass_beating(hand, 120000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_FAILED); /* the other has it */
    hand_free(hand);
}

static void an_offer_that_is_not_answered_is_repeated_with_pauses(void **state)
{
    struct hand *hand = failed_group();

    (void)state;
    hand_pass_beating(hand, 55000);
    assert_in_range(hand_count(hand, "ask_resources"), 3, 6);
    hand_free(hand);
}

static void what_failed_on_both_nodes_is_not_offered_again_for_ten_minutes(void **state)
{
    struct hand *hand = failed_group();

    (void)state;
    hand_hear(hand, "t=ask_resources|info=other|rsc_hold=local");
    hand_hear(hand, "t=ask_resources|info=done|rsc_hold=local");
    hand_hear(hand, "t=resource|rsc_hold=all|rtype=full|isstable=1");
    hand_forget(hand);
    hand_pass_beating(hand, 30000);
    /* It gives them back, as it does when it could not start one. */
    hand_hear(hand, "t=ask_resources|info=me|rsc_hold=foreign");
    assert_asked(hand, "other", "foreign");
    hand_hear(hand, "t=resource|rsc_hold=local|rtype=full|isstable=0|info=standby");
    hand_hear(hand, "t=ask_resources|info=done|rsc_hold=foreign");
    hand_hear(hand, "t=resource|rsc_hold=local|rtype=full|isstable=1");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_forget(hand);
    hand_lost(hand, 0, 1, "gone again");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_FAILED);
    hand_pass_beating(hand, 50000);
    assert_int_equal(hand_count(hand, "ask_resources"), 0);
    hand_pass_beating(hand, 20000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD); /* forgiven */
    hand_free(hand);
}

static void alone_a_failed_group_is_tried_again_here(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand->config->monitor.restarts = 0;
    hand_start(hand);
    hand_pass(hand, 16000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_lost(hand, 0, 1, NULL);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_FAILED);
    hand_pass(hand, 9900);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_FAILED);
    hand_pass(hand, 200);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

static void alone_a_lost_address_is_no_reason_to_give_up_what_works(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand->config->monitor.restarts = 0;
    hand_start(hand);
    hand_pass(hand, 16000);
    hand_lost(hand, 0, 0, "eth0 is gone");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_true(hand_logged(hand, "is lost: eth0 is gone; keeping group"));
    hand_free(hand);
}

static void a_lost_resource_is_restarted_in_place_and_nobody_is_told(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    hand_lost(hand, 0, 0, "the cable");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_true(hand_logged(hand, "10.0.0.1 is lost: the cable; restarting it"));
    assert_null(hand_sent(hand, "resource"));
    hand_lost(hand, 9, 0, "no such group");
    hand_lost(hand, 0, 9, "no such resource");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_group_is_offered_to_a_classic_node_by_the_right_standby),
        cmocka_unit_test(an_offer_that_is_not_answered_is_repeated_with_pauses),
        cmocka_unit_test(what_failed_on_both_nodes_is_not_offered_again_for_ten_minutes),
        cmocka_unit_test(alone_a_failed_group_is_tried_again_here),
        cmocka_unit_test(alone_a_lost_address_is_no_reason_to_give_up_what_works),
        cmocka_unit_test(a_lost_resource_is_restarted_in_place_and_nobody_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
