/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics: everything a parser has to say about a text, collected so that
 * one run shows all of it. A parser returns bool and adds here; nobody prints
 * in the middle of parsing. The house's form of a message:
 *
 *     ha.cf:12: keepalive: expected a duration such as 2, 500ms or 1.5, found "2x"
 */
#ifndef HA_CONF_DIAG_H
#define HA_CONF_DIAG_H

#include <glib.h>
#include <stdarg.h>
#include <stdbool.h>

enum ha_severity {
    HA_WARNING,
    HA_ERROR,       /* wrong: the file is refused */
    HA_UNSUPPORTED, /* right, but this version does not act on it yet: refused as well */
    HA_SEVERITY_COUNT
};

struct ha_diag {
    enum ha_severity severity;
    char *file;
    unsigned line;   /* 1…; 0: the file as a whole */
    unsigned column; /* 1…; 0: the line as a whole */
    char *text;
};

/* More than this many are counted, not kept. */
#define HA_DIAGS_MAX 200

struct ha_diags {
    GPtrArray *list; /* of struct ha_diag, owned; in the order added */
    unsigned warnings;
    unsigned errors; /* HA_ERROR and HA_UNSUPPORTED */
};

void ha_diags_init(struct ha_diags *diags);
void ha_diags_clear(struct ha_diags *diags);

/* file and the text are copied. Control bytes in the text are shown as \xNN, so
 * that what a file contains cannot play tricks on a terminal or a log. */
void ha_diag_add(struct ha_diags *diags, enum ha_severity severity, const char *file, unsigned line,
                 unsigned column, const char *format, ...) G_GNUC_PRINTF(6, 7);
/* The same, for a parser's own function that fills in file and line. */
void ha_diag_addv(struct ha_diags *diags, enum ha_severity severity, const char *file,
                  unsigned line, unsigned column, const char *format, va_list args)
    G_GNUC_PRINTF(6, 0);

/* One line: "file:line:column: text" (parts that are 0 are left out). Warnings
 * say "warning: " before the text. Caller frees with g_free(). */
char *ha_diag_text(const struct ha_diag *diag);
/* All of them, a line each, in order; says how many were not kept. */
void ha_diags_print(const struct ha_diags *diags, GString *out);

#endif
