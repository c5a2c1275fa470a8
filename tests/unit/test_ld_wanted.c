/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/wanted: settings of the configuration as attributes of the kernel's table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <linux/ip_vs.h>

#include "ldirectord/core/model.h"
#include "tests/fakes/fake_director.h"

/* The only service of the table wanted for config with all servers up, or none. */
static struct ld_table *wanted(const struct ld_config *config, bool up)
{
    struct ld_model *model = ld_model_new(config);
    struct ld_table *table;

    for (guint i = 0; i < model->server_count; i++) {
        model->servers[i]->health.up = up;
        ld_server_count(model->servers[i]);
        ld_slot_judge(model->servers[i]->slot, true);
    }
    table = ld_wanted(model, NULL);
    ld_model_free(model);
    return table;
}

static const struct ld_vs *only(const struct ld_table *table)
{
    assert_int_equal(table->services->len, 1);
    return table->services->pdata[0];
}

static const struct ld_dest *dest(const struct ld_table *table, guint number)
{
    assert_true(number < only(table)->dests->len);
    return &g_array_index(only(table)->dests, struct ld_dest, number);
}

static void gate_and_ipip_carry_the_port_of_the_service(void **state)
{
    static const struct {
        enum ld_method method;
        uint16_t configured, in_table, in_table_of_mark;
    } rows[] = {
        {LD_GATE, 8080, 80, 8080}, {LD_IPIP, 0, 80, 0}, {LD_MASQ, 8080, 8080, 8080},
        {LD_MASQ, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (int mark = 0; mark < 2; mark++) {
            struct ld_config *config = ld_config_new();
            struct ld_service *service =
                mark ? fake_mark(config, AF_INET, 1) : fake_service(config, "10.0.0.1", 80);
            struct ld_table *table;

            fake_real(service, "10.1.0.1", rows[i].configured, rows[i].method, 1);
            table = wanted(config, true);
            assert_int_equal(dest(table, 0)->port,
                             mark ? rows[i].in_table_of_mark : rows[i].in_table);
            ld_table_free(table);
            ld_config_free(config);
        }
    }
}

static void persistence_and_flags_become_attributes(void **state)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_service(config, "10.0.0.1", 80);
    struct ld_table *table;

    (void)state;
    service->netmask = 0xffffff00u;
    service->ops = true; /* only for udp */
    table = wanted(config, true);
    assert_int_equal(only(table)->flags, 0);
    assert_int_equal(only(table)->netmask, 0);
    ld_table_free(table);

    service->persistent = true;
    service->persistent_s = 600;
    service->id.protocol = LD_UDP;
    g_free(service->scheduler);
    service->scheduler = g_strdup("sh");
    service->schedflags = g_strdup("sh-port");
    table = wanted(config, true);
    assert_int_equal(only(table)->flags, IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET |
                                             IP_VS_SVC_F_SCHED_SH_PORT);
    assert_int_equal(only(table)->timeout_s, 600);
    assert_int_equal(only(table)->netmask, 0xffffff00u);
    assert_string_equal(only(table)->scheduler, "sh");
    ld_table_free(table);

    g_free(service->schedflags);
    service->schedflags = g_strdup("mh-port"); /* not for this scheduler */
    table = wanted(config, true);
    assert_int_equal(only(table)->flags, IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET);
    ld_table_free(table);
    ld_config_free(config);
}

static void thresholds_count_while_a_server_is_up(void **state)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_service(config, "10.0.0.1", 80);
    struct ld_real *real = fake_real(service, "10.1.0.1", 80, LD_GATE, 5);
    struct ld_table *table;

    (void)state;
    service->quiescent = true;
    real->lower = 10;
    real->upper = 20;
    table = wanted(config, true);
    assert_int_equal(dest(table, 0)->weight, 5);
    assert_int_equal(dest(table, 0)->lower, 10);
    assert_int_equal(dest(table, 0)->upper, 20);
    ld_table_free(table);
    table = wanted(config, false);
    assert_int_equal(dest(table, 0)->weight, 0);
    assert_int_equal(dest(table, 0)->upper, 0);
    ld_table_free(table);
    ld_config_free(config);
}

static void a_server_that_stands_twice_is_in_the_table_once(void **state)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_service(config, "10.0.0.1", 80);
    struct ld_table *table;

    (void)state;
    fake_real(service, "10.1.0.1", 80, LD_GATE, 0);
    fake_real(service, "10.1.0.1", 8080, LD_GATE, 5);
    fake_real(service, "10.1.0.1", 80, LD_GATE, 7);
    table = wanted(config, true);
    assert_int_equal(only(table)->dests->len, 1);
    assert_int_equal(dest(table, 0)->weight, 5);
    ld_table_free(table);
    ld_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gate_and_ipip_carry_the_port_of_the_service),
        cmocka_unit_test(persistence_and_flags_become_attributes),
        cmocka_unit_test(thresholds_count_while_a_server_is_up),
        cmocka_unit_test(a_server_that_stands_twice_is_in_the_table_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
