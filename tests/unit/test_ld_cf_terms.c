/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/conf: the directives that say on what terms a server is asked, and our own services. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/fakes/fake_names.h"

#define HEAD  "virtual=10.0.0.1:443\n\treal=10.1.0.1:443 gate\n"
#define PLAIN "virtual=10.0.0.1:25\n\treal=10.1.0.1:25 gate\n"

/* The file, and what is said about it. */
static struct ld_config *parse(const char *text, const char *messages)
{
    struct ha_diags diags;
    GString *said = g_string_new(NULL);
    struct ld_config *config;

    ha_diags_init(&diags);
    config = ld_cf_parse("f", text, strlen(text), &fake_names, &diags);
    ha_diags_print(&diags, said);
    ha_diags_clear(&diags);
    assert_string_equal(said->str, messages);
    g_string_free(said, TRUE);
    return config;
}

static const struct ld_terms *terms_of(const struct ld_config *config, guint number)
{
    assert_non_null(config);
    return &((const struct ld_service *)config->services->pdata[number])->terms;
}

static void what_is_said_is_what_is_asked(void **state)
{
    struct ld_config *config =
        parse(HEAD "\tverify = name\n\tcafile = /etc/ca.pem\n\tsni = \"www.x.y\"\n"
                   "\texpectstatus = 200-299, 302\n\theader = \"X-A: b # c\" # d\n"
                   "\theader = \"X-E:\"\n\tbody = \"{\\\"a\\\": \\x00}\"\n", "");
    const struct ld_terms *terms = terms_of(config, 0);

    (void)state;
    assert_int_equal(terms->verify, LD_VERIFY_NAME);
    assert_string_equal(terms->cafile, "/etc/ca.pem");
    assert_string_equal(terms->sni, "www.x.y");
    assert_string_equal(terms->expectstatus, "200-299,302");
    assert_string_equal(terms->headers, "X-A: b # c\nX-E:\n");
    assert_string_equal(terms->body, "{\\\"a\\\": \\x00}");
    ld_config_free(config);
    config = parse(PLAIN "\tservice = sendexpect\n\tsend = \"PING\\r\\n\"\n\texpect = \"+P#\"\n", "");
    assert_string_equal(terms_of(config, 0)->send, "PING\\r\\n");
    assert_string_equal(terms_of(config, 0)->expect, "+P#");
    ld_config_free(config);
}

static void without_a_word_all_is_as_ever(void **state)
{
    struct ld_config *config = parse(HEAD, "");
    static const struct ld_terms none;

    (void)state;
    assert_memory_equal(terms_of(config, 0), &none, sizeof(none));
    ld_config_free(config);
}

static void a_block_is_heard_before_the_file(void **state)
{
    struct ld_config *config =
        parse("verify=none\ncafile=/etc/all.pem\n" HEAD "virtual=10.0.0.2:443\n"
              "\treal=10.1.0.1:443 gate\n\tverify=chain\nvirtual=10.0.0.3:25\n"
              "\treal=10.1.0.1:25 gate\n", "");

    (void)state;
    assert_int_equal(terms_of(config, 0)->verify, LD_VERIFY_NONE);
    assert_string_equal(terms_of(config, 0)->cafile, "/etc/all.pem");
    assert_int_equal(terms_of(config, 1)->verify, LD_VERIFY_CHAIN);
    assert_string_equal(terms_of(config, 1)->cafile, "/etc/all.pem");
    assert_int_equal(terms_of(config, 2)->verify, LD_VERIFY_USUAL); /* which has no TLS */
    ld_config_free(config);
}

static void what_is_wrong_is_told_with_what_would_be_right(void **state)
{
    static const struct {
        const char *line, *message;
    } rows[] = {
        {"verify=yes", "invalid verify: expected none, chain or name, found \"yes\""},
        {"cafile=ca.pem", "invalid cafile: expected an absolute path, found \"ca.pem\""},
        {"sni=10.0.0.1", "invalid sni: expected a host name, found \"10.0.0.1\""},
        {"sni=a b", "invalid sni: expected a host name, found \"a b\""},
        {"sni=\"\"", "invalid sni: expected a host name, found \"\"\"\""},
        {"expectstatus=2xx", "invalid expectstatus: expected numbers and ranges from 100 to 599, as "
                             "200-299,302, found \"2xx\""},
        {"header=\"none\"", "invalid header: expected \"NAME: VALUE\", found \"...\""},
        {"header=\"a b: c\"", "invalid header: expected \"NAME: VALUE\", found \"...\""},
        {"send=\"\"", "invalid send: expected a text that is not empty, found \"\"\"\""},
        {"expect=\"\\q\"", "invalid expect: expected \\\\, \\\", \\n, \\r, \\t, \\0 or \\xHH behind a "
                           "backslash, found \"\"\\q\"\""},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text = g_strdup_printf(HEAD "\t%s\n", rows[i].line);
        unsigned column = (unsigned)(strchr(rows[i].line, '=') - rows[i].line) + 3;
        char *message = g_strdup_printf("f:3:%u: %s\n", column, rows[i].message);

        assert_null(parse(text, message));
        g_free(message);
        g_free(text);
    }
}

static void what_has_no_effect_is_named(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {PLAIN "\tverify=none\n\texpectstatus=200\n\tsend=\"x\"\n",
         "f:1: warning: verify, cafile or sni without effect: no part of a check of service smtp\n"
         "f:1: warning: expectstatus, header or body without effect: no part of a check of service "
         "smtp\n"
         "f:1: warning: send or expect without effect: no part of a check of service smtp\n"},
        {HEAD "\tbody=\"\"\n\thttpmethod=HEAD\n",
         "f:1: warning: httpmethod = HEAD without effect: a body is sent with POST\n"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ld_config *config = parse(rows[i].text, rows[i].message);

        assert_non_null(config);
        ld_config_free(config);
    }
    assert_null(parse(PLAIN "\tservice=sendexpect\n\tprotocol=udp\n\texpect=\"x\"\n",
                      "f:1: service = sendexpect: expected send, for over udp nobody speaks first\n"));
}

static void checkvip_wants_a_connection_to_an_address(void **state)
{
    struct ld_config *config = parse(PLAIN "\tchecktype=connect\n\tcheckvip=yes\n", "");

    (void)state;
    assert_true(((const struct ld_service *)config->services->pdata[0])->checkvip);
    ld_config_free(config);
    assert_null(parse(PLAIN "\tcheckvip=yes\n",
                      "f:1: checkvip: expected checktype = connect or a number\n"));
    assert_null(parse("virtual=7\n\treal=10.1.0.1:25 gate\n\tchecktype=connect\n\tcheckvip=yes\n",
                      "f:1: checkvip: expected a service of tcp at an address\n"));
    config = parse("virtual6=[fd00::1]:25\n\treal6=[fd00::2]:25 gate\n\tchecktype=connect\n\tcheckvip=yes\n", "");
    assert_true(((const struct ld_service *)config->services->pdata[0])->checkvip);
    ld_config_free(config);
}

/* A file of old with one of these ports asked nothing, and goes on so. */
static void our_services_are_never_chosen_by_a_port(void **state)
{
    struct ld_config *config = parse(
        "virtual=10.0.0.1:6379\n\treal=10.1.0.1:6379 gate\n",
        "f:1:9: warning: real servers of tcp:10.0.0.1:6379 are not checked, but taken to be up: expected "
        "service = NAME or checktype = connect, found neither, and no service has this port\n");
    const struct ld_service *service = config->services->pdata[0];

    (void)state;
    assert_int_equal(service->app, LD_APP_NONE);
    ld_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_what_is_asked),
        cmocka_unit_test(without_a_word_all_is_as_ever),
        cmocka_unit_test(a_block_is_heard_before_the_file),
        cmocka_unit_test(what_is_wrong_is_told_with_what_would_be_right),
        cmocka_unit_test(what_has_no_effect_is_named),
        cmocka_unit_test(checkvip_wants_a_connection_to_an_address),
        cmocka_unit_test(our_services_are_never_chosen_by_a_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
