/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Searching an answer for receive, with a bound on the work: a pattern that
 * backtracks without end must not stop the loop. Reads no socket and gives no
 * verdict.
 */
#include "ldirectord/check/match.h"

#include <errno.h>
#include <string.h>

#include "ldirectord/core/config.h"

#define PATTERNS_KEPT 4096
/* Steps of backtracking for one search: some tens of milliseconds at the very most. */
#define MATCH_LIMIT   "(*LIMIT_MATCH=1000000)"

struct ld_match {
    GHashTable *patterns; /* text -> GRegex * */
};

struct ld_match *ld_match_new(void)
{
    struct ld_match *match = g_new0(struct ld_match, 1);

    match->patterns =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_regex_unref);
    return match;
}

void ld_match_free(struct ld_match *match)
{
    g_hash_table_destroy(match->patterns);
    g_free(match);
}

/* Kept in the place of an earlier one of this text. NULL: it is no pattern. */
static GRegex *pattern_compile(struct ld_match *match, const char *pattern, GRegexCompileFlags how)
{
    char *bounded = g_strconcat(MATCH_LIMIT, pattern, NULL);
    GRegex *regex = g_regex_new(bounded, LD_RECEIVE_FLAGS | how, 0, NULL);

    g_free(bounded);
    if (regex == NULL)
        return NULL;
    if (g_hash_table_size(match->patterns) >= PATTERNS_KEPT)
        g_hash_table_remove_all(match->patterns);
    g_hash_table_replace(match->patterns, g_strdup(pattern), regex);
    return regex;
}

int ld_match_find(struct ld_match *match, const char *pattern, const char *bytes, size_t length,
                  const char **why)
{
    GError *error = NULL;
    GRegex *regex;
    gboolean found;

    *why = NULL;
    if (pattern[strcspn(pattern, "\\^$.[]|()?*+{}")] == '\0')
        return memmem(bytes, length, pattern, strlen(pattern)) != NULL;
    regex = g_hash_table_lookup(match->patterns, pattern);
    if (regex == NULL)
        regex = pattern_compile(match, pattern, G_REGEX_OPTIMIZE);
    if (regex == NULL) {
        *why = "receive is not a regular expression";
        return -EINVAL;
    }
    found = g_regex_match_full(regex, bytes, (gssize)length, 0, 0, NULL, &error);
    /* Machine code has so small a stack that (.|\n)* ends at a kilobyte: such a pattern does without. */
    if (error != NULL && g_regex_get_compile_flags(regex) & G_REGEX_OPTIMIZE) {
        g_clear_error(&error);
        regex = pattern_compile(match, pattern, 0);
        found = g_regex_match_full(regex, bytes, (gssize)length, 0, 0, NULL, &error);
    }
    if (error != NULL) {
        g_error_free(error);
        *why = "receive takes too long to search for in this answer";
        return -E2BIG;
    }
    return found ? 1 : 0;
}
