/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipfail decides, event by event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "heartbeatd/api/ipfail_core.h"

#define KEEPALIVE 1000

static struct ipfail made(bool failback)
{
    struct ipfail ipfail;

    ipfail_init(&ipfail, KEEPALIVE, failback);
    return ipfail;
}

/* One event; what it leads to as letters: C tell the count, B behind, E equal, A give all, F foreign. */
static void leads(struct ipfail *ipfail, uint64_t at_ms, struct ipfail_event event,
                  const char *expected)
{
    enum ipfail_say says[IPFAIL_SAYS_MAX];
    unsigned count = ipfail_step(ipfail, at_ms, &event, says);
    char got[IPFAIL_SAYS_MAX + 1] = "";

    for (unsigned i = 0; i < count; i++)
        got[i] = "CBEAF"[says[i]];
    assert_string_equal(got, expected);
}

static struct ipfail_event counts(uint64_t ours, uint64_t theirs, enum hb_hold holding)
{
    return (struct ipfail_event){
        .kind = IPFAIL_COUNT, .ours = ours, .count = theirs, .holding = holding};
}

static struct ipfail_event plain(enum ipfail_kind kind, enum hb_hold holding)
{
    return (struct ipfail_event){.kind = kind, .holding = holding};
}

static void what_may_change_a_count_is_told(void **state)
{
    struct ipfail ipfail = made(true);

    (void)state;
    leads(&ipfail, 0, plain(IPFAIL_LINK_DEAD, HB_HOLD_LOCAL), "C");
    leads(&ipfail, 0, plain(IPFAIL_PING_UP, HB_HOLD_LOCAL), "C");
    leads(&ipfail, 0, plain(IPFAIL_PEER_CAME, HB_HOLD_LOCAL), "C");
    assert_int_equal(ipfail.due_ms, UINT64_MAX);
}

static void who_sees_fewer_gives_all_after_two_keepalives(void **state)
{
    struct ipfail ipfail = made(true);

    (void)state;
    leads(&ipfail, 100, counts(1, 2, HB_HOLD_LOCAL), "");
    assert_int_equal(ipfail.due_ms, 100 + 2 * KEEPALIVE);
    leads(&ipfail, 500, plain(IPFAIL_BEHIND, HB_HOLD_LOCAL), "");
    assert_int_equal(ipfail.due_ms, 100 + 2 * KEEPALIVE);
    leads(&ipfail, 2099, plain(IPFAIL_TIMER, HB_HOLD_LOCAL), "");
    leads(&ipfail, 2100, plain(IPFAIL_TIMER, HB_HOLD_LOCAL), "A");
}

static void who_sees_more_says_so_and_keeps_what_it_has(void **state)
{
    struct ipfail ipfail = made(true);

    (void)state;
    leads(&ipfail, 0, plain(IPFAIL_BEHIND, HB_HOLD_ALL), "");
    leads(&ipfail, 10, counts(2, 1, HB_HOLD_ALL), "B");
    leads(&ipfail, 99999, plain(IPFAIL_TIMER, HB_HOLD_ALL), "");
}

static void even_counts_stop_a_give_up_on_both_sides(void **state)
{
    struct ipfail ipfail = made(true);

    (void)state;
    leads(&ipfail, 0, counts(0, 1, HB_HOLD_LOCAL), "");
    leads(&ipfail, 10, plain(IPFAIL_EQUAL, HB_HOLD_LOCAL), "");
    leads(&ipfail, 99999, plain(IPFAIL_TIMER, HB_HOLD_LOCAL), "");
    leads(&ipfail, 100000, counts(0, 1, HB_HOLD_ALL), "");
    leads(&ipfail, 100010, counts(1, 1, HB_HOLD_ALL), "E");
    leads(&ipfail, 999999, plain(IPFAIL_TIMER, HB_HOLD_ALL), "");
}

static void even_again_foreign_resources_go_home_if_there_are_any(void **state)
{
    struct ipfail ipfail = made(true), off = made(false);

    (void)state;
    leads(&ipfail, 0, counts(1, 1, HB_HOLD_ALL), "E");
    leads(&ipfail, 2000, plain(IPFAIL_TIMER, HB_HOLD_ALL), "F");
    assert_int_equal(ipfail.due_ms, UINT64_MAX);
    leads(&ipfail, 3000, counts(1, 1, HB_HOLD_LOCAL), "E");
    assert_int_equal(ipfail.due_ms, UINT64_MAX);
    leads(&off, 0, counts(1, 1, HB_HOLD_ALL), "E");
    assert_int_equal(off.due_ms, UINT64_MAX);
}

static void while_resources_move_it_looks_again_each_second(void **state)
{
    struct ipfail ipfail = made(true);

    (void)state;
    leads(&ipfail, 0, plain(IPFAIL_BEHIND, HB_HOLD_TRANSITION), "");
    leads(&ipfail, 2000, plain(IPFAIL_TIMER, HB_HOLD_TRANSITION), "");
    assert_int_equal(ipfail.due_ms, 3000);
    leads(&ipfail, 3000, plain(IPFAIL_TIMER, HB_HOLD_ALL), "A");
}

static void a_give_up_that_did_not_help_is_looked_at_again(void **state)
{
    struct ipfail ipfail = made(true);

    (void)state;
    leads(&ipfail, 0, plain(IPFAIL_BEHIND, HB_HOLD_ALL), "");
    leads(&ipfail, 2000, plain(IPFAIL_TIMER, HB_HOLD_ALL), "A");
    assert_int_equal(ipfail.due_ms, 12000);
    leads(&ipfail, 12000, plain(IPFAIL_TIMER, HB_HOLD_ALL), "C");
    leads(&ipfail, 12100, counts(0, 1, HB_HOLD_ALL), "");
    leads(&ipfail, 14100, plain(IPFAIL_TIMER, HB_HOLD_ALL), "A");
    leads(&ipfail, 24100, plain(IPFAIL_TIMER, HB_HOLD_NONE), "");
    leads(&ipfail, 25000, counts(1, 1, HB_HOLD_NONE), "E");
    assert_int_equal(ipfail.due_ms, UINT64_MAX);
}

static void who_holds_nothing_gives_nothing(void **state)
{
    struct ipfail ipfail = made(true);

    (void)state;
    leads(&ipfail, 0, counts(0, 1, HB_HOLD_NONE), "");
    leads(&ipfail, 2000, plain(IPFAIL_TIMER, HB_HOLD_NONE), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_change_a_count_is_told),
        cmocka_unit_test(who_sees_fewer_gives_all_after_two_keepalives),
        cmocka_unit_test(who_sees_more_says_so_and_keeps_what_it_has),
        cmocka_unit_test(even_counts_stop_a_give_up_on_both_sides),
        cmocka_unit_test(even_again_foreign_resources_go_home_if_there_are_any),
        cmocka_unit_test(while_resources_move_it_looks_again_each_second),
        cmocka_unit_test(a_give_up_that_did_not_help_is_looked_at_again),
        cmocka_unit_test(who_holds_nothing_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
