/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of groups that a life before this one, or a long sleep, has left up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/hand_core.h"

#define STABLE_PEER(hold) "t=resource|rsc_hold=" hold "|rtype=full|isstable=1"

static bool under_way(const struct hand *hand, enum hb_op op, unsigned group)
{
    for (guint i = 0; i < hand->ops->len; i++) {
        const struct hb_action *action = &g_array_index(hand->ops, struct hb_action, i);

        if (action->op == op && action->group == group)
            return true;
    }
    return false;
}

static void what_expired_is_stopped_before_anything_else(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    (void)state;
    hand->answer_ops = false;
    hb_core_left_over(hand->core, 0, false);
    hand_start(hand);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPING);
    assert_true(under_way(hand, HB_OP_STOP, 0));
    assert_true(hand_logged(hand, "another node may have it by now"));
    hand_free(hand);
}

static void what_was_kept_is_claimed_at_once_and_taken_when_we_are_stable(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    (void)state;
    hb_core_left_over(hand->core, 0, true);
    hand_start(hand);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hb_word_bits(hand->core, 0), HB_G_CLAIMED);
    hand_join(hand, "local");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hb_word_bits(hand->core, 0), HB_G_CLAIMED | HB_G_WANTED);
    hand_free(hand);
}

static void what_was_kept_is_stopped_when_somebody_has_it(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    (void)state;
    hb_core_left_over(hand->core, 0, true);
    hand_start(hand);
    hand_hear(hand, "t=status|st=active|dt=2710|protocol=1");
    hand_hear(hand, STABLE_PEER("all"));
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    assert_true(hand_logged(hand, "another node has it"));
    hand_free(hand);
}

static void what_was_kept_of_anothers_goes_to_it(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    (void)state;
    hb_core_left_over(hand->core, 1, true);
    hand_start(hand);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_join(hand, "local");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_free(hand);
}

static void who_leaves_takes_nothing_left_over_with_him(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    (void)state;
    hb_core_left_over(hand->core, 0, true);
    hand_start(hand);
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    hand_pass(hand, 1000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_pass(hand, 5000);
    assert_true(hand->stopped);
    hand_free(hand);
}

/* Held next to a stable peer, then asleep long enough for the shell to take the addresses off. */
static struct hand *slept(void)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    hand_join(hand, "local");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_forget(hand);
    hand_operator(hand, HB_EV_TAKEN_OFF, HB_WHAT_ALL);
    return hand;
}

static void who_slept_holds_on_to_nothing_before_the_others_have_told(void **state)
{
    struct hand *hand = slept();

    (void)state;
    assert_int_equal(hb_word_bits(hand->core, 0), HB_G_CLAIMED);
    hand_pass(hand, 3000);
    assert_int_equal(hb_word_bits(hand->core, 0), HB_G_CLAIMED);
    hand_pass_beating(hand, 2000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hb_word_bits(hand->core, 0), HB_G_CLAIMED | HB_G_WANTED);
    assert_true(hand_logged(hand, "nobody has taken group 10.0.0.1 meanwhile: it goes on"));
    hand_free(hand);
}

static void who_slept_lets_go_of_what_another_has_taken(void **state)
{
    struct hand *hand = slept();

    (void)state;
    hand_hear(hand, STABLE_PEER("all"));
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    assert_true(hand_logged(hand, "from before this node was held up: another node has it"));
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_expired_is_stopped_before_anything_else),
        cmocka_unit_test(what_was_kept_is_claimed_at_once_and_taken_when_we_are_stable),
        cmocka_unit_test(what_was_kept_is_stopped_when_somebody_has_it),
        cmocka_unit_test(what_was_kept_of_anothers_goes_to_it),
        cmocka_unit_test(who_leaves_takes_nothing_left_over_with_him),
        cmocka_unit_test(who_slept_holds_on_to_nothing_before_the_others_have_told),
        cmocka_unit_test(who_slept_lets_go_of_what_another_has_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
