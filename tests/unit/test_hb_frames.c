/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcements byte for byte, as RFC 826 and RFC 4861 lay them out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "heartbeatd/act/frames.h"

static const uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

#define ALL 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
#define NONE 0, 0, 0, 0, 0, 0
#define MAC 0x02, 0x11, 0x22, 0x33, 0x44, 0x55
#define VIP 10, 0, 0, 50

static void gratuitous_arp_has_the_address_as_sender_and_as_target(void **state)
{
    static const uint8_t request[] = {ALL, MAC, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, MAC, VIP, NONE, VIP};
    static const uint8_t reply[] = {ALL, MAC, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, MAC, VIP, ALL, VIP};
    uint8_t frame[HB_FRAME_MAX];
    struct ha_addr addr;

    (void)state;
    assert_true(ha_addr_parse(&addr, "10.0.0.50"));
    assert_int_equal(hb_frame_arp(&addr, mac, false, frame), sizeof request);
    assert_memory_equal(frame, request, sizeof request);
    assert_int_equal(hb_frame_arp(&addr, mac, true, frame), sizeof reply);
    assert_memory_equal(frame, reply, sizeof reply);
}

/* Summed up with its own checksum and the pseudo header, a right one gives all ones. */
static uint32_t sum(const uint8_t *at, size_t length, uint32_t start)
{
    for (size_t i = 0; i < length; i += 2)
        start += (uint32_t)at[i] << 8 | at[i + 1];
    while (start > 0xffff)
        start = (start & 0xffff) + (start >> 16);
    return start;
}

static void an_advertisement_goes_to_all_nodes_and_overrides(void **state)
{
    static const char *const texts[] = {"2001:db8::50", "fe80::1", "ffff:ffff:ffff:ffff::1",
                                        "2001:db8:ffff:eeee:dddd:cccc:bbbb:aaaa"};
    static const uint8_t start[] = {0x33, 0x33, 0, 0, 0, 1,  MAC, 0x86, 0xdd,
                                    0x60, 0,    0, 0, 0, 32, 58,  255};
    static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
    static const uint8_t option[] = {2, 1, MAC};
    uint8_t frame[HB_FRAME_MAX];
    struct ha_addr addr;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_true(ha_addr_parse(&addr, texts[i]));
        assert_int_equal(hb_frame_advertisement(&addr, mac, frame), 14 + 40 + 32);
        assert_memory_equal(frame, start, sizeof start);
        assert_memory_equal(frame + 22, addr.bytes, 16);
        assert_memory_equal(frame + 38, all_nodes, 16);
        assert_int_equal(frame[54], 136);
        assert_int_equal(frame[58], 0x20);
        assert_memory_equal(frame + 62, addr.bytes, 16);
        assert_memory_equal(frame + 78, option, sizeof option);
        assert_int_equal(sum(frame + 54, 32, sum(frame + 22, 32, 32 + 58)), 0xffff);
    }
}

static void a_probe_names_no_sender(void **state)
{
    static const uint8_t ours[6] = {2, 0, 0, 0, 0, 1}, nobody[16];
    uint8_t frame[HB_FRAME_MAX];
    struct ha_addr addr;
    uint32_t sum = 24 + 58;

    (void)state;
    assert_true(ha_addr_parse(&addr, "10.0.0.50"));
    assert_int_equal(hb_frame_arp_probe(&addr, ours, frame), 42);
    assert_int_equal(frame[21], 1);
    assert_memory_equal(frame + 28, nobody, 4);
    assert_memory_equal(frame + 38, addr.bytes, 4);

    assert_true(ha_addr_parse(&addr, "2001:db8::1:2345"));
    assert_int_equal(hb_frame_solicitation(&addr, ours, frame), 14 + 40 + 24);
    assert_memory_equal(frame, "\x33\x33\xff\x01\x23\x45", 6);
    assert_memory_equal(frame + 22, nobody, 16);
    assert_memory_equal(frame + 38, "\xff\x02\0\0\0\0\0\0\0\0\0\x01\xff\x01\x23\x45", 16);
    assert_int_equal(frame[54], 135);
    assert_memory_equal(frame + 62, addr.bytes, 16);
    for (size_t at = 22; at < 78; at += 2)
        sum += (uint32_t)frame[at] << 8 | frame[at + 1];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    assert_int_equal(sum, 0xffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_probe_names_no_sender),
        cmocka_unit_test(gratuitous_arp_has_the_address_as_sender_and_as_target),
        cmocka_unit_test(an_advertisement_goes_to_all_nodes_and_overrides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
