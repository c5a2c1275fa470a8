/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * authkeys: the file with the cluster's keys, and the message authentication
 * codes made with them. Text in, struct out; who opened the file passes what
 * stat() said. Keys are wiped when freed, compared in constant time, never
 * printed. Grammar and digests: authkeys(5), doc/protocol.md.
 */
#ifndef AK_AUTHKEYS_H
#define AK_AUTHKEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/conf/diag.h"

#define AK_KEYS_MAX 16
/* Longest key text kept, in bytes. */
#define AK_KEY_MAX 1024
/* Longest digest as text with its NUL (sha512: 128). */
#define AK_DIGEST_TEXT 129

enum ak_method { AK_NONE, AK_CRC, AK_MD5, AK_SHA1, AK_SHA256, AK_SHA512, AK_METHOD_COUNT };

struct ak_key {
    enum ak_method method; /* AK_NONE: no such index */
    char *text;            /* NULL for crc */
    size_t length;
    struct _GHmac *begun; /* that has taken the key in, which is half of the work for a beat; or NULL */
};

struct ak_keys {
    struct ak_key keys[AK_KEYS_MAX];
    int sending; /* index of the `auth` line */
};

const char *ak_method_name(enum ak_method method);
bool ak_method_find(const char *name, enum ak_method *method);

/* Parses the whole text; all faults go to diags with file:line. mode: st_mode
 * of the opened file (group or others may not read: "Bad permissions"). On
 * false *out is empty (all AK_NONE). ak_keys_clear() in any case. */
bool ak_keys_parse(struct ak_keys *out, const char *file, const char *text, size_t length,
                   mode_t mode, struct ha_diags *diags);
/* Wipes. */
void ak_keys_clear(struct ak_keys *keys);

/* Makes and ends key->begun. ak_keys_parse() and ak_keys_clear() do it for theirs. */
void ak_key_begin(struct ak_key *key);
void ak_key_end(struct ak_key *key);
/* Lower-case hex digest of bytes with key, NUL-terminated; its length, or 0 if
 * key is AK_NONE. crc is not padded (1 to 8 digits), as on the wire. */
size_t ak_digest(const struct ak_key *key, const void *bytes, size_t length,
                 char out[AK_DIGEST_TEXT]);
/* Constant time in the contents (not in the length). */
bool ak_digest_equal(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
