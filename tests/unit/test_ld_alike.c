/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/alike.c: a reload leaves a service alone that is alike, so whatever a line may say must make it
 * another one, and where the line stands must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/conf/ld_cf.h"
#include "tests/fakes/fake_names.h"

#define VIRTUAL "virtual=10.0.0.1:80\n"
#define REALS                                                                                        \
    "\treal=10.1.0.1:80 masq 10\n"                                                                   \
    "\treal=10.1.0.2:80 masq 20 \"/a\", \"b\"\n"

static struct ld_config *parse(const char *text)
{
    struct ha_diags diags;
    struct ld_config *config;

    ha_diags_init(&diags);
    config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
    if (!config)
        fail_msg("%s: %s", text, ((struct ha_diag *)diags.list->pdata[0])->text);
    ha_diags_clear(&diags);
    return config;
}

static bool alike(const char *one, const char *other)
{
    struct ld_config *a = parse(one), *b = parse(other);
    bool is = ld_service_alike(a->services->pdata[0], b->services->pdata[0]);

    assert_int_equal(is, ld_service_alike(b->services->pdata[0], a->services->pdata[0]));
    ld_config_free(a);
    ld_config_free(b);
    return is;
}

/* Of each directive that says something of a service, a line in which it does; what it needs for that stands
 * in both files. */
static const struct {
    const char *name, *line, *besides;
} rows[] = {
    {"real", "\treal=10.1.0.3:80 masq\n", ""},
    {"checktype", "\tchecktype=connect\n", ""},
    {"service", "\tservice=dns\n", ""},
    {"checkcommand", "\tcheckcommand=/bin/false\n", ""},
    {"checkport", "\tcheckport=81\n", ""},
    {"request", "\trequest=\"x\"\n", ""},
    {"receive", "\treceive=\"x\"\n", ""},
    {"httpmethod", "\thttpmethod=HEAD\n", ""},
    {"virtualhost", "\tvirtualhost=x\n", ""},
    {"login", "\tlogin=\"x\"\n", ""},
    {"passwd", "\tpasswd=\"x\"\n", ""},
    {"database", "\tdatabase=\"x\"\n", ""},
    {"secret", "\tsecret=\"x\"\n", ""},
    {"checkvip", "\tcheckvip=yes\n", "\tchecktype=connect\n\treal=10.1.0.4:80 gate\n"},
    {"verify", "\tverify=chain\n", "\tservice=https\n"},
    {"cafile", "\tcafile=/x\n", "\tservice=https\n\tverify=chain\n"},
    {"sni", "\tsni=x\n", "\tservice=https\n"},
    {"expectstatus", "\texpectstatus=302\n", ""},
    {"header", "\theader=\"a: b\"\n", ""},
    {"body", "\tbody=\"x\"\n", ""},
    {"send", "\tsend=\"x\"\n", "\tservice=sendexpect\n\texpect=\"y\"\n"},
    {"expect", "\texpect=\"x\"\n", "\tservice=sendexpect\n\tsend=\"y\"\n"},
    {"scheduler", "\tscheduler=sh\n", ""},
    {"persistent", "\tpersistent=60\n", ""},
    {"netmask", "\tnetmask=255.255.255.0\n", "\tpersistent=60\n"},
    {"schedflags", "\tschedflags=sh-port\n", "\tscheduler=sh\n"},
    {"protocol", "\tprotocol=udp\n", "\tservice=dns\n"},
    {"ops", "\tops=yes\n", "\tprotocol=udp\n\tservice=dns\n"},
    {"checktimeout", "\tchecktimeout=7\n", ""},
    {"negotiatetimeout", "\tnegotiatetimeout=7\n", ""},
    {"checkinterval", "checkinterval=7\n", ""},
    {"checkcount", "\tcheckcount=7\n", ""},
    {"failurecount", "\tfailurecount=7\n", ""},
    {"risecount", "\trisecount=7\n", ""},
    {"recheckinterval", "\trecheckinterval=7\n", ""},
    {"slowstart", "\tslowstart=7\n", ""},
    {"draintime", "\tdraintime=7\n", ""},
    {"agentport", "\tagentport=7\n", ""},
    {"agentinterval", "\tagentinterval=7\n", "\tagentport=7\n"},
    {"checkweight", "\tcheckweight=yes\n", "\tchecktype=external\n\tcheckcommand=/x\n"},
    {"quorum", "\tquorum=2\n", ""},
    {"hysteresis", "\thysteresis=1\n", "\tquorum=1\n"},
    {"fallback", "\tfallback=10.1.0.9:80 masq\n", ""},
    {"quiescent", "\tquiescent=yes\n", ""},
    {"cleanstop", "\tcleanstop=no\n", ""},
    {"emailalert", "\temailalert=a@b\n", ""},
    {"emailalertfreq", "\temailalertfreq=7\n", "\temailalert=a@b\n"},
    {"emailalertstatus", "\temailalertstatus=none\n", "\temailalert=a@b\n"},
    {"smtp", "\tsmtp=10.0.0.7\n", "\temailalert=a@b\n"},
    {"servicename", "\tservicename=x\n", ""},
    {"comment", "\tcomment=x\n", ""},
    {"monitorfile", "\tmonitorfile=/x\n", ""},
    {"fallbackcommand", "\tfallbackcommand=/x\n", ""},
};

/* Those that say nothing of a service, or nothing but for IPv6, or are refused. */
static const char *const others[] = {
    "real6", "load", "autoreload", "logfile", "supervised", "fork", "keeporders", "tablecheck",
    "expire_nodest_conn", "expire_quiescent_template", "syncdaemon", "readdquiescent", "emailalertfrom",
    "operators", "readers", "maintenancedir", "checkuser", "scriptuser", "execute", "callback",
    "fallback6", "connecttimeout", "timeout", NULL,
};

static void whatever_a_line_says_makes_another_service(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        bool global = rows[i].line[0] != '\t';
        char *without = g_strconcat(VIRTUAL REALS, rows[i].besides, NULL);
        char *with = g_strconcat(global ? rows[i].line : "", without, global ? "" : rows[i].line, NULL);

        if (alike(without, with))
            fail_msg("%s is not looked at", rows[i].name);
        if (!alike(with, with) || !alike(without, without))
            fail_msg("%s: two readings of one file are not alike", rows[i].name);
        g_free(without);
        g_free(with);
    }
}

static void each_directive_is_in_the_list_above(void **state)
{
    const char *name;

    (void)state;
    for (size_t i = 0; (name = ld_cf_directive(i)) != NULL; i++) {
        bool known = g_strv_contains(others, name);

        for (size_t j = 0; j < G_N_ELEMENTS(rows); j++)
            known |= strcmp(rows[j].name, name) == 0;
        if (!known)
            fail_msg("%s", name);
    }
}

static void what_a_real_server_has_of_its_own_counts(void **state)
{
    static const char *const reals[] = {
        "10.1.0.1:80 masq", "10.1.0.2:80 masq", "10.1.0.1:81 masq", "10.1.0.1:80 gate", "10.1.0.1:80 masq 2",
        "10.1.0.1:80 masq \"/a\", \"b\"", "10.1.0.1:80 masq \"/b\", \"b\"", "10.1.0.1:80 masq \"/a\", \"c\"",
        "10.1.0.1:80 masq 1 l:1 u:9", "10.1.0.1:80 masq 1 l:2 u:9", "10.1.0.1:80 masq 1 l:1 u:8",
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(reals); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(reals); j++) {
            char *one = g_strconcat(VIRTUAL "\treal=", reals[i], "\n", NULL);
            char *other = g_strconcat(VIRTUAL "\treal=", reals[j], "\n", NULL);

            if (alike(one, other) != (i == j))
                fail_msg("\"%s\" and \"%s\"", reals[i], reals[j]);
            g_free(one);
            g_free(other);
        }
    }
}

static void where_it_stands_does_not_count(void **state)
{
    static const char more[] = "\tservice=http\n\tmonitorfile=/x\n\treceive=\"x\"\n";
    char *one = g_strconcat(VIRTUAL REALS, more, NULL);
    char *other = g_strconcat("# a line more\n\n", VIRTUAL, REALS "\t# and one here\n\t", more, NULL);

    (void)state;
    assert_true(alike(one, other));
    g_free(one);
    g_free(other);
}

static void the_order_of_the_servers_counts(void **state)
{
    (void)state;
    assert_false(alike(VIRTUAL "\treal=10.1.0.1:80 masq\n\treal=10.1.0.2:80 masq\n",
                       VIRTUAL "\treal=10.1.0.2:80 masq\n\treal=10.1.0.1:80 masq\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_a_line_says_makes_another_service),
        cmocka_unit_test(each_directive_is_in_the_list_above),
        cmocka_unit_test(what_a_real_server_has_of_its_own_counts),
        cmocka_unit_test(where_it_stands_does_not_count),
        cmocka_unit_test(the_order_of_the_servers_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
