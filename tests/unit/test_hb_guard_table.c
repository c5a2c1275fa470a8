/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table that outlives the daemon: its slots, its clock, and who may take off what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "heartbeatd/act/guard_table.h"

static int table_new(void **state)
{
    struct hb_guard_table *table = calloc(1, sizeof *table);

    atomic_store(&table->state, HB_GUARD_WATCHING);
    atomic_store(&table->stall_ns, 1500);
    atomic_store(&table->death_ns, 1000);
    *state = table;
    return table == NULL;
}

static int table_free(void **state)
{
    free(*state);
    return 0;
}

static struct hb_guard_slot address(unsigned number, int index)
{
    struct hb_guard_slot slot = {.index = index, .family = AF_INET, .bits = 24};

    slot.addr[0] = 10;
    slot.addr[2] = (uint8_t)(number >> 8);
    slot.addr[3] = (uint8_t)number;
    return slot;
}

static unsigned count(const struct hb_guard_table *table, enum hb_guard_kind kind)
{
    unsigned found = 0;

    for (unsigned i = 0; i < atomic_load(&table->used); i++)
        found += atomic_load(&table->slots[i].kind) == kind;
    return found;
}

static void an_address_has_one_slot_of_each_kind(void **state)
{
    struct hb_guard_table *table = *state;
    struct hb_guard_slot first = address(1, 2), moved = address(1, 7);

    assert_true(hb_guard_empty(table));
    assert_true(hb_guard_put(table, HB_GUARD_REMOVE, &first));
    assert_true(hb_guard_put(table, HB_GUARD_RETURN, &first));
    assert_true(hb_guard_put(table, HB_GUARD_REMOVE, &moved));
    assert_int_equal(count(table, HB_GUARD_REMOVE), 1);
    assert_int_equal(count(table, HB_GUARD_RETURN), 1);
    assert_int_equal(table->slots[0].index, 7);
    hb_guard_drop(table, AF_INET, first.addr);
    assert_true(hb_guard_empty(table));
}

static void free_slots_are_used_again(void **state)
{
    struct hb_guard_table *table = *state;
    struct hb_guard_slot slots[3] = {address(1, 2), address(2, 2), address(3, 2)};

    for (int i = 0; i < 3; i++)
        assert_true(hb_guard_put(table, HB_GUARD_REMOVE, &slots[i]));
    hb_guard_drop(table, AF_INET, slots[0].addr);
    assert_int_equal(count(table, HB_GUARD_REMOVE), 2);
    assert_true(hb_guard_put(table, HB_GUARD_REMOVE, &slots[0]));
    assert_int_equal(atomic_load(&table->used), 3);
}

static void a_full_table_says_so(void **state)
{
    struct hb_guard_table *table = *state;
    struct hb_guard_slot slot;

    for (unsigned i = 0; i < HB_GUARD_SLOTS; i++) {
        slot = address(i, 2);
        assert_true(hb_guard_put(table, HB_GUARD_REMOVE, &slot));
    }
    slot = address(HB_GUARD_SLOTS, 2);
    assert_false(hb_guard_put(table, HB_GUARD_REMOVE, &slot));
    slot = address(5, 3);
    assert_true(hb_guard_put(table, HB_GUARD_REMOVE, &slot));
}

static void death_has_a_shorter_limit_than_a_stall(void **state)
{
    struct hb_guard_table *table = *state;

    atomic_store(&table->beat_ns, 10000);
    assert_false(hb_guard_overdue(table, true, 10999));
    assert_true(hb_guard_overdue(table, true, 11000));
    assert_false(hb_guard_overdue(table, false, 11499));
    assert_true(hb_guard_overdue(table, false, 11500));
    /* A beat of the future is one that came while we looked at the clock. */
    assert_false(hb_guard_overdue(table, true, 9000));
}

static void only_one_may_release(void **state)
{
    struct hb_guard_table *table = *state;

    assert_true(hb_guard_win(table, false));
    assert_false(hb_guard_win(table, false));
    /* Unless the one that was about to is dead. */
    assert_true(hb_guard_win(table, true));
    atomic_store(&table->state, HB_GUARD_ADOPTED);
    assert_false(hb_guard_win(table, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_address_has_one_slot_of_each_kind, table_new, table_free),
        cmocka_unit_test_setup_teardown(free_slots_are_used_again, table_new, table_free),
        cmocka_unit_test_setup_teardown(a_full_table_says_so, table_new, table_free),
        cmocka_unit_test_setup_teardown(death_has_a_shorter_limit_than_a_stall, table_new, table_free),
        cmocka_unit_test_setup_teardown(only_one_may_release, table_new, table_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
