/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/maintenance and maintain: who is meant by a file's name, and what follows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core_story.h"

#define BOTH  "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2"
#define AGAIN "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2"
#define WEB2  "10.0.0.1:80 wrr > 10.1.0.2:80 2"
#define WEB1  "10.0.0.1:80 wrr > 10.1.0.1:80 1"

static void a_file_means_the_servers_it_is_named_after(void **state)
{
    static const struct {
        const char *file, *addr;
        uint16_t port;
        bool meant, host_name;
    } cases[] = {
        {"172.16.1.2:4444", "172.16.1.2", 4444, true, false},
        {"172.16.1.2:4444", "172.16.1.2", 4445, false, false},
        {"172.16.1.2", "172.16.1.2", 4445, true, false},
        {"172.16.1.2", "172.16.1.20", 4445, false, false},
        {"[fd00::2]:80", "fd00::2", 80, true, false},
        {"[fd00::2]", "fd00::2", 80, true, false},
        {"fd00::2", "fd00::2", 80, true, false},
        {"[fd00::2]:80", "fd00::2", 81, false, false},
        {"[FD00:0::02]:80", "fd00::2", 80, true, false},
        {"[FD00:0::02]:80", "fd00::2", 81, false, false},
        {"fd00:0:0:0:0:0:0:2", "fd00::2", 80, true, false},
        {"[fd00::2", "fd00::2", 80, false, false},
        {"web2.example.com", "172.16.1.2", 80, true, true},
        {"web2.example.com:80", "172.16.1.2", 80, true, true},
        {"web2.example.com:81", "172.16.1.2", 80, false, true},
        {"web2", "172.16.1.2", 80, true, true},
        {"web2:80", "172.16.1.2", 80, true, true},
        {"web", "172.16.1.2", 80, false, true},
        {"web2.example", "172.16.1.2", 80, false, true},
        {"web2", "172.16.1.3", 80, false, true},
        {"Web3", "172.16.1.4", 80, false, true}, /* short names are of small letters */
        {"Web3.example.com", "172.16.1.4", 80, true, true},
        {"README", "172.16.1.2", 80, false, true},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ld_maintenance *m = ld_maintenance_new();
        struct ha_addr addr;

        assert_true(ld_maintenance_add_file(m, cases[i].file));
        ld_maintenance_add_name(m, "172.16.1.2", "web2.example.com");
        ld_maintenance_add_name(m, "172.16.1.4", "Web3.example.com");
        ha_addr_parse(&addr, cases[i].addr);
        if (ld_maintenance_has(m, &addr, cases[i].port) != cases[i].meant ||
            m->host_names != cases[i].host_name)
            fail_msg("%s and %s:%u", cases[i].file, cases[i].addr, cases[i].port);
        ld_maintenance_free(m);
    }
}

static void files_are_counted_up_to_a_bound(void **state)
{
    struct ld_maintenance *m = ld_maintenance_new(), *other = ld_maintenance_new();

    (void)state;
    assert_true(ld_maintenance_same_files(m, other));
    for (unsigned i = 0; i <= LD_MAINTENANCE_MAX; i++) {
        char *name = g_strdup_printf("10.%u.%u.1", i / 256, i % 256);

        assert_int_equal(ld_maintenance_add_file(m, name), i < LD_MAINTENANCE_MAX);
        g_free(name);
    }
    assert_false(ld_maintenance_same_files(m, other));
    ld_maintenance_free(m);
    ld_maintenance_free(other);
}

static void a_server_in_maintenance_is_out_at_once_and_not_asked(void **state)
{
    struct ld_config *config = pair();
    struct fake_director d;

    (void)state;
    first(config)->failurecount = 5;
    start_healthy(&d, config);
    fake_director_maintain(&d, "10.1.0.1:80");
    assert_table(&d, WEB2);
    assert_logged(&d, "Real server in maintenance: 10.1.0.1:80 (tcp:10.0.0.1:80)");
    fake_director_pass(&d, 30 * HA_NS_PER_S);
    assert_int_equal(fake_director_answer(&d, "10.1.0.1", LD_L7OK), 0);
    fake_director_answer(&d, NULL, LD_L7OK);
    assert_table(&d, WEB2);
    fake_director_maintain(&d, "");
    assert_table(&d, WEB2); /* until it has been asked */
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    assert_int_equal(fake_director_answer(&d, "10.1.0.1", LD_L7OK), 1);
    assert_table(&d, AGAIN);
    end(&d);
}

static void an_answer_on_its_way_does_not_bring_it_back(void **state)
{
    struct fake_director d;

    (void)state;
    start_healthy(&d, pair());
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    fake_director_maintain(&d, "10.1.0.1");
    assert_table(&d, WEB2);
    assert_int_equal(fake_director_answer(&d, "10.1.0.1", LD_L7OK), 1);
    assert_table(&d, WEB2);
    end(&d);
}

static void a_shared_question_is_asked_for_those_who_work(void **state)
{
    struct ld_config *config = pair();
    struct ld_service *second = fake_service(config, "10.0.0.2", 80);
    struct fake_director d;

    (void)state;
    fake_real(second, "10.1.0.1", 80, LD_MASQ, 1);
    fake_real(second, "10.1.0.1", 8080, LD_MASQ, 1);
    second->checkport = 80;
    start_healthy(&d, config);
    fake_director_maintain(&d, "10.1.0.1:8080");
    assert_table(&d, BOTH "; 10.0.0.2:80 wrr > 10.1.0.1:80 1");
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    assert_int_equal(fake_director_answer(&d, "10.1.0.1", LD_L7OK), 1);
    assert_table(&d, BOTH "; 10.0.0.2:80 wrr > 10.1.0.1:80 1");
    end(&d);
}

static void it_lasts_over_a_reload_and_is_there_from_the_start(void **state)
{
    struct fake_director d;

    (void)state;
    fake_director_init(&d, pair(), 1);
    fake_director_maintain(&d, "10.1.0.2");
    fake_director_start(&d);
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L7OK);
    assert_table(&d, WEB1);
    fake_director_reload(&d, pair());
    fake_director_pass(&d, 20 * HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L7OK);
    assert_table(&d, WEB1);
    fake_director_maintain(&d, "");
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L7OK);
    assert_table(&d, BOTH);
    end(&d);
}

static void servers_nobody_checks_are_what_they_were(void **state)
{
    static const enum ld_checktype types[] = {LD_CHECK_ON, LD_CHECK_OFF};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        struct ld_config *config = pair();
        struct fake_director d;

        first(config)->checktype = LD_CHECK_ON;
        start(&d, config);
        assert_table(&d, BOTH);
        config = pair();
        first(config)->checktype = types[i];
        fake_director_reload(&d, config);
        fake_director_maintain(&d, "10.1.0.1");
        assert_table(&d, WEB2);
        config = pair();
        first(config)->checktype = types[i];
        fake_director_reload(&d, config);
        assert_table(&d, WEB2);
        fake_director_maintain(&d, "");
        assert_table(&d, AGAIN);
        end(&d);
    }
}

static void in_maintenance_nothing_is_repeated(void **state)
{
    struct ld_config *config = pair();
    struct fake_director d;

    (void)state;
    first(config)->emailalert = g_strdup("ops@x");
    first(config)->emailalertfreq_ms = 5000;
    first(config)->emailalertstatus = LD_RUNNING;
    first(config)->fallbackcommand = g_strdup("/x");
    start_healthy(&d, config);
    g_string_truncate(d.told, 0);
    fake_director_maintain(&d, "10.1.0.1 10.1.0.2");
    assert_string_equal(d.told->str,
                        "run /x start 10.0.0.1:80 tcp\n"
                        "mail to ops@x: Deleted real server: 10.1.0.1:80 (10.0.0.1:80)\n"
                        "mail to ops@x: Deleted real server: 10.1.0.2:80 (10.0.0.1:80)\n");
    g_string_truncate(d.told, 0);
    fake_director_pass(&d, 60 * HA_NS_PER_S);
    assert_string_equal(d.told->str, "");
    fake_director_maintain(&d, "10.1.0.2");
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    fake_director_answer(&d, "10.1.0.1", LD_L4CON);
    assert_non_null(strstr(d.told->str, "Inaccessible real server: 10.1.0.1:80"));
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_means_the_servers_it_is_named_after),
        cmocka_unit_test(files_are_counted_up_to_a_bound),
        cmocka_unit_test(a_server_in_maintenance_is_out_at_once_and_not_asked),
        cmocka_unit_test(an_answer_on_its_way_does_not_bring_it_back),
        cmocka_unit_test(a_shared_question_is_asked_for_those_who_work),
        cmocka_unit_test(it_lasts_over_a_reload_and_is_there_from_the_start),
        cmocka_unit_test(servers_nobody_checks_are_what_they_were),
        cmocka_unit_test(in_maintenance_nothing_is_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
