/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two Hearth nodes with different haresources: nothing is had twice, and each difference told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "tests/unit/hand_core.h"

/* A beat of node2 that has seen all of ours; gr: its list of marks. */
static void hear_word(struct hand *hand, const char *rd, const char *gr)
{
    char *text = g_strdup_printf(
        "t=status|st=active|dt=1388|protocol=1|hearth=1|hstate=rs=stable fb=on ho=none rd=%s "
        "rh=local tr=1 g=000 gr=%s seen=node1:%" G_GINT64_MODIFIER "x:%" G_GINT64_MODIFIER "x,",
        rd, gr, hand->core->generation, hand->core->number);

    hand_hear(hand, text);
    g_free(text);
}

static void pass_in_words(struct hand *hand, unsigned seconds, const char *rd, const char *gr)
{
    for (unsigned i = 0; i < seconds; i++) {
        hand_pass(hand, 1000);
        hear_word(hand, rd, gr);
    }
}

/* Stable next to a Hearth node that has another file and claims gr. */
static struct hand *beside(const char *gr)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    hand_start(hand);
    hear_word(hand, "1", gr);
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    pass_in_words(hand, 3, "1", gr);
    return hand;
}

static char *mark(const char *name, const char *text)
{
    struct hb_resource *resource = hb_resource_new(name, text);
    struct hb_group *group = hb_group_new("node1", 1);
    char *hex;

    g_ptr_array_add(resource->args, g_strdup(text));
    g_ptr_array_add(group->resources, resource);
    hex = g_strdup_printf("3%08x", hb_claims_mark(resource));
    hb_group_free(group);
    return hex;
}

static void an_address_has_one_mark_however_it_is_written(void **state)
{
    char *plain = mark("IPaddr", "10.0.0.1"), *wide = mark("IPaddr2", "10.0.0.1/24/eth0");
    char *other = mark("IPaddr", "10.0.0.12"), *text = mark("httpd", "httpd");

    (void)state;
    assert_string_equal(plain, wide);
    assert_string_not_equal(plain, other);
    assert_string_not_equal(plain, text);
    g_free(plain);
    g_free(wide);
    g_free(other);
    g_free(text);
}

static void a_difference_is_logged_once_and_shown(void **state)
{
    struct hand *hand = beside("-");
    struct hb_files files;
    char *rd = g_strdup_printf("%x", hand->core->digest);

    (void)state;
    assert_true(hand_logged(hand, "haresources on node node2 is not the same as here"));
    assert_true(hb_core_node_files(hand->core, 1, &files));
    assert_true(files.other_resources);
    assert_false(hb_core_node_files(hand->core, 0, &files));
    hand_forget(hand);
    pass_in_words(hand, 3, "1", "-");
    assert_false(hand_logged(hand, "not the same"));
    g_string_truncate(hand->log, 0);
    hear_word(hand, rd, ""); /* g= has three digits: still not ours */
    assert_false(hand_logged(hand, "again"));
    g_free(rd);
    hand_free(hand);
}

static void a_free_group_is_asked_for_before_it_is_taken(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);

    (void)state;
    hand_start(hand);
    hear_word(hand, "1", "-");
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    hand_pass(hand, 900);
    assert_string_equal(hand->did->str, ""); /* nobody has seen us ask */
    pass_in_words(hand, 2, "1", "-");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
}

static void a_group_is_not_taken_while_one_of_its_resources_is_had_elsewhere(void **state)
{
    char *had = mark("IPaddr2", "10.0.0.1/24/eth3");
    struct hand *hand = beside(had);

    (void)state;
    pass_in_words(hand, 20, "1", had);
    assert_string_equal(hand->did->str, "");
    assert_int_equal(hand_group(hand, 0), HB_GROUP_STOPPED);
    hand_free(hand);
    g_free(had);
}

static void what_the_other_lets_go_is_let_alone_until_it_is_gone(void **state)
{
    char *had = mark("IPaddr", "10.0.0.1");
    struct hand *hand = beside(had);

    (void)state;
    pass_in_words(hand, 10, "1", "-");
    assert_string_equal(hand->did->str, "");
    hand_pass(hand, 6000);
    assert_int_equal(hand_group(hand, 0), HB_GROUP_HELD);
    hand_free(hand);
    g_free(had);
}

static void a_group_that_cannot_be_compared_counts_as_what_its_node_holds(void **state)
{
    struct hand *hand = beside("*");

    (void)state;
    /* rh=local: node2 has what is its own. */
    assert_int_equal(hand->core->nodes[1].view.groups[1] & HB_G_CLAIMED, HB_G_CLAIMED);
    assert_int_equal(hand->core->nodes[1].view.groups[0], 0);
    hand_free(hand);
}

static void a_spoilt_list_is_read_as_far_as_it_goes(void **state)
{
    char *had = mark("IPaddr", "10.0.0.1"), *spoilt = g_strdup_printf("%sxyz,;3zz", had);
    struct hand *hand = beside(spoilt);

    (void)state;
    assert_int_equal(hand->core->nodes[1].view.groups[0] & HB_G_CLAIMED, HB_G_CLAIMED);
    hand_free(hand);
    g_free(spoilt);
    g_free(had);
}

static void what_is_still_being_stopped_is_told_although_no_file_has_it(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    char *had = mark("IPaddr", "10.0.0.1");

    (void)state;
    hand_join(hand, "local");
    hand->answer_ops = false;
    hand_reload(hand, "node2 10.0.0.2\n");
    hand_forget(hand);
    hand_pass(hand, 1000);
    had[0] = '1';
    assert_non_null(strstr(hb_msg_text(hand_sent(hand, "status"), "hstate"), had));
    g_free(had);
    hand_free(hand);
}

static void what_must_agree_in_ha_cf_is_named(void **state)
{
    struct hand *hand = hand_new(HB_FAILBACK_ON);
    struct hb_config *other = hb_config_new();
    char digest[HB_AGREE_TEXT], *text;
    struct hb_files files;

    (void)state;
    g_ptr_array_add(other->nodes, g_strdup("node1"));
    g_ptr_array_add(other->nodes, g_strdup("node2"));
    other->keepalive_ms = 2000; /* and the other times are the defaults */
    other->auto_failback = HB_FAILBACK_ON;
    other->logfile = g_strdup("/var/log/another");
    hb_agree_digest(other, digest);
    hand_join(hand, "local");
    text = g_strdup_printf("t=status|st=active|dt=1388|protocol=1|hearth=1|hstate=rs=stable cd=%s",
                           digest);
    hand_hear(hand, text);
    assert_true(hand_logged(hand, "ha.cf on node node2 is not the same as here: keepalive, "
                                  "deadtime, initdead or deadping; udpport"));
    assert_true(hb_core_node_files(hand->core, 1, &files));
    assert_int_equal(files.other_config, 1u << HB_TOPIC_TIMES | 1u << HB_TOPIC_PORTS);
    hand_forget(hand);
    hand_hear(hand, text);
    assert_false(hand_logged(hand, "ha.cf"));
    g_free(text);
    hb_config_free(other);
    hand_free(hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_one_mark_however_it_is_written),
        cmocka_unit_test(a_difference_is_logged_once_and_shown),
        cmocka_unit_test(a_free_group_is_asked_for_before_it_is_taken),
        cmocka_unit_test(a_group_is_not_taken_while_one_of_its_resources_is_had_elsewhere),
        cmocka_unit_test(what_the_other_lets_go_is_let_alone_until_it_is_gone),
        cmocka_unit_test(a_group_that_cannot_be_compared_counts_as_what_its_node_holds),
        cmocka_unit_test(a_spoilt_list_is_read_as_far_as_it_goes),
        cmocka_unit_test(what_is_still_being_stopped_is_told_although_no_file_has_it),
        cmocka_unit_test(what_must_agree_in_ha_cf_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
