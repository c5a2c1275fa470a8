/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord/conf: what is accepted but does something else than it seems to is
 * warned of, at its place and only there; and what is told of a file, wherever
 * it is found out, has a line and a column.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/fakes/fake_names.h"

#define HEAD "virtual=10.0.0.1:80\n"
#define REAL "\treal=10.1.0.1:80 gate\n"

static char *messages_of(const char *text, bool accepted)
{
    struct ha_diags diags;
    struct ld_config *config;
    GString *out = g_string_new(NULL);

    ha_diags_init(&diags);
    config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
    ha_diags_print(&diags, out);
    if (accepted != (config != NULL))
        fail_msg("%s: %s", text, out->str);
    ld_config_free(config);
    ha_diags_clear(&diags);
    return g_string_free(out, FALSE);
}

static void assert_said(const char *text, bool accepted, const char *expected)
{
    char *messages = messages_of(text, accepted);

    if (strncmp(messages, expected, strlen(expected)) != 0 || (!*expected && *messages))
        fail_msg("%s: expected \"%s\", found \"%s\"", text, expected, messages);
    g_free(messages);
}

static void assert_warned(const char *text, const char *expected)
{
    assert_said(text, true, expected);
}

static void what_is_meant_as_it_stands_is_not_warned_of(void **state)
{
    (void)state;
    assert_warned("checktimeout=3\ncheckinterval=500ms # often\nnegotiatetimeout = 5s\n" HEAD REAL
                  "\treal=10.1.0.2:80 masq 2 l:5 u:10\n\tfallback=10.9.9.9:8080 masq\n"
                  "\tservice = \"http\"\n\tchecktype=negotiate # as ever\n\tpersistent=600\n"
                  "\tnetmask=255.255.255.0\n\tscheduler=wlc\n\tcheckport=8080\n", "");
    assert_warned("virtual=10.0.0.1:4000\n\treal=10.1.0.1:4001 masq\n\tchecktype=connect\n"
                  "virtual=7\n\treal=10.1.0.1 gate\n\tservice=none\n", "");
    assert_warned("virtual=10.0.0.1:53\n\treal=10.1.0.1:53 gate\n\tops=yes\n", "");
}

static void numbers_that_are_read_as_others_are_warned_of(void **state)
{
    (void)state;
    assert_warned("checktimeout=1.5\n", "f:1:14: warning: checktimeout: read as 1: expected a whole "
                                        "number, found \"1.5\"\n");
    assert_warned("failurecount = -5\n", "f:1:16: warning: failurecount: read as 5: ");
    assert_warned(HEAD REAL "\tpersistent=x600\n", "f:3:13: warning: persistent: read as 600: ");
    assert_warned(HEAD REAL "\tcheckport=80 90\n", "f:3:12: warning: checkport: read as 80: ");
    assert_warned(HEAD REAL "\tchecktype=connect3\n", "f:3:12: warning: checktype: read as 3: ");
}

static void words_that_do_not_count_are_warned_of(void **state)
{
    (void)state;
    assert_warned("virtual=10.0.0.1:80 10.0.0.2:80\n" REAL,
                  "f:1:21: warning: passed over: expected nothing behind the virtual service, found "
                  "\"10.0.0.2:80\"\n");
    assert_warned(HEAD REAL "\tservice=http-proxy\n",
                  "f:3:14: warning: service: only the first word counts, \"http\"; found \"-proxy\" "
                  "after it\n");
    assert_warned(HEAD REAL "\tprotocol=tcp, udp\n", "f:3:14: warning: protocol: only the first word ");
    assert_warned(HEAD REAL "\trequest=\"a\" b\n",
                  "f:3:14: warning: request: the text ends with its last quote; \"b\" after it is "
                  "passed over\n");
    assert_warned(HEAD "\treal=10.1.0.1:80 gate, 5\n",
                  "f:2:23: warning: passed over: expected [WEIGHT] [\"REQUEST\", \"RECEIVE\"] [l:N] "
                  "[u:N], found \",\"\n");
    assert_said(HEAD "\treal=10.1.0.1:80 gate 5 fast\n", false,
                "f:2:26: Invalid real server line, around \" fast\"");
}

static void thresholds_in_the_wrong_order_are_read_and_warned_of(void **state)
{
    (void)state;
    assert_warned(HEAD "\treal=10.1.0.1:80 gate u:10 l:5\n",
                  "f:2:18: warning: u:10 stands before l:5: read, but formerly u was lost then and the "
                  "kernel refused the server; write l:5 u:10\n");
}

static void servers_that_nobody_checks_are_warned_of(void **state)
{
    (void)state;
    assert_warned("virtual=7\n\treal=10.1.0.1 gate\n",
                  "f:1:9: warning: real servers of fwm:7 are not checked, but taken to be up: expected "
                  "service = NAME or checktype = connect, found neither, and no service has this mark\n");
    assert_warned("virtual=10.0.0.1:4000\n\treal=10.1.0.1:4000 gate\n",
                  "f:1:9: warning: real servers of tcp:10.0.0.1:4000 are not checked, ");
}

static void a_port_that_clients_never_reach_is_warned_of(void **state)
{
    (void)state;
    assert_warned(HEAD "\treal=10.1.0.1:8080 gate\n",
                  "f:2:7: warning: gate leaves the port as it is: clients reach port 80, found 8080, ");
    assert_warned(HEAD "\treal=10.1.0.1:8080 ipip\n", "f:2:7: warning: ipip leaves the port as it is: ");
}

static void directives_without_effect_are_warned_of(void **state)
{
    (void)state;
    assert_warned(HEAD REAL "\tnetmask=255.255.255.0\n", "f:3:10: warning: netmask has no effect: ");
    assert_warned(HEAD REAL "\tops=yes\n", "f:3:6: warning: ops has no effect: expected protocol = udp, "
                                           "found tcp\n");
    assert_warned(HEAD REAL "\treceive=\"ok\"\n\thttpmethod=HEAD\n",
                  "f:3:10: warning: no answer to HEAD has what receive looks for: expected httpmethod = "
                  "GET, found HEAD in line 4\n");
    assert_warned(HEAD REAL "\tfallback=10.1.0.1:80\n",
                  "f:3:11: warning: the fallback is also the real server of line 2: ");
    assert_warned(HEAD REAL "\tscheduler=wrrr\n", "f:3:12: warning: scheduler \"wrrr\" is none of Linux's "
                                                  "own: ");
}

static void what_is_found_out_late_has_its_line_and_column_too(void **state)
{
    (void)state;
    assert_said(HEAD REAL "  \t  receive = \"(\"\n", false, "f:3:16: invalid receive string: ");
    assert_said(HEAD "\treal=10.1.0.1:80 gate \"a\", \"(\"\n", false, "f:2:7: invalid receive string: ");
    assert_said("virtual=10.0.0.1:nosuch\n" REAL, false, "f:1:18: invalid address for virtual service");
    assert_said(HEAD REAL HEAD REAL, false,
                "f:4:1: duplicate virtual server: expected each once, found the one of line 1 again in "
                "line 3\n");
    assert_said(HEAD REAL "\treal6=[fd00::1]:80 gate\n", false, "f:3:2: cannot specify \"real6\" here. ");
    assert_warned(HEAD, "f:1:9: warning: virtual service without real servers\n");
    assert_warned(HEAD REAL REAL, "f:3:7: warning: real server 10.1.0.1:80 stands in this block already");
    assert_warned(HEAD REAL "\tcheckinterval = 3\n", "f:3:18: warning: checkinterval in virtual service ");
    assert_warned(HEAD REAL "\tschedflags=sh-port\n", "f:3:13: warning: schedflags ignored: ");
    assert_warned("checkcount=3\n", "f:1:1: warning: checkcount option is deprecated");
}

static void a_slip_is_told_with_what_was_meant(void **state)
{
    char *messages = messages_of(HEAD "\treal=10.1.0.1:80\n", false);

    (void)state;
    assert_null(strstr(messages, "without real servers")); /* a line that is wrong is one fault */
    g_free(messages);
    assert_said("checktimeout 3\n", false, "f:1:1: Unknown command checktimeout 3: expected \"=\" after "
                                           "checktimeout\n");
    assert_said("FallBack=10.0.0.1\n", false, "f:1:1: Unknown command FallBack=10.0.0.1: expected a "
                                              "global directive, in lower case: fallback\n");
    assert_said("Virtual=10.0.0.1:80\n\treal=10.1.0.1:80 gate\n", false,
                "f:1:1: Unknown command Virtual=10.0.0.1:80: expected a global directive, in lower case: "
                "virtual\n");
    assert_said(HEAD REAL "\tscheduler rr\n\tRequest=x\n", false,
                "f:3:2: Unknown command \"    scheduler rr\": expected \"=\" after scheduler\n"
                "f:4:2: Unknown command \"    Request=x\": expected a directive of a virtual service, in "
                "lower case: request\n");
    assert_said(HEAD "\tservice=http\n", true, "f:1:9: warning: virtual service without real servers\n");
}

static void a_mark_without_a_port_to_check_is_warned_of(void **state)
{
    (void)state;
    assert_warned("virtual=1\n\treal=10.1.0.1 gate\n\tchecktype=connect\n",
                  "f:2:7: warning: a firewall mark says no port, and a check needs one: ");
    assert_warned("virtual=1\n\treal=10.1.0.1 gate\n\treal=10.1.0.2:80 gate\n\tservice=simpletcp\n",
                  "f:2:7: warning: a firewall mark says no port");
    assert_warned("virtual=1\n\treal=10.1.0.1 gate\n\tchecktype=connect\n\tcheckport=80\n", "");
    assert_warned("virtual=1\n\treal=10.1.0.1 gate\n\tservice=http\n", "");
    assert_warned("virtual=1\n\treal=10.1.0.1 gate\n\tchecktype=ping\n", "");
    assert_warned("virtual=1\n\treal=10.1.0.1 gate\n\tchecktype=on\n", "");
}

static void what_was_lax_stays_so(void **state)
{
    (void)state;
    assert_warned(HEAD REAL "\tservice=\"http\"\n\tprotocol=(tcp)\n\thttpmethod==get\n"
                  "\tchecktype=\"connect\"\n\tcheckcommand=\"/bin/true\n", "f:4:15: warning: protocol: only the first "
                                                                    "word counts, \"tcp\"");
    assert_warned("fallback6=fd00::9:80 masq\nemailalertstatus=running,\n", "");
    assert_said("emailalertstatus=running starting\n", false,
                "f:1:18: invalid email alert status at: \"running starting\"");
    assert_said("emailalertstatus=,running\n", false, "f:1:18: invalid email alert status at: \"\"");
    assert_said(HEAD REAL "\tload=\"-\"\n", false, "f:3:7: invalid string for load testing");
    assert_said(HEAD REAL "\tschedflags=\n", false, "f:3:13: invalid sched-flags: expected ");
    assert_said("virtual6=[fd00::1]::80\n", false, "f:1:10: invalid address for virtual server");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_meant_as_it_stands_is_not_warned_of),
        cmocka_unit_test(numbers_that_are_read_as_others_are_warned_of),
        cmocka_unit_test(words_that_do_not_count_are_warned_of),
        cmocka_unit_test(thresholds_in_the_wrong_order_are_read_and_warned_of),
        cmocka_unit_test(servers_that_nobody_checks_are_warned_of),
        cmocka_unit_test(a_port_that_clients_never_reach_is_warned_of),
        cmocka_unit_test(directives_without_effect_are_warned_of),
        cmocka_unit_test(what_is_found_out_late_has_its_line_and_column_too),
        cmocka_unit_test(a_slip_is_told_with_what_was_meant),
        cmocka_unit_test(a_mark_without_a_port_to_check_is_warned_of),
        cmocka_unit_test(what_was_lax_stays_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
