/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept ready for groups, and who waits for it (heartbeatd/core/warm.c, standby.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/hand_core.h"

/* The word of node2, a Hearth node, that has seen all we said; unready: its groups that are not ready. */
static void hear_word(struct hand *hand, const char *handover, const char *groups,
                      const char *unready)
{
    char *fields = g_strdup_printf(
        "t=status|st=active|dt=1388|protocol=1|hearth=1|"
        "hstate=rs=stable fb=on ho=%s rd=%x rh=all tr=1 g=%s%s%s seen=node1:64:%x,", handover,
        hand->core->digest, groups, *unready != '\0' ? " nw=" : "", unready,
        (unsigned)hand->core->number);

    hand_hear(hand, fields);
    g_free(fields);
}

static void pass_hearing(struct hand *hand, unsigned seconds, const char *groups, const char *unready)
{
    for (; seconds > 0; seconds--) {
        hand_pass(hand, 1000);
        hear_word(hand, "none", groups, unready);
    }
}

static void meet(struct hand *hand, const char *groups, const char *unready)
{
    hear_word(hand, "none", groups, unready);
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    pass_hearing(hand, 8, groups, unready);
    hand_forget(hand);
}

/* Stable beside a stable Hearth node; each has its own group. */
static struct hand *pair(void)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    hand_start(hand);
    meet(hand, "03", "");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    return hand;
}

static bool we_say(struct hand *hand, const char *text)
{
    const struct hb_msg *beat;

    hand_pass(hand, 1100);
    beat = hand_sent(hand, "status");
    return beat != NULL && strstr(hb_msg_text(beat, "hstate"), text) != NULL;
}

static void what_is_not_ready_is_said(void **state)
{
    struct hand *hand = pair();

    (void)state;
    assert_false(we_say(hand, " nw="));
    hand_ready(hand, 1, HB_READY_NOT);
    hand_forget(hand);
    assert_true(we_say(hand, " nw=01 "));
    hand_ready(hand, 1, HB_READY_STANDBY);
    hand_forget(hand);
    assert_false(we_say(hand, " nw="));
    hand_ready(hand, 77, HB_READY_NOT); /* of a group that is no more */
    hand_forget(hand);
    assert_false(we_say(hand, " nw="));
    hand_free(hand);
}

static void a_group_is_not_given_back_to_a_node_that_is_not_ready_for_it(void **state)
{
    struct hand *hand = pair();

    (void)state;
    hand_pass(hand, 20000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand->peer_generation++;
    hand->peer_number = 0;
    meet(hand, "30", "01");
    pass_hearing(hand, 20, "30", "01");
    assert_null(hand_sent(hand, "ask_resources"));
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    pass_hearing(hand, 1, "30", "10"); /* not for the other one */
    assert_non_null(hand_sent(hand, "ask_resources"));
    assert_string_equal(hb_msg_text(hand_sent(hand, "ask_resources"), "info"), "me");
    hand_free(hand);
}

static void an_operator_may_give_it_all_the_same(void **state)
{
    struct hand *hand = pair();

    (void)state;
    pass_hearing(hand, 1, "03", "10");
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_ALL);
    assert_non_null(hand_sent(hand, "ask_resources"));
    hand_free(hand);
}

static void what_a_standby_brings_is_made_ready_before_it_is_there(void **state)
{
    struct hand *hand = pair();

    (void)state;
    assert_int_equal(hb_core_warm(hand->core, 0), HB_WARM_IN_USE);
    assert_int_equal(hb_core_warm(hand->core, 1), HB_WARM_READY);
    hear_word(hand, "asked", "03", "");
    hand_hear(hand, "t=ask_resources|info=me|rsc_hold=local");
    assert_string_equal(hb_msg_text(hand_sent(hand, "ask_resources"), "info"), "other");
    assert_int_equal(hb_core_warm(hand->core, 0), HB_WARM_IN_USE);
    assert_int_equal(hb_core_warm(hand->core, 1), HB_WARM_COMING);
    hear_word(hand, "none", "03", ""); /* it has given up */
    assert_int_equal(hb_core_warm(hand->core, 1), HB_WARM_READY);
    hand_free(hand);
}

/* What has passed from "me" to our "other", in ms. */
static uint64_t answered_after(struct hand *hand)
{
    uint64_t from_ms = hand->now_ms;

    hear_word(hand, "asked", "03", "");
    hand_hear(hand, "t=ask_resources|info=me|rsc_hold=local");
    while (hand_sent(hand, "ask_resources") == NULL && hand->now_ms - from_ms < 5000)
        hand_pass(hand, 1);
    return hand->now_ms - from_ms;
}

static void the_answer_waits_a_little_for_what_is_in_standby(void **state)
{
    struct hand *hand = pair();

    (void)state;
    hand_ready(hand, 1, HB_READY_STANDBY);
    assert_in_range(answered_after(hand), 1000, 1001);
    hand_free(hand);
    hand = pair();
    hand_ready(hand, 0, HB_READY_STANDBY); /* ours already: not what comes */
    assert_int_equal(answered_after(hand), 0);
    hand_free(hand);
    hand = pair();
    hand_ready(hand, 1, HB_READY_NOT); /* an operator wants it all the same */
    assert_int_equal(answered_after(hand), 0);
    hand_free(hand);
}

static void the_answer_comes_as_soon_as_it_is_active(void **state)
{
    struct hand *hand = pair();

    (void)state;
    hand_ready(hand, 1, HB_READY_STANDBY);
    hear_word(hand, "asked", "03", "");
    hand_hear(hand, "t=ask_resources|info=me|rsc_hold=local");
    hand_pass(hand, 10);
    assert_null(hand_sent(hand, "ask_resources"));
    hand_ready(hand, 1, HB_READY_ACTIVE);
    assert_string_equal(hb_msg_text(hand_sent(hand, "ask_resources"), "info"), "other");
    hand_pass(hand, 3000);
    assert_int_equal(hand_count(hand, "ask_resources"), 1);
    hand_free(hand);
}

/* The first operation under way. */
static const struct hb_action *under_way(const struct hand *hand)
{
    assert_true(hand->ops->len > 0);
    return &g_array_index(hand->ops, struct hb_action, 0);
}

static void what_goes_to_another_node_in_good_order_may_get_ready_for_it(void **state)
{
    struct hand *hand = pair();

    (void)state;
    hand->answer_ops = false;
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_ALL);
    hand_hear(hand, "t=ask_resources|info=other|rsc_hold=all");
    assert_int_equal(under_way(hand)->op, HB_OP_STOP);
    assert_true(under_way(hand)->handed);
    hand_free(hand);
}

static void what_comes_from_another_node_in_good_order_may_get_ready_for_it(void **state)
{
    struct hand *hand = pair();

    (void)state;
    hand->answer_ops = false;
    hear_word(hand, "asked", "03", "");
    hand_hear(hand, "t=ask_resources|info=me|rsc_hold=local");
    hear_word(hand, "given", "00", "");
    hand_hear(hand, "t=ask_resources|info=done|rsc_hold=local");
    assert_int_equal(under_way(hand)->op, HB_OP_START);
    assert_true(under_way(hand)->handed);
    hand_free(hand);
}

static void what_a_dead_node_had_comes_at_once(void **state)
{
    struct hand *hand = pair();

    (void)state;
    hand->answer_ops = false;
    while (hand->ops->len == 0)
        hand_pass(hand, 1000);
    assert_int_equal(under_way(hand)->op, HB_OP_START);
    assert_false(under_way(hand)->handed);
    hand_free(hand);
}

static void what_has_to_go_at_once_may_not(void **state)
{
    struct hand *hand = pair();

    (void)state;
    hand->answer_ops = false;
    hand_carrier(hand, 0, false);
    while (hand->ops->len == 0) {
        hand_pass(hand, 1000);
        hear_word(hand, "none", "03", "");
    }
    assert_int_equal(under_way(hand)->op, HB_OP_STOP);
    assert_false(under_way(hand)->handed);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_ready_is_said),
        cmocka_unit_test(a_group_is_not_given_back_to_a_node_that_is_not_ready_for_it),
        cmocka_unit_test(an_operator_may_give_it_all_the_same),
        cmocka_unit_test(what_a_standby_brings_is_made_ready_before_it_is_there),
        cmocka_unit_test(the_answer_waits_a_little_for_what_is_in_standby),
        cmocka_unit_test(the_answer_comes_as_soon_as_it_is_active),
        cmocka_unit_test(what_goes_to_another_node_in_good_order_may_get_ready_for_it),
        cmocka_unit_test(what_comes_from_another_node_in_good_order_may_get_ready_for_it),
        cmocka_unit_test(what_a_dead_node_had_comes_at_once),
        cmocka_unit_test(what_has_to_go_at_once_may_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
