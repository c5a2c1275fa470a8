/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directives of ha.cf, one row each: what the parser, help texts and the
 * manual's test know about a directive comes from here.
 */
#ifndef HB_CONF_HA_CF_TABLE_H
#define HB_CONF_HA_CF_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct hb_cf;

enum hb_cf_use {
    HB_CF_ACTED,     /* this version acts on it */
    HB_CF_NO_EFFECT, /* accepted: changes nothing in a cluster with haresources */
    HB_CF_NOT_YET,   /* refused: this version does not act on it yet */
    HB_CF_USE_COUNT
};

enum hb_cf_result {
    HB_CF_OK,
    HB_CF_BAD, /* not what `expected` says: the caller writes the message */
    HB_CF_TOLD /* refused, and the setter has written the message */
};

struct hb_cf_directive {
    const char *name;
    enum hb_cf_use use;
    bool whole_line; /* one value: the rest of the line; else applied once per word */
    bool once;       /* a second line is an error */
    bool option;     /* its text goes into the scripts' environment as HA_<name> */
    const char *standard; /* recorded if the file does not say; NULL: nothing is */
    const char *expected; /* ends "expected …" in a message */
    const char *explanation;
    enum hb_cf_result (*set)(struct hb_cf *cf, char *value); /* NULL for NOT_YET */
};

/* Ends with a row whose name is NULL. Sorted as in ha.cf(5). */
extern const struct hb_cf_directive hb_cf_directives[];

/* NULL for none. Exact, case counts. */
const struct hb_cf_directive *hb_cf_directive_find(const char *name);

#endif
