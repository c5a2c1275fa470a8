/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/door/allowed.c: what it remembers of earlier configurations, and when it forgets them. What is allowed
 * by one configuration: test_ld_keeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ldirectord/door/allowed.h"

#define SERVERS 100000
/* More than are remembered. */
#define EDITS   8

/* All servers are others each time, and so is the service. */
static struct ld_config *edited(unsigned edit)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = ld_service_new();

    assert_true(ha_addr_parse(&service->id.addr, "10.0.0.1"));
    service->id.port = (uint16_t)(1000 + edit);
    for (unsigned i = 0; i < SERVERS; i++) {
        struct ld_real *real = ld_real_new();

        real->addr.family = AF_INET;
        real->addr.v4.s_addr = htonl((uint32_t)(10 + edit) << 24 | i);
        real->port = 80;
        g_ptr_array_add(service->reals, real);
    }
    g_ptr_array_add(config->services, service);
    return config;
}

static bool may_go(const struct ld_allowed *allowed, unsigned edit)
{
    struct ld_vs vs = {.id = {.protocol = LD_TCP, .port = (uint16_t)(1000 + edit)}};
    struct ld_op op = {.kind = LD_OP_DEL_SERVICE, .vs = &vs};

    assert_true(ha_addr_parse(&vs.id.addr, "10.0.0.1"));
    return ld_allowed_op(allowed, &op);
}

static void what_a_reload_leaves_behind_may_be_cleared_away_whatever_is_forgotten(void **state)
{
    struct ld_allowed *allowed = ld_allowed_new("ldirectord", "odbc_ask", "cf");

    (void)state;
    for (unsigned edit = 0; edit < EDITS; edit++) {
        ld_allowed_config(allowed, edited(edit));
        assert_true(may_go(allowed, edit));
        assert_true(edit == 0 || may_go(allowed, edit - 1));
        assert_false(may_go(allowed, edit + 1));
    }
    assert_false(may_go(allowed, 0)); /* there is an end to it */
    ld_allowed_free(allowed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_reload_leaves_behind_may_be_cleared_away_whatever_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
