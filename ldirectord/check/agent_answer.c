/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure; the rules are in the header. */
#include "ldirectord/check/agent_answer.h"

#include <glib.h>
#include <string.h>

static const struct {
    const char *word;
    bool down, drain;
} words[] = {
    {"up", false, false},     {"ready", false, false}, {"drain", false, true}, {"down", true, false},
    {"stopped", true, false}, {"fail", true, false},   {"maint", true, false},
};

static void advise(struct ld_agent_answer *out, uint32_t percent)
{
    if (!out->advice.given || percent < out->advice.percent)
        out->advice = (struct ld_advice){.given = true, .percent = MIN(percent, 100)};
}

/* "75%" */
static bool take_percent(const char *word, size_t length, struct ld_agent_answer *out)
{
    uint32_t percent = 0;

    if (length < 2 || length > 5 || word[length - 1] != '%')
        return false;
    for (size_t i = 0; i + 1 < length; i++) {
        if (!g_ascii_isdigit(word[i]))
            return false;
        percent = percent * 10 + (uint32_t)(word[i] - '0');
    }
    advise(out, percent);
    return true;
}

static bool take_word(const char *word, size_t length, struct ld_agent_answer *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strlen(words[i].word) != length || g_ascii_strncasecmp(words[i].word, word, length))
            continue;
        out->down |= words[i].down;
        if (words[i].drain)
            advise(out, 0);
        return true;
    }
    return (length > 8 && g_ascii_strncasecmp(word, "maxconn:", 8) == 0) ||
           take_percent(word, length, out);
}

bool ld_agent_answer(const char *line, size_t length, struct ld_agent_answer *out)
{
    static const char blanks[] = " \t,\r";
    bool any = false;

    *out = (struct ld_agent_answer){0};
    for (size_t next = 0; next < length && line[next] != '#';) {
        size_t start = next;

        while (next < length && line[next] != '#' && line[next] != '\0' &&
               !strchr(blanks, line[next]))
            next++;
        if (next == start && line[next] == '\0')
            return false;
        if (next == start) {
            next++;
            continue;
        }
        if (!take_word(line + start, next - start, out))
            return false;
        any = true;
    }
    return any;
}
