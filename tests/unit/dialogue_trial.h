/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks that talk in lines, tried against scripted servers: a table of scripts
 * and verdicts, what was said to the server, and the bad manners that are the
 * same in every protocol.
 */
#ifndef DIALOGUE_TRIAL_H
#define DIALOGUE_TRIAL_H

#include "tests/unit/check_trial.h"

#include "tests/fakes/fake_server.h"
#include "tests/fakes/fake_script.h"

#define TURNS_MAX 10

struct dialogue_case {
    struct fake_turn script[TURNS_MAX];
    enum ld_verdict expected;
    const char *detail; /* NULL: none */
    const char *heard;  /* by the server; NULL: not looked at */
};

/* Asks the server that follows script; probe gets its port. heard and detail are the caller's. */
static inline enum ld_verdict ask_script(struct ld_probe probe, const struct fake_turn *script,
                                         char **detail, char **heard)
{
    struct fake_script server;
    enum ld_verdict verdict;

    fake_script_start(&server, script);
    probe.port = server.port;
    verdict = ask(&probe, detail);
    if (heard != NULL)
        *heard = fake_script_heard(&server);
    fake_script_stop(&server);
    return verdict;
}

static inline void try_dialogue(const struct ld_probe *probe, const struct dialogue_case *cases,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *detail, *heard;
        enum ld_verdict found = ask_script(*probe, cases[i].script, &detail, &heard);

        if (found != cases[i].expected || g_strcmp0(detail, cases[i].detail) != 0)
            fail_msg("case %zu: %s %s", i, ld_verdict_code(found), detail);
        if (cases[i].heard != NULL && strcmp(heard, cases[i].heard) != 0)
            fail_msg("case %zu heard: %s", i, heard);
        g_free(detail);
        g_free(heard);
    }
}

/* Nobody there, nobody answering, nothing said. */
static inline void try_absence(struct ld_probe probe, enum ld_verdict silence)
{
    struct fake_server server;

    probe.port = fake_server_closed_port(AF_INET);
    assert_verdict(ask(&probe, NULL), LD_L4CON);
    probe.port = 0;
    assert_verdict(ask(&probe, NULL), LD_L4CON);
    probe.timeout_ms = 300;
    fake_server_start(&server, AF_INET, FAKE_SILENT, NULL);
    probe.port = server.port;
    assert_verdict(ask(&probe, NULL), silence);
    fake_server_stop(&server);
    fake_server_start(&server, AF_INET, FAKE_DEAF, NULL);
    probe.port = server.port;
    assert_verdict(ask(&probe, NULL), LD_L4TOUT);
    fake_server_stop(&server);
}

#endif
