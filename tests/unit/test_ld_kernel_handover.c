/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two steps in which a running director hands over its connections (ldirectord/kernel_handover.c). The kernel's
 * table is a made-up one, which tells nobody; what the keeper would have seen begin the test says.
 */
#include <errno.h>
#include <string.h>

#include "ldirectord/core/opening.h"
#include "ldirectord/director_inside.h"
#include "ldirectord/door/door.h"
#include "tests/unit/director_house.h"

static struct director_house house;
static struct {
    int tap, tapped;  /* what the keeper answers */
    unsigned taps;
    GArray *records;
} keeper;

int __wrap_ld_door_tap(void);
int __wrap_ld_door_tap(void)
{
    keeper.taps++;
    return keeper.tap;
}

int __wrap_ld_door_tapped(GArray *out);
int __wrap_ld_door_tapped(GArray *out)
{
    g_array_append_vals(out, keeper.records->data, keeper.records->len);
    return keeper.tapped;
}

static int set_up(void **state)
{
    char *text;

    (void)state;
    director_house_open(&house);
    memset(&keeper, 0, sizeof(keeper));
    keeper.records = g_array_new(FALSE, FALSE, sizeof(struct ld_opening_record));
    text = g_strdup_printf("logfile=\"%s\"\nsyncdaemon=lo\nvirtual=10.9.0.1:80\n\tchecktype=on\n"
                           "\treal=127.1.0.2:80 masq 2\n\treal=127.1.0.3:80 masq 2\n", house.log);
    assert_true(g_file_set_contents(house.file, text, -1, NULL));
    g_free(text);
    director_house_start(&house, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    g_array_unref(keeper.records);
    director_house_close(&house);
    return 0;
}

/* The first packet of a connection from 10.2.0.100, that port, to this address. */
static void began(bool leaves, uint8_t port, const uint8_t to[4])
{
    struct ld_opening_record record = {.leaves = leaves, .length = 40};
    const uint8_t ip[] = {0x45, 0, 0, 40, 0, 1, 0x40, 0, 63, 6, 0, 0, 10, 2, 0, 100, to[0], to[1], to[2], to[3]};
    const uint8_t tcp[] = {0x40, port, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0x20, 0, 0, 0, 0, 0};

    memcpy(record.packet, ip, sizeof(ip));
    memcpy(record.packet + sizeof(ip), tcp, sizeof(tcp));
    g_array_append_val(keeper.records, record);
}
static const uint8_t vip[] = {10, 9, 0, 1}, server[] = {127, 1, 0, 2};

static bool logged(const char *text)
{
    return director_house_logged(&house, text) > 0;
}

static void who_got_ready_tells_of_what_began_since(void **state)
{
    (void)state;
    ld_director_get_ready(house.director);
    assert_int_equal(house.ipvs.handovers, 1);
    assert_int_equal(house.ipvs.handed, -1); /* the whole list */
    began(false, 1, vip);
    began(true, 1, server);
    began(false, 2, vip);
    began(true, 2, server);
    ld_director_hand_over(house.director);
    assert_int_equal(house.ipvs.handovers, 2);
    assert_int_equal(house.ipvs.handed, 2);
    assert_true(logged("handed over that began meanwhile (interface lo"));
}

static void where_nothing_began_the_list_is_not_read_again(void **state)
{
    (void)state;
    ld_director_get_ready(house.director);
    ld_director_hand_over(house.director);
    assert_int_equal(house.ipvs.handed, 0);
}

static void the_list_is_read_where_one_went_nobody_knows_where(void **state)
{
    (void)state;
    ld_director_get_ready(house.director);
    began(false, 1, vip);
    ld_director_hand_over(house.director);
    assert_int_equal(house.ipvs.handed, -1);
    assert_true(logged("handed over (interface lo"));
}

static void it_is_read_where_some_were_lost(void **state)
{
    (void)state;
    ld_director_get_ready(house.director);
    keeper.tapped = -EOVERFLOW;
    ld_director_hand_over(house.director);
    assert_int_equal(house.ipvs.handed, -1);
}

static void it_is_read_where_nobody_got_ready(void **state)
{
    (void)state;
    ld_director_hand_over(house.director);
    assert_int_equal(house.ipvs.handovers, 1);
    assert_int_equal(house.ipvs.handed, -1);
}

static void who_cannot_watch_reads_it_once_and_not_ahead(void **state)
{
    (void)state;
    keeper.tap = -EPERM;
    ld_director_get_ready(house.director);
    assert_int_equal(house.ipvs.handovers, 0);
    assert_true(logged("connections that begin cannot be watched: Operation not permitted"));
    ld_director_hand_over(house.director);
    assert_int_equal(house.ipvs.handed, -1);
}

static void to_get_ready_twice_is_to_be_ready(void **state)
{
    unsigned refused;

    (void)state;
    ld_director_get_ready(house.director);
    ld_director_get_ready(house.director);
    assert_int_equal(keeper.taps, 1);
    ld_director_hand_over(house.director);
    ld_director_get_ready(house.director); /* for another time */
    assert_int_equal(keeper.taps, 2);
    assert_int_equal(ld_director_set_standby(house.director, true, &refused), 0);
    ld_director_get_ready(house.director); /* in standby there are none */
    assert_int_equal(keeper.taps, 2);
}

static void stand_by(void)
{
    unsigned refused;

    assert_int_equal(ld_director_set_standby(house.director, true, &refused), 0);
}

static void who_takes_waits_until_the_kernel_has_taken_in_what_it_was_told(void **state)
{
    (void)state;
    stand_by();
    house.ipvs.untaken = 3;
    ld_director_take_in(house.director);
    assert_int_equal(house.ipvs.untaken, 0);
    assert_int_equal(house.ipvs.looks, 3);
    ld_director_take_in(house.director);
    assert_int_equal(house.ipvs.looks, 4);
}

static void nobody_waits_for_ever_for_a_kernel_that_does_not(void **state)
{
    (void)state;
    stand_by();
    house.ipvs.untaken = 300;
    house.ipvs.stuck = true;
    ld_director_take_in(house.director);
    assert_int_equal(house.ipvs.untaken, 300);
    assert_true(house.ipvs.looks > 1);
    assert_true(logged("the kernel has 300 bytes of the other's connections still to take in"));
    house.ipvs.untaken = -ENOENT;
    ld_director_take_in(house.director);
    assert_true(logged("whether connections were taken in cannot be seen: No such file or directory"));
}

static void who_is_told_nothing_has_nothing_to_take_in(void **state)
{
    (void)state;
    house.director->sync_role = LD_SYNC_MASTER;
    ld_director_take_in(house.director);
    assert_int_equal(house.ipvs.looks, 0);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(who_got_ready_tells_of_what_began_since),
        STORY(where_nothing_began_the_list_is_not_read_again),
        STORY(the_list_is_read_where_one_went_nobody_knows_where),
        STORY(it_is_read_where_some_were_lost),
        STORY(it_is_read_where_nobody_got_ready),
        STORY(who_cannot_watch_reads_it_once_and_not_ahead),
        STORY(to_get_ready_twice_is_to_be_ready),
        STORY(who_takes_waits_until_the_kernel_has_taken_in_what_it_was_told),
        STORY(nobody_waits_for_ever_for_a_kernel_that_does_not),
        STORY(who_is_told_nothing_has_nothing_to_take_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
