/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heartbeat's own scripts that did nothing but hand their arguments to an OCF
 * agent of the same name: which argument means which parameter. OCF called by
 * one of these names does the same.
 */
#ifndef OCF_POSITIONAL_H
#define OCF_POSITIONAL_H

#include <glib.h>
#include <stdbool.h>

#define OCF_POSITIONAL_MAX 4

struct ocf_positional {
    const char *name;
    unsigned required; /* so many of the parameters must be given */
    const char *parameters[OCF_POSITIONAL_MAX + 1]; /* NULL-terminated */
    bool rest;         /* the last parameter takes all words that are left, with blanks between */
};

/* NULL: no such script. */
const struct ocf_positional *ocf_positional_find(const char *name);
/* Appends "parameter=value" for each of values; an empty value is passed over, as a parameter not
 * given. false if there are too few or too many. */
bool ocf_positional_read(const struct ocf_positional *positional, char *const *values,
                         unsigned count, GPtrArray *arguments);
/* "device directory [fstype] [options]", the caller's to free. */
char *ocf_positional_usage(const struct ocf_positional *positional);

#endif
