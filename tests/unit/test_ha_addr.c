/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common/base/addr: what is an address, how it is written, how it compares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "common/base/addr.h"

static struct ha_addr addr_of(const char *text)
{
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, text));
    return addr;
}

static void assert_prints(const char *text, const char *expected)
{
    struct ha_addr addr = addr_of(text);
    char buffer[HA_ADDR_TEXT];

    assert_string_equal(ha_addr_text(&addr, buffer), expected);
}

static void numeric_addresses_are_read_and_printed_canonically(void **state)
{
    (void)state;
    assert_prints("10.0.0.1", "10.0.0.1");
    assert_prints("0.0.0.0", "0.0.0.0");
    assert_prints("255.255.255.255", "255.255.255.255");
    assert_prints("2001:DB8:0:0::1", "2001:db8::1");
    assert_prints("[2001:db8::1]", "2001:db8::1");
    assert_prints("::ffff:10.0.0.1", "::ffff:10.0.0.1");
    assert_prints("::", "::");
    assert_prints("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
                  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void anything_else_is_refused_and_leaves_no_address(void **state)
{
    static const char *const texts[] = {
        "",        "10.0.0",  "10",           "10.0.0.256",  "10.0.0.1.2",  " 10.0.0.1",
        "10.0.0.1 ", "10.0.0.1/24", "10.0.0.1:80", "[10.0.0.1]", "[::1",     "::1]",
        "[]",      "[",       "]",            "fe80::1%eth0", "2001:db8::1::2", "node1",
        "0x0a.0.0.1", ":::",  "12345::",
        "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
    };
    static const struct ha_addr none;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct ha_addr addr;

        memset(&addr, 0xff, sizeof(addr));
        if (ha_addr_parse(&addr, texts[i]))
            fail_msg("accepted \"%s\"", texts[i]);
        assert_memory_equal(&addr, &none, sizeof(none));
    }
}

static void no_address_prints_as_none(void **state)
{
    struct ha_addr none = {.family = AF_UNSPEC};
    struct ha_addr odd = {.family = 999};
    char text[HA_ADDR_TEXT];

    (void)state;
    assert_string_equal(ha_addr_text(&none, text), "none");
    assert_string_equal(ha_addr_text(&odd, text), "none");
}

static void ports_are_printed_so_that_they_can_be_told_from_the_address(void **state)
{
    struct ha_addr v4 = addr_of("10.0.0.1");
    struct ha_addr v6 = addr_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    char text[HA_ADDR_TEXT];

    (void)state;
    assert_string_equal(ha_addr_port_text(&v4, 80, text), "10.0.0.1:80");
    assert_string_equal(ha_addr_port_text(&v6, 65535, text),
                        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void addresses_sort_by_family_and_then_by_bytes(void **state)
{
    static const char *const ordered[] = {"0.0.0.0", "9.0.0.0", "10.0.0.1", "10.0.1.0",
                                          "::",      "::1",     "2001:db8::1"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ordered); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(ordered); j++) {
            struct ha_addr a = addr_of(ordered[i]), b = addr_of(ordered[j]);
            int compared = ha_addr_compare(&a, &b);

            assert_int_equal((compared > 0) - (compared < 0), (i > j) - (i < j));
            assert_int_equal(ha_addr_equal(&a, &b), i == j);
            assert_int_equal(ha_addr_hash(&a) == ha_addr_hash(&b), i == j);
        }
    }
}

static void bytes_that_do_not_count_do_not_matter(void **state)
{
    struct ha_addr clean = addr_of("10.0.0.1"), dirty = clean;

    (void)state;
    memset(dirty.bytes + 4, 0xaa, 12);
    assert_true(ha_addr_equal(&clean, &dirty));
    assert_int_equal(ha_addr_hash(&clean), ha_addr_hash(&dirty));
}

static void masks_are_counted_if_they_are_masks(void **state)
{
    static const struct {
        const char *mask;
        int bits;
    } cases[] = {
        {"255.255.255.0", 24},   {"255.255.255.255", 32}, {"0.0.0.0", 0},
        {"255.254.0.0", 15},     {"255.0.255.0", -1},     {"0.0.0.1", -1},
        {"ffff:ffff::", 32},     {"::", 0},               {"ffff:fffe:1::", -1},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ha_addr mask = addr_of(cases[i].mask);

        assert_int_equal(ha_addr_mask_bits(&mask), cases[i].bits);
    }
}

static void an_address_is_in_a_network_or_not(void **state)
{
    static const struct {
        const char *addr, *network;
        unsigned bits;
        bool within;
    } cases[] = {
        {"10.0.0.50", "10.0.0.1", 24, true},     {"10.0.1.50", "10.0.0.1", 24, false},
        {"10.0.1.50", "10.0.0.1", 23, true},     {"10.0.2.50", "10.0.0.1", 23, false},
        {"192.168.7.1", "10.0.0.1", 0, true},    {"10.0.0.1", "10.0.0.1", 32, true},
        {"10.0.0.2", "10.0.0.1", 32, false},     {"10.0.0.1", "10.0.0.1", 33, false},
        {"10.0.0.1", "2001:db8::1", 0, false},   {"2001:db8::50", "2001:db8::1", 64, true},
        {"2001:db8::3", "2001:db8::1", 127, false}, {"2001:db8::1", "2001:db8::1", 128, true},
        {"2001:db8::1", "2001:db8::1", 129, false},
    };
    const struct ha_addr none = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ha_addr addr, network;

        assert_true(ha_addr_parse(&addr, cases[i].addr));
        assert_true(ha_addr_parse(&network, cases[i].network));
        if (ha_addr_within(&addr, &network, cases[i].bits) != cases[i].within)
            fail_msg("%s in %s/%u", cases[i].addr, cases[i].network, cases[i].bits);
    }
    assert_false(ha_addr_within(&none, &none, 0));
}

static void socket_addresses_go_there_and_back(void **state)
{
    static const char *const texts[] = {"10.1.2.3", "2001:db8::7"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct ha_addr there = addr_of(texts[i]), back;
        struct sockaddr_storage storage;
        uint16_t port = 0;

        assert_int_equal(ha_addr_to_sockaddr(&there, 694, &storage),
                         i == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        assert_true(ha_addr_from_sockaddr(&back, &port, (struct sockaddr *)&storage));
        assert_true(ha_addr_equal(&there, &back));
        assert_int_equal(port, 694);
        assert_true(ha_addr_from_sockaddr(&back, NULL, (struct sockaddr *)&storage));
    }
}

static void other_families_have_no_socket_address(void **state)
{
    struct ha_addr none = {.family = AF_UNSPEC}, back;
    struct sockaddr_storage storage;
    struct sockaddr local = {.sa_family = AF_UNIX};

    (void)state;
    assert_int_equal(ha_addr_to_sockaddr(&none, 1, &storage), 0);
    assert_false(ha_addr_from_sockaddr(&back, NULL, &local));
    assert_int_equal(back.family, AF_UNSPEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_addresses_are_read_and_printed_canonically),
        cmocka_unit_test(anything_else_is_refused_and_leaves_no_address),
        cmocka_unit_test(no_address_prints_as_none),
        cmocka_unit_test(ports_are_printed_so_that_they_can_be_told_from_the_address),
        cmocka_unit_test(addresses_sort_by_family_and_then_by_bytes),
        cmocka_unit_test(bytes_that_do_not_count_do_not_matter),
        cmocka_unit_test(masks_are_counted_if_they_are_masks),
        cmocka_unit_test(an_address_is_in_a_network_or_not),
        cmocka_unit_test(socket_addresses_go_there_and_back),
        cmocka_unit_test(other_families_have_no_socket_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
