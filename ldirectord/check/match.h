/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search for receive that all checks share; compiled patterns are kept. */
#ifndef LD_CHECK_MATCH_H
#define LD_CHECK_MATCH_H

#include <stddef.h>

struct ld_match;

struct ld_match *ld_match_new(void);
void ld_match_free(struct ld_match *match);
/* Whether pattern (a Perl-like regular expression) is found in the bytes. 0 no, 1 yes; negative
 * errno with a sentence in *why (static). */
int ld_match_find(struct ld_match *match, const char *pattern, const char *bytes, size_t length,
                  const char **why);

#endif
