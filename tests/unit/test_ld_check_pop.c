/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pop checks against scripted servers, pops ones against openssl's. */
#include "tests/unit/dialogue_trial.h"

#include <unistd.h>

#include "tests/unit/tls_trial.h"

static const struct fake_turn END = {NULL, NULL, 0, FAKE_SAYS};
static const struct fake_turn HI = {NULL, "+OK ready\r\n", 0, FAKE_SAYS};
static const struct fake_turn CAPA = {"CAPA", "+OK list\r\nUSER\r\n..\r\n.\r\n", 0, FAKE_SAYS};
static const struct fake_turn USER = {"USER you\r\n", "+OK\r\n", 0, FAKE_SAYS};
static const struct fake_turn PASS = {"PASS a secret\r\n", "+OK in\r\n", 0, FAKE_SAYS};
static const struct fake_turn BYE = {"QUIT", "+OK bye\r\n", 0, FAKE_LEAVES};

static struct ld_probe pop_probe(const char *login, const char *passwd)
{
    return (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .app = LD_APP_POP, .login = login,
                             .addr = loopback_of(AF_INET), .timeout_ms = 5000, .request = "/",
                             .passwd = passwd, .receive = "not looked for"};
}

static void without_login_greeting_and_capa_are_what_it_takes(void **state)
{
    const struct ld_probe probe = pop_probe(NULL, NULL), half = pop_probe("you", NULL);
    const struct dialogue_case cases[] = {
        {{HI, CAPA, BYE, END}, LD_L7OK, NULL, "CAPA\r\nQUIT\r\n"},
        {{HI, {"CAPA", "-ERR what?\r\n", 0, 0}, BYE, END}, LD_L7OK, NULL, "CAPA\r\nQUIT\r\n"},
        {{{NULL, "-ERR full\r\n", 0, 0}, BYE, END}, LD_L7STS, "greeting: -ERR full", NULL},
        {{{NULL, "* OK imap\r\n", 0, 0}, END}, LD_L7RSP, "greeting: not POP3: * OK imap", ""},
        {{{NULL, "+OKAY\r\n", 0, 0}, END}, LD_L7RSP, "greeting: not POP3: +OKAY", ""},
        {{HI, {"CAPA", "+OK\r\nUSER\r\n", 0, FAKE_LEAVES}, END}, LD_L7RSP,
         "CAPA: the server hung up", "CAPA\r\n"},
        {{HI, {"CAPA", "+OK\r\nMORE\r\n", 0, FAKE_RAVES}, END}, LD_L7RSP,
         "CAPA: not POP3: an answer without end", "CAPA\r\n"},
    };

    (void)state;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
    try_dialogue(&half, cases, 1);
}

static void with_login_it_must_be_accepted(void **state)
{
    const struct ld_probe probe = pop_probe("you", "a secret");
    const struct dialogue_case cases[] = {
        {{HI, CAPA, USER, PASS, BYE, END}, LD_L7OK, NULL,
         "CAPA\r\nUSER you\r\nPASS a secret\r\nQUIT\r\n"},
        {{HI, CAPA, {"USER", "-ERR who?\r\n", 0, 0}, BYE, END}, LD_L7STS, "USER: -ERR who?", NULL},
        {{HI, CAPA, USER, {"PASS", "-ERR no\r\n", 0, 0}, BYE, END}, LD_L7STS, "PASS: -ERR no", 0},
        {{HI, CAPA, USER, {"PASS", "", 0, FAKE_LEAVES}, END}, LD_L7RSP,
         "PASS: the server hung up", NULL},
    };

    (void)state;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
}

static void a_line_stays_a_line(void **state)
{
    const struct fake_turn script[] = {HI, CAPA, {"USER youDELE 1", "+OK\r\n", 0, 0},
                                       {"PASS ", "+OK\r\n", 0, 0}, BYE, END};
    char *heard;

    (void)state;
    assert_verdict(ask_script(pop_probe("you\r\nDELE 1", "x"), script, NULL, &heard), LD_L7OK);
    assert_string_equal(heard, "CAPA\r\nUSER youDELE 1\r\nPASS x\r\nQUIT\r\n");
    g_free(heard);
}

static void what_a_server_repeats_of_the_password_is_left_out(void **state)
{
    const struct fake_turn script[] = {HI, CAPA, USER,
                                       {"PASS ", "-ERR PASS hunter2 is wrong, hunter2!\r\n", 0, 0}, BYE, END};
    char *detail = NULL;

    (void)state;
    assert_verdict(ask_script(pop_probe("you", "hunter2"), script, &detail, NULL), LD_L7STS);
    assert_non_null(strstr(detail, "PASS ... is wrong, ...!"));
    assert_null(strstr(detail, "hunter2"));
    g_free(detail);
}

static void the_deadline_is_final(void **state)
{
    struct ld_probe probe = pop_probe("you", "a secret");
    const struct dialogue_case cases[] = {
        {{{NULL, HI.says, 0, FAKE_SPELLS}, END}, LD_L7TOUT, "500 ms", ""},
        {{HI, CAPA, USER, END}, LD_L7TOUT, "500 ms", NULL},
    };

    (void)state;
    probe.timeout_ms = 500;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
    try_absence(probe, LD_L7TOUT);
}

static void pops_verifies_the_chain_and_not_the_name(void **state)
{
    struct ld_probe probe = pop_probe(NULL, NULL);

    (void)state;
    probe.app = LD_APP_POPS;
    try_certificates(probe, "+OK ready\r\n-ERR no CAPA\r\n", LD_L6RSP);
    probe.timeout_ms = 500;
    try_absence(probe, LD_L6TOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_login_greeting_and_capa_are_what_it_takes),
        cmocka_unit_test(with_login_it_must_be_accepted),
        cmocka_unit_test(a_line_stays_a_line),
        cmocka_unit_test(what_a_server_repeats_of_the_password_is_left_out),
        cmocka_unit_test(the_deadline_is_final),
        cmocka_unit_test(pops_verifies_the_chain_and_not_the_name),
    };

    alarm(120);
    g_setenv("SSL_CERT_FILE", TLS "ca.pem", TRUE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
