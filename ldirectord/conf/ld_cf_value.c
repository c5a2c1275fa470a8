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

bool ld_cf_bounded(struct ld_cf *cf, const struct ld_cf_row *row, const char *value, unsigned min,
                   unsigned max, const char *unit, unsigned *out)
{
    const char *digits = value + strcspn(value, "0123456789");

    if (ld_cf_number(value, min, max, out))
        return true;
    if (!*digits || ld_cf_number(value, 0, max, out))
        return false; /* none, or too small */
    *out = max;
    ld_cf_warning(cf, value, "%s: expected %u%s at most, found \"%s\": it is %u%s", row->name, max,
                  unit, value, max, unit);
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

#define WORD_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

char *ld_cf_lax_word(const char *value, bool with_dashes, const char **rest)
{
    const char *bytes = with_dashes ? WORD_BYTES "-" : WORD_BYTES;
    const char *start = value + strcspn(value, bytes);
    size_t length = strspn(start, bytes);

    *rest = start + length;
    return g_strndup(start, length);
}

void ld_cf_warn_of_rest(struct ld_cf *cf, const struct ld_cf_row *row, const char *word,
                        const char *rest)
{
    const char *more = rest + strspn(rest, "\"' \t\r\f\v");

    if (*more)
        ld_cf_warning(cf, rest, "%s: only the first word counts, \"%s\"; found \"%s\" after it",
                      row->name, word, more);
}

static void *place(struct ld_cf *cf, const struct ld_cf_row *row)
{
    return (char *)ld_cf_scope(cf) + row->offset;
}

/* As lax as a number is; only "ms" right behind the digits says more. */
static bool read_duration(struct ld_cf *cf, const struct ld_cf_row *row, const char *value,
                          uint64_t *ms)
{
    const char *unit = value + strcspn(value, "0123456789");
    bool thousandths;
    unsigned number;

    unit += strspn(unit, "0123456789");
    thousandths = strncmp(unit, "ms", 2) == 0 && !g_ascii_isalnum(unit[2]);
    if (!ld_cf_bounded(cf, row, value, thousandths ? LD_CF_DURATION_MIN_MS : 1,
                       thousandths ? LD_CF_TIME_MAX * 1000 : LD_CF_TIME_MAX,
                       thousandths ? " milliseconds" : " seconds", &number))
        return false;
    *ms = thousandths ? number : number * UINT64_C(1000);
    return true;
}

bool ld_cf_set_duration(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    uint64_t ms;

    if (!read_duration(cf, row, value, &ms)) {
        bool other = cf->block && strcmp(row->name, "checkinterval") == 0;

        ld_cf_wrong(cf, other ? "invalid checkinterval" : row->wrong,
                    "a number of seconds, 1 or more, or of milliseconds (500ms), "
                                    "10 or more", value);
        return false;
    }
    ld_cf_warn_of_number(cf, row, value);
    memcpy(place(cf, row), &ms, sizeof(ms));
    if (strcmp(row->name, "checkinterval") == 0)
        ld_cf_scope(cf)->checkinterval_at = ld_cf_here(cf, value);
    return true;
}

bool ld_cf_set_count(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    bool tries = strcmp(row->name, "checkcount") == 0;
    unsigned number;

    if (tries)
        ld_cf_warning(cf, NULL,
                      "checkcount option is deprecated and slated for removal.  "
                      "please see 'failurecount'");
    if (!ld_cf_bounded(cf, row, value, 1, tries ? LD_CF_TRIES_MAX : LD_CF_NUM_MAX, "", &number)) {
        ld_cf_wrong(cf, row->wrong, "a number, 1 or more", value);
        return false;
    }
    ld_cf_warn_of_number(cf, row, value);
    memcpy(place(cf, row), &number, sizeof(number));
    return true;
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
    if (cf->block && strcmp(row->name, "ops") == 0)
        cf->block->ops_at = ld_cf_here(cf, value);
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

    ld_cf_warn_behind_quotes(cf, row, value);
    return text && set_not_empty(cf, row, value, text);
}

bool ld_cf_set_quoted_or_empty(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *text = ld_cf_quoted(value);

    ld_cf_warn_behind_quotes(cf, row, value);
    return text && set_text(cf, row, text);
}

bool ld_cf_set_logfile(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    ld_cf_scope(cf)->logfile_at = ld_cf_here(cf, value);
    return ld_cf_set_quoted_or_empty(cf, row, value);
}

bool ld_cf_set_string(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *text;

    /* A quote that is never closed has always been part of the text. */
    if (*value == '"' && strchr(value + 1, '"'))
        return ld_cf_set_quoted(cf, row, value);
    text = g_strdup(value);
    return set_not_empty(cf, row, value, g_strchomp(text));
}
