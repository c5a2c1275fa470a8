/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The outcomes of a check, in one table: code, sentence, passed or not. Says
 * nothing about what follows from an outcome.
 */
#include "ldirectord/core/verdict.h"

#include <stddef.h>

static const struct {
    const char *code;
    const char *text;
    bool passed;
} verdicts[] = {
    [LD_UNKNOWN] = {"UNKNOWN", "not asked yet", false},
    [LD_L3OK] = {"L3OK", "echo reply received", true},
    [LD_L3TOUT] = {"L3TOUT", "no echo reply in time", false},
    [LD_L3UNR] = {"L3UNR", "host or network unreachable", false},
    [LD_L4OK] = {"L4OK", "connected", true},
    [LD_L4TOUT] = {"L4TOUT", "no connection in time", false},
    [LD_L4CON] = {"L4CON", "connection refused or reset", false},
    [LD_L6OK] = {"L6OK", "TLS handshake done", true},
    [LD_L6TOUT] = {"L6TOUT", "TLS handshake not done in time", false},
    [LD_L6RSP] = {"L6RSP", "TLS handshake failed", false},
    [LD_L7OK] = {"L7OK", "the right answer", true},
    [LD_L7TOUT] = {"L7TOUT", "no complete answer in time", false},
    [LD_L7RSP] = {"L7RSP", "not a proper answer", false},
    [LD_L7STS] = {"L7STS", "a status that is not success", false},
    [LD_L7MATCH] = {"L7MATCH", "the answer does not match receive", false},
    [LD_EXTOK] = {"EXTOK", "check command succeeded", true},
    [LD_EXTERR] = {"EXTERR", "check command failed", false},
    [LD_EXTTOUT] = {"EXTTOUT", "check command not done in time", false},
    [LD_EXTRUN] = {"EXTRUN", "check command cannot be executed", false},
    [LD_AGENTDOWN] = {"AGTDOWN", "its agent says that it is not to be used", false},
    [LD_ON] = {"ON", "always up, not checked", true},
    [LD_OFF] = {"OFF", "not checked, state kept", false},
    [LD_MAINT] = {"MAINT", "in maintenance, not checked", false},
    [LD_INTERNAL] = {"INTERNAL", "could not check: this machine lacks what it takes", false},
};
_Static_assert(sizeof(verdicts) / sizeof(verdicts[0]) == LD_VERDICT_COUNT, "a row per verdict");

const char *ld_verdict_code(enum ld_verdict verdict)
{
    return (unsigned)verdict < LD_VERDICT_COUNT ? verdicts[verdict].code : "?";
}

const char *ld_verdict_text(enum ld_verdict verdict)
{
    return (unsigned)verdict < LD_VERDICT_COUNT ? verdicts[verdict].text : "?";
}

bool ld_verdict_passed(enum ld_verdict verdict)
{
    return (unsigned)verdict < LD_VERDICT_COUNT && verdicts[verdict].passed;
}
