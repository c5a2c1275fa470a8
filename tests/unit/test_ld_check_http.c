/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP checks against real servers on loopback, well-behaved and not. */
#include "tests/unit/check_trial.h"

#include <sys/resource.h>
#include <unistd.h>

#include "tests/fakes/fake_server.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static struct ld_probe http_probe(int family, uint16_t port)
{
    return (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .app = LD_APP_HTTP, .port = port,
                             .addr = loopback_of(family), .timeout_ms = 5000,
                             .request = "/test.html"};
}

/* The two ways to ask, which must agree: over a socket of our own, and by libcurl, which has to deal
 * with what is left out of a request. Both send the same. */
static const char *const ways[] = {"/test.html", "/test.html#left-out"};

static enum ld_verdict ask_in_way(const char *request, enum fake_manner manner, const char *text,
                                  const char *receive, char **detail)
{
    struct fake_server server;
    struct ld_probe probe;
    enum ld_verdict verdict;

    fake_server_start(&server, AF_INET, manner, text);
    probe = http_probe(AF_INET, server.port);
    probe.request = request;
    probe.receive = receive;
    if (manner != FAKE_ANSWERS && manner != FAKE_FLOODS)
        probe.timeout_ms = 1000;
    verdict = ask(&probe, detail);
    fake_server_stop(&server);
    return verdict;
}

static enum ld_verdict ask_server(enum fake_manner manner, const char *text, const char *receive,
                                  char **detail)
{
    return ask_in_way(ways[0], manner, text, receive, detail);
}

static void answers_are_judged_by_status_and_body(void **state)
{
    static const struct {
        const char *text, *receive;
        enum ld_verdict expected;
    } cases[] = {
        {OK_HEAD "Content-Length: 4\r\n\r\nfake", "fake", LD_L7OK},
        {OK_HEAD "Content-Length: 4\r\n\r\nfake", NULL, LD_L7OK},
        {OK_HEAD "Content-Length: 4\r\n\r\nfake", "f.k[e]$", LD_L7OK},
        {OK_HEAD "Content-Length: 4\r\n\r\nfake", "ake$", LD_L7OK},
        {OK_HEAD "Content-Length: 4\r\n\r\nfake", "^ake", LD_L7MATCH},
        {OK_HEAD "Content-Length: 4\r\n\r\nfake", "real", LD_L7MATCH},
        {OK_HEAD "Content-Length: 9\r\n\r\nx\nfake\nyz", "^fake", LD_L7MATCH},
        {OK_HEAD "Content-Length: 9\r\n\r\nx\nfake\nyz", "(?m)^fake$", LD_L7OK},
        {OK_HEAD "Content-Length: 40\r\n\r\nfake", "fake", LD_L7OK},
        {OK_HEAD "\r\nuntil the end: fake", "fake", LD_L7OK},
        {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nfa\r\n2\r\nke\r\n0\r\n\r\n", "fake",
         LD_L7OK},
        {OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nfake", "fake", LD_L7OK},
        {"HTTP/1.1 204 No Content\r\n\r\n", NULL, LD_L7OK},
        {"HTTP/1.1 100 Continue\r\n\r\n" OK_HEAD "Content-Length: 4\r\n\r\nfake", "fake", LD_L7OK},
        {"HTTP/1.0 200 OK\r\n\r\nfake", "fake", LD_L7OK},
        {"fake as it was in 1991", "fake", LD_L7OK},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nfake", "fake", LD_L7STS},
        {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", NULL, LD_L7STS},
        {"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nfake", "fake", LD_L7STS},
        {"HTTP/1.1 304 Not Modified\r\n\r\n", NULL, LD_L7STS},
        {"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", NULL, LD_L7STS},
        {"HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n", NULL, LD_L7STS},
        {"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", NULL, LD_L7STS},
    };

    (void)state;
    for (unsigned n = 0; n < 2 * G_N_ELEMENTS(cases); n++) {
        unsigned i = n / 2;
        enum ld_verdict found = ask_in_way(ways[n % 2], FAKE_ANSWERS, cases[i].text,
                                           cases[i].receive, NULL);
        if (found != cases[i].expected)
            print_message("case %u: %s, receive %s\n", i, cases[i].text, cases[i].receive);
        assert_verdict(found, cases[i].expected);
    }
}

static void bad_manners_end_in_the_verdict_that_names_them(void **state)
{
    static const struct {
        enum fake_manner manner;
        const char *text, *receive;
        enum ld_verdict expected;
    } cases[] = {
        {FAKE_SILENT, NULL, NULL, LD_L7TOUT},
        {FAKE_DRIPS, OK_HEAD "Content-Length: 4\r\n\r\nfake", "fake", LD_L7TOUT},
        {FAKE_HANGS_UP, NULL, NULL, LD_L7RSP},
        {FAKE_STALLS, OK_HEAD "Content-Length: 40\r\n\r\nfake", "fake", LD_L7TOUT},
        {FAKE_STALLS, OK_HEAD "Content-Length: 40\r\n\r\n", NULL, LD_L7TOUT},
        {FAKE_STALLS, "HTTP/1.1 503 No\r\nContent-Length: 40\r\n\r\nx", NULL, LD_L7STS},
        {FAKE_DEAF, NULL, NULL, LD_L4TOUT},
        {FAKE_FLOODS, OK_HEAD "Content-Length: 1000000000000\r\n\r\nfake", "fake", LD_L7OK},
        {FAKE_FLOODS, OK_HEAD "Content-Length: 1000000000000\r\n\r\nfake", "real", LD_L7MATCH},
        {FAKE_FLOODS, OK_HEAD "X-Long: ", NULL, LD_L7RSP},
    };

    (void)state;
    for (unsigned n = 0; n < 2 * G_N_ELEMENTS(cases); n++) {
        unsigned i = n / 2;
        enum ld_verdict found = ask_in_way(ways[n % 2], cases[i].manner, cases[i].text,
                                           cases[i].receive, NULL);
        if (found != cases[i].expected)
            print_message("case %u\n", i);
        assert_verdict(found, cases[i].expected);
    }
}

/* Whatever it says it will send, and however long it goes on. */
static void what_a_server_says_without_end_is_not_kept(void **state)
{
    static const struct {
        const char *text, *receive;
        enum ld_verdict expected;
    } rows[] = {
        {OK_HEAD "Content-Length: 1000000000000\r\n\r\n", "real", LD_L7MATCH},
        {OK_HEAD "\r\n", "real", LD_L7MATCH},
        {OK_HEAD "X-Long: ", NULL, LD_L7RSP},
        {"HTTP/1.1 302 Found\r\nLocation: /", NULL, LD_L7RSP},
        {"HTTP/1.1 503 ", NULL, LD_L7RSP},
        {"SPDY ", "real", LD_L7MATCH},
    };
    struct rusage before, after;

    (void)state;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    for (unsigned i = 0; i < 4 * G_N_ELEMENTS(rows); i++) {
        unsigned row = i % G_N_ELEMENTS(rows);
        enum ld_verdict found = ask_server(FAKE_FLOODS, rows[row].text, rows[row].receive, NULL);

        if (found != rows[row].expected)
            print_message("row %u\n", row);
        assert_verdict(found, rows[row].expected);
    }
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_true(after.ru_maxrss - before.ru_maxrss < 128 << 10); /* KiB; sanitizers keep some */
}

static void a_refused_connection_is_told_apart_from_a_bad_answer(void **state)
{
    struct ld_probe probe = http_probe(AF_INET, fake_server_closed_port(AF_INET));

    (void)state;
    assert_verdict(ask(&probe, NULL), LD_L4CON);
}

static void the_status_is_named(void **state)
{
    char *detail;

    (void)state;
    assert_verdict(ask_server(FAKE_ANSWERS, "HTTP/1.1 503 Busy\r\n\r\n", NULL, &detail), LD_L7STS);
    assert_string_equal(detail, "HTTP status 503");
    g_free(detail);
    assert_verdict(ask_server(FAKE_ANSWERS, "HTTP/1.1 204 Nothing\r\n\r\n", NULL, &detail), LD_L7OK);
    assert_string_equal(detail, "HTTP status 204");
    g_free(detail);
    assert_verdict(ask_server(FAKE_ANSWERS, "HTTP/1.1 200 Fine\r\n\r\n", NULL, &detail), LD_L7OK);
    assert_null(detail); /* as usual */
}

static void assert_heard(struct fake_server *server, const char *expected)
{
    char *heard = fake_server_heard(server);

    if (strstr(heard, expected) == NULL)
        fail_msg("expected \"%s\" in:\n%s", expected, heard);
    g_free(heard);
}

static void the_host_header_is_the_address_or_virtualhost(void **state)
{
    struct fake_server server;
    struct ld_probe probe;

    (void)state;
    fake_server_start(&server, AF_INET, FAKE_ANSWERS, OK_HEAD "\r\n");
    probe = http_probe(AF_INET, server.port);
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    assert_heard(&server, "GET /test.html HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    probe.virtualhost = "www.x.y.z";
    probe.http_head = true;
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    assert_heard(&server, "HEAD /test.html HTTP/1.1\r\nHost: www.x.y.z\r\n");
    fake_server_stop(&server);

    fake_server_start(&server, AF_INET6, FAKE_ANSWERS, OK_HEAD "\r\n");
    probe = http_probe(AF_INET6, server.port);
    probe.request = "/a b?c=<d>#e";
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    assert_heard(&server, "GET /a%20b?c=%3Cd%3E HTTP/1.1\r\nHost: [::1]\r\n");
    fake_server_stop(&server);
}

static void both_ways_send_the_same_bytes(void **state)
{
    static const struct {
        int family;
        const char *virtualhost;
        bool head;
    } rows[] = {{AF_INET, NULL, false}, {AF_INET6, NULL, true}, {AF_INET, "www.x.y.z:81", false}};
    char *heard[2];

    (void)state;
    for (unsigned n = 0; n < 2 * G_N_ELEMENTS(rows); n++) {
        struct fake_server server;
        struct ld_probe probe;

        fake_server_start(&server, rows[n / 2].family, FAKE_ANSWERS, OK_HEAD "\r\n");
        probe = http_probe(rows[n / 2].family, server.port);
        probe.request = ways[n % 2];
        probe.virtualhost = rows[n / 2].virtualhost;
        probe.http_head = rows[n / 2].head;
        assert_verdict(ask(&probe, NULL), LD_L7OK);
        heard[n % 2] = fake_server_heard(&server);
        fake_server_stop(&server);
        if (n % 2 == 0)
            continue;
        assert_string_equal(heard[0], heard[1]);
        g_free(heard[0]);
        g_free(heard[1]);
    }
}

/* Something that nobody says every day: libcurl has the last word, and asks once more for it. */
static void an_odd_answer_is_asked_for_again_and_a_usual_one_is_not(void **state)
{
    static const struct {
        const char *text;
        unsigned requests;
    } rows[] = {
        {OK_HEAD "Content-Length: 4\r\n\r\nfake", 1},
        {OK_HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\nfake\r\n0\r\n\r\n", 1},
        {"HTTP/1.0 200 OK\r\n\r\nfake", 1},
        {"fake as it was in 1991", 2},
        {"HTTP/1.1 103 Early Hints\r\n\r\n" OK_HEAD "Content-Length: 4\r\n\r\nfake", 2},
    };

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fake_server server;
        struct ld_probe probe;
        unsigned requests = 0;
        char *heard;

        fake_server_start(&server, AF_INET, FAKE_ANSWERS, rows[i].text);
        probe = http_probe(AF_INET, server.port);
        probe.receive = "fake";
        assert_verdict(ask(&probe, NULL), LD_L7OK);
        heard = fake_server_heard(&server);
        for (const char *at = heard; (at = strstr(at, "GET ")) != NULL; at++)
            requests++;
        assert_int_equal(requests, rows[i].requests);
        g_free(heard);
        fake_server_stop(&server);
    }
}

static void a_redirect_is_followed_to_another_server(void **state)
{
    struct fake_server first, second;
    struct ld_probe probe;
    char *text;

    (void)state;
    fake_server_start(&second, AF_INET, FAKE_ANSWERS, OK_HEAD "Content-Length: 4\r\n\r\nfake");
    text = g_strdup_printf("HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:%u/new\r\n"
                           "Content-Length: 4\r\n\r\ngone", second.port);
    fake_server_start(&first, AF_INET, FAKE_ANSWERS, text);
    probe = http_probe(AF_INET, first.port);
    probe.virtualhost = "www.x.y.z";
    probe.receive = "fake";
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    assert_heard(&first, "Host: www.x.y.z\r\n");
    g_free(text);
    text = g_strdup_printf("GET /new HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n", second.port);
    assert_heard(&second, text);
    g_free(text);
    fake_server_stop(&first);
    fake_server_stop(&second);
}

static void a_proxy_is_asked_for_a_whole_url(void **state)
{
    struct fake_server server;
    struct ld_probe probe;
    char *text;

    (void)state;
    fake_server_start(&server, AF_INET, FAKE_ANSWERS, OK_HEAD "Content-Length: 4\r\n\r\nfake");
    probe = http_probe(AF_INET, server.port);
    probe.app = LD_APP_HTTP_PROXY;
    probe.virtualhost = "not.looked.at";
    probe.receive = "fake";
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    text = g_strdup_printf("GET http://127.0.0.1:%u/test.html HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                           "User-Agent: ldirectord (Hearth " , server.port, server.port);
    assert_heard(&server, text);
    g_free(text);
    probe.request = "http://www.x.y.z/a?b";
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    assert_heard(&server, "GET http://www.x.y.z/a?b HTTP/1.1\r\nHost: www.x.y.z\r\n");
    probe.request = "/http://www.x.y.z/c"; /* as a request of the virtual service comes */
    probe.http_head = true;
    probe.receive = NULL;
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    assert_heard(&server, "HEAD http://www.x.y.z/c HTTP/1.1\r\nHost: www.x.y.z\r\n");
    fake_server_stop(&server);
}

static void a_proxy_that_redirects_or_fails_is_judged_as_a_server(void **state)
{
    static const struct {
        enum fake_manner manner;
        const char *text;
        enum ld_verdict expected;
    } cases[] = {
        {FAKE_ANSWERS, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", LD_L7STS},
        {FAKE_ANSWERS, "HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n", LD_L7STS},
        {FAKE_ANSWERS, "HTTP/1.1 302 x\r\nLocation: http://x.y.z/\r\nContent-Length: 0\r\n\r\n",
         LD_L7STS}, /* to the same proxy each time: a loop */
        {FAKE_SILENT, NULL, LD_L7TOUT},
        {FAKE_DRIPS, OK_HEAD "\r\nfake", LD_L7TOUT},
        {FAKE_HANGS_UP, NULL, LD_L7RSP},
        {FAKE_DEAF, NULL, LD_L4TOUT},
        {FAKE_FLOODS, OK_HEAD "X-Long: ", LD_L7RSP},
    };

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct fake_server server;
        struct ld_probe probe;

        fake_server_start(&server, AF_INET, cases[i].manner, cases[i].text);
        probe = http_probe(AF_INET, server.port);
        probe.app = LD_APP_HTTP_PROXY;
        probe.timeout_ms = cases[i].expected == LD_L7TOUT || cases[i].expected == LD_L4TOUT ? 400
                                                                                           : 5000;
        assert_verdict(ask(&probe, NULL), cases[i].expected);
        fake_server_stop(&server);
    }
}

static void a_redirect_loop_is_left_after_seven(void **state)
{
    struct fake_server server;
    struct ld_probe probe;
    unsigned count = 0;
    char *heard;

    (void)state;
    fake_server_start(&server, AF_INET, FAKE_ANSWERS,
                      "HTTP/1.1 307 Again\r\nLocation: /test.html\r\nContent-Length: 0\r\n\r\n");
    probe = http_probe(AF_INET, server.port);
    assert_verdict(ask(&probe, NULL), LD_L7STS);
    heard = fake_server_heard(&server);
    for (char *at = heard; (at = strstr(at, "GET ")) != NULL; at++)
        count++;
    assert_int_equal(count, 8);
    g_free(heard);
    fake_server_stop(&server);
}

static void a_proxy_of_the_environment_is_not_used(void **state)
{
    char *closed = g_strdup_printf("http://127.0.0.1:%u", fake_server_closed_port(AF_INET));

    (void)state;
    g_setenv("http_proxy", closed, TRUE);
    assert_verdict(ask_server(FAKE_ANSWERS, OK_HEAD "\r\n", NULL, NULL), LD_L7OK);
    g_unsetenv("http_proxy");
    g_free(closed);
}

static void a_costly_pattern_does_not_stop_the_loop(void **state)
{
    char *text = g_strdup_printf(OK_HEAD "\r\n%01000d", 0);
    uint64_t before = (uint64_t)g_get_monotonic_time();

    (void)state;
    assert_verdict(ask_server(FAKE_ANSWERS, text, "(0+)+(0+)+(0+)+x", NULL), LD_L7MATCH);
    /* unbounded it would take longer than anybody lives */
    assert_true((uint64_t)g_get_monotonic_time() - before < 60000000);
    g_free(text);
}

static void two_thousand_silent_servers_are_all_given_up(void **state)
{
    unsigned before = open_descriptors();
    struct fake_server silent, good;
    struct ld_probe dead, alive;
    struct rlimit files;
    struct trial trial;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_true(files.rlim_cur > 2100);
    fake_server_start(&silent, AF_INET, FAKE_SILENT, NULL);
    fake_server_start(&good, AF_INET, FAKE_ANSWERS, OK_HEAD "Content-Length: 4\r\n\r\nfake");
    dead = http_probe(AF_INET, silent.port);
    dead.timeout_ms = 10000;
    alive = http_probe(AF_INET, good.port);
    alive.timeout_ms = 60000;
    alive.receive = "fake";
    trial_begin(&trial);
    trial.wanted = 2000;
    for (uint32_t id = 0; id < 2000; id++)
        ld_checks_start(trial.checks, id, id % 20 ? &dead : &alive, ha_clock_ns());
    ha_loop_run(trial.loop);
    assert_int_equal(trial.counts[LD_L7OK], 100);
    assert_int_equal(trial.counts[LD_L7TOUT], 1900);
    trial_end(&trial);
    fake_server_stop(&silent);
    fake_server_stop(&good);
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_judged_by_status_and_body),
        cmocka_unit_test(bad_manners_end_in_the_verdict_that_names_them),
        cmocka_unit_test(what_a_server_says_without_end_is_not_kept),
        cmocka_unit_test(a_refused_connection_is_told_apart_from_a_bad_answer),
        cmocka_unit_test(the_status_is_named),
        cmocka_unit_test(the_host_header_is_the_address_or_virtualhost),
        cmocka_unit_test(both_ways_send_the_same_bytes),
        cmocka_unit_test(an_odd_answer_is_asked_for_again_and_a_usual_one_is_not),
        cmocka_unit_test(a_redirect_is_followed_to_another_server),
        cmocka_unit_test(a_proxy_is_asked_for_a_whole_url),
        cmocka_unit_test(a_proxy_that_redirects_or_fails_is_judged_as_a_server),
        cmocka_unit_test(a_redirect_loop_is_left_after_seven),
        cmocka_unit_test(a_proxy_of_the_environment_is_not_used),
        cmocka_unit_test(a_costly_pattern_does_not_stop_the_loop),
        cmocka_unit_test(two_thousand_silent_servers_are_all_given_up),
    };

    alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
