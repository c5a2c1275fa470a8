/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An answer of a RADIUS server, as it is, and signed as ours with the secret: the
 * attributes behind the signature are reached, and the length is made true.
 */
#include <glib.h>

#include "ldirectord/check/radius_message.h"
#include "tests/fuzz/fuzz.h"

#define HEAD 20

static const char secret[] = "xyzzy5461";

/* RFC 3579, 3.2: the first Message-Authenticator, over an answer in which it is zero. */
static void sign_inside(GByteArray *answer)
{
    GHmac *sum;
    gsize length = LD_RADIUS_DIGEST;

    for (guint at = HEAD; at + 1 < answer->len && answer->data[at + 1] >= 2; at += answer->data[at + 1]) {
        if (answer->data[at] != 80 || answer->data[at + 1] != 2 + LD_RADIUS_DIGEST ||
            at + 2 + LD_RADIUS_DIGEST > answer->len)
            continue;
        memset(answer->data + at + 2, 0, LD_RADIUS_DIGEST);
        sum = g_hmac_new(G_CHECKSUM_MD5, (const guchar *)secret, strlen(secret));
        g_hmac_update(sum, answer->data, answer->len);
        g_hmac_get_digest(sum, answer->data + at + 2, &length);
        g_hmac_unref(sum);
        return;
    }
}

/* RFC 2865, 3: MD5 of the answer, with the request's authenticator in it, and the secret. */
static void sign(GByteArray *answer, const struct ld_radius_ask *ask)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    gsize length = LD_RADIUS_DIGEST;

    answer->data[1] = ask->id;
    answer->data[2] = (guint8)(answer->len >> 8);
    answer->data[3] = (guint8)answer->len;
    memcpy(answer->data + 4, ask->authenticator, LD_RADIUS_DIGEST);
    sign_inside(answer);
    g_checksum_update(sum, answer->data, answer->len);
    g_checksum_update(sum, (const guchar *)secret, (gssize)strlen(secret));
    g_checksum_get_digest(sum, answer->data + 4, &length);
    g_checksum_free(sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ld_radius_ask ask = {.login = "nemo", .passwd = "arctangent", .secret = secret, .id = 0,
                                .authenticator = "0123456789abcdef"};
    uint8_t request[LD_RADIUS_MAX];
    GByteArray *answer = g_byte_array_new();

    fuzz_must(ha_addr_parse(&ask.nas, "192.168.1.16"));
    fuzz_must(ld_radius_request(&ask, request) <= sizeof(request));
    fuzz_must(ld_radius_read(data, size, &ask) < LD_RADIUS_COUNT);
    if (size >= HEAD && size <= LD_RADIUS_MAX) {
        g_byte_array_append(answer, data, (guint)size);
        sign(answer, &ask);
        fuzz_must((ld_radius_read(answer->data, answer->len, &ask) == LD_RADIUS_NOT_OURS) ==
                  (data[0] != 2 && data[0] != 3 && data[0] != 11));
    }
    g_byte_array_unref(answer);
    return 0;
}
