/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two nodes, mostly one of them 3.0.6, that were apart and both hold everything:
 * after a partition, and after starts without the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "common/base/time.h"
#include "tests/unit/hand_core.h"

#define BEAT "t=status|st=active|dt=1388|protocol=1"

static void after_a_partition_with_a_3_0_6_node_it_does_as_that_does(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_pass(hand, 20000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_forget(hand);
    hand_hear(hand, BEAT);
    assert_true(hand_logged(hand, "Cluster node node2 returning after partition."));
    assert_non_null(hand_sent(hand, "status"));
    hand_pass(hand, 1999);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_pass(hand, 1);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    assert_non_null(hand_sent(hand, "shutdone"));
    hand_pass(hand, 999);
    assert_false(hand->restart);
    hand_pass(hand, 1);
    assert_true(hand->restart);
    assert_false(hand->stopped);
    hand_forget(hand);
    hand_hear(hand, BEAT);
    hand_pass(hand, 60000);
    assert_int_equal(hand->sent->len, 0);
    hand_free(hand);
}

static void hear_word(struct hand *hand, const char *groups, const char *seen)
{
    char *fields = g_strdup_printf(BEAT "|hearth=1|hstate=rs=stable fb=off ho=none rd=%x rh=all tr=1 "
                                        "g=%s seen=%s",
                                   hand->core->digest, groups, seen);

    hand_hear(hand, fields);
    g_free(fields);
}

static void hear_hearth(struct hand *hand, const char *groups)
{
    char *seen = g_strdup_printf("node1:64:%x,", (unsigned)hand->core->number);

    hear_word(hand, groups, seen);
    g_free(seen);
}

/* With a node of ours that has said where each group is. */
static struct hand *in_a_cluster(void)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);

    hand_start(hand);
    hear_hearth(hand, "00");
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    hear_hearth(hand, "00");
    hear_hearth(hand, "03");
    return hand;
}

/* Clients have gone by what it announced while we were apart. */
static void what_a_hearth_node_may_have_let_go_again_is_announced(void **state)
{
    struct hand *hand = in_a_cluster();

    (void)state;
    hand_pass(hand, 2000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_forget(hand);
    hear_hearth(hand, "03");
    assert_string_equal(hand->did->str, "");
    hand_pass(hand, 20000);
    hand_forget(hand);
    hear_hearth(hand, "00"); /* it has let go before its first word reaches us */
    assert_true(hand_logged(hand, "Cluster node node2 returning after partition."));
    assert_string_equal(hand->did->str, "start 10.0.0.1; start 10.0.0.2; ");
    hand_forget(hand);
    hear_hearth(hand, "00");
    assert_string_equal(hand->did->str, "");
    hand_free(hand);
}

/* It was taken for dead by the other, but heard it all the time: a pause, a link of one way. */
static void what_a_hearth_node_had_as_well_is_announced_when_it_has_not(void **state)
{
    struct hand *hand = in_a_cluster();

    (void)state;
    hear_word(hand, "33", "");
    hand_forget(hand);
    hear_hearth(hand, "03");
    assert_string_equal(hand->did->str, "start 10.0.0.1; ");
    hand_free(hand);
}

static void a_3_0_6_node_that_started_apart_is_given_way_to(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_start(hand);
    hand_pass(hand, 20000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand->peer_number = 40;
    hand_hear(hand, BEAT);
    assert_true(hand_logged(hand, "Cluster node node2 has started apart from this one."));
    hand_pass(hand, 3100);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    assert_true(hand->restart);
    hand_free(hand);
}

/* The first we hear of it is not its status, and it tells its beginnings when asked again. */
static void who_started_apart_is_known_by_its_first_status_as_well(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_start(hand);
    hand_pass(hand, 20000);
    hand->peer_number = 40;
    hand_hear(hand, "t=ask_resources|rsc_hold=foreign|info=me");
    hand_hear_numbered(hand, "t=status|st=up|dt=1388|protocol=1", 39);
    assert_false(hand_logged(hand, "has started apart"));
    hand_hear(hand, BEAT);
    assert_true(hand_logged(hand, "Cluster node node2 has started apart from this one."));
    hand_free(hand);
}

/* We were alive, but slept: it has left, come again and found nobody. */
static void who_started_while_we_slept_has_started_apart(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    hand_hear(hand, "t=shutdone|st=dead");
    hand->now_ms += 30000;
    hand->peer_generation++;
    hand->peer_number = 0;
    hand_hear(hand, "t=status|st=init|dt=1388|protocol=1");
    hand_hear(hand, "t=reqnodes|dest=node1");
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1");
    hand_hear(hand, BEAT);
    assert_true(hand_logged(hand, "Cluster node node2 has started apart from this one."));
    hand_free(hand);
}

static void a_3_0_6_node_that_comes_late_is_only_new(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_start(hand);
    hand_pass(hand, 20000);
    hand_hear(hand, "t=status|st=init|dt=1b58|protocol=1");
    hand_pass(hand, 4000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_false(hand->restart);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_partition_with_a_3_0_6_node_it_does_as_that_does),
        cmocka_unit_test(what_a_hearth_node_may_have_let_go_again_is_announced),
        cmocka_unit_test(what_a_hearth_node_had_as_well_is_announced_when_it_has_not),
        cmocka_unit_test(a_3_0_6_node_that_started_apart_is_given_way_to),
        cmocka_unit_test(who_started_apart_is_known_by_its_first_status_as_well),
        cmocka_unit_test(who_started_while_we_slept_has_started_apart),
        cmocka_unit_test(a_3_0_6_node_that_comes_late_is_only_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
