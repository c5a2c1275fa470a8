/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expectstatus, header and body of an http check: what goes out, and what counts. */
#include "tests/unit/check_trial.h"

#include <unistd.h>

#include "tests/fakes/fake_server.h"

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfake"

static struct ld_probe http_probe(uint16_t port)
{
    return (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .app = LD_APP_HTTP, .port = port,
                             .addr = loopback_of(AF_INET), .timeout_ms = 5000, .request = "/x"};
}

static void the_statuses_of_the_list_are_good_and_no_others(void **state)
{
    static const struct {
        const char *text, *statuses, *receive;
        enum ld_verdict expected;
    } rows[] = {
        {"HTTP/1.1 401 x\r\nContent-Length: 4\r\n\r\nfake", "200-299,401", "fake", LD_L7OK},
        {"HTTP/1.1 401 x\r\nContent-Length: 4\r\n\r\nfake", "200-299,401", "real", LD_L7MATCH},
        {"HTTP/1.1 401 x\r\nContent-Length: 4\r\n\r\nfake", "200-299,403", "fake", LD_L7STS},
        {OK, "401", NULL, LD_L7STS},
        {OK, "200", "fake", LD_L7OK},
        {"HTTP/1.1 302 x\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "302", NULL, LD_L7OK},
        {"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", "500-599", NULL, LD_L7OK},
        {"no status at all", "200-299", NULL, LD_L7STS},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fake_server server;
        struct ld_probe probe;
        enum ld_verdict found;

        fake_server_start(&server, AF_INET, FAKE_ANSWERS, rows[i].text);
        probe = http_probe(server.port);
        probe.terms.expectstatus = (char *)rows[i].statuses;
        probe.receive = rows[i].receive;
        found = ask(&probe, NULL);
        fake_server_stop(&server);
        if (found != rows[i].expected)
            fail_msg("row %zu: %s", i, ld_verdict_code(found));
    }
}

/* What a server that says text hears from the probe, once; g_free() it. */
static char *heard_from(struct ld_probe probe, const char *text, enum ld_verdict expected)
{
    struct fake_server server;
    char *heard;

    fake_server_start(&server, AF_INET, FAKE_ANSWERS, text);
    probe.port = server.port;
    assert_verdict(ask(&probe, NULL), expected);
    heard = fake_server_heard(&server);
    fake_server_stop(&server);
    return heard;
}

static unsigned times(const char *heard, const char *text)
{
    unsigned count = 0;

    for (const char *at = heard; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

static void headers_go_out_as_they_are_and_take_the_place_of_ours(void **state)
{
    struct ld_probe probe = http_probe(0);
    char *heard;

    (void)state;
    probe.virtualhost = "not.this.one";
    probe.terms.headers =
        (char *)"X-Probe: one: two\nhost: www.x.y.z\nuser-agent: me\nX-Empty:\nAccept: a/b\n";
    heard = heard_from(probe, OK, LD_L7OK);
    assert_int_equal(times(heard, "X-Probe: one: two\r\n"), 1);
    assert_int_equal(times(heard, "X-Empty:\r\n"), 1);
    assert_int_equal(times(heard, "Host: www.x.y.z\r\n"), 1);
    assert_int_equal(times(heard, "user-agent: me\r\n"), 1);
    assert_int_equal(times(heard, "Accept: a/b\r\n"), 1);
    assert_int_equal(times(heard, "Host:"), 1);
    assert_int_equal(times(heard, "User-Agent:") + times(heard, "not.this"), 0);
    g_free(heard);
}

static void another_server_is_not_told_our_headers(void **state)
{
    struct fake_server first, second;
    struct ld_probe probe;
    char *text, *heard;

    (void)state;
    fake_server_start(&second, AF_INET, FAKE_ANSWERS, OK);
    text = g_strdup_printf("HTTP/1.1 301 x\r\nLocation: http://127.0.0.1:%u/y\r\n"
                           "Content-Length: 0\r\n\r\n", second.port);
    fake_server_start(&first, AF_INET, FAKE_ANSWERS, text);
    probe = http_probe(first.port);
    probe.terms.headers = (char *)"Authorization: Basic eDp5\n";
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    heard = fake_server_heard(&first);
    assert_int_equal(times(heard, "Authorization"), 1);
    g_free(heard);
    heard = fake_server_heard(&second);
    assert_int_equal(times(heard, "GET /y"), 1);
    assert_int_equal(times(heard, "Authorization"), 0);
    g_free(heard);
    fake_server_stop(&first);
    fake_server_stop(&second);
    g_free(text);
    /* Itself it may tell again. */
    heard = heard_from(probe, "HTTP/1.1 301 x\r\nLocation: /z\r\nContent-Length: 0\r\n\r\n",
                       LD_L7STS);
    assert_int_equal(times(heard, "Authorization"), 8);
    g_free(heard);
}

static void a_body_is_posted_once(void **state)
{
    struct ld_probe probe = http_probe(0);
    char *heard;

    (void)state;
    probe.http_head = true; /* without effect */
    probe.receive = "fake";
    probe.terms.body = (char *)"{\\\"a\\\": 1}\\r\\n";
    probe.terms.headers = (char *)"Content-Type: application/json\n";
    heard = heard_from(probe, OK, LD_L7OK);
    assert_int_equal(times(heard, "POST /x HTTP/1.1\r\n"), 1);
    assert_int_equal(times(heard, "Content-Length: 10\r\n"), 1);
    assert_int_equal(times(heard, "Content-Type:"), 1);
    assert_int_equal(times(heard, "Content-Type: application/json\r\n"), 1);
    assert_int_equal(times(heard, "Expect:"), 0);
    g_free(heard);
    probe.terms.body = (char *)"";
    heard = heard_from(probe, OK, LD_L7OK);
    assert_int_equal(times(heard, "Content-Length: 0\r\n"), 1);
    g_free(heard);
    heard = heard_from(probe, "HTTP/1.1 307 x\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
                       LD_L7STS);
    assert_int_equal(times(heard, "POST"), 1);
    g_free(heard);
}

static void a_large_body_is_sent_whole_and_without_a_question(void **state)
{
    struct ld_probe probe = http_probe(0);
    char *body = g_strnfill(40000, 'b'), *heard;

    (void)state;
    probe.terms.body = body;
    heard = heard_from(probe, OK, LD_L7OK);
    assert_int_equal(times(heard, "Content-Length: 40000\r\n"), 1);
    assert_int_equal(times(heard, "Expect"), 0);
    g_free(heard);
    g_free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_statuses_of_the_list_are_good_and_no_others),
        cmocka_unit_test(headers_go_out_as_they_are_and_take_the_place_of_ours),
        cmocka_unit_test(another_server_is_not_told_our_headers),
        cmocka_unit_test(a_body_is_posted_once),
        cmocka_unit_test(a_large_body_is_sent_whole_and_without_a_question),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
