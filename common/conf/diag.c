/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diagnostics: a bounded list and one way to print it. Escapes on the way in,
 * so that every reader of the list (stderr, log, tests) gets harmless text.
 * Prints nothing itself.
 */
#include "common/conf/diag.h"

#include <stdarg.h>

/* Longest text of one diagnostic before escaping: a line of 1 MiB quoted in a
 * message tells nobody more than its beginning. */
#define TEXT_MAX 400

static void diag_free(void *item)
{
    struct ha_diag *diag = item;

    g_free(diag->file);
    g_free(diag->text);
    g_free(diag);
}

void ha_diags_init(struct ha_diags *diags)
{
    diags->list = g_ptr_array_new_with_free_func(diag_free);
    diags->warnings = 0;
    diags->errors = 0;
}

void ha_diags_clear(struct ha_diags *diags)
{
    if (diags->list)
        g_ptr_array_free(diags->list, TRUE);
    diags->list = NULL;
    diags->warnings = 0;
    diags->errors = 0;
}

/* UTF-8 stays; control bytes and what is not UTF-8 become \xNN. */
static char *escape(const char *text)
{
    GString *out = g_string_new(NULL);
    const char *next = text;

    while (*next) {
        gunichar letter = g_utf8_get_char_validated(next, -1);

        if (letter == (gunichar)-1 || letter == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02X", (unsigned char)*next++);
        } else if (letter < 0x20 || (letter >= 0x7f && letter < 0xa0)) {
            const char *end = g_utf8_next_char(next);

            while (next < end)
                g_string_append_printf(out, "\\x%02X", (unsigned char)*next++);
        } else {
            g_string_append_unichar(out, letter);
            next = g_utf8_next_char(next);
        }
        if (next - text > TEXT_MAX) {
            g_string_append(out, "...");
            break;
        }
    }
    return g_string_free(out, FALSE);
}

void ha_diag_addv(struct ha_diags *diags, enum ha_severity severity, const char *file,
                  unsigned line, unsigned column, const char *format, va_list args)
{
    struct ha_diag *diag;
    char *raw;

    if (severity == HA_WARNING)
        diags->warnings++;
    else
        diags->errors++;
    if (diags->list->len >= HA_DIAGS_MAX)
        return;

    raw = g_strdup_vprintf(format, args);
    diag = g_new0(struct ha_diag, 1);
    diag->severity = severity;
    diag->file = g_strdup(file);
    diag->line = line;
    diag->column = column;
    diag->text = escape(raw);
    g_free(raw);
    g_ptr_array_add(diags->list, diag);
}

void ha_diag_add(struct ha_diags *diags, enum ha_severity severity, const char *file, unsigned line,
                 unsigned column, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ha_diag_addv(diags, severity, file, line, column, format, args);
    va_end(args);
}

static void append_text(const struct ha_diag *diag, GString *out)
{
    g_string_append(out, diag->file);
    if (diag->line > 0)
        g_string_append_printf(out, ":%u", diag->line);
    if (diag->line > 0 && diag->column > 0)
        g_string_append_printf(out, ":%u", diag->column);
    g_string_append(out, diag->severity == HA_WARNING ? ": warning: " : ": ");
    g_string_append(out, diag->text);
}

char *ha_diag_text(const struct ha_diag *diag)
{
    GString *out = g_string_new(NULL);

    append_text(diag, out);
    return g_string_free(out, FALSE);
}

void ha_diags_print(const struct ha_diags *diags, GString *out)
{
    unsigned total = diags->warnings + diags->errors;

    for (guint i = 0; i < diags->list->len; i++) {
        append_text(diags->list->pdata[i], out);
        g_string_append_c(out, '\n');
    }
    if (total > diags->list->len)
        g_string_append_printf(out, "%u more messages not shown\n", total - diags->list->len);
}
