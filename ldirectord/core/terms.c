/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terms of a check as values: copied, compared, read. Asks nothing. */
#include "ldirectord/core/terms.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/name.h"

static const struct ha_name verifies[] = {
    {LD_VERIFY_USUAL, "usual"}, {LD_VERIFY_NONE, "none"}, {LD_VERIFY_CHAIN, "chain"},
    {LD_VERIFY_NAME, "name"},   HA_NAME_END,
};

static const struct {
    unsigned group;
    size_t offset;
} texts[] = {
    {LD_TERMS_TLS, offsetof(struct ld_terms, cafile)},
    {LD_TERMS_TLS, offsetof(struct ld_terms, sni)},
    {LD_TERMS_HTTP, offsetof(struct ld_terms, expectstatus)},
    {LD_TERMS_HTTP, offsetof(struct ld_terms, headers)},
    {LD_TERMS_HTTP, offsetof(struct ld_terms, body)},
    {LD_TERMS_TALK, offsetof(struct ld_terms, send)},
    {LD_TERMS_TALK, offsetof(struct ld_terms, expect)},
};

static char **text_at(const struct ld_terms *terms, size_t i)
{
    return (char **)(void *)((char *)terms + texts[i].offset);
}

const char *ld_verify_name(enum ld_verify verify)
{
    return ha_name_of(verifies, (int)verify);
}

bool ld_verify_find(const char *name, enum ld_verify *verify)
{
    int value;

    if (!ha_name_find(verifies, name, &value) || value == LD_VERIFY_USUAL)
        return false;
    *verify = (enum ld_verify)value;
    return true;
}

void ld_terms_inherit(struct ld_terms *out, const struct ld_terms *from, unsigned groups)
{
    if (groups & LD_TERMS_TLS && out->verify == LD_VERIFY_USUAL)
        out->verify = from->verify;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (groups & texts[i].group && !*text_at(out, i))
            *text_at(out, i) = g_strdup(*text_at(from, i));
}

void ld_terms_clear(struct ld_terms *terms)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(*text_at(terms, i));
    *terms = (struct ld_terms){0};
}

bool ld_terms_equal(const struct ld_terms *one, const struct ld_terms *other)
{
    if (one->verify != other->verify)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (g_strcmp0(*text_at(one, i), *text_at(other, i)) != 0)
            return false;
    return true;
}

/* ---- bytes ---- */

/* The byte of the escape after the backslash at *from, which is moved behind it; -1: none. */
static int escaped_byte(const char **from)
{
    static const char letters[] = "nrt0\\\"", bytes[] = "\n\r\t\0\\\"";
    const char *at = *from, *letter;

    if (*at == 'x') {
        if (!g_ascii_isxdigit(at[1]) || !g_ascii_isxdigit(at[2]))
            return -1;
        *from += 3;
        return g_ascii_xdigit_value(at[1]) * 16 + g_ascii_xdigit_value(at[2]);
    }
    letter = *at ? strchr(letters, *at) : NULL;
    if (!letter)
        return -1;
    *from += 1;
    return (unsigned char)bytes[letter - letters];
}

char *ld_terms_bytes(const char *escaped, size_t *length)
{
    char *bytes = g_malloc(strlen(escaped) + 1);

    *length = 0;
    while (*escaped) {
        int byte = (unsigned char)*escaped++;

        if (byte == '\\')
            byte = escaped_byte(&escaped);
        if (byte < 0) {
            g_free(bytes);
            return NULL;
        }
        bytes[(*length)++] = (char)byte;
    }
    bytes[*length] = '\0';
    return bytes;
}

/* ---- statuses ---- */

static bool is_status(const char *text, char **end, long *status)
{
    if (!g_ascii_isdigit(*text))
        return false;
    *status = strtol(text, end, 10);
    return *status >= 100 && *status <= 599;
}

/* One number or range at the start of text. */
static bool read_range(const char *text, char **end, long *first, long *last)
{
    if (!is_status(text, end, first))
        return false;
    *last = *first;
    return **end != '-' || (is_status(*end + 1, end, last) && *last >= *first);
}

char *ld_terms_statuses(const char *text)
{
    GString *out = g_string_new(NULL);
    long first, last;
    char *at;

    for (; *text; text++)
        if (!g_ascii_isspace(*text))
            g_string_append_c(out, *text);
    at = out->str;
    do {
        if (!read_range(at, &at, &first, &last)) {
            g_string_free(out, TRUE);
            return NULL;
        }
    } while (*at++ == ',');
    if (at[-1] != '\0') {
        g_string_free(out, TRUE);
        return NULL;
    }
    return g_string_free(out, FALSE);
}

bool ld_terms_expects(const char *statuses, long status)
{
    long first, last;
    char *end;

    if (!statuses)
        return status >= 200 && status <= 299;
    for (const char *at = statuses; read_range(at, &end, &first, &last); at = end + 1) {
        if (status >= first && status <= last)
            return true;
        if (*end != ',')
            break;
    }
    return false;
}

/* ---- headers ---- */

bool ld_terms_has_header(const char *headers, const char *name)
{
    size_t length = strlen(name);

    while (headers && *headers) {
        const char *next = strchr(headers, '\n');

        if (g_ascii_strncasecmp(headers, name, length) == 0 && headers[length] == ':')
            return true;
        headers = next ? next + 1 : NULL;
    }
    return false;
}
