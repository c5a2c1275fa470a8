/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nntp: the greeting taken apart, and checks against servers on loopback. */
#include "tests/unit/check_manners.h"

#include <unistd.h>

#include "ldirectord/check/nntp_greeting.h"

static void a_greeting_is_three_digits_and_a_line(void **state)
{
    static const struct {
        const char *bytes;
        enum ld_nntp is;
        unsigned status;
    } rows[] = {
        {"200 news.example.com ready\r\n", LD_NNTP_GREETING, 200},
        {"201 no posting\n", LD_NNTP_GREETING, 201},
        {"400 busy\r\nmore", LD_NNTP_GREETING, 400},
        {"200\r\n", LD_NNTP_GREETING, 200},
        {"200 not yet", LD_NNTP_UNFINISHED, 200},
        {"20", LD_NNTP_UNFINISHED, 20},
        {"", LD_NNTP_UNFINISHED, 0},
        {"2", LD_NNTP_UNFINISHED, 2},
        {"2x", LD_NNTP_NONE, 2},
        {"2000 x\r\n", LD_NNTP_NONE, 200},
        {"20\r\n", LD_NNTP_NONE, 20},
        {"\r\n", LD_NNTP_NONE, 0},
        {"SSH-2.0-OpenSSH", LD_NNTP_NONE, 0},
        {"-20 x\r\n", LD_NNTP_NONE, 0},
    };
    uint8_t longest[LD_NNTP_LINE_MAX];
    unsigned status;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_int_equal(ld_nntp_greeting((const uint8_t *)rows[i].bytes, strlen(rows[i].bytes),
                                          &status), rows[i].is);
        if (rows[i].is == LD_NNTP_GREETING)
            assert_int_equal(status, rows[i].status);
    }
    memset(longest, ' ', sizeof(longest));
    memcpy(longest, "200", 3);
    assert_int_equal(ld_nntp_greeting(longest, sizeof(longest) - 1, &status), LD_NNTP_UNFINISHED);
    assert_int_equal(ld_nntp_greeting(longest, sizeof(longest), &status), LD_NNTP_NONE);
    longest[sizeof(longest) - 1] = '\n';
    assert_int_equal(ld_nntp_greeting(longest, sizeof(longest), &status), LD_NNTP_GREETING);
}

static void the_status_decides(void **state)
{
    static const struct {
        const char *says;
        enum ld_verdict verdict;
    } rows[] = {
        {"200 welcome\r\n", LD_L7OK},   {"201 read only\r\n", LD_L7OK},
        {"400 too busy\r\n", LD_L7STS}, {"502 go away\r\n", LD_L7STS},
        {"220 wait", LD_L7RSP},         {"hello\r\n", LD_L7RSP},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fake_talk talk = {.text = rows[i].says, .greets = true};

        assert_told(negotiate_probe(LD_APP_NNTP, LD_TCP), &talk, rows[i].verdict);
    }
}

static void the_reason_is_the_line_of_the_server(void **state)
{
    struct fake_talk talk = {.text = "400 too\tbusy\r\n", .greets = true};
    struct ld_probe probe = negotiate_probe(LD_APP_NNTP, LD_TCP);
    struct fake_talker talker;
    char *detail;

    (void)state;
    fake_talker_start(&talker, &talk);
    probe.port = talker.port;
    assert_verdict(ask(&probe, &detail), LD_L7STS);
    assert_string_equal(detail, "400 too?busy");
    g_free(detail);
    fake_talker_stop(&talker);
}

static void bad_manners_are_borne(void **state)
{
    struct fake_talk talk = {.text = "200 welcome\r\n", .greets = true};

    (void)state;
    assert_bears_bad_manners(negotiate_probe(LD_APP_NNTP, LD_TCP), &talk, "200 x", LD_L7RSP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_greeting_is_three_digits_and_a_line),
        cmocka_unit_test(the_status_decides),
        cmocka_unit_test(the_reason_is_the_line_of_the_server),
        cmocka_unit_test(bad_manners_are_borne),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
