/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldirectord/core/probe: from configuration to question; which questions are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "ldirectord/core/probe.h"
#include "tests/fakes/fake_director.h"

/* One service with one real server, to be changed by the case. */
struct subject {
    struct ld_config *config;
    struct ld_service *service;
    struct ld_real *real;
};

static struct subject subject(const char *addr, uint16_t port)
{
    struct subject one = {.config = ld_config_new()};

    one.service = fake_service(one.config, addr, port);
    one.real = fake_real(one.service, "10.1.0.1", 80, LD_MASQ, 1);
    one.service->checktimeout_ms = 2000;
    one.service->negotiatetimeout_ms = 4000;
    one.service->checkcount = 3;
    return one;
}

static struct ld_question *ask(const struct subject *one)
{
    return ld_question_new(one->service, one->real);
}

static void each_checktype_asks_in_its_way(void **state)
{
    static const struct {
        enum ld_checktype type;
        enum ld_protocol protocol;
        enum ld_checktype asked; /* LD_CHECKTYPE_COUNT: nothing */
        uint64_t timeout_ms;
    } rows[] = {
        {LD_CHECK_NEGOTIATE, LD_TCP, LD_CHECK_NEGOTIATE, 4000},
        {LD_CHECK_CONNECT, LD_TCP, LD_CHECK_CONNECT, 2000},
        {LD_CHECK_CONNECT, LD_FWM, LD_CHECK_CONNECT, 2000},
        {LD_CHECK_CONNECT, LD_UDP, LD_CHECK_PING, 6000},
        {LD_CHECK_PING, LD_TCP, LD_CHECK_PING, 6000},
        {LD_CHECK_EXTERNAL, LD_TCP, LD_CHECK_EXTERNAL, 2000},
        {LD_CHECK_EXTERNAL_PERL, LD_TCP, LD_CHECK_EXTERNAL_PERL, 2000},
        {LD_CHECK_ON, LD_TCP, LD_CHECKTYPE_COUNT, 0},
        {LD_CHECK_OFF, LD_TCP, LD_CHECKTYPE_COUNT, 0},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct subject one = subject("10.0.0.1", 80);
        struct ld_question *question;

        one.service->checktype = rows[i].type;
        one.service->id.protocol = rows[i].protocol;
        question = ask(&one);
        assert_int_equal(question != NULL, rows[i].asked != LD_CHECKTYPE_COUNT);
        if (question) {
            assert_int_equal(ld_question_probe(question)->type, rows[i].asked);
            assert_int_equal(ld_question_probe(question)->timeout_ms, rows[i].timeout_ms);
        }
        ld_question_free(question);
        ld_config_free(one.config);
    }
}

static void service_none_asks_nothing_and_combined_with_it_connects(void **state)
{
    struct subject one = subject("10.0.0.1", 9999);
    struct ld_question *question;

    (void)state;
    assert_null(ask(&one));
    one.service->checktype = LD_CHECK_COMBINED;
    assert_null(ask(&one));
    one.service->combined_connects = 4;
    question = ask(&one);
    assert_int_equal(ld_question_probe(question)->type, LD_CHECK_CONNECT);
    ld_question_answered(question, LD_L4CON);
    assert_int_equal(ld_question_probe(question)->type, LD_CHECK_CONNECT);
    ld_question_free(question);
    ld_config_free(one.config);
}

static void the_port_asked_is_the_first_that_is_known(void **state)
{
    static const struct {
        uint16_t checkport, real, virtual, asked;
        enum ld_app app;
    } rows[] = {
        {8080, 80, 443, 8080, LD_APP_HTTP}, {0, 81, 443, 81, LD_APP_HTTP},
        {0, 0, 8443, 80, LD_APP_HTTP},      {0, 0, 9999, 9999, LD_APP_SIMPLETCP},
        {0, 0, 0, 0, LD_APP_SIMPLETCP},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct subject one = subject("10.0.0.1", rows[i].virtual);
        struct ld_question *question;

        one.service->checkport = rows[i].checkport;
        one.service->app = rows[i].app;
        one.real->port = rows[i].real;
        question = ask(&one);
        assert_int_equal(ld_question_probe(question)->port, rows[i].asked);
        ld_question_free(question);
        ld_config_free(one.config);
    }
}

static void assert_shared(const struct subject *a, const struct subject *b, bool shared)
{
    struct ld_question *one = ask(a), *other = ask(b);

    assert_int_equal(ld_question_equal(one, other), shared);
    if (shared)
        assert_int_equal(ld_question_hash(one), ld_question_hash(other));
    ld_question_free(one);
    ld_question_free(other);
}

static void what_is_asked_alike_is_one_question(void **state)
{
    struct subject a = subject("10.0.0.1", 80), b = subject("10.0.0.2", 80);

    (void)state;
    b.real->weight = 7; /* says nothing about the question */
    b.real->method = LD_GATE;
    b.service->failurecount = 9;
    assert_shared(&a, &b, true);
    b.service->virtualhost = g_strdup("x");
    assert_shared(&a, &b, false);
    a.service->virtualhost = g_strdup("x");
    assert_shared(&a, &b, true);
    b.service->http_head = true;
    assert_shared(&a, &b, false);
    a.service->http_head = true;
    b.real->receive = g_strdup("y");
    assert_shared(&a, &b, false);
    a.real->receive = g_strdup("y");
    b.service->negotiatetimeout_ms = 5000;
    assert_shared(&a, &b, false);
    b.service->negotiatetimeout_ms = 4000;
    assert_shared(&a, &b, true);
    b.service->checkinterval_ms = 1000;
    assert_shared(&a, &b, false);
    b.service->checkinterval_ms = a.service->checkinterval_ms;
    b.real->port = 81;
    assert_shared(&a, &b, false);
    ld_config_free(a.config);
    ld_config_free(b.config);
}

/* Who may not log in is not answered by who may. */
static void other_credentials_are_another_question(void **state)
{
    struct subject a = subject("10.0.0.1", 110), b = subject("10.0.0.2", 110);
    char **slots[][2] = {{&a.service->login, &b.service->login},
                         {&a.service->passwd, &b.service->passwd},
                         {&a.service->database, &b.service->database},
                         {&a.service->secret, &b.service->secret}};

    (void)state;
    a.service->app = b.service->app = LD_APP_POP;
    for (size_t i = 0; i < G_N_ELEMENTS(slots); i++) {
        *slots[i][0] = g_strdup("x");
        assert_shared(&a, &b, false);
        *slots[i][1] = g_strdup("x");
        assert_shared(&a, &b, true);
    }
    a.service->app = b.service->app = LD_APP_HTTP; /* which does not use them */
    g_free(a.service->login);
    a.service->login = NULL;
    assert_shared(&a, &b, true);
    ld_config_free(a.config);
    ld_config_free(b.config);
}

/* What one may not trust another may; and where the service does not look at it, nothing changes. */
static void other_terms_are_another_question(void **state)
{
    struct subject a = subject("10.0.0.1", 443), b = subject("10.0.0.2", 443);
    char **slots[][2] = {{&a.service->terms.cafile, &b.service->terms.cafile},
                         {&a.service->terms.sni, &b.service->terms.sni},
                         {&a.service->terms.expectstatus, &b.service->terms.expectstatus},
                         {&a.service->terms.headers, &b.service->terms.headers},
                         {&a.service->terms.body, &b.service->terms.body}};
    char **talk[][2] = {{&a.service->terms.send, &b.service->terms.send},
                        {&a.service->terms.expect, &b.service->terms.expect}};

    (void)state;
    a.service->app = b.service->app = LD_APP_HTTPS;
    for (size_t i = 0; i < G_N_ELEMENTS(slots); i++) {
        *slots[i][0] = g_strdup("x");
        assert_shared(&a, &b, false);
        *slots[i][1] = g_strdup("x");
        assert_shared(&a, &b, true);
    }
    b.service->terms.verify = LD_VERIFY_NONE;
    assert_shared(&a, &b, false);
    b.service->terms.verify = LD_VERIFY_USUAL;
    for (size_t i = 0; i < G_N_ELEMENTS(talk); i++) {
        *talk[i][0] = g_strdup("x");
        assert_shared(&a, &b, true);
        a.service->app = b.service->app = LD_APP_SENDEXPECT;
        assert_shared(&a, &b, false);
        *talk[i][1] = g_strdup("x");
        assert_shared(&a, &b, true);
        a.service->app = b.service->app = LD_APP_HTTPS;
    }
    ld_config_free(a.config);
    ld_config_free(b.config);
}

static void texts_that_run_together_are_not_the_same_question(void **state)
{
    struct subject a = subject("10.0.0.1", 80), b = subject("10.0.0.2", 80);

    (void)state;
    a.real->request = g_strdup("/a|1:b");
    a.real->receive = g_strdup("c");
    b.real->request = g_strdup("/a");
    b.real->receive = g_strdup("b|1:c");
    assert_shared(&a, &b, false);
    ld_config_free(a.config);
    ld_config_free(b.config);
}

/* Its arguments name the virtual service. */
static void an_external_check_belongs_to_its_service(void **state)
{
    struct subject a = subject("10.0.0.1", 80), b = subject("10.0.0.2", 80);
    struct ld_question *question;

    (void)state;
    a.service->checktype = b.service->checktype = LD_CHECK_EXTERNAL;
    assert_shared(&a, &b, false);
    question = ask(&a);
    assert_string_equal(ld_question_probe(question)->command, "/bin/true");
    assert_int_equal(ld_question_probe(question)->real_port, 80);
    ld_question_free(question);
    ld_config_free(a.config);
    ld_config_free(b.config);
}

static void checkvip_asks_the_virtual_address_by_way_of_each_server(void **state)
{
    struct subject a = subject("10.0.0.1", 8080), b = subject("10.0.0.2", 8080);
    struct ld_question *question;

    (void)state;
    a.service->checktype = b.service->checktype = LD_CHECK_CONNECT;
    a.service->checkvip = b.service->checkvip = true;
    assert_shared(&a, &b, true); /* masq: to the real server, as ever */
    a.real->method = b.real->method = LD_GATE;
    assert_shared(&a, &b, false);
    question = ask(&a);
    assert_int_equal(ld_question_probe(question)->path, LD_PATH_GATE);
    assert_int_equal(ld_question_probe(question)->port, 8080); /* not the real server's 80 */
    ld_question_free(question);
    ld_config_free(b.config);
    b = subject("10.0.0.1", 8080);
    b.service->checktype = LD_CHECK_CONNECT;
    b.service->checkvip = true;
    b.real->method = LD_IPIP;
    assert_shared(&a, &b, false);
    b.real->method = LD_GATE;
    assert_shared(&a, &b, true);
    ld_config_free(b.config);
    b = subject("fd00::1", 8080);
    b.service->checktype = LD_CHECK_CONNECT;
    b.service->checkvip = true;
    b.real->method = LD_IPIP;
    question = ask(&b);
    assert_int_equal(ld_question_probe(question)->path, LD_PATH_IPIP);
    ld_question_free(question);
    ld_config_free(a.config);
    ld_config_free(b.config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_checktype_asks_in_its_way),
        cmocka_unit_test(service_none_asks_nothing_and_combined_with_it_connects),
        cmocka_unit_test(the_port_asked_is_the_first_that_is_known),
        cmocka_unit_test(what_is_asked_alike_is_one_question),
        cmocka_unit_test(other_credentials_are_another_question),
        cmocka_unit_test(other_terms_are_another_question),
        cmocka_unit_test(checkvip_asks_the_virtual_address_by_way_of_each_server),
        cmocka_unit_test(texts_that_run_together_are_not_the_same_question),
        cmocka_unit_test(an_external_check_belongs_to_its_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
