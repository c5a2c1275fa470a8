/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ftp checks against scripted servers: one for the commands, one for the data. */
#include "tests/unit/dialogue_trial.h"

#include <unistd.h>

#include "ldirectord/check/ftp_reply.h"

static const struct fake_turn END = {NULL, NULL, 0, FAKE_SAYS};
static const struct fake_turn HI = {NULL, "220-hello\r\n there\r\n220 ready\r\n", 0, FAKE_SAYS};
static const struct fake_turn USER = {"USER ", "331 who?\r\n", 0, FAKE_SAYS};
static const struct fake_turn PASS = {"PASS ", "230 in\r\n", 0, FAKE_SAYS};
static const struct fake_turn TYPE = {"TYPE I", "200 well\r\n", 0, FAKE_SAYS};
static const struct fake_turn RETR = {"RETR /a b", "150 now\r\n226 done\r\n", 0, FAKE_SAYS};
static const struct fake_turn BYE = {"QUIT", "221 bye\r\n", 0, FAKE_LEAVES};

static struct ld_probe ftp_probe(const char *request, const char *receive)
{
    return (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .app = LD_APP_FTP, .login = "you",
                             .addr = loopback_of(AF_INET), .timeout_ms = 5000, .passwd = "secret",
                             .request = request, .receive = receive};
}

static void the_port_is_read_from_either_answer(void **state)
{
    static const struct {
        const char *line;
        unsigned port;
    } rows[] = {
        {"227 Entering Passive Mode (127,0,0,1,19,136)", 5000},
        {"227 Entering Passive Mode. 127,0,0,1,19,136", 5000},
        {"227 =127,0,0,1,19,136", 5000},
        {"229 Entering Extended Passive Mode (|||5000|)", 5000},
        {"229 (!!!5000!)", 5000},
        {"227 (127,0,0,1,0,0)", 0},   {"227 (127,0,0,1,256,1)", 0}, {"227 (127,0,0,1,19)", 0},
        {"227", 0},                   {"229 (|||65536|)", 0},       {"229 (|||5000", 0},
        {"229 (", 0},                 {"229", 0},                   {"229 (|1|x|5000|)", 0},
        {"229 (|||99999999999999999999999|)", 0},                   {"200 19,136", 0},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint16_t port = 0;
        bool found = ld_ftp_passive_port(rows[i].line, &port);

        if (found != (rows[i].port != 0) || (found && port != rows[i].port))
            fail_msg("%s: %u", rows[i].line, port);
    }
}

static void without_request_and_receive_a_login_is_what_it_takes(void **state)
{
    const struct ld_probe probe = ftp_probe("/", NULL), other = ftp_probe("/", "");
    const struct dialogue_case cases[] = {
        {{HI, USER, PASS, BYE, END}, LD_L7OK, NULL, "USER you\r\nPASS secret\r\nQUIT\r\n"},
        {{HI, {"USER", "230 in\r\n", 0, 0}, BYE, END}, LD_L7OK, NULL, "USER you\r\nQUIT\r\n"},
        {{{NULL, "120 soon\r\n220 now\r\n", 0, 0}, USER, PASS, BYE, END}, LD_L7OK, NULL, NULL},
        {{{NULL, "421 full\r\n", 0, FAKE_LEAVES}, END}, LD_L7STS, "greeting: 421 full", NULL},
        {{HI, {"USER", "530 who?\r\n", 0, 0}, BYE, END}, LD_L7STS, "USER: 530 who?", NULL},
        {{HI, USER, {"PASS", "530-no\r\n530 no\r\n", 0, 0}, BYE, END}, LD_L7STS, "PASS: 530 no", 0},
        {{HI, USER, {"PASS", "332 account?\r\n", 0, 0}, BYE, END}, LD_L7STS, "PASS: 332 account?",
         NULL},
        {{{NULL, "hello\r\n", 0, 0}, END}, LD_L7RSP, "greeting: not FTP: hello", ""},
        {{{NULL, "220-x\r\n", 0, FAKE_RAVES}, END}, LD_L7RSP,
         "greeting: not FTP: an answer without end", ""},
        {{HI, {"USER", "", 0, FAKE_LEAVES}, END}, LD_L7RSP, "USER: the server hung up", NULL},
    };

    (void)state;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
    try_dialogue(&other, cases, 1);
}

static void anonymous_is_who_has_no_login(void **state)
{
    const struct fake_turn script[] = {HI, USER, PASS, BYE, END};
    struct ld_probe probe = ftp_probe("/", NULL);
    char *heard;

    (void)state;
    probe.login = probe.passwd = NULL;
    assert_verdict(ask_script(probe, script, NULL, &heard), LD_L7OK);
    assert_true(g_str_has_prefix(heard, "USER anonymous\r\nPASS ldirectord@"));
    g_free(heard);
}

/* What the server says to RETR, and what comes over the data connection. */
struct file_case {
    struct fake_turn retr, data;
    const char *receive;
    enum ld_verdict expected;
    const char *detail;
};

static void try_file(const struct file_case *one, uint64_t timeout_ms)
{
    const struct fake_turn data[] = {one->data, END};
    struct ld_probe probe = ftp_probe("/a b", one->receive);
    struct fake_script server;
    enum ld_verdict found;
    char *detail, *answer;

    probe.timeout_ms = timeout_ms;
    fake_script_start(&server, data);
    answer = g_strdup_printf("227 (10,9,9,9,%u,%u)\r\n", server.port >> 8, server.port & 255);
    const struct fake_turn script[] = {HI, USER, PASS, TYPE, {"PASV", answer, 0, FAKE_SAYS},
                                       one->retr, BYE, END};
    found = ask_script(probe, script, &detail, NULL);
    if (found != one->expected || g_strcmp0(detail, one->detail) != 0)
        fail_msg("%s, %s: %s %s", one->retr.says, one->receive, ld_verdict_code(found), detail);
    g_free(detail);
    g_free(answer);
    fake_script_stop(&server);
}

static void a_file_must_come_whole_and_match(void **state)
{
    const struct file_case cases[] = {
        {RETR, {NULL, "all\nis well", 0, FAKE_LEAVES}, "is well$", LD_L7OK, NULL},
        {RETR, {NULL, "all\nis well", 0, FAKE_LEAVES}, NULL, LD_L7OK, NULL},
        {RETR, {NULL, "", 0, FAKE_LEAVES}, NULL, LD_L7OK, NULL},
        {RETR, {NULL, "all", 0, FAKE_LEAVES}, "well", LD_L7MATCH, "RETR: not found in the file"},
        {RETR, {NULL, "well", 0, FAKE_RAVES}, "^wellwell", LD_L7OK, NULL},
        {RETR, {NULL, "bad ", 0, FAKE_RAVES}, "well", LD_L7MATCH,
         "RETR: not found in the first MiB"},
        {{"RETR", "550 no such file\r\n", 0, 0}, {NULL, "", 0, FAKE_LEAVES}, NULL, LD_L7STS,
         "RETR: 550 no such file"},
        {{"RETR", "150 now\r\n426 cut\r\n", 0, 0}, {NULL, "all well", 0, FAKE_LEAVES}, "well",
         LD_L7STS, "RETR: 426 cut"},
        {{"RETR", "150 now\r\n", 0, FAKE_LEAVES}, {NULL, "all well", 0, FAKE_LEAVES}, "well",
         LD_L7RSP, "RETR: the server hung up"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        try_file(&cases[i], 5000);
}

static void a_data_connection_must_be_had(void **state)
{
    const struct ld_probe probe = ftp_probe("/a", NULL);
    unsigned closed = fake_server_closed_port(AF_INET);
    char *answer = g_strdup_printf("227 (127,0,0,1,%u,%u)\r\n", closed >> 8, closed & 255);
    const struct dialogue_case cases[] = {
        {{HI, USER, PASS, TYPE, {"PASV", "502 no\r\n", 0, 0}, BYE, END}, LD_L7STS, "PASV: 502 no",
         NULL},
        {{HI, USER, PASS, TYPE, {"PASV", "227 here\r\n", 0, 0}, END}, LD_L7RSP,
         "PASV: not FTP: 227 here", NULL},
        {{HI, USER, PASS, TYPE, {"PASV", answer, 0, 0}, BYE, END}, LD_L4CON,
         "data connection: Connection refused", NULL},
        {{HI, USER, PASS, {"TYPE", "504 no\r\n", 0, 0}, BYE, END}, LD_L7STS, "TYPE: 504 no", NULL},
    };

    (void)state;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
    g_free(answer);
}

static void the_deadline_is_final(void **state)
{
    const struct file_case files[] = {
        {RETR, {NULL, "all well, all of it", 0, FAKE_SPELLS}, "well", LD_L7TOUT, "500 ms"},
        {RETR, {NULL, "all well", 0, FAKE_SAYS}, "well", LD_L7TOUT, "500 ms"},
        {{"RETR", "150 now\r\n", 0, 0}, {NULL, "all well", 0, FAKE_LEAVES}, "well", LD_L7TOUT,
         "500 ms"},
    };
    struct ld_probe probe = ftp_probe("/", NULL);
    const struct dialogue_case cases[] = {
        {{{NULL, HI.says, 0, FAKE_SPELLS}, END}, LD_L7TOUT, "500 ms", ""},
        {{HI, USER, END}, LD_L7TOUT, "500 ms", NULL},
    };

    (void)state;
    probe.timeout_ms = 500;
    try_dialogue(&probe, cases, G_N_ELEMENTS(cases));
    try_absence(probe, LD_L7TOUT);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        try_file(&files[i], 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_port_is_read_from_either_answer),
        cmocka_unit_test(without_request_and_receive_a_login_is_what_it_takes),
        cmocka_unit_test(anonymous_is_who_has_no_login),
        cmocka_unit_test(a_file_must_come_whole_and_match),
        cmocka_unit_test(a_data_connection_must_be_had),
        cmocka_unit_test(the_deadline_is_final),
    };

    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
