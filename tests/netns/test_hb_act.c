/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on resources as the core asks for them, on a real interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/netns/act_place.h"

static bool fifty_are_announced(struct place *f)
{
    for (unsigned i = 0; i < 50; i++) {
        char text[32];

        snprintf(text, sizeof text, "10.0.0.%u", 100 + i);
        if (place_arps(f, text, 1) == 0 || place_arps(f, text, 2) == 0)
            return false;
    }
    return true;
}

static void fifty_addresses_come_and_go_in_one_batch(void **state)
{
    struct place *f = *state;

    for (unsigned i = 0; i < 50; i++) {
        char text[32];

        snprintf(text, sizeof text, "10.0.0.%u/24/eth0", 100 + i);
        place_resource(f, "IPaddr2", text);
    }
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
    place_count(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_null(f->detail);
    /* Two tables read, one batch: nothing grows with the number of addresses. */
    assert_int_equal(place_sends, 3);
    assert_in_range(place_receives, 5, 10);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_OK);
    assert_shows("dev eth0", "inet 10.0.0.149/24 brd 10.0.0.255 scope global secondary eth0 ",
                 true);
    assert_true(place_wait(f, fifty_are_announced, 10000));
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 50);
    place_count(f);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_int_equal(place_sends, 3);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 0);
    assert_shows("dev eth0", "10.0.0.1/24", true);
    assert_shows("dev eth0", "10.0.0.149", false);
}

/* Whichever request or answer it is: what is asked is asked again, and what is done is not undone. */
static void no_single_want_of_memory_fails_a_start_or_a_stop(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.61/24/eth0");
    place_resource(f, "IPaddr2", "10.0.0.62");
    place_begin(f);
    for (unsigned at = 1; at <= 8; at++) {
        place_refuse_send = at;
        assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
        place_refuse_send = 0;
        place_refuse_receive = at;
        assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
        place_refuse_receive = at;
        assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
        place_refuse_receive = 0;
        assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_OK);
        assert_shows("dev eth0", "10.0.0.62/24", true);
        place_refuse_send = at;
        assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
        place_refuse_send = 0;
        assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
        assert_shows("dev eth0", "10.0.0.6", false);
    }
}

/* It would not stop: as long as one address is there, another node must not take the group. */
/* Else what still comes for it after a release would be sent back to its owner of before. */
static void where_others_had_an_address_is_forgotten(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.100/24/eth0");
    place_resource(f, "IPv6addr", "fd00::100/64/eth0");
    place_begin(f);
    place_sh("ip neigh add 10.0.0.100 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
    place_sh("ip neigh add fd00::100 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
    place_sh("ip neigh add 10.0.0.101 lladdr 02:00:00:00:00:99 dev eth0 nud stale");
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    place_sh("! ip -4 neigh show | grep -v FAILED | grep -q '10.0.0.100 '");
    place_sh("! ip -6 neigh show | grep -v FAILED | grep -q 'fd00::100 '");
    place_sh("ip neigh show | grep -q 10.0.0.101");
}

static void a_range_runs_while_one_of_its_addresses_is_left(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.61/24/eth0");
    place_resource(f, "IPaddr2", "10.0.0.62/24/eth0");
    place_begin(f);
    place_sh("ip addr add 10.0.0.62/24 dev eth0");
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_OK);
    place_sh("ip addr del 10.0.0.62/24 dev eth0");
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
}

static void more_than_a_batch_can_hold_come_in_several(void **state)
{
    struct place *f = *state;

    for (unsigned i = 0; i < 250; i++) {
        char text[32];

        snprintf(text, sizeof text, "10.0.1.%u/16/eth0", i + 1);
        place_resource(f, "IPaddr", text);
    }
    place_begin(f);
    place_count(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_int_equal(place_sends, 2 + 3);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_OK);
    assert_shows("label eth0:249", "10.0.1.250/16", true);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev eth0", "10.0.1.", false);
}

static void what_is_there_need_not_be_started_and_what_is_gone_not_stopped(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    place_sh("ip addr add 10.0.0.50/32 dev eth0");
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_OK);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 1);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 1);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev eth0", "10.0.0.50", false);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
}

static void plain_addresses_get_the_lowest_free_label(void **state)
{
    struct place *f = *state;

    place_sh("ip addr add 10.0.0.40/24 dev eth0 label eth0:1");
    place_resource(f, "IPaddr", "10.0.0.50");
    place_resource(f, "IPaddr", "10.0.0.51/24/eth0");
    place_resource(f, "IPaddr", "10.0.0.52/24/eth0:web");
    place_resource(f, "IPaddr2", "10.0.0.53/24/eth0:db");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_shows("", "inet 10.0.0.50/24 brd 10.0.0.255 scope global secondary eth0:0 ", true);
    assert_shows("", "inet 10.0.0.51/24 brd 10.0.0.255 scope global secondary eth0:2 ", true);
    assert_shows("", "inet 10.0.0.52/24 brd 10.0.0.255 scope global secondary eth0:web ", true);
    assert_shows("", "inet 10.0.0.53/24 brd 10.0.0.255 scope global secondary eth0:db ", true);
}

static void interface_and_netmask_are_found_when_not_given(void **state)
{
    struct place *f = *state;

    place_sh("ip addr add 10.0.0.129/26 dev eth0 && ip route add 192.0.2.0/25 dev eth0");
    place_resource(f, "IPaddr2", "10.0.0.50");
    place_resource(f, "IPaddr2", "10.0.0.130"); /* the narrower network */
    place_resource(f, "IPaddr2", "192.0.2.9");  /* by its route */
    place_resource(f, "IPaddr2", "10.0.0.51/32");
    place_resource(f, "IPaddr2", "10.0.0.52//eth0");
    place_resource(f, "IPaddr2", "10.0.0.53/24/10.0.0.127");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_shows("dev eth0", "inet 10.0.0.50/24 brd 10.0.0.255 ", true);
    assert_shows("dev eth0", "inet 10.0.0.130/26 brd 10.0.0.191 ", true);
    assert_shows("dev eth0", "inet 192.0.2.9/25 brd 192.0.2.127 ", true);
    assert_shows("dev eth0", "inet 10.0.0.51/32 scope", true);
    assert_shows("dev eth0", "inet 10.0.0.52/24 ", true);
    assert_shows("dev eth0", "inet 10.0.0.53/24 brd 10.0.0.127 ", true);
}

static void assert_start_fails(struct place *f, const char *why)
{
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_FAILED);
    assert_non_null(f->detail);
    if (strstr(f->detail, why) == NULL)
        fail_msg("expected \"%s\" in: %s", why, f->detail);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_int_equal(hb_announce_count(hb_act_announce(f->act)), 0);
}

static void a_missing_interface_is_named(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_resource(f, "IPaddr2", "10.0.0.51/24/eth7");
    assert_start_fails(f, "10.0.0.51: there is no interface eth7");
    assert_shows("dev eth0", "10.0.0.50", false);
}

static void an_interface_that_is_down_is_named(void **state)
{
    struct place *f = *state;

    place_sh("ip link add eth1 type veth peer name other1");
    place_resource(f, "IPaddr2", "10.1.0.50/24/eth1");
    assert_start_fails(f, "the interface eth1 is down");
}

static void an_address_on_an_interface_that_went_down_is_not_held(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    place_sh("ip link set eth0 down");
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_FAILED);
    assert_non_null(strstr(f->detail, "eth0 is down"));
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev eth0", "10.0.0.50", false);
}

static void an_address_in_no_network_asks_for_an_interface(void **state)
{
    struct place *f = *state;

    place_sh("ip route add default via 10.0.0.254");
    place_resource(f, "IPaddr2", "172.16.0.1/24");
    assert_start_fails(f, "name the interface");
}

static void what_cannot_be_read_fails_and_says_so(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_resource(f, "IPaddr2", "10.0.0/24/eth0");
    assert_start_fails(f, "10.0.0/24/eth0: expected an address");
    assert_shows("dev eth0", "10.0.0.50", false);
}

static void what_the_kernel_refuses_is_told_in_its_words(void **state)
{
    struct place *f = *state;

    place_sh("echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6");
    place_resource(f, "IPv6addr", "2001:db8::50/64/eth0");
    assert_start_fails(f, "2001:db8::50: cannot be added to eth0: ");
}

static void an_address_of_a_real_server_moves_and_comes_back(void **state)
{
    struct place *f = *state;

    place_sh("ip addr add 10.0.0.50/32 dev lo label lo:0 && ip addr add 10.0.0.51/32 dev lo && "
             "ip -6 addr add 2001:db8::50/128 dev lo");
    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_resource(f, "IPaddr", "10.0.0.51/24/eth0");
    place_resource(f, "IPv6addr", "2001:db8::50/64/eth0");
    place_resource(f, "IPaddr2", "10.0.0.52/24/eth0");
    place_begin(f);
    assert_false(hb_act_real_server(f->act, false));
    assert_true(hb_act_real_server(f->act, true));
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_shows("dev lo", "10.0.0.5", false);
    assert_shows("dev lo", "2001:db8::50", false);
    assert_shows("dev eth0", "10.0.0.50/24", true);
    assert_shows("dev eth0", "2001:db8::50/64", true);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_OK);
    /* A new daemon remembers. */
    hb_act_free(f->act);
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_OK);
    assert_false(hb_act_real_server(f->act, true));
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_true(hb_act_real_server(f->act, false));
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_shows("dev lo", "inet 10.0.0.50/32 scope global lo:0 ", true);
    assert_shows("dev lo", "inet 10.0.0.51/32 scope global lo ", true);
    assert_shows("dev lo", "2001:db8::50/128", true);
    assert_shows("dev lo", "10.0.0.52", false);
    assert_shows("dev eth0", "10.0.0.5", false);
    /* And forgets: what was not there is not put there. */
    place_sh("ip addr del 10.0.0.50/32 dev lo");
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev lo", "10.0.0.50", false);
}

static void an_address_on_a_tunnel_is_a_real_servers_too(void **state)
{
    struct place *f = *state;

    place_sh("ip link add tun0 type veth peer name other0 && ip link set tun0 arp off up && "
             "ip addr add 10.0.0.50/32 dev tun0");
    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_shows("dev tun0", "10.0.0.50", false);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev tun0", "10.0.0.50/32", true);
}

static void addresses_of_others_survive_the_removal_of_the_first_one(void **state)
{
    struct place *f = *state;

    place_sh("for i in all eth0; do echo 0 >/proc/sys/net/ipv4/conf/$i/promote_secondaries; done");
    place_resource(f, "IPaddr2", "10.9.0.50/24/eth0"); /* the first of its network */
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    place_sh("ip addr add 10.9.0.60/24 brd + dev eth0 label eth0:x && ip addr add 10.9.0.61/24 dev "
             "eth0");
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev eth0", "10.9.0.50", false);
    assert_shows("dev eth0", "inet 10.9.0.60/24 brd 10.9.0.255 scope global eth0:x ", true);
    assert_shows("dev eth0", "10.9.0.61/24", true);
    assert_shows("dev eth0", "10.0.0.1/24", true);
}

/* ---- mixed ---- */

static void scripts_run_alone_and_are_answered_too(void **state)
{
    struct place *f = *state;
    char *path = g_build_filename(f->dir, "resource.d", "web", NULL);

    assert_true(g_file_set_contents(path, "#!/bin/sh\n[ $1 = x ] && [ $2 = start ]\n", -1, NULL));
    assert_int_equal(g_chmod(path, 0755), 0);
    place_resource(f, "web", "x");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_FAILED);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
    assert_int_equal(g_unlink(path), 0);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_FAILED);
    assert_non_null(strstr(f->detail, "there is no script web"));
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_STOPPED);
    g_free(path);
    place_resource(f, "IPaddr", "10.0.0.50");
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_FAILED);
}

static void an_administrators_own_script_wins(void **state)
{
    struct place *f = *state;
    char *path = g_build_filename(f->dir, "resource.d", "IPaddr", NULL);

    assert_true(g_file_set_contents(path, "#!/bin/sh\nexit 0\n", -1, NULL));
    assert_int_equal(g_chmod(path, 0755), 0);
    g_free(path);
    place_resource(f, "IPaddr", "10.0.0.50");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_shows("dev eth0", "10.0.0.50", false);
}

static void nonsense_is_answered_and_not_done(void **state)
{
    struct place *f = *state;
    struct hb_action action = {.op = HB_OP_START, .op_id = ++f->next_op, .group = 9};

    place_resource(f, "IPaddr", "10.0.0.50");
    place_begin(f);
    hb_act_run(f->act, &action);
    assert_true(place_wait(f, place_answered, 10000));
    assert_int_equal(f->result, HB_OP_FAILED);
}

static void a_script_no_longer_wanted_is_ended_and_answered(void **state)
{
    struct place *f = *state;
    char *path = g_build_filename(f->dir, "resource.d", "slow", NULL);
    struct hb_action action = {
        .op = HB_OP_START, .op_id = ++f->next_op, .deadline_ms = 600000};

    assert_true(g_file_set_contents(path, "#!/bin/sh\nsleep 600\n", -1, NULL));
    assert_int_equal(g_chmod(path, 0755), 0);
    g_free(path);
    place_resource(f, "slow", "x");
    place_begin(f);
    hb_act_run(f->act, &action);
    hb_act_cancel(f->act, action.op_id + 1);
    assert_false(place_wait(f, place_answered, 100));
    hb_act_cancel(f->act, action.op_id);
    assert_true(place_wait(f, place_answered, 10000));
    assert_int_equal(f->result, HB_OP_FAILED);
    assert_string_equal(f->detail, "no longer wanted");
}

static void whoever_leaves_is_not_called_back(void **state)
{
    struct place *f = *state;
    struct hb_action action = {.op = HB_OP_START, .op_id = ++f->next_op};

    place_resource(f, "IPaddr", "10.0.0.50");
    place_begin(f);
    hb_act_run(f->act, &action);
    hb_act_free(f->act);
    f->act = NULL;
    assert_false(place_wait(f, place_answered, 100));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_range_runs_while_one_of_its_addresses_is_left),
        CASE(no_single_want_of_memory_fails_a_start_or_a_stop),
        CASE(fifty_addresses_come_and_go_in_one_batch),
        CASE(where_others_had_an_address_is_forgotten),
        CASE(more_than_a_batch_can_hold_come_in_several),
        CASE(what_is_there_need_not_be_started_and_what_is_gone_not_stopped),
        CASE(plain_addresses_get_the_lowest_free_label),
        CASE(interface_and_netmask_are_found_when_not_given),
        CASE(a_missing_interface_is_named),
        CASE(an_interface_that_is_down_is_named),
        CASE(an_address_on_an_interface_that_went_down_is_not_held),
        CASE(an_address_in_no_network_asks_for_an_interface),
        CASE(what_cannot_be_read_fails_and_says_so),
        CASE(what_the_kernel_refuses_is_told_in_its_words),
        CASE(an_address_of_a_real_server_moves_and_comes_back),
        CASE(an_address_on_a_tunnel_is_a_real_servers_too),
        CASE(addresses_of_others_survive_the_removal_of_the_first_one),
        CASE(scripts_run_alone_and_are_answered_too),
        CASE(an_administrators_own_script_wins),
        CASE(nonsense_is_answered_and_not_done),
        CASE(a_script_no_longer_wanted_is_ended_and_answered),
        CASE(whoever_leaves_is_not_called_back),
    };

    /* Namespaces take root; without it there is nothing to be shown. */
    if (geteuid() != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
