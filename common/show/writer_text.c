/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for people: a line per value, "key: value", what belongs together
 * indented, a dash before each member of a list. Keys lose their underscores,
 * and yes and no are words. Control bytes are shown as dots.
 */
#include <string.h>

#include "common/show/writer.h"

static void append_clean(GString *out, const char *text, char from, char to)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        g_string_append_c(out, byte < 0x20 || byte == 0x7f ? '.' : *text == from ? to : *text);
    }
}

/* The first value of an object in a list stands behind the dash. */
static void lead(struct ha_writer *writer, const char *key)
{
    unsigned depth = writer->depth;
    bool member = depth > 0 && writer->list[depth - 1];
    bool behind_dash = depth > 1 && !member && writer->list[depth - 2] &&
                       writer->count[depth - 1] == 0;

    if (!behind_dash)
        g_string_append_printf(writer->out, "%*s", (int)(2 * (depth - 1)), "");
    if (member)
        g_string_append(writer->out, "- ");
    else if (key != NULL)
        append_clean(writer->out, key, '_', ' ');
}

static void begin(struct ha_writer *writer, const char *key, bool list)
{
    (void)list;
    if (writer->depth == 0)
        return;
    lead(writer, key);
    if (!writer->list[writer->depth - 1])
        g_string_append(writer->out, ":\n");
}

static void end(struct ha_writer *writer)
{
    (void)writer;
}

static void value(struct ha_writer *writer, const char *key, const char *text)
{
    lead(writer, key);
    if (!writer->list[writer->depth - 1])
        g_string_append(writer->out, ": ");
    append_clean(writer->out, text, '\0', '\0');
    g_string_append_c(writer->out, '\n');
}

static void word(struct ha_writer *writer, const char *key, const char *text)
{
    value(writer, key,
          strcmp(text, "true") == 0 ? "yes" : strcmp(text, "false") == 0 ? "no" : text);
}

const struct ha_writer_ops ha_writer_text = {
    .name = "text", .begin = begin, .end = end, .text = value, .word = word};
