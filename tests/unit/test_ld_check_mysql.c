/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mysql checks against made-up servers on loopback; a real one is in the lab's checks-sql. */
#include "tests/unit/check_manners.h"

#include <unistd.h>

static struct ld_probe probe_of(void)
{
    struct ld_probe probe = negotiate_probe(LD_APP_MYSQL, LD_TCP);

    probe.login = "joe";
    probe.passwd = "geheim";
    probe.request = "/select 1";
    return probe;
}

#define PACKET(size, number, bytes) size "\0\0" number bytes
/* The server's first words (protocol 10), and "Access denied". */
#define GREETING                                                                                   \
    PACKET("\x4b", "\0", "\x0a" "5.5.5-x\0" "\1\0\0\0" "abcdefgh\0" "\xff\xf7\x2d\2\0\xff\x81\x15" \
           "\0\0\0\0\0\0\0\0\0\0" "ijklmnopqrst\0" "mysql_native_password\0")
#define DENIED PACKET("\x0f", "\2", "\xff\x15\x04#28000denied")

static void what_there_is_no_asking_without_is_named(void **state)
{
    struct ld_probe probe = probe_of();

    (void)state;
    probe.port = 3306;
    probe.login = NULL;
    assert_verdict(ask(&probe, NULL), LD_L7STS);
    probe = probe_of();
    probe.port = 3306;
    probe.request = "/";
    assert_verdict(ask(&probe, NULL), LD_L7STS);
    probe = probe_of();
    assert_verdict(ask(&probe, NULL), LD_L4CON);
}

static void a_refusal_is_told_in_the_words_of_the_server(void **state)
{
    static const char said[] = GREETING DENIED;
    struct fake_talk talk = {.greets = true, .text = said, .length = sizeof(said) - 1,
                             .tone = STAYS};
    struct ld_probe probe = probe_of();
    struct fake_talker talker;
    char *detail;

    (void)state;
    fake_talker_start(&talker, &talk);
    probe.port = talker.port;
    assert_verdict(ask(&probe, &detail), LD_L7STS);
    assert_string_equal(detail, "denied");
    g_free(detail);
    fake_talker_stop(&talker);
}

static void words_of_another_protocol_are_no_answer(void **state)
{
    static const char *const rows[] = {"220 smtp ready\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "x"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fake_talk talk = {.text = rows[i], .greets = true};

        assert_told(probe_of(), &talk, LD_L7RSP);
    }
}

/* Its whole dialogue is with a real server in the lab; here what no real one does. */
static void bad_manners_are_borne(void **state)
{
    static const char said[] = GREETING;
    struct fake_talk talk = {.text = said, .length = sizeof(said) - 1, .greets = true};

    (void)state;
    assert_bears_the_worst(probe_of(), &talk, "rubbish", LD_L7RSP);
    talk.tone = STAYS; /* half way through logging in */
    struct ld_probe probe = probe_of();
    probe.timeout_ms = 300;
    assert_told(probe, &talk, LD_L7TOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_there_is_no_asking_without_is_named),
        cmocka_unit_test(a_refusal_is_told_in_the_words_of_the_server),
        cmocka_unit_test(words_of_another_protocol_are_no_answer),
        cmocka_unit_test(bad_manners_are_borne),
    };

    alarm(60);
    if (!ld_check_supported(LD_CHECK_NEGOTIATE, LD_APP_MYSQL))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
