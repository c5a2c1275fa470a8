/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On what terms a server is asked, beyond the classic words of ldirectord.cf:
 * certificates, statuses, headers, bytes. All unset: as ever. Part of a service
 * and of a probe, and so of what makes two questions the same.
 */
#ifndef LD_CORE_TERMS_H
#define LD_CORE_TERMS_H

#include <glib.h>
#include <stdbool.h>

enum ld_verify {
    LD_VERIFY_USUAL, /* what the service has always done */
    LD_VERIFY_NONE,
    LD_VERIFY_CHAIN, /* the certificate is good, whatever its name */
    LD_VERIFY_NAME,  /* and has the name of sni, virtualhost, or the address */
    LD_VERIFY_COUNT
};
const char *ld_verify_name(enum ld_verify verify); /* none, chain, name; "usual" */
bool ld_verify_find(const char *name, enum ld_verify *verify); /* "usual" is no word */

/* NULL: unset. send, expect and body are escaped as in the file: see ld_terms_bytes(). */
struct ld_terms {
    enum ld_verify verify;
    char *cafile;
    char *sni;
    char *expectstatus; /* "200-299,302", without blanks */
    char *headers;      /* "Name: value", each ended by a line feed */
    char *body;         /* asked with POST */
    char *send, *expect;
};

/* What has a meaning for a service; the rest of its terms is no part of the question. */
enum {
    LD_TERMS_TLS = 1,  /* verify, cafile, sni */
    LD_TERMS_HTTP = 2, /* expectstatus, headers, body */
    LD_TERMS_TALK = 4, /* send, expect */
};

/* Those of the groups are copied over what out has not set itself. */
void ld_terms_inherit(struct ld_terms *out, const struct ld_terms *from, unsigned groups);
void ld_terms_clear(struct ld_terms *terms);
bool ld_terms_equal(const struct ld_terms *one, const struct ld_terms *other);

/* What an escaped text stands for: \\ \" \n \r \t \0 and \xHH. NULL: there is another escape in
 * it. Has a NUL after its end; g_free() it. */
char *ld_terms_bytes(const char *escaped, size_t *length);
/* A list of numbers and ranges from 100 to 599, without blanks and in order of writing; NULL: it
 * is none. g_free() it. */
char *ld_terms_statuses(const char *text);
/* statuses as above; NULL: 200-299. */
bool ld_terms_expects(const char *statuses, long status);
/* Whether headers has one of this name, in any case. */
bool ld_terms_has_header(const char *headers, const char *name);

#endif
