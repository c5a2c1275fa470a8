/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces without a link, and what follows for groups (heartbeatd/core/carrier.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/hand_core.h"

/* The word of node2, a Hearth node, that has seen all we said; lacking: its groups without link. */
static void hear_word(struct hand *hand, const char *groups, const char *lacking)
{
    char *fields = g_strdup_printf(
        "t=status|st=active|dt=1388|protocol=1|hearth=1|"
        "hstate=rs=stable fb=on ho=none rd=%x rh=all tr=1 g=%s%s%s seen=node1:64:%x,",
        hand->core->digest, groups, *lacking ? " nl=" : "", lacking,
        (unsigned)hand->core->number);

    hand_hear(hand, fields);
    g_free(fields);
}

static void pass_hearing(struct hand *hand, unsigned seconds, const char *groups,
                         const char *lacking)
{
    for (; seconds > 0; seconds--) {
        hand_pass(hand, 1000);
        hear_word(hand, groups, lacking);
    }
}

/* Stable beside a stable Hearth node; each has its own group. */
static struct hand *pair(enum hb_failback failback)
{
    struct hand *hand = hand_new(failback);

    hand_start(hand);
    hear_word(hand, "03", "");
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    pass_hearing(hand, 8, "03", "");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_forget(hand);
    return hand;
}

static bool we_say(const struct hand *hand, const char *text)
{
    const struct hb_msg *beat = hand_sent(hand, "status");

    return beat != NULL && strstr(hb_msg_text(beat, "hstate"), text) != NULL;
}

static void a_lost_link_is_said_at_once_and_moves_the_group_after_a_pause(void **state)
{
    struct hand *hand = pair(HB_FAILBACK_ON);

    (void)state;
    hand_carrier(hand, 0, false);
    hand_pass(hand, 100);
    assert_true(we_say(hand, " nl=10 "));
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_pass(hand, 899);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_pass(hand, 1);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    pass_hearing(hand, 1, "33", "");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_free(hand);
}

static void a_link_that_is_back_in_time_moves_nothing(void **state)
{
    struct hand *hand = pair(HB_FAILBACK_ON);

    (void)state;
    hand_carrier(hand, 0, false);
    hand_pass(hand, 900);
    hand_carrier(hand, 0, true);
    pass_hearing(hand, 10, "03", "");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

static void a_short_loss_counts_only_the_second_time(void **state)
{
    struct hand *hand = pair(HB_FAILBACK_ON);

    (void)state;
    hand_carrier(hand, 0, false);
    hand_pass(hand, 500);
    hand_carrier(hand, 0, true);
    pass_hearing(hand, 1, "03", "");
    assert_false(we_say(hand, " nl="));
    hand_carrier(hand, 0, false);
    hand_pass(hand, 500);
    hand_carrier(hand, 0, true);
    pass_hearing(hand, 9, "03", "");
    assert_true(we_say(hand, " nl="));
    pass_hearing(hand, 2, "03", "");
    assert_false(we_say(hand, " nl="));
    hand_free(hand);
}

static void where_nobody_is_better_off_it_stays(void **state)
{
    struct hand *hand = pair(HB_FAILBACK_ON);

    (void)state;
    hear_word(hand, "03", "10"); /* the switch is gone: neither has a link */
    hand_carrier(hand, 0, false);
    pass_hearing(hand, 20, "03", "10");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    pass_hearing(hand, 1, "03", ""); /* until it has one */
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_free(hand);
}

static void alone_it_stays(void **state)
{
    struct hand *hand = pair(HB_FAILBACK_ON);

    (void)state;
    hand_pass(hand, 20000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_carrier(hand, 0, false);
    hand_pass(hand, 20000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

static void we_take_what_another_has_no_link_for_and_return_it(void **state)
{
    struct hand *hand = pair(HB_FAILBACK_ON);

    (void)state;
    pass_hearing(hand, 1, "03", "01");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED); /* it still has it */
    pass_hearing(hand, 2, "00", "01");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    pass_hearing(hand, 5, "00", "01");
    assert_null(hand_sent(hand, "ask_resources"));
    pass_hearing(hand, 2, "00", "");
    assert_non_null(hand_sent(hand, "ask_resources"));
    assert_string_equal(hb_msg_text(hand_sent(hand, "ask_resources"), "rsc_hold"), "foreign");
    hand_free(hand);
}

static void without_failback_it_does_not_return(void **state)
{
    struct hand *hand = pair(HB_FAILBACK_OFF);

    (void)state;
    pass_hearing(hand, 3, "00", "01");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    pass_hearing(hand, 30, "00", "");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    assert_null(hand_sent(hand, "ask_resources"));
    hand_free(hand);
}

static void a_link_that_came_back_counts_later_each_time(void **state)
{
    static const unsigned waits_ms[] = {5000, 10000, 20000, 40000};
    struct hand *hand = pair(HB_FAILBACK_ON);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(waits_ms); i++) {
        hand_carrier(hand, 0, false);
        pass_hearing(hand, 2, "33", "");
        hand_carrier(hand, 0, true);
        for (unsigned ms = 1000; ms < waits_ms[i]; ms += 1000) {
            pass_hearing(hand, 1, "33", "");
            assert_true(we_say(hand, " nl=10 "));
        }
        pass_hearing(hand, 2, "33", "");
        assert_false(we_say(hand, " nl="));
    }
    hand_free(hand);
}

static void a_standby_that_we_have_no_link_for_is_not_accepted(void **state)
{
    struct hand *hand = pair(HB_FAILBACK_ON);

    (void)state;
    hand_carrier(hand, 1, false);
    hand_hear(hand, "t=ask_resources|info=me|rsc_hold=local");
    assert_null(hand_sent(hand, "ask_resources"));
    assert_true(hand_logged(hand, "standby ignored: there is no link here"));
    hear_word(hand, "03", "01"); /* neither has one: let the operator have his way */
    hand_hear(hand, "t=ask_resources|info=me|rsc_hold=local");
    assert_non_null(hand_sent(hand, "ask_resources"));
    hand_free(hand);
}

/* ---- beside a 3.0.6 node ---- */

static void a_classic_node_is_given_it_in_a_standby_and_asked_for_it_back(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_forget(hand);
    hand_carrier(hand, 0, false);
    hand_pass(hand, 1000);
    assert_string_equal(hb_msg_text(hand_sent(hand, "ask_resources"), "info"), "me");
    assert_string_equal(hb_msg_text(hand_sent(hand, "ask_resources"), "rsc_hold"), "local");
    hand_hear(hand, "t=ask_resources|info=other|rsc_hold=local");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_hear(hand, "t=ask_resources|info=done|rsc_hold=local");
    hand_hear(hand, "t=resource|rsc_hold=all|rtype=full|isstable=1");
    hand_pass_beating(hand, 5000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    assert_null(hand_sent(hand, "hb_takeover"));
    hand_carrier(hand, 0, true);
    hand_pass_beating(hand, 6000);
    assert_string_equal(hb_msg_text(hand_sent(hand, "hb_takeover"), "rsc_hold"), "local");
    hand_free(hand);
}

static void a_classic_node_that_does_not_answer_is_not_pestered(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    hand_carrier(hand, 0, false);
    hand_pass_beating(hand, 300000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_in_range(hand_count(hand, "ask_resources"), 4, 12);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_link_is_said_at_once_and_moves_the_group_after_a_pause),
        cmocka_unit_test(a_link_that_is_back_in_time_moves_nothing),
        cmocka_unit_test(a_short_loss_counts_only_the_second_time),
        cmocka_unit_test(where_nobody_is_better_off_it_stays),
        cmocka_unit_test(alone_it_stays),
        cmocka_unit_test(we_take_what_another_has_no_link_for_and_return_it),
        cmocka_unit_test(without_failback_it_does_not_return),
        cmocka_unit_test(a_link_that_came_back_counts_later_each_time),
        cmocka_unit_test(a_standby_that_we_have_no_link_for_is_not_accepted),
        cmocka_unit_test(a_classic_node_is_given_it_in_a_standby_and_asked_for_it_back),
        cmocka_unit_test(a_classic_node_that_does_not_answer_is_not_pestered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
