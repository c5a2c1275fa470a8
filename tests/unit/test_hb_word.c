/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The word of another Hearth node: what it says once more, what for the first time, what follows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/hand_core.h"

#define BEGINS "rs=stable fb=on ho=none rd=%x rh=all tr=1 g=03"

/* A beat of node2 whose word begins so, and ends as given. */
static const struct hb_view *hear(struct hand *hand, const char *ends)
{
    char *fields = g_strdup_printf("t=status|st=active|dt=1388|protocol=1|hearth=1|hstate=" BEGINS
                                   "%s", hand->core->digest, ends);

    hand_hear(hand, fields);
    g_free(fields);
    return &hand->core->nodes[1].view;
}

static struct hand *started(void)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    hand_start(hand);
    return hand;
}

static void what_it_sees_is_of_its_newest_word(void **state)
{
    struct hand *hand = started();
    const struct hb_view *view = hear(hand, " seen=node1:64:1,");

    (void)state;
    assert_true(view->sees_us);
    assert_int_equal(view->saw, 1);
    hear(hand, " seen=node1:64:2,");
    assert_int_equal(view->saw, 2);
    hear(hand, " seen=");
    assert_false(view->sees_us);
    hear(hand, " seen=node1:64:1,");
    assert_true(view->sees_us);
    hear(hand, " seen=node1:63:1,"); /* another life of ours */
    assert_false(view->sees_us);
    hear(hand, "");
    assert_false(view->sees_us);
    hand_free(hand);
}

static void what_follows_is_not_overlooked(void **state)
{
    struct hand *hand = started();
    const struct hb_view *view = hear(hand, " seen=node1:64:1,");

    (void)state;
    assert_false(view->fence_me);
    hear(hand, " seen=node1:64:1, fm=1");
    assert_true(view->sees_us && view->fence_me);
    hear(hand, " seen=node1:64:1,");
    assert_false(view->fence_me);
    hear(hand, " fm=1 seen=node1:64:1,");
    assert_true(view->sees_us && view->fence_me);
    hear(hand, " fm=1 seen=node1:64:1, rs=rcvd seen=node1:64:2,"); /* of two the last one counts */
    assert_true(view->stage == HB_STAGE_RSC_RCVD && view->saw == 2);
    hear(hand, " fm=1 seen=node1:64:1,");
    assert_true(view->stage == HB_STAGE_STABLE && view->saw == 1);
    hand_free(hand);
}

/* What was concluded from the word meanwhile is overruled by the same word once more. */
static void the_same_word_says_the_same_again(void **state)
{
    struct hand *hand = started();
    const struct hb_view *view = hear(hand, " nl=01 seen=node1:64:1,");

    (void)state;
    assert_int_equal(view->groups[1], HB_G_CLAIMED | HB_G_WANTED | HB_G_NO_CARRIER);
    hand->core->nodes[1].view.groups[1] = 0;
    hear(hand, " nl=01 seen=node1:64:1,");
    assert_int_equal(view->groups[0], 0);
    assert_int_equal(view->groups[1], HB_G_CLAIMED | HB_G_WANTED | HB_G_NO_CARRIER);
    hand->core->digest++; /* as after a reload: its file is another now */
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1|hearth=1|hstate=rs=stable fb=on ho=none "
                    "rd=1 rh=local tr=1 g=03 seen=node1:64:1,");
    assert_true(view->other_resources);
    hand_free(hand);
}

/* The word of a Hearth node, here with alice's group 0 (node1) and 1 (node2). */
static char *word(const struct hand *hand, const char *stage, const char *groups)
{
    return g_strdup_printf("t=status|st=active|dt=1388|protocol=1|hearth=1|"
                           "hstate=rs=%s fb=on ho=none rd=%x rh=all tr=1 g=%s seen=node1:64:%x,",
                           stage, hand->core->digest, groups, (unsigned)hand->core->number);
}

/* A Hearth node that is active, starts as we do and has seen that: no ten seconds. */
static void two_hearth_nodes_that_start_wait_for_nobody(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    char *fields;

    (void)state;
    hand_start(hand);
    hand_hear(hand, "t=status|st=up|dt=1388|protocol=1|hearth=1|hstate=rs=init");
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    fields = word(hand, "init", "00");
    hand_hear(hand, fields);
    g_free(fields);
    assert_int_equal(hand->core->stage, HB_STAGE_STARTING);
    fields = word(hand, "starting", "00");
    hand_hear(hand, fields);
    g_free(fields);
    assert_int_equal(hand->core->stage, HB_STAGE_STABLE);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED); /* it has not seen that yet */
    fields = word(hand, "starting", "00");
    hand_hear(hand, fields);
    g_free(fields);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    assert_int_equal(hand_group(hand, 1), HB_GROUP_STOPPED);
    hand_forget(hand);
    hand_pass(hand, 1000); /* nor are others asked for more patience than deadtime from now on */
    assert_string_equal(hb_msg_text(hand_sent(hand, "status"), "dt"), "1388");
    hand_free(hand);
}

static void an_old_word_does_not_undo_a_newer_one(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);
    char *holds, *none;
    uint64_t late;

    (void)state;
    hand_start(hand);
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    for (int i = 0; i < 10; i++) {
        holds = word(hand, "stable", "33");
        none = word(hand, "stable", "00");
        late = ++hand->peer_number;
        hand_hear(hand, holds);
        hand_hear_numbered(hand, none, late);
        hand_pass(hand, 500);
        assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
        g_free(holds);
        g_free(none);
    }
    none = word(hand, "stable", "00");
    hand_hear(hand, none);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    g_free(none);
    hand_free(hand);
}

static void where_haresources_differ_words_are_compared_and_it_is_said(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_OFF);
    char *fields = g_strdup_printf("t=status|st=active|dt=1388|protocol=1|hearth=1|hstate=rs=stable "
                                   "fb=off ho=none rd=1 rh=all tr=1 g=0000 seen=node1:64:ffff,");

    (void)state;
    hand_start(hand);
    hand_hear(hand, fields);
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    hand_hear(hand, fields);
    assert_true(hand_logged(hand, "haresources on node node2 is not the same as here"));
    assert_int_equal(hand->core->stage, HB_STAGE_STABLE);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED); /* "all": it has what is ours */
    g_free(fields);
    hand_free(hand);
}

/* Authenticated, but made by somebody else's program: nothing may break. */
static void a_broken_word_is_harmless(void **state)
{
    static const char *const words[] = {
        "", " ", "=", "rs=", "rs", "g=", "g=33", "g=zz rd=0", "seen=", "seen=node1",
        "seen=node1:,", "seen=node1:64:,", "seen=node1:fffffffffffffffffffff:1,", "seen=,,,,",
        "tr=fffffffffffffffffffff", "rs=stable rs=gone", "ho=what rs=what fb=what rh=what",
    };
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_join(hand, "local");
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        char *fields = g_strdup_printf("t=status|st=active|dt=1388|protocol=1|hearth=1|hstate=%s",
                                       words[i]);

        hand_hear(hand, fields);
        hand_pass(hand, 100);
        g_free(fields);
    }
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_sees_is_of_its_newest_word),
        cmocka_unit_test(what_follows_is_not_overlooked),
        cmocka_unit_test(the_same_word_says_the_same_again),
        cmocka_unit_test(two_hearth_nodes_that_start_wait_for_nobody),
        cmocka_unit_test(an_old_word_does_not_undo_a_newer_one),
        cmocka_unit_test(where_haresources_differ_words_are_compared_and_it_is_said),
        cmocka_unit_test(a_broken_word_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
