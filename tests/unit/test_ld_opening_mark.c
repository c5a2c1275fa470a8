/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same where services are firewall marks: what a packet is for cannot be seen from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/opening_scene.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(by_firewall_mark_everything_that_comes_matters),
        SCENE(by_firewall_mark_servers_of_all_such_services_are_looked_at),
        SCENE(by_firewall_mark_a_mac_of_several_servers_is_not_resolved),
        SCENE(by_firewall_mark_a_machine_may_have_an_address_of_each_family),
        SCENE(by_firewall_mark_the_method_has_to_be_the_one_that_is_told),
        SCENE(a_port_by_two_methods_in_the_other_order),
        SCENE(a_service_with_the_address_has_precedence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
