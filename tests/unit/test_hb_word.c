/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The word of another node: what it says once more, what it says for the first time. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_sees_is_of_its_newest_word),
        cmocka_unit_test(what_follows_is_not_overlooked),
        cmocka_unit_test(the_same_word_says_the_same_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
