/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text, line by line, with the line's number. Does not know what a comment
 * is: the formats differ there. Finds what no configuration may contain (NUL
 * bytes, lines beyond a bound) and says so as a diagnostic.
 */
#ifndef HA_CONF_LINES_H
#define HA_CONF_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/conf/diag.h"

/* Largest configuration text that is read at all: 16 MiB. */
#define HA_CONF_MAX ((size_t)16 << 20)

struct ha_lines {
    const char *file; /* for diagnostics; not owned */
    struct ha_diags *diags;
    const char *rest;
    const char *end;
    size_t line_max; /* longest accepted line, in bytes */
    unsigned line;   /* number of the line last returned */
    bool crlf;       /* it ended in CR LF, or in CR at the end of the text (not part of it) */
    GString *buffer; /* owned */
};

/* text need not end in NUL or newline. A UTF-8 byte order mark at the start is
 * skipped. text and file must outlive the reader. */
void ha_lines_init(struct ha_lines *lines, const char *file, const char *text, size_t length,
                   size_t line_max, struct ha_diags *diags);
void ha_lines_clear(struct ha_lines *lines);

/* The next line without its newline (and CR), NUL-terminated, valid and
 * writable until the next call; NULL at the end. A line that is too long or
 * contains a NUL byte gives an error diagnostic and is passed over; a file
 * that looks binary gives one such diagnostic, not thousands, and ends. */
char *ha_lines_next(struct ha_lines *lines);

/* All lines up to that one, and with it, are passed over unread. */
void ha_lines_pass(struct ha_lines *lines, unsigned line);

/* Cuts blanks (space, tab) off both ends in place and returns the start. */
char *ha_strip(char *text);
/* Takes the next word off *rest (separated by any byte of separators), in
 * place; NULL when none is left. */
char *ha_word(char **rest, const char *separators);

#endif
