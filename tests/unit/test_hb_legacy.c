/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One group at a time: legacy mode beside a 3.0.6 node, an operator's wishes, and injected messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/hand_core.h"

#define OURS   0
#define THEIRS 1

static int begin_legacy(void **state)
{
    *state = hand_new(HB_FAILBACK_LEGACY);
    return 0;
}

static int begin_nice(void **state)
{
    *state = hand_new(HB_FAILBACK_ON);
    hand_join(*state, "local");
    hand_forget(*state);
    return 0;
}

static int end(void **state)
{
    hand_free(*state);
    return 0;
}

static void beat(struct hand *hand)
{
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
}

/* Active beside an active peer. */
static void become_active(struct hand *hand)
{
    hand_start(hand);
    beat(hand);
    hand_pass(hand, 100);
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
}

static void alone(struct hand *hand)
{
    hand_start(hand);
    hand_pass(hand, 16000);
}

/* The other starts while we hold everything. */
static void joins(struct hand *hand)
{
    hand_hear(hand, "t=status|st=init|dt=1388|protocol=1");
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1");
    hand_hear(hand, "t=reqnodes|dest=node1");
    beat(hand);
}

static void assert_field(const struct hb_msg *msg, const char *name, const char *value)
{
    assert_non_null(msg);
    assert_string_equal(hb_msg_text(msg, name), value);
}

static void assert_groups(const struct hand *hand, enum hb_group_state ours,
                          enum hb_group_state theirs)
{
    assert_string_equal(hb_group_state_name(hand_group(hand, OURS)), hb_group_state_name(ours));
    assert_string_equal(hb_group_state_name(hand_group(hand, THEIRS)), hb_group_state_name(theirs));
}

/* ---- how a new life of the other begins ---- */

static void a_node_that_starts_hears_first_that_we_are_active(void **state)
{
    struct hand *hand = *state;

    alone(hand);
    hand_forget(hand);
    joins(hand);
    assert_true(hand->sent->len > 1);
    assert_field(g_ptr_array_index(hand->sent, 0), "t", "status");
    assert_field(g_ptr_array_index(hand->sent, 0), "st", "active");
    assert_int_equal(hand_count(hand, "status"), 1);
}

/* ---- we ask ---- */

static void an_active_node_asks_for_its_own_groups(void **state)
{
    struct hand *hand = *state;

    become_active(hand);
    assert_field(hand_sent(hand, "ip-request"), "ipaddr", "10.0.0.1");
    assert_int_equal(hand_count(hand, "ip-request"), 1);
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_STOPPED);
}

static void nothing_of_the_other_dialogue_is_said(void **state)
{
    struct hand *hand = *state;

    become_active(hand);
    hand_hear(hand, "t=starting");
    hand_pass_beating(hand, 20000);
    assert_int_equal(hand_count(hand, "starting"), 0);
    assert_int_equal(hand_count(hand, "resource"), 0);
}

static void it_takes_them_when_the_other_has_answered(void **state)
{
    struct hand *hand = *state;

    become_active(hand);
    hand_hear(hand, "t=ip-request-resp|dest=node1|ipaddr=10.0.0.1|weown=yes|ok=OK");
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
}

static void an_answer_to_another_or_not_ok_is_none(void **state)
{
    struct hand *hand = *state;

    become_active(hand);
    hand_hear(hand, "t=ip-request-resp|dest=node3|ipaddr=10.0.0.1|weown=yes|ok=OK");
    hand_hear(hand, "t=ip-request-resp|dest=node1|ipaddr=10.0.0.1|weown=yes|ok=DENY");
    hand_hear(hand, "t=ip-request-resp|dest=node1|ipaddr=10.0.0.9|weown=yes|ok=OK");
    hand_hear(hand, "t=ip-request-resp|dest=node1|ok=OK");
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_STOPPED);
}

static void who_does_not_answer_is_asked_again(void **state)
{
    struct hand *hand = *state;

    become_active(hand);
    hand_pass_beating(hand, 11000);
    assert_int_equal(hand_count(hand, "ip-request"), 3);
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_STOPPED);
}

static void a_node_that_is_not_active_yet_is_not_asked(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1");
    hand_pass(hand, 100);
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    hand_pass(hand, 1000);
    assert_int_equal(hand_count(hand, "ip-request"), 0);
    beat(hand);
    assert_int_equal(hand_count(hand, "ip-request"), 1);
}

static void alone_a_node_takes_everything_unasked(void **state)
{
    struct hand *hand = *state;

    alone(hand);
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_HELD);
    assert_int_equal(hand_count(hand, "ip-request"), 0);
    assert_int_equal(hb_core_holding(hand->core), HB_HOLD_NONE); /* what 3.0.6 says */
}

/* ---- we are asked ---- */

static void what_is_asked_for_is_released_and_then_the_answer_given(void **state)
{
    struct hand *hand = *state;

    alone(hand);
    joins(hand);
    hand_forget(hand);
    hand->answer_ops = false;
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.2");
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPING);
    assert_null(hand_sent(hand, "ip-request-resp"));
    hand_op_done(hand, 0, HB_OP_OK);
    assert_field(hand_sent(hand, "ip-request-resp"), "weown", "yes");
    assert_field(hand_sent(hand, "ip-request-resp"), "dest", "node2");
    assert_field(hand_sent(hand, "ip-request-resp"), "ipaddr", "10.0.0.2");
    assert_field(hand_sent(hand, "ip-request-resp"), "ok", "OK");
    hand_pass_beating(hand, 30000);
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
}

static void what_is_not_held_is_answered_at_once(void **state)
{
    struct hand *hand = *state;

    become_active(hand);
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.2");
    assert_field(hand_sent(hand, "ip-request-resp"), "weown", "no");
    hand_forget(hand);
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.77");
    assert_field(hand_sent(hand, "ip-request-resp"), "weown", "no");
    hand_forget(hand);
    hand_hear(hand, "t=ip-request");
    assert_null(hand_sent(hand, "ip-request-resp"));
}

static void even_a_group_of_our_own_goes_and_does_not_return_by_itself(void **state)
{
    struct hand *hand = *state;

    alone(hand);
    joins(hand);
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.1");
    assert_field(hand_sent(hand, "ip-request-resp"), "weown", "yes");
    hand_pass_beating(hand, 20000);
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_HELD);
}

static void what_was_lent_comes_back_when_the_other_dies(void **state)
{
    struct hand *hand = *state;

    alone(hand);
    joins(hand);
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.2");
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
    hand_pass(hand, 6000);
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_HELD);
}

static void or_when_it_leaves_in_good_order(void **state)
{
    struct hand *hand = *state;

    alone(hand);
    joins(hand);
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.2");
    hand_hear(hand, "t=shutdone|st=dead");
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_HELD);
}

static void after_its_answer_a_restarted_peer_asks_and_gets_its_own(void **state)
{
    struct hand *hand = *state;

    become_active(hand);
    hand_hear(hand, "t=ip-request-resp|dest=node1|ipaddr=10.0.0.1|weown=yes|ok=OK");
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.2");
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
    hand_pass(hand, 7000);
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_HELD);
    hand->peer_generation++;
    hand->peer_number = 0;
    joins(hand);
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.2");
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
}

static void there_is_no_standby(void **state)
{
    struct hand *hand = *state;

    become_active(hand);
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_ALL);
    assert_true(hand_logged(hand, "there is none with auto_failback legacy"));
    hand_hear(hand, "t=ask_resources|info=me|rsc_hold=all");
    assert_int_equal(hand_count(hand, "ask_resources"), 0);
}

static void an_orderly_stop_says_only_shutdone(void **state)
{
    struct hand *hand = *state;

    alone(hand);
    hand_forget(hand);
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    hand_pass(hand, 2000);
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_STOPPED);
    assert_int_equal(hand_count(hand, "shutdone"), 1);
    assert_int_equal(hand_count(hand, "resource"), 0);
    assert_true(hand->stopped);
}

static void who_was_told_to_stop_does_not_begin_when_the_others_die(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1");
    hand_operator(hand, HB_EV_STOP, HB_WHAT_ALL);
    hand_pass(hand, 20000);
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_STOPPED);
    assert_true(hand->stopped);
}

static void what_was_lent_to_a_node_that_restarts_is_ours_again(void **state)
{
    struct hand *hand = *state;

    alone(hand);
    joins(hand);
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.1");
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_HELD);
    hand->peer_generation++;
    hand->peer_number = 0;
    joins(hand);
    assert_string_equal(hb_msg_text(hand_sent(hand, "ip-request"), "ipaddr"), "10.0.0.1");
}

static void in_the_other_modes_requests_are_answered_too(void **state)
{
    struct hand *hand = *state;

    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.1");
    assert_field(hand_sent(hand, "ip-request-resp"), "weown", "yes");
    hand_pass_beating(hand, 20000);
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_STOPPED);
}

/* ---- wishes ---- */

static void a_group_given_up_stays_down_and_counts_as_ours(void **state)
{
    struct hand *hand = *state;

    hand_wish(hand, OURS, HB_WISH_GIVE);
    hand_pass_beating(hand, 30000);
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_STOPPED);
    assert_int_equal(hb_core_holding(hand->core), HB_HOLD_LOCAL);
    hand_wish(hand, OURS, HB_WISH_TAKE);
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
}

static void a_group_that_is_not_held_cannot_be_given_up(void **state)
{
    struct hand *hand = *state;

    hand_wish(hand, THEIRS, HB_WISH_GIVE);
    hand_pass(hand, 10000); /* node2 dies */
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_HELD);
}

static void a_group_that_another_has_is_not_taken(void **state)
{
    struct hand *hand = *state;

    assert_string_equal(hb_core_group_elsewhere(hand->core, THEIRS), "node2");
    hand_wish(hand, THEIRS, HB_WISH_TAKE);
    hand_pass_beating(hand, 10000);
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
    assert_int_equal(hand_count(hand, "ip-request"), 0);
}

static void what_was_lent_is_not_taken_back_by_a_script_that_comes_late(void **state)
{
    struct hand *hand = *state;

    hand_hear(hand, "t=ip-request|ipaddr=10.0.0.1");
    hand_wish(hand, OURS, HB_WISH_TAKE);
    hand_pass_beating(hand, 10000);
    assert_groups(hand, HB_GROUP_STOPPED, HB_GROUP_STOPPED);
}

static void a_wish_does_not_outlive_its_time(void **state)
{
    struct hand *hand = *state;

    hand_wish(hand, THEIRS, HB_WISH_SEEK);
    hand_pass_beating(hand, 62000);
    hand_forget(hand);
    hand_hear(hand, "t=ip-request-resp|dest=node1|ipaddr=10.0.0.2|weown=yes|ok=OK");
    hand_pass_beating(hand, 1000);
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
    assert_int_equal(hand_count(hand, "ip-request"), 0);
}

static void but_it_can_be_sought(void **state)
{
    struct hand *hand = *state;

    hand_wish(hand, THEIRS, HB_WISH_SEEK);
    assert_field(hand_sent(hand, "ip-request"), "ipaddr", "10.0.0.2");
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
    hand_hear(hand, "t=ip-request-resp|dest=node1|ipaddr=10.0.0.2|weown=yes|ok=OK");
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_HELD);
}

/* ---- injected ---- */

static void what_scripts_say_goes_out_with_the_standard_fields_and_is_heard_here(void **state)
{
    struct hand *hand = *state;

    g_string_truncate(hand->told, 0);
    hand_inject(hand, "t=custom|colour=red|src=node2|seq=99|hstate=x|auth=y");
    assert_field(hand_sent(hand, "custom"), "colour", "red");
    assert_field(hand_sent(hand, "custom"), "src", "node1");
    assert_null(hb_msg_find(hand_sent(hand, "custom"), "hstate"));
    assert_null(hb_msg_find(hand_sent(hand, "custom"), "auth"));
    assert_string_equal(hand->told->str, "heard custom; ");
    hand_hear(hand, "t=custom|colour=red");
    hand_hear(hand, "t=custom|colour=red|dest=node3");
    assert_string_equal(hand->told->str, "heard custom; heard custom; ");
}

static void nobody_speaks_for_the_core(void **state)
{
    static const char *const lies[] = {
        "t=status|st=dead", "t=starting", "t=shutdone|st=dead", "t=NS_ackmsg|ackseq=1",
        "t=resource|rsc_hold=foreign|info=mach_down", "t=repnodes|nodelist=node1 ", "t=reqnodes",
        "t=ask_resources|info=done|rsc_hold=all", "t=ask_resources|info=me|rsc_hold=some",
        "t=ip-request-resp|dest=node2|ipaddr=10.0.0.2|weown=no|ok=OK", "t=", "x=y",
        "t=ip-request|ipaddr=10.0.0.77",
    };
    struct hand *hand = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(lies); i++)
        hand_inject(hand, lies[i]);
    assert_int_equal(hand->sent->len, 0);
}

static void the_words_of_old_scripts_are_wishes(void **state)
{
    struct hand *hand = *state;

    hand_inject(hand, "t=ask_resources|info=me|rsc_hold=local");
    assert_field(hand_sent(hand, "ask_resources"), "rsc_hold", "local");
    hand_inject(hand, "t=hb_takeover|rsc_hold=foreign");
    assert_field(hand_sent(hand, "hb_takeover"), "rsc_hold", "foreign");
    hand_inject(hand, "t=ip-request|ipaddr=10.0.0.2");
    assert_field(hand_sent(hand, "ip-request"), "ipaddr", "10.0.0.2");
}

static void a_takeover_that_does_not_say_of_what_is_of_all(void **state)
{
    struct hand *hand = *state;

    hand_inject(hand, "t=hb_takeover");
    assert_field(hand_sent(hand, "hb_takeover"), "rsc_hold", "all");
}

static void an_old_script_that_answers_itself_takes_the_group(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "none");
    hand_wish(hand, THEIRS, HB_WISH_GIVE);
    hand_pass_beating(hand, 1000);
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_STOPPED);
    hand_inject(hand, "t=ip-request-resp|dest=node1|ipaddr=10.0.0.2|weown=no|ok=OK");
    hand_pass_beating(hand, 1000);
    assert_groups(hand, HB_GROUP_HELD, HB_GROUP_HELD);
    hand_free(hand);
}

#define LEGACY(NAME) cmocka_unit_test_setup_teardown(NAME, begin_legacy, end)
#define NICE(NAME)   cmocka_unit_test_setup_teardown(NAME, begin_nice, end)

int main(void)
{
    const struct CMUnitTest cases[] = {
        LEGACY(a_node_that_starts_hears_first_that_we_are_active),
        LEGACY(an_active_node_asks_for_its_own_groups),
        LEGACY(nothing_of_the_other_dialogue_is_said),
        LEGACY(it_takes_them_when_the_other_has_answered),
        LEGACY(an_answer_to_another_or_not_ok_is_none),
        LEGACY(who_does_not_answer_is_asked_again),
        LEGACY(a_node_that_is_not_active_yet_is_not_asked),
        LEGACY(alone_a_node_takes_everything_unasked),
        LEGACY(what_is_asked_for_is_released_and_then_the_answer_given),
        LEGACY(what_is_not_held_is_answered_at_once),
        LEGACY(even_a_group_of_our_own_goes_and_does_not_return_by_itself),
        LEGACY(what_was_lent_comes_back_when_the_other_dies),
        LEGACY(or_when_it_leaves_in_good_order),
        LEGACY(after_its_answer_a_restarted_peer_asks_and_gets_its_own),
        LEGACY(there_is_no_standby),
        LEGACY(an_orderly_stop_says_only_shutdone),
        LEGACY(who_was_told_to_stop_does_not_begin_when_the_others_die),
        LEGACY(what_was_lent_to_a_node_that_restarts_is_ours_again),
        NICE(in_the_other_modes_requests_are_answered_too),
        NICE(a_group_given_up_stays_down_and_counts_as_ours),
        NICE(a_group_that_is_not_held_cannot_be_given_up),
        NICE(a_group_that_another_has_is_not_taken),
        NICE(but_it_can_be_sought),
        NICE(what_was_lent_is_not_taken_back_by_a_script_that_comes_late),
        NICE(a_wish_does_not_outlive_its_time),
        NICE(what_scripts_say_goes_out_with_the_standard_fields_and_is_heard_here),
        NICE(nobody_speaks_for_the_core),
        NICE(the_words_of_old_scripts_are_wishes),
        NICE(a_takeover_that_does_not_say_of_what_is_of_all),
        cmocka_unit_test(an_old_script_that_answers_itself_takes_the_group),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
