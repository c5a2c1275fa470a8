/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imap and imaps: a greeting that is not BYE, and with a login LOGIN accepted.
 * Opens no mailbox, and above all expunges none.
 */
#include <string.h>

#include "ldirectord/check/dialogue.h"
#include "ldirectord/check/late.h"

enum { GREETING, LOGIN };

/* A quoted string of the protocol. */
static char *quoted(const char *text)
{
    GString *out = g_string_new("\"");

    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    }
    return g_string_free(g_string_append_c(out, '"'), FALSE);
}

static void log_in(struct ld_dialogue *dialogue, const struct ld_probe *probe)
{
    char *login = quoted(probe->login), *passwd = quoted(probe->passwd);

    dialogue->step = LOGIN;
    ld_dialogue_say(dialogue, "LOGIN", "0 LOGIN %s %s", login, passwd);
    memset(passwd, 0, strlen(passwd));
    g_free(login);
    g_free(passwd);
}

/* Words may come in any case. */
static bool begins(const char *line, const char *words)
{
    size_t length = strlen(words);

    return g_ascii_strncasecmp(line, words, length) == 0 &&
           (line[length] == ' ' || line[length] == '\0');
}

static void greeted(struct ld_dialogue *dialogue, const char *line)
{
    const struct ld_probe *probe = ld_check_probe(dialogue->check);
    bool known = begins(line, "* PREAUTH"); /* by our address: there is nothing to log in to */

    if (begins(line, "* BYE"))
        ld_dialogue_leave(dialogue, LD_L7STS, line);
    else if (!known && !begins(line, "* OK"))
        ld_dialogue_improper(dialogue, line);
    else if (!known && probe->login != NULL && probe->login[0] != '\0')
        log_in(dialogue, probe);
    else
        ld_dialogue_leave(dialogue, LD_L7OK, NULL);
}

static void imap_heard(struct ld_dialogue *dialogue, char *line)
{
    if (dialogue->step == GREETING)
        greeted(dialogue, line);
    else if (begins(line, "* BYE"))
        ld_dialogue_leave(dialogue, LD_L7STS, line);
    else if (begins(line, "0 OK"))
        ld_dialogue_leave(dialogue, LD_L7OK, NULL);
    else if (begins(line, "0 NO") || begins(line, "0 BAD"))
        ld_dialogue_leave(dialogue, LD_L7STS, line);
    else if (line[0] != '*')
        ld_dialogue_improper(dialogue, line);
}

static const struct ld_dialogue_rules rules = {
    .protocol = "IMAP",
    .goodbye = "1 LOGOUT",
    .heard = imap_heard,
};

static int imap_start(struct ld_check *check)
{
    bool tls = ld_check_probe(check)->app == LD_APP_IMAPS;

    return ld_dialogue_start(check, &rules, tls ? LD_CHANNEL_CHAIN : LD_CHANNEL_PLAIN);
}

const struct ld_check_ops ld_check_imap = {
    .name = "imap",
    .late = &ld_late_curl,
    .state_size = sizeof(struct ld_dialogue),
    .start = imap_start,
    .stop = ld_dialogue_stop,
    .deadline = ld_dialogue_deadline,
};
