/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line of an agent, as HAProxy's agents say it: words between blanks or
 * commas, "#" begins words for people.
 *
 *   75%                      so much of the configured weight, at most 100%
 *   drain                    none of it: no new clients
 *   up ready                 as configured, unless there is one of the above
 *   down stopped fail maint  not to be used
 *   maxconn:N                passed over
 *
 * Anything else, and nothing, is no answer. Where words contradict each other
 * the more careful one counts.
 */
#ifndef LD_CHECK_AGENT_ANSWER_H
#define LD_CHECK_AGENT_ANSWER_H

#include <stddef.h>

#include "ldirectord/core/verdict.h"

/* Longest line, its end included. */
#define LD_AGENT_LINE_MAX 1024

struct ld_agent_answer {
    bool down;
    struct ld_advice advice;
};

/* length: without the line's end. False: no answer of an agent. */
bool ld_agent_answer(const char *line, size_t length, struct ld_agent_answer *out);

#endif
