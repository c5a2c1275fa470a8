/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signature is looked at before anything it covers is. */
#include "ldirectord/check/radius_message.h"

#include <glib.h>
#include <string.h>

#define HEADER_BYTES    20
#define AUTHENTICATOR   4 /* its place in the header */
#define ATTRIBUTE_HEAD  2

enum code { ACCESS_REQUEST = 1, ACCESS_ACCEPT = 2, ACCESS_REJECT = 3, ACCESS_CHALLENGE = 11 };
enum attribute { USER_NAME = 1, USER_PASSWORD = 2, NAS_IP_ADDRESS = 4, MESSAGE_AUTHENTICATOR = 80,
                 NAS_IPV6_ADDRESS = 95 };

static void md5(const void *first, size_t first_length, const void *second, size_t second_length,
                uint8_t out[LD_RADIUS_DIGEST])
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    gsize size = LD_RADIUS_DIGEST;

    g_checksum_update(sum, first, (gssize)first_length);
    g_checksum_update(sum, second, (gssize)second_length);
    g_checksum_get_digest(sum, out, &size);
    g_checksum_free(sum);
}

static void sign(const uint8_t *message, size_t length, const char *secret,
                 uint8_t out[LD_RADIUS_DIGEST])
{
    GHmac *hmac = g_hmac_new(G_CHECKSUM_MD5, (const guchar *)secret, strlen(secret));
    gsize size = LD_RADIUS_DIGEST;

    g_hmac_update(hmac, message, (gssize)length);
    g_hmac_get_digest(hmac, out, &size);
    g_hmac_unref(hmac);
}

/* In a time that does not tell where they differ. */
static bool same(const uint8_t *a, const uint8_t *b)
{
    unsigned differ = 0;

    for (size_t i = 0; i < LD_RADIUS_DIGEST; i++)
        differ |= (unsigned)(a[i] ^ b[i]);
    return differ == 0;
}

/* ---- the request ---- */

static uint8_t *put(uint8_t *at, enum attribute type, const void *value, size_t length)
{
    *at++ = (uint8_t)type;
    *at++ = (uint8_t)(ATTRIBUTE_HEAD + length);
    memcpy(at, value, length);
    return at + length;
}

/* RFC 2865, 5.2: each block is hidden under a digest of the secret and the block before. */
static size_t hide(const struct ld_radius_ask *ask, uint8_t out[LD_RADIUS_PASSWD_MAX])
{
    size_t length = strlen(ask->passwd), blocks = MAX((length + 15) / LD_RADIUS_DIGEST, 1);
    const uint8_t *before = ask->authenticator;
    uint8_t mask[LD_RADIUS_DIGEST];

    memset(out, 0, LD_RADIUS_PASSWD_MAX);
    memcpy(out, ask->passwd, length);
    for (size_t block = 0; block < blocks; block++) {
        uint8_t *at = out + block * LD_RADIUS_DIGEST;

        md5(ask->secret, strlen(ask->secret), before, LD_RADIUS_DIGEST, mask);
        for (size_t i = 0; i < LD_RADIUS_DIGEST; i++)
            at[i] ^= mask[i];
        before = at;
    }
    return blocks * LD_RADIUS_DIGEST;
}

size_t ld_radius_request(const struct ld_radius_ask *ask, uint8_t out[LD_RADIUS_MAX])
{
    static const uint8_t blank[LD_RADIUS_DIGEST];
    uint8_t hidden[LD_RADIUS_PASSWD_MAX], *signature, *at = out + HEADER_BYTES;
    bool v6 = ask->nas.family == AF_INET6;
    size_t length;

    if (strlen(ask->login) > LD_RADIUS_LOGIN_MAX || strlen(ask->passwd) > LD_RADIUS_PASSWD_MAX)
        return 0;
    out[0] = ACCESS_REQUEST;
    out[1] = ask->id;
    memcpy(out + AUTHENTICATOR, ask->authenticator, LD_RADIUS_DIGEST);
    signature = at + ATTRIBUTE_HEAD;
    at = put(at, MESSAGE_AUTHENTICATOR, blank, sizeof(blank));
    if (ask->login[0] != '\0')
        at = put(at, USER_NAME, ask->login, strlen(ask->login));
    length = hide(ask, hidden);
    at = put(at, USER_PASSWORD, hidden, length);
    at = put(at, v6 ? NAS_IPV6_ADDRESS : NAS_IP_ADDRESS, ask->nas.bytes, v6 ? 16 : 4);
    length = (size_t)(at - out);
    out[2] = (uint8_t)(length >> 8);
    out[3] = (uint8_t)length;
    sign(out, length, ask->secret, signature);
    return length;
}

/* ---- the answer ---- */

/* Finds the Message-Authenticator (0: none). False: the attributes do not fit the length. */
static bool walk(const uint8_t *message, size_t length, size_t *signature)
{
    *signature = 0;
    for (size_t at = HEADER_BYTES; at < length; at += message[at + 1]) {
        if (length - at < ATTRIBUTE_HEAD || message[at + 1] < ATTRIBUTE_HEAD ||
            message[at + 1] > length - at)
            return false;
        if (message[at] == MESSAGE_AUTHENTICATOR) {
            if (message[at + 1] != ATTRIBUTE_HEAD + LD_RADIUS_DIGEST || *signature != 0)
                return false;
            *signature = at + ATTRIBUTE_HEAD;
        }
    }
    return true;
}

/* message has the request's authenticator in its header already, as both signatures want it. */
static enum ld_radius verify(uint8_t *message, size_t length, const uint8_t *told,
                             const char *secret)
{
    uint8_t digest[LD_RADIUS_DIGEST], inner[LD_RADIUS_DIGEST];
    size_t signature;

    md5(message, length, secret, strlen(secret), digest);
    if (!same(digest, told))
        return LD_RADIUS_FORGED;
    if (!walk(message, length, &signature))
        return LD_RADIUS_BROKEN;
    if (signature != 0) {
        memcpy(inner, message + signature, sizeof(inner));
        memset(message + signature, 0, sizeof(inner));
        sign(message, length, secret, digest);
        if (!same(digest, inner))
            return LD_RADIUS_FORGED;
    }
    switch (message[0]) {
    case ACCESS_ACCEPT:
        return LD_RADIUS_ACCEPT;
    case ACCESS_REJECT:
        return LD_RADIUS_REJECT;
    default:
        return LD_RADIUS_CHALLENGE;
    }
}

enum ld_radius ld_radius_read(const uint8_t *bytes, size_t length, const struct ld_radius_ask *ask)
{
    uint8_t message[LD_RADIUS_MAX];
    size_t told;

    if (length < HEADER_BYTES || bytes[1] != ask->id ||
        (bytes[0] != ACCESS_ACCEPT && bytes[0] != ACCESS_REJECT && bytes[0] != ACCESS_CHALLENGE))
        return LD_RADIUS_NOT_OURS;
    told = (size_t)bytes[2] << 8 | bytes[3];
    if (told < HEADER_BYTES || told > length || told > sizeof(message))
        return LD_RADIUS_NOT_OURS;
    memcpy(message, bytes, told); /* what follows is padding */
    memcpy(message + AUTHENTICATOR, ask->authenticator, LD_RADIUS_DIGEST);
    return verify(message, told, bytes + AUTHENTICATOR, ask->secret);
}
