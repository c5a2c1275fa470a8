/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heartbeatd/conf/ha_cf_monitor: the directives on watching resources, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/ha_cf_trial.h"

/* What is said about BASE and a fourth line. Caller frees both. */
static struct hb_config *parse_line(const char *line, char **said)
{
    char *text = g_strconcat(BASE, line, "\n", NULL);
    struct hb_config *config = parse(text, strlen(text), NULL, said);

    g_free(text);
    return config;
}

static struct hb_config *good(const char *line)
{
    char *said;
    struct hb_config *config = parse_line(line, &said);

    assert_string_equal(said, "");
    assert_non_null(config);
    g_free(said);
    return config;
}

static void assert_refused(const char *line)
{
    char *said;
    struct hb_config *config = parse_line(line, &said);

    if (config != NULL || strstr(said, "ha.cf:4: ") == NULL || strstr(said, "expected") == NULL)
        fail_msg("%s: %s", line, said);
    g_free(said);
}

static void an_old_file_watches_nothing(void **state)
{
    struct hb_config *config = good("");

    (void)state;
    assert_int_equal(config->monitor.interval_ms, 0);
    assert_int_equal(config->monitor.rules->len, 0);
    hb_config_free(config);
}

static void an_interval_for_all_and_for_some(void **state)
{
    struct hb_config *config =
        good("monitor 10\nmonitor httpd 500ms\nmonitor ldirectord::www.cf off\n"
             "monitor_timeout 5\nrestart_limit 2 1.5\nrestart_delay 0");
    const struct hb_monitor_rule *rule = config->monitor.rules->pdata[0];

    (void)state;
    assert_int_equal(config->monitor.interval_ms, 10000);
    assert_int_equal(config->monitor.rules->len, 2);
    assert_string_equal(rule->name, "httpd");
    assert_int_equal(rule->interval_ms, 500);
    rule = config->monitor.rules->pdata[1];
    assert_string_equal(rule->name, "ldirectord::www.cf");
    assert_int_equal(rule->interval_ms, 0);
    assert_int_equal(config->monitor.timeout_ms, 5000);
    assert_int_equal(config->monitor.restarts, 2);
    assert_int_equal(config->monitor.window_ms, 1500);
    assert_int_equal(config->monitor.delay_ms, 0);
    hb_config_free(config);
}

static void a_lost_link_has_its_time_or_none(void **state)
{
    struct hb_config *config = good("");

    (void)state;
    assert_int_equal(config->carrier_ms, 2000);
    hb_config_free(config);
    config = good("carrier 500ms");
    assert_int_equal(config->carrier_ms, 500);
    hb_config_free(config);
    config = good("carrier off");
    assert_int_equal(config->carrier_ms, 0);
    hb_config_free(config);
}

static void contested_addresses_are_waited_for_or_left(void **state)
{
    struct hb_config *config = good("deadtime 10");

    (void)state;
    assert_int_equal(config->contested_ms, 200);
    assert_false(config->contested_leave);
    hb_config_free(config);
    config = good("contested 1.5");
    assert_int_equal(config->contested_ms, 1500);
    hb_config_free(config);
    config = good("contested leave");
    assert_true(config->contested_leave);
    hb_config_free(config);
}

static void what_makes_no_sense_is_refused(void **state)
{
    static const char *const lines[] = {
        "monitor", "monitor 0", "monitor never", "monitor httpd", "monitor httpd 0",
        "monitor httpd 10 20", "monitor_timeout 0", "monitor_timeout", "monitor_timeout off",
        "carrier", "carrier 0", "carrier never", "contested", "contested never", "contested 6",
        "restart_limit 3", "restart_limit", "restart_limit 101 60", "restart_limit 3 0",
        "restart_limit -1 60", "restart_limit 3 60 60", "restart_delay", "restart_delay x",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        assert_refused(lines[i]);
}

static void devices_come_in_the_order_of_the_file_with_what_they_need(void **state)
{
    struct hb_config *config = good("stonith_host * ssh b\nfence B fence_ipmilan ip=1.2.3.4 pw=x\n"
                                    "stonith apc /etc/apc.conf\nfence_retry 2\n"
                                    "stop_failure reboot\nwatchdog /dev/watchdog");
    const struct hb_fence_device *device = config->fence.devices->pdata[0];

    (void)state;
    assert_int_equal(config->fence.devices->len, 3);
    assert_int_equal(device->kind, HB_DEVICE_STONITH);
    assert_string_equal(device->host, "*");
    assert_string_equal(device->input, "b\n");
    device = config->fence.devices->pdata[1];
    assert_int_equal(device->kind, HB_DEVICE_AGENT);
    assert_string_equal(device->host, "b");
    assert_string_equal(device->type, "fence_ipmilan");
    assert_string_equal(device->input, "ip=1.2.3.4\npw=x\n");
    device = config->fence.devices->pdata[2];
    assert_string_equal(device->file, "/etc/apc.conf");
    assert_int_equal(config->fence.retry_ms, 2000);
    assert_int_equal(config->fence.stop_failure, HB_STOP_REBOOT);
    assert_string_equal(config->watchdog, "/dev/watchdog");
    hb_config_free(config);
}

/* So many lines that begin and end like that, with a number between, and no more. */
static void assert_at_most(int most, const char *begin, const char *rest, const char *what)
{
    GString *text = g_string_new(BASE);
    char *expected = g_strdup_printf("ha.cf:%d: %.*s: expected at most %d %s, found one more", most + 4,
                                     (int)strcspn(begin, " "), begin, most, what);
    char *said;

    for (int i = 0; i < most; i++)
        g_string_append_printf(text, "%s%d%s\n", begin, i, rest);
    hb_config_free(parse(text->str, text->len, NULL, &said));
    assert_string_equal(said, "");
    g_free(said);
    g_string_append_printf(text, "%s%d%s\n", begin, most, rest);
    assert_null(parse(text->str, text->len, NULL, &said));
    if (!g_str_has_prefix(said, expected))
        fail_msg("%s: %s", expected, said);
    g_free(said);
    g_free(expected);
    g_string_free(text, TRUE);
}

static void a_file_without_end_is_refused(void **state)
{
    (void)state;
    assert_at_most(HB_DEVICES_MAX, "stonith baytech /etc/", "", "devices");
    assert_at_most(HB_DEVICES_MAX, "stonith_host a baytech ", "", "devices");
    assert_at_most(HB_DEVICES_MAX, "fence a fence_ipmilan ip=", "", "devices");
    assert_at_most(64, "respawn root /bin/p", "", "programs");
    assert_at_most(64, "apiauth client", " uid=root", "clients");
}

static void a_client_has_one_line(void **state)
{
    (void)state;
    assert_says(BASE "apiauth ping uid=root\napiauth ping gid=haclient\n",
                "ha.cf:5: apiauth: expected one line per client, found ping on line 4 as well\n");
    assert_refused("apiauth");
}

static void parameters_of_a_device_are_not_repeated(void **state)
{
    (void)state;
    assert_says(BASE "fence b fence_x password hunter2\n",
                "ha.cf:4: fence: expected a node or *, a program fence_..., and its parameters key=value, "
                "found \"b fence_x ...\"\n");
    assert_says(BASE "stonith_host b ../x hunter2\n",
                "ha.cf:4: stonith_host: expected a node or *, a type of stonith(8), and its parameters, "
                "found \"b ../x ...\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_of_a_device_are_not_repeated),
        cmocka_unit_test(an_old_file_watches_nothing),
        cmocka_unit_test(an_interval_for_all_and_for_some),
        cmocka_unit_test(a_lost_link_has_its_time_or_none),
        cmocka_unit_test(contested_addresses_are_waited_for_or_left),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_file_without_end_is_refused),
        cmocka_unit_test(a_client_has_one_line),
        cmocka_unit_test(devices_come_in_the_order_of_the_file_with_what_they_need),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
