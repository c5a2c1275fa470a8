/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp and submission: a 2xx greeting, and EHLO or else HELO accepted. Sends no
 * mail, does no STARTTLS and no AUTH, and asks no name server who we are: where
 * the host name has no domain, we give our address instead, as the standard
 * has it.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "ldirectord/check/dialogue.h"
#include "ldirectord/check/late.h"

enum { GREETING, EHLO, HELO };

static char *our_name(const struct ld_dialogue *dialogue)
{
    char name[HOST_NAME_MAX + 1] = "", text[HA_ADDR_TEXT];
    struct ha_addr addr;

    if (gethostname(name, sizeof(name) - 1) == 0 && strchr(name, '.') != NULL)
        return g_strdup(name);
    if (!ld_channel_local(&dialogue->channel, &addr))
        return g_strdup("localhost");
    return g_strdup_printf(addr.family == AF_INET6 ? "[IPv6:%s]" : "[%s]",
                           ha_addr_text(&addr, text));
}

static void introduce(struct ld_dialogue *dialogue, unsigned step, const char *verb)
{
    char *name = our_name(dialogue);

    dialogue->step = step;
    ld_dialogue_say(dialogue, verb, "%s %s", verb, name);
    g_free(name);
}

static void smtp_heard(struct ld_dialogue *dialogue, char *line)
{
    bool good;

    if (!ld_dialogue_reply(dialogue, line))
        return;
    good = dialogue->code / 100 == 2;
    if (good && dialogue->step == GREETING)
        introduce(dialogue, EHLO, "EHLO");
    else if (good)
        ld_dialogue_leave(dialogue, LD_L7OK, NULL);
    else if (dialogue->step == EHLO)
        introduce(dialogue, HELO, "HELO");
    else
        ld_dialogue_leave(dialogue, LD_L7STS, line);
}

static const struct ld_dialogue_rules rules = {
    .protocol = "SMTP",
    .goodbye = "QUIT",
    .heard = smtp_heard,
};

static int smtp_start(struct ld_check *check)
{
    return ld_dialogue_start(check, &rules, LD_CHANNEL_PLAIN);
}

const struct ld_check_ops ld_check_smtp = {
    .name = "smtp",
    .late = &ld_late_curl,
    .state_size = sizeof(struct ld_dialogue),
    .start = smtp_start,
    .stop = ld_dialogue_stop,
    .deadline = ld_dialogue_deadline,
};
