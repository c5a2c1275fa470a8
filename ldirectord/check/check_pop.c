/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pop and pops: the greeting, CAPA answered, and with login and passwd USER and
 * PASS accepted. Reads no mail and asks for no list of it.
 *
 * A server may refuse CAPA, which is younger than the protocol: it is there all
 * the same.
 */
#include <string.h>

#include "ldirectord/check/dialogue.h"
#include "ldirectord/check/late.h"

enum { GREETING, CAPA, CAPA_LIST, USER, PASS };

static bool has_login(const struct ld_probe *probe)
{
    return probe->login != NULL && probe->login[0] != '\0' && probe->passwd != NULL &&
           probe->passwd[0] != '\0';
}

static void log_in(struct ld_dialogue *dialogue)
{
    const struct ld_probe *probe = ld_check_probe(dialogue->check);

    if (!has_login(probe)) {
        ld_dialogue_leave(dialogue, LD_L7OK, NULL);
        return;
    }
    dialogue->step = USER;
    ld_dialogue_say(dialogue, "USER", "USER %s", probe->login);
}

static void accepted(struct ld_dialogue *dialogue)
{
    switch (dialogue->step) {
    case GREETING:
        dialogue->step = CAPA;
        ld_dialogue_say(dialogue, "CAPA", "CAPA");
        return;
    case CAPA:
        dialogue->step = CAPA_LIST;
        return;
    case USER:
        dialogue->step = PASS;
        ld_dialogue_say(dialogue, "PASS", "PASS %s", ld_check_probe(dialogue->check)->passwd);
        return;
    default:
        ld_dialogue_leave(dialogue, LD_L7OK, NULL);
    }
}

static bool is_word(const char *line, const char *word)
{
    size_t length = strlen(word);

    return strncmp(line, word, length) == 0 && (line[length] == ' ' || line[length] == '\0');
}

static void pop_heard(struct ld_dialogue *dialogue, char *line)
{
    if (dialogue->step == CAPA_LIST) {
        if (strcmp(line, ".") == 0)
            log_in(dialogue);
    } else if (is_word(line, "+OK")) {
        accepted(dialogue);
    } else if (!is_word(line, "-ERR")) {
        ld_dialogue_improper(dialogue, line);
    } else if (dialogue->step == CAPA) {
        log_in(dialogue);
    } else {
        ld_dialogue_leave(dialogue, LD_L7STS, line);
    }
}

static const struct ld_dialogue_rules rules = {
    .protocol = "POP3",
    .goodbye = "QUIT",
    .heard = pop_heard,
};

static int pop_start(struct ld_check *check)
{
    bool tls = ld_check_probe(check)->app == LD_APP_POPS;

    return ld_dialogue_start(check, &rules, tls ? LD_CHANNEL_CHAIN : LD_CHANNEL_PLAIN);
}

const struct ld_check_ops ld_check_pop = {
    .name = "pop",
    .late = &ld_late_curl,
    .state_size = sizeof(struct ld_dialogue),
    .start = pop_start,
    .stop = ld_dialogue_stop,
    .deadline = ld_dialogue_deadline,
};
