/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/conf: what only Hearth can be told of the kernel's table and of operators' orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/fakes/fake_names.h"

#define HEAD "virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n"

static struct ld_config *parse(const char *line, char **said)
{
    struct ha_diags diags;
    GString *report = g_string_new(NULL);
    char *text = g_strconcat(line, "\n" HEAD, NULL);
    struct ld_config *config;

    ha_diags_init(&diags);
    config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
    ha_diags_print(&diags, report);
    ha_diags_clear(&diags);
    g_free(text);
    *said = g_string_free(report, FALSE);
    return config;
}

static void nothing_said_leaves_the_kernel_and_its_table_alone(void **state)
{
    char *said;
    struct ld_config *config = parse("", &said);

    (void)state;
    assert_non_null(config);
    assert_false(config->keeporders);
    assert_int_equal(config->tablecheck_ms, 0);
    assert_int_equal(config->sync.role, LD_SYNC_NONE);
    assert_int_equal(config->expire_nodest_conn, LD_SWITCH_KEEP);
    assert_int_equal(config->expire_quiescent_template, LD_SWITCH_KEEP);
    ld_config_free(config);
    g_free(said);
}

static void what_is_said_is_heard(void **state)
{
    char *said;
    struct ld_config *config = parse("keeporders=yes\ntablecheck = 500ms\nexpire_nodest_conn=yes\n"
                                     "expire_quiescent_template = no", &said);

    (void)state;
    assert_non_null(config);
    assert_true(config->keeporders);
    assert_int_equal(config->tablecheck_ms, 500);
    assert_int_equal(config->expire_nodest_conn, LD_SWITCH_ON);
    assert_int_equal(config->expire_quiescent_template, LD_SWITCH_OFF);
    ld_config_free(config);
    g_free(said);
}

static void a_syncdaemon_has_an_interface_a_number_a_role_and_a_group(void **state)
{
    static const struct {
        const char *value, *interface;
        unsigned id;
        enum ld_sync_role role;
        const char *group;
    } cases[] = {
        {"eth1", "eth1", 0, LD_SYNC_BY_MODE, NULL},
        {"eth1 7", "eth1", 7, LD_SYNC_BY_MODE, NULL},
        {"bond0.17 255 master", "bond0.17", 255, LD_SYNC_MASTER, NULL},
        {"eth1 backup 3", "eth1", 3, LD_SYNC_BACKUP, NULL},
        {"eth1  both\t", "eth1", 0, LD_SYNC_BOTH, NULL},
        {"a23456789012345 auto", "a23456789012345", 0, LD_SYNC_BY_MODE, NULL},
        {"eth1 239.1.2.3 7", "eth1", 7, LD_SYNC_BY_MODE, "239.1.2.3"},
        {"eth1 7 both ff02::81", "eth1", 7, LD_SYNC_BOTH, "ff02::81"},
        {"eth1 [FF05::0:81]", "eth1", 0, LD_SYNC_BY_MODE, "ff05::81"},
    };
    char group[HA_ADDR_TEXT];

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *line = g_strconcat("syncdaemon = ", cases[i].value, NULL), *said;
        struct ld_config *config = parse(line, &said);

        assert_string_equal(said, "");
        assert_string_equal(config->sync.interface, cases[i].interface);
        assert_int_equal(config->sync.id, cases[i].id);
        assert_int_equal(config->sync.role, cases[i].role);
        assert_string_equal(ha_addr_text(&config->sync.group, group),
                            cases[i].group ? cases[i].group : "none");
        ld_config_free(config);
        g_free(said);
        g_free(line);
    }
}

static void a_syncdaemon_has_port_ttl_and_length(void **state)
{
    char *said;
    struct ld_config *config =
        parse("syncdaemon = eth1 port 65535  7 maxlen 64 both ttl\t255 ff02::81", &said);

    (void)state;
    assert_string_equal(said, "");
    assert_int_equal(config->sync.port, 65535);
    assert_int_equal(config->sync.ttl, 255);
    assert_int_equal(config->sync.maxlen, 64);
    assert_int_equal(config->sync.id, 7);
    assert_int_equal(config->sync.role, LD_SYNC_BOTH);
    assert_int_equal(config->sync.group.family, AF_INET6);
    ld_config_free(config);
    g_free(said);
    config = parse("syncdaemon=ttl ttl 2", &said); /* an interface may be called anything */
    assert_string_equal(config->sync.interface, "ttl");
    assert_int_equal(config->sync.ttl, 2);
    assert_int_equal(config->sync.port, 0);
    ld_config_free(config);
    g_free(said);
}

static void what_is_no_syncdaemon_is_refused(void **state)
{
    static const struct {
        const char *line, *said;
    } cases[] = {
        {"syncdaemon=", "expected the name of an interface, found \"\""},
        {"syncdaemon=a234567890123456", "expected the name of an interface first"},
        {"syncdaemon=../eth1", "expected the name of an interface first"},
        {"syncdaemon=eth1 256", "expected a syncid from 0 to 255, or auto, master, backup or both"},
        {"syncdaemon=eth1 10.0.0.1", "or the address of a multicast group, found \"10.0.0.1\""},
        {"syncdaemon=eth1 fd00::81", "or the address of a multicast group, found \"fd00::81\""},
        {"syncdaemon=eth1 none", "expected a syncid from 0 to 255, or auto"},
        {"syncdaemon=eth1 port", "expected a number from 1 to 65535 behind port, found \"\""},
        {"syncdaemon=eth1 port 0", "expected a number from 1 to 65535 behind port, found \"0\""},
        {"syncdaemon=eth1 ttl 256", "expected a number from 1 to 255 behind ttl, found \"256\""},
        {"syncdaemon=eth1 ttl both", "expected a number from 1 to 255 behind ttl, found \"both\""},
        {"syncdaemon=eth1 maxlen 65488", "expected a number from 64 to 65487 behind maxlen"},
        {"tablecheck=0", "invalid table check interval"},
        {"keeporders=maybe", "keeporders must be 'yes' or 'no'"},
        {"\tsyncdaemon=eth1", "nknown command"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *said;

        assert_null(parse(cases[i].line, &said));
        if (!strstr(said, cases[i].said))
            fail_msg("%s: %s", cases[i].line, said);
        g_free(said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_leaves_the_kernel_and_its_table_alone),
        cmocka_unit_test(what_is_said_is_heard),
        cmocka_unit_test(a_syncdaemon_has_an_interface_a_number_a_role_and_a_group),
        cmocka_unit_test(a_syncdaemon_has_port_ttl_and_length),
        cmocka_unit_test(what_is_no_syncdaemon_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
