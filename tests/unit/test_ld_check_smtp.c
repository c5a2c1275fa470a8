/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smtp checks against scripted servers. */
#include "tests/unit/dialogue_trial.h"

#include <unistd.h>

static struct ld_probe smtp_probe(void)
{
    return (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .app = LD_APP_SMTP,
                             .addr = loopback_of(AF_INET), .timeout_ms = 5000, .request = "/",
                             .receive = "not looked for", .login = "nobody"};
}

static const struct fake_turn END = {NULL, NULL, 0, FAKE_SAYS};
static const struct fake_turn BYE = {"QUIT", "221 bye\r\n", 0, FAKE_LEAVES};
static const struct fake_turn HI = {NULL, "220 mail.example ESMTP\r\n", 0, FAKE_SAYS};

static void a_greeting_and_a_welcome_are_what_it_takes(void **state)
{
    const struct ld_probe probe = smtp_probe();
    const struct dialogue_case cases[] = {
        {{HI, {"EHLO ", "250-mail\r\n250-SIZE 1\r\n250 HELP\r\n", 0, 0}, BYE, END}, LD_L7OK, 0, 0},
        {{{NULL, "220-a\r\n220-b\r\n220 c\r\n", 0, 0}, {"EHLO ", "250 mail\r\n", 0, 0}, BYE, END},
         LD_L7OK, NULL, NULL},
        {{{NULL, "220\n", 0, 0}, {"EHLO ", "250\n", 0, 0}, BYE, END}, LD_L7OK, NULL, NULL},
        {{HI, {"EHLO ", "502 what?\r\n", 0, 0}, {"HELO ", "250 you\r\n", 0, 0}, BYE, END},
         LD_L7OK, NULL, NULL},
        {{HI, {"EHLO ", "500 what?\r\n", 0, 0}, {"HELO ", "550 go\r\n", 0, 0}, BYE, END},
         LD_L7STS, "HELO: 550 go", NULL},
        {{{NULL, "554 closed\r\n", 0, 0}, BYE, END}, LD_L7STS, "greeting: 554 closed", "QUIT\r\n"},
        {{{NULL, "421 busy\r\n", 0, FAKE_LEAVES}, END}, LD_L7STS, "greeting: 421 busy", NULL},
        /* it is up all the same */
        {{HI, {"EHLO ", "250 mail\r\n", 0, 0}, {"QUIT", "", 0, FAKE_LEAVES}, END}, LD_L7OK, 0, 0},
        {{HI, {"EHLO ", "250 mail\r\n", 0, 0}, {"QUIT", "oh\r\n", 0, FAKE_RAVES}, END}, LD_L7OK,
         NULL, NULL},
        {{HI, {"EHLO ", "250 mail\r\n", 0, FAKE_LEAVES}, END}, LD_L7OK, NULL, NULL},
    };

    (void)state;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
}

static void what_is_no_answer_is_named(void **state)
{
    const struct ld_probe probe = smtp_probe();
    static char line[20000];
    const struct dialogue_case cases[] = {
        {{{NULL, "SSH-2.0-x\r\n", 0, 0}, END}, LD_L7RSP, "greeting: not SMTP: SSH-2.0-x", ""},
        {{{NULL, "22\r\n", 0, 0}, END}, LD_L7RSP, "greeting: not SMTP: 22", ""},
        {{{NULL, "\0\x7f\xff\n", 4, 0}, END}, LD_L7RSP, "greeting: not SMTP: ", ""},
        {{{NULL, "2\x1b[31m\n", 0, 0}, END}, LD_L7RSP, "greeting: not SMTP: 2?[31m", ""},
        {{{NULL, "", 0, FAKE_LEAVES}, END}, LD_L7RSP, "greeting: the server hung up", ""},
        {{{NULL, "220 no", 0, FAKE_LEAVES}, END}, LD_L7RSP, "greeting: the server hung up", ""},
        {{HI, {"EHLO ", "250-x\r\n", 0, FAKE_LEAVES}, END}, LD_L7RSP, "EHLO: the server hung up",
         NULL},
        {{{NULL, line, 0, 0}, END}, LD_L7RSP, "greeting: not SMTP: an answer without end", ""},
        {{{NULL, "220-more\r\n", 0, FAKE_RAVES}, END}, LD_L7RSP,
         "greeting: not SMTP: an answer without end", ""},
    };

    (void)state;
    memset(line, 'x', sizeof(line) - 1);
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
}

static void the_deadline_is_final(void **state)
{
    struct ld_probe probe = smtp_probe();
    const struct dialogue_case cases[] = {
        {{{NULL, HI.says, 0, FAKE_SPELLS}, END}, LD_L7TOUT, "300 ms", ""},
        {{HI, END}, LD_L7TOUT, "300 ms", NULL},
        {{HI, {"EHLO ", "250-x\r\n", 0, 0}, END}, LD_L7TOUT, "300 ms", NULL},
    };
    /* Known before its goodbye was due; held up, the end of that may come before the deadline. */
    const struct fake_turn known[] = {HI, {"EHLO ", "250 x\r\n", 0, 0}, END};

    (void)state;
    probe.timeout_ms = 300;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
    assert_verdict(ask_script(probe, known, NULL, NULL), LD_L7OK);
    try_absence(probe, LD_L7TOUT);
}

static void a_goodbye_is_not_waited_for_for_long(void **state)
{
    const struct fake_turn script[] = {HI, {"EHLO ", "250 mail\r\n", 0, 0}, END};
    struct ld_probe probe = smtp_probe();
    char *detail;

    (void)state;
    probe.timeout_ms = 60000;
    assert_verdict(ask_script(probe, script, &detail, NULL), LD_L7OK);
    assert_null(detail);
}

static void we_introduce_ourselves_by_a_full_name_or_our_address(void **state)
{
    const struct fake_turn script[] = {HI, {"EHLO ", "250 mail\r\n", 0, 0}, BYE, END};
    char name[256] = "", *heard, *expected;

    (void)state;
    gethostname(name, sizeof(name) - 1);
    expected = g_strdup_printf("EHLO %s\r\nQUIT\r\n", strchr(name, '.') ? name : "[127.0.0.1]");
    ask_script(smtp_probe(), script, NULL, &heard);
    assert_string_equal(heard, expected);
    g_free(heard);
    g_free(expected);
}

/* A server that speaks while other checks start: its words must not be lost (see channel.c). */
static void many_at_once_do_not_disturb_each_other(void **state)
{
    enum { COUNT = 60 };
    const struct fake_turn script[] = {HI, {"EHLO ", "250 mail\r\n", 0, 0}, BYE, END};
    struct fake_script server;
    struct ld_probe probe = smtp_probe();
    struct trial trial;

    (void)state;
    fake_script_start(&server, script);
    probe.port = server.port;
    probe.timeout_ms = 30000;
    trial_begin(&trial);
    trial.wanted = COUNT;
    for (uint32_t id = 1; id <= COUNT; id++)
        ld_checks_start(trial.checks, id, &probe, ha_clock_ns());
    ha_loop_run(trial.loop);
    assert_int_equal(trial.counts[LD_L7OK], COUNT);
    trial_end(&trial);
    fake_script_stop(&server);
}

static void a_check_can_be_cancelled_at_any_moment(void **state)
{
    const struct fake_turn script[] = {HI, END};
    const struct fake_turn other[] = {HI, {"EHLO ", "250 mail\r\n", 0, 0}, BYE, END};
    unsigned before = open_descriptors();
    struct fake_script silent, good;
    struct ld_probe probe = smtp_probe(), next;
    struct trial trial;

    (void)state;
    fake_script_start(&silent, script);
    fake_script_start(&good, other);
    probe.port = silent.port;
    next = probe;
    next.port = good.port;
    trial_begin(&trial);
    trial.wanted = 1;
    ld_checks_start(trial.checks, 1, &probe, ha_clock_ns());
    ld_checks_start(trial.checks, 2, &probe, ha_clock_ns());
    ld_checks_start(trial.checks, 3, &next, ha_clock_ns());
    ld_checks_cancel(trial.checks, 1); /* has hardly begun */
    ha_loop_run(trial.loop);
    assert_verdict(trial.verdict, LD_L7OK);
    ld_checks_cancel(trial.checks, 2); /* waits for an answer */
    trial_end(&trial);
    fake_script_stop(&silent);
    fake_script_stop(&good);
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_greeting_and_a_welcome_are_what_it_takes),
        cmocka_unit_test(what_is_no_answer_is_named),
        cmocka_unit_test(the_deadline_is_final),
        cmocka_unit_test(a_goodbye_is_not_waited_for_for_long),
        cmocka_unit_test(we_introduce_ourselves_by_a_full_name_or_our_address),
        cmocka_unit_test(many_at_once_do_not_disturb_each_other),
        cmocka_unit_test(a_check_can_be_cancelled_at_any_moment),
    };

    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
