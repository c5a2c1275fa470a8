/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every check over a socket must bear from a server, whatever the protocol. */
#ifndef CHECK_MANNERS_H
#define CHECK_MANNERS_H

#include "tests/unit/check_trial.h"

#include "tests/fakes/fake_server.h"
#include "tests/fakes/fake_talker.h"

static inline struct ld_probe negotiate_probe(enum ld_app app, enum ld_protocol protocol)
{
    return (struct ld_probe){.type = LD_CHECK_NEGOTIATE, .app = app, .protocol = protocol,
                             .addr = loopback_of(AF_INET), .timeout_ms = 5000, .request = "/"};
}

/* One question to one such server; the verdict must be this one. */
static inline void assert_told(struct ld_probe probe, const struct fake_talk *talk,
                               enum ld_verdict expected)
{
    struct fake_talker talker;
    enum ld_verdict found;
    char *detail = NULL;

    fake_talker_start(&talker, talk);
    probe.port = talker.port;
    found = ask(&probe, &detail);
    fake_talker_stop(&talker);
    if (found != expected)
        fail_msg("\"%s\" gave %s (%s), not %s", talk->text != NULL ? talk->text : "",
                 ld_verdict_code(found), detail != NULL ? detail : "-", ld_verdict_code(expected));
    g_free(detail);
}

/* Refuses, deaf, silent, a byte at a time, hangs up, no end: never up, never late. good is what
 * the same server says when it is well. endless is the verdict on a server that does not stop
 * saying rubbish. */
static inline void assert_bears_the_worst(struct ld_probe probe, const struct fake_talk *good,
                                          const char *rubbish, enum ld_verdict endless)
{
    struct fake_talk talk = *good;
    bool stream = good->type != SOCK_DGRAM;

    probe.port = fake_server_closed_port(AF_INET);
    assert_verdict(ask(&probe, NULL), LD_L4CON);
    probe.timeout_ms = 300;
    if (stream) {
        struct fake_server deaf;

        fake_server_start(&deaf, AF_INET, FAKE_DEAF, NULL);
        probe.port = deaf.port;
        assert_verdict(ask(&probe, NULL), LD_L4TOUT);
        fake_server_stop(&deaf);
    }
    talk.tone = MUTE;
    assert_told(probe, &talk, LD_L7TOUT);
    if (stream) {
        talk.tone = DRIPS; /* the whole of it would take far longer */
        assert_told(probe, &talk, LD_L7TOUT);
    }
    probe.timeout_ms = 5000;
    if (stream) {
        talk.tone = HANGS_UP;
        assert_told(probe, &talk, LD_L7RSP);
    }
    talk.tone = FLOODS;
    talk.answer = NULL;
    talk.text = rubbish;
    talk.length = 0;
    if (!stream || endless == LD_L7TOUT)
        probe.timeout_ms = 300;
    assert_told(probe, &talk, endless);
}

/* All that, and up when it is well. */
static inline void assert_bears_bad_manners(struct ld_probe probe, const struct fake_talk *good,
                                            const char *rubbish, enum ld_verdict endless)
{
    assert_told(probe, good, LD_L7OK);
    assert_bears_the_worst(probe, good, rubbish, endless);
}

#endif
