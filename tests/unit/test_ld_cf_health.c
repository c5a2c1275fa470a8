/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/conf: the directives on health, weight and fallback that only Hearth has, and times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "common/base/time.h"
#include "ldirectord/core/probe.h"
#include "tests/fakes/fake_names.h"

#define HEAD "virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate 10\n\treal=10.1.0.2:80 gate 20\n"

/* The first service of a file that may give these warnings; NULL: it was refused, with these. */
static const struct ld_service *parse(const char *text, const char *messages,
                                      struct ld_config **config)
{
    struct ha_diags diags;
    GString *said = g_string_new(NULL);

    ha_diags_init(&diags);
    *config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
    ha_diags_print(&diags, said);
    ha_diags_clear(&diags);
    assert_string_equal(said->str, messages);
    g_string_free(said, TRUE);
    return *config ? (*config)->services->pdata[0] : NULL;
}

static void times_are_seconds_or_milliseconds(void **state)
{
    static const struct {
        const char *text;
        uint64_t ms; /* 0: refused */
    } rows[] = {
        {"2", 2000},      {"2s", 2000},    {"500ms", 500}, {"10ms", 10}, {" 250ms ", 250},
        {"x 9 s", 9000},  {"5 ms", 5000},  {"5msec", 5000}, /* as lax as ever */
        {"2678400", 2678400000}, {"0", 0}, {"0ms", 0}, {"9ms", 0}, {"ms", 0}, {"", 0},
        {"2678401", 2678400000}, {"99999999999999999999999", 2678400000},
        {"2678400001ms", 2678400000},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ha_diags diags;
        struct ld_config *config;
        char *text = g_strdup_printf("checkinterval=%s\nchecktimeout=%s\n" HEAD
                                     "\tnegotiatetimeout=%s\n", rows[i].text, rows[i].text,
                                     rows[i].text);

        ha_diags_init(&diags);
        config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
        if (!config != !rows[i].ms)
            fail_msg("\"%s\"", rows[i].text);
        if (config) {
            const struct ld_service *service = config->services->pdata[0];

            assert_int_equal(service->checkinterval_ms, rows[i].ms);
            assert_int_equal(service->checktimeout_ms, rows[i].ms);
            assert_int_equal(service->negotiatetimeout_ms, rows[i].ms);
        }
        ld_config_free(config);
        ha_diags_clear(&diags);
        g_free(text);
    }
}

static void what_is_too_much_is_as_much_as_there_can_be(void **state)
{
    static const char service[] = "virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n";
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"\tchecktimeout=9999999\n",
         "f:3:15: warning: checktimeout: expected 2678400 seconds at most, found \"9999999\": it is "
         "2678400 seconds\n"},
        {"\tfailurecount = 4294967296\n",
         "f:3:17: warning: failurecount: expected 1000000 at most, found \"4294967296\": it is 1000000\n"},
        {"\tchecktype=99999999999\n",
         "f:3:12: warning: checktype: expected 1000000 at most, found \"99999999999\": it is 1000000\n"},
        {"\tpersistent=2678401\n",
         "f:3:13: warning: persistent: expected 2678400 seconds at most, found \"2678401\": it is "
         "2678400 seconds\n"},
        {"\temailalertfreq=99999999999\n",
         "f:3:17: warning: emailalertfreq: expected 2678400 seconds at most"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = g_strconcat(service, rows[i].line, NULL);
        GString *said = g_string_new(NULL);
        struct ha_diags diags;
        struct ld_config *config;

        ha_diags_init(&diags);
        config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
        ha_diags_print(&diags, said);
        assert_non_null(config);
        if (!g_str_has_prefix(said->str, rows[i].said))
            fail_msg("%s: %s", rows[i].line, said->str);
        ld_config_free(config);
        ha_diags_clear(&diags);
        g_string_free(said, TRUE);
        g_free(text);
    }
}

/* A ping waits for each of its attempts. */
static void the_longest_times_do_not_wrap(void **state)
{
    static const char text[] = "checktimeout=99999999999\ncheckcount=99999999999\n"
                               "checkinterval=99999999999\n" HEAD "\tchecktype=ping\n";
    const struct ld_service *service;
    struct ld_question *question;
    struct ha_diags diags;
    struct ld_config *config;

    (void)state;
    ha_diags_init(&diags);
    config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
    assert_non_null(config);
    service = config->services->pdata[0];
    question = ld_question_new(service, service->reals->pdata[0]);
    assert_int_equal(ld_question_probe(question)->timeout_ms, UINT64_C(2678400000) * 1000);
    assert_true(ha_ms_to_ns(ld_question_probe(question)->timeout_ms) < HA_NEVER);
    ld_question_free(question);
    ld_config_free(config);
    ha_diags_clear(&diags);
}

static void a_time_that_is_none_is_told_with_what_would_be_one(void **state)
{
    struct ld_config *config;

    (void)state;
    parse("checkinterval=9ms\n" HEAD,
          "f:1:15: invalid check interval value: expected a number of seconds, 1 or more, or of "
          "milliseconds (500ms), 10 or more, found \"9ms\"\n", &config);
    assert_null(config);
}

static void what_is_not_said_is_off(void **state)
{
    struct ld_config *config;
    const struct ld_service *service = parse(HEAD, "", &config);

    (void)state;
    assert_int_equal(service->risecount, 1);
    assert_int_equal(service->recheckinterval_ms, 0);
    assert_int_equal(service->slowstart_ms, 0);
    assert_int_equal(service->draintime_ms, 0);
    assert_int_equal(service->agentport, 0);
    assert_false(service->checkweight);
    assert_int_equal(service->quorum.quorum, 1);
    assert_int_equal(service->quorum.hysteresis, 0);
    assert_false(service->quorum.by_weight);
    ld_config_free(config);
}

static void the_block_wins_over_the_file(void **state)
{
    struct ld_config *config;
    const struct ld_service *service =
        parse("fallback=127.0.0.1:80\nrisecount=2\nrecheckinterval=1s\nslowstart=30s\ndraintime=60\n"
              "agentport=9707\nagentinterval=2s\nquorum=2\nhysteresis=1\n" HEAD "\tagentport=0\n"
              "\tchecktype=external\n\tcheckweight=yes\n" "\trisecount=3\n\trecheckinterval=250ms\n"
              "\tslowstart=0\n\tdraintime=5s\n\tquorum=20 weight\n\thysteresis=10\n\n"
              "virtual=10.0.0.2:80\n\treal=10.1.0.1:80 gate\n\treal=10.1.0.2:80 gate\n"
              "\treal=10.1.0.3:80 gate\n", "", &config);

    (void)state;
    assert_int_equal(service->risecount, 3);
    assert_int_equal(service->recheckinterval_ms, 250);
    assert_int_equal(service->slowstart_ms, 0);
    assert_int_equal(service->draintime_ms, 5000);
    assert_int_equal(service->quorum.quorum, 20);
    assert_int_equal(service->quorum.hysteresis, 10);
    assert_true(service->quorum.by_weight);
    assert_int_equal(service->agentport, 0);
    assert_true(service->checkweight);
    service = config->services->pdata[1];
    assert_int_equal(service->risecount, 2);
    assert_int_equal(service->recheckinterval_ms, 1000);
    assert_int_equal(service->slowstart_ms, 30000);
    assert_int_equal(service->draintime_ms, 60000);
    assert_int_equal(service->agentport, 9707);
    assert_int_equal(service->agentinterval_ms, 2000);
    assert_false(service->checkweight);
    assert_int_equal(service->quorum.quorum, 2);
    assert_int_equal(service->quorum.hysteresis, 1);
    assert_false(service->quorum.by_weight);
    ld_config_free(config);
}

static void new_values_are_read_strictly(void **state)
{
    static const char *const bad[] = {
        "slowstart=2678401", "draintime=2678400001ms", "quorum=1000000001", "slowstart=30x", "slowstart=x30", "slowstart=9ms", "slowstart=1.5", "slowstart=",
        "draintime=1 2", "recheckinterval=-1", "risecount=0", "quorum=0", "quorum=two",
        "quorum=2 kilo", "quorum=2weights", "hysteresis=-1", "hysteresis=1 weight", "hysteresis=",
        "agentport=65536", "agentport=x", "agentport=", "agentinterval=1x", "checkweight=maybe",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *text = g_strdup_printf("%s\n" HEAD, bad[i]);
        struct ha_diags diags;
        struct ld_config *config;

        ha_diags_init(&diags);
        config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
        if (config || diags.errors != 1)
            fail_msg("%s", bad[i]);
        ha_diags_clear(&diags);
        g_free(text);
    }
}

static void what_cannot_work_is_warned_of(void **state)
{
    struct ld_config *config;

    (void)state;
    parse(HEAD "\tquorum=2\n", "f:4: warning: quorum has no effect without a fallback\n", &config);
    ld_config_free(config);
    parse(HEAD "\tfallback=127.0.0.1\n\tquorum=2\n\thysteresis=1\n",
          "f:5: warning: quorum and hysteresis ask for 3, but all servers together are 2: only the "
          "fallback will serve\n", &config);
    ld_config_free(config);
    parse(HEAD "\tfallback=127.0.0.1\n\tquorum=31 weight\n",
          "f:5: warning: quorum and hysteresis ask for 31, but all servers together are 30: only "
          "the fallback will serve\n", &config);
    ld_config_free(config);
    parse(HEAD "\tquiescent=yes\n\tdraintime=5\n",
          "f:5: warning: draintime with quiescent = yes is for servers that leave the file: one that "
          "fails is not removed\n", &config);
    ld_config_free(config);
    parse(HEAD "\tcheckweight=yes\n",
          "f:1: warning: checkweight has no effect without checktype = external\n", &config);
    ld_config_free(config);
    parse(HEAD "\tchecktype=external\n\tcheckweight=yes\n\tagentport=9707\n",
          "f:1: warning: checkweight has no effect beside agentport: the agent says the weight\n",
          &config);
    ld_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_seconds_or_milliseconds),
        cmocka_unit_test(what_is_too_much_is_as_much_as_there_can_be),
        cmocka_unit_test(the_longest_times_do_not_wrap),
        cmocka_unit_test(a_time_that_is_none_is_told_with_what_would_be_one),
        cmocka_unit_test(what_is_not_said_is_off),
        cmocka_unit_test(the_block_wins_over_the_file),
        cmocka_unit_test(new_values_are_read_strictly),
        cmocka_unit_test(what_cannot_work_is_warned_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
