/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequence numbers: what is accepted, asked for, acknowledged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/base/time.h"
#include "heartbeatd/core/seq.h"

#define MAX_DELAY_MS 250

static struct ha_rand rng;

static int setup(void **state)
{
    struct hb_seq *seq = g_new0(struct hb_seq, 1);

    ha_rand_seed(&rng, 5);
    hb_seq_init(seq, &rng);
    seq->trigger = 3;
    *state = seq;
    return 0;
}

static int teardown(void **state)
{
    hb_seq_clear(*state);
    g_free(*state);
    return 0;
}

static enum hb_seq_verdict take(struct hb_seq *seq, uint64_t number)
{
    return hb_seq_take(seq, number, HA_NS_PER_S, &rng, MAX_DELAY_MS);
}

static void the_first_number_is_accepted_whatever_it_is(void **state)
{
    assert_int_equal(take(*state, 4711), HB_SEQ_NEXT);
    assert_int_equal(take(*state, 4712), HB_SEQ_NEXT);
}

static void a_gap_is_accepted_at_once_and_filled_later(void **state)
{
    take(*state, 1);
    assert_int_equal(take(*state, 4), HB_SEQ_GAP);
    assert_int_equal(take(*state, 3), HB_SEQ_FILLED);
    assert_int_equal(take(*state, 3), HB_SEQ_OLD);
    assert_int_equal(take(*state, 2), HB_SEQ_FILLED);
    assert_int_equal(((struct hb_seq *)*state)->missing->len, 0);
}

static void the_newest_again_is_told_from_an_old_one(void **state)
{
    take(*state, 8);
    take(*state, 9);
    assert_int_equal(take(*state, 9), HB_SEQ_AGAIN);
    assert_int_equal(take(*state, 8), HB_SEQ_OLD);
}

static void a_gap_of_250_is_asked_for_and_of_251_given_up(void **state)
{
    struct hb_seq *seq = *state;

    take(seq, 1);
    assert_int_equal(take(seq, 252), HB_SEQ_GAP);
    assert_int_equal(seq->missing->len, 250);
    assert_int_equal(take(seq, 252 + 252), HB_SEQ_JUMP);
    assert_int_equal(seq->missing->len, 0);
    assert_int_equal(seq->lost, 250 + 251);
    assert_int_equal(take(seq, 100), HB_SEQ_OLD);
}

static void no_number_is_accepted_twice_in_any_order(void **state)
{
    struct hb_seq *seq = *state;
    bool had[400] = {false};

    for (int i = 0; i < 20000; i++) {
        uint64_t number = 1 + ha_rand_below(&rng, 399);

        if (hb_seq_accepts(take(seq, number))) {
            assert_false(had[number]);
            had[number] = true;
        }
    }
}

static void the_first_request_waits_50_to_250_ms(void **state)
{
    for (int i = 0; i < 200; i++) {
        struct hb_seq *seq = *state;

        hb_seq_restart(seq, false);
        take(seq, 1);
        take(seq, 3);
        assert_in_range(hb_seq_next_ns(seq), HA_NS_PER_S + 50 * HA_NS_PER_MS,
                        HA_NS_PER_S + 250 * HA_NS_PER_MS);
    }
}

static void neighbours_are_asked_for_in_one_request_of_at_most_50(void **state)
{
    uint64_t first, last, now_ns = 2 * HA_NS_PER_S;

    take(*state, 1);
    take(*state, 72);
    take(*state, 60);
    assert_true(hb_seq_ask(*state, now_ns, MAX_DELAY_MS, &first, &last));
    assert_int_equal(first, 2);
    assert_int_equal(last, 51);
    assert_true(hb_seq_ask(*state, now_ns, MAX_DELAY_MS, &first, &last));
    assert_int_equal(first, 52);
    assert_int_equal(last, 59);
    assert_true(hb_seq_ask(*state, now_ns, MAX_DELAY_MS, &first, &last));
    assert_int_equal(first, 61);
    assert_int_equal(last, 71);
    assert_false(hb_seq_ask(*state, now_ns, MAX_DELAY_MS, &first, &last));
}

static void a_request_is_repeated_40_times_and_then_given_up(void **state)
{
    struct hb_seq *seq = *state;
    uint64_t first, last, now_ns = HA_NS_PER_S;
    int asked = 0;

    take(seq, 1);
    take(seq, 3);
    for (int i = 0; i < 1000; i++, now_ns += 50 * HA_NS_PER_MS)
        asked += hb_seq_ask(seq, now_ns, MAX_DELAY_MS, &first, &last);
    assert_int_equal(asked, HB_SEQ_ASKS_MAX);
    assert_int_equal(seq->lost, 1);
    assert_int_equal(hb_seq_next_ns(seq), HA_NEVER);
}

static void a_refused_number_is_waited_for_no_longer(void **state)
{
    take(*state, 1);
    take(*state, 3);
    assert_true(hb_seq_refused(*state, 2));
    assert_false(hb_seq_refused(*state, 2));
    assert_int_equal(take(*state, 2), HB_SEQ_OLD);
}

static void every_tenth_number_is_acknowledged_when_nothing_is_missing(void **state)
{
    uint64_t number;

    for (uint64_t i = 1; i <= 13; i++) {
        take(*state, i);
        if (hb_seq_ack(*state, &number))
            assert_true(i == 3 || i == 13);
        else
            assert_false(i == 3 || i == 13);
    }
}

static void an_acknowledgement_waits_for_the_gap_to_close(void **state)
{
    uint64_t number = 0;

    for (uint64_t i = 1; i <= 25; i++) {
        if (i != 5)
            take(*state, i);
        if (i > 5)
            assert_false(hb_seq_ack(*state, &number));
        else
            hb_seq_ack(*state, &number);
    }
    take(*state, 5);
    assert_true(hb_seq_ack(*state, &number));
    assert_int_equal(number, 23);
    assert_false(hb_seq_ack(*state, &number));
}

static void a_life_known_from_its_start_misses_what_came_before(void **state)
{
    struct hb_seq *seq = *state;

    hb_seq_restart(seq, true);
    assert_int_equal(take(seq, 4), HB_SEQ_GAP);
    assert_int_equal(seq->missing->len, 3);
}

static void who_was_away_is_asked_for_nothing_and_nothing_old_is_taken(void **state)
{
    struct hb_seq *seq = *state;

    take(seq, 10);
    take(seq, 12);
    hb_seq_resume(seq, 99);
    assert_int_equal(seq->missing->len, 0);
    assert_int_equal(take(seq, 11), HB_SEQ_OLD);
    assert_int_equal(take(seq, 98), HB_SEQ_OLD);
    assert_int_equal(take(seq, 100), HB_SEQ_NEXT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_first_number_is_accepted_whatever_it_is),
        TEST(a_gap_is_accepted_at_once_and_filled_later),
        TEST(the_newest_again_is_told_from_an_old_one),
        TEST(a_gap_of_250_is_asked_for_and_of_251_given_up),
        TEST(no_number_is_accepted_twice_in_any_order),
        TEST(the_first_request_waits_50_to_250_ms),
        TEST(neighbours_are_asked_for_in_one_request_of_at_most_50),
        TEST(a_request_is_repeated_40_times_and_then_given_up),
        TEST(a_refused_number_is_waited_for_no_longer),
        TEST(every_tenth_number_is_acknowledged_when_nothing_is_missing),
        TEST(an_acknowledgement_waits_for_the_gap_to_close),
        TEST(a_life_known_from_its_start_misses_what_came_before),
        TEST(who_was_away_is_asked_for_nothing_and_nothing_old_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
