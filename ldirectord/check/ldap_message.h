/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few LDAPv3 messages a check speaks (RFC 4511), as bytes: a simple bind and
 * a search of one entry out, their answers in. What comes from the wire is
 * looked at only as far as needed, never beyond what has come. No I/O.
 */
#ifndef LD_CHECK_LDAP_MESSAGE_H
#define LD_CHECK_LDAP_MESSAGE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest message that is understood. */
#define LD_LDAP_MESSAGE_MAX ((size_t)1 << 20)

/* Both empty: anonymous. Append to out. */
void ld_ldap_bind(GByteArray *out, uint8_t id, const char *dn, const char *passwd);
/* The entry itself, whatever its class, none of its attributes. */
void ld_ldap_search(GByteArray *out, uint8_t id, const char *dn);
void ld_ldap_unbind(GByteArray *out, uint8_t id);

enum ld_ldap_kind { LD_LDAP_BIND_RESPONSE, LD_LDAP_ENTRY, LD_LDAP_DONE, LD_LDAP_REFERENCE,
                    LD_LDAP_NOTICE /* what the server says unasked: it is leaving */ };

struct ld_ldap_answer {
    enum ld_ldap_kind kind;
    unsigned result;    /* BIND_RESPONSE, DONE, NOTICE: 0 is success */
    const char *text;   /* the entry's DN, or the server's words; not terminated, into the bytes */
    size_t length;
};

/* 1: one answer, of *used bytes; 0: more bytes are needed; -EBADMSG: not LDAP, or longer than we
 * understand. */
int ld_ldap_read(const uint8_t *bytes, size_t length, struct ld_ldap_answer *answer, size_t *used);

#endif
