/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a neighbour is told about held addresses, and what it makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "tests/netns/act_place.h"

static bool all_rounds_are_heard(struct place *f)
{
    return place_arps(f, "10.0.0.50", 1) >= 7 && place_arps(f, "10.0.0.50", 2) >= 7;
}

static bool never(struct place *f)
{
    (void)f;
    return false;
}

static void an_address_is_announced_at_once_and_again(void **state)
{
    struct place *f = *state;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    /* The first went out before the answer did. */
    assert_true(hb_announce_sent(hb_act_announce(f->act)) >= 2);
    assert_true(place_wait(f, all_rounds_are_heard, 20000));
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
}

#define MANY 200

static bool many_are_heard_twice(struct place *f)
{
    return place_arps(f, "10.0.0.220", 2) >= 1 && f->heard->len >= 2 * MANY;
}

/* More than fit into one go: whoever is last must not wait for the second frames of all others. */
static void every_address_is_announced_once_before_any_is_twice(void **state)
{
    struct place *f = *state;
    unsigned requests = 0;

    for (int i = 0; i < MANY; i++) {
        char *text = g_strdup_printf("10.0.0.%d/24/eth0", 21 + i);

        place_resource(f, "IPaddr2", text);
        g_free(text);
    }
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_true(place_wait(f, many_are_heard_twice, 20000));
    for (guint i = 0; i < f->heard->len && requests < MANY; i++) {
        gsize length = 0;
        const uint8_t *frame = g_bytes_get_data(g_ptr_array_index(f->heard, i), &length);

        if (length < 42 || frame[12] != 0x08 || frame[13] != 0x06)
            continue;
        assert_int_equal(frame[21], 1); /* no reply before the last request */
        requests++;
    }
    assert_int_equal(requests, MANY);
    for (int i = 0; i < MANY; i++) {
        char *text = g_strdup_printf("10.0.0.%d", 21 + i);

        assert_true(place_arps(f, text, 1) >= 1);
        g_free(text);
    }
}

static bool ten_are_heard(struct place *f)
{
    return place_arps(f, "10.0.0.50", 1) >= 10;
}

static void a_held_address_is_announced_for_ever_but_not_longer(void **state)
{
    struct place *f = *state;
    uint64_t sent;

    place_resource(f, "IPaddr2", "10.0.0.50/24/eth0");
    place_begin(f);
    hb_announce_set_refresh((struct hb_announce *)(uintptr_t)hb_act_announce(f->act), 50);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_true(place_wait(f, ten_are_heard, 20000));
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    sent = hb_announce_sent(hb_act_announce(f->act));
    assert_false(place_wait(f, never, 300));
    assert_true(hb_announce_sent(hb_act_announce(f->act)) == sent);
}

static bool advertisement_is_heard(struct place *f)
{
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, "2001:db8::50"));
    for (guint i = 0; i < f->heard->len; i++) {
        gsize length = 0;
        const uint8_t *frame = g_bytes_get_data(g_ptr_array_index(f->heard, i), &length);

        if (length == 86 && frame[12] == 0x86 && frame[54] == 136 &&
            memcmp(frame + 22, addr.bytes, 16) == 0 && memcmp(frame + 62, addr.bytes, 16) == 0)
            return true;
    }
    return false;
}

static void the_neighbour_learns_an_ipv6_address_from_its_advertisement(void **state)
{
    struct place *f = *state;

    /* It has somebody else in mind, and is corrected. */
    place_enter(f->neighbour_fd);
    place_sh("ip addr add 2001:db8::2/64 dev peer nodad && "
             "ip -6 neigh add 2001:db8::50 lladdr 02:00:00:00:00:99 dev peer nud stale");
    place_enter(f->here_fd);
    place_resource(f, "IPv6addr", "2001:db8::50/64/eth0");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_int_equal(place_run(f, HB_OP_STATUS), HB_OP_OK);
    assert_true(place_wait(f, advertisement_is_heard, 10000));
    place_enter(f->neighbour_fd);
    place_sh(
        "for i in $(seq 50); do ip -6 neigh show 2001:db8::50 | grep -q 02:00:00:00:00:99 || exit "
        "0; "
        "sleep 0.1; done; exit 1");
    place_enter(f->here_fd);
    assert_shows("to 2001:db8::50", "2001:db8::50/64", true);
    assert_shows("to 2001:db8::50", "tentative", false);
    assert_int_equal(place_run(f, HB_OP_STOP), HB_OP_OK);
    assert_shows("dev eth0", "2001:db8::50", false);
    assert_shows("dev eth0", "2001:db8::1/64", true);
}

static void the_neighbour_learns_an_ipv4_address_from_its_arp(void **state)
{
    struct place *f = *state;

    place_enter(f->neighbour_fd);
    place_sh("ip addr add 10.0.0.2/24 dev peer && "
             "ip neigh add 10.0.0.50 lladdr 02:00:00:00:00:99 dev peer nud stale");
    place_enter(f->here_fd);
    place_resource(f, "IPaddr", "10.0.0.50");
    place_begin(f);
    assert_int_equal(place_run(f, HB_OP_START), HB_OP_OK);
    assert_true(place_wait(f, all_rounds_are_heard, 20000));
    place_enter(f->neighbour_fd);
    place_sh(
        "for i in $(seq 50); do ip neigh show 10.0.0.50 | grep -q 02:00:00:00:00:99 || exit 0; "
        "sleep 0.1; done; exit 1");
    place_enter(f->here_fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_address_is_announced_at_once_and_again),
        CASE(every_address_is_announced_once_before_any_is_twice),
        CASE(a_held_address_is_announced_for_ever_but_not_longer),
        CASE(the_neighbour_learns_an_ipv6_address_from_its_advertisement),
        CASE(the_neighbour_learns_an_ipv4_address_from_its_arp),
    };

    /* Namespaces take root; without it there is nothing to be shown. */
    if (geteuid() != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
