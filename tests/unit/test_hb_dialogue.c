/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a Heartbeat 3.0.6 node hears from us and what we make of what it says:
 * joining, deaths, farewells, standby, partitions. Its messages are written
 * here as it was seen to send them (doc/states.md).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/base/time.h"
#include "tests/unit/hand_core.h"

#define BEAT   "t=status|st=active|dt=1388|protocol=1"
#define STABLE "|rtype=full|isstable=1"

static void assert_field(const struct hb_msg *msg, const char *name, const char *value)
{
    assert_non_null(msg);
    assert_non_null(hb_msg_text(msg, name));
    assert_string_equal(hb_msg_text(msg, name), value);
}

static void assert_report(const struct hand *hand, const char *hold, const char *stable)
{
    assert_field(hand_sent(hand, "resource"), "rsc_hold", hold);
    assert_field(hand_sent(hand, "resource"), "rtype", "full");
    assert_field(hand_sent(hand, "resource"), "isstable", stable);
}

static void standard_fields_come_in_the_order_of_the_wire(void **state)
{
    static const char *const names[] = {"t",   "st",      "dt",  "protocol", "hearth", "hstate",
                                        "hlife", "src", "srcuuid", "seq", "hg", "ts", "ld",
                                        "ttl"};
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    const struct hb_msg *first;

    (void)state;
    hand_start(hand);
    first = g_ptr_array_index(hand->sent, 0);
    assert_int_equal(hb_msg_count(first), G_N_ELEMENTS(names));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        assert_string_equal(hb_msg_at(first, i)->name, names[i]);
    assert_field(first, "st", "init");
    assert_field(first, "dt", "1b58"); /* 7000 ms: two seconds more, for we have just begun */
    assert_field(first, "seq", "1");
    assert_field(first, "hg", "64");
    assert_field(first, "ttl", "3");
    assert_field(g_ptr_array_index(hand->sent, 1), "st", "up");
    hand_free(hand);
}

static void a_message_to_a_known_node_carries_its_uuid_and_no_number_if_ns(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    const struct hb_msg *ack;

    (void)state;
    hand_join(hand, "local");
    hand_pass_beating(hand, 12000);
    ack = hand_sent(hand, "NS_ackmsg");
    assert_field(ack, "dest", "node2");
    assert_string_equal(hb_msg_at(ack, 4)->name, "destuuid");
    assert_string_equal(hb_msg_at(ack, 5)->name, "src");
    assert_null(hb_msg_find(ack, "seq"));
    assert_null(hb_msg_find(ack, "ld"));
    assert_non_null(hb_msg_find(ack, "hg"));
    hand_free(hand);
}

static void it_asks_for_the_node_list_each_second_until_it_gets_it(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_start(hand);
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1");
    hand_pass(hand, 3500);
    assert_int_equal(hand_count(hand, "reqnodes"), 4);
    assert_int_equal(hand->core->status, HB_STATUS_UP);
    assert_null(hand_sent(hand, "starting"));
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    assert_int_equal(hand->core->status, HB_STATUS_ACTIVE);
    assert_non_null(hand_sent(hand, "starting"));
    hand_free(hand);
}

static void if_who_was_asked_dies_it_becomes_active_at_once(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_start(hand);
    hand_hear(hand, "t=status|st=init|dt=1388|protocol=1");
    assert_non_null(hand_sent(hand, "reqnodes"));
    hand_pass(hand, 5000);
    assert_int_equal(hand->core->status, HB_STATUS_ACTIVE);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_free(hand);
}

static void it_answers_with_a_node_list_in_every_state(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    const struct hb_msg *answer;

    (void)state;
    hand_start(hand);
    hand_hear(hand, "t=reqnodes|dest=node1");
    answer = hand_sent(hand, "repnodes");
    assert_field(answer, "dest", "node2");
    assert_field(answer, "nodelist", "node1 node2 ");
    assert_field(answer, "delnodelist", " ");
    assert_string_equal(hb_msg_at(answer, 0)->name, "dest");
    assert_string_equal(hb_msg_at(answer, 1)->name, "t");
    hand_free(hand);
}

static void next_to_a_stable_node_it_takes_its_own_at_once(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    assert_report(hand, "local", "1");
    assert_int_equal(hb_core_holding(hand->core), HB_HOLD_LOCAL);
    hand_free(hand);
}

static void what_the_stable_node_holds_is_left_to_it(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    (void)state;
    hand_join(hand, "all");
    hand_pass_beating(hand, 60000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    assert_report(hand, "none", "1");
    hand_free(hand);
}

static void when_both_start_they_wait_ten_seconds(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_start(hand);
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    hand_hear(hand, "t=starting");
    assert_report(hand, "none", "0");
    hand_pass_beating(hand, 9900);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_pass(hand, 200);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    assert_report(hand, "local", "1");
    hand_free(hand);
}

static void a_stable_node_answers_starting_with_what_it_holds(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    hand_hear(hand, "t=starting");
    assert_report(hand, "local", "1");
    hand_free(hand);
}

static void the_others_stability_is_answered_once(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_hear(hand, "t=starting");
    hand_forget(hand);
    hand_hear(hand, "t=resource|rsc_hold=local" STABLE);
    assert_int_equal(hand_count(hand, "resource"), 1);
    hand_hear(hand, "t=resource|rsc_hold=local" STABLE);
    assert_int_equal(hand_count(hand, "resource"), 1);
    hand_free(hand);
}

static void a_dead_nodes_groups_are_taken_and_reported(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_pass(hand, 5000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    assert_report(hand, "all", "1");
    assert_true(hand_logged(hand, "Resources being acquired from node2."));
    hand_free(hand);
}

static void it_fails_back_to_a_3_0_6_node_that_returns(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_pass(hand, 6000);
    hand->peer_generation++;
    hand->peer_number = 0;
    hand_hear(hand, "t=status|st=init|dt=1b58|protocol=1");
    hand_hear(hand, "t=status|st=up|dt=1b58|protocol=1");
    hand_hear(hand, "t=reqnodes|dest=node1");
    hand_hear(hand, BEAT);
    hand_hear(hand, "t=starting");
    assert_report(hand, "all", "1");
    hand_forget(hand);
    hand_hear(hand, "t=resource|rsc_hold=none" STABLE "|info=req_our_resources()");
    assert_report(hand, "all", "1");
    assert_field(hand_sent(hand, "ask_resources"), "info", "me");
    assert_field(hand_sent(hand, "ask_resources"), "rsc_hold", "foreign");
    hand_hear(hand, "t=ask_resources|rsc_hold=foreign|info=other");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    assert_field(hand_sent(hand, "ask_resources"), "info", "done");
    hand_hear(hand, "t=ask_resources|rsc_hold=foreign|info=done");
    hand_hear(hand, "t=resource|rsc_hold=local" STABLE);
    assert_report(hand, "local", "1");
    hand_pass_beating(hand, 60000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_free(hand);
}

/* It did not take its own group, so that fell to us. That was in a life of it that is over. */
static void what_failed_at_home_fails_back_when_home_has_begun_a_new_life(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "none");
    hand_pass_beating(hand, 10000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    assert_int_equal(hand->core->groups[1].why, HB_WHY_FAILED);
    hand_pass_beating(hand, 120000);
    assert_int_equal(hand_count(hand, "ask_resources"), 0);
    hand_hear(hand, "t=resource|rsc_hold=none|rtype=full|isstable=0|info=shutdown");
    hand_hear(hand, "t=shutdone|st=dead");
    hand->peer_generation++;
    hand->peer_number = 0;
    hand_hear(hand, "t=status|st=up|dt=1b58|protocol=1");
    hand_hear(hand, "t=reqnodes|dest=node1");
    hand_hear(hand, BEAT);
    hand_hear(hand, "t=starting");
    hand_forget(hand);
    hand_hear(hand, "t=resource|rsc_hold=none" STABLE "|info=req_our_resources()");
    assert_field(hand_sent(hand, "ask_resources"), "info", "me");
    assert_field(hand_sent(hand, "ask_resources"), "rsc_hold", "foreign");
    hand_free(hand);
}

static void an_orderly_farewell_is_acted_on_at_once_and_not_sooner(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_hear(hand, "t=resource|rsc_hold=none|rtype=full|isstable=0|info=shutdown");
    hand_pass(hand, 900);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED); /* it is still stopping */
    hand_hear(hand, "t=shutdone|st=dead");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    assert_report(hand, "all", "1");
    hand_forget(hand);
    hand_pass(hand, 10000);
    assert_true(hand_logged(hand, "Dead node node2 gave up resources."));
    hand_free(hand);
}

/* It was told "none" of node2's group; that node2 has taken it since was lost on the way. */
static void where_something_was_lost_before_a_farewell_it_may_have_taken_all(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_start(hand);
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    hand_hear(hand, "t=resource|rsc_hold=none" STABLE);
    hand->peer_number++;
    hand_hear(hand, "t=resource|rsc_hold=none|rtype=full|isstable=0|info=shutdown");
    hand_pass(hand, 900);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_hear(hand, "t=shutdone|st=dead");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_free(hand);
}

static void leaving_says_none_then_stops_then_says_goodbye(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand->answer_ops = false;
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    assert_report(hand, "none", "0");
    assert_field(hand_sent(hand, "resource"), "info", "shutdown");
    assert_null(hand_sent(hand, "shutdone"));
    hand_op_done(hand, 0, HB_OP_OK); /* the script */
    assert_null(hand_sent(hand, "shutdone"));
    hand_op_done(hand, 0, HB_OP_OK); /* the address */
    assert_field(hand_sent(hand, "shutdone"), "st", "dead");
    assert_false(hand->stopped);
    hand_forget(hand);
    hand_pass(hand, 1000);
    assert_non_null(hand_sent(hand, "status")); /* beating to the end */
    assert_true(hand->stopped);
    hand_free(hand);
}

static void who_has_left_says_nothing_more(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    hand_forget(hand);
    hand->core->next_beat_ns += 10 * HA_NS_PER_S;
    hand->core->word_ns = hand->core->wait_ns; /* an extra beat, at the very moment of the end */
    hand_pass(hand, 1000);
    assert_true(hand->stopped);
    assert_int_equal(hand->sent->len, 0);
    hand_free(hand);
}

static void a_3_0_6_node_may_go_standby(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    hand_hear(hand, "t=ask_resources|rsc_hold=all|info=me");
    assert_field(hand_sent(hand, "ask_resources"), "info", "other");
    assert_field(hand_sent(hand, "ask_resources"), "rsc_hold", "all");
    hand_hear(hand, "t=resource|rsc_hold=none|rtype=full|isstable=0|info=standby");
    hand_pass(hand, 900);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_hear(hand, "t=ask_resources|rsc_hold=all|info=done");
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    assert_field(hand_sent(hand, "ask_resources"), "info", "done");
    assert_report(hand, "all", "1");
    hand_hear(hand, "t=resource|rsc_hold=none" STABLE);
    hand_pass_beating(hand, 60000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_free(hand);
}

static void we_may_go_standby_to_a_3_0_6_node(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_LOCAL);
    assert_field(hand_sent(hand, "ask_resources"), "info", "me");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_hear(hand, "t=ask_resources|rsc_hold=local|info=other");
    assert_field(hand_sent(hand, "resource"), "info", "standby");
    assert_report(hand, "none", "0");
    assert_field(hand_sent(hand, "ask_resources"), "info", "done");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_hear(hand, "t=ask_resources|rsc_hold=local|info=done");
    assert_report(hand, "none", "1");
    hand_hear(hand, "t=resource|rsc_hold=all" STABLE);
    hand_pass_beating(hand, 60000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_free(hand);
}

/* Reordered, or sent again: what it held before it had taken is no news afterwards. */
static void after_a_standby_an_older_report_is_not_believed(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);
    uint64_t late;

    (void)state;
    hand_join(hand, "local");
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_LOCAL);
    hand_hear(hand, "t=ask_resources|rsc_hold=local|info=other");
    late = ++hand->peer_number;
    hand_hear(hand, "t=ask_resources|rsc_hold=local|info=done");
    hand_hear_numbered(hand, "t=resource|rsc_hold=local" STABLE, late);
    hand_pass_beating(hand, 60000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_free(hand);
}

/* It asked, did not hear our answer in time, and went on: it gives nothing any more. */
static void a_promise_to_a_node_that_stays_stable_ends(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    (void)state;
    hand_join(hand, "local");
    hand_hear(hand, "t=ask_resources|rsc_hold=all|info=me");
    hand_pass_beating(hand, 20000);
    assert_int_equal(hand->core->standby.phase, HB_HANDOVER_PROMISED);
    hand_hear(hand, "t=resource|rsc_hold=local" STABLE);
    hand_pass_beating(hand, 11000);
    assert_int_equal(hand->core->standby.phase, HB_HANDOVER_NONE);
    hand_free(hand);
}

static void an_unanswered_standby_is_cancelled_after_ten_seconds(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_ALL);
    hand_pass_beating(hand, 9000);
    assert_int_equal(hb_core_holding(hand->core), HB_HOLD_TRANSITION);
    hand_pass_beating(hand, 1000);
    hand_pass(hand, 1);
    assert_true(hand_logged(hand, "No reply to standby request."));
    assert_int_equal(hb_core_holding(hand->core), HB_HOLD_LOCAL);
    hand_free(hand);
}

static void a_second_standby_is_ignored_while_one_is_under_way(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_ALL);
    hand_forget(hand);
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_LOCAL);
    hand_hear(hand, "t=ask_resources|rsc_hold=all|info=me");
    assert_null(hand_sent(hand, "ask_resources"));
    assert_true(hand_logged(hand, "Standby in progress - new request from node2 ignored"));
    hand_free(hand);
}

static void a_takeover_by_the_other_is_a_standby_of_the_opposite_here(void **state)
{
    static const struct {
        const char *they, *we;
    } cases[] = {{"all", "all"}, {"local", "foreign"}, {"foreign", "local"}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct hand *hand = hand_new(HB_FAILBACK_ON);
        char *fields = g_strdup_printf("t=hb_takeover|rsc_hold=%s", cases[i].they);

        hand_join(hand, "local");
        hand_hear(hand, fields);
        assert_field(hand_sent(hand, "ask_resources"), "info", "me");
        assert_field(hand_sent(hand, "ask_resources"), "rsc_hold", cases[i].we);
        g_free(fields);
        hand_free(hand);
    }
}

static void a_3_0_6_node_that_restarts_at_once_keeps_what_it_had_until_it_tells(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    (void)state;
    hand_join(hand, "all");
    hand->peer_generation++;
    hand->peer_number = 0;
    hand_hear(hand, "t=status|st=init|dt=1b58|protocol=1");
    hand_hear(hand, "t=status|st=up|dt=1b58|protocol=1");
    hand_hear(hand, BEAT);
    hand_hear(hand, "t=starting");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_hear(hand, "t=resource|rsc_hold=local" STABLE "|info=req_our_resources()");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_free(hand);
}

/* Resent or reordered, an old report must not undo a newer one. */
static void an_old_report_does_not_undo_a_newer_one(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);
    uint64_t late;

    (void)state;
    hand_join(hand, "all");
    late = ++hand->peer_number;
    hand_hear(hand, "t=resource|rsc_hold=all" STABLE);
    hand_hear_numbered(hand, "t=resource|rsc_hold=none" STABLE, late);
    hand_pass_beating(hand, 30000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_fields_come_in_the_order_of_the_wire),
        cmocka_unit_test(a_message_to_a_known_node_carries_its_uuid_and_no_number_if_ns),
        cmocka_unit_test(it_asks_for_the_node_list_each_second_until_it_gets_it),
        cmocka_unit_test(if_who_was_asked_dies_it_becomes_active_at_once),
        cmocka_unit_test(it_answers_with_a_node_list_in_every_state),
        cmocka_unit_test(next_to_a_stable_node_it_takes_its_own_at_once),
        cmocka_unit_test(what_the_stable_node_holds_is_left_to_it),
        cmocka_unit_test(when_both_start_they_wait_ten_seconds),
        cmocka_unit_test(a_stable_node_answers_starting_with_what_it_holds),
        cmocka_unit_test(the_others_stability_is_answered_once),
        cmocka_unit_test(a_dead_nodes_groups_are_taken_and_reported),
        cmocka_unit_test(it_fails_back_to_a_3_0_6_node_that_returns),
        cmocka_unit_test(what_failed_at_home_fails_back_when_home_has_begun_a_new_life),
        cmocka_unit_test(an_orderly_farewell_is_acted_on_at_once_and_not_sooner),
        cmocka_unit_test(where_something_was_lost_before_a_farewell_it_may_have_taken_all),
        cmocka_unit_test(leaving_says_none_then_stops_then_says_goodbye),
        cmocka_unit_test(who_has_left_says_nothing_more),
        cmocka_unit_test(a_3_0_6_node_may_go_standby),
        cmocka_unit_test(we_may_go_standby_to_a_3_0_6_node),
        cmocka_unit_test(after_a_standby_an_older_report_is_not_believed),
        cmocka_unit_test(a_promise_to_a_node_that_stays_stable_ends),
        cmocka_unit_test(an_unanswered_standby_is_cancelled_after_ten_seconds),
        cmocka_unit_test(a_second_standby_is_ignored_while_one_is_under_way),
        cmocka_unit_test(a_takeover_by_the_other_is_a_standby_of_the_opposite_here),
        cmocka_unit_test(a_3_0_6_node_that_restarts_at_once_keeps_what_it_had_until_it_tells),
        cmocka_unit_test(an_old_report_does_not_undo_a_newer_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
