/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what is to be told to a mail as it travels: headers, envelope, body.
 * Sends nothing, reads no clock and asks no system for names.
 */
#ifndef LD_ACT_LETTER_H
#define LD_ACT_LETTER_H

#include <stdint.h>

#include "ldirectord/core/core.h"

struct ld_sender {
    char *user, *host; /* who we are where emailalertfrom does not say it */
};

struct ld_letter {
    char *from;  /* of the envelope: an address and nothing else */
    char **to;   /* the same; NULL-terminated; may be empty */
    char *text;  /* headers, an empty line, body; lines end in LF */
};

/* date: as in RFC 5322; id: unique on this machine. */
void ld_letter_write(struct ld_letter *letter, const struct ld_mail *mail,
                     const struct ld_sender *sender, const char *date, const char *id);
void ld_letter_clear(struct ld_letter *letter);

/* "Ann <a@x>, b@y" to a@x and b@y; commas in quotes and angle brackets part nothing. g_strfreev(). */
char **ld_letter_addresses(const char *list);

#endif
