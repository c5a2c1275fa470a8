/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a director that hands over reads of connections: a line of the kernel's list of them, then first packets
 * that anybody has sent, each a byte of flags, one of its length, and its bytes. Whatever it is, only connections
 * to servers of the table are told.
 */
#include <arpa/inet.h>

#include "ldirectord/core/opening.h"
#include "tests/fuzz/fuzz.h"

#define LEAVES  1
#define HAS_MAC 2

static void add(struct ld_vs *vs, const char *addr, uint16_t port, enum ld_method method)
{
    struct ld_dest dest = {.port = port, .method = method, .weight = 1};

    fuzz_must(ha_addr_parse(&dest.addr, addr));
    g_array_append_val(vs->dests, dest);
}

/* Two services by address; with a mark a third, in which one server is hidden. */
static struct ld_table *make_table(bool mark)
{
    struct ld_service_id v4 = {.protocol = LD_TCP, .port = 80}, v6 = v4,
                         by_mark = {.protocol = LD_FWM, .addr.family = AF_INET, .fwmark = 7};
    struct ld_table *table = ld_table_new();
    struct ld_vs *vs;

    fuzz_must(ha_addr_parse(&v4.addr, "10.2.0.1") && ha_addr_parse(&v6.addr, "fd00::1"));
    vs = ld_table_add(table, &v4);
    add(vs, "10.2.0.11", 80, LD_GATE);
    add(vs, "10.2.0.12", 8080, LD_MASQ);
    vs = ld_table_add(table, &v6);
    add(vs, "fd00::b", 80, LD_GATE);
    if (mark) {
        vs = ld_table_add(table, &by_mark);
        add(vs, "10.2.0.11", 0, LD_GATE);
        add(vs, "10.2.0.13", 80, LD_IPIP);
    }
    return table;
}

static GArray *make_neighbours(void)
{
    static const char *const servers[] = {"10.2.0.11", "10.2.0.12", "fd00::b"};
    GArray *neighbours = g_array_new(FALSE, FALSE, sizeof(struct ld_neighbour));

    for (uint8_t i = 0; i < G_N_ELEMENTS(servers); i++) {
        struct ld_neighbour neighbour = {.mac = {2, 0, 0, 0, 0, i}};

        fuzz_must(ha_addr_parse(&neighbour.server, servers[i]));
        g_array_append_val(neighbours, neighbour);
    }
    return neighbours;
}

static void read_line(const struct fuzz_rest *piece)
{
    char *line = g_strndup((const char *)piece->at, piece->left);
    struct ld_connection connection;

    if (ld_connection_read(line, &connection)) {
        fuzz_must(connection.client_port != 0);
        fuzz_must(connection.client.family == connection.server.family);
    }
    g_free(line);
}

static void read_packets(struct fuzz_rest *rest, GArray *openings)
{
    while (rest->left > 0) {
        uint8_t flags = fuzz_byte(rest), length = fuzz_byte(rest);
        size_t here = MIN(MIN((size_t)length, rest->left), LD_OPENING_PACKET);
        struct ld_opening_record record = {.leaves = flags & LEAVES, .has_mac = (flags & HAS_MAC) != 0,
                                           .mac = {2, 0, 0, 0, 0, flags >> 4}, .length = length};
        struct ld_opening opening;

        if (here > 0)
            memcpy(record.packet, rest->at, here);
        rest->at += here;
        rest->left -= here;
        if (!ld_opening_read(&opening, &record))
            continue;
        fuzz_must(opening.from.family == opening.to.family && opening.from_port != 0);
        fuzz_must(opening.leaves || !opening.has_mac);
        g_array_append_val(openings, opening);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_rest rest = {data, size}, line;
    GArray *openings = g_array_new(FALSE, FALSE, sizeof(struct ld_opening));
    GArray *out = g_array_new(FALSE, FALSE, sizeof(struct ld_connection));
    GArray *neighbours = make_neighbours();
    struct ld_table *table = make_table(fuzz_byte(&rest) & 1);

    if (fuzz_until(&rest, '\n', &line))
        read_line(&line);
    read_packets(&rest, openings);
    (void)ld_openings_resolve(out, openings, neighbours, table);
    fuzz_must(out->len <= openings->len);
    for (guint i = 0; i < out->len; i++)
        fuzz_must(ld_connection_dest(&g_array_index(out, struct ld_connection, i), table) != NULL);
    ld_table_free(table);
    g_array_unref(neighbours);
    g_array_unref(out);
    g_array_unref(openings);
    return 0;
}
