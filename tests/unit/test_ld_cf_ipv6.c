/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/conf: what an IPv6 address may be and where, and what is said of those that may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/fakes/fake_names.h"

#define HEAD4 "virtual=10.0.0.1:80\n"
#define REAL4 "\treal=10.1.0.1:80 gate\n"
#define HEAD  "virtual6=[fd00::1]:80\n"
#define REAL  "\treal6=[fd00::2]:80 gate\n"

static struct ld_config *parse(const char *text, char **said)
{
    struct ha_diags diags;
    GString *report = g_string_new(NULL);
    struct ld_config *config;

    ha_diags_init(&diags);
    config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
    ha_diags_print(&diags, report);
    ha_diags_clear(&diags);
    *said = g_string_free(report, FALSE);
    return config;
}

static void assert_refused(const char *text, const char *expected)
{
    char *said;

    if (parse(text, &said) != NULL || strncmp(said, expected, strlen(expected)) != 0)
        fail_msg("%s: expected \"%s\", found \"%s\"", text, expected, said);
    g_free(said);
}

/* The one service of a file about which there is nothing to say but this. */
static struct ld_config *accepted(const char *text, const char *expected)
{
    char *said;
    struct ld_config *config = parse(text, &said);

    if (config == NULL || strcmp(said, expected) != 0)
        fail_msg("%s: expected \"%s\", found \"%s\"", text, expected, said);
    g_free(said);
    return config;
}

static void assert_places(const char *text, const char *service, const char *real, const char *fallback)
{
    struct ld_config *config = accepted(text, "");
    const struct ld_service *first = config->services->pdata[0];
    const struct ld_real *server = first->reals->pdata[0];
    char *id = ld_service_id_text(&first->id), place[HA_ADDR_TEXT];

    assert_string_equal(id, service);
    assert_string_equal(ha_addr_port_text(&server->addr, server->port, place), real);
    if (fallback)
        assert_string_equal(ha_addr_port_text(&first->fallback.addr, first->fallback.port, place),
                            fallback);
    g_free(id);
    ld_config_free(config);
}

static void addresses_names_and_marks_are_understood(void **state)
{
    (void)state;
    assert_places("virtual6=[FD00:0::1]:http\n\treal6=[fd00::0:2]:8080 masq\n\tfallback6=[fd00::3]\n",
                  "tcp:[fd00::1]:80", "[fd00::2]:8080", "[fd00::3]:80");
    assert_places("virtual6=only6:80\n\treal6=web-1.example.com:http masq\n\tfallback6=localhost:81 masq\n",
                  "tcp:[2001:db8::6]:80", "[2001:db8::1]:80", "[::1]:81");
    assert_places("fallback6=[fd00::9]:82 masq\nvirtual6=7\n\treal6=[fd00::2] gate\n\tchecktype=ping\n",
                  "fwm6:7", "[fd00::2]:0", "[fd00::9]:82");
    assert_places("virtual6=[fd00::1]:domain\n\treal6=only6:53 gate 3\n", "udp:[fd00::1]:53",
                  "[2001:db8::6]:53", NULL);
}

static void an_address_of_the_other_family_is_named(void **state)
{
    (void)state;
    assert_refused(HEAD "\treal6=10.1.0.1:80 gate\n",
                   "f:2:8: invalid address (10.1.0.1) for real server (could not resolve host): an IPv4 "
                   "address, where the service is one of IPv6: ");
    assert_refused(HEAD4 "\treal=[fd00::2]:80 ipip\n",
                   "f:2:7: invalid address ([fd00::2]) for real server (could not resolve host): an IPv6 "
                   "address, where the service is one of IPv4: ");
    assert_refused(HEAD4 "\treal6=[fd00::2]:80 masq\n", "f:2:2: cannot specify \"real6\" here.  please use "
                                                        "\"real\" instead: ");
    assert_refused(HEAD "\treal=10.1.0.1:80 masq\n", "f:2:2: cannot specify \"real\" here.  please use "
                                                     "\"real6\" instead: ");
    assert_refused(HEAD4 REAL4 "\tfallback=[fd00::9]:80\n",
                   "f:3:11: invalid IPv4 address or could not resolve for fallback server: [fd00::9]: an "
                   "IPv6 address, ");
    assert_refused(HEAD REAL "\tfallback6=10.0.0.9:80\n",
                   "f:3:12: invalid IPv6 address or could not resolve for fallback server: 10.0.0.9: an "
                   "IPv4 address, ");
    assert_refused(HEAD "\treal6=only4:80 gate\n",
                   "f:2:8: invalid address (only4) for real server (could not resolve host)\n");
    assert_refused("virtual=[fd00::1]:80\n" REAL4, "f:1:9: cannot specify an IPv6 address here. ");
    assert_refused("virtual=[10.0.0.1]:80\n" REAL4, "f:1:9: invalid address for virtual service: brackets are "
                                                    "for addresses of IPv6, ");
    assert_refused("virtual=10.0.0.1:80\n\treal=[10.1.0.1]:80 gate\n",
                   "f:2:7: invalid address ([10.1.0.1]) for real server (could not resolve host): brackets are for ");
    assert_refused("virtual6=10.0.0.1:80\n" REAL,
                   "f:1:10: invalid address for virtual service: \"10.0.0.1\" is neither an IPv6 address "
                   "nor a known name: an IPv4 address, ");
}

static void a_link_local_address_is_no_server(void **state)
{
    static const char why[] = "a link-local one, where the kernel sends no clients: ";
    static const char *const cases[][2] = {
        {HEAD "\treal6=[fe80::2]:80 gate\n", "f:2:8: invalid address (fe80::2) for real server: "},
        {HEAD "\treal6=neighbour:80 masq\n", "f:2:8: invalid address (fe80::6) for real server: "},
        {HEAD REAL "\tfallback6=[febf::2]:80\n", "f:3:12: invalid address (febf::2) for fallback server: "},
    };
    char *expected;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        expected = g_strconcat(cases[i][1], why, NULL);
        assert_refused(cases[i][0], expected);
        g_free(expected);
    }
    ld_config_free(accepted("virtual6=[fe80::1]:80\n" REAL,
                          "f:1:10: warning: fe80::1 is a link-local address, and the kernel's table has "
                          "no scope: it is meant on every link\n"));
}

static void a_scope_has_no_place_in_the_table(void **state)
{
    (void)state;
    assert_refused(HEAD "\treal6=[fe80::2%eth0]:80 gate\n",
                   "f:2:8: invalid address ([fe80::2%eth0]) for real server (could not resolve host): a "
                   "scope has no place in the kernel's table, ");
    assert_refused("virtual6=[fe80::1%eth0]:80\n" REAL,
                   "f:1:10: invalid address for virtual service: \"[fe80::1%eth0]\" is neither an IPv6 "
                   "address nor a known name: a scope has no place ");
    assert_refused(HEAD REAL "\tfallback6=[fe80::9%2]:80\n",
                   "f:3:12: invalid IPv6 address or could not resolve for fallback server: [fe80::9%2]: a "
                   "scope has no place ");
}

static void ipv4_in_disguise_is_refused(void **state)
{
    static const char why[] = "an IPv4 address in the form of an IPv6 one, which no packet has: ";
    static const char *const cases[][2] = {
        {"virtual6=[::ffff:10.0.0.1]:80\n" REAL, "f:1:10: invalid address (::ffff:10.0.0.1) for virtual service: "},
        {"virtual6=[::ffff:a00:1]:80\n" REAL, "f:1:10: invalid address (::ffff:10.0.0.1) for virtual service: "},
        {HEAD "\treal6=[::ffff:10.0.0.2]:80 gate\n", "f:2:8: invalid address (::ffff:10.0.0.2) for real server: "},
        {"fallback6=[::ffff:10.0.0.9]:80\n" HEAD REAL, "f:1:11: invalid address (::ffff:10.0.0.9) for fallback server: "},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *expected = g_strconcat(cases[i][1], why, NULL);

        assert_refused(cases[i][0], expected);
        g_free(expected);
    }
}

static void what_is_no_host_is_no_server(void **state)
{
    (void)state;
    assert_refused(HEAD "\treal6=[ff02::1]:80 gate\n",
                   "f:2:8: invalid address (ff02::1) for real server: not that of one host\n");
    assert_refused(HEAD "\treal6=[::]:80 gate\n",
                   "f:2:8: invalid address (::) for real server: not that of one host\n");
    assert_refused(HEAD "\treal6=fd00::2:80 gate\n",
                   "f:2:12: invalid address for real server (wrong format): ");
    ld_config_free(accepted(HEAD "\treal6=[::1]:80 masq\n", ""));
}

static void a_mail_server_may_have_an_ipv6_address(void **state)
{
    struct ld_config *config = accepted("smtp=[fd00::25]\n" HEAD REAL, "");
    const struct ld_service *service = config->services->pdata[0];

    (void)state;
    assert_string_equal(service->smtp, "[fd00::25]");
    ld_config_free(config);
    assert_refused("smtp=[fd00::25\n" HEAD REAL, "f:1:6: invalid SMTP server address: ");
    ld_config_free(accepted("smtp=fd00::25\n" HEAD REAL,
                          "f:1:10: warning: passed over: expected a host name, an IPv4 address or "
                          "[ADDRESS] alone, found \"::25\" behind it\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_names_and_marks_are_understood),
        cmocka_unit_test(an_address_of_the_other_family_is_named),
        cmocka_unit_test(a_link_local_address_is_no_server),
        cmocka_unit_test(a_scope_has_no_place_in_the_table),
        cmocka_unit_test(ipv4_in_disguise_is_refused),
        cmocka_unit_test(what_is_no_host_is_no_server),
        cmocka_unit_test(a_mail_server_may_have_an_ipv6_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
