/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Headers are lines: whatever came from a file is stripped of what could end
 * one. Words that are not ASCII are said to be UTF-8, if they are.
 */
#include "ldirectord/act/letter.h"

#include <string.h>

#define ADDRESSES_MAX 64

/* ---- addresses ---- */

/* What is in angle brackets, else all of it; without blanks. */
static char *address_of(const char *start, size_t length)
{
    const char *open = memchr(start, '<', length), *close;
    GString *address = g_string_new(NULL);

    if (open) {
        close = memchr(open, '>', length - (size_t)(open - start));
        length = (size_t)((close ? close : start + length) - open) - 1;
        start = open + 1;
    }
    for (; length > 0; start++, length--)
        if (!g_ascii_isspace(*start) && !g_ascii_iscntrl(*start))
            g_string_append_c(address, *start);
    return g_string_free(address, FALSE);
}

static size_t length_of_one(const char *list)
{
    bool quoted = false, angle = false;
    size_t length;

    for (length = 0; list[length]; length++) {
        char c = list[length];

        if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '<' || c == '>'))
            angle = c == '<';
        else if (!quoted && !angle && c == ',')
            break;
    }
    return length;
}

char **ld_letter_addresses(const char *list)
{
    GPtrArray *all = g_ptr_array_new();

    while (*list && all->len < ADDRESSES_MAX) {
        size_t length = length_of_one(list);
        char *address = address_of(list, length);

        if (*address)
            g_ptr_array_add(all, address);
        else
            g_free(address);
        list += length;
        list += *list == ',';
    }
    g_ptr_array_add(all, NULL);
    return (char **)g_ptr_array_free(all, FALSE);
}

/* ---- text ---- */

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 126)
            return false;
    return true;
}

static char *one_line(const char *text)
{
    char *line = g_strdup(text);

    for (char *at = line; *at; at++)
        if (g_ascii_iscntrl(*at))
            *at = ' ';
    return line;
}

/* As RFC 2047 has it where it must be: words of at most 45 bytes, whole characters each. */
static void append_subject(GString *out, const char *subject)
{
    char *line = one_line(subject);

    if (is_ascii(line) || !g_utf8_validate(line, -1, NULL)) {
        g_string_append_printf(out, "Subject: %s\n", line);
        g_free(line);
        return;
    }
    g_string_append(out, "Subject:");
    for (const char *at = line; *at;) {
        const char *end = at;
        char *word;

        while (*end && g_utf8_next_char(end) - at <= 45)
            end = g_utf8_next_char(end);
        word = g_base64_encode((const guchar *)at, (gsize)(end - at));
        g_string_append_printf(out, "%s =?UTF-8?B?%s?=", at == line ? "" : "\n", word);
        g_free(word);
        at = end;
    }
    g_string_append_c(out, '\n');
    g_free(line);
}

static void append_header(GString *out, const char *name, const char *value)
{
    char *line = one_line(value);

    g_string_append_printf(out, "%s: %s\n", name, line);
    g_free(line);
}

static char *first_address(const char *list)
{
    char **all = ld_letter_addresses(list);
    char *first = g_strdup(all[0]);

    g_strfreev(all);
    return first;
}

void ld_letter_write(struct ld_letter *letter, const struct ld_mail *mail,
                     const struct ld_sender *sender, const char *date, const char *id)
{
    GString *text = g_string_new(NULL);
    char *us = g_strdup_printf("%s@%s", sender->user, sender->host);

    append_header(text, "From", mail->from ? mail->from : us);
    append_header(text, "To", mail->to);
    append_subject(text, mail->subject);
    append_header(text, "Date", date);
    g_string_append_printf(text, "Message-ID: <%s@%s>\n", id, sender->host);
    g_string_append(text, "Auto-Submitted: auto-generated\n");
    if (!is_ascii(mail->body))
        g_string_append(text, "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
                              "Content-Transfer-Encoding: 8bit\n");
    g_string_append_printf(text, "\nldirectord host: %s\n%s", sender->host, mail->body);
    letter->from = mail->from ? first_address(mail->from) : NULL;
    if (!letter->from)
        letter->from = g_strdup(us);
    letter->to = ld_letter_addresses(mail->to);
    letter->text = g_string_free(text, FALSE);
    g_free(us);
}

void ld_letter_clear(struct ld_letter *letter)
{
    g_free(letter->from);
    g_strfreev(letter->to);
    g_free(letter->text);
    memset(letter, 0, sizeof(*letter));
}
