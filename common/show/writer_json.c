/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON (RFC 8259), a line for each value, two blanks of indentation. Bytes that
 * are no UTF-8 become U+FFFD, so that what a script printed cannot spoil it.
 */
#include "common/show/writer.h"

static void quoted(GString *out, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);

    g_string_append_c(out, '"');
    for (const char *at = valid; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;

        if (byte == '"' || byte == '\\')
            g_string_append_printf(out, "\\%c", byte);
        else if (byte == '\n')
            g_string_append(out, "\\n");
        else if (byte < 0x20 || byte == 0x7f)
            g_string_append_printf(out, "\\u%04x", byte);
        else
            g_string_append_c(out, (char)byte);
    }
    g_string_append_c(out, '"');
    g_free(valid);
}

static void indent(struct ha_writer *writer, unsigned depth)
{
    g_string_append_printf(writer->out, "\n%*s", (int)(2 * depth), "");
}

static void lead(struct ha_writer *writer, const char *key)
{
    if (writer->depth == 0)
        return;
    if (writer->count[writer->depth - 1] > 0)
        g_string_append_c(writer->out, ',');
    indent(writer, writer->depth);
    if (writer->list[writer->depth - 1])
        return;
    quoted(writer->out, key != NULL ? key : "");
    g_string_append(writer->out, ": ");
}

static void begin(struct ha_writer *writer, const char *key, bool list)
{
    lead(writer, key);
    g_string_append_c(writer->out, list ? '[' : '{');
}

static void end(struct ha_writer *writer)
{
    if (writer->count[writer->depth] > 0)
        indent(writer, writer->depth);
    g_string_append_c(writer->out, writer->list[writer->depth] ? ']' : '}');
    if (writer->depth == 0)
        g_string_append_c(writer->out, '\n');
}

static void text(struct ha_writer *writer, const char *key, const char *value)
{
    lead(writer, key);
    quoted(writer->out, value);
}

static void word(struct ha_writer *writer, const char *key, const char *value)
{
    lead(writer, key);
    g_string_append(writer->out, value);
}

const struct ha_writer_ops ha_writer_json = {
    .name = "json", .begin = begin, .end = end, .text = text, .word = word};
