/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pgsql checks against a made-up server on loopback; a real one is in the lab's checks-sql. */
#include "tests/unit/check_manners.h"

#include <unistd.h>

static struct ld_probe probe_of(void)
{
    struct ld_probe probe = negotiate_probe(LD_APP_PGSQL, LD_TCP);

    probe.login = "joe";
    probe.request = "/select 1";
    return probe;
}

static void what_there_is_no_asking_without_is_named(void **state)
{
    struct ld_probe probe = probe_of();
    char *detail;

    (void)state;
    probe.port = 5432;
    probe.login = NULL;
    assert_verdict(ask(&probe, &detail), LD_L7STS);
    assert_non_null(strstr(detail, "login and request"));
    g_free(detail);
    probe = probe_of();
    probe.port = 5432;
    probe.request = "/";
    assert_verdict(ask(&probe, NULL), LD_L7STS);
}

/* Its whole dialogue is with a real server in the lab; here what no real one does. */
static void bad_manners_are_borne(void **state)
{
    struct fake_talk talk = {.text = "NRRRRRRRRR"};

    (void)state;
    assert_bears_the_worst(probe_of(), &talk, "rubbish", LD_L7RSP);
    /* Whatever it wants, it never stops wanting it: a notice of the right form, for ever. */
    talk = (struct fake_talk){.tone = FLOODS, .text = "N\0\0\0\x0cSN\0MM\0\0\0", .length = 13};
    assert_told(probe_of(), &talk, LD_L7RSP);
}

static void words_of_another_protocol_are_no_answer(void **state)
{
    static const char *const rows[] = {"220 smtp ready\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n",
                                       "SSH-2.0-OpenSSH_9.2\r\n", "N", "Nx", "S"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct fake_talk talk = {.text = rows[i]};

        assert_told(probe_of(), &talk, LD_L7RSP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_there_is_no_asking_without_is_named),
        cmocka_unit_test(words_of_another_protocol_are_no_answer),
        cmocka_unit_test(bad_manners_are_borne),
    };

    alarm(60);
    if (!ld_check_supported(LD_CHECK_NEGOTIATE, LD_APP_PGSQL))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
