/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core: servers and services whose line leaves the file, and what becomes of their clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ldirectord/core/leaving.h"
#include "tests/unit/core_story.h"

#define VIP  "10.0.0.1:80 wrr > "
#define BOTH VIP "10.1.0.1:80 1, 10.1.0.2:80 2"

static struct ld_dest *entry(const struct fake_director *director, const char *addr)
{
    const struct ld_table *table = director->ipvs.table;
    struct ha_addr wanted;

    assert_true(ha_addr_parse(&wanted, addr));
    for (guint i = 0; i < table->services->len; i++) {
        const struct ld_vs *vs = table->services->pdata[i];

        for (guint j = 0; j < vs->dests->len; j++) {
            struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);

            if (ha_addr_equal(&dest->addr, &wanted))
                return dest;
        }
    }
    fail_msg("%s is not in the table", addr);
    return NULL;
}

static void has_connections(const struct fake_director *director, const char *addr, unsigned count)
{
    entry(director, addr)->counted = true;
    entry(director, addr)->connections = count;
}

static struct ld_config *draining(struct ld_config *config, unsigned seconds)
{
    for (guint i = 0; i < config->services->len; i++)
        ((struct ld_service *)config->services->pdata[i])->draintime_ms = seconds * 1000;
    return config;
}

static struct ld_config *second_only(void)
{
    struct ld_config *config = pair();

    g_ptr_array_remove_index(first(config)->reals, 0);
    return config;
}

/* The pair, and a second service on the same servers. */
static struct ld_config *two_services(void)
{
    struct ld_config *config = pair();
    struct ld_service *other = fake_service(config, "10.0.0.2", 80);

    g_free(other->scheduler);
    other->scheduler = g_strdup("wlc");
    other->persistent = true;
    other->persistent_s = 300;
    fake_real(other, "10.1.0.7", 80, LD_GATE, 7);
    fake_real(other, "10.1.0.8", 80, LD_GATE, 8);
    return config;
}

static void begin(struct fake_director *director, struct ld_config *config)
{
    start_healthy(director, config);
    for (guint i = 0; i < director->ipvs.table->services->len; i++) {
        const struct ld_vs *vs = director->ipvs.table->services->pdata[i];

        for (guint j = 0; j < vs->dests->len; j++) {
            g_array_index(vs->dests, struct ld_dest, j).counted = true;
            g_array_index(vs->dests, struct ld_dest, j).connections = 3;
        }
    }
}

/* ---- a server ---- */

static void a_server_that_leaves_the_file_stays_at_weight_0_until_its_connections_end(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(pair(), 60));
    fake_director_reload(&director, draining(second_only(), 60));
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    has_connections(&director, "10.1.0.1", 0);
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.2:80 2");
    assert_logged(&director, "Quiescent real server: 10.1.0.1:80 (10.0.0.1:80) (Weight set to 0)");
    assert_logged(&director, "Purged real server (start): 10.1.0.1:80 (10.0.0.1:80)");
    end(&director);
}

/* The one that stays has its line a second time: as many lines as before, and none of them is its. */
static void it_does_so_when_another_server_takes_its_line(void **state)
{
    struct fake_director director;
    struct ld_config *config = second_only();

    (void)state;
    fake_real(first(config), "10.1.0.2", 80, LD_GATE, 2);
    begin(&director, draining(pair(), 60));
    fake_director_reload(&director, draining(config, 60));
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    end(&director);
}

static void it_stays_no_longer_than_draintime(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(pair(), 60));
    fake_director_reload(&director, draining(second_only(), 60));
    fake_director_pass(&director, 59 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.2:80 2");
    end(&director);
}

static void without_draintime_it_goes_at_once_whatever_the_file_said_before(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(pair(), 60));
    fake_director_reload(&director, second_only());
    assert_table(&director, VIP "10.1.0.2:80 2");
    assert_not_logged(&director, "Quiescent");
    end(&director);
}

static void the_draintime_counts_that_came_with_the_same_edit(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, pair());
    fake_director_reload(&director, draining(second_only(), 5));
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_pass(&director, 6 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.2:80 2");
    end(&director);
}

static void a_quiescent_service_lets_its_leavers_go_in_the_end(void **state)
{
    struct ld_config *before = draining(pair(), 60), *after = draining(second_only(), 60);
    struct fake_director director;

    (void)state;
    first(before)->quiescent = first(after)->quiescent = true;
    begin(&director, before);
    fake_director_reload(&director, after);
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_pass(&director, 61 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.2:80 2");
    end(&director);
}

static void one_that_an_operator_drained_goes_when_its_line_does(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(pair(), 60));
    fake_director_wish(&director, "drain 10.1.0.1");
    fake_director_pass(&director, 600 * HA_NS_PER_S); /* an order has no end of its own */
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_reload(&director, draining(second_only(), 60));
    fake_director_pass(&director, 50 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_pass(&director, 11 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.2:80 2");
    end(&director);
}

/* It was disabled, or it failed: since then, not since the reload. */
static void one_that_was_draining_already_gets_no_more_time(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(pair(), 60));
    fake_director_wish(&director, "disable 10.1.0.1");
    fake_director_pass(&director, 40 * HA_NS_PER_S);
    fake_director_reload(&director, draining(second_only(), 60));
    fake_director_pass(&director, 15 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_pass(&director, 6 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.2:80 2");
    end(&director);
}

static void a_further_reload_neither_ends_nor_lengthens_it(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(pair(), 60));
    fake_director_reload(&director, draining(second_only(), 60));
    fake_director_pass(&director, 50 * HA_NS_PER_S);
    fake_director_reload(&director, draining(second_only(), 60));
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_pass(&director, 11 * HA_NS_PER_S);
    assert_table(&director, VIP "10.1.0.2:80 2");
    fake_director_reload(&director, draining(second_only(), 5));
    end(&director);
}

static void a_shorter_draintime_counts_for_who_is_leaving_already(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(pair(), 60));
    fake_director_reload(&director, draining(second_only(), 60));
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    fake_director_reload(&director, draining(second_only(), 5));
    assert_table(&director, VIP "10.1.0.2:80 2");
    end(&director);
}

static void one_that_returns_is_never_removed(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(pair(), 60));
    fake_director_reload(&director, draining(second_only(), 60));
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    fake_director_reload(&director, draining(pair(), 60));
    assert_table(&director, VIP "10.1.0.1:80 0, 10.1.0.2:80 2");
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L7OK);
    assert_table(&director, BOTH);
    assert_not_logged(&director, "Purged");
    assert_not_logged(&director, "Deleted");
    end(&director);
}

static void a_stranger_in_the_table_is_not_waited_for(void **state)
{
    struct ld_dest stranger = {.port = 80, .weight = 1, .counted = true, .connections = 9};
    struct fake_director director;
    struct ld_vs *vs;

    (void)state;
    begin(&director, draining(pair(), 60));
    vs = director.ipvs.table->services->pdata[0];
    assert_true(ha_addr_parse(&stranger.addr, "10.1.0.99"));
    g_array_append_val(vs->dests, stranger);
    fake_director_reload(&director, draining(pair(), 60));
    assert_table(&director, BOTH);
    end(&director);
}

static void what_somebody_else_removes_does_not_come_back(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(pair(), 60));
    fake_director_reload(&director, draining(second_only(), 60));
    fake_director_ipvsadm(&director, "10.1.0.1", -1);
    fake_director_repair(&director);
    assert_table(&director, VIP "10.1.0.2:80 2");
    fake_director_pass(&director, 61 * HA_NS_PER_S);
    assert_not_logged(&director, "Purged");
    end(&director);
}

static void a_fallback_that_serves_and_leaves_drains_too(void **state)
{
    struct ld_config *before = draining(pair(), 60), *after = draining(pair(), 60);
    struct fake_director director;

    (void)state;
    fake_fallback(first(before), "127.0.0.1", 80, LD_GATE);
    fake_fallback(first(after), "127.0.0.2", 80, LD_GATE);
    start(&director, before);
    has_connections(&director, "127.0.0.1", 1);
    fake_director_reload(&director, after);
    assert_table(&director, VIP "127.0.0.1:80 0, 127.0.0.2:80 1");
    has_connections(&director, "127.0.0.1", 0);
    fake_director_pass(&director, 3 * HA_NS_PER_S);
    assert_table(&director, VIP "127.0.0.2:80 1");
    end(&director);
}

/* ---- a service ---- */

static void a_service_that_leaves_goes_with_the_last_connection_of_its_servers(void **state)
{
    const struct ld_vs *vs;
    struct fake_director director;

    (void)state;
    begin(&director, draining(two_services(), 60));
    fake_director_reload(&director, pair()); /* what the file says now is of other services */
    assert_table(&director, BOTH "; 10.0.0.2:80 wlc > 10.1.0.7:80 0, 10.1.0.8:80 0");
    vs = director.ipvs.table->services->pdata[1];
    assert_int_equal(vs->timeout_s, 300);
    assert_not_logged(&director, "Changed virtual server: 10.0.0.2:80");
    has_connections(&director, "10.1.0.7", 0);
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_table(&director, BOTH "; 10.0.0.2:80 wlc > 10.1.0.8:80 0");
    has_connections(&director, "10.1.0.8", 0);
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_table(&director, BOTH);
    assert_logged(&director, "Purged virtual server (start): 10.0.0.2:80");
    end(&director);
}

static void a_service_that_leaves_goes_when_draintime_is_over(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(two_services(), 60));
    fake_director_reload(&director, pair());
    fake_director_pass(&director, 30 * HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L7OK);
    fake_director_reload(&director, pair()); /* it does not forget */
    fake_director_pass(&director, 29 * HA_NS_PER_S);
    assert_table(&director, BOTH "; 10.0.0.2:80 wlc > 10.1.0.7:80 0, 10.1.0.8:80 0");
    fake_director_pass(&director, 2 * HA_NS_PER_S);
    assert_table(&director, BOTH);
    end(&director);
}

static void without_draintime_a_service_goes_at_once(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, two_services());
    fake_director_reload(&director, draining(pair(), 60));
    assert_table(&director, BOTH);
    end(&director);
}

static void a_service_that_returns_takes_its_servers_back(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(two_services(), 60));
    fake_director_reload(&director, draining(pair(), 60));
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    fake_director_reload(&director, draining(two_services(), 60));
    assert_table(&director, BOTH "; 10.0.0.2:80 wlc > 10.1.0.7:80 0, 10.1.0.8:80 0");
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L7OK);
    assert_table(&director, BOTH "; 10.0.0.2:80 wlc > 10.1.0.7:80 7, 10.1.0.8:80 8");
    assert_not_logged(&director, "Purged");
    end(&director);
}

/* ---- the end ---- */

static void standby_waits_for_nobody(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(two_services(), 60));
    fake_director_reload(&director, draining(pair(), 60));
    fake_director_mode(&director, true);
    assert_table(&director, "");
    fake_director_mode(&director, false);
    assert_table(&director, BOTH);
    end(&director);
}

static void a_stop_waits_for_nobody(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(two_services(), 60));
    fake_director_reload(&director, draining(pair(), 60));
    fake_director_stop(&director);
    assert_table(&director, "");
    end(&director);
}

static void what_the_kernel_refuses_to_delete_comes_again(void **state)
{
    struct fake_director director;

    (void)state;
    begin(&director, draining(two_services(), 5));
    fake_director_reload(&director, pair());
    director.ipvs.fail_next = 1;
    fake_director_pass(&director, 6 * HA_NS_PER_S);
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    assert_table(&director, BOTH);
    end(&director);
}

static void count(void *ctx, const struct ld_leaver_view *view)
{
    (void)view;
    ++*(unsigned *)ctx;
}

static void no_more_than_so_many_leave_at_a_time(void **state)
{
    struct ld_config *before = draining(pair(), 60), *after = draining(pair(), 60);
    struct ld_leaving *leaving = ld_leaving_new();
    struct ld_due *due = ld_due_new();
    struct ld_model *old, *model;
    struct ld_table *actual;
    unsigned leavers = 0;
    char text[32];

    (void)state;
    first(before)->quiescent = true; /* all of them in the table */
    for (unsigned i = 0; i < LD_LEAVING_MAX + 3; i++) {
        g_snprintf(text, sizeof(text), "10.%u.%u.%u", 16 + i / 65536, i / 256 % 256, i % 256);
        fake_real(first(before), text, 80, LD_GATE, 1);
    }
    old = ld_model_new(before);
    model = ld_model_new(after);
    actual = ld_wanted(old, NULL);
    assert_int_equal(ld_leaving_reload(leaving, old, model, actual, 1), 3);
    ld_leaving_view(leaving, count, &leavers);
    assert_int_equal(leavers, LD_LEAVING_MAX);
    assert_true(ld_leaving_next_ns(leaving, 1) <= 1 + HA_NS_PER_S);
    ld_leaving_pass(leaving, 1 + 60 * HA_NS_PER_S, due);
    assert_true(ld_due_has(due, LD_DUE_CHANGED));
    assert_int_equal(ld_leaving_next_ns(leaving, 1), HA_NEVER);
    ld_table_free(actual);
    ld_model_free(old);
    ld_model_free(model);
    ld_leaving_free(leaving);
    ld_due_free(due);
    ld_config_free(before);
    ld_config_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_leaves_the_file_stays_at_weight_0_until_its_connections_end),
        cmocka_unit_test(it_does_so_when_another_server_takes_its_line),
        cmocka_unit_test(it_stays_no_longer_than_draintime),
        cmocka_unit_test(without_draintime_it_goes_at_once_whatever_the_file_said_before),
        cmocka_unit_test(the_draintime_counts_that_came_with_the_same_edit),
        cmocka_unit_test(a_quiescent_service_lets_its_leavers_go_in_the_end),
        cmocka_unit_test(one_that_an_operator_drained_goes_when_its_line_does),
        cmocka_unit_test(one_that_was_draining_already_gets_no_more_time),
        cmocka_unit_test(a_further_reload_neither_ends_nor_lengthens_it),
        cmocka_unit_test(a_shorter_draintime_counts_for_who_is_leaving_already),
        cmocka_unit_test(one_that_returns_is_never_removed),
        cmocka_unit_test(a_stranger_in_the_table_is_not_waited_for),
        cmocka_unit_test(what_somebody_else_removes_does_not_come_back),
        cmocka_unit_test(a_fallback_that_serves_and_leaves_drains_too),
        cmocka_unit_test(a_service_that_leaves_goes_with_the_last_connection_of_its_servers),
        cmocka_unit_test(a_service_that_leaves_goes_when_draintime_is_over),
        cmocka_unit_test(without_draintime_a_service_goes_at_once),
        cmocka_unit_test(a_service_that_returns_takes_its_servers_back),
        cmocka_unit_test(standby_waits_for_nobody),
        cmocka_unit_test(a_stop_waits_for_nobody),
        cmocka_unit_test(what_the_kernel_refuses_to_delete_comes_again),
        cmocka_unit_test(no_more_than_so_many_leave_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
