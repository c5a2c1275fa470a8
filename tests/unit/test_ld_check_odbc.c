/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * odbc checks through real drivers: sqlite's for what is asked, postgresql's for a server that is not
 * there, says nothing, or says nothing sensible.
 */
#include "tests/unit/check_manners.h"

#include <stdlib.h>
#include <unistd.h>

#include "ldirectord/check/odbc_text.h"

static char *folder, *source;

static struct ld_probe odbc_probe(const char *request)
{
    struct ld_probe probe = negotiate_probe(LD_APP_ODBC, LD_TCP);

    probe.port = 1;
    probe.timeout_ms = 20000;
    probe.request = request;
    probe.database = source;
    return probe;
}

static void a_row_or_a_changed_one_is_success(void **state)
{
    static const struct {
        const char *request;
        enum ld_verdict expected;
    } rows[] = {
        {"/create table t (a int)", LD_L7STS}, /* done, but no row */
        {"/select a from t", LD_L7STS},
        {"/insert into t values (7)", LD_L7OK},
        {"/select a from t", LD_L7OK},
        {"/select a\nfrom t", LD_L7OK},
        {"/update t set a = 8 where a = 9", LD_L7STS},
        {"/update t set a = 8", LD_L7OK},
        {"/delete from t", LD_L7OK},
        {"/select a from nosuch", LD_L7STS},
        {"/no SQL at all", LD_L7STS},
        {"/", LD_L7STS},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ld_probe probe = odbc_probe(rows[i].request);
        char *detail = NULL;
        enum ld_verdict found = ask(&probe, &detail);

        if (found != rows[i].expected)
            fail_msg("%s gave %s (%s)", rows[i].request, ld_verdict_code(found), detail);
        g_free(detail);
    }
}

static void what_the_driver_says_is_told(void **state)
{
    struct ld_probe probe = odbc_probe("/select a from nosuch");
    char *detail;

    (void)state;
    assert_verdict(ask(&probe, &detail), LD_L7STS);
    assert_non_null(strstr(detail, "nosuch"));
    g_free(detail);
}

static void a_source_or_program_that_is_not_there_says_nothing_about_the_server(void **state)
{
    struct ld_probe probe = odbc_probe("/select 1");

    (void)state;
    probe.database = "nosuchsource";
    assert_verdict(ask(&probe, NULL), LD_INTERNAL);
    probe.database = "Driver={No Such Driver};Server=%h";
    assert_verdict(ask(&probe, NULL), LD_INTERNAL);
    probe.app = LD_APP_ORACLE;
    probe.login = "scott";
    probe.database = "ORCL"; /* Oracle's own driver is not here */
    assert_verdict(ask(&probe, NULL), LD_INTERNAL);
    probe.login = NULL;
    assert_verdict(ask(&probe, NULL), LD_L7STS);
    probe = odbc_probe("/select 1");
    probe.database = "DSN=a\nb";
    assert_verdict(ask(&probe, NULL), LD_INTERNAL);
}

static void a_server_that_does_not_serve_is_never_up_and_never_late(void **state)
{
    struct ld_probe probe = odbc_probe("/select 1");
    struct fake_talk talk = {.text = "no database\n"};
    struct fake_server deaf;

    (void)state;
    probe.database = "Driver={PostgreSQL Unicode};Server=%h;Port=%p;Database=x;SSLMode=disable";
    probe.login = "u";
    probe.passwd = "p";
    probe.port = fake_server_closed_port(AF_INET);
    assert_verdict(ask(&probe, NULL), LD_L4CON);
    assert_told(probe, &talk, LD_L4CON); /* 08001, as the driver puts it */
    talk.tone = HANGS_UP;
    assert_told(probe, &talk, LD_L4CON);
    probe.timeout_ms = 1500;
    talk.tone = MUTE;
    assert_told(probe, &talk, LD_L7TOUT);
    talk.tone = DRIPS;
    talk.text = "R\0\0\0\x40" "the beginning of a long one";
    talk.length = 30;
    assert_told(probe, &talk, LD_L7TOUT);
    fake_server_start(&deaf, AF_INET, FAKE_DEAF, NULL);
    probe.port = deaf.port;
    assert_verdict(ask(&probe, NULL), LD_L7TOUT);
    fake_server_stop(&deaf);
}

static void assert_connection(enum ld_app app, const char *database, const char *login,
                              const char *passwd, const char *expected)
{
    struct ld_probe probe = negotiate_probe(app, LD_TCP);
    char *text;

    probe.port = 1521;
    probe.database = database;
    probe.login = login;
    probe.passwd = passwd;
    text = ld_odbc_connection(&probe);
    assert_string_equal(text, expected);
    g_free(text);
}

static void the_connection_string_is_made_of_what_is_configured(void **state)
{
    (void)state;
    assert_connection(LD_APP_ODBC, "sales", NULL, NULL, "DSN=sales");
    assert_connection(LD_APP_ODBC, "sales", "u", "p", "DSN=sales;UID=u;PWD=p");
    assert_connection(LD_APP_ODBC, "Driver=x;Server=%h;Port=%p;", "u", NULL,
                      "Driver=x;Server=127.0.0.1;Port=1521;UID=u");
    assert_connection(LD_APP_ODBC, "Driver=x;a=100%%;b=%z;c=%", NULL, "a};b={",
                      "Driver=x;a=100%;b=%z;c=%;PWD={a}};b={}");
    assert_connection(LD_APP_ORACLE, "ORCL", "u", "p",
                      "Driver={Oracle};DBQ=//127.0.0.1:1521/ORCL;UID=u;PWD=p");
    assert_connection(LD_APP_ORACLE, "Driver=x;DBQ=%h", "u", NULL,
                      "Driver=x;DBQ=127.0.0.1;UID=u");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_or_a_changed_one_is_success),
        cmocka_unit_test(what_the_driver_says_is_told),
        cmocka_unit_test(a_source_or_program_that_is_not_there_says_nothing_about_the_server),
        cmocka_unit_test(a_server_that_does_not_serve_is_never_up_and_never_late),
        cmocka_unit_test(the_connection_string_is_made_of_what_is_configured),
    };
    int failed;
    char *clean;

    alarm(120);
    g_setenv("HEARTH_ODBC_ASK", TOP_BUILDDIR "/ldirectord/odbc_ask", TRUE);
    folder = g_dir_make_tmp("odbc-XXXXXX", NULL);
    source = g_strdup_printf("Driver={SQLite3};Database=%s/data", folder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    clean = g_strdup_printf("rm -rf '%s'", folder);
    (void)!system(clean);
    g_free(clean);
    g_free(source);
    g_free(folder);
    return failed;
}
