/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First packets of connections, as the tap hands them over: what is read of them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/opening_scene.h"

static const uint8_t syn_v4[] = {
    0x45, 0, 0, 60, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 10, 2, 0, 100, 10, 2, 0, 1, /* 60 bytes, whole */
    0x82, 0x35, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0, 0xa0, 0x02, 0xff, 0xff, 0, 0, 0, 0, /* SYN */
    2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7};
static const uint8_t syn_v6[] = {
    0x60, 0, 0, 0, 0, 40, 6, 64,                                                   /* 40 follow, TCP */
    0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x64, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    0x82, 0x35, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0, 0xa0, 0x02, 0xff, 0xff, 0, 0, 0, 0};
#define TCP_V4 20
#define TCP_V6 40

static struct ld_opening_record record_of(const uint8_t packet[LD_OPENING_PACKET])
{
    struct ld_opening_record record = {.length = LD_OPENING_PACKET};

    memcpy(record.packet, packet, LD_OPENING_PACKET);
    return record;
}

/* What lies behind its length is not there, for a sanitizer to see, and would be good if it were looked at. */
static bool reads(const struct ld_opening_record *record)
{
    struct ld_opening opening;
    size_t there = offsetof(struct ld_opening_record, packet) + record->length;
    struct ld_opening_record *cut;
    bool good;

    if (record->length > LD_OPENING_PACKET)
        return ld_opening_read(&opening, record);
    cut = malloc(there);
    assert_non_null(cut);
    memcpy(cut, record, there);
    good = ld_opening_read(&opening, cut);
    free(cut);
    return good;
}

static bool reads_with(const uint8_t *packet, size_t at, uint8_t byte)
{
    struct ld_opening_record record = record_of(packet);

    record.packet[at] = byte;
    return reads(&record);
}

static bool reads_so_long(const uint8_t *packet, uint8_t length)
{
    struct ld_opening_record record = record_of(packet);

    record.length = length;
    return reads(&record);
}

static void a_first_packet_that_came_in_is_read(void **state)
{
    struct ld_opening_record record = record_of(syn_v4);
    struct ld_opening opening;

    (void)state;
    assert_int_equal(sizeof(syn_v4), LD_OPENING_PACKET);
    assert_int_equal(sizeof(record), 9 + LD_OPENING_PACKET);
    record.has_mac = 1; /* means nothing here */
    assert_true(ld_opening_read(&opening, &record));
    assert_false(opening.leaves);
    assert_false(opening.has_mac);
    assert_address(&opening.from, "10.2.0.100");
    assert_int_equal(opening.from_port, 0x8235);
    assert_address(&opening.to, "10.2.0.1");
    assert_int_equal(opening.to_port, 80);
}

static void one_that_left_comes_with_whom_it_was_sent_to(void **state)
{
    static const uint8_t mac[] = {2, 0, 0, 0, 0, 11};
    struct ld_opening_record record = record_of(syn_v4);
    struct ld_opening opening;

    (void)state;
    record.leaves = 1;
    memcpy(record.mac, mac, sizeof(mac));
    assert_true(ld_opening_read(&opening, &record));
    assert_true(opening.leaves);
    assert_false(opening.has_mac);
    record.has_mac = 1;
    assert_true(ld_opening_read(&opening, &record));
    assert_true(opening.has_mac);
    assert_memory_equal(opening.mac, mac, sizeof(mac));
}

static void one_of_ipv6_is_read(void **state)
{
    struct ld_opening_record record = record_of(syn_v6);
    struct ld_opening opening;

    (void)state;
    assert_int_equal(sizeof(syn_v6), LD_OPENING_PACKET);
    assert_true(ld_opening_read(&opening, &record));
    assert_address(&opening.from, "fd00::64");
    assert_address(&opening.to, "fd00::1");
    assert_int_equal(opening.from_port, 0x8235);
    assert_int_equal(opening.to_port, 80);
}

static void only_syn_without_ack_begins_a_connection(void **state)
{
    (void)state;
    assert_true(reads_with(syn_v4, TCP_V4 + 13, 0x02));
    assert_true(reads_with(syn_v4, TCP_V4 + 13, 0xc2)); /* with ECN */
    assert_false(reads_with(syn_v4, TCP_V4 + 13, 0x12));
    assert_false(reads_with(syn_v4, TCP_V4 + 13, 0x10));
    assert_false(reads_with(syn_v4, TCP_V4 + 13, 0x00));
    assert_false(reads_with(syn_v6, TCP_V6 + 13, 0x12));
    assert_false(reads_with(syn_v6, TCP_V6 + 13, 0x11));
}

static void other_protocols_options_and_later_fragments_are_refused(void **state)
{
    (void)state;
    assert_false(reads_with(syn_v4, 9, 17));
    assert_false(reads_with(syn_v4, 0, 0x46)); /* an option */
    assert_false(reads_with(syn_v4, 0, 0x44));
    assert_false(reads_with(syn_v4, 0, 0x55));
    assert_false(reads_with(syn_v4, 7, 1));
    assert_false(reads_with(syn_v4, 6, 0x10));
    assert_false(reads_with(syn_v4, 6, 0x3f));
    assert_true(reads_with(syn_v4, 6, 0x20)); /* the first of several */
    assert_false(reads_with(syn_v6, 6, 17));
    assert_false(reads_with(syn_v6, 6, 44)); /* a fragment */
    assert_false(reads_with(syn_v6, 6, 0));
    assert_false(reads_with(syn_v6, 0, 0x70));
}

static void a_client_without_a_port_is_refused(void **state)
{
    struct ld_opening_record record = record_of(syn_v4);

    (void)state;
    record.packet[TCP_V4] = record.packet[TCP_V4 + 1] = 0;
    assert_false(reads(&record));
}

static void what_is_cut_off_is_refused(void **state)
{
    struct ld_opening_record record = record_of(syn_v4);

    (void)state;
    for (uint8_t length = 0; length < LD_OPENING_PACKET; length++) {
        assert_false(reads_so_long(syn_v4, length)); /* it says that it has 60 */
        assert_false(reads_so_long(syn_v6, length));
    }
    record.packet[3] = 40;
    record.packet[TCP_V4 + 12] = 0x50;
    for (record.length = 0; record.length < 40; record.length++)
        assert_false(reads(&record));
    assert_true(reads(&record));
    record.length = 46; /* the rest is padding */
    assert_true(reads(&record));
}

static void lengths_that_lie_are_refused(void **state)
{
    struct ld_opening_record record = record_of(syn_v4);

    (void)state;
    record.length = LD_OPENING_PACKET + 1;
    assert_false(reads(&record));
    record.length = 255;
    assert_false(reads(&record));
    assert_false(reads_with(syn_v4, 3, 39));
    assert_false(reads_with(syn_v4, 3, 0));
    assert_false(reads_with(syn_v4, 3, 59)); /* TCP says it has more */
    assert_true(reads_with(syn_v4, 2, 1));   /* 316: with data */
    assert_false(reads_with(syn_v4, TCP_V4 + 12, 0x40));
    assert_false(reads_with(syn_v4, TCP_V4 + 12, 0x00));
    assert_false(reads_with(syn_v4, TCP_V4 + 12, 0xb0));
    assert_true(reads_with(syn_v4, TCP_V4 + 12, 0x50));
    assert_false(reads_with(syn_v6, 5, 19));
    assert_false(reads_with(syn_v6, 5, 0));
    assert_false(reads_with(syn_v6, 5, 39));
    assert_true(reads_with(syn_v6, 4, 1));
    assert_false(reads_with(syn_v6, TCP_V6 + 12, 0xb0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_packet_that_came_in_is_read),
        cmocka_unit_test(one_that_left_comes_with_whom_it_was_sent_to),
        cmocka_unit_test(one_of_ipv6_is_read),
        cmocka_unit_test(only_syn_without_ack_begins_a_connection),
        cmocka_unit_test(other_protocols_options_and_later_fragments_are_refused),
        cmocka_unit_test(a_client_without_a_port_is_refused),
        cmocka_unit_test(what_is_cut_off_is_refused),
        cmocka_unit_test(lengths_that_lie_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
