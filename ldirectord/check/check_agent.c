/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent: connects to a small program on the server, says nothing, and reads one
 * line: how much of its weight the server can bear, or that it is to be let be.
 */
#include <string.h>

#include "ldirectord/check/agent_answer.h"
#include "ldirectord/check/wire.h"

static void judge(struct ld_check *check, const char *line, size_t length)
{
    struct ld_wire *wire = ld_check_state(check);
    struct ld_agent_answer answer;
    char shown[LD_SHOWN_MAX + 1];

    ld_wire_shown(line, length, shown);
    if (!ld_agent_answer(line, length, &answer)) {
        ld_wire_done(wire, LD_L7RSP, shown);
        return;
    }
    if (answer.advice.given)
        ld_check_advise(check, answer.advice.percent);
    ld_wire_done(wire, answer.down ? LD_AGENTDOWN : LD_L7OK, shown);
}

static void agent_heard(struct ld_check *check, const uint8_t *bytes, size_t length, bool end)
{
    const char *text = (const char *)bytes, *feed = memchr(bytes, '\n', length);

    if (feed != NULL)
        judge(check, text, (size_t)(feed - text));
    else if (end && length > 0)
        judge(check, text, length);
}

static const struct ld_talk agent_talk = {.waiting_max = LD_AGENT_LINE_MAX, .heard = agent_heard};

static int agent_start(struct ld_check *check)
{
    return ld_wire_open(ld_check_state(check), check, LD_TCP, &agent_talk);
}

const struct ld_check_ops ld_check_agent = {
    .name = "agent",
    .state_size = sizeof(struct ld_wire),
    .start = agent_start,
    .stop = ld_wire_stop,
    .deadline = ld_wire_deadline,
};
