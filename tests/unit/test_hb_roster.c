/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes that come and go while the core runs: names, numbers of nodes, the lists on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/hand_core.h"

static int begin(void **state)
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

static void assert_nodes(struct hand *hand, const char *expected)
{
    GString *names = g_string_new(NULL);

    hand_pass(hand, 0); /* the change is made at the next step */
    for (size_t i = 0; i < hb_core_node_count(hand->core); i++)
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "", hb_core_node_name(hand->core, i));
    assert_string_equal(names->str, expected);
    g_string_free(names, TRUE);
}

static void a_node_is_added_in_lower_case_and_dead(void **state)
{
    struct hand *hand = *state;

    hand_inject(hand, "t=addnode|nodelist=Carol node1 carol");
    assert_non_null(hand_sent(hand, "addnode"));
    assert_nodes(hand, "node1 node2 carol");
    assert_int_equal(hb_core_node_status(hand->core, 2), HB_STATUS_DEAD);
    assert_int_equal(hb_core_node_status(hand->core, 1), HB_STATUS_ACTIVE);
}

static void it_costs_nobody_his_resources(void **state)
{
    struct hand *hand = *state;

    hand_hear(hand, "t=addnode|nodelist=carol dave");
    hand_pass_beating(hand, 30000);
    assert_nodes(hand, "node1 node2 carol dave");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    assert_false(hand->restart);
    hand_pass(hand, 10000); /* node2 dies */
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
}

static void names_that_no_node_can_have_are_refused(void **state)
{
    struct hand *hand = *state;
    char *message = g_strdup_printf("t=addnode|nodelist=a:b a,b a\001b %0100d", 7);

    hand_hear(hand, message);
    assert_nodes(hand, "node1 node2");
    g_free(message);
    hand_hear(hand, "t=addnode");
    hand_hear(hand, "t=addnode|nodelist= ");
    assert_nodes(hand, "node1 node2");
}

static void there_are_never_more_than_a_hundred(void **state)
{
    struct hand *hand = *state;
    GString *message = g_string_new("t=addnode|nodelist=");

    for (int i = 0; i < 300; i++)
        g_string_append_printf(message, "n%d ", i);
    hand_hear(hand, message->str);
    hand_pass(hand, 0);
    hand_hear(hand, message->str);
    hand_pass(hand, 0);
    assert_int_equal(hb_core_node_count(hand->core), HB_NODES_MAX);
    hand_pass_beating(hand, 5000);
    g_string_free(message, TRUE);
}

static void who_lives_and_we_ourselves_are_not_deleted(void **state)
{
    struct hand *hand = *state;

    hand_inject(hand, "t=delnode|nodelist=node1 node2 nobody");
    assert_nodes(hand, "node1 node2");
    assert_true(hand_logged(hand, "node node2 is not deleted: it is alive"));
    assert_true(hand_logged(hand, "node node1 is not deleted: it is this one"));
}

static void a_dead_node_is_deleted_unless_another_is_dead(void **state)
{
    struct hand *hand = *state;

    hand_hear(hand, "t=addnode|nodelist=carol dave");
    assert_nodes(hand, "node1 node2 carol dave");
    hand_hear(hand, "t=delnode|nodelist=carol");
    assert_nodes(hand, "node1 node2 carol dave");
    assert_true(hand_logged(hand, "node dave, which would stay, is dead"));
    hand_hear(hand, "t=delnode|nodelist=carol dave");
    assert_nodes(hand, "node1 node2");
    assert_int_equal(hb_core_deleted(hand->core)->len, 2);
    hand_hear(hand, "t=addnode|nodelist=dave");
    assert_nodes(hand, "node1 node2 dave");
    assert_int_equal(hb_core_deleted(hand->core)->len, 1);
}

static void when_the_home_of_a_group_is_deleted_the_group_stays(void **state)
{
    struct hand *hand = *state;

    hand_pass(hand, 10000);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_inject(hand, "t=delnode|nodelist=node2");
    assert_nodes(hand, "node1");
    hand_pass(hand, 60000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_HELD);
    hand_inject(hand, "t=addnode|nodelist=node2");
    assert_nodes(hand, "node1 node2");
    hand->peer_generation++;
    hand->peer_number = 0;
    hand_hear(hand, "t=status|st=init|dt=1388|protocol=1");
    hand_hear(hand, "t=reqnodes|dest=node1");
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    hand_hear(hand, "t=starting");
    hand_hear(hand, "t=resource|rsc_hold=none|rtype=full|isstable=1");
    hand_pass_beating(hand, 3000);
    assert_non_null(hand_sent(hand, "ask_resources")); /* it goes home */
}

static void a_lower_number_goes_and_the_others_keep_who_they_are(void **state)
{
    struct hand *hand = *state;

    /* node2 is dead; carol, behind it, lives. */
    hand_inject(hand, "t=addnode|nodelist=carol");
    assert_nodes(hand, "node1 node2 carol");
    hand_pass(hand, 10000);
    hand_inject(hand, "t=delnode|nodelist=node2 carol");
    assert_nodes(hand, "node1");
    hand_pass(hand, 10000);
    assert_int_equal(hb_core_node_status(hand->core, 0), HB_STATUS_ACTIVE);
}

static void the_lists_of_repnodes_are_told(void **state)
{
    struct hand *hand = *state;

    hand_hear(hand, "t=addnode|nodelist=carol dave");
    hand_pass(hand, 0);
    hand_hear(hand, "t=delnode|nodelist=dave carol");
    hand_pass(hand, 0);
    hand_hear(hand, "t=addnode|nodelist=carol");
    hand_pass(hand, 0);
    hand_hear(hand, "t=reqnodes|dest=node1");
    assert_string_equal(hb_msg_text(hand_sent(hand, "repnodes"), "nodelist"), "node1 node2 carol ");
    assert_string_equal(hb_msg_text(hand_sent(hand, "repnodes"), "delnodelist"), "dave ");
}

static void a_repnodes_nobody_asked_for_changes_nothing(void **state)
{
    struct hand *hand = *state;

    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 carol |delnodelist= ");
    assert_nodes(hand, "node1 node2");
}

static void a_starting_node_learns_who_was_added(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_start(hand);
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    hand_pass(hand, 100);
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 carol |delnodelist= ");
    assert_nodes(hand, "node1 node2 carol");
    hand_free(hand);
}

/* What is left of node1, node2 and carol, who is dead, when node2 answers that. */
static void assert_answered(const char *repnodes, const char *expected, const char *logged)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    hand_start(hand);
    hand_inject(hand, "t=addnode|nodelist=carol");
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    hand_pass(hand, 100);
    assert_nodes(hand, "node1 node2 carol");
    hand_hear(hand, repnodes);
    assert_nodes(hand, expected);
    assert_true(hand_logged(hand, logged));
    hand_free(hand);
}

static void who_is_not_on_the_list_of_the_others_is_not_ours(void **state)
{
    (void)state;
    assert_answered("t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist=carol ", "node1 node2",
                    "node node2 does not know node carol: check its ha.cf");
}

static void a_list_that_we_are_not_on_changes_nothing(void **state)
{
    (void)state;
    assert_answered("t=repnodes|dest=node1|nodelist=node2 dave |delnodelist= ", "node1 node2 carol",
                    "");
}

static void the_numbers_behind_a_deleted_node_move_up(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_LEGACY);

    (void)state;
    hand_join(hand, "local");
    hand_hear(hand, "t=addnode|nodelist=carol dave");
    assert_nodes(hand, "node1 node2 carol dave");
    hand->core->groups[0].lent_to = 4; /* dave, counted from 1 */
    hand->core->groups[1].lent_to = 3; /* carol */
    hand_pass(hand, 12000); /* node2 dies as well */
    hand_inject(hand, "t=delnode|nodelist=node2 carol dave");
    assert_nodes(hand, "node1");
    assert_int_equal(hand->core->groups[0].lent_to, 0);
    assert_int_equal(hand->core->groups[1].lent_to, 0);
    hand_free(hand);
}

static void weight_and_site_are_kept(void **state)
{
    struct hand *hand = *state;

    assert_int_equal(hb_core_node_weight(hand->core, 1), 100);
    hand_hear(hand, "t=setweight|node=node2|weight=20");
    hand_hear(hand, "t=setweight|node=node2|weight=many");
    hand_hear(hand, "t=setweight|node=nobody|weight=1");
    hand_hear(hand, "t=setsite|node=node2|site=paris");
    hand_hear(hand, "t=setsite|node=node2|site=pa\tris");
    hand_hear(hand, "t=setsite|node=node2");
    assert_int_equal(hb_core_node_weight(hand->core, 1), 20);
    assert_string_equal(hb_core_node_site(hand->core, 1), "paris");
    assert_string_equal(hb_core_node_site(hand->core, 0), "");
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, begin, end)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(a_node_is_added_in_lower_case_and_dead),
        CASE(it_costs_nobody_his_resources),
        CASE(names_that_no_node_can_have_are_refused),
        CASE(there_are_never_more_than_a_hundred),
        CASE(who_lives_and_we_ourselves_are_not_deleted),
        CASE(a_dead_node_is_deleted_unless_another_is_dead),
        CASE(when_the_home_of_a_group_is_deleted_the_group_stays),
        CASE(a_lower_number_goes_and_the_others_keep_who_they_are),
        CASE(the_lists_of_repnodes_are_told),
        CASE(a_repnodes_nobody_asked_for_changes_nothing),
        CASE(a_starting_node_learns_who_was_added),
        cmocka_unit_test(who_is_not_on_the_list_of_the_others_is_not_ours),
        cmocka_unit_test(a_list_that_we_are_not_on_changes_nothing),
        cmocka_unit_test(the_numbers_behind_a_deleted_node_move_up),
        CASE(weight_and_site_are_kept),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
