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
    return (struct ld_vip_ends){.from = inet_addr(from), .to = inet_addr(to),
                                .from_port = htons(from_port), .to_port = htons(to_port)};
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
    uint8_t packet[LD_VIP_PACKET];

    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        ld_vip_packet(packet, &ends, 0xfffffffe, reset);
        assert_int_equal(ones_sum(packet, 20, 0), 0xffff);
        assert_int_equal(ones_sum(packet + 12, 28, 6 + 20), 0xffff); /* pseudo header and TCP */
        assert_memory_equal(packet + 12, "\x0a\1\0\1\x0a\1\0\x64\x9c\x40\0\x50", 12);
        assert_memory_equal(packet + 24, reset ? "\xff\xff\xff\xff" : "\xff\xff\xff\xfe", 4);
        assert_int_equal(packet[33], reset ? 0x04 : 0x02);
    }
}

/* What comes back to the SYN with that number: its flags are the bits of TCP. */
static size_t answer(uint8_t packet[LD_VIP_PACKET + 4], uint32_t number, uint8_t flags, size_t options)
{
    struct ld_vip_ends ends = ends_of("10.1.0.100", 80, "10.1.0.1", 40000);
    uint8_t plain[LD_VIP_PACKET];
    uint32_t ack = htonl(number + 1);

    ld_vip_packet(plain, &ends, 77, false);
    memcpy(plain + 28, &ack, 4);
    plain[33] = flags;
    plain[0] = (uint8_t)(0x45 + options / 4);
    memcpy(packet, plain, 20);
    memset(packet + 20, 1, options);
    memcpy(packet + 20 + options, plain + 20, 20);
    return LD_VIP_PACKET + options;
}

static void an_answer_is_told_by_its_flags_and_its_number(void **state)
{
    static const struct {
        uint8_t flags;
        enum ld_vip_answer expected;
    } rows[] = {
        {0x12, LD_VIP_ACCEPTED}, {0x14, LD_VIP_REFUSED}, {0x10, LD_VIP_NONE},
        {0x02, LD_VIP_NONE},     {0x04, LD_VIP_NONE},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (size_t options = 0; options <= 4; options += 4) {
            uint8_t packet[LD_VIP_PACKET + 4];
            size_t length = answer(packet, 0xffffffff, rows[i].flags, options);
            struct ld_vip_ends ends;
            uint32_t number;

            assert_int_equal(ld_vip_answer(packet, length, &ends, &number), rows[i].expected);
            assert_int_equal(number, 0xffffffff);
            assert_int_equal(ends.from, inet_addr("10.1.0.100"));
            assert_int_equal(ends.from_port, htons(80));
            assert_int_equal(ends.to_port, htons(40000));
        }
    }
}

static void what_is_no_tcp_or_not_whole_is_no_answer(void **state)
{
    uint8_t packet[LD_VIP_PACKET + 4];
    size_t length = answer(packet, 1, 0x12, 0);
    struct ld_vip_ends ends;
    uint32_t number;

    (void)state;
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *part = g_memdup2(packet, cut); /* so that a sanitizer sees its end */

        assert_int_equal(ld_vip_answer(part, cut, &ends, &number), LD_VIP_NONE);
        g_free(part);
    }
    packet[7] = 1; /* a later fragment */
    assert_int_equal(ld_vip_answer(packet, length, &ends, &number), LD_VIP_NONE);
    answer(packet, 1, 0x12, 0);
    packet[9] = 17;
    assert_int_equal(ld_vip_answer(packet, length, &ends, &number), LD_VIP_NONE);
    answer(packet, 1, 0x12, 0);
    packet[0] = 0x41;
    assert_int_equal(ld_vip_answer(packet, length, &ends, &number), LD_VIP_NONE);
    packet[0] = 0x65;
    assert_int_equal(ld_vip_answer(packet, length, &ends, &number), LD_VIP_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_whole_and_its_sums_are_right),
        cmocka_unit_test(an_answer_is_told_by_its_flags_and_its_number),
        cmocka_unit_test(what_is_no_tcp_or_not_whole_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
