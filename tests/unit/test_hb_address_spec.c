/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The argument of IPaddr, IPaddr2 and IPv6addr, as a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heartbeatd/act/address_spec.h"

#define V4 HB_ADDRESS_IPADDR
#define V42 HB_ADDRESS_IPADDR2
#define V6 HB_ADDRESS_IPV6ADDR

static const struct {
    enum hb_address_kind kind;
    const char *text;
    const char *addr; /* NULL: refused */
    int bits;
    const char *nic, *label, *broadcast;
} cases[] = {
    {V4, "10.0.0.5", "10.0.0.5", -1, "", "", "none"},
    {V4, "10.0.0.5/24", "10.0.0.5", 24, "", "", "none"},
    {V4, "10.0.0.5/255.255.255.0", "10.0.0.5", 24, "", "", "none"},
    {V4, "10.0.0.5/255.255.255.255", "10.0.0.5", 32, "", "", "none"},
    {V4, "10.0.0.5/24/eth0", "10.0.0.5", 24, "eth0", "", "none"},
    {V4, "172.26.46.119/24/eth0", "172.26.46.119", 24, "eth0", "", "none"},
    {V4, "10.0.0.5/24/eth0/10.0.0.255", "10.0.0.5", 24, "eth0", "", "10.0.0.255"},
    {V4, "10.0.0.5/24/10.0.0.255", "10.0.0.5", 24, "", "", "10.0.0.255"},
    {V42, "10.0.0.5/24/eth0:vip", "10.0.0.5", 24, "eth0", "eth0:vip", "none"},
    {V4, "10.0.0.5/24/eth0:3", "10.0.0.5", 24, "eth0", "eth0:3", "none"},
    {V42, "10.0.0.5/24/eth0:vip/10.0.0.255", "10.0.0.5", 24, "eth0", "eth0:vip", "10.0.0.255"},
    {V42, "10.0.0.5//eth0", "10.0.0.5", -1, "eth0", "", "none"},
    {V42, "10.0.0.5/24/", "10.0.0.5", 24, "", "", "none"},
    {V42, "10.0.0.5/24/eth0/", "10.0.0.5", 24, "eth0", "", "none"},
    {V42, "10.0.0.5/24/bond0.100", "10.0.0.5", 24, "bond0.100", "", "none"},
    {V42, "2001:db8::5/64/eth0", "2001:db8::5", 64, "eth0", "", "none"},
    {V6, "2001:db8::5", "2001:db8::5", -1, "", "", "none"},
    {V6, "2001:db8::5/64", "2001:db8::5", 64, "", "", "none"},
    {V6, "2001:db8::5/64/eth0", "2001:db8::5", 64, "eth0", "", "none"},
    {V6, "2001:db8::5/128", "2001:db8::5", 128, "", "", "none"},
    {V4, "", NULL, 0, NULL, NULL, NULL},
    {V4, "/24", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.256", NULL, 0, NULL, NULL, NULL},
    {V4, "web.example.org", NULL, 0, NULL, NULL, NULL},
    {V4, "0.0.0.0", NULL, 0, NULL, NULL, NULL},
    {V4, "127.0.0.1", NULL, 0, NULL, NULL, NULL},
    {V4, "224.0.0.1", NULL, 0, NULL, NULL, NULL},
    {V4, "255.255.255.255", NULL, 0, NULL, NULL, NULL},
    {V4, "2001:db8::5", NULL, 0, NULL, NULL, NULL},
    {V6, "10.0.0.5", NULL, 0, NULL, NULL, NULL},
    {V6, "::1", NULL, 0, NULL, NULL, NULL},
    {V6, "ff02::1", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/0", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/33", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/-1", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/24x", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/99999999999999999999", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/255.0.255.0", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/0.0.0.0", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/eth0", NULL, 0, NULL, NULL, NULL},
    {V6, "2001:db8::5/129", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/24/sixteen-bytes-xx", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/24/eth0:", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/24/:0", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/24/longnic0:longlabel", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/24/10.0.0", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/24/10.0.0.255/eth0", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/24/eth0/brd", NULL, 0, NULL, NULL, NULL},
    {V4, "10.0.0.5/24/eth0/10.0.0.255/x", NULL, 0, NULL, NULL, NULL},
    {V6, "2001:db8::5/64/eth0/10.0.0.255", NULL, 0, NULL, NULL, NULL},
};

static void every_form_of_an_address_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hb_address_spec spec;
        const char *why = "";
        bool good = hb_address_spec_parse(cases[i].kind, cases[i].text, &spec, &why);
        char text[HA_ADDR_TEXT];

        if (good != (cases[i].addr != NULL))
            fail_msg("%s: %s", cases[i].text, good ? "was read" : why);
        if (!good) {
            assert_non_null(why);
            assert_int_equal(spec.addr.family, AF_UNSPEC);
            continue;
        }
        assert_null(why);
        assert_int_equal(spec.kind, cases[i].kind);
        assert_string_equal(ha_addr_text(&spec.addr, text), cases[i].addr);
        assert_int_equal(spec.bits, cases[i].bits);
        assert_string_equal(spec.nic, cases[i].nic);
        assert_string_equal(spec.label, cases[i].label);
        assert_string_equal(ha_addr_text(&spec.broadcast, text), cases[i].broadcast);
    }
}

static void three_agents_are_addresses(void **state)
{
    enum hb_address_kind kind = HB_ADDRESS_KIND_COUNT;

    (void)state;
    assert_true(hb_address_kind_find("IPaddr", &kind) && kind == V4);
    assert_true(hb_address_kind_find("IPaddr2", &kind) && kind == V42);
    assert_true(hb_address_kind_find("IPv6addr", &kind) && kind == V6);
    assert_false(hb_address_kind_find("ipaddr", &kind));
    assert_false(hb_address_kind_find("IPaddr3", &kind));
    assert_int_equal(kind, V6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_an_address_is_read_or_refused),
        cmocka_unit_test(three_agents_are_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
