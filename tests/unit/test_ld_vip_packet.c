/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of checks by way of the virtual address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#include "ldirectord/check/vip_packet.h"

static struct ld_vip_ends ends_of(const char *from, uint16_t from_port, const char *to,
                                  uint16_t to_port)
{
    struct ld_vip_ends ends = {.from_port = htons(from_port), .to_port = htons(to_port)};

    assert_true(ha_addr_parse(&ends.from, from) && ha_addr_parse(&ends.to, to));
    return ends;
}

static uint16_t ones_sum(const uint8_t *bytes, size_t length, uint32_t sum)
{
    for (size_t i = 0; i < length; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void a_packet_is_whole_and_its_sums_are_right(void **state)
{
    struct ld_vip_ends ends = ends_of("10.1.0.1", 40000, "10.1.0.100", 80);
    uint8_t packet[LD_VIP_PACKET_MAX];

    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        assert_int_equal(ld_vip_packet(packet, &ends, 0xfffffffe, reset), 40);
        assert_int_equal(ones_sum(packet, 20, 0), 0xffff);
        assert_int_equal(ones_sum(packet + 12, 28, 6 + 20), 0xffff); /* pseudo header and TCP */
        assert_memory_equal(packet + 12, "\x0a\1\0\1\x0a\1\0\x64\x9c\x40\0\x50", 12);
        assert_memory_equal(packet + 24, reset ? "\xff\xff\xff\xff" : "\xff\xff\xff\xfe", 4);
        assert_int_equal(packet[33], reset ? 0x04 : 0x02);
    }
}

static void a_packet_of_ipv6_is_whole_too(void **state)
{
    struct ld_vip_ends ends = ends_of("fd01::1", 40000, "fd01::100", 80);
    uint8_t packet[LD_VIP_PACKET_MAX];

    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        assert_int_equal(ld_vip_packet(packet, &ends, 0xfffffffe, reset), 60);
        assert_memory_equal(packet, "\x60\0\0\0\0\x14\x06\x40", 8); /* 20 bytes of TCP, 64 hops */
        assert_memory_equal(packet + 8, &ends.from.v6, 16);
        assert_memory_equal(packet + 24, &ends.to.v6, 16);
        assert_int_equal(ones_sum(packet + 8, 52, 6 + 20), 0xffff);
        assert_memory_equal(packet + 40, "\x9c\x40\0\x50", 4);
        assert_memory_equal(packet + 44, reset ? "\xff\xff\xff\xff" : "\xff\xff\xff\xfe", 4);
        assert_int_equal(packet[53], reset ? 0x04 : 0x02);
    }
}

/* What comes back to the SYN with that number: its flags are the bits of TCP. */
static size_t answer(uint8_t packet[LD_VIP_PACKET_MAX], uint32_t number, uint8_t flags, size_t options)
{
    struct ld_vip_ends ends = ends_of("10.1.0.100", 80, "10.1.0.1", 40000);
    uint8_t plain[LD_VIP_PACKET_MAX];
    uint32_t ack = htonl(number + 1);

    assert_int_equal(ld_vip_packet(plain, &ends, 77, false), 40);
    memcpy(plain + 28, &ack, 4);
    plain[33] = flags;
    plain[0] = (uint8_t)(0x45 + options / 4);
    memcpy(packet, plain, 20);
    memset(packet + 20, 1, options);
    memcpy(packet + 20 + options, plain + 20, 20);
    return 40 + options;
}

static size_t answer6(uint8_t packet[LD_VIP_PACKET_MAX], uint32_t number, uint8_t flags)
{
    struct ld_vip_ends ends = ends_of("fd01::100", 80, "fd01::1", 40000);
    uint32_t ack = htonl(number + 1);
    size_t length = ld_vip_packet(packet, &ends, 77, false);

    memcpy(packet + 48, &ack, 4);
    packet[53] = flags;
    return length;
}

static const struct {
    uint8_t flags;
    enum ld_vip_answer expected;
} rows[] = {
    {0x12, LD_VIP_ACCEPTED}, {0x14, LD_VIP_REFUSED}, {0x10, LD_VIP_STALE},
    {0x02, LD_VIP_NONE},     {0x04, LD_VIP_NONE},
};

static void assert_answer(const uint8_t *packet, size_t length, enum ld_vip_answer expected,
                          const char *from)
{
    struct ld_vip_ends ends;
    char text[HA_ADDR_TEXT];
    uint32_t number;

    assert_int_equal(ld_vip_answer(packet, length, &ends, &number), expected);
    assert_int_equal(number, 0xffffffff);
    assert_string_equal(ha_addr_text(&ends.from, text), from);
    assert_int_equal(ends.from_port, htons(80));
    assert_int_equal(ends.to_port, htons(40000));
}

static void an_answer_is_told_by_its_flags_and_its_number(void **state)
{
    uint8_t packet[LD_VIP_PACKET_MAX];

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (size_t options = 0; options <= 4; options += 4) {
            size_t length = answer(packet, 0xffffffff, rows[i].flags, options);

            assert_answer(packet, length, rows[i].expected, "10.1.0.100");
        }
        assert_answer(packet, answer6(packet, 0xffffffff, rows[i].flags), rows[i].expected, "fd01::100");
    }
}

static void assert_no_answer(const uint8_t *packet, size_t length)
{
    struct ld_vip_ends ends;
    uint32_t number;

    assert_int_equal(ld_vip_answer(packet, length, &ends, &number), LD_VIP_NONE);
}

static void assert_needs_all(const uint8_t *packet, size_t length)
{
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *part = g_memdup2(packet, cut); /* so that a sanitizer sees its end */

        assert_no_answer(part, cut);
        g_free(part);
    }
}

static void what_is_no_tcp_or_not_whole_is_no_answer(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
    } wrong[] = {{7, 1 /* a later fragment */}, {9, 17}, {0, 0x41}, {0, 0x65}};
    uint8_t packet[LD_VIP_PACKET_MAX];

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        size_t length = answer(packet, 1, 0x12, 0);

        assert_needs_all(packet, length);
        packet[wrong[i].at] = wrong[i].byte;
        assert_no_answer(packet, length);
    }
    assert_needs_all(packet, answer6(packet, 1, 0x12));
    for (size_t i = 0; i < 2; i++) {
        size_t length = answer6(packet, 1, 0x12);

        packet[i == 0 ? 6 : 0] = i == 0 ? 44 /* a fragment */ : 0x50;
        assert_no_answer(packet, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_whole_and_its_sums_are_right),
        cmocka_unit_test(a_packet_of_ipv6_is_whole_too),
        cmocka_unit_test(an_answer_is_told_by_its_flags_and_its_number),
        cmocka_unit_test(what_is_no_tcp_or_not_whole_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
