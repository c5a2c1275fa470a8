/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sip checks against made-up servers on loopback, over UDP and TCP. */
#include "tests/unit/check_manners.h"

#include <stdio.h>
#include <unistd.h>

static const char *says; /* %s: Call-ID and CSeq of the request */

/* The first line that begins so, its end included. */
static char *line_of(const char *text, const char *begin)
{
    const char *line = strstr(text, begin);
    const char *feed = line != NULL ? strchr(line, '\n') : NULL;

    return feed != NULL ? g_strndup(line, (gsize)(feed + 1 - line)) : g_strdup("");
}

static size_t answer(const uint8_t *asked, size_t length, uint8_t *out, size_t size)
{
    char *text = g_strndup((const char *)asked, length);
    char *call = line_of(text, "Call-ID:"), *number = line_of(text, "CSeq:");
    char *ours = g_strconcat(call, number, NULL);
    char **parts = g_strsplit(says, "%s", -1);
    char *all = g_strjoinv(ours, parts);
    size_t used = strstr(text, "\r\n\r\n") != NULL ? strlen(all) : 0;

    if (used <= size)
        memcpy(out, all, used);
    g_free(all);
    g_strfreev(parts);
    g_free(ours);
    g_free(number);
    g_free(call);
    g_free(text);
    return used <= size ? used : 0;
}

static const struct fake_talk over_udp = {.type = SOCK_DGRAM, .answer = answer};
static const struct fake_talk over_tcp = {.answer = answer, .tone = STAYS};

#define OK "SIP/2.0 200 OK\r\n%s\r\n"

static struct ld_probe probe_of(enum ld_protocol protocol)
{
    struct ld_probe probe = negotiate_probe(LD_APP_SIP, protocol);

    probe.login = "joe@example.com";
    return probe;
}

static void the_final_answer_decides(void **state)
{
    static const struct {
        const char *says;
        enum ld_verdict udp, tcp;
    } rows[] = {
        {OK, LD_L7OK, LD_L7OK},
        {"SIP/2.0 200 Alles gut\r\n%sContent-Length: 5\r\n\r\nhello", LD_L7OK, LD_L7OK},
        {"SIP/2.0 404 Not here\r\n%s\r\n", LD_L7STS, LD_L7STS},
        {"SIP/2.0 503 Busy\r\n%s\r\n", LD_L7STS, LD_L7STS},
        {"HTTP/1.1 200 OK\r\n%s\r\n", LD_L7RSP, LD_L7RSP},
        {"SIP/2.0 200 OK\r\n%s", LD_L7RSP, LD_L7TOUT},
        /* Not the last, then not ours. */
        {"SIP/2.0 100 Trying\r\n%s\r\n", LD_L7TOUT, LD_L7TOUT},
        {"SIP/2.0 200 OK\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n", LD_L7TOUT, LD_L7TOUT},
        /* Several in a stream. */
        {"SIP/2.0 100 Trying\r\n%sContent-Length: 2\r\n\r\nhm" OK, LD_L7TOUT, LD_L7OK},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ld_probe udp = probe_of(LD_UDP), tcp = probe_of(LD_TCP);

        says = rows[i].says;
        if (rows[i].udp == LD_L7TOUT)
            udp.timeout_ms = 200;
        if (rows[i].tcp == LD_L7TOUT)
            tcp.timeout_ms = 200;
        assert_told(udp, &over_udp, rows[i].udp);
        assert_told(tcp, &over_tcp, rows[i].tcp);
    }
}

static void a_lost_request_is_sent_again(void **state)
{
    struct fake_talk talk = over_udp;

    (void)state;
    says = OK;
    talk.deaf_to = 1;
    assert_told(probe_of(LD_UDP), &talk, LD_L7OK);
}

static void without_a_login_it_is_ldirectord_of_this_machine(void **state)
{
    struct ld_probe probe = probe_of(LD_UDP);
    struct fake_talker talker;
    char *heard, *expected;

    (void)state;
    says = OK;
    probe.login = NULL;
    g_setenv("HOSTNAME", "lb7.example.com", TRUE);
    fake_talker_start(&talker, &over_udp);
    probe.port = talker.port;
    assert_verdict(ask(&probe, NULL), LD_L7OK);
    heard = fake_talker_heard(&talker);
    expected = g_strdup("OPTIONS sip:ldirectord@lb7.example.com SIP/2.0\r\n"
                        "Via: SIP/2.0/UDP 127.0.0.1:");
    assert_true(g_str_has_prefix(heard, expected));
    g_free(expected);
    g_free(heard);
    fake_talker_stop(&talker);
}

static void bad_manners_are_borne(void **state)
{
    (void)state;
    says = OK;
    assert_bears_bad_manners(probe_of(LD_UDP), &over_udp, "rubbish", LD_L7RSP);
    assert_bears_bad_manners(probe_of(LD_TCP), &over_tcp, "rubbish", LD_L7RSP);
    /* Right words, but never an end to them. */
    assert_bears_bad_manners(probe_of(LD_TCP), &over_tcp, "SIP/2.0 200 OK ", LD_L7RSP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_final_answer_decides),
        cmocka_unit_test(a_lost_request_is_sent_again),
        cmocka_unit_test(without_a_login_it_is_ldirectord_of_this_machine),
        cmocka_unit_test(bad_manners_are_borne),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
