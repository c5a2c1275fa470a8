/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Value rules. They are as lax as they have always been (the first digits of a
 * number, whatever stands around them), because valid old files depend on it.
 */
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

bool ld_cf_number(const char *text, unsigned min, unsigned max, unsigned *out)
{
    uint64_t value = 0;

    text += strcspn(text, "0123456789");
    if (!*text)
        return false;
    for (; g_ascii_isdigit(*text); text++) {
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > max)
            return false;
    }
    if (value < min)
        return false;
    *out = (unsigned)value;
    return true;
}

char *ld_cf_quoted(const char *value)
{
    const char *last = strrchr(value, '"');

    if (*value != '"' || last == value)
        return NULL;
    return g_strndup(value + 1, (gsize)(last - value - 1));
}

char *ld_cf_first_word(const char *value)
{
    return g_strndup(value, strcspn(value, " \t\r"));
}

static void *place(struct ld_cf *cf, const struct ld_cf_row *row)
{
    return (char *)ld_cf_scope(cf) + row->offset;
}

static bool set_number(struct ld_cf *cf, const struct ld_cf_row *row, const char *value,
                       const char *expected)
{
    unsigned number;

    if (!ld_cf_number(value, 1, LD_CF_NUM_MAX, &number)) {
        ld_cf_wrong(cf, row->wrong, expected, value);
        return false;
    }
    memcpy(place(cf, row), &number, sizeof(number));
    return true;
}

/* As lax as a number is; only "ms" right behind the digits says more. */
static bool read_duration(const char *value, uint64_t *ms)
{
    const char *unit = value + strcspn(value, "0123456789");
    bool thousandths;
    unsigned number;

    unit += strspn(unit, "0123456789");
    thousandths = strncmp(unit, "ms", 2) == 0 && !g_ascii_isalnum(unit[2]);
    if (!ld_cf_number(value, thousandths ? LD_CF_DURATION_MIN_MS : 1, LD_CF_NUM_MAX, &number))
        return false;
    *ms = thousandths ? number : number * UINT64_C(1000);
    return true;
}

bool ld_cf_set_duration(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    uint64_t ms;

    if (!read_duration(value, &ms)) {
        ld_cf_wrong(cf, row->wrong, "a number of seconds, 1 or more, or of milliseconds (500ms), "
                                    "10 or more", value);
        return false;
    }
    memcpy(place(cf, row), &ms, sizeof(ms));
    if (strcmp(row->name, "checkinterval") == 0)
        ld_cf_scope(cf)->checkinterval_line = cf->line;
    return true;
}

bool ld_cf_set_count(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    if (strcmp(row->name, "checkcount") == 0)
        ld_cf_warning(cf, NULL,
                      "checkcount option is deprecated and slated for removal.  "
                      "please see 'failurecount'");
    return set_number(cf, row, value, "a number, 1 or more");
}

bool ld_cf_set_yes_no(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    size_t length = strlen(value);
    enum ld_cf_tri tri;

    /* Blanks at the end were an error nobody could see; nothing else may follow. */
    while (length > 0 && g_ascii_isspace(value[length - 1]))
        length--;
    if (length == 3 && strncmp(value, "yes", 3) == 0) {
        tri = LD_CF_YES;
    } else if (length == 2 && strncmp(value, "no", 2) == 0) {
        tri = LD_CF_NO;
    } else {
        ld_cf_error(cf, value, "%s must be 'yes' or 'no': found \"%s\"", row->name, value);
        return false;
    }
    memcpy(place(cf, row), &tri, sizeof(tri));
    return true;
}

/* Takes text over. */
static bool set_text(struct ld_cf *cf, const struct ld_cf_row *row, char *text)
{
    char **slot = place(cf, row);

    g_free(*slot);
    *slot = text;
    return true;
}

static bool set_not_empty(struct ld_cf *cf, const struct ld_cf_row *row, const char *value,
                          char *text)
{
    if (!*text) {
        g_free(text);
        ld_cf_wrong(cf, row->wrong, "a text that is not empty", value);
        return false;
    }
    return set_text(cf, row, text);
}

bool ld_cf_set_quoted(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *text = ld_cf_quoted(value);

    return text && set_not_empty(cf, row, value, text);
}

bool ld_cf_set_quoted_or_empty(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *text = ld_cf_quoted(value);

    return text && set_text(cf, row, text);
}

bool ld_cf_set_string(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *text;

    if (*value == '"')
        return ld_cf_set_quoted(cf, row, value);
    text = g_strdup(value);
    return set_not_empty(cf, row, value, g_strchomp(text));
}
