/* SPDX-License-Identifier: GPL-2.0-or-later */
/* simpletcp checks against servers on loopback, over TCP and UDP. */
#include "tests/unit/check_manners.h"

#include <unistd.h>

static struct ld_probe probe_of(enum ld_protocol protocol, const char *request, const char *receive)
{
    struct ld_probe probe = negotiate_probe(LD_APP_SIMPLETCP, protocol);

    probe.request = request;
    probe.receive = receive;
    return probe;
}

static void a_line_that_matches_is_searched_for(void **state)
{
    static const struct {
        const char *says, *receive;
        enum ld_verdict verdict;
    } rows[] = {
        {"hello\nall well\n", "all well", LD_L7OK},
        {"hello\nall well\n", "^all well$", LD_L7OK},
        {"all well", "^all well$", LD_L7OK}, /* the end ends a line too */
        {"hello\nall well\n", "hello.*well", LD_L7MATCH}, /* no line has both */
        {"hello\n", "all well", LD_L7MATCH},
        {"hello\r\n", "^hello$", LD_L7OK},
        {"hello\n", NULL, LD_L7OK},
        {"\n", "", LD_L7OK},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", "(x+x+)+y", LD_L7MATCH}, /* no end in sight */
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fake_talk talk = {.text = rows[i].says, .at_end = true};

        assert_told(probe_of(LD_TCP, "/x", rows[i].receive), &talk, rows[i].verdict);
        talk = (struct fake_talk){.text = rows[i].says, .type = SOCK_DGRAM};
        if (rows[i].verdict == LD_L7OK)
            assert_told(probe_of(LD_UDP, "/x", rows[i].receive), &talk, rows[i].verdict);
    }
}

static void ipv6_is_asked_as_well(void **state)
{
    struct ld_probe probe = probe_of(LD_TCP, "/x", "well");
    struct fake_talk talk = {.family = AF_INET6, .text = "well\n"};

    (void)state;
    probe.addr = loopback_of(AF_INET6);
    assert_told(probe, &talk, LD_L7OK);
    talk.type = SOCK_DGRAM;
    probe.protocol = LD_UDP;
    assert_told(probe, &talk, LD_L7OK);
}

static void the_request_goes_out_as_written(void **state)
{
    static const struct {
        const char *request, *sent;
    } rows[] = {
        {"/PING", "PING"}, {"/PING\\n", "PING\n"}, {"/a\\nb\\n", "a\nb\n"}, {"/", ""},
        {"//x", "/x"},     {"/a\\tb", "a\\tb"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        /* Answers at the end of the request, so a side that is not closed shows. */
        struct fake_talk talk = {.text = "x\n", .at_end = true};
        struct ld_probe probe = probe_of(LD_TCP, rows[i].request, NULL);
        struct fake_talker talker;
        char *heard;

        fake_talker_start(&talker, &talk);
        probe.port = talker.port;
        assert_verdict(ask(&probe, NULL), LD_L7OK);
        heard = fake_talker_heard(&talker);
        assert_string_equal(heard, rows[i].sent);
        g_free(heard);
        fake_talker_stop(&talker);
    }
}

static void an_answer_that_does_not_end_is_enough_if_a_line_matches(void **state)
{
    struct fake_talk talk = {.text = "one\ntwo\nthree\n", .tone = STAYS};

    (void)state;
    assert_told(probe_of(LD_TCP, "/x", "two"), &talk, LD_L7OK);
    talk.tone = FLOODS;
    assert_told(probe_of(LD_TCP, "/x", "three"), &talk, LD_L7OK);
    /* Lines without end, none of them the right one. */
    assert_told(probe_of(LD_TCP, "/x", "four"), &talk, LD_L7MATCH);
}

static void wrong_datagrams_do_not_end_the_wait(void **state)
{
    struct ld_probe probe = probe_of(LD_UDP, "/x", "four");
    struct fake_talk talk = {.type = SOCK_DGRAM, .text = "one\ntwo\nthree\n"};

    (void)state;
    probe.timeout_ms = 300;
    assert_told(probe, &talk, LD_L7MATCH);
}

static void bad_manners_over_tcp_are_borne(void **state)
{
    struct fake_talk talk = {.text = "all well\n"};

    (void)state;
    assert_bears_bad_manners(probe_of(LD_TCP, "/x", "well"), &talk, "no line feed", LD_L7RSP);
}

static void bad_manners_over_udp_are_borne(void **state)
{
    struct fake_talk talk = {.text = "all well", .type = SOCK_DGRAM};

    (void)state;
    assert_bears_bad_manners(probe_of(LD_UDP, "/x", "well"), &talk, "no", LD_L7MATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_matches_is_searched_for),
        cmocka_unit_test(ipv6_is_asked_as_well),
        cmocka_unit_test(the_request_goes_out_as_written),
        cmocka_unit_test(an_answer_that_does_not_end_is_enough_if_a_line_matches),
        cmocka_unit_test(wrong_datagrams_do_not_end_the_wait),
        cmocka_unit_test(bad_manners_over_tcp_are_borne),
        cmocka_unit_test(bad_manners_over_udp_are_borne),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
