/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * simpletcp: says the request as it is written (each \n in it a line feed, none
 * added), over TCP closes its side, and waits for a line that receive is found
 * in; any line, if there is no receive. Over UDP the end of a datagram ends a
 * line.
 */
#include <string.h>

#include "ldirectord/check/wire.h"

#define LINE_MAX_BYTES   (64 << 10)
#define ANSWER_MAX_BYTES (1 << 20)

struct simpletcp_state {
    struct ld_wire wire;
    size_t taken; /* bytes of lines that were searched in vain */
};

/* As it came, and as it is meant: many end their lines with CR LF. */
static int find_in_line(struct ld_check *check, const char *line, size_t length, const char **why)
{
    const char *receive = ld_check_probe(check)->receive;
    int found = ld_checks_match(ld_check_room(check), receive, line, length, why);

    if (found == 0 && length >= 2 && memcmp(line + length - 2, "\r\n", 2) == 0)
        found = ld_checks_match(ld_check_room(check), receive, line, length - 2, why);
    return found;
}

/* True: the verdict is given. */
static bool judge_line(struct ld_check *check, const char *line, size_t length)
{
    struct simpletcp_state *state = ld_check_state(check);
    const char *receive = ld_check_probe(check)->receive, *why = NULL;
    int found = 1;

    if (receive != NULL && receive[0] != '\0')
        found = find_in_line(check, line, length, &why);
    state->taken += length;
    if (found > 0)
        ld_wire_done(&state->wire, LD_L7OK, NULL);
    else if (found < 0)
        ld_wire_done(&state->wire, LD_L7MATCH, why);
    else if (state->taken > ANSWER_MAX_BYTES)
        ld_wire_done(&state->wire, LD_L7MATCH, "not found in the first MiB of the answer");
    else
        return false;
    return true;
}

static void simpletcp_heard(struct ld_check *check, const uint8_t *bytes, size_t length, bool end)
{
    struct simpletcp_state *state = ld_check_state(check);
    const char *text = (const char *)bytes, *feed;
    size_t taken = 0;

    while ((feed = memchr(text + taken, '\n', length - taken)) != NULL) {
        size_t line = (size_t)(feed + 1 - (text + taken));

        if (judge_line(check, text + taken, line))
            return;
        taken += line;
    }
    if ((end || state->wire.datagrams) && taken < length &&
        judge_line(check, text + taken, length - taken))
        return;
    if (end && state->taken > 0)
        ld_wire_done(&state->wire, LD_L7MATCH, "not found in any line");
    else if (!state->wire.datagrams)
        ld_wire_take(&state->wire, taken);
}

static void simpletcp_ready(struct ld_check *check)
{
    struct simpletcp_state *state = ld_check_state(check);
    char **parts = g_strsplit(ld_wire_request(ld_check_probe(check)), "\\n", -1);
    char *request = g_strjoinv("\n", parts);

    ld_wire_say(&state->wire, request, strlen(request), LD_SAY_LAST);
    g_free(request);
    g_strfreev(parts);
}

static const struct ld_talk simpletcp_talk = {
    .waiting_max = LINE_MAX_BYTES, .ready = simpletcp_ready, .heard = simpletcp_heard};

static int simpletcp_start(struct ld_check *check)
{
    struct simpletcp_state *state = ld_check_state(check);

    return ld_wire_open(&state->wire, check, ld_check_probe(check)->protocol, &simpletcp_talk);
}

static enum ld_verdict simpletcp_deadline(struct ld_check *check)
{
    struct simpletcp_state *state = ld_check_state(check);

    return state->taken > 0 ? LD_L7MATCH : ld_wire_deadline(check);
}

const struct ld_check_ops ld_check_simpletcp = {
    .name = "simpletcp",
    .state_size = sizeof(struct simpletcp_state),
    .start = simpletcp_start,
    .stop = ld_wire_stop,
    .deadline = simpletcp_deadline,
};
