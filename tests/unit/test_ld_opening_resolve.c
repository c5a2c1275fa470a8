/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which real server the first packet of each connection went to. By firewall mark: test_ld_opening_mark.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/opening_scene.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        SCENE(thousands_are_resolved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
