/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/fallback and monitor: when the fallback command is run, and the lines of monitor
 * files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ldirectord/core/model.h"
#include "tests/unit/core_story.h"

#define assert_told(director, expected)                                                           \
    do {                                                                                          \
        assert_string_equal((director)->told->str, expected);                                     \
        g_string_truncate((director)->told, 0);                                                   \
    } while (0)

#define START "run /x start 10.0.0.1:80 tcp\n"
#define STOP  "run /x stop 10.0.0.1:80 tcp\n"

static struct ld_config *commanding(const char *command)
{
    struct ld_config *config = pair();

    first(config)->fallbackcommand = g_strdup(command);
    return config;
}

static void it_stops_with_the_first_server_and_starts_with_the_last(void **state)
{
    struct fake_director d;

    (void)state;
    start(&d, commanding("/x"));
    assert_told(&d, "");
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, "10.1.0.2", LD_L4CON);
    assert_told(&d, "");
    fake_director_answer(&d, "10.1.0.1", LD_L7OK);
    assert_told(&d, STOP);
    interval(&d, "10.1.0.1", LD_L7OK);
    assert_told(&d, "");
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L4CON);
    assert_told(&d, START);
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L4CON);
    assert_told(&d, "");
    interval(&d, NULL, LD_L7OK);
    assert_told(&d, STOP);
    end(&d);
}

static void at_first_it_waits_until_each_server_was_asked(void **state)
{
    struct fake_director d;

    (void)state;
    start(&d, commanding("/x"));
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, "10.1.0.1", LD_L4CON);
    assert_told(&d, "");
    fake_director_answer(&d, "10.1.0.2", LD_L4CON);
    assert_told(&d, START);
    end(&d);
}

static void a_reload_does_not_run_it_again_unless_it_is_another(void **state)
{
    struct fake_director d;

    (void)state;
    start_healthy(&d, commanding("/x"));
    assert_told(&d, STOP);
    fake_director_reload(&d, commanding("/x"));
    assert_told(&d, "");
    fake_director_reload(&d, commanding("/y"));
    assert_told(&d, "run /y stop 10.0.0.1:80 tcp\n");
    end(&d);
}

static void in_standby_it_is_not_run_and_out_of_it_once(void **state)
{
    struct fake_director d;

    (void)state;
    fake_director_init(&d, commanding("/x"), 1);
    fake_director_start_standby(&d);
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L4CON);
    assert_told(&d, "");
    fake_director_mode(&d, false);
    assert_told(&d, START);
    fake_director_mode(&d, false);
    assert_told(&d, "");
    fake_director_mode(&d, true);
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L7OK);
    assert_told(&d, "");
    fake_director_mode(&d, false);
    assert_told(&d, STOP);
    fake_director_stop(&d);
    assert_told(&d, "");
    end(&d);
}

static void marks_are_called_by_their_number_and_orders_count(void **state)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_mark(config, AF_INET, 7);
    struct fake_director d;

    (void)state;
    fake_real(service, "10.1.0.1", 80, LD_GATE, 1);
    service->checktype = LD_CHECK_ON;
    service->fallbackcommand = g_strdup("/x -v");
    start(&d, config);
    assert_told(&d, "run /x -v stop 7 fwm\n");
    assert_true(fake_director_wish(&d, "disable 10.1.0.1:80"));
    assert_told(&d, "run /x -v start 7 fwm\n");
    assert_true(fake_director_wish(&d, "enable 10.1.0.1:80"));
    assert_told(&d, "run /x -v stop 7 fwm\n");
    end(&d);
}

static void with_checktype_off_it_is_never_run(void **state)
{
    struct ld_config *config = commanding("/x");
    struct fake_director d;

    (void)state;
    first(config)->checktype = LD_CHECK_OFF;
    start(&d, config);
    fake_director_pass(&d, 60 * HA_NS_PER_S);
    assert_told(&d, "");
    end(&d);
}

/* ---- monitor files ---- */

static void each_check_is_a_line_of_the_monitor_file(void **state)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_service(config, "10.0.0.1", 80);
    struct ld_real *real = fake_real(service, "127.0.0.1", 8001, LD_MASQ, 1);
    struct fake_director d;

    (void)state;
    service->app = LD_APP_HTTP;
    service->monitorfile = g_strdup("/m");
    service->virtualhost = g_strdup("www.x.y.z");
    g_free(real->request);
    real->request = g_strdup("/index.html");
    real->receive = g_strdup("Test Page");
    start(&d, config);
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L7OK);
    assert_told(&d, "/m: negotiate http tcp 127.0.0.1 8001 www.x.y.z 1 masq /index.html Test Page "
                    "[up] 200 OK\n");
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_L4CON);
    assert_told(&d, "/m: negotiate http tcp 127.0.0.1 8001 www.x.y.z 1 masq /index.html Test Page "
                    "[down] L4CON, connection refused or reset\n");
    fake_director_maintain(&d, "127.0.0.1");
    fake_director_pass(&d, 10 * HA_NS_PER_S);
    assert_told(&d, "/m: negotiate http tcp 127.0.0.1 8001 www.x.y.z 1 masq /index.html Test Page "
                    "[down] Server in maintenance\n");
    end(&d);
}

static void a_web_check_is_told_by_its_status_and_the_words_of_it(void **state)
{
    static const struct {
        enum ld_app app;
        enum ld_verdict verdict;
        const char *detail, *told;
    } rows[] = {
        {LD_APP_HTTP, LD_L7OK, NULL, "[up] 200 OK"},
        {LD_APP_HTTPS, LD_L7OK, "HTTP status 204", "[up] 204 No Content"},
        {LD_APP_HTTP_PROXY, LD_L7STS, "HTTP status 503", "[down] 503 Service Unavailable"},
        {LD_APP_HTTP, LD_L7STS, "HTTP status 599", "[down] 599"},
        {LD_APP_HTTP, LD_L7STS, "HTTP status 302, more than 7 redirects",
         "[down] L7STS, HTTP status 302, more than 7 redirects"},
        {LD_APP_HTTP, LD_L7MATCH, "not found in the body", "[down] L7MATCH, not found in the body"},
        {LD_APP_HTTP, LD_L4OK, NULL, "[up] -"}, /* a connect between two negotiates */
        {LD_APP_SMTP, LD_L7OK, NULL, "[up] -"},
        {LD_APP_GRPC, LD_L7STS, "HTTP status 503", "[down] L7STS, HTTP status 503"},
    };
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_service(config, "10.0.0.1", 80);
    struct ld_actions actions;
    struct ld_model *model;

    (void)state;
    service->monitorfile = g_strdup("/m");
    fake_real(service, "127.0.0.1", 8001, LD_MASQ, 1);
    model = ld_model_new(config);
    ld_actions_init(&actions);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        service->app = rows[i].app;
        ld_actions_reset(&actions);
        ld_monitor_verdict(model->servers[0], rows[i].verdict, rows[i].detail, &actions);
        assert_int_equal(actions.list->len, 1);
        if (!g_str_has_suffix(g_array_index(actions.list, struct ld_action, 0).text, rows[i].told))
            fail_msg("expected %s, found %s", rows[i].told,
                     g_array_index(actions.list, struct ld_action, 0).text);
    }
    ld_actions_clear(&actions);
    ld_model_free(model);
    ld_config_free(config);
}

static void colons_are_blanks_but_not_in_addresses(void **state)
{
    struct ld_config *config = ld_config_new();
    struct ld_service *service = fake_service(config, "fd00::1", 80);
    struct ld_real *real = fake_real(service, "fd00::2", 80, LD_GATE, 3);
    struct fake_director d;

    (void)state;
    service->checktype = LD_CHECK_EXTERNAL;
    g_free(service->checkcommand);
    service->checkcommand = g_strdup("/bin/a:b");
    service->checkport = 81;
    service->monitorfile = g_strdup("/m");
    g_free(real->request);
    real->request = g_strdup("/x::y");
    start(&d, config);
    fake_director_pass(&d, HA_NS_PER_S);
    fake_director_answer(&d, NULL, LD_EXTOK);
    assert_told(&d, "/m: external /bin/a b tcp [fd00::2] 80 81 3 gate /x y  [up] -\n");
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stops_with_the_first_server_and_starts_with_the_last),
        cmocka_unit_test(at_first_it_waits_until_each_server_was_asked),
        cmocka_unit_test(a_reload_does_not_run_it_again_unless_it_is_another),
        cmocka_unit_test(in_standby_it_is_not_run_and_out_of_it_once),
        cmocka_unit_test(marks_are_called_by_their_number_and_orders_count),
        cmocka_unit_test(with_checktype_off_it_is_never_run),
        cmocka_unit_test(each_check_is_a_line_of_the_monitor_file),
        cmocka_unit_test(a_web_check_is_told_by_its_status_and_the_words_of_it),
        cmocka_unit_test(colons_are_blanks_but_not_in_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
