/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heartbeatd/conf/ha_cf: every directive, good and bad. Whole files: test_hb_ha_cf_file.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "heartbeatd/conf/ha_cf_table.h"
#include "tests/unit/ha_cf_trial.h"

#define PROGRAM "expected a user and a command that begins with an absolute path, "
#define APIAUTH "expected a client and uid=USER[,USER...] or gid=GROUP[,GROUP...], or both, "
#define BOOLEAN  "expected on or off (also yes, no, true, false, 1, 0), "
#define PORT     "expected a port from 1 to 65535, "
#define UCAST6 "expected an interface and the IPv6 address of the peer, "
#define MCAST6                                                                                     \
    "expected an interface, a group (ff00::/8), a port from 1 to 65535, a hop limit from 0 to "   \
    "255, and 0 or 1 for loop, "
#define PING "expected an IPv4 address or the name of a host, "
#define PING_GROUP "expected a name for the group and at least one host, "
#define MCAST                                                                                      \
    "expected an interface, a group (224.0.0.0 to 239.255.255.255), a port from 1 to 65535, "      \
    "a TTL from 0 to 255, and 0 or 1 for loop, "
#define NODE  "expected the name of a node (uname -n), at most 99 printable bytes, "
#define NAMES100                                                                                   \
    "0123456789012345678901234567890123456789012345678901234567890123456789"                       \
    "012345678901234567890123456789"

/* said: what comes after "ha.cf:4: <directive>: "; NULL: accepted without a word. */
static const struct {
    const char *directive, *rest, *said;
} cases[] = {
#include "tests/unit/ha_cf_care_cases.h"
    {"node", "A", "warning"}, {"node", "", NODE "found nothing"},
    {"node", NAMES100, NODE "found \"" NAMES100 "\""},
    {"node", "n\xc3\xb6" "de", NODE "found \"n\xc3\xb6" "de\""},
    {"udpport", "1", "warning"}, {"udpport", "694", NULL},
    {"udpport", "0", PORT "found \"0\""}, {"udpport", "65536", PORT "found \"65536\""},
    {"udpport", "x", PORT "found \"x\""}, {"udpport", "", PORT "found nothing"},
    {"bcast", "eth0 eth1", NULL}, {"bcast", "eth0,eth0.100", NULL},
    {"bcast", "", "expected the name of an interface, found nothing"},
    {"bcast", "interface-too-long", "expected the name of an interface, found \"interface-too-long\""},
    {"bcast", "a/b", "expected the name of an interface, found \"a/b\""},
    {"bcast", "..", "expected the name of an interface, found \"..\""},
    {"udp", "eth0", "warning"}, {"udp", "", "expected the name of an interface, found nothing"},
    {"ucast", "eth1 192.168.0.2", NULL}, {"ucast", "eth1\tpeer-1.example.org  ", NULL},
    {"ucast", "eth1", UCAST "found \"eth1\""}, {"ucast", "", UCAST "found nothing"},
    {"ucast", "eth1 10.0.0.300", UCAST "found \"eth1 10.0.0.300\""},
    {"ucast", "eth1 10.0.0", UCAST "found \"eth1 10.0.0\""},
    {"ucast", "eth1 10.0.0.2 x", UCAST "found \"eth1 10.0.0.2 x\""},
    {"ucast", "eth1 -x", UCAST "found \"eth1 -x\""}, {"ucast", "eth1 a/b", UCAST "found \"eth1 a/b\""},
    {"ucast", "eth1 2001:db8::1", "expected an IPv4 address or a name, found 2001:db8::1; write "
                                  "\"ucast6 eth1 2001:db8::1\""},
    {"ucast6", "eth1 2001:db8::1", NULL}, {"ucast6", "eth1 fe80::1", NULL},
    {"ucast6", "eth1", UCAST6 "found \"eth1\""},
    {"ucast6", "eth1 peer.example", UCAST6 "found \"eth1 peer.example\""},
    {"ucast6", "eth1 10.0.0.1", UCAST6 "found \"eth1 10.0.0.1\""},
    {"ucast6", "eth1 [2001:db8::1]", UCAST6 "found \"eth1 [2001:db8::1]\""},
    {"ucast6", "eth1 ff02::1", UCAST6 "found \"eth1 ff02::1\""},
    {"mcast6", "eth0 ff02::694 694 1 0", NULL},
    {"mcast6", "eth0 ff02::694 694 1", MCAST6 "found \"eth0 ff02::694 694 1\""},
    {"mcast6", "eth0 fe80::1 694 1 0", MCAST6 "found \"eth0 fe80::1 694 1 0\""},
    {"mcast6", "eth0 225.0.0.1 694 1 0", MCAST6 "found \"eth0 225.0.0.1 694 1 0\""},
    {"mcast6", "eth0 ff02::694 694 256 0", MCAST6 "found \"eth0 ff02::694 694 256 0\""},
    {"contested", "leave", NULL}, {"contested", "0", NULL},
    {"contested", "6", "expected a duration of at most 5 s, or leave, found \"6\""},
    {"carrier", "off", NULL}, {"carrier", "1.5", NULL},
    {"carrier", "0", "expected a duration above 0, or off, found \"0\""},
    {"ping", "10.0.0.254, router.example", NULL}, {"ping", "10.0.0.300", PING "found \"10.0.0.300\""},
    {"ping", "fe80::1", PING "found \"fe80::1\""},
    {"ping", "10.0.0.254 10.0.0.254", "warning"},
    {"ping", "a", "expected a name of its own, found a a second time"},
    {"ping6", "2001:db8::1 2001:db8::2", NULL},
    {"ping6", "10.0.0.1", "expected an IPv6 address, found \"10.0.0.1\""},
    {"ping_group", "routers 10.0.0.254 2001:db8::1 router.example", NULL},
    {"ping_group", "routers", PING_GROUP "found \"routers\""},
    {"ping_group", "routers 1.2.3", "expected the address or name of a host, found \"1.2.3\""},
    {"mcast", "eth0 225.0.0.1 694 1 0", NULL}, {"mcast", "eth0 239.255.255.255 65535 4 1", NULL},
    {"mcast", "eth0 225.0.0.1 694 1", MCAST "found \"eth0 225.0.0.1 694 1\""},
    {"mcast", "eth0 225.0.0.1 694 1 0 0", MCAST "found \"eth0 225.0.0.1 694 1 0 0\""},
    {"mcast", "eth0 10.0.0.1 694 1 0", MCAST "found \"eth0 10.0.0.1 694 1 0\""},
    {"mcast", "eth0 240.0.0.1 694 1 0", MCAST "found \"eth0 240.0.0.1 694 1 0\""},
    {"mcast", "eth0 225.0.0.1 0 1 0", MCAST "found \"eth0 225.0.0.1 0 1 0\""},
    {"mcast", "eth0 225.0.0.1 694 256 0", MCAST "found \"eth0 225.0.0.1 694 256 0\""},
    {"mcast", "eth0 225.0.0.1 694 1 2", MCAST "found \"eth0 225.0.0.1 694 1 2\""},
    {"mcast", "", MCAST "found nothing"},
    {"hopfudge", "0", NULL}, {"hopfudge", "255", NULL},
    {"hopfudge", "256", "expected a number from 0 to 255, found \"256\""},
    {"hopfudge", "-1", "expected a number from 0 to 255, found \"-1\""},
    {"keepalive", "2", NULL}, {"keepalive", "500usec", NULL}, {"keepalive", "1.5", NULL},
    {"keepalive", "1 2", NULL},
    {"keepalive", "0", DURATION "found \"0\""}, {"keepalive", "1s", DURATION "found \"1s\""},
    {"keepalive", "2x", DURATION "found \"2x\""}, {"keepalive", "", DURATION "found nothing"},
    {"deadtime", "2001ms", "derived"}, {"deadtime", "10", NULL},
    {"deadtime", "2", "expected more than two keepalives (2), found 2"},
    {"deadtime", "never", DURATION "found \"never\""},
    {"warntime", "10", NULL}, {"warntime", "0", DURATION "found \"0\""},
    {"warntime", "31", "warning: at most deadtime"},
    {"initdead", "30", NULL}, {"initdead", "120", NULL},
    {"initdead", "29999ms", "expected at least deadtime (30), found 29999ms"},
    {"initdead", "", DURATION "found nothing"},
    {"deadping", "30", NULL}, {"deadping", "2", "expected more than two keepalives (2), found 2"},
    {"deadping", "x", DURATION "found \"x\""},
    {"auto_failback", "off", NULL}, {"auto_failback", "yes", NULL}, {"auto_failback", "ON", NULL},
    {"auto_failback", "maybe", "expected on, off or legacy (also yes, no, true, false, 1, 0), found \"maybe\""},
    {"contested", "1.5", NULL}, {"contested", "leave", NULL},
    {"contested", "6", "expected a duration of at most 5 s, or leave, found \"6\""},
    {"warm_standby", "on", NULL}, {"warm_standby", "off", NULL},
    {"warm_standby", "maybe", BOOLEAN "found \"maybe\""},
    {"pacemaker", "no", NULL}, {"pacemaker", "False", NULL},
    {"pacemaker", "yes", "yes: this version manages resources with haresources only; write "
     "\"pacemaker no\""},
    {"pacemaker", "respawn", "respawn: this version manages resources with haresources only; write "
     "\"pacemaker no\""},
    {"pacemaker", "x", "expected no, found \"x\""},
    {"crm", "off", NULL},
    {"crm", "on", "on: this version manages resources with haresources only; write \"crm no\""},
    {"env", "NAME=value", NULL}, {"env", "A_1=", NULL},
    {"env", "NAME", "expected NAME=value, found \"NAME\""},
    {"env", "=x", "expected NAME=value, found \"=x\""},
    {"env", "1A=x", "expected NAME=value, found \"1A=x\""},
    {"env", "A-B=x", "expected NAME=value, found \"A-B=x\""},
    {"respawn", "hacluster /usr/libexec/heartbeat/ipfail -d", NULL},
    {"respawn", "root", PROGRAM "found \"root\""}, {"respawn", "root true", PROGRAM "found \"root true\""},
    {"failfast", "root /bin/true", NULL}, {"failfast", "", PROGRAM "found nothing"},
    {"apiauth", "ipfail uid=root,hacluster gid=", NULL}, {"apiauth", "default gid=haclient", NULL},
    {"apiauth", "anon", APIAUTH "found \"anon\""}, {"apiauth", "x uid=", APIAUTH "found \"x uid=\""},
    {"apiauth", "x uid=a xid=b", APIAUTH "found \"x uid=a xid=b\""},
    {"apiauth", "x uid=a,,b", APIAUTH "found \"x uid=a,,b\""},
    {"logfile", "/dev/null", NULL}, {"logfile", "ha-log", "expected an absolute path, found \"ha-log\""},
    {"debugfile", "/var/log/ha-debug", NULL}, {"debugfile", "", "expected an absolute path, found nothing"},
    {"logfacility", "local0", NULL}, {"logfacility", "none", NULL}, {"logfacility", "LOCAL7", NULL},
    {"logfacility", "local8",
     "expected a syslog facility such as local0 or daemon, or none, found \"local8\""},
    {"syslogmsgfmt", "off", NULL}, {"syslogmsgfmt", "x", BOOLEAN "found \"x\""},
    {"use_logd", "no", NULL}, {"use_logd", "yes", "warning"},
    {"use_logd", "x", BOOLEAN "found \"x\""},
    {"log_badpack", "off", NULL}, {"log_badpack", "2", BOOLEAN "found \"2\""},
    {"debug", "255", NULL}, {"debug", "256", "expected a number from 0 to 255, found \"256\""},
    {"coredumps", "false", NULL}, {"coredumps", "x", BOOLEAN "found \"x\""},
    {"realtime", "off", NULL}, {"realtime", "99", BOOLEAN "found \"99\""},
    {"rtprio", "1", NULL}, {"rtprio", "99", NULL},
    {"rtprio", "0", "expected a number from 1 to 99, found \"0\""},
    {"rtprio", "100", "expected a number from 1 to 99, found \"100\""},
    {"hbgenmethod", "time", NULL}, {"hbgenmethod", "x", "expected file or time, found \"x\""},
    {"msgfmt", "netstring", NULL}, {"msgfmt", "x", "expected classic or netstring, found \"x\""},
    {"max_rexmit_delay", "1", NULL},
    {"max_rexmit_delay", "0", "expected a number of milliseconds, at least 1, found \"0\""},
    {"max_rexmit_delay", "250ms", "expected a number of milliseconds, at least 1, found \"250ms\""},
    {"autojoin", "none", NULL},
    {"autojoin", "any", "expected none (with haresources, nodes are named), found \"any\""},
    {"uuidfrom", "nodename", NULL}, {"uuidfrom", "x", "expected file or nodename, found \"x\""},
    {"traditional_compression", "no", NULL},
    {"traditional_compression", "yes", NULL},
    {"traditional_compression", "x", BOOLEAN "found \"x\""},
    {"use_apphbd", "off", NULL}, {"use_apphbd", "on", "warning"},
    {"use_apphbd", "x", BOOLEAN "found \"x\""},
    {"nice_failback", "on", "warning"}, {"nice_failback", "x", BOOLEAN "found \"x\""},
    {"quorum_server", "10.0.0.9", "warning"}, {"quorum_server", "", "expected a host, found nothing"},
    {"coreroot", "/var/cores", NULL}, {"coreroot", "cores", "expected an absolute path, found \"cores\""},
    {"baud", "115200", NULL}, {"serial", "/dev/ttyS0 /dev/ttyUSB1", NULL},
    {"serial", "/dev/ttyS0 /dev/ttyS0", "warning"},
    {"serial", "ttyS0", "expected the path of a device such as /dev/ttyS0, found \"ttyS0\""},
    {"baud", "1200", "expected 9600, 19200, 38400, 57600, 115200, 230400 or 460800, found \"1200\""},
    {"cluster", "linux-ha", NULL}, {"cluster", "", "expected a name, found nothing"},
    {"compression", "zlib", NULL}, {"compression", "bz2", NULL},
    {"compression", "lzo", "expected zlib or bz2, found \"lzo\""},
    {"compression_threshold", "2", NULL},
    {"compression_threshold", "0", "expected a number of KiB, at least 1, found \"0\""},
    {"conn_logd_time", "60", NULL}, {"conn_logd_time", "0", DURATION "found \"0\""},
    {"memreserve", "6500", NULL},
    {"memreserve", "0", "expected a number of KiB, at least 1, found \"0\""},
    {"crm_daemon_dir", "/usr/lib", NULL}, {"crm_daemon_dir", "", "expected an absolute path, found nothing"},
    {"crmd_spawns_pengine", "yes", NULL}, {"crmd_spawns_pengine", "x", BOOLEAN "found \"x\""},
    {"record_config_changes", "on", NULL}, {"record_config_changes", "x", BOOLEAN "found \"x\""},
    {"record_pengine_inputs", "on", NULL}, {"record_pengine_inputs", "x", BOOLEAN "found \"x\""},
    {"enable_config_writes", "on", NULL}, {"enable_config_writes", "x", BOOLEAN "found \"x\""},
};

/* The accepted cases that come with a warning; their text is checked elsewhere. */
static bool is_warning(const char *said)
{
    return said && (g_str_has_prefix(said, "warning") || strcmp(said, "derived") == 0);
}

static void every_directive_takes_what_is_right_and_names_what_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf(BASE "%s %s\n", cases[i].directive, cases[i].rest);
        char *expected = g_strdup_printf("ha.cf:4: %s: %s\n", cases[i].directive,
                                         cases[i].said ? cases[i].said : "");
        bool is_good = !cases[i].said || is_warning(cases[i].said);
        char *said;
        struct hb_config *config = parse(text, strlen(text), "a", &said);

        if ((config != NULL) != is_good || (!is_good && strcmp(said, expected) != 0) ||
            (!cases[i].said && *said))
            fail_msg("\"%s %s\" said: %s", cases[i].directive, cases[i].rest, said);
        hb_config_free(config);
        g_free(said);
        g_free(expected);
        g_free(text);
    }
}

static void every_directive_of_the_table_has_its_cases(void **state)
{
    (void)state;
    for (const struct hb_cf_directive *row = hb_cf_directives; row->name; row++) {
        unsigned accepted = 0, refused = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            if (strcmp(cases[i].directive, row->name) != 0)
                continue;
            if (!cases[i].said || is_warning(cases[i].said))
                accepted++;
            else
                refused++;
        }
        if (row->use != HB_CF_NOT_YET && (accepted == 0 || refused == 0))
            fail_msg("%s has %u good and %u bad cases", row->name, accepted, refused);
        assert_non_null(row->explanation);
    }
}

static void directives_not_acted_on_yet_are_refused_with_a_sentence(void **state)
{
    (void)state;
    for (const struct hb_cf_directive *row = hb_cf_directives; row->name; row++) {
        char *text, *expected;

        if (row->use != HB_CF_NOT_YET)
            continue;
        text = g_strdup_printf(BASE "%s some thing\n", row->name);
        expected = g_strdup_printf("ha.cf:4: %s: " NOT_YET_SAID, row->name);
        assert_says(text, expected);
        g_free(expected);
        g_free(text);
    }
}

static void the_defaults_of_the_table_are_values_the_setters_take(void **state)
{
    (void)state;
    for (const struct hb_cf_directive *row = hb_cf_directives; row->name; row++) {
        struct hb_config *config;
        char *text, *said;

        if (!row->standard)
            continue;
        text = g_strdup_printf(BASE "%s %s\n", row->name, row->standard);
        config = parse(text, strlen(text), NULL, &said);
        assert_non_null(config); /* a default may come with a warning: legacy */
        hb_config_free(config);
        g_free(said);
        g_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_directive_takes_what_is_right_and_names_what_is_not),
        cmocka_unit_test(every_directive_of_the_table_has_its_cases),
        cmocka_unit_test(directives_not_acted_on_yet_are_refused_with_a_sentence),
        cmocka_unit_test(the_defaults_of_the_table_are_values_the_setters_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
