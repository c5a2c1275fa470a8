/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heartbeatd: classes of bugs that cluster daemons are known for, a case each, named after it. Those
 * that are at home in a module's own test, in the simulator or between real daemons are listed in
 * doc/testing.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/hand_core.h"

#define BEAT "t=status|st=active|dt=1388|protocol=1"
#define YEAR_S (UINT64_C(365) * 86400)

/* ---- late wake-up read as dead peer ---- */

/* However late we are, whoever beats on is not taken for dead, and nothing moves. */
static void a_late_wake_up_is_not_read_as_a_dead_peer(void **state)
{
    static const uint64_t late_ms[] = {900, 2400, 4990, 5000, 5010, 30000, 86400000};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(late_ms); i++) {
        struct hand *hand = hand_new(HB_FAILBACK_ON);

        hand_join(hand, "local");
        hand_forget(hand);
        hand->now_ms += late_ms[i]; /* nobody called us */
        hand_pass(hand, 0);
        assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
        hand_pass(hand, 100);
        hand_pass_beating(hand, 20000);
        assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
        assert_false(hand_logged(hand, "is dead"));
        assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
        assert_string_equal(hand->did->str, "");
        hand_free(hand);
    }
}

/* ---- late wake-ups without end, and no takeover ---- */

/* A machine that is always short of time: the first wake-up buys who is silent a dead time, the next ones
 * what they took. */
static void however_often_we_are_late_who_is_dead_is_found_out(void **state)
{
    static const unsigned late_ms[] = {30, 900, 1200, 4000};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(late_ms); i++) {
        struct hand *hand = hand_new(HB_FAILBACK_ON);
        unsigned awake_ms = 0, rounds = 0;

        hand_join(hand, "local");
        while (hb_core_node_status(hand->core, 1) != HB_STATUS_DEAD && awake_ms <= 11000) {
            hand->now_ms += late_ms[i];
            hand_pass(hand, 0);
            hand_pass(hand, late_ms[i] / 2);
            awake_ms += late_ms[i] / 2;
            rounds++;
        }
        assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_DEAD);
        assert_true(rounds > 1);
        hand_free(hand);
    }
}

/* Beats that come between two hold-ups count, however many of these there are. */
static void who_is_heard_between_late_wake_ups_is_alive(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    for (int i = 0; i < 100; i++) {
        hand->now_ms += 4000;
        hand_pass(hand, 4);
        hand_hear(hand, BEAT);
        hand_pass(hand, 300);
    }
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_free(hand);
}

/* ---- wall clock steps ---- */

static void assert_unmoved(struct hand *hand)
{
    hand_forget(hand);
    hand_pass_beating(hand, 30000);
    assert_int_equal(hand_count(hand, "status"), 30);
    assert_int_equal(hand_count(hand, "NS_rexmit"), 0);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    assert_string_equal(hand->did->str, "");
    assert_int_equal(hand->core->counters.replayed + hand->core->counters.stale +
                         hand->core->counters.malformed, 0);
}

static void wall_clock_steps_move_nothing(void **state)
{
    static const uint64_t walls_s[] = {1700000000 + 3600, 1700000000 - 3600, 1700000000 + 50 * YEAR_S,
                                       1, 0, UINT32_MAX, (uint64_t)UINT32_MAX + 1, INT64_MAX};
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    for (size_t i = 0; i < G_N_ELEMENTS(walls_s); i++) {
        hand->wall_s = walls_s[i];
        assert_unmoved(hand);
        hand->peer_wall_s = walls_s[G_N_ELEMENTS(walls_s) - 1 - i];
        if (hand->peer_wall_s > 0) /* a message without a time is none */
            assert_unmoved(hand);
        hand->peer_wall_s = 1700000000;
    }
    hand_pass(hand, 5100);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_DEAD); /* at its time, all the same */
    hand_free(hand);
}

/* ---- partial links (one-way ones need two nodes: the simulator has them) ---- */

static void who_is_heard_at_times_is_alive(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_forget(hand);
    for (int i = 0; i < 60; i++) {
        hand_pass(hand, 1000);
        if (i % 4 == 3) /* three of four beats are lost */
            hand_hear(hand, BEAT);
        else
            hand->peer_number++;
    }
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_free(hand);
}

/* ---- a sick node that floods ---- */

/* It asks for the whole of what was ever sent, again and again, a thousand times a second. */
static void who_asks_without_end_is_answered_within_bounds(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_pass_beating(hand, 600000);
    hand_forget(hand);
    for (int i = 0; i < 1000; i++) {
        hand_hear(hand, "t=NS_rexmit|dest=node1|firstseq=1|lastseq=4294967295");
        hand_hear(hand, "t=NS_rexmit|dest=node1|firstseq=550|lastseq=4294967295");
        hand_pass(hand, 1);
    }
    /* 50 refused and 50 sent for a request, and what was sent not again within 240 ms. */
    assert_true(hand->sent->len <= 1000 * 50 + 5 * 50 + 10);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
    hand_free(hand);
}

/* ---- rejoin flooded by old history ---- */

static void who_rejoins_is_asked_for_nothing_old_and_told_nothing_old(void **state)
{
    static const uint64_t missed[] = {1, 10, 49, 100, 249, 250, 251, 600, 100000};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(missed); i++) {
        struct hand *hand = hand_new(HB_FAILBACK_ON);

        hand_join(hand, "local");
        hand_pass(hand, 60000);
        assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_DEAD);
        hand->peer_number += missed[i];
        hand_forget(hand);
        hand_hear(hand, BEAT);
        hand_pass_beating(hand, 3000);
        assert_int_equal(hand_count(hand, "NS_rexmit"), 0);
        /* What it said while it was away, and somebody sends now. */
        hand_hear_numbered(hand, "t=shutdone|st=dead", hand->peer_number - 3);
        hand_pass_beating(hand, 3000);
        assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
        assert_true(hand->sent->len < 60);
        hand_free(hand);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_wake_up_is_not_read_as_a_dead_peer),
        cmocka_unit_test(however_often_we_are_late_who_is_dead_is_found_out),
        cmocka_unit_test(who_is_heard_between_late_wake_ups_is_alive),
        cmocka_unit_test(wall_clock_steps_move_nothing),
        cmocka_unit_test(who_is_heard_at_times_is_alive),
        cmocka_unit_test(who_asks_without_end_is_answered_within_bounds),
        cmocka_unit_test(who_rejoins_is_asked_for_nothing_old_and_told_nothing_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
