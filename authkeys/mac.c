/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message authentication codes: HMAC (RFC 2104) with glib's hashes, or the
 * plain crc. Bytes and key in, lower-case hex out. Does not know what the
 * bytes mean and chooses no key: that is the reader's and the file's business.
 */
#include "authkeys/authkeys.h"

#include <stdio.h>
#include <string.h>

#include "authkeys/crc.h"
#include "common/base/name.h"

static const struct ha_name method_names[] = {
    {AK_CRC, "crc"}, {AK_MD5, "md5"}, {AK_SHA1, "sha1"},
    {AK_SHA256, "sha256"}, {AK_SHA512, "sha512"}, HA_NAME_END,
};

const char *ak_method_name(enum ak_method method)
{
    return ha_name_of(method_names, (int)method);
}

bool ak_method_find(const char *name, enum ak_method *method)
{
    int value;

    if (!ha_name_find(method_names, name, &value))
        return false;
    *method = (enum ak_method)value;
    return true;
}

static const GChecksumType hashes[AK_METHOD_COUNT] = {
    [AK_MD5] = G_CHECKSUM_MD5, [AK_SHA1] = G_CHECKSUM_SHA1,
    [AK_SHA256] = G_CHECKSUM_SHA256, [AK_SHA512] = G_CHECKSUM_SHA512,
};

static GHmac *begin(const struct ak_key *key)
{
    return g_hmac_new(hashes[key->method], (const guchar *)key->text, key->length);
}

void ak_key_begin(struct ak_key *key)
{
    if (key->method > AK_CRC && key->method < AK_METHOD_COUNT)
        key->begun = begin(key);
}

void ak_key_end(struct ak_key *key)
{
    g_clear_pointer(&key->begun, g_hmac_unref);
}

static size_t hmac_text(const struct ak_key *key, const void *bytes, size_t length,
                        char out[AK_DIGEST_TEXT])
{
    GHmac *hmac = key->begun != NULL ? g_hmac_copy(key->begun) : begin(key);
    size_t written;

    if (length > 0)
        g_hmac_update(hmac, bytes, (gssize)length);
    written = g_strlcpy(out, g_hmac_get_string(hmac), AK_DIGEST_TEXT);
    g_hmac_unref(hmac);
    return written;
}

size_t ak_digest(const struct ak_key *key, const void *bytes, size_t length,
                 char out[AK_DIGEST_TEXT])
{
    switch (key->method) {
    case AK_CRC:
        return (size_t)snprintf(out, AK_DIGEST_TEXT, "%x", ak_crc32(bytes, length));
    case AK_MD5:
    case AK_SHA1:
    case AK_SHA256:
    case AK_SHA512:
        return hmac_text(key, bytes, length, out);
    default:
        out[0] = '\0';
        return 0;
    }
}

bool ak_digest_equal(const char *a, size_t a_length, const char *b, size_t b_length)
{
    /* volatile keeps the compiler from leaving the loop at the first difference. */
    volatile unsigned char difference = 0;

    if (a_length != b_length)
        return false;
    for (size_t i = 0; i < a_length; i++)
        difference = (unsigned char)(difference | ((unsigned char)a[i] ^ (unsigned char)b[i]));
    return difference == 0;
}
