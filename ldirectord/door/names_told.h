/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the resolver said while a configuration was read, as a text that can be
 * handed to who must not ask name servers itself: their answers are strangers'
 * words. A name is worth what the resolver says, either way; what is no name in
 * the file cannot be given a meaning here.
 */
#ifndef LD_DOOR_NAMES_TOLD_H
#define LD_DOOR_NAMES_TOLD_H

#include "ldirectord/conf/ld_cf.h"

/* Asks the names below, and notes what they said. */
struct ld_names_told {
    const struct ld_names *below;
    GByteArray *notes;
};
struct ld_names ld_names_noting(struct ld_names_told *told);

/* Knows only what such notes say. */
struct ld_names_noted {
    GHashTable *answers;
};
/* False: they make no sense; cleared all the same. */
bool ld_names_noted_read(struct ld_names_noted *noted, const void *notes, size_t length);
void ld_names_noted_clear(struct ld_names_noted *noted);
struct ld_names ld_names_of_notes(struct ld_names_noted *noted);

#endif
