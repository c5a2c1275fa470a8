/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heartbeatd/conf/ha_cf: whole files: what is in the config, the rules between directives, odd files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <syslog.h>

#include "tests/unit/ha_cf_trial.h"

#define LEGACY_SAID                                                                                \
    "ha.cf: warning: Deprecated 'legacy' auto_failback option selected.\n"                                  \
    "ha.cf: warning: Please convert to 'auto_failback on'.\n"                                               \
    "ha.cf: warning: See documentation for conversion details.\n"

static struct hb_config *good(const char *text)
{
    char *said;
    struct hb_config *config = parse(text, strlen(text), NULL, &said);

    assert_string_equal(said, "");
    g_free(said);
    return config;
}

static const char *recorded(const GPtrArray *directives, const char *name)
{
    const char *text = NULL;

    for (guint i = 0; i < directives->len; i++) {
        const struct hb_directive *directive = directives->pdata[i];

        if (strcmp(directive->name, name) == 0) {
            assert_null(text); /* recorded once only */
            text = directive->text;
        }
    }
    return text;
}

static void the_seed_document_s_file_is_read(void **state)
{
    static const char *const peers[] = {"192.168.0.1", "192.168.0.2"};
    char *text, *said;
    gsize length;
    struct hb_config *config;

    (void)state;
    assert_true(g_file_get_contents(TEST_DATA "/seeds/ha.cf", &text, &length, NULL));
    config = parse(text, length, "Debian.cluster.net", &said);
    assert_string_equal(said, "");
    assert_int_equal(config->nodes->len, 2);
    assert_string_equal(config->nodes->pdata[0], "rh1.cluster.net");
    assert_string_equal(config->nodes->pdata[1], "debian.cluster.net");
    assert_int_equal(config->keepalive_ms, 2000);
    assert_int_equal(config->deadtime_ms, 10000);
    assert_int_equal(config->warntime_ms, 10000);
    assert_int_equal(config->initdead_ms, 20000);
    assert_int_equal(config->udpport, 694);
    assert_int_equal(config->auto_failback, HB_FAILBACK_ON);
    assert_int_equal(config->logfacility, LOG_LOCAL0);
    assert_int_equal(config->media->len, 2);
    for (guint i = 0; i < config->media->len; i++) {
        const struct hb_medium *medium = config->media->pdata[i];
        char address[HA_ADDR_TEXT];

        assert_int_equal(medium->kind, HB_UCAST);
        assert_string_equal(medium->interface, "eth1");
        assert_string_equal(medium->peer, peers[i]);
        assert_string_equal(ha_addr_text(&medium->to, address), peers[i]);
        assert_int_equal(medium->port, 694);
    }
    g_free(said);
    g_free(text);
    hb_config_free(config);
}

static void what_a_file_sets_is_in_the_config(void **state)
{
    struct hb_config *config = good(
        "node\tA,B # both\n  keepalive 250ms\ndeadtime 2 3\nwarntime 1.5\ninitdead 40\nudpport 700\n"
        "bcast eth0\nmcast eth2 225.0.0.9 695 3 1\nucast eth1 peer.example\nauto_failback off\n"
        "logfile /l\ndebugfile /d\nlogfacility none\nsyslogmsgfmt no\ndebug 3\nlog_badpack no\n"
        "realtime no\nrtprio 7\nhbgenmethod time\nuuidfrom nodename\nmsgfmt netstring\n"
        "max_rexmit_delay 99\nhopfudge 9\ncoredumps no\nenv X=1 Y=a=b\n");
    const struct hb_medium *medium;

    (void)state;
    assert_string_equal(config->nodes->pdata[0], "a");
    assert_string_equal(config->nodes->pdata[1], "b");
    assert_int_equal(config->keepalive_ms, 250);
    assert_int_equal(config->deadtime_ms, 3000);
    assert_int_equal(config->warntime_ms, 1500);
    assert_int_equal(config->initdead_ms, 40000);
    assert_int_equal(config->auto_failback, HB_FAILBACK_OFF);
    assert_string_equal(config->logfile, "/l");
    assert_string_equal(config->debugfile, "/d");
    assert_int_equal(config->logfacility, -1);
    assert_false(config->syslog_format || config->log_badpack || config->realtime ||
                 config->coredumps);
    assert_true(config->generation_by_time && config->uuid_from_name && config->msgfmt_netstring);
    assert_int_equal(config->debug, 3);
    assert_int_equal(config->rtprio, 7);
    assert_int_equal(config->max_rexmit_delay_ms, 99);
    assert_int_equal(config->hopfudge, 9);
    assert_int_equal(config->media->len, 3);
    medium = config->media->pdata[0];
    assert_int_equal(medium->kind, HB_BCAST);
    assert_int_equal(medium->port, 700);
    assert_int_equal(medium->line, 7);
    medium = config->media->pdata[1];
    assert_int_equal(medium->kind, HB_MCAST);
    assert_int_equal(medium->port, 695);
    assert_int_equal(medium->ttl, 3);
    assert_true(medium->loop);
    medium = config->media->pdata[2];
    assert_string_equal(medium->peer, "peer.example");
    assert_int_equal(medium->to.family, AF_UNSPEC);
    assert_string_equal(recorded(config->variables, "X"), "1");
    assert_string_equal(recorded(config->variables, "Y"), "a=b");
    hb_config_free(config);
}

static void options_and_defaults_are_recorded_for_the_scripts(void **state)
{
    static const char *const expected[][2] = {
        {"auto_failback", "on"}, {"autojoin", "none"}, {"baud", "19200"}, {"cluster", "linux-ha"},
        {"compression", "zlib"}, {"compression_threshold", "2"}, {"conn_logd_time", "60"},
        {"coredumps", "true"}, {"deadping", "3000ms"}, {"deadtime", "3"}, {"debugfile", "/d"},
        {"hbgenmethod", "file"}, {"hopfudge", "1"}, {"initdead", "12000ms"}, {"keepalive", "500ms"},
        {"log_badpack", "true"}, {"logfacility", "local1"}, {"logfile", "/l"},
        {"max_rexmit_delay", "250"}, {"memreserve", "4096"}, {"msgfmt", "classic"},
        {"enable_config_writes", "on"}, {"record_config_changes", "on"},
        {"record_pengine_inputs", "on"}, {"pacemaker", "false"}, {"realtime", "true"}, {"syslogmsgfmt", "true"},
        {"traditional_compression", "no"}, {"udpport", "694"}, {"uuidfrom", "file"},
        {"warntime", "1500ms"},
    };
    struct hb_config *config = good(BASE "keepalive 500ms\ndeadtime 3\nlogfile /l\ndebugfile /d\n"
                                         "logfacility local1\n");

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        const char *text = recorded(config->directives, expected[i][0]);

        if (!text || strcmp(text, expected[i][1]) != 0)
            fail_msg("%s is recorded as %s", expected[i][0], text ? text : "nothing");
    }
    assert_int_equal(config->directives->len, G_N_ELEMENTS(expected));
    assert_null(recorded(config->directives, "node"));
    hb_config_free(config);
}

static void initdead_and_warntime_follow_deadtime(void **state)
{
    static const struct {
        const char *deadtime;
        uint64_t warntime_ms, initdead_ms;
    } times[] = {
        {"3", 1500, 12000}, {"5999ms", 2999, 12000}, {"6", 3000, 12000},
        {"10", 5000, 20000}, {"10001ms", 5000, 10001}, {"30", 15000, 30000},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        char *text = g_strdup_printf(BASE "deadtime %s\n", times[i].deadtime);
        struct hb_config *config = good(text);

        assert_int_equal(config->warntime_ms, times[i].warntime_ms);
        assert_int_equal(config->initdead_ms, times[i].initdead_ms);
        hb_config_free(config);
        g_free(text);
    }
}

static void rules_between_directives_hold_whatever_their_order(void **state)
{
    (void)state;
    assert_says("deadtime 4\n" BASE "keepalive 2\n",
                "ha.cf:1: deadtime: expected more than two keepalives (4), found 4\n");
    assert_says(BASE "keepalive 20\n",
                "ha.cf:4: deadtime: expected more than two keepalives (40), found 30\n");
    assert_says("initdead 20\n" BASE "deadtime 60\n",
                "ha.cf:1: initdead: expected at least deadtime (60), found 20\n");
    assert_says(BASE "deadtime 3\ninitdead 5\n",
                "ha.cf:5: warning: initdead: expected time for the network to come up (10), "
                "found 5\n");
    assert_says(BASE "warntime 31\n",
                "ha.cf:4: warning: warntime: expected at most deadtime (30), found 31\n");
    /* A refused time has its own message, and no second one from a rule. */
    assert_says(BASE "keepalive 20\ndeadtime x\n",
                "ha.cf:5: deadtime: expected a duration above 0 such as 2, 500ms or 1.5, "
                "found \"x\"\n");
}

static void a_udpport_below_media_does_not_reach_them_and_says_so(void **state)
{
    assert_says("node a\nauto_failback on\nmcast eth0 225.0.0.1 700 1 0\nudpport 700\n", "");
    assert_says("node a\nauto_failback on\nbcast eth0\nudpport 700\nbcast eth1\nudpport 700\n",
                "ha.cf:4: warning: udpport: comes after the medium of line 3, which keeps port 694\n"
                "ha.cf:6: warning: udpport: comes after the medium of line 3, which keeps port 694\n");
    (void)state;
}

static void what_must_be_there_is_missed(void **state)
{
    (void)state;
    assert_says("",
                "ha.cf: expected a line \"node NAME\" for each node, found none\n"
                "ha.cf: expected a medium, a line \"ucast INTERFACE ADDRESS\", \"bcast INTERFACE\" "
                "or \"mcast ...\", found none\n"
                LEGACY_SAID);
    assert_says("node a\nauto_failback on\nserial /dev/ttyS0\n", "");
}

static void this_node_must_be_among_the_nodes(void **state)
{
    char *said;

    (void)state;
    hb_config_free(parse(BASE, strlen(BASE), "B", &said));
    assert_string_equal(said, "");
    g_free(said);
    assert_null(parse(BASE, strlen(BASE), "c", &said));
    assert_string_equal(said, "ha.cf: expected this node, c (uname -n), among the nodes, "
                              "found a, b\n");
    g_free(said);
}

static void more_than_two_nodes_are_not_managed_yet(void **state)
{
    (void)state;
    assert_says(BASE "node c\n", "ha.cf: expected at most 2 nodes, found 3: this version does not "
                                 "act on more yet\n");
}

static void unknown_directives_are_named_and_case_is_hinted_at(void **state)
{
    (void)state;
    assert_says(BASE "KEEPALIVE 2\n",
                "ha.cf:4: expected a directive in lower case (keepalive), found \"KEEPALIVE\"\n");
    assert_says(BASE "keep-alive 2\n",
                "ha.cf:4: expected a directive of ha.cf(5), found \"keep-alive\"\n");
    assert_says(BASE "\x1b]0;title\x07\n",
                "ha.cf:4: expected a directive of ha.cf(5), found \"\\x1B]0;title\\x07\"\n");
}

static void what_may_come_once_is_refused_twice(void **state)
{
    (void)state;
    assert_says(BASE "baud 9600\nbaud 9600\npacemaker no\npacemaker no\n",
                "ha.cf:5: baud: expected only once, found in line 4 already\n"
                "ha.cf:7: pacemaker: expected only once, found in line 6 already\n");
    assert_says(BASE "baud 9600 19200\n", "ha.cf:4: baud: expected only one value, found \"19200\" as well\n");
    assert_says(BASE "node A b\n", "ha.cf:4: warning: node: a is named more than once\n"
                                   "ha.cf:4: warning: node: b is named more than once\n");
}

static void all_faults_are_told_in_one_run(void **state)
{
    (void)state;
    assert_says("nodes a\nnode a\nkeepalive 1s 2s\nucast eth0\nhbaping x\ndebug\n",
                "ha.cf:1: expected a directive of ha.cf(5), found \"nodes\"\n"
                "ha.cf:3: keepalive: " DURATION "found \"1s\"\n"
                "ha.cf:3: keepalive: " DURATION "found \"2s\"\n"
                "ha.cf:4: ucast: " UCAST "found \"eth0\"\n"
                "ha.cf:5: hbaping: " NOT_YET_SAID
                "ha.cf:6: debug: expected a number from 0 to 255, found nothing\n"
                LEGACY_SAID);
}

static void legacy_is_warned_about_with_and_without_the_word(void **state)
{
    (void)state;
    assert_says("node a\nbcast eth0\nauto_failback Legacy\n", LEGACY_SAID);
    assert_says("node a\nbcast eth0\n", LEGACY_SAID);
}

static void windows_line_ends_are_read(void **state)
{
    struct hb_config *config = good("\xef\xbb\xbfnode a b\r\nucast eth0 10.0.0.1\r\n\r\n"
                                    "auto_failback on\r\nlogfile /var/log/ha-log\r");

    (void)state;
    assert_string_equal(config->nodes->pdata[1], "b");
    assert_string_equal(config->logfile, "/var/log/ha-log");
    hb_config_free(config);
}

static void files_that_are_no_text_get_few_words(void **state)
{
    char *huge = g_strdup_printf("%s%*s\n", BASE, 1 << 20, "x");
    static const char nul[] = BASE "logfile /var\0/log\n";
    char noise[2048], *said;

    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (char)(i * 89 + i / 256);
    assert_null(parse(noise, sizeof(noise), "a", &said));
    assert_string_equal(said, "ha.cf: expected a text file, found binary data\n");
    g_free(said);
    assert_says(huge, "ha.cf:4: expected a line of at most 5119 bytes, found 1048576\n");
    assert_null(parse(nul, sizeof(nul) - 1, "a", &said));
    assert_string_equal(said, "ha.cf:4: expected text, found a NUL byte\n");
    g_free(said);
    g_free(huge);
}

static void every_truncation_of_the_seed_is_read_or_refused(void **state)
{
    char *text, *said;
    gsize length;

    (void)state;
    assert_true(g_file_get_contents(TEST_DATA "/seeds/ha.cf", &text, &length, NULL));
    for (gsize cut = 0; cut <= length; cut++) {
        struct hb_config *config = parse(text, cut, "debian.cluster.net", &said);

        if (cut == 0)
            assert_null(config);
        if (cut == length)
            assert_non_null(config);
        hb_config_free(config);
        g_free(said);
    }
    g_free(text);
}

static void a_variable_is_no_directive_of_its_name(void **state)
{
    static const char text[] = BASE "deadtime 10\nkeepalive 1\nenv initdead=2\nenv warntime=99\nenv deadtime=3\nenv FOO=bar\n";
    struct hb_config *config;
    char *said;

    (void)state;
    config = parse(text, strlen(text), NULL, &said);
    assert_non_null(config);
    assert_int_equal(config->deadtime_ms, 10000);
    assert_int_equal(config->warntime_ms, 5000);
    assert_int_equal(config->initdead_ms, 20000);
    assert_string_equal(hb_config_parameter(config, "deadtime", "1.2"), "10");
    assert_null(hb_config_parameter(config, "FOO", "1.2"));
    assert_string_equal(hb_config_parameter(config, "crm", "1.2"), "false");
    assert_string_equal(hb_config_parameter(config, "debug", "1.2"), "0");
    assert_string_equal(hb_config_parameter(config, "hbversion", "1.2"), "1.2");
    assert_null(hb_config_parameter(config, "coreroot", "1.2"));
    assert_int_equal(config->variables->len, 4);
    hb_config_free(config);
    g_free(said);
}

static void a_ping_host_is_no_node_whichever_line_comes_first(void **state)
{
    static const char *const files[] = {BASE "node third\nping THIRD\n", BASE "ping THIRD\nnode third\n",
                                        BASE "ping_group third 10.0.0.9\nnode third\n"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *said;

        assert_null(parse(files[i], strlen(files[i]), NULL, &said));
        assert_non_null(strstr(said, "expected a name of its own, found "));
        g_free(said);
    }
}

static void bounds_hold(void **state)
{
    GString *text = g_string_new(BASE);
    char *said;

    (void)state;
    for (int i = 0; i < HB_MEDIA_MAX; i++)
        g_string_append(text, "bcast eth0\n");
    for (int i = 0; i < 600; i++)
        g_string_append_printf(text, "env V%d=x\n", i);
    for (int i = 0; i < 120; i++)
        g_string_append_printf(text, "node n%d\n", i);
    assert_null(parse(text->str, text->len, NULL, &said));
    assert_non_null(strstr(said, ": bcast: expected at most 64 media, found one more\n"));
    assert_non_null(strstr(said, ": env: expected at most 512 variables, found one more\n"));
    assert_non_null(strstr(said, ": node: expected at most 100 nodes, found \"n98\" as well\n"));
    g_free(said);
    g_string_free(text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_document_s_file_is_read),
        cmocka_unit_test(what_a_file_sets_is_in_the_config),
        cmocka_unit_test(options_and_defaults_are_recorded_for_the_scripts),
        cmocka_unit_test(initdead_and_warntime_follow_deadtime),
        cmocka_unit_test(rules_between_directives_hold_whatever_their_order),
        cmocka_unit_test(a_udpport_below_media_does_not_reach_them_and_says_so),
        cmocka_unit_test(what_must_be_there_is_missed),
        cmocka_unit_test(this_node_must_be_among_the_nodes),
        cmocka_unit_test(more_than_two_nodes_are_not_managed_yet),
        cmocka_unit_test(unknown_directives_are_named_and_case_is_hinted_at),
        cmocka_unit_test(what_may_come_once_is_refused_twice),
        cmocka_unit_test(all_faults_are_told_in_one_run),
        cmocka_unit_test(legacy_is_warned_about_with_and_without_the_word),
        cmocka_unit_test(windows_line_ends_are_read),
        cmocka_unit_test(files_that_are_no_text_get_few_words),
        cmocka_unit_test(every_truncation_of_the_seed_is_read_or_refused),
        cmocka_unit_test(a_variable_is_no_directive_of_its_name),
        cmocka_unit_test(a_ping_host_is_no_node_whichever_line_comes_first),
        cmocka_unit_test(bounds_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
