/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text, line by line. Each line is copied into one buffer, so that parsers
 * may cut it up in place while the text itself stays untouched. Refuses what
 * no configuration contains, in as few words as possible: a text of more than
 * HA_CONF_MAX bytes, bytes of a binary file, lines beyond the given bound.
 */
#include "common/conf/lines.h"

#include <string.h>

/* Only this much of the text is looked at to tell whether it is binary. */
#define LOOK_AHEAD ((size_t)64 << 10)

/* No editor writes these bytes; more than one in 32 and nobody wrote the file.
 * A stray one costs only its line, with the line's number in the message. */
static bool looks_binary(const char *text, size_t length)
{
    size_t looked = length < LOOK_AHEAD ? length : LOOK_AHEAD;
    size_t strange = 0;

    for (size_t i = 0; i < looked; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte < 0x20 && !(byte >= '\t' && byte <= '\r') && byte != 0x1b)
            strange++;
    }
    return strange * 32 > looked;
}

void ha_lines_init(struct ha_lines *lines, const char *file, const char *text, size_t length,
                   size_t line_max, struct ha_diags *diags)
{
    memset(lines, 0, sizeof(*lines));
    lines->file = file;
    lines->diags = diags;
    lines->line_max = line_max;
    lines->buffer = g_string_new(NULL);
    if (!text || length == 0)
        return;
    if (length > HA_CONF_MAX) {
        ha_diag_add(diags, HA_ERROR, file, 0, 0,
                    "expected a configuration of at most %zu MiB, found %zu bytes",
                    HA_CONF_MAX >> 20, length);
        return;
    }
    if (looks_binary(text, length)) {
        ha_diag_add(diags, HA_ERROR, file, 0, 0, "expected a text file, found binary data");
        return;
    }
    lines->rest = text;
    lines->end = text + length;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        lines->rest += 3;
}

void ha_lines_clear(struct ha_lines *lines)
{
    if (lines->buffer)
        g_string_free(lines->buffer, TRUE);
    lines->buffer = NULL;
    lines->rest = lines->end = NULL;
}

/* Cuts the next line off the rest: its bytes without newline and CR. */
static const char *cut_line(struct ha_lines *lines, size_t *length)
{
    const char *start = lines->rest;
    const char *newline = memchr(start, '\n', (size_t)(lines->end - start));

    *length = (size_t)((newline ? newline : lines->end) - start);
    lines->rest = newline ? newline + 1 : lines->end;
    lines->line++;
    lines->crlf = *length > 0 && start[*length - 1] == '\r';
    if (lines->crlf)
        (*length)--;
    return start;
}

char *ha_lines_next(struct ha_lines *lines)
{
    while (lines->rest < lines->end) {
        size_t length;
        const char *start = cut_line(lines, &length);

        if (length > lines->line_max) {
            ha_diag_add(lines->diags, HA_ERROR, lines->file, lines->line, 0,
                        "expected a line of at most %zu bytes, found %zu", lines->line_max,
                        length);
        } else if (memchr(start, '\0', length)) {
            ha_diag_add(lines->diags, HA_ERROR, lines->file, lines->line, 0,
                        "expected text, found a NUL byte");
        } else {
            g_string_truncate(lines->buffer, 0);
            g_string_append_len(lines->buffer, start, (gssize)length);
            return lines->buffer->str;
        }
    }
    return NULL;
}

void ha_lines_pass(struct ha_lines *lines, unsigned line)
{
    size_t length;

    while (lines->line < line && lines->rest < lines->end)
        cut_line(lines, &length);
}

char *ha_strip(char *text)
{
    size_t length;

    text += strspn(text, " \t");
    length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    text[length] = '\0';
    return text;
}

char *ha_word(char **rest, const char *separators)
{
    char *word = *rest + strspn(*rest, separators);
    size_t length = strcspn(word, separators);

    if (length == 0) {
        *rest = word;
        return NULL;
    }
    *rest = word + length;
    if (**rest)
        *(*rest)++ = '\0';
    return word;
}
