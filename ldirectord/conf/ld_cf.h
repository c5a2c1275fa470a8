/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord.cf: text to struct, the classic syntax whole (ldirectord.cf(5)).
 * All faults of the file in one run, each with line and column. A directive of
 * the grammar that this version does not act on yet is HA_UNSUPPORTED, never
 * ignored. Names are resolved through the given function, so that the parser
 * itself does no I/O.
 */
#ifndef LD_CONF_LD_CF_H
#define LD_CONF_LD_CF_H

#include "common/conf/diag.h"
#include "ldirectord/core/config.h"

struct ld_names {
    /* family AF_INET or AF_INET6; false: unknown. */
    bool (*host)(void *ctx, const char *name, int family, struct ha_addr *out);
    /* protocol "tcp", "udp" or NULL for any. */
    bool (*port)(void *ctx, const char *name, const char *protocol, uint16_t *out);
    void *ctx;
};

/* A new config, or NULL with at least one error in diags. */
struct ld_config *ld_cf_parse(const char *file, const char *text, size_t length,
                              const struct ld_names *names, struct ha_diags *diags);

/* The same, but with errors, too, what was understood of it: to be looked at, never acted on. */
struct ld_config *ld_cf_parse_anyway(const char *file, const char *text, size_t length,
                                     const struct ld_names *names, struct ha_diags *diags);

/* The same of a file that was read before, in the time that it takes to read what is other now: blocks that
 * stand in prior's text as they do here, at the same line, are prior's. prior may be NULL. Keeps text with
 * the configuration if that alone made it: if no name was asked for and there is nothing in diags. */
struct ld_config *ld_cf_parse_again(const struct ld_config *prior, const char *file, GBytes *text,
                                    const struct ld_names *names, struct ha_diags *diags);

/* The directives there are, by number from 0; NULL beyond the last. For the manual's test. */
const char *ld_cf_directive(size_t number);
/* Whether this build has the library that a negotiate check of app takes, if any; the checks say the
 * same (ld_check_supported()). */
bool ld_cf_acts_on(enum ld_app app);

#endif
