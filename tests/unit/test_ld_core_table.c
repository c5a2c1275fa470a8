/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/core: what stays and what goes at start, reload and stop, and by other hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core_story.h"

static void servers_that_have_clients_keep_them_at_start(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();
    struct ld_service_id other = first(config)->id;
    struct ld_dest stale = {.port = 80, .weight = 1};
    struct ld_vs *vs;

    (void)state;
    first(config)->quiescent = true;
    fake_director_init(&director, config, 1);
    vs = ld_table_add(director.ipvs.table, &other);
    strcpy(vs->scheduler, "rr");
    ha_addr_parse(&stale.addr, "10.1.0.1");
    g_array_append_val(vs->dests, stale);
    ha_addr_parse(&stale.addr, "10.1.0.9");
    g_array_append_val(vs->dests, stale);
    other.port = 443;
    ld_table_add(director.ipvs.table, &other);

    fake_director_start(&director);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 0; 10.0.0.1:443 ");
    assert_logged(&director, "Changed virtual server: 10.0.0.1:80");
    assert_logged(&director, "Purged real server (start): 10.1.0.9:80 (10.0.0.1:80)");
    assert_logged(&director,
                  "Readd Quiescent real server: 10.1.0.2:80 (10.0.0.1:80) (Weight set to 0)");
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L7OK);
    assert_logged(&director, "Restored real server: 10.1.0.2:80 (10.0.0.1:80) (Weight set to 2)");
    fake_director_stop(&director);
    assert_table(&director, "10.0.0.1:443 ");
    end(&director);
}

static void a_reload_keeps_what_is_known_of_unchanged_servers(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();
    unsigned asked;

    (void)state;
    first(config)->failurecount = 2;
    start_healthy(&director, config);
    interval(&director, "10.1.0.1", LD_L4CON);
    asked = director.asked;
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    assert_int_equal(director.asked, asked + 2);
    assert_int_equal(director.flying->len, 2);

    config = pair();
    first(config)->failurecount = 2;
    fake_real(first(config), "10.1.0.3", 80, LD_GATE, 1);
    g_free(first(config)->scheduler);
    first(config)->scheduler = g_strdup("wlc");
    g_string_truncate(director.log, 0);
    fake_director_reload(&director, config);
    assert_string_equal(director.log->str, "Changed virtual server: 10.0.0.1:80\n");
    assert_table(&director, "10.0.0.1:80 wlc > 10.1.0.1:80 1, 10.1.0.2:80 2");
    fake_director_pass(&director, HA_NS_PER_MS);
    assert_int_equal(director.flying->len, 3); /* two go on, the new one is asked at once */
    fake_director_answer(&director, NULL, LD_L4CON);
    assert_table(&director, "10.0.0.1:80 wlc > 10.1.0.2:80 2"); /* the second failure of .1 */
    end(&director);
}

static void a_reload_edits_what_changed_and_removes_what_is_gone(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    fake_real(fake_service(config, "10.0.0.2", 80), "10.1.0.1", 80, LD_GATE, 1);
    start_healthy(&director, config);
    config = pair();
    ((struct ld_real *)first(config)->reals->pdata[1])->weight = 9;
    g_ptr_array_remove_index(first(config)->reals, 0);
    fake_director_reload(&director, config);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 9");
    assert_string_equal(director.log->str,
                        "Restored real server: 10.1.0.2:80 (10.0.0.1:80) (Weight set to 9)\n"
                        "Purged real server (start): 10.1.0.1:80 (10.0.0.1:80)\n"
                        "Purged virtual server (start): 10.0.0.2:80\n");
    assert_int_equal(director.flying->len, 0);
    end(&director);
}

static void another_question_is_asked_at_once_and_the_server_stays_up_meanwhile(void **state)
{
    struct fake_director director;
    struct ld_config *config;

    (void)state;
    start_healthy(&director, pair());
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    assert_int_equal(director.flying->len, 2);
    config = pair();
    ((struct ld_real *)first(config)->reals->pdata[0])->request = g_strdup("/new");
    fake_director_reload(&director, config);
    fake_director_pass(&director, HA_NS_PER_MS);
    assert_int_equal(director.flying->len, 2); /* the old one is cancelled */
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    fake_director_answer(&director, "10.1.0.1", LD_L7STS);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2");
    end(&director);
}

static void failures_under_another_question_no_longer_count(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->failurecount = 2;
    start_healthy(&director, config);
    interval(&director, "10.1.0.1", LD_L7STS);
    config = pair();
    first(config)->failurecount = 2;
    ((struct ld_real *)first(config)->reals->pdata[0])->request = g_strdup("/new");
    fake_director_reload(&director, config);
    fake_director_pass(&director, HA_NS_PER_MS);
    fake_director_answer(&director, "10.1.0.1", LD_L7STS);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    assert_logged(&director, "failure 1/2");
    end(&director);
}

static void a_server_that_the_kernel_has_at_weight_0_starts_down(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();
    struct ld_dest dest = {.port = 80, .weight = 0};
    struct ld_vs *vs;

    (void)state;
    fake_director_init(&director, config, 1);
    vs = ld_table_add(director.ipvs.table, &first(config)->id);
    strcpy(vs->scheduler, "wrr");
    ha_addr_parse(&dest.addr, "10.1.0.1");
    g_array_append_val(vs->dests, dest);
    fake_director_start(&director);
    assert_table(&director, "10.0.0.1:80 wrr");
    assert_logged(&director, "Deleted real server: 10.1.0.1:80 (10.0.0.1:80)");
    end(&director);
}

static void a_stop_takes_away_what_cleanstop_says_and_nothing_else(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();
    struct ld_service *kept = fake_service(config, "10.0.0.2", 80);

    (void)state;
    kept->cleanstop = false;
    fake_real(kept, "10.1.0.1", 80, LD_GATE, 1);
    first(config)->quiescent = true;
    start_healthy(&director, config);
    interval(&director, "10.1.0.2", LD_L4CON);
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    g_string_truncate(director.log, 0);
    fake_director_stop(&director);
    assert_table(&director, "10.0.0.2:80 wrr > 10.1.0.1:80 1");
    assert_string_equal(director.log->str,
                        "Purged real server (stop): 10.1.0.1:80 (10.0.0.1:80)\n"
                        "Purged virtual server (stop): 10.0.0.1:80\n");
    assert_true(ld_core_wake_ns(director.core) == HA_NEVER);
    end(&director);
}

/* As the log and the mails of the original have it. */
static void a_stop_names_real_servers_as_they_are_configured_and_no_fallback(void **state)
{
    struct fake_director director;
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_service(config, "10.0.0.1", 80);
    struct ld_service *other = fake_service(config, "10.0.0.2", 80);

    (void)state;
    fake_real(service, "10.1.0.1", 8080, LD_GATE, 1);
    fake_real(fake_service(config, "10.0.0.3", 80), "10.1.0.2", 80, LD_GATE, 0);
    fake_real(other, "10.1.0.3", 80, LD_GATE, 1);
    fake_fallback(other, "10.9.0.1", 80, LD_GATE);
    start_healthy(&director, config);
    interval(&director, "10.1.0.3", LD_L4CON);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1; 10.0.0.2:80 wrr > 10.9.0.1:80 1; "
                            "10.0.0.3:80 wrr > 10.1.0.2:80 0");
    g_string_truncate(director.log, 0);
    fake_director_stop(&director);
    assert_string_equal(director.log->str, "Purged real server (stop): 10.1.0.1:8080 (10.0.0.1:80)\n"
                                           "Purged virtual server (stop): 10.0.0.1:80\n"
                                           "Purged virtual server (stop): 10.0.0.2:80\n"
                                           "Purged real server (stop): 10.1.0.2:80 (10.0.0.3:80)\n"
                                           "Purged virtual server (stop): 10.0.0.3:80\n");
    end(&director);
}

static void what_the_kernel_refused_is_tried_again_ever_more_seldom(void **state)
{
    struct fake_director director;

    (void)state;
    fake_director_init(&director, pair(), 1);
    director.ipvs.missing_scheduler = "wrr";
    fake_director_start(&director);
    fake_director_answer(&director, NULL, LD_L7OK);
    assert_not_logged(&director, "Added");
    assert_true(director.tables >= 1);
    fake_director_pass(&director, HA_NS_PER_S + HA_NS_PER_MS);
    fake_director_answer(&director, NULL, LD_L7OK);
    for (int i = 0; i < 360; i++) {
        fake_director_pass(&director, 10 * HA_NS_PER_S);
        fake_director_answer(&director, NULL, LD_L7OK);
    }
    assert_true(director.tables > 10 && director.tables < 30);
    director.ipvs.missing_scheduler = NULL;
    fake_director_pass(&director, 301 * HA_NS_PER_S);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    assert_logged(&director, "Added real server: 10.1.0.1:80");
    end(&director);
}

static void a_quiescent_server_taken_out_by_hand_comes_back_only_on_request(void **state)
{
    (void)state;
    for (int readd = 0; readd < 2; readd++) {
        struct fake_director director;
        struct ld_config *config = pair();
        struct ld_vs *vs;

        first(config)->quiescent = true;
        config->readdquiescent = readd;
        start_healthy(&director, config);
        interval(&director, "10.1.0.1", LD_L4CON);
        vs = director.ipvs.table->services->pdata[0];
        assert_int_equal(vs->dests->len, 2);
        g_array_remove_index(vs->dests,
                             g_array_index(vs->dests, struct ld_dest, 0).weight == 0 ? 0 : 1);
        fake_director_pass(&director, 10 * HA_NS_PER_S);
        fake_director_answer(&director, NULL, LD_L4CON);
        assert_int_equal(vs->dests->len, readd ? 2 : 1);
        fake_director_pass(&director, 10 * HA_NS_PER_S);
        fake_director_answer(&director, NULL, LD_L7OK);
        assert_int_equal(vs->dests->len, 2);
        end(&director);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_that_have_clients_keep_them_at_start),
        cmocka_unit_test(a_reload_keeps_what_is_known_of_unchanged_servers),
        cmocka_unit_test(a_reload_edits_what_changed_and_removes_what_is_gone),
        cmocka_unit_test(another_question_is_asked_at_once_and_the_server_stays_up_meanwhile),
        cmocka_unit_test(failures_under_another_question_no_longer_count),
        cmocka_unit_test(a_server_that_the_kernel_has_at_weight_0_starts_down),
        cmocka_unit_test(a_stop_takes_away_what_cleanstop_says_and_nothing_else),
        cmocka_unit_test(a_stop_names_real_servers_as_they_are_configured_and_no_fallback),
        cmocka_unit_test(what_the_kernel_refused_is_tried_again_ever_more_seldom),
        cmocka_unit_test(a_quiescent_server_taken_out_by_hand_comes_back_only_on_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
