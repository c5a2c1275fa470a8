/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lives of nodes: what a generation and a number say about a message, and what
 * the core makes of beats, deaths, returns and its own lateness.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/base/time.h"
#include "tests/unit/hand_core.h"

#define BEAT "t=status|st=active|dt=1388|protocol=1"

static void arrivals_are_judged_by_generation_and_number(void **state)
{
    static const struct {
        uint64_t known;      /* generation */
        enum hb_status status;
        uint64_t newest;     /* beat and number */
        uint64_t generation, number;
        bool beat;
        enum hb_arrival arrival;
    } cases[] = {
        {0, HB_STATUS_INIT, 0, 7, 1, true, HB_ARRIVAL_FIRST},
        {0, HB_STATUS_DEAD, 0, 7, 900, false, HB_ARRIVAL_FIRST},
        {7, HB_STATUS_ACTIVE, 20, 7, 21, true, HB_ARRIVAL_PLAIN},
        {7, HB_STATUS_ACTIVE, 20, 7, 3, false, HB_ARRIVAL_PLAIN},
        {7, HB_STATUS_ACTIVE, 20, 6, 21, true, HB_ARRIVAL_REPLAY},
        {7, HB_STATUS_DEAD, 20, 6, 21, true, HB_ARRIVAL_REPLAY},
        {7, HB_STATUS_ACTIVE, 20, 8, 1, true, HB_ARRIVAL_RESTART},
        {7, HB_STATUS_DEAD, 20, 8, 1, false, HB_ARRIVAL_RESTART},
        {7, HB_STATUS_DEAD, 20, 7, 21, true, HB_ARRIVAL_RETURN},
        {7, HB_STATUS_DEAD, 20, 7, 20, true, HB_ARRIVAL_STALE},
        {7, HB_STATUS_DEAD, 20, 7, 5, true, HB_ARRIVAL_STALE},
        {7, HB_STATUS_DEAD, 20, 7, 21, false, HB_ARRIVAL_ABSENT},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct hb_node node = {.generation = cases[i].known,
                               .status = cases[i].status,
                               .status_number = cases[i].newest,
                               .seq = {.any = true, .last = cases[i].newest}};

        assert_int_equal(hb_node_judge(&node, cases[i].generation, cases[i].number,
                                       cases[i].beat),
                         cases[i].arrival);
    }
}

static void a_beat_counts_only_if_it_is_newer(void **state)
{
    struct hb_node node = {.status_number = 5};

    (void)state;
    assert_false(hb_node_beat(&node, 5, 1));
    assert_false(hb_node_beat(&node, 4, 1));
    assert_true(hb_node_beat(&node, 6, 1));
    assert_int_equal(node.beats, 1);
}

static void a_node_is_dead_at_its_last_beat_plus_its_own_dead_time(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_hear(hand, "t=status|st=active|dt=2328|protocol=1"); /* 9000 ms, ours is 5000 */
    hand_pass(hand, 8999);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
    hand_pass(hand, 1);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_DEAD);
    assert_true(hand_logged(hand, "node node2: is dead"));
    assert_true(hand_logged(hand, "asks to be counted dead after 9000 ms"));
    hand_free(hand);
}

static void other_messages_keep_a_link_up_but_not_a_node_alive(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    bool up;

    (void)state;
    hand_join(hand, "local");
    hand_pass(hand, 4000);
    hand_hear(hand, "t=NS_ackmsg|dest=node1|ackseq=1");
    hand_pass(hand, 1500);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_DEAD);
    assert_true(hb_core_link_status(hand->core, 1, "eth0", &up) && up);
    hand_pass(hand, 4000);
    assert_true(hb_core_link_status(hand->core, 1, "eth0", &up) && !up);
    assert_true(hand_logged(hand, "Link node2:eth0 dead."));
    hand_free(hand);
}

static void a_late_beat_is_warned_of(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_pass(hand, 3000);
    hand_hear(hand, BEAT);
    assert_true(hand_logged(hand, "Late heartbeat: Node node2: interval 3000 ms"));
    hand_free(hand);
}

static void an_earlier_life_is_refused_and_counted(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand->peer_generation--;
    hand_hear_numbered(hand, "t=shutdone|st=dead", 900);
    hand_hear_numbered(hand, "t=status|st=init|dt=1", 901);
    assert_int_equal(hand->core->counters.replayed, 2);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
    hand_pass(hand, 1000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_free(hand);
}

static void a_new_life_is_asked_for_its_first_messages(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    uint64_t first, last;

    (void)state;
    hand_join(hand, "local");
    hand->peer_generation++;
    hand->peer_number = 0;
    hand_hear_numbered(hand, "t=status|st=up|dt=1388|protocol=1", 4);
    assert_true(hand_logged(hand, "Heartbeat restart on node node2"));
    hand_forget(hand);
    hand_pass(hand, 260);
    assert_non_null(hand_sent(hand, "NS_rexmit"));
    assert_true(hb_msg_uint(hand_sent(hand, "NS_rexmit"), "firstseq", &first));
    assert_true(hb_msg_uint(hand_sent(hand, "NS_rexmit"), "lastseq", &last));
    assert_int_equal(first, 1);
    assert_int_equal(last, 3);
    hand_free(hand);
}

static void what_is_asked_for_is_sent_again_and_what_is_gone_refused(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    uint64_t number;

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    hand_hear(hand, "t=NS_rexmit|dest=node1|firstseq=2|lastseq=3");
    assert_int_equal(hand->sent->len, 2);
    assert_true(hb_msg_hex(g_ptr_array_index(hand->sent, 0), "seq", &number));
    assert_int_equal(number, 2);
    hand_hear(hand, "t=NS_rexmit|dest=node1|firstseq=2|lastseq=3");
    assert_int_equal(hand->sent->len, 2); /* a moment ago */
    hand_pass_beating(hand, 600000);
    hand_forget(hand);
    hand_hear(hand, "t=NS_rexmit|dest=node1|firstseq=5|lastseq=5");
    assert_string_equal(hb_msg_text(hand_sent(hand, "NS_nak_rexmit"), "info"), "seqno too low");
    assert_string_equal(hb_msg_text(hand_sent(hand, "NS_nak_rexmit"), "firstseq"), "5");
    hand_free(hand);
}

static void a_node_that_slept_gives_everybody_a_dead_time_of_grace(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand->now_ms += 60000; /* nobody called us */
    hand_pass(hand, 4900);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
    assert_true(hand_logged(hand, "this node was held up for"));
    hand_pass(hand, 200);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_DEAD);
    hand_free(hand);
}

static unsigned held_up_lines(const struct hand *hand)
{
    unsigned lines = 0;

    for (const char *at = hand->log->str; (at = strstr(at, "this node was held up for")) != NULL; at++)
        lines++;
    return lines;
}

static void being_held_up_again_and_again_is_said_in_few_lines(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    hand->now_ms += 3000;
    hand_pass(hand, 100);
    hand_hear(hand, BEAT);
    for (int i = 0; i < 3; i++) {
        hand->now_ms += 2500;
        hand_pass(hand, 100);
        hand_hear(hand, BEAT);
    }
    assert_int_equal(held_up_lines(hand), 1);
    hand->now_ms += 4500; /* longer is news */
    hand_pass(hand, 100);
    hand_hear(hand, BEAT);
    assert_int_equal(held_up_lines(hand), 2);
    assert_true(hand_logged(hand, "(3 times more since this was last said)"));
    hand_pass_beating(hand, 11000);
    hand->now_ms += 2500; /* and after a while it is news again */
    hand_pass(hand, 100);
    assert_int_equal(held_up_lines(hand), 3);
    hand_free(hand);
}

static void beats_keep_to_their_schedule(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    hand_pass_beating(hand, 100000);
    assert_int_equal(hand_count(hand, "status"), 100);
    hand_free(hand);
}

/* Just after a beat of ours. */
static struct hand *just_beaten(void)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    hand_join(hand, "local");
    hand_pass_beating(hand, 10000);
    do {
        hand_forget(hand);
        hand_pass(hand, 1);
    } while (hand_count(hand, "status") == 0);
    hand_forget(hand);
    return hand;
}

static void a_beat_goes_with_another_s_once_half_of_its_time_is_over(void **state)
{
    struct hand *hand = just_beaten();

    (void)state;
    hand_pass(hand, 499);
    hand_hear(hand, BEAT);
    assert_int_equal(hand_count(hand, "status"), 0);
    hand_pass(hand, 2);
    hand_hear(hand, BEAT);
    assert_int_equal(hand_count(hand, "status"), 1);
    for (int i = 0; i < 100; i++) { /* from then on it waits for theirs */
        hand_forget(hand);
        hand_pass(hand, 1000);
        assert_int_equal(hand_count(hand, "status"), 0);
        hand_hear(hand, BEAT);
        assert_int_equal(hand_count(hand, "status"), 1);
    }
    hand_free(hand);
}

static void who_goes_along_beats_alone_a_sixteenth_late_and_then_in_time(void **state)
{
    struct hand *hand = just_beaten();

    (void)state;
    hand_pass(hand, 600);
    hand_hear(hand, BEAT);
    hand_forget(hand);
    hand_pass(hand, 1062);
    assert_int_equal(hand_count(hand, "status"), 0);
    hand_pass(hand, 1);
    assert_int_equal(hand_count(hand, "status"), 1);
    hand_pass(hand, 1000);
    assert_int_equal(hand_count(hand, "status"), 2);
    hand_free(hand);
}

/* However often another beats, ours are half of keepalive apart. */
static void beats_of_a_flood_are_answered_by_twice_as_many_at_most(void **state)
{
    struct hand *hand = just_beaten();

    (void)state;
    for (int ms = 0; ms < 10000; ms++) {
        hand_pass(hand, 1);
        hand_hear(hand, BEAT);
    }
    assert_in_range(hand_count(hand, "status"), 10, 20);
    hand_free(hand);
}

static void who_has_not_been_heard_as_hearth_is_not(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    assert_false(hb_core_all_hearth(hand->core));
    hand_join(hand, "local");
    hand_hear(hand, BEAT);
    assert_false(hb_core_all_hearth(hand->core));
    hand_hear(hand, BEAT "|hearth=1|hstate=rs=stable");
    assert_true(hb_core_all_hearth(hand->core));
    hand_hear(hand, BEAT); /* and 3.0.6 is there again */
    assert_false(hb_core_all_hearth(hand->core));
    hand_free(hand);
}

static void what_hearth_nodes_send_is_acknowledged_with_a_beat(void **state)
{
    struct hand *hand = just_beaten();

    (void)state;
    for (int i = 0; i < 30; i++)
        hand_hear(hand, BEAT "|hearth=1|hstate=rs=stable");
    assert_int_equal(hand_count(hand, "NS_ackmsg"), 0);
    hand_forget(hand);
    hand_pass(hand, 1063);
    assert_true(hand_count(hand, "status") >= 1);
    assert_int_equal(hand_count(hand, "NS_ackmsg"), 1);
    hand_pass(hand, 2000); /* nothing more has come */
    assert_int_equal(hand_count(hand, "NS_ackmsg"), 1);
    hand_free(hand);
}

static void strangers_and_broken_messages_are_only_counted(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    hand_hear_numbered(hand, "x=y", 5000);
    hand_hear_numbered(hand, "t=status|st=active", 0);
    assert_int_equal(hand->core->counters.malformed, 2);
    assert_int_equal(hand->sent->len, 0);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrivals_are_judged_by_generation_and_number),
        cmocka_unit_test(a_beat_counts_only_if_it_is_newer),
        cmocka_unit_test(a_node_is_dead_at_its_last_beat_plus_its_own_dead_time),
        cmocka_unit_test(other_messages_keep_a_link_up_but_not_a_node_alive),
        cmocka_unit_test(a_late_beat_is_warned_of),
        cmocka_unit_test(an_earlier_life_is_refused_and_counted),
        cmocka_unit_test(a_new_life_is_asked_for_its_first_messages),
        cmocka_unit_test(what_is_asked_for_is_sent_again_and_what_is_gone_refused),
        cmocka_unit_test(a_node_that_slept_gives_everybody_a_dead_time_of_grace),
        cmocka_unit_test(being_held_up_again_and_again_is_said_in_few_lines),
        cmocka_unit_test(beats_keep_to_their_schedule),
        cmocka_unit_test(a_beat_goes_with_another_s_once_half_of_its_time_is_over),
        cmocka_unit_test(who_goes_along_beats_alone_a_sixteenth_late_and_then_in_time),
        cmocka_unit_test(beats_of_a_flood_are_answered_by_twice_as_many_at_most),
        cmocka_unit_test(who_has_not_been_heard_as_hearth_is_not),
        cmocka_unit_test(what_hearth_nodes_send_is_acknowledged_with_a_beat),
        cmocka_unit_test(strangers_and_broken_messages_are_only_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
