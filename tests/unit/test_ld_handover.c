/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel lists of its connections, and the datagrams that tell another kernel of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/core/handover.h"

static struct ld_connection read_line(const char *line)
{
    struct ld_connection connection;

    assert_true(ld_connection_read(line, &connection));
    return connection;
}

static void assert_passed_over(const char *line)
{
    struct ld_connection connection;

    assert_false(ld_connection_read(line, &connection));
}

static void assert_address(const struct ha_addr *addr, const char *expected)
{
    char text[HA_ADDR_TEXT];

    assert_string_equal(ha_addr_text(addr, text), expected);
}

#define LINE_V4 "TCP 0A020064 8235 0A020001 0050 0A02000B 1F90 ESTABLISHED     899\n"
#define LINE_V6 "TCP fd00:0000:0000:0000:0000:0000:0000:0064 8235 fd00:0000:0000:0000:0000:0000:0000:0001 0050 " \
                "fd00:0000:0000:0000:0000:0000:0000:000b 0050 SYN_RECV         59\n"

static void an_open_connection_is_read(void **state)
{
    struct ld_connection connection = read_line(LINE_V4);

    (void)state;
    assert_address(&connection.client, "10.2.0.100");
    assert_int_equal(connection.client_port, 0x8235);
    assert_address(&connection.vip, "10.2.0.1");
    assert_int_equal(connection.vip_port, 80);
    assert_address(&connection.server, "10.2.0.11");
    assert_int_equal(connection.server_port, 8080);
    assert_int_equal(connection.state, 1);
    assert_int_equal(connection.left_s, 899);
    assert_false(ld_connection_closes(&connection));
}

static void one_of_ipv6_is_read(void **state)
{
    struct ld_connection connection = read_line(LINE_V6);

    (void)state;
    assert_address(&connection.client, "fd00::64");
    assert_address(&connection.vip, "fd00::1");
    assert_address(&connection.server, "fd00::b");
    assert_int_equal(connection.state, 3);
    assert_false(ld_connection_closes(&connection));
}

static void what_is_over_or_no_connection_is_passed_over(void **state)
{
    (void)state;
    assert_passed_over("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n");
    assert_passed_over("TCP 0A020064 8235 0A020001 0050 0A02000B 0050 TIME_WAIT       100\n");
    assert_passed_over("TCP 0A020064 8235 0A020001 0050 0A02000B 0050 CLOSE             9\n");
    assert_passed_over("TCP 0A020064 0000 0A020001 0050 0A02000B 0050 ESTABLISHED     300\n"); /* persistence */
    assert_passed_over("UDP 0A020064 8235 0A020001 0035 0A02000B 0035 UDP             300\n");
}

static void rubbish_is_passed_over(void **state)
{
    (void)state;
    assert_passed_over("");
    assert_passed_over("TCP");
    assert_passed_over("  \n");
    assert_passed_over("TCP 0A020064 8235 0A020001 0050 0A02000B 0050 ESTABLISHED\n");
    assert_passed_over("TCP 0A020064 8235 0A020001 0050 0A02000B\n");
    assert_passed_over("TCP 0A02006  8235 0A020001 0050 0A02000B 0050 ESTABLISHED 1\n");
    assert_passed_over("TCP 0A02006X 8235 0A020001 0050 0A02000B 0050 ESTABLISHED 1\n");
    assert_passed_over("TCP 0A020064 +235 0A020001 0050 0A02000B 0050 ESTABLISHED 1\n");
    assert_passed_over("TCP 10.2.0.100 8235 0A020001 0050 0A02000B 0050 ESTABLISHED 1\n");
    assert_passed_over("TCP 0A020064 8235 0A020001 0050 fd00::b 0050 ESTABLISHED 1\n");
    assert_passed_over("TCP 0A020064 82350 0A020001 0050 0A02000B 0050 ESTABLISHED 1\n");
}

static bool see(struct ld_closing *closing, const char *state_and_left)
{
    char *line = g_strdup_printf("TCP 0A020064 8235 0A020001 0050 0A02000B 1F90 %s\n", state_and_left);
    struct ld_connection connection = read_line(line);

    g_free(line);
    assert_true(ld_connection_closes(&connection));
    return ld_closing_see(closing, &connection);
}

/* A client that has said all it has to say may wait for the answer still. */
static void of_those_that_close_the_late_ones_count(void **state)
{
    struct ld_closing closing = {{0}};

    (void)state;
    assert_true(see(&closing, "FIN_WAIT 60")); /* the latest so far */
    assert_true(see(&closing, "FIN_WAIT 119"));
    assert_false(see(&closing, "FIN_WAIT 60"));
    assert_true(see(&closing, "FIN_WAIT 117"));
    assert_false(see(&closing, "FIN_WAIT 116"));
    assert_false(see(&closing, "FIN_WAIT 18446744073709551")); /* is over just now */
    assert_true(see(&closing, "FIN_WAIT 117"));
    assert_true(see(&closing, "CLOSE_WAIT 50")); /* each state for itself */
    assert_true(see(&closing, "LAST_ACK 29"));
    assert_false(see(&closing, "LAST_ACK 0"));
    assert_false(see(&closing, "FIN_WAIT 0"));
}

static void a_datagram_is_as_the_kernel_sends_it(void **state)
{
    static const uint8_t expected[] = {
        0, 7, 0, 44, 1, 1, 0, 0,             /* syncid 7, 44 bytes, one, version 1 */
        0, 6, 0, 36,                         /* IPv4, TCP, 36 bytes */
        0, 0, 0, 3, 0, 1,                    /* straight to the server; ESTABLISHED */
        0x82, 0x35, 0, 80, 0x1f, 0x90,
        0, 0, 0, 0, 0, 0, 0, 0,              /* firewall mark, timeout */
        10, 2, 0, 100, 10, 2, 0, 1, 10, 2, 0, 11};
    struct ld_connection connection = read_line(LINE_V4);
    GByteArray *datagram = g_byte_array_new();

    (void)state;
    ld_handover_begin(datagram, 7);
    assert_int_equal(ld_handover_count(datagram), 0);
    assert_true(ld_handover_add(datagram, &connection, LD_GATE));
    assert_int_equal(ld_handover_count(datagram), 1);
    assert_int_equal(datagram->len, sizeof(expected));
    assert_memory_equal(datagram->data, expected, sizeof(expected));
    g_byte_array_free(datagram, TRUE);
}

/* Inactive, the next director would believe what it remembers of the client's port. */
static void one_that_has_just_begun_is_active(void **state)
{
    struct ld_connection connection = read_line(LINE_V6);
    GByteArray *datagram = g_byte_array_new();

    (void)state;
    ld_handover_begin(datagram, 0);
    assert_true(ld_handover_add(datagram, &connection, LD_GATE));
    assert_int_equal(datagram->len, 8 + 72);
    assert_int_equal(datagram->data[8], 1);       /* IPv6 */
    assert_int_equal(datagram->data[8 + 6], 0);   /* 0x0100 is inactive */
    assert_int_equal(datagram->data[8 + 7], 3);
    assert_int_equal(datagram->data[8 + 9], 3);   /* SYN_RECV */
    g_byte_array_free(datagram, TRUE);
}

/* Or it would count for weighted least connections. */
static void one_that_closes_is_inactive(void **state)
{
    struct ld_connection connection = read_line(LINE_V6);
    GByteArray *datagram = g_byte_array_new();

    (void)state;
    connection.state = 4;                         /* FIN_WAIT */
    ld_handover_begin(datagram, 0);
    assert_true(ld_handover_add(datagram, &connection, LD_GATE));
    assert_int_equal(datagram->data[8 + 6], 1);
    assert_int_equal(datagram->data[8 + 7], 3);
    g_byte_array_free(datagram, TRUE);
}

static struct ld_table *table_with(enum ld_protocol protocol, uint16_t port, enum ld_method method,
                                   uint16_t server_port)
{
    struct ld_table *table = ld_table_new();
    struct ld_service_id id = {.protocol = protocol, .port = port};
    struct ld_dest dest = {.port = server_port, .method = method, .weight = 1};
    struct ld_vs *vs;

    if (protocol == LD_FWM)
        id.fwmark = 7;
    else
        ha_addr_parse(&id.addr, "10.2.0.1");
    vs = ld_table_add(table, &id);
    ha_addr_parse(&dest.addr, "10.2.0.11");
    g_array_append_val(vs->dests, dest);
    return table;
}

static void a_connection_belongs_to_the_server_it_goes_to(void **state)
{
    struct ld_connection connection = read_line(LINE_V4);
    const struct {
        enum ld_protocol protocol;
        uint16_t port, server_port;
        bool found;
    } cases[] = {{LD_TCP, 80, 8080, true},  {LD_TCP, 80, 80, false}, {LD_TCP, 443, 8080, false},
                 {LD_UDP, 80, 8080, false}, {LD_FWM, 0, 8080, true}, {LD_FWM, 0, 0, true},
                 {LD_FWM, 0, 80, false}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ld_table *table = table_with(cases[i].protocol, cases[i].port, LD_IPIP, cases[i].server_port);
        const struct ld_dest *dest = ld_connection_dest(&connection, table);

        if ((dest != NULL) != cases[i].found)
            fail_msg("case %zu", i);
        assert_true(dest == NULL || dest->method == LD_IPIP);
        ld_table_free(table);
    }
}

static void a_full_datagram_takes_no_more_and_is_not_changed(void **state)
{
    struct ld_connection connection = read_line(LINE_V4);
    GByteArray *datagram = g_byte_array_new();
    unsigned count = 0;
    guint length;

    (void)state;
    ld_handover_begin(datagram, 0);
    while (ld_handover_add(datagram, &connection, LD_GATE))
        count++;
    assert_int_equal(count, (LD_HANDOVER_BYTES - 8) / 36);
    assert_int_equal(ld_handover_count(datagram), count);
    length = datagram->len;
    assert_int_equal(datagram->data[2] << 8 | datagram->data[3], length);
    assert_false(ld_handover_add(datagram, &connection, LD_GATE));
    assert_int_equal(datagram->len, length);
    ld_handover_begin(datagram, 0); /* used again */
    assert_int_equal(datagram->len, 8);
    g_byte_array_free(datagram, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_connection_is_read),
        cmocka_unit_test(one_of_ipv6_is_read),
        cmocka_unit_test(what_is_over_or_no_connection_is_passed_over),
        cmocka_unit_test(rubbish_is_passed_over),
        cmocka_unit_test(of_those_that_close_the_late_ones_count),
        cmocka_unit_test(a_datagram_is_as_the_kernel_sends_it),
        cmocka_unit_test(one_that_has_just_begun_is_active),
        cmocka_unit_test(one_that_closes_is_inactive),
        cmocka_unit_test(a_connection_belongs_to_the_server_it_goes_to),
        cmocka_unit_test(a_full_datagram_takes_no_more_and_is_not_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
