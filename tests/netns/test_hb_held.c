/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Held addresses stay where they are, whoever removes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "heartbeatd/act/held.h"
#include "tests/netns/act_place.h"

static unsigned lost_count, lost_resource;
static char lost_why[256];

static void lost(void *ctx, unsigned group, unsigned resource, const char *why)
{
    struct place *f = ctx;

    assert_int_equal(group, 0);
    lost_count++;
    lost_resource = resource;
    snprintf(lost_why, sizeof lost_why, "%s", why);
    place_look(f);
}

static void hold(struct place *f)
{
    lost_count = 0;
    place_begin(f);
    hb_act_on_lost(f->act, lost);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
}

static bool never(struct place *f)
{
    (void)f;
    return false;
}

static bool is_told_lost(struct place *f)
{
    (void)f;
    return lost_count > 0;
}

/* Waits until the shell command says yes; the loop runs in between. */
static void assert_comes(struct place *f, const char *command)
{
    for (int i = 0; i < 100; i++) {
        if (system(command) == 0)
            return;
        (void)place_wait(f, never, 20);
    }
    fail_msg("%s", command);
}

static void an_address_removed_by_hand_is_put_back_as_it_was(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_resource(f, "IPaddr", "10.0.0.51/24/eth0");
    place_resource(f, "IPaddr2", "10.7.0.52/16/eth0:db");
    place_resource(f, "IPv6addr", "2001:db8::50/64/eth0");
    hold(f);
    place_sh("ip addr del 10.0.0.50/24 dev eth0 && ip addr del 10.0.0.51/24 dev eth0 && "
             "ip addr del 10.7.0.52/16 dev eth0 && ip addr del 2001:db8::50/64 dev eth0");
    assert_comes(f, "ip addr show dev eth0 | grep -q 'inet 10.0.0.50/24 .* secondary eth0$'");
    assert_comes(f, "ip addr show dev eth0 | grep -q 'inet 10.0.0.51/24 .* eth0:0$'");
    assert_comes(f, "ip addr show dev eth0 | grep -q 'inet 10.7.0.52/16 brd .* eth0:db$'");
    assert_comes(f, "ip addr show dev eth0 | grep 'inet6 2001:db8::50/64' | grep -vq tentative");
    assert_int_equal(lost_count, 0);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_OK);
}

static bool announced_again(struct place *f)
{
    return place_arps(f, "10.0.0.50", 1) > 0;
}

static void all_that_was_flushed_comes_back(void **state)
{
    struct place *f = *state;

    for (unsigned i = 0; i < 150; i++) {
        char text[32];

        snprintf(text, sizeof text, "10.0.0.%u/24/eth0", 100 + i);
        place_resource(f, "IPaddr2", text);
    }
    hold(f);
    place_sh("ip addr flush dev eth0");
    assert_comes(f, "[ $(ip -4 -o addr show dev eth0 | grep -c 10.0.0.) -eq 150 ]");
    assert_int_equal(lost_count, 0);
}

static void what_we_gave_up_is_not_put_back(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    hold(f);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    place_sh("ip addr add 10.0.0.50/24 dev eth0 && ip addr del 10.0.0.50/24 dev eth0");
    (void)place_wait(f, never, 200);
    assert_shows("dev eth0", "10.0.0.50", false);
}

static void an_address_returns_with_its_interface(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_resource(f, "IPv6addr", "2001:db8::50");
    hold(f);
    place_sh("ip link del eth0");
    (void)place_wait(f, never, 100);
    place_sh("ip link add eth0 type veth peer name peer2 && ip link set peer2 up");
    (void)place_wait(f, never, 100);
    place_sh("ip link set eth0 up");
    assert_comes(f, "ip addr show dev eth0 | grep -q 'inet 10.0.0.50/24'");
    assert_comes(f, "ip addr show dev eth0 | grep -q 'inet6 2001:db8::50/64'");
    assert_int_equal(lost_count, 0);
}

static void an_interface_that_stays_away_is_a_loss_and_the_address_returns_late(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    hold(f);
    place_sh("ip link del eth0");
    assert_true(place_wait(f, is_told_lost, 3 * HB_HELD_LOST_MS));
    assert_int_equal(lost_resource, 0);
    assert_non_null(strstr(lost_why, "10.0.0.50: there is no interface eth0"));
    /* Nobody stopped it. */
    place_sh("ip link add eth0 type veth peer name peer2 && ip link set peer2 up && "
             "ip link set eth0 up");
    assert_comes(f, "ip addr show dev eth0 | grep -q 'inet 10.0.0.50/24'");
}

static void an_interface_taken_down_and_up_again_has_its_addresses(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_resource(f, "IPv6addr", "2001:db8::50/64/eth0");
    hold(f);
    place_sh("ip link set eth0 down");
    (void)place_wait(f, never, 100);
    assert_shows("dev eth0", "2001:db8::50", false); /* the kernel's way with IPv6 */
    place_sh("ip link set eth0 up");
    assert_comes(f, "ip addr show dev eth0 | grep -q 'inet6 2001:db8::50/64'");
    assert_comes(f, "ip addr show dev eth0 | grep -q 'inet 10.0.0.50/24'");
    assert_comes(f, "ip route show table local | grep -q 'local 10.0.0.50 dev eth0'");
    assert_int_equal(lost_count, 0);
}

static void a_wire_plugged_in_again_and_an_address_put_back_are_announced(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    hold(f);
    /* Let its first rounds go by. */
    (void)place_wait(f, never, 2600);
    place_enter(f->neighbour_fd);
    place_sh("ip link set peer down");
    place_enter(f->here_fd);
    (void)place_wait(f, never, 100);
    g_ptr_array_set_size(f->heard, 0);
    place_enter(f->neighbour_fd);
    place_sh("ip link set peer up");
    place_enter(f->here_fd);
    assert_true(place_wait(f, announced_again, 5000));
    (void)place_wait(f, never, 2600);
    g_ptr_array_set_size(f->heard, 0);
    place_sh("ip addr del 10.0.0.50/24 dev eth0");
    assert_true(place_wait(f, announced_again, 5000));
}

static void a_route_that_a_held_address_needs_is_put_back(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.7.0.50/24/eth0");
    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_resource(f, "IPv6addr", "2001:db8:7::50/64/eth0");
    hold(f);
    place_sh("ip route del 10.7.0.0/24 dev eth0");
    place_sh("ip route del 10.0.0.0/24 dev eth0");
    place_sh("ip route del table local local 10.7.0.50 dev eth0");
    place_sh("ip -6 route del 2001:db8:7::/64 dev eth0");
    assert_comes(f, "ip route | grep -q '10.7.0.0/24 dev eth0 proto kernel scope link src "
                    "10.7.0.50'");
    assert_comes(f, "ip route | grep -q '10.0.0.0/24 dev eth0 proto kernel scope link src "
                    "10.0.0.1'");
    assert_comes(f, "ip route show table local | grep -q 'local 10.7.0.50 dev eth0 proto kernel'");
    assert_comes(f, "ip -6 route | grep -q '2001:db8:7::/64 dev eth0 proto kernel'");
    /* Routes of others are theirs. */
    place_sh("ip route add 10.8.0.0/24 dev eth0 && ip route del 10.8.0.0/24 dev eth0");
    (void)place_wait(f, never, 200);
    place_sh("! ip route | grep -q 10.8.0.0");
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    (void)place_wait(f, never, 200);
    place_sh("! ip route | grep -q 10.7.0.0");
}

static void who_removes_it_again_and_again_gets_his_way_for_a_while(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.49/24/eth0");
    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    hold(f);
    hb_held_set_window(hb_act_held(f->act), 10000);
    for (int i = 0; i < HB_HELD_PUT_BACKS; i++) {
        place_sh("ip addr del 10.0.0.50/24 dev eth0");
        assert_comes(f, "ip addr show dev eth0 | grep -q 'inet 10.0.0.50/24'");
    }
    assert_int_equal(lost_count, 0);
    place_sh("ip addr del 10.0.0.50/24 dev eth0");
    assert_true(place_wait(f, is_told_lost, 5000));
    assert_int_equal(lost_resource, 1);
    assert_non_null(strstr(lost_why, "10.0.0.50 was removed from eth0 6 times within 10 s"));
    assert_shows("dev eth0", "10.0.0.50", false);
    assert_shows("dev eth0", "10.0.0.49", true);
    /* Not for ever. */
    (void)place_wait(f, never, 9500);
    assert_comes(f, "ip addr show dev eth0 | grep -q 'inet 10.0.0.50/24'");
    assert_int_equal(lost_count, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_address_removed_by_hand_is_put_back_as_it_was),
        CASE(all_that_was_flushed_comes_back),
        CASE(what_we_gave_up_is_not_put_back),
        CASE(an_address_returns_with_its_interface),
        CASE(an_interface_that_stays_away_is_a_loss_and_the_address_returns_late),
        CASE(an_interface_taken_down_and_up_again_has_its_addresses),
        CASE(a_wire_plugged_in_again_and_an_address_put_back_are_announced),
        CASE(a_route_that_a_held_address_needs_is_put_back),
        CASE(who_removes_it_again_and_again_gets_his_way_for_a_while),
    };

    /* Namespaces take root; without it there is nothing to be shown. */
    if (geteuid() != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
