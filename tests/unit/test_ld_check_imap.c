/* SPDX-License-Identifier: GPL-2.0-or-later */
/* imap checks against scripted servers, imaps ones against openssl's. */
#include "tests/unit/dialogue_trial.h"

#include <unistd.h>

#include "tests/unit/tls_trial.h"

static const struct fake_turn END = {NULL, NULL, 0, FAKE_SAYS};
static const struct fake_turn HI = {NULL, "* OK [CAPABILITY IMAP4rev1] ready\r\n", 0, FAKE_SAYS};
static const struct fake_turn BYE = {"1 LOGOUT", "* BYE\r\n1 OK\r\n", 0, FAKE_LEAVES};

static struct ld_probe imap_probe(const char *login, const char *passwd)
{
    return (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .app = LD_APP_IMAP, .login = login,
                             .addr = loopback_of(AF_INET), .timeout_ms = 5000, .request = "/",
                             .passwd = passwd, .receive = "not looked for"};
}

static void without_login_the_greeting_is_what_it_takes(void **state)
{
    const struct ld_probe probe = imap_probe(NULL, NULL);
    const struct dialogue_case cases[] = {
        {{HI, BYE, END}, LD_L7OK, NULL, "1 LOGOUT\r\n"},
        {{{NULL, "* ok\r\n", 0, 0}, BYE, END}, LD_L7OK, NULL, "1 LOGOUT\r\n"},
        {{{NULL, "* PREAUTH you\r\n", 0, 0}, BYE, END}, LD_L7OK, NULL, "1 LOGOUT\r\n"},
        {{{NULL, "* BYE full\r\n", 0, FAKE_LEAVES}, END}, LD_L7STS, "greeting: * BYE full", NULL},
        {{{NULL, "+OK pop\r\n", 0, 0}, END}, LD_L7RSP, "greeting: not IMAP: +OK pop", ""},
        {{{NULL, "", 0, FAKE_LEAVES}, END}, LD_L7RSP, "greeting: the server hung up", ""},
        {{{NULL, "x", 0, FAKE_RAVES}, END}, LD_L7RSP, "greeting: not IMAP: an answer without end",
          NULL},
    };

    (void)state;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
}

static void with_login_it_must_be_accepted(void **state)
{
    const struct ld_probe probe = imap_probe("you", "a \"b\\");
    const struct dialogue_case cases[] = {
        {{HI, {"0 LOGIN \"you\" \"a \\\"b\\\\\"\r\n", "* FLAGS\r\n0 OK in\r\n", 0, 0}, BYE, END},
         LD_L7OK, NULL, "0 LOGIN \"you\" \"a \\\"b\\\\\"\r\n1 LOGOUT\r\n"},
        {{HI, {"0 LOGIN", "0 NO wrong\r\n", 0, 0}, BYE, END}, LD_L7STS, "LOGIN: 0 NO wrong", NULL},
        {{HI, {"0 LOGIN", "0 BAD what?\r\n", 0, 0}, BYE, END}, LD_L7STS, "LOGIN: 0 BAD what?", 0},
        {{HI, {"0 LOGIN", "* BYE off\r\n", 0, FAKE_LEAVES}, END}, LD_L7STS, "LOGIN: * BYE off", 0},
        {{HI, {"0 LOGIN", "+ more?\r\n", 0, 0}, END}, LD_L7RSP, "LOGIN: not IMAP: + more?", NULL},
        {{HI, {"0 LOGIN", "* x\r\n", 0, FAKE_RAVES}, END}, LD_L7RSP,
         "LOGIN: not IMAP: an answer without end", NULL},
        {{HI, {"0 LOGIN", "", 0, FAKE_LEAVES}, END}, LD_L7RSP, "LOGIN: the server hung up", NULL},
        {{{NULL, "* PREAUTH you\r\n", 0, 0}, BYE, END}, LD_L7OK, NULL, "1 LOGOUT\r\n"},
    };

    (void)state;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
}

static void the_deadline_is_final(void **state)
{
    struct ld_probe probe = imap_probe("you", "a secret");
    const struct dialogue_case cases[] = {
        {{{NULL, HI.says, 0, FAKE_SPELLS}, END}, LD_L7TOUT, "500 ms", ""},
        {{HI, END}, LD_L7TOUT, "500 ms", NULL},
    };

    (void)state;
    probe.timeout_ms = 500;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
    try_absence(probe, LD_L7TOUT);
}

static void imaps_verifies_the_chain_and_not_the_name(void **state)
{
    struct ld_probe probe = imap_probe(NULL, NULL);

    (void)state;
    probe.app = LD_APP_IMAPS;
    try_certificates(probe, "* OK ready\r\n", LD_L6RSP);
    probe.timeout_ms = 500;
    try_absence(probe, LD_L6TOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_login_the_greeting_is_what_it_takes),
        cmocka_unit_test(with_login_it_must_be_accepted),
        cmocka_unit_test(the_deadline_is_final),
        cmocka_unit_test(imaps_verifies_the_chain_and_not_the_name),
    };

    alarm(120);
    g_setenv("SSL_CERT_FILE", TLS "ca.pem", TRUE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
