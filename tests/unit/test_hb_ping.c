/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ping nodes as the core sees them (heartbeatd/core/ping.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/hand_core.h"

#define ROUTER "10.0.0.254"

static int begin(void **state)
{
    *state = hand_new_pinging(HB_FAILBACK_ON, ROUTER);
    return 0;
}

static int end(void **state)
{
    hand_free(*state);
    return 0;
}

static enum hb_status router(const struct hand *hand)
{
    return hb_core_node_status(hand->core, 2);
}

static bool link_is_up(const struct hand *hand)
{
    bool up = false;

    assert_true(hb_core_link_status(hand->core, 2, ROUTER, &up));
    return up;
}

static void beat(struct hand *hand)
{
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
}

/* Seconds in which the peer beats and the router answers. */
static void pass_answered(struct hand *hand, unsigned seconds)
{
    for (; seconds > 0; seconds--) {
        hand_pass(hand, 1000);
        beat(hand);
        hand_answer_ping(hand, ROUTER, ROUTER);
    }
}

static void a_ping_node_comes_after_the_nodes_and_has_its_own_link_only(void **state)
{
    struct hand *hand = *state;
    bool up;

    assert_int_equal(hb_core_node_count(hand->core), 3);
    assert_string_equal(hb_core_node_name(hand->core, 2), ROUTER);
    assert_true(hb_core_node_is_ping(hand->core, 2));
    assert_false(hb_core_node_is_ping(hand->core, 1));
    assert_int_equal(router(hand), HB_STATUS_INIT);
    assert_string_equal(hb_core_link_name(hand->core, 2, 0), ROUTER);
    assert_null(hb_core_link_name(hand->core, 2, 1));
    assert_false(hb_core_link_status(hand->core, 2, "eth0", &up));
    assert_false(hb_core_link_status(hand->core, 1, ROUTER, &up));
    assert_false(hb_core_node_is_ping(hand->core, 3));
    assert_null(hb_core_node_name(hand->core, 3));
}

static void each_beat_asks_it_and_carries_one_more_hop(void **state)
{
    struct hand *hand = *state;
    const struct hb_msg *asked;

    hand_start(hand);
    hand_forget(hand);
    hand_pass(hand, 3000);
    assert_int_equal(hand_count(hand, "status"), 3);
    assert_int_equal(hand_count(hand, "NS_st"), 3);
    assert_string_equal(hb_msg_text(hand_sent(hand, "status"), "ttl"), "4");
    asked = hand_sent(hand, "NS_st");
    assert_string_equal(hb_msg_text(asked, "st"), "ping");
    assert_string_equal(hb_msg_text(asked, "info"), "ping");
    assert_string_equal(hb_msg_text(asked, "src"), ROUTER);
    assert_non_null(hb_msg_text(asked, "ts"));
    assert_null(hb_msg_find(asked, "srcuuid"));
    assert_null(hb_msg_find(asked, "seq"));
    assert_null(hb_msg_find(asked, "hg"));
}

static void communication_waits_for_it(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    beat(hand);
    hand_pass_beating(hand, 2000);
    assert_null(hand_sent(hand, "reqnodes"));
    hand_answer_ping(hand, ROUTER, ROUTER);
    assert_non_null(hand_sent(hand, "reqnodes"));
}

static void one_that_never_answers_is_dead_after_initdead(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    beat(hand);
    hand_pass_beating(hand, 14000);
    assert_int_equal(router(hand), HB_STATUS_INIT);
    hand_pass_beating(hand, 1000);
    assert_int_equal(router(hand), HB_STATUS_DEAD);
    assert_non_null(hand_sent(hand, "reqnodes"));
}

static void an_answer_brings_it_up_and_silence_takes_it_down(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    beat(hand);
    hand_answer_ping(hand, ROUTER, ROUTER);
    assert_int_equal(router(hand), HB_STATUS_PING);
    assert_true(link_is_up(hand));
    pass_answered(hand, 5);
    hand_forget(hand);
    hand_pass_beating(hand, 2999);
    assert_int_equal(router(hand), HB_STATUS_PING);
    hand_pass(hand, 1);
    assert_int_equal(router(hand), HB_STATUS_DEAD);
    assert_false(link_is_up(hand));
    assert_true(hand_logged(hand, "node " ROUTER ": is dead"));
    assert_true(hand_logged(hand, "Link " ROUTER ":" ROUTER " dead."));
    assert_string_equal(hand->told->str, ROUTER " is dead; " ROUTER ":" ROUTER " dead; ");
    hand_forget(hand);
    hand_answer_ping(hand, ROUTER, ROUTER);
    assert_string_equal(hand->told->str, ROUTER ":" ROUTER " up; " ROUTER " is ping; ");
}

static void only_an_answer_on_its_own_link_counts(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    hand_answer_ping(hand, ROUTER, "eth0");
    hand_answer_ping(hand, "node2", "eth0");
    hand_answer_ping(hand, "10.0.0.253", "10.0.0.253");
    assert_int_equal(router(hand), HB_STATUS_INIT);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_INIT);
    assert_int_equal(hb_core_counters(hand->core)->unknown_node, 3);
}

static void it_is_nobody_to_hand_over_to_or_to_agree_with(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    hand_answer_ping(hand, ROUTER, ROUTER);
    for (unsigned i = 0; i < 16; i++) { /* the peer is never heard */
        hand_pass(hand, 1000);
        hand_answer_ping(hand, ROUTER, ROUTER);
    }
    assert_int_equal(hb_core_node_status(hand->core, 0), HB_STATUS_ACTIVE);
    assert_null(hand_sent(hand, "reqnodes"));
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_operator(hand, HB_EV_STANDBY, HB_WHAT_ALL);
    assert_null(hand_sent(hand, "ask_resources"));
}

static void programs_are_told_of_nodes_and_links(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    assert_string_equal(hand->told->str, "node1 is init; node1 is up; ");
    hand_forget(hand);
    beat(hand);
    assert_string_equal(hand->told->str, "node2:eth0 up; node2 is active; ");
    pass_answered(hand, 3);
    hand_forget(hand);
    for (unsigned i = 0; i < 5; i++) {
        hand_pass(hand, 1000);
        hand_answer_ping(hand, ROUTER, ROUTER);
    }
    assert_string_equal(hand->told->str, "node2 is dead; node2:eth0 dead; node1 is active; ");
    hand_forget(hand);
    hand->peer_generation++;
    hand->peer_number = 0;
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1");
    assert_string_equal(hand->told->str, "node2 is init; node2:eth0 up; node2 is up; ");
}

static void being_held_up_is_not_its_silence(void **state)
{
    struct hand *hand = *state;

    hand_start(hand);
    beat(hand);
    hand_answer_ping(hand, ROUTER, ROUTER);
    pass_answered(hand, 3);
    hand->now_ms += 10000;
    hand_pass(hand, 0);
    assert_int_equal(router(hand), HB_STATUS_PING);
    assert_true(link_is_up(hand));
    hand_pass(hand, 3000);
    assert_int_equal(router(hand), HB_STATUS_DEAD);
}

int main(void)
{
#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(a_ping_node_comes_after_the_nodes_and_has_its_own_link_only),
        CASE(each_beat_asks_it_and_carries_one_more_hop),
        CASE(communication_waits_for_it),
        CASE(one_that_never_answers_is_dead_after_initdead),
        CASE(an_answer_brings_it_up_and_silence_takes_it_down),
        CASE(only_an_answer_on_its_own_link_counts),
        CASE(it_is_nobody_to_hand_over_to_or_to_agree_with),
        CASE(programs_are_told_of_nodes_and_links),
        CASE(being_held_up_is_not_its_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
