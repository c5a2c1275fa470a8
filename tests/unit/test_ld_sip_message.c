/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sip_message: the request as text, answers whole, cut, foreign and odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "ldirectord/check/sip_message.h"

static struct ld_sip_ask ask_of(const char *local, bool tcp)
{
    struct ld_sip_ask ask = {.login = "joe@example.com", .tcp = tcp, .local_port = 5555,
                             .token = "0123456789abcdef"};

    assert_true(ha_addr_parse(&ask.local, local));
    return ask;
}

static void the_request_says_where_the_answer_goes(void **state)
{
    struct ld_sip_ask ask = ask_of("192.0.2.1", false);
    char *text = ld_sip_options(&ask);

    (void)state;
    assert_string_equal(text, "OPTIONS sip:joe@example.com SIP/2.0\r\n"
                              "Via: SIP/2.0/UDP 192.0.2.1:5555;rport;branch=z9hG4bK0123456789abcdef\r\n"
                              "Max-Forwards: 70\r\n"
                              "To: <sip:joe@example.com>\r\n"
                              "From: <sip:joe@example.com>;tag=0123456789abcdef\r\n"
                              "Call-ID: 0123456789abcdef\r\n"
                              "CSeq: 1 OPTIONS\r\n"
                              "Contact: <sip:joe@example.com>\r\n"
                              "Accept: application/sdp\r\n"
                              "Content-Length: 0\r\n\r\n");
    g_free(text);
    ask = ask_of("2001:db8::1", true);
    text = ld_sip_options(&ask);
    assert_non_null(strstr(text, "Via: SIP/2.0/TCP [2001:db8::1]:5555;"));
    g_free(text);
}

#define OURS "Call-ID: 0123456789abcdef\r\nCSeq: 1 OPTIONS\r\n"

static const struct {
    const char *text;
    enum ld_sip is;
    unsigned status;
    size_t more; /* of the body, beyond the text */
} answers[] = {
    {"SIP/2.0 200 OK\r\n" OURS "\r\n", LD_SIP_ANSWER, 200, 0},
    {"SIP/2.0 200 OK\r\n" OURS "Content-Length: 10\r\n\r\n", LD_SIP_ANSWER, 200, 10},
    {"SIP/2.0 200 OK\r\n" OURS "l: 7\r\n\r\n", LD_SIP_ANSWER, 200, 7},
    {"SIP/2.0 200 OK\n" "i:0123456789abcdef\n" "cseq :\t1 OPTIONS \n\n", LD_SIP_ANSWER, 200, 0},
    {"SIP/2.0 100 Trying\r\n" OURS "\r\n", LD_SIP_ANSWER, 100, 0},
    {"SIP/2.0 404\r\n" OURS "\r\n", LD_SIP_ANSWER, 404, 0},
    {"SIP/2.0 200 OK\r\nCall-ID: 0123456789abcdee\r\nCSeq: 1 OPTIONS\r\n\r\n", LD_SIP_OTHER, 200, 0},
    {"SIP/2.0 200 OK\r\nCall-ID: 0123456789abcdef\r\nCSeq: 2 OPTIONS\r\n\r\n", LD_SIP_OTHER, 200, 0},
    {"SIP/2.0 200 OK\r\n\r\n", LD_SIP_OTHER, 200, 0},
    {"", LD_SIP_UNFINISHED, 0, 0},
    {"SIP/", LD_SIP_UNFINISHED, 0, 0},
    {"SIP/2.0 20", LD_SIP_UNFINISHED, 0, 0},
    {"SIP/2.0 200", LD_SIP_UNFINISHED, 0, 0},
    {"SIP/2.0 200 OK", LD_SIP_UNFINISHED, 0, 0},
    {"SIP/2.0 200 OK\r\n" OURS, LD_SIP_UNFINISHED, 0, 0},
    {"HTTP/1.1 200 OK\r\n", LD_SIP_NONE, 0, 0},
    {"SIP/2.0 2x0 OK\r\n", LD_SIP_NONE, 0, 0},
    {"SIP/2.0 2000 OK\r\n", LD_SIP_NONE, 0, 0},
    {"SIP/2.0 012 OK\r\n", LD_SIP_NONE, 0, 0},
    {"SIP/3.0 200 OK\r\n", LD_SIP_NONE, 0, 0},
    {"SIP/2.0 200 OK\r\n" OURS "Content-Length: 99999999999999999999999\r\n\r\n", LD_SIP_NONE, 0, 0},
    {"SIP/2.0 200 OK\r\n" OURS "Content-Length: -1\r\n\r\n", LD_SIP_NONE, 0, 0},
    {"SIP/2.0 200 OK\r\n" OURS "Content-Length:\r\n\r\n", LD_SIP_NONE, 0, 0},
};

static void an_answer_is_known_by_its_call_and_number(void **state)
{
    struct ld_sip_ask ask = ask_of("192.0.2.1", false);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        size_t length = strlen(answers[i].text), size = 0;
        uint8_t *bytes = g_memdup2(answers[i].text, MAX(length, 1));
        unsigned status;
        enum ld_sip is = ld_sip_read(bytes, length, &ask, &status, &size);

        if (is != answers[i].is)
            fail_msg("answer %zu is %d, not %d", i, (int)is, (int)answers[i].is);
        if (is == LD_SIP_ANSWER || is == LD_SIP_OTHER) {
            assert_int_equal(status, answers[i].status);
            assert_int_equal(size, length + answers[i].more);
        }
        g_free(bytes);
    }
}

/* Every beginning of a good answer is the beginning of one. */
static void no_cut_makes_it_read_beyond(void **state)
{
    struct ld_sip_ask ask = ask_of("192.0.2.1", false);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        for (size_t length = 0; length < strlen(answers[i].text); length++) {
            uint8_t *bytes = g_memdup2(answers[i].text, MAX(length, 1));
            unsigned status;
            size_t size = 0;
            enum ld_sip is = ld_sip_read(bytes, length, &ask, &status, &size);

            if (answers[i].is == LD_SIP_ANSWER)
                assert_int_equal(is, LD_SIP_UNFINISHED);
            g_free(bytes);
        }
    }
}

static void headers_without_end_are_no_answer(void **state)
{
    struct ld_sip_ask ask = ask_of("192.0.2.1", false);
    GString *text = g_string_new("SIP/2.0 200 OK\r\n");
    unsigned status;
    size_t size;

    (void)state;
    while (text->len <= LD_SIP_MAX)
        g_string_append(text, "X: y\r\n");
    assert_int_equal(ld_sip_read((uint8_t *)text->str, text->len, &ask, &status, &size),
                     LD_SIP_NONE);
    g_string_free(text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_says_where_the_answer_goes),
        cmocka_unit_test(an_answer_is_known_by_its_call_and_number),
        cmocka_unit_test(no_cut_makes_it_read_beyond),
        cmocka_unit_test(headers_without_end_are_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
