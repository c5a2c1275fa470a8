/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First packets of connections, and which real server each of them went to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ldirectord/core/opening.h"

/* ---- reading ---- */

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

static void assert_address(const struct ha_addr *addr, const char *expected)
{
    char text[HA_ADDR_TEXT];

    assert_string_equal(ha_addr_text(addr, text), expected);
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

/* ---- resolving ---- */

struct scene {
    struct ld_table *table;
    GArray *openings, *neighbours, *out;
};

static int set_up(void **state)
{
    struct scene *scene = g_new0(struct scene, 1);

    scene->table = ld_table_new();
    scene->openings = g_array_new(FALSE, FALSE, sizeof(struct ld_opening));
    scene->neighbours = g_array_new(FALSE, FALSE, sizeof(struct ld_neighbour));
    scene->out = g_array_new(FALSE, FALSE, sizeof(struct ld_connection));
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    ld_table_free(scene->table);
    g_array_free(scene->openings, TRUE);
    g_array_free(scene->neighbours, TRUE);
    g_array_free(scene->out, TRUE);
    g_free(scene);
    return 0;
}

static struct ha_addr addr_of(const char *text)
{
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, text));
    return addr;
}

static struct ld_vs *add_service(struct scene *scene, enum ld_protocol protocol, const char *addr, uint16_t port)
{
    const struct ld_service_id id = {.protocol = protocol, .addr = addr_of(addr), .port = port};

    return ld_table_add(scene->table, &id);
}

static struct ld_vs *add_mark(struct scene *scene, uint32_t mark)
{
    const struct ld_service_id id = {.protocol = LD_FWM, .addr.family = AF_INET, .fwmark = mark};

    return ld_table_add(scene->table, &id);
}

static void add_server(struct ld_vs *vs, const char *addr, uint16_t port, enum ld_method method)
{
    const struct ld_dest dest = {.addr = addr_of(addr), .port = port, .method = method, .weight = 1};

    g_array_append_val(vs->dests, dest);
}

static void add_neighbour(struct scene *scene, const char *addr, uint8_t mac)
{
    const struct ld_neighbour neighbour = {.server = addr_of(addr), .mac = {2, 0, 0, 0, 0, mac}};

    g_array_append_val(scene->neighbours, neighbour);
}

#define CLIENT "10.2.0.100"
#define VIP    "10.2.0.1"
#define ONE    "10.2.0.11"
#define OTHER  "10.2.0.12"

static void came(struct scene *scene, uint16_t from_port, const char *to, uint16_t to_port)
{
    const struct ld_opening opening = {.from = addr_of(strchr(to, ':') ? "fd00::64" : CLIENT), .to = addr_of(to),
                                       .from_port = from_port, .to_port = to_port};

    g_array_append_val(scene->openings, opening);
}

/* mac 0: it is not known */
static void left(struct scene *scene, uint16_t from_port, const char *to, uint16_t to_port, uint8_t mac)
{
    struct ld_opening *opening;

    came(scene, from_port, to, to_port);
    opening = &g_array_index(scene->openings, struct ld_opening, scene->openings->len - 1);
    opening->leaves = true;
    opening->has_mac = mac != 0;
    opening->mac[0] = 2;
    opening->mac[5] = mac;
}

/* Each that is told is one of the table's. */
static bool resolves(struct scene *scene)
{
    bool all;

    g_array_set_size(scene->out, 0);
    all = ld_openings_resolve(scene->out, scene->openings, scene->neighbours, scene->table);
    for (guint i = 0; i < scene->out->len; i++)
        assert_non_null(ld_connection_dest(&g_array_index(scene->out, struct ld_connection, i), scene->table));
    return all;
}

static void assert_nothing_is_told(const struct scene *scene)
{
    assert_int_equal(scene->out->len, 0);
}

static void assert_told(const struct scene *scene, guint at, uint16_t client_port, const char *server,
                        uint16_t server_port)
{
    const struct ld_connection *connection = &g_array_index(scene->out, struct ld_connection, at);

    assert_true(at < scene->out->len);
    assert_int_equal(connection->client_port, client_port);
    assert_address(&connection->server, server);
    assert_int_equal(connection->server_port, server_port);
}

/* Two gate servers behind a service, of whom this machine knows the macs 11 and 12. */
static struct ld_vs *add_gate_service(struct scene *scene)
{
    struct ld_vs *vs = add_service(scene, LD_TCP, VIP, 80);

    add_server(vs, ONE, 80, LD_GATE);
    add_server(vs, OTHER, 80, LD_GATE);
    add_neighbour(scene, ONE, 11);
    add_neighbour(scene, OTHER, 12);
    return vs;
}

static struct ld_vs *add_masq_service(struct scene *scene)
{
    struct ld_vs *vs = add_service(scene, LD_TCP, VIP, 80);

    add_server(vs, ONE, 8080, LD_MASQ);
    add_server(vs, OTHER, 8080, LD_MASQ);
    add_neighbour(scene, ONE, 11);
    add_neighbour(scene, OTHER, 12);
    return vs;
}

static void nothing_that_began_is_all_resolved(void **state)
{
    struct scene *scene = *state;

    assert_true(resolves(scene));
    add_gate_service(scene);
    assert_true(resolves(scene));
    assert_nothing_is_told(scene);
}

static void one_to_a_gate_server_is_known_by_the_mac(void **state)
{
    struct scene *scene = *state;
    const struct ld_connection *connection;

    add_gate_service(scene);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 12);
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 1);
    assert_told(scene, 0, 1000, OTHER, 80);
    connection = &g_array_index(scene->out, struct ld_connection, 0);
    assert_address(&connection->client, CLIENT);
    assert_address(&connection->vip, VIP);
    assert_int_equal(connection->vip_port, 80);
    assert_int_equal(connection->state, 3); /* SYN_RECV */
    assert_false(ld_connection_closes(connection));
    assert_ptr_equal(ld_connection_dest(connection, scene->table),
                     ld_vs_find(scene->table->services->pdata[0], &connection->server, 80));
}

static void one_of_ipv6_is_known_too(void **state)
{
    struct scene *scene = *state;
    struct ld_vs *vs = add_service(scene, LD_TCP, "fd00::1", 80);

    add_gate_service(scene);
    add_server(vs, "fd00::b", 80, LD_GATE);
    add_server(vs, "fd00::c", 8080, LD_MASQ);
    add_neighbour(scene, "fd00::b", 11);
    came(scene, 1000, "fd00::1", 80);
    left(scene, 1000, "fd00::1", 80, 11);
    came(scene, 1001, "fd00::1", 80);
    left(scene, 1001, "fd00::c", 8080, 12);
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 2);
    assert_told(scene, 0, 1000, "fd00::b", 80);
    assert_told(scene, 1, 1001, "fd00::c", 8080);
}

static void one_to_a_masq_server_is_known_by_its_address(void **state)
{
    struct scene *scene = *state;

    add_masq_service(scene);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, OTHER, 8080, 0);
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 1);
    assert_told(scene, 0, 1000, OTHER, 8080);
}

static void a_service_may_have_servers_of_both_kinds(void **state)
{
    struct scene *scene = *state;

    add_server(add_gate_service(scene), "10.3.0.13", 8080, LD_MASQ);
    came(scene, 1000, VIP, 80);
    came(scene, 1001, VIP, 80);
    left(scene, 1000, "10.3.0.13", 8080, 1);
    left(scene, 1001, VIP, 80, 11);
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 2);
    assert_told(scene, 0, 1000, "10.3.0.13", 8080);
    assert_told(scene, 1, 1001, ONE, 80);
}

static void a_weight_of_none_counts_alike(void **state)
{
    struct scene *scene = *state;
    struct ld_vs *vs = add_gate_service(scene);

    add_server(vs, "10.3.0.13", 8080, LD_MASQ);
    for (guint i = 0; i < vs->dests->len; i++)
        g_array_index(vs->dests, struct ld_dest, i).weight = 0;
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    came(scene, 1001, VIP, 80);
    left(scene, 1001, "10.3.0.13", 8080, 1);
    assert_true(resolves(scene));
    assert_told(scene, 0, 1000, ONE, 80);
    assert_told(scene, 1, 1001, "10.3.0.13", 8080);
}

static void what_came_for_no_service_does_not_matter(void **state)
{
    struct scene *scene = *state;

    add_gate_service(scene);
    add_service(scene, LD_UDP, VIP, 53);
    came(scene, 1000, VIP, 22);
    came(scene, 1001, OTHER, 80);
    came(scene, 1002, VIP, 53);
    left(scene, 1003, VIP, 80, 11); /* came before it was watched: it is in the kernel's list */
    left(scene, 1000, VIP, 22, 11);
    assert_true(resolves(scene));
    assert_nothing_is_told(scene);
}

/* ld_connection_dest() knows nothing of them either. */
static void a_service_of_any_port_has_no_connections_here(void **state)
{
    struct scene *scene = *state;

    add_server(add_service(scene, LD_TCP, VIP, 0), ONE, 0, LD_GATE);
    add_neighbour(scene, ONE, 11);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    assert_true(resolves(scene));
    assert_nothing_is_told(scene);
}

/* The address was gone, as it came. */
static void what_was_not_sent_on_began_no_connection(void **state)
{
    struct scene *scene = *state;

    add_gate_service(scene);
    came(scene, 1000, VIP, 80);
    left(scene, 1001, VIP, 80, 11); /* another client */
    left(scene, 1000, VIP, 443, 11);
    assert_true(resolves(scene));
    assert_nothing_is_told(scene);
}

static void but_only_where_it_would_be_seen(void **state)
{
    static const enum ld_method methods[] = {LD_GATE, LD_MASQ, LD_IPIP};

    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        struct scene *scene;

        assert_int_equal(set_up(state), 0);
        scene = *state;
        add_server(add_gate_service(scene), "10.2.0.13", 80, methods[i]); /* its neighbour is not known */
        came(scene, 1000, VIP, 80);
        assert_false(resolves(scene));
        g_array_set_size(scene->openings, 0);
        came(scene, 1000, VIP, 80);
        left(scene, 1000, VIP, 80, 77);
        assert_false(resolves(scene));
        g_array_set_size(scene->openings, 0);
        add_neighbour(scene, "10.2.0.13", 13);
        came(scene, 1000, VIP, 80);
        assert_int_equal(resolves(scene), methods[i] != LD_IPIP);
        assert_nothing_is_told(scene);
        tear_down(state);
    }
}

static void one_that_is_not_resolved_does_not_hide_the_others(void **state)
{
    struct scene *scene = *state;

    add_gate_service(scene);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 0);
    came(scene, 1001, VIP, 80);
    left(scene, 1001, VIP, 80, 11);
    assert_false(resolves(scene));
    assert_int_equal(scene->out->len, 1);
    assert_told(scene, 0, 1001, ONE, 80);
}

/* It was sent to the next director, say, who has the address now. */
static void a_mac_that_is_no_servers_began_no_connection(void **state)
{
    const uint8_t macs[] = {0 /* not even that is known */, 13, 1};

    for (size_t i = 0; i < G_N_ELEMENTS(macs); i++) {
        struct scene *scene;

        assert_int_equal(set_up(state), 0);
        scene = *state;
        add_gate_service(scene);
        add_neighbour(scene, "10.2.0.13", 13); /* is no server */
        came(scene, 1000, VIP, 80);
        left(scene, 1000, VIP, 80, macs[i]);
        assert_int_equal(resolves(scene), macs[i] != 0);
        assert_nothing_is_told(scene);
        tear_down(state);
    }
}

static void a_mac_of_several_servers_is_not_resolved(void **state)
{
    struct scene *scene = *state;
    struct ld_vs *vs = add_gate_service(scene);

    add_server(vs, "10.2.0.13", 80, LD_GATE);
    add_server(vs, "10.2.0.14", 80, LD_GATE);
    add_neighbour(scene, "10.2.0.13", 11);
    add_neighbour(scene, "10.2.0.14", 11);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    came(scene, 1001, VIP, 80);
    left(scene, 1001, VIP, 80, 12);
    assert_false(resolves(scene));
    assert_int_equal(scene->out->len, 1);
    assert_told(scene, 0, 1001, OTHER, 80);
}

static void a_mac_may_be_that_of_others_who_are_not_gate_servers_of_the_service(void **state)
{
    struct scene *scene = *state;

    add_server(add_gate_service(scene), "10.2.0.13", 8080, LD_MASQ);
    add_server(add_service(scene, LD_TCP, VIP, 443), "10.2.0.14", 443, LD_GATE);
    add_neighbour(scene, "10.2.0.13", 11);
    add_neighbour(scene, "10.2.0.14", 11);
    add_neighbour(scene, "10.2.0.15", 11);
    add_neighbour(scene, "fd00::b", 11);
    add_neighbour(scene, ONE, 11); /* the same once more */
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    assert_true(resolves(scene));
    assert_told(scene, 0, 1000, ONE, 80);
}

static void a_server_may_have_several_macs(void **state)
{
    struct scene *scene = *state;

    add_gate_service(scene);
    add_neighbour(scene, ONE, 21);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 21);
    came(scene, 1001, VIP, 80);
    left(scene, 1001, VIP, 80, 11);
    assert_true(resolves(scene));
    assert_told(scene, 0, 1000, ONE, 80);
    assert_told(scene, 1, 1001, ONE, 80);
}

static void an_ipip_or_a_local_server_is_not_resolved(void **state)
{
    struct scene *scene = *state;
    struct ld_vs *vs = add_service(scene, LD_TCP, VIP, 80);

    add_server(vs, ONE, 80, LD_IPIP);
    add_server(vs, "127.0.0.1", 80, LD_GATE);
    add_neighbour(scene, ONE, 11);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    came(scene, 1001, VIP, 80);
    left(scene, 1001, ONE, 80, 11);
    came(scene, 1002, VIP, 80);
    assert_false(resolves(scene));
    assert_nothing_is_told(scene);
}

static void the_address_of_a_masq_server_takes_its_port_and_its_method(void **state)
{
    struct scene *scene = *state;
    struct ld_vs *vs = add_masq_service(scene);

    add_server(vs, "10.2.0.13", 80, LD_GATE);
    add_server(vs, "10.2.0.14", 0, LD_MASQ);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, ONE, 80, 11);
    came(scene, 1001, VIP, 80);
    left(scene, 1001, "10.2.0.13", 80, 13);
    came(scene, 1002, VIP, 80);
    left(scene, 1002, "10.2.0.14", 80, 14); /* any port: only by firewall mark */
    came(scene, 1003, VIP, 80);
    left(scene, 1003, VIP, 8080, 11);
    assert_false(resolves(scene));
    assert_nothing_is_told(scene);
}

static void the_same_packet_many_times_is_one_connection(void **state)
{
    struct scene *scene = *state;

    add_gate_service(scene);
    for (unsigned i = 0; i < 3; i++) {
        came(scene, 1000, VIP, 80);
        came(scene, 1000, VIP, 80); /* on a VLAN and the interface below it */
        left(scene, 1000, VIP, 80, 11);
        left(scene, 1000, VIP, 80, 11);
    }
    came(scene, 1000, VIP, 80);
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 1);
    assert_told(scene, 0, 1000, ONE, 80);
}

static void the_last_one_that_left_counts(void **state)
{
    struct scene *scene = *state;

    add_server(add_gate_service(scene), "10.3.0.13", 8080, LD_MASQ);
    for (uint16_t port = 1000; port < 1004; port++)
        came(scene, port, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    left(scene, 1000, VIP, 80, 12);
    left(scene, 1001, VIP, 80, 11);
    left(scene, 1001, "10.3.0.13", 8080, 1);
    left(scene, 1002, "10.3.0.13", 8080, 1);
    left(scene, 1002, VIP, 80, 11);
    left(scene, 1003, VIP, 80, 11);
    left(scene, 1003, VIP, 80, 0);
    assert_false(resolves(scene)); /* the last one */
    assert_int_equal(scene->out->len, 3);
    assert_told(scene, 0, 1000, OTHER, 80);
    assert_told(scene, 1, 1001, "10.3.0.13", 8080);
    assert_told(scene, 2, 1002, ONE, 80);
}

static void of_masq_servers_the_last_counts_too(void **state)
{
    struct scene *scene = *state;

    add_masq_service(scene);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, ONE, 8080, 11);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, OTHER, 8080, 12);
    left(scene, 1000, "10.2.0.99", 8080, 99); /* is none of them */
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 1);
    assert_told(scene, 0, 1000, OTHER, 8080);
}

static void a_client_may_use_a_port_for_several_gate_services(void **state)
{
    struct scene *scene = *state;

    add_gate_service(scene);
    add_server(add_service(scene, LD_TCP, VIP, 443), OTHER, 443, LD_GATE);
    came(scene, 1000, VIP, 80);
    came(scene, 1000, VIP, 443);
    left(scene, 1000, VIP, 80, 11);
    left(scene, 1000, VIP, 443, 12);
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 2);
    assert_told(scene, 0, 1000, ONE, 80);
    assert_told(scene, 1, 1000, OTHER, 443);
}

/* Which of the two went where is not in the packets any more. */
static void but_not_for_several_masq_services(void **state)
{
    struct scene *scene = *state;
    struct ld_vs *vs = add_service(scene, LD_TCP, "10.2.0.2", 80);

    add_masq_service(scene);
    add_server(vs, ONE, 8080, LD_MASQ);
    add_server(vs, OTHER, 8080, LD_MASQ);
    came(scene, 1000, VIP, 80);
    came(scene, 1000, "10.2.0.2", 80);
    left(scene, 1000, ONE, 8080, 11);
    left(scene, 1000, OTHER, 8080, 12);
    assert_false(resolves(scene));
    assert_nothing_is_told(scene);
}

/* ---- by firewall mark ---- */

static void by_firewall_mark_everything_that_comes_matters(void **state)
{
    struct scene *scene = *state;

    add_server(add_mark(scene, 7), ONE, 0, LD_GATE);
    add_neighbour(scene, ONE, 11);
    came(scene, 1000, VIP, 8000);
    left(scene, 1000, VIP, 8000, 11);
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 1);
    assert_told(scene, 0, 1000, ONE, 8000);
    came(scene, 1001, "10.2.0.2", 22); /* for this machine */
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 1);
    add_server(g_ptr_array_index(scene->table->services, 0), OTHER, 0, LD_IPIP);
    assert_false(resolves(scene));
    assert_int_equal(scene->out->len, 1);
}

static void by_firewall_mark_servers_of_all_such_services_are_looked_at(void **state)
{
    struct scene *scene = *state;
    struct ld_vs *vs = add_mark(scene, 8);

    add_server(add_mark(scene, 7), ONE, 0, LD_GATE);
    add_server(vs, ONE, 0, LD_GATE);       /* the same server is not another one */
    add_server(vs, OTHER, 8080, LD_GATE);
    add_server(vs, "10.3.0.13", 8080, LD_MASQ);
    add_server(vs, "10.3.0.14", 0, LD_MASQ);
    add_neighbour(scene, ONE, 11);
    add_neighbour(scene, OTHER, 12);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    came(scene, 1001, VIP, 80);
    left(scene, 1001, VIP, 80, 12);
    came(scene, 1002, VIP, 80);
    left(scene, 1002, "10.3.0.13", 8080, 1);
    came(scene, 1003, VIP, 80);
    left(scene, 1003, "10.3.0.14", 80, 1);
    assert_true(resolves(scene));
    assert_int_equal(scene->out->len, 4);
    assert_told(scene, 0, 1000, ONE, 80);
    assert_told(scene, 1, 1001, OTHER, 8080);
    assert_told(scene, 2, 1002, "10.3.0.13", 8080);
    assert_told(scene, 3, 1003, "10.3.0.14", 80);
}

static void by_firewall_mark_a_mac_of_several_servers_is_not_resolved(void **state)
{
    struct scene *scene = *state;

    add_server(add_mark(scene, 7), ONE, 0, LD_GATE);
    add_server(add_mark(scene, 8), OTHER, 0, LD_GATE);
    add_neighbour(scene, ONE, 11);
    add_neighbour(scene, OTHER, 11);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    assert_false(resolves(scene));
    assert_nothing_is_told(scene);
}

static void by_firewall_mark_a_machine_may_have_an_address_of_each_family(void **state)
{
    struct scene *scene = *state;
    struct ld_service_id six = {.protocol = LD_FWM, .addr.family = AF_INET6, .fwmark = 7};

    add_server(add_mark(scene, 7), ONE, 0, LD_GATE);
    add_server(ld_table_add(scene->table, &six), "fd00::b", 0, LD_GATE);
    add_neighbour(scene, ONE, 11);
    add_neighbour(scene, "fd00::b", 11);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    came(scene, 1000, "fd00::1", 80);
    left(scene, 1000, "fd00::1", 80, 11);
    assert_true(resolves(scene));
    assert_told(scene, 0, 1000, ONE, 80);
    assert_told(scene, 1, 1000, "fd00::b", 80);
}

/* One server in two services, by two methods: ld_connection_dest() takes the first. */
static void by_firewall_mark_the_method_has_to_be_the_one_that_is_told(void **state)
{
    struct scene *scene = *state;

    add_server(add_mark(scene, 7), ONE, 0, LD_MASQ);
    add_server(add_mark(scene, 8), ONE, 80, LD_GATE);
    add_neighbour(scene, ONE, 11);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    assert_false(resolves(scene));
    assert_nothing_is_told(scene);
    g_array_set_size(scene->openings, 0);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, ONE, 80, 11);
    assert_true(resolves(scene));
    assert_told(scene, 0, 1000, ONE, 80);
}

static void a_port_by_two_methods_in_the_other_order(void **state)
{
    struct scene *scene = *state;

    add_server(add_mark(scene, 7), ONE, 80, LD_MASQ);
    add_server(add_mark(scene, 8), ONE, 0, LD_GATE);
    add_neighbour(scene, ONE, 11);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    assert_false(resolves(scene)); /* not with port 0 either */
    assert_nothing_is_told(scene);
}

/* As ld_connection_dest() has it. */
static void a_service_with_the_address_has_precedence(void **state)
{
    struct scene *scene = *state;

    add_gate_service(scene);
    add_server(add_mark(scene, 7), "10.2.0.13", 0, LD_GATE);
    add_neighbour(scene, "10.2.0.13", 11);
    add_neighbour(scene, "10.2.0.13", 13);
    came(scene, 1000, VIP, 80);
    left(scene, 1000, VIP, 80, 11);
    assert_true(resolves(scene));
    assert_told(scene, 0, 1000, ONE, 80);
    came(scene, 1001, VIP, 80);
    left(scene, 1001, VIP, 80, 13);
    assert_false(resolves(scene));
    assert_int_equal(scene->out->len, 1);
}

/* ---- many ---- */

static void thousands_are_resolved(void **state)
{
    struct scene *scene = *state;
    struct ld_vs *vs = add_service(scene, LD_TCP, VIP, 80);
    char server[HA_ADDR_TEXT];

    for (unsigned i = 0; i < 4000; i++) {
        struct ld_neighbour neighbour = {.mac = {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};

        g_snprintf(server, sizeof(server), "10.4.%u.%u", i / 250, i % 250 + 1);
        add_server(vs, server, 80, LD_GATE);
        neighbour.server = addr_of(server);
        g_array_append_val(scene->neighbours, neighbour);
        came(scene, (uint16_t)(1000 + i), VIP, 80);
        left(scene, (uint16_t)(1000 + i), VIP, 80, 1);
        g_array_index(scene->openings, struct ld_opening, scene->openings->len - 1).mac[4] = (uint8_t)(i >> 8);
        g_array_index(scene->openings, struct ld_opening, scene->openings->len - 1).mac[5] = (uint8_t)i;
    }
    assert_true(ld_openings_resolve(scene->out, scene->openings, scene->neighbours, scene->table));
    assert_int_equal(scene->out->len, 4000);
    assert_told(scene, 0, 1000, "10.4.0.1", 80);
    assert_told(scene, 3999, 4999, "10.4.15.250", 80);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
        SCENE(nothing_that_began_is_all_resolved),
        SCENE(one_to_a_gate_server_is_known_by_the_mac),
        SCENE(one_of_ipv6_is_known_too),
        SCENE(one_to_a_masq_server_is_known_by_its_address),
        SCENE(a_service_may_have_servers_of_both_kinds),
        SCENE(a_weight_of_none_counts_alike),
        SCENE(what_came_for_no_service_does_not_matter),
        SCENE(a_service_of_any_port_has_no_connections_here),
        SCENE(what_was_not_sent_on_began_no_connection),
        cmocka_unit_test(but_only_where_it_would_be_seen),
        SCENE(one_that_is_not_resolved_does_not_hide_the_others),
        cmocka_unit_test(a_mac_that_is_no_servers_began_no_connection),
        SCENE(a_mac_of_several_servers_is_not_resolved),
        SCENE(a_mac_may_be_that_of_others_who_are_not_gate_servers_of_the_service),
        SCENE(a_server_may_have_several_macs),
        SCENE(an_ipip_or_a_local_server_is_not_resolved),
        SCENE(the_address_of_a_masq_server_takes_its_port_and_its_method),
        SCENE(the_same_packet_many_times_is_one_connection),
        SCENE(the_last_one_that_left_counts),
        SCENE(of_masq_servers_the_last_counts_too),
        SCENE(a_client_may_use_a_port_for_several_gate_services),
        SCENE(but_not_for_several_masq_services),
        SCENE(by_firewall_mark_everything_that_comes_matters),
        SCENE(by_firewall_mark_servers_of_all_such_services_are_looked_at),
        SCENE(by_firewall_mark_a_mac_of_several_servers_is_not_resolved),
        SCENE(by_firewall_mark_a_machine_may_have_an_address_of_each_family),
        SCENE(by_firewall_mark_the_method_has_to_be_the_one_that_is_told),
        SCENE(a_port_by_two_methods_in_the_other_order),
        SCENE(a_service_with_the_address_has_precedence),
        SCENE(thousands_are_resolved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
