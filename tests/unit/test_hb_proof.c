/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a Hearth node believes of another's messages: nothing that could have
 * been recorded before, whatever either of them has forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/base/time.h"
#include "tests/unit/hand_core.h"

#define LIFE 0xabc

/* A beat of the peer's life begun at began_ms, that answers our message number echo (0: none). */
static void hear_beat(struct hand *hand, uint64_t life, uint64_t began_ms, uint64_t echo)
{
    char *fields = g_strdup_printf(
        "t=status|st=active|dt=1388|protocol=1|hearth=1|hstate=rs=stable fb=on ho=none rd=%x "
        "rh=local tr=1 g=03 seen=node1:64:%x,|hlife=%llx:%llx|hecho=1:2,%llx%c%llx,",
        hand->core->digest, (unsigned)hand->core->number, (unsigned long long)life,
        (unsigned long long)(hand->now_ms - began_ms),
        (unsigned long long)(echo > 0 ? hand->core->nonce : 77), ':', (unsigned long long)echo);

    hand_hear(hand, fields);
    g_free(fields);
}

static enum hb_status peer_status(const struct hand *hand)
{
    return hb_core_node_status(hand->core, 1);
}

static uint64_t unproven(const struct hand *hand)
{
    return hb_core_counters(hand->core)->unproven;
}

/* Met: the peer's life LIFE, begun a second ago, is believed. */
static struct hand *met(void)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    hand_start(hand);
    hear_beat(hand, LIFE, 0, hand->core->number);
    assert_int_equal(peer_status(hand), HB_STATUS_ACTIVE);
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= |hlife=abc:3e8");
    hear_beat(hand, LIFE, 0, hand->core->number);
    hand_forget(hand);
    return hand;
}

static void a_life_that_does_not_answer_is_not_believed_but_answered(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    const struct hb_msg *answer;

    (void)state;
    hand_start(hand);
    hand_forget(hand);
    hear_beat(hand, LIFE, 0, 0);
    hand_pass(hand, 50);
    assert_int_equal(peer_status(hand), HB_STATUS_INIT);
    assert_int_equal(unproven(hand), 1);
    answer = hand_sent(hand, "status");
    assert_non_null(answer);
    assert_string_equal(hb_msg_text(answer, "hecho"), "abc?1,");
    hear_beat(hand, LIFE, 0, hand->core->number);
    assert_int_equal(peer_status(hand), HB_STATUS_ACTIVE);
    hand_free(hand);
}

static void a_life_is_answered_by_name_once_it_is_believed(void **state)
{
    struct hand *hand = met();

    (void)state;
    hand_pass(hand, 1000);
    assert_non_null(strstr(hb_msg_text(hand_sent(hand, "status"), "hecho"), "abc:3,"));
    hand_free(hand);
}

/* Who has never heard of that life is told nothing by a recording of it. */
static void one_that_restarted_does_not_believe_what_its_last_life_was_told(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    uint64_t last_life = hand->core->nonce;

    (void)state;
    hand->core->nonce = 0x5eed;
    hand_start(hand);
    for (unsigned i = 1; i < 20; i++) {
        char *fields = g_strdup_printf("t=status|st=active|dt=1388|protocol=1|hearth=1|"
                                       "hstate=rs=stable|hlife=abc:%x|hecho=%llx:1,",
                                       i * 1000, (unsigned long long)last_life);

        hand_hear(hand, fields);
        g_free(fields);
        hand_pass(hand, 1000);
    }
    assert_int_equal(peer_status(hand), HB_STATUS_DEAD); /* after initdead */
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    assert_true(hand_logged(hand, "node node2 is heard, but nothing shows that it hears"));
    hand_free(hand);
}

static void a_higher_generation_proves_nothing(void **state)
{
    struct hand *hand = met();

    (void)state;
    hand->peer_generation += 100;
    hear_beat(hand, 0xdef, 0, 0);
    assert_int_equal(unproven(hand), 1);
    hear_beat(hand, 0xdef, 0, 1); /* it knew our first message: so might an earlier life have */
    assert_int_equal(unproven(hand), 2);
    hand_free(hand);
}

static void a_lower_generation_that_answers_is_believed(void **state)
{
    struct hand *hand = met();

    (void)state;
    hand->peer_generation = 7;
    hand->peer_number = 0;
    hand_pass(hand, 1000);
    hear_beat(hand, 0xdef, 0, hand->core->number);
    assert_int_equal(unproven(hand), 0);
    assert_true(hand_logged(hand, "Heartbeat restart on node node2"));
    assert_true(hand_logged(hand, "node node2 has lost its generation"));
    assert_int_equal(hb_core_floor(hand->core, 1), 501); /* without proof nothing has changed */
    hand_free(hand);
}

static void who_ended_does_not_come_again(void **state)
{
    struct hand *hand = met();
    uint64_t echo = hand->core->number;

    (void)state;
    hand_pass(hand, 1000);
    hand->peer_generation++;
    hand->peer_number = 0;
    hear_beat(hand, 0xdef, 0, hand->core->number);
    hand->peer_generation--;
    hand->peer_number = 50;
    hear_beat(hand, LIFE, 0, echo);
    hear_beat(hand, LIFE, 0, hand->core->number); /* heard on its way out, and lost on its way here */
    assert_int_equal(unproven(hand), 2);
    hand_free(hand);
}

/* Recorded while the way here was cut, and played later: new to us, but not new. */
static void what_comes_a_dead_time_late_is_not_believed(void **state)
{
    struct hand *hand = met();
    uint64_t echo = hand->core->number, made_ms = hand->now_ms + 1000;

    (void)state;
    hand_pass(hand, 6000);
    assert_int_equal(peer_status(hand), HB_STATUS_DEAD);
    hand_pass(hand, 1000);
    hear_beat(hand, LIFE, hand->now_ms - made_ms, echo);
    assert_int_equal(peer_status(hand), HB_STATUS_DEAD);
    assert_int_equal(hb_core_counters(hand->core)->stale, 1);
    hand_free(hand);
}

/* It does not hear us, but the clock of its life says that it speaks now. */
static void who_does_not_hear_us_may_return_by_the_clock_of_its_life(void **state)
{
    struct hand *hand = met();
    uint64_t echo = hand->core->number;

    (void)state;
    hand_pass(hand, 20000);
    assert_int_equal(peer_status(hand), HB_STATUS_DEAD);
    hear_beat(hand, LIFE, 0, echo);
    assert_int_equal(peer_status(hand), HB_STATUS_ACTIVE);
    hand_free(hand);
}

static void beside_a_proven_life_one_that_proves_nothing_is_refused(void **state)
{
    struct hand *hand = met();

    (void)state;
    hand->peer_generation++; /* its files were handed to a 3.0.6 */
    hand_hear(hand, "t=status|st=init|dt=1388|protocol=1");
    hand_hear(hand, "t=NS_ackmsg|dest=node1|ackseq=1");
    assert_int_equal(unproven(hand), 2);
    assert_int_equal(peer_status(hand), HB_STATUS_ACTIVE);
    hand_pass(hand, 5000);
    assert_int_equal(peer_status(hand), HB_STATUS_DEAD);
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1");
    assert_int_equal(peer_status(hand), HB_STATUS_UP);
    hand_free(hand);
}

static void of_its_old_days_as_a_3_0_6_nothing_is_believed(void **state)
{
    struct hand *hand = met();

    (void)state;
    hand_pass(hand, 6000);
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1"); /* of the same generation */
    assert_int_equal(hb_core_counters(hand->core)->replayed, 1);
    assert_int_equal(peer_status(hand), HB_STATUS_DEAD);
    hand_free(hand);
}

static void what_is_remembered_over_a_restart_refuses_old_lives_of_a_3_0_6(void **state)
{
    static const uint64_t floors[] = {0, 500};
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    struct hb_identity self = {.node = "node1", .generation = 101, .floors = floors};

    (void)state;
    hb_core_free(hand->core);
    hand->core = hb_core_new(hand->config, hand->resources, &self, 2);
    hand_start(hand);
    hand->peer_generation = 499;
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1");
    assert_int_equal(peer_status(hand), HB_STATUS_INIT);
    hand->peer_generation = 500;
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1");
    assert_int_equal(peer_status(hand), HB_STATUS_UP);
    hand_free(hand);
}

static void an_unnumbered_message_acts_once(void **state)
{
    static const char request[] = "t=NS_rexmit|dest=node1|firstseq=1|lastseq=1|hlife=abc:7d0:1";
    struct hand *hand = met();
    guint sent;

    (void)state;
    hand_hear(hand, request);
    sent = hand->sent->len;
    assert_true(sent > 0);
    hand_pass(hand, 900);
    hand_forget(hand);
    hand_hear(hand, request);
    assert_int_equal(hand->sent->len, 0);
    assert_int_equal(hb_core_counters(hand->core)->duplicate, 1);
    hand_hear(hand, "t=NS_rexmit|dest=node1|firstseq=1|lastseq=1|hlife=abc:b54:2");
    assert_int_equal(hand->sent->len, 1);
    hand_free(hand);
}

/* Five lives of old take turns: the one that is alive gets its answer all the same. */
static void many_recorded_lives_do_not_drown_the_living(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    bool answered = false;

    (void)state;
    hand_start(hand);
    for (unsigned i = 0; i < 200 && !answered; i++) {
        const struct hb_msg *beat;

        hear_beat(hand, i % 20 == 0 ? LIFE : 0x100 + i % 9, 0, 0);
        hand_pass(hand, 5);
        beat = hand_sent(hand, "status");
        answered = hb_msg_text(beat, "hecho") != NULL &&
                   strstr(hb_msg_text(beat, "hecho"), "abc?") != NULL;
    }
    assert_true(answered);
    hand_free(hand);
}

static void broken_words_are_harmless(void **state)
{
    static const char *const words[] = {
        "hlife=", "hlife=0:1", "hlife=abc", "hlife=abc:", "hlife=abc:x", "hlife=abc:1:", "hlife=:::",
        "hlife=fffffffffffffffff:1", "hlife=abc:ffffffffffffffff", "hlife=abc:1 ",
        "hlife=abc:1|hecho=", "hlife=abc:1|hecho=,", "hlife=abc:1|hecho=1", "hlife=abc:1|hecho=1:",
        "hlife=abc:1|hecho=1:2", "hlife=abc:1|hecho=1!2,", "hlife=abc:1|hecho=fffffffffffffffff:2,",
    };
    struct hand *hand = met();

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        char *fields = g_strdup_printf("t=status|st=up|dt=1388|protocol=1|%s", words[i]);

        hand_hear(hand, fields);
        g_free(fields);
    }
    assert_int_equal(hb_core_counters(hand->core)->malformed, 10);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_life_that_does_not_answer_is_not_believed_but_answered),
        cmocka_unit_test(a_life_is_answered_by_name_once_it_is_believed),
        cmocka_unit_test(one_that_restarted_does_not_believe_what_its_last_life_was_told),
        cmocka_unit_test(a_higher_generation_proves_nothing),
        cmocka_unit_test(a_lower_generation_that_answers_is_believed),
        cmocka_unit_test(who_ended_does_not_come_again),
        cmocka_unit_test(what_comes_a_dead_time_late_is_not_believed),
        cmocka_unit_test(who_does_not_hear_us_may_return_by_the_clock_of_its_life),
        cmocka_unit_test(beside_a_proven_life_one_that_proves_nothing_is_refused),
        cmocka_unit_test(of_its_old_days_as_a_3_0_6_nothing_is_believed),
        cmocka_unit_test(what_is_remembered_over_a_restart_refuses_old_lives_of_a_3_0_6),
        cmocka_unit_test(an_unnumbered_message_acts_once),
        cmocka_unit_test(many_recorded_lives_do_not_drown_the_living),
        cmocka_unit_test(broken_words_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
