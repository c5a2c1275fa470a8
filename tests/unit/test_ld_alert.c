/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord/core/alert: which mail is sent when, told as lives of a director
 * with two web servers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core_story.h"

#define TO   "mail to ops@x: "
#define WEB1 "10.1.0.1:80 (10.0.0.1:80)"
#define WEB2 "10.1.0.2:80 (10.0.0.1:80)"

/* What was told since the last look. */
#define assert_told(director, expected)                                                           \
    do {                                                                                          \
        assert_string_equal((director)->told->str, expected);                                     \
        g_string_truncate((director)->told, 0);                                                   \
    } while (0)

static struct ld_config *mailing(uint64_t freq_s)
{
    struct ld_config *config = pair();
    struct ld_service *service = first(config);

    service->emailalert = g_strdup("ops@x");
    service->emailalertfreq_ms = freq_s * 1000;
    service->emailalertstatus = LD_PHASES;
    return config;
}

static void a_start_tells_of_each_server_once(void **state)
{
    struct fake_director d;

    (void)state;
    start(&d, mailing(0));
    assert_told(&d, "");
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, "10.1.0.2", LD_L4CON);
    assert_told(&d, TO "Inaccessible real server: " WEB2 "\n");
    assert_string_equal(d.body, "Log-Message: Inaccessible real server: " WEB2 "\n"
                                "Daemon-Status: starting\n");
    fake_director_answer(&d, "10.1.0.1", LD_L7OK);
    assert_told(&d, TO "Added real server: " WEB1 " (Weight set to 1)\n");
    assert_string_equal(d.body, "Log-Message: Added real server: " WEB1 " (Weight set to 1)\n"
                                "Daemon-Status: starting\n");
    assert_int_equal(ld_core_phase(d.core), LD_RUNNING);
    assert_logged(&d, "emailalert: Added real server: " WEB1);
    end(&d);
}

static void one_that_fails_before_it_has_risen_is_told_once(void **state)
{
    struct ld_config *config = mailing(0);
    struct fake_director d;

    (void)state;
    first(config)->risecount = 2;
    first(config)->quiescent = true;
    start(&d, config);
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L7OK);
    assert_told(&d, "");
    interval(&d, "10.1.0.2", LD_L4CON);
    assert_told(&d, TO "Inaccessible real server: " WEB2 "\n"
                    TO "Restored real server: " WEB1 " (Weight set to 1)\n");
    assert_logged(&d, "Real server down: 10.1.0.2:80 (tcp:10.0.0.1:80): L4CON");
    interval(&d, NULL, 0);
    interval(&d, "10.1.0.2", LD_L4CON);
    assert_told(&d, "");
    interval(&d, NULL, 0);
    interval(&d, NULL, 0);
    assert_told(&d, TO "Restored real server: " WEB2 " (Weight set to 2)\n");
    end(&d);
}

static void who_rises_when_standby_ends_is_not_called_inaccessible(void **state)
{
    struct ld_config *config = mailing(0);
    struct fake_director d;

    (void)state;
    first(config)->risecount = 2;
    fake_director_init(&d, config, 1);
    fake_director_start_standby(&d);
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, "10.1.0.1", LD_L7OK);
    fake_director_answer(&d, "10.1.0.2", LD_L4CON);
    fake_director_mode(&d, false);
    assert_told(&d, TO "Inaccessible real server: " WEB2 "\n");
    interval(&d, "10.1.0.1", LD_L4CON);
    assert_told(&d, TO "Inaccessible real server: " WEB1 "\n");
    end(&d);
}

static void what_was_adopted_from_the_table_is_no_news(void **state)
{
    struct ld_service_id id = {.protocol = LD_TCP, .port = 80};
    struct ld_dest dest = {.port = 80, .method = LD_GATE, .weight = 1};
    struct fake_director d;
    struct ld_vs *vs;

    (void)state;
    fake_director_init(&d, mailing(0), 1);
    ha_addr_parse(&id.addr, "10.0.0.1");
    ha_addr_parse(&dest.addr, "10.1.0.1");
    vs = ld_table_add(d.ipvs.table, &id);
    g_strlcpy(vs->scheduler, "wrr", sizeof(vs->scheduler));
    g_array_append_val(vs->dests, dest);
    fake_director_start(&d);
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, "10.1.0.1", LD_L7OK);
    assert_told(&d, "");
    end(&d);
}

static void a_failure_and_a_return_are_told(void **state)
{
    struct ld_config *config = mailing(0);
    struct fake_director d;

    (void)state;
    first(config)->servicename = g_strdup("shop");
    first(config)->comment = g_strdup("call Ann");
    start_healthy(&d, config);
    g_string_truncate(d.told, 0);
    interval(&d, "10.1.0.1", LD_L4CON);
    assert_told(&d, TO "[shop] Deleted real server: " WEB1 "\n");
    assert_string_equal(d.body, "Log-Message: [shop] Deleted real server: " WEB1 "\n"
                                "Daemon-Status: running\n"
                                "\n"
                                "Service name: shop\n"
                                "Comment: call Ann\n"
                                "\n");
    interval(&d, "10.1.0.1", LD_L4CON);
    assert_told(&d, "");
    interval(&d, "10.1.0.1", LD_L7OK);
    assert_told(&d, TO "[shop] Added real server: " WEB1 " (Weight set to 1)\n");
    end(&d);
}

static void a_quiescent_server_is_told_by_its_weight(void **state)
{
    struct ld_config *config = mailing(0);
    struct fake_director d;

    (void)state;
    first(config)->quiescent = true;
    start_healthy(&d, config); /* they stand at weight 0 until they are asked: no news */
    assert_told(&d, TO "Restored real server: " WEB1 " (Weight set to 1)\n"
                    TO "Restored real server: " WEB2 " (Weight set to 2)\n");
    interval(&d, "10.1.0.1", LD_L4CON);
    assert_told(&d, TO "Quiescent real server: " WEB1 " (Weight set to 0)\n");
    interval(&d, "10.1.0.1", LD_L7OK);
    assert_told(&d, TO "Restored real server: " WEB1 " (Weight set to 1)\n");
    end(&d);
}

static void the_fallback_server_is_told_and_never_repeated(void **state)
{
    struct ld_config *config = mailing(5);
    struct fake_director d;

    (void)state;
    fake_fallback(first(config), "10.2.0.1", 80, LD_GATE);
    first(config)->emailalertstatus = LD_RUNNING;
    start_healthy(&d, config);
    assert_told(&d, "");
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L4CON);
    assert_non_null(strstr(d.told->str, TO "Deleted real server: " WEB1 "\n"));
    assert_non_null(strstr(d.told->str, TO "Deleted real server: " WEB2 "\n"));
    assert_non_null(strstr(d.told->str, TO "Added fallback server: 10.2.0.1:80 (10.0.0.1:80) "
                                           "(Weight set to 1)\n"));
    g_string_truncate(d.told, 0);
    fake_director_pass(&d, 5 * HA_NS_PER_S);
    assert_non_null(strstr(d.told->str, TO "Inaccessible real server: " WEB1 "\n"));
    assert_null(strstr(d.told->str, "fallback"));
    end(&d);
}

static void a_server_that_stays_down_is_repeated_at_its_frequency(void **state)
{
    static const struct {
        uint64_t freq_s, pass_s;
        unsigned mails;
    } cases[] = {{0, 100, 0}, {30, 29, 0}, {30, 31, 1}, {30, 95, 3}, {1, 10, 10}, {600, 599, 0}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct fake_director d;
        unsigned mails = 0;

        start_healthy(&d, mailing(cases[i].freq_s));
        interval(&d, "10.1.0.1", LD_L4CON);
        g_string_truncate(d.told, 0);
        fake_director_pass(&d, cases[i].pass_s * HA_NS_PER_S);
        for (const char *at = d.told->str; (at = strstr(at, TO "Inaccessible real server: " WEB1));
             at++)
            mails++;
        assert_int_equal(mails, cases[i].mails);
        end(&d);
    }
}

static void repeats_end_with_the_return_and_outlive_a_reload(void **state)
{
    struct fake_director d;

    (void)state;
    start_healthy(&d, mailing(30));
    interval(&d, "10.1.0.1", LD_L4CON);
    g_string_truncate(d.told, 0);
    fake_director_pass(&d, 20 * HA_NS_PER_S);
    fake_director_reload(&d, mailing(30));
    assert_told(&d, "");
    fake_director_pass(&d, 11 * HA_NS_PER_S);
    assert_told(&d, TO "Inaccessible real server: " WEB1 "\n");
    fake_director_answer(&d, NULL, LD_L7OK);
    g_string_truncate(d.told, 0);
    fake_director_pass(&d, 100 * HA_NS_PER_S);
    assert_told(&d, "");
    fake_director_reload(&d, mailing(1));
    fake_director_pass(&d, 100 * HA_NS_PER_S);
    assert_told(&d, "");
    end(&d);
}

static void mails_are_sent_in_the_phases_that_are_wished_only(void **state)
{
    static const struct {
        unsigned phases;
        const char *start, *run, *reload, *stop;
    } cases[] = {
        {LD_STARTING, TO "Added real server: " WEB1 " (Weight set to 1)\n"
                      TO "Added real server: " WEB2 " (Weight set to 2)\n", "", "", ""},
        {LD_RUNNING, "", TO "Deleted real server: " WEB1 "\n", "", ""},
        {LD_RELOADING, "", "", TO "Purged real server (start): " WEB2 "\n", ""},
        {LD_STOPPING, "", "", "",
         TO "Purged real server (stop): 10.1.0.3:80 (10.0.0.1:80)\n"},
        {0, "", "", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ld_config *config = mailing(0), *other = mailing(0);
        struct fake_director d;

        first(config)->emailalertstatus = first(other)->emailalertstatus = cases[i].phases;
        first(other)->checktype = LD_CHECK_CONNECT;
        g_ptr_array_remove_index(first(other)->reals, 1);
        start_healthy(&d, config);
        assert_told(&d, cases[i].start);
        interval(&d, "10.1.0.1", LD_L4CON);
        assert_told(&d, cases[i].run);
        fake_real(first(other), "10.1.0.3", 80, LD_GATE, 1);
        fake_director_reload(&d, other);
        assert_told(&d, cases[i].reload);
        fake_director_pass(&d, HA_NS_PER_S);
        fake_director_answer(&d, "10.1.0.3", LD_L4OK);
        fake_director_answer(&d, "10.1.0.1", LD_L4CON);
        g_string_truncate(d.told, 0);
        fake_director_stop(&d);
        assert_told(&d, cases[i].stop);
        end(&d);
    }
}

static void a_reload_lasts_until_what_is_new_was_asked(void **state)
{
    struct ld_config *config = mailing(0);
    struct fake_director d;

    (void)state;
    start_healthy(&d, mailing(0));
    assert_int_equal(ld_core_phase(d.core), LD_RUNNING);
    fake_director_reload(&d, mailing(0));
    assert_int_equal(ld_core_phase(d.core), LD_RUNNING); /* nothing is new */
    fake_real(first(config), "10.1.0.3", 80, LD_GATE, 1);
    fake_director_reload(&d, config);
    assert_int_equal(ld_core_phase(d.core), LD_RELOADING);
    fake_director_pass(&d, HA_NS_PER_S);
    g_string_truncate(d.told, 0);
    fake_director_answer(&d, "10.1.0.3", LD_L7OK);
    assert_string_equal(d.body, "Log-Message: Added real server: 10.1.0.3:80 (10.0.0.1:80) "
                                "(Weight set to 1)\nDaemon-Status: reloading\n");
    assert_int_equal(ld_core_phase(d.core), LD_RUNNING);
    end(&d);
}

static void in_standby_nobody_is_told(void **state)
{
    struct fake_director d;

    (void)state;
    fake_director_init(&d, mailing(5), 1);
    fake_director_start_standby(&d);
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, "10.1.0.1", LD_L7OK);
    fake_director_answer(&d, "10.1.0.2", LD_L4CON);
    fake_director_pass(&d, 60 * HA_NS_PER_S);
    assert_told(&d, "");
    fake_director_mode(&d, false); /* like a start */
    assert_told(&d, TO "Inaccessible real server: " WEB2 "\n"
                    TO "Added real server: " WEB1 " (Weight set to 1)\n");
    assert_int_equal(ld_core_phase(d.core), LD_RUNNING);
    fake_director_pass(&d, 5 * HA_NS_PER_S);
    assert_told(&d, TO "Inaccessible real server: " WEB2 "\n");
    fake_director_mode(&d, true); /* like a stop */
    assert_told(&d, TO "Purged real server (stop): " WEB1 "\n");
    fake_director_pass(&d, 60 * HA_NS_PER_S);
    fake_director_stop(&d);
    assert_told(&d, "");
    end(&d);
}

static void another_weight_is_told_at_a_reload_only(void **state)
{
    struct ld_config *config = mailing(0);
    struct fake_director d;

    (void)state;
    start_healthy(&d, mailing(0));
    g_string_truncate(d.told, 0);
    assert_true(fake_director_wish(&d, "weight 10.1.0.1:80 7 tcp:10.0.0.1:80"));
    assert_told(&d, "");
    assert_true(fake_director_wish(&d, "enable 10.1.0.1:80 tcp:10.0.0.1:80"));
    assert_told(&d, "");
    ((struct ld_real *)first(config)->reals->pdata[0])->weight = 5;
    fake_director_reload(&d, config);
    assert_told(&d, TO "Restored real server: " WEB1 " (Weight set to 5)\n");
    end(&d);
}

static void what_an_operator_takes_out_is_told_and_not_repeated(void **state)
{
    struct fake_director d;

    (void)state;
    start_healthy(&d, mailing(5));
    g_string_truncate(d.told, 0);
    assert_true(fake_director_wish(&d, "disable 10.1.0.1:80 tcp:10.0.0.1:80"));
    assert_told(&d, TO "Deleted real server: " WEB1 "\n");
    fake_director_pass(&d, 60 * HA_NS_PER_S);
    assert_told(&d, "");
    assert_true(fake_director_wish(&d, "enable 10.1.0.1:80 tcp:10.0.0.1:80"));
    assert_told(&d, TO "Added real server: " WEB1 " (Weight set to 1)\n");
    end(&d);
}

static void a_service_without_addresses_tells_nobody(void **state)
{
    struct ld_config *config = mailing(5);
    struct fake_director d;

    (void)state;
    g_clear_pointer(&first(config)->emailalert, g_free);
    start_healthy(&d, config);
    interval(&d, "10.1.0.1", LD_L4CON);
    fake_director_pass(&d, 60 * HA_NS_PER_S);
    assert_told(&d, "");
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_tells_of_each_server_once),
        cmocka_unit_test(one_that_fails_before_it_has_risen_is_told_once),
        cmocka_unit_test(who_rises_when_standby_ends_is_not_called_inaccessible),
        cmocka_unit_test(what_was_adopted_from_the_table_is_no_news),
        cmocka_unit_test(a_failure_and_a_return_are_told),
        cmocka_unit_test(a_quiescent_server_is_told_by_its_weight),
        cmocka_unit_test(the_fallback_server_is_told_and_never_repeated),
        cmocka_unit_test(a_server_that_stays_down_is_repeated_at_its_frequency),
        cmocka_unit_test(repeats_end_with_the_return_and_outlive_a_reload),
        cmocka_unit_test(mails_are_sent_in_the_phases_that_are_wished_only),
        cmocka_unit_test(a_reload_lasts_until_what_is_new_was_asked),
        cmocka_unit_test(in_standby_nobody_is_told),
        cmocka_unit_test(another_weight_is_told_at_a_reload_only),
        cmocka_unit_test(what_an_operator_takes_out_is_told_and_not_repeated),
        cmocka_unit_test(a_service_without_addresses_tells_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
