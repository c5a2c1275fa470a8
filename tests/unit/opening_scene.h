/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A director with services, neighbours, and what its tap saw: which connections come of that. */
#ifndef TEST_OPENING_SCENE_H
#define TEST_OPENING_SCENE_H

#include <string.h>

#include "ldirectord/core/opening.h"

static inline void assert_address(const struct ha_addr *addr, const char *expected)
{
    char text[HA_ADDR_TEXT];

    assert_string_equal(ha_addr_text(addr, text), expected);
}

struct scene {
    struct ld_table *table;
    GArray *openings, *neighbours, *out;
};

static inline int set_up(void **state)
{
    struct scene *scene = g_new0(struct scene, 1);

    scene->table = ld_table_new();
    scene->openings = g_array_new(FALSE, FALSE, sizeof(struct ld_opening));
    scene->neighbours = g_array_new(FALSE, FALSE, sizeof(struct ld_neighbour));
    scene->out = g_array_new(FALSE, FALSE, sizeof(struct ld_connection));
    *state = scene;
    return 0;
}

static inline int tear_down(void **state)
{
    struct scene *scene = *state;

    ld_table_free(scene->table);
    g_array_free(scene->openings, TRUE);
    g_array_free(scene->neighbours, TRUE);
    g_array_free(scene->out, TRUE);
    g_free(scene);
    return 0;
}

static inline struct ha_addr addr_of(const char *text)
{
    struct ha_addr addr;

    assert_true(ha_addr_parse(&addr, text));
    return addr;
}

static inline struct ld_vs *add_service(struct scene *scene, enum ld_protocol protocol, const char *addr, uint16_t port)
{
    const struct ld_service_id id = {.protocol = protocol, .addr = addr_of(addr), .port = port};

    return ld_table_add(scene->table, &id);
}

static inline struct ld_vs *add_mark(struct scene *scene, uint32_t mark)
{
    const struct ld_service_id id = {.protocol = LD_FWM, .addr.family = AF_INET, .fwmark = mark};

    return ld_table_add(scene->table, &id);
}

static inline void add_server(struct ld_vs *vs, const char *addr, uint16_t port, enum ld_method method)
{
    const struct ld_dest dest = {.addr = addr_of(addr), .port = port, .method = method, .weight = 1};

    g_array_append_val(vs->dests, dest);
}

static inline void add_neighbour(struct scene *scene, const char *addr, uint8_t mac)
{
    const struct ld_neighbour neighbour = {.server = addr_of(addr), .mac = {2, 0, 0, 0, 0, mac}};

    g_array_append_val(scene->neighbours, neighbour);
}

#define CLIENT "10.2.0.100"
#define VIP    "10.2.0.1"
#define ONE    "10.2.0.11"
#define OTHER  "10.2.0.12"

static inline void came(struct scene *scene, uint16_t from_port, const char *to, uint16_t to_port)
{
    const struct ld_opening opening = {.from = addr_of(strchr(to, ':') ? "fd00::64" : CLIENT), .to = addr_of(to),
                                       .from_port = from_port, .to_port = to_port};

    g_array_append_val(scene->openings, opening);
}

/* mac 0: it is not known */
static inline void left(struct scene *scene, uint16_t from_port, const char *to, uint16_t to_port, uint8_t mac)
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
static inline bool resolves(struct scene *scene)
{
    bool all;

    g_array_set_size(scene->out, 0);
    all = ld_openings_resolve(scene->out, scene->openings, scene->neighbours, scene->table);
    for (guint i = 0; i < scene->out->len; i++)
        assert_non_null(ld_connection_dest(&g_array_index(scene->out, struct ld_connection, i), scene->table));
    return all;
}

static inline void assert_nothing_is_told(const struct scene *scene)
{
    assert_int_equal(scene->out->len, 0);
}

static inline void assert_told(const struct scene *scene, guint at, uint16_t client_port, const char *server,
                        uint16_t server_port)
{
    const struct ld_connection *connection = &g_array_index(scene->out, struct ld_connection, at);

    assert_true(at < scene->out->len);
    assert_int_equal(connection->client_port, client_port);
    assert_address(&connection->server, server);
    assert_int_equal(connection->server_port, server_port);
}

/* Two servers behind a service, of whom this machine knows the macs 11 and 12. */
static inline struct ld_vs *add_pair(struct scene *scene, uint16_t port, enum ld_method method)
{
    struct ld_vs *vs = add_service(scene, LD_TCP, VIP, 80);

    add_server(vs, ONE, port, method);
    add_server(vs, OTHER, port, method);
    add_neighbour(scene, ONE, 11);
    add_neighbour(scene, OTHER, 12);
    return vs;
}
static inline struct ld_vs *add_gate_service(struct scene *scene) { return add_pair(scene, 80, LD_GATE); }
static inline struct ld_vs *add_masq_service(struct scene *scene) { return add_pair(scene, 8080, LD_MASQ); }

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
