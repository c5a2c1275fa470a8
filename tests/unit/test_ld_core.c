/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/core: whole lives of a director, told by table and log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core_story.h"

static void unchecked_servers_get_no_clients(void **state)
{
    struct fake_director director;

    (void)state;
    start(&director, pair());
    assert_table(&director, "10.0.0.1:80 wrr");
    fake_director_pass(&director, HA_NS_PER_MS);
    assert_int_equal(director.flying->len, 2);
    assert_int_equal(fake_director_answer(&director, "10.1.0.2", LD_L7OK), 1);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2");
    fake_director_answer(&director, "10.1.0.1", LD_L7STS);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2");
    assert_string_equal(director.log->str,
                        "Added virtual server: 10.0.0.1:80\n"
                        "Real server up: 10.1.0.2:80 (tcp:10.0.0.1:80): L7OK, the right answer "
                        "(0.0 ms)\n"
                        "Added real server: 10.1.0.2:80 (10.0.0.1:80) (Weight set to 2)\n"
                        "Real server down: 10.1.0.1:80 (tcp:10.0.0.1:80): L7STS, a status that is "
                        "not success (0.0 ms)\n");
    end(&director);
}

static void a_dead_server_is_deleted_or_quiescent_as_configured(void **state)
{
    struct fake_director director;
    struct ld_config *config;

    (void)state;
    start_healthy(&director, pair());
    interval(&director, "10.1.0.1", LD_L4CON);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2");
    assert_logged(&director, "Real server down: 10.1.0.1:80 (tcp:10.0.0.1:80): L4CON");
    assert_logged(&director, "Deleted real server: 10.1.0.1:80 (10.0.0.1:80)");
    interval(&director, NULL, 0);
    assert_logged(&director, "Resetting soft failure count: 10.1.0.1:80 (tcp:10.0.0.1:80)");
    assert_logged(&director, "Added real server: 10.1.0.1:80 (10.0.0.1:80) (Weight set to 1)");
    end(&director);

    config = pair();
    first(config)->quiescent = true;
    start_healthy(&director, config);
    interval(&director, "10.1.0.2", LD_L4TOUT);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 0");
    assert_logged(&director, "Quiescent real server: 10.1.0.2:80 (10.0.0.1:80) (Weight set to 0)");
    interval(&director, NULL, 0);
    assert_logged(&director, "Restored real server: 10.1.0.2:80 (10.0.0.1:80) (Weight set to 2)");
    end(&director);
}

static void each_answer_is_told_to_who_wants_to_know(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, pair());
    interval(&director, "10.1.0.2", LD_L4TOUT);
    assert_null(strstr(director.log->str, "DEBUG2"));
    ld_core_talk(director.core);
    interval(&director, "10.1.0.2", LD_L4TOUT);
    assert_logged(&director, "DEBUG2: Checked 10.1.0.1:80: negotiate http: ");
    assert_logged(&director, "DEBUG2: Checked 10.1.0.2:80: negotiate http: L4TOUT, ");
    end(&director);
}

static void failures_count_for_each_service_by_itself(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();
    struct ld_service *other;

    (void)state;
    first(config)->failurecount = 3;
    other = fake_service(config, "10.0.0.2", 80);
    other->failurecount = 3;
    fake_real(other, "10.1.0.1", 80, LD_MASQ, 5);
    start_healthy(&director, config);
    assert_int_equal(director.asked, 2); /* one question serves both services */
    interval(&director, "10.1.0.1", LD_L4CON);
    assert_logged(&director, "Soft failure real server: 10.1.0.1:80 (tcp:10.0.0.1:80) failure 1/3");
    assert_logged(&director, "Soft failure real server: 10.1.0.1:80 (tcp:10.0.0.2:80) failure 1/3");
    interval(&director, "10.1.0.1", LD_L4CON);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2; "
                            "10.0.0.2:80 wrr > 10.1.0.1:80 5");
    interval(&director, "10.1.0.1", LD_L4CON);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.2:80 2; 10.0.0.2:80 wrr");
    end(&director);
}

static void the_fallback_serves_while_no_server_is_up(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    fake_fallback(first(config), "127.0.0.1", 80, LD_GATE);
    start(&director, config);
    assert_table(&director, "10.0.0.1:80 wrr > 127.0.0.1:80 1");
    assert_logged(&director, "Added fallback server: 127.0.0.1:80 (10.0.0.1:80) (Weight set to 1)");
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, "10.1.0.1", LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1");
    assert_logged(&director, "Deleted fallback server: 127.0.0.1:80 (10.0.0.1:80)");
    end(&director);
}

static void the_fallback_stands_before_the_last_server_goes(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    fake_fallback(first(config), "127.0.0.1", 80, LD_GATE);
    start_healthy(&director, config);
    interval(&director, "10.1.0.1", LD_L4CON);
    g_string_truncate(director.log, 0);
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L4CON);
    assert_non_null(strstr(strstr(director.log->str, "Added fallback server"),
                           "Deleted real server: 10.1.0.2:80"));
    end(&director);
}

static void our_own_want_says_nothing_about_the_server(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, pair());
    for (int i = 0; i < 5; i++)
        interval(&director, "10.1.0.1", LD_INTERNAL);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    assert_string_equal(director.log->str, "cannot check 10.1.0.1:80: INTERNAL, could not check: "
                                           "this machine lacks what it takes\n");
    end(&director);
}

static void checktype_on_is_up_and_off_stays_as_it_was(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();
    struct ld_dest dest = {.port = 80, .weight = 1};
    struct ld_vs *vs;

    (void)state;
    first(config)->checktype = LD_CHECK_ON;
    start(&director, config);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    assert_true(ld_core_wake_ns(director.core) == HA_NEVER);
    end(&director);

    config = pair();
    first(config)->checktype = LD_CHECK_OFF;
    fake_fallback(first(config), "127.0.0.1", 80, LD_GATE);
    fake_director_init(&director, config, 1);
    fake_director_start(&director);
    assert_table(&director, "10.0.0.1:80 wrr"); /* and no fallback */
    end(&director);

    config = pair();
    first(config)->checktype = LD_CHECK_OFF;
    first(config)->quiescent = true;
    fake_director_init(&director, config, 1);
    vs = ld_table_add(director.ipvs.table, &first(config)->id);
    strcpy(vs->scheduler, "wrr");
    ha_addr_parse(&dest.addr, "10.1.0.2");
    g_array_append_val(vs->dests, dest);
    fake_director_start(&director);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 2");
    end(&director);
}

static void combined_checks_alternate(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();
    static const struct {
        enum ld_checktype asked;
        enum ld_verdict answer;
    } story[] = {
        {LD_CHECK_NEGOTIATE, LD_L7STS}, {LD_CHECK_NEGOTIATE, LD_L7OK}, {LD_CHECK_CONNECT, LD_L4OK},
        {LD_CHECK_CONNECT, LD_L4OK},    {LD_CHECK_NEGOTIATE, LD_L7OK}, {LD_CHECK_CONNECT, LD_L4CON},
        {LD_CHECK_NEGOTIATE, LD_L7OK},  {LD_CHECK_CONNECT, LD_INTERNAL},
        {LD_CHECK_NEGOTIATE, LD_L7OK},  {LD_CHECK_CONNECT, LD_L4OK},   {LD_CHECK_CONNECT, LD_L4OK},
        {LD_CHECK_NEGOTIATE, LD_L7OK},
    };

    (void)state;
    g_ptr_array_set_size(first(config)->reals, 1);
    first(config)->checktype = LD_CHECK_COMBINED;
    first(config)->combined_connects = 2;
    start(&director, config);
    for (size_t i = 0; i < G_N_ELEMENTS(story); i++) {
        fake_director_pass(&director, 10 * HA_NS_PER_S);
        assert_int_equal(director.flying->len, 1);
        assert_int_equal(g_array_index(director.flying, struct fake_check, 0).probe->type,
                         story[i].asked);
        fake_director_answer(&director, NULL, story[i].answer);
    }
    end(&director);
}

static void a_check_falls_due_once_an_interval_on_its_own_grid(void **state)
{
    struct fake_director director;
    uint64_t grid = 0;

    (void)state;
    start_healthy(&director, pair());
    for (int i = 0; i < 20; i++) {
        const struct fake_check *check;

        fake_director_pass(&director, 10 * HA_NS_PER_S);
        assert_int_equal(director.flying->len, 2);
        check = &g_array_index(director.flying, struct fake_check, 0);
        if (i > 0)
            assert_int_equal(check->asked_ns - grid, 10 * HA_NS_PER_S);
        grid = check->asked_ns;
        fake_director_answer(&director, NULL, LD_L7OK);
    }
    end(&director);
}

/* 25 s to answer at an interval of 10: the next place still to come, no heap of missed ones. */
static void a_check_slower_than_its_interval_is_asked_once_at_a_time(void **state)
{
    struct fake_director director;

    (void)state;
    start_healthy(&director, pair());
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    assert_int_equal(director.asked, 4);
    fake_director_pass(&director, 25 * HA_NS_PER_S);
    assert_int_equal(director.asked, 4);
    fake_director_answer(&director, NULL, LD_L7TOUT);
    fake_director_pass(&director, 10 * HA_NS_PER_S);
    assert_int_equal(director.asked, 6);
    end(&director);
}

static void no_more_than_the_bound_are_in_flight_and_the_rest_keep_their_order(void **state)
{
    struct fake_director director;
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_service(config, "10.0.0.1", 80);
    uint64_t last = 0;

    (void)state;
    for (unsigned i = 0; i < 3 * LD_IN_FLIGHT_MAX; i++) {
        char text[32];

        g_snprintf(text, sizeof(text), "10.1.%u.%u", i / 250, i % 250 + 1);
        fake_real(service, text, 80, LD_MASQ, 1);
    }
    start(&director, config);
    fake_director_pass(&director, 5 * HA_NS_PER_S);
    assert_int_equal(director.flying->len, LD_IN_FLIGHT_MAX);
    for (unsigned round = 0; round < 2; round++)
        fake_director_answer(&director, NULL, LD_L4CON);
    assert_int_equal(director.asked, 3 * LD_IN_FLIGHT_MAX);
    for (guint i = 0; i < director.flying->len; i++) {
        const struct fake_check *check = &g_array_index(director.flying, struct fake_check, i);

        assert_true(check->id > last);
        last = check->id;
    }
    end(&director);
}

static void a_fallback_that_is_a_server_too_has_one_entry(void **state)
{
    struct fake_director director;
    struct ld_config *config = pair();

    (void)state;
    first(config)->quiescent = true;
    fake_fallback(first(config), "10.1.0.2", 80, LD_GATE);
    start(&director, config);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 0, 10.1.0.2:80 1");
    assert_logged(&director, "Added fallback server: 10.1.0.2:80 (10.0.0.1:80) (Weight set to 1)");
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, "10.1.0.1", LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 0");
    fake_director_answer(&director, "10.1.0.2", LD_L7OK);
    assert_table(&director, "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 2");
    end(&director);
}

static void the_fallback_serves_a_mark_as_well(void **state)
{
    struct fake_director director;
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_mark(config, AF_INET6, 3);

    (void)state;
    service->checktype = LD_CHECK_CONNECT;
    fake_real(service, "2001:db8::1", 8080, LD_GATE, 1);
    fake_fallback(service, "::1", 0, LD_GATE);
    start(&director, config);
    assert_table(&director, "3 wrr > [::1]:0 1");
    fake_director_pass(&director, HA_NS_PER_S);
    fake_director_answer(&director, NULL, LD_L4OK);
    assert_table(&director, "3 wrr > [2001:db8::1]:8080 1");
    assert_logged(&director, "Real server up: [2001:db8::1]:8080 (fwm6:3): L4OK, connected");
    end(&director);
}

static void numbers_nobody_gave_and_events_out_of_turn_cost_nothing(void **state)
{
    struct fake_director director;
    struct ld_event event = {.kind = LD_EV_VERDICT, .check_id = 4711, .verdict = LD_L7OK};
    struct ld_actions actions;

    (void)state;
    fake_director_init(&director, pair(), 1);
    ld_actions_init(&actions);
    ld_core_step(director.core, 1, &event, &actions);
    event.kind = LD_EV_APPLIED;
    ld_core_step(director.core, 1, &event, &actions);
    event.kind = LD_EV_TIMER;
    ld_core_step(director.core, 1, &event, &actions);
    assert_int_equal(actions.list->len, 0);
    event.kind = LD_EV_STOP;
    ld_core_step(director.core, 1, &event, &actions);
    event.kind = LD_EV_START;
    ld_core_step(director.core, 1, &event, &actions);
    event.kind = LD_EV_CONFIG;
    event.config = director.config;
    ld_core_step(director.core, 1, &event, &actions);
    assert_int_equal(actions.list->len, 0);
    ld_actions_clear(&actions);
    end(&director);
}

static void see(void *ctx, const struct ld_real_view *view)
{
    GString *out = ctx;
    char text[HA_ADDR_TEXT];

    g_string_append_printf(out, "%s %s %u %s %s; ",
                           ha_addr_port_text(&view->real->addr, view->real->port, text),
                           view->up ? "up" : "down", view->failures,
                           ld_verdict_code(view->verdict), view->detail ? view->detail : "-");
}

static void what_is_shown_is_what_is_known(void **state)
{
    struct fake_director director;
    GString *out = g_string_new(NULL);

    (void)state;
    start_healthy(&director, pair());
    interval(&director, "10.1.0.1", LD_L4CON);
    interval(&director, "10.1.0.1", LD_L4CON);
    ld_core_view(director.core, see, out);
    assert_string_equal(out->str, "10.1.0.1:80 down 2 L4CON -; 10.1.0.2:80 up 0 L7OK -; ");
    g_string_free(out, TRUE);
    end(&director);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unchecked_servers_get_no_clients),
        cmocka_unit_test(a_dead_server_is_deleted_or_quiescent_as_configured),
        cmocka_unit_test(each_answer_is_told_to_who_wants_to_know),
        cmocka_unit_test(failures_count_for_each_service_by_itself),
        cmocka_unit_test(the_fallback_serves_while_no_server_is_up),
        cmocka_unit_test(the_fallback_stands_before_the_last_server_goes),
        cmocka_unit_test(our_own_want_says_nothing_about_the_server),
        cmocka_unit_test(checktype_on_is_up_and_off_stays_as_it_was),
        cmocka_unit_test(combined_checks_alternate),
        cmocka_unit_test(a_check_falls_due_once_an_interval_on_its_own_grid),
        cmocka_unit_test(a_check_slower_than_its_interval_is_asked_once_at_a_time),
        cmocka_unit_test(no_more_than_the_bound_are_in_flight_and_the_rest_keep_their_order),
        cmocka_unit_test(a_fallback_that_is_a_server_too_has_one_entry),
        cmocka_unit_test(the_fallback_serves_a_mark_as_well),
        cmocka_unit_test(numbers_nobody_gave_and_events_out_of_turn_cost_nothing),
        cmocka_unit_test(what_is_shown_is_what_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
