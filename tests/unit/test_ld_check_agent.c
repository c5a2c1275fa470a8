/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent: the line taken apart, and questions to agents on loopback. */
#include "tests/unit/check_manners.h"

#include <unistd.h>

#include "ldirectord/check/agent_answer.h"

static void words_say_how_much_and_whether_at_all(void **state)
{
    static const struct {
        const char *line;
        bool proper, down, given;
        uint32_t percent;
    } rows[] = {
        {"up", true, false, false, 0},
        {"ready", true, false, false, 0},
        {"75%", true, false, true, 75},
        {"0%", true, false, true, 0},
        {"100%\r", true, false, true, 100},
        {"250%", true, false, true, 100},
        {"drain", true, false, true, 0},
        {"up 40%", true, false, true, 40},
        {"ready,up,40% # all is well", true, false, true, 40},
        {"40% drain", true, false, true, 0},
        {"drain 40%", true, false, true, 0},
        {"60% 40%", true, false, true, 40},
        {"DOWN", true, true, false, 0},
        {"stopped#for lunch", true, true, false, 0},
        {"fail 50%", true, true, true, 50},
        {"up maint", true, true, false, 0},
        {"maxconn:30 up", true, false, false, 0},
        {"", false, false, false, 0},
        {" , \t", false, false, false, 0},
        {"# up", false, false, false, 0},
        {"%", false, false, false, 0},
        {"-5%", false, false, false, 0},
        {"7 5%", false, false, false, 0},
        {"99999%", false, false, false, 0},
        {"75", false, false, false, 0},
        {"upward", false, false, false, 0},
        {"up please", false, false, false, 0},
        {"maxconn:", false, false, false, 0},
        {"HTTP/1.1 200 OK", false, false, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct ld_agent_answer answer;

        if (ld_agent_answer(rows[i].line, strlen(rows[i].line), &answer) != rows[i].proper)
            fail_msg("\"%s\"", rows[i].line);
        if (!rows[i].proper)
            continue;
        if (answer.down != rows[i].down || answer.advice.given != rows[i].given ||
            answer.advice.percent != rows[i].percent)
            fail_msg("\"%s\" is understood otherwise", rows[i].line);
    }
}

static void a_line_with_a_zero_byte_is_none(void **state)
{
    struct ld_agent_answer answer;

    (void)state;
    assert_false(ld_agent_answer("up\0up", 5, &answer));
    assert_false(ld_agent_answer("\0", 1, &answer));
}

static struct ld_probe agent_probe(void)
{
    return (struct ld_probe){.type = LD_CHECK_AGENT, .addr = loopback_of(AF_INET),
                             .timeout_ms = 5000};
}

static void what_the_agent_says_comes_with_the_verdict(void **state)
{
    static const struct {
        const char *says;
        enum ld_verdict verdict;
        bool given;
        uint32_t percent;
    } rows[] = {
        {"up\n", LD_L7OK, false, 0},          {"75%\n", LD_L7OK, true, 75},
        {"drain", LD_L7OK, true, 0},          {"down # disk full\r\n", LD_AGENTDOWN, false, 0},
        {"who are you\n", LD_L7RSP, false, 0}, {"\n", LD_L7RSP, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        int family = i % 2 == 0 ? AF_INET : AF_INET6;
        struct fake_talk talk = {.family = family, .text = rows[i / 2].says, .greets = true};
        struct ld_probe probe = agent_probe();
        struct fake_talker talker;
        struct ld_advice advice;
        char *detail;

        probe.addr = loopback_of(family);
        fake_talker_start(&talker, &talk);
        probe.port = talker.port;
        assert_verdict(ask_advice(&probe, &detail, &advice), rows[i / 2].verdict);
        assert_int_equal(advice.given, rows[i / 2].given);
        assert_int_equal(advice.percent, rows[i / 2].percent);
        if (rows[i / 2].verdict == LD_AGENTDOWN)
            assert_string_equal(detail, "down # disk full");
        g_free(detail);
        fake_talker_stop(&talker);
    }
}

static void bad_manners_are_borne(void **state)
{
    struct fake_talk talk = {.text = "ready\n", .greets = true};

    (void)state;
    assert_bears_bad_manners(agent_probe(), &talk, "up ", LD_L7RSP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_say_how_much_and_whether_at_all),
        cmocka_unit_test(a_line_with_a_zero_byte_is_none),
        cmocka_unit_test(what_the_agent_says_comes_with_the_verdict),
        cmocka_unit_test(bad_manners_are_borne),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
