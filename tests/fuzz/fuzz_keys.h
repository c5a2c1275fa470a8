/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys that match (those of tests/data/captures), and an input signed with them:
 * what comes behind the digest is reached by whoever has the key, too.
 */
#ifndef TESTS_FUZZ_KEYS_H
#define TESTS_FUZZ_KEYS_H

#include <glib.h>

#include "authkeys/authkeys.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_KEYS 3

static inline const struct ak_keys *fuzz_keys(void)
{
    static const char text[] = "auth 1\n1 sha1 hblab-secret\n2 crc\n3 md5 hblab-secret\n";
    static struct ak_keys keys;
    struct ha_diags diags;

    if (keys.keys[1].method == AK_NONE) {
        ha_diags_init(&diags);
        fuzz_must(ak_keys_parse(&keys, "authkeys", text, strlen(text), 0600, &diags));
        ha_diags_clear(&diags);
    }
    return &keys;
}

static inline void fuzz_add(GByteArray *out, const void *bytes, size_t length)
{
    if (length > 0)
        g_byte_array_append(out, bytes, (guint)length);
}

/* From behind the first mark up to the last, where there are such; else as it is. */
static inline struct fuzz_rest fuzz_between(const uint8_t *data, size_t size, const char *begin,
                                            const char *end)
{
    const uint8_t *mark = NULL;
    struct fuzz_rest body = {data, size};

    if (size >= 4 && memcmp(data, begin, 4) == 0)
        body = (struct fuzz_rest){data + 4, size - 4};
    for (size_t i = 0; i + 4 <= body.left; i++)
        if (memcmp(body.at + i, end, 4) == 0)
            mark = body.at + i;
    if (mark != NULL)
        body.left = (size_t)(mark - body.at);
    return body;
}

/* The fields of data between the marks of the netstring form, with that key's trailer. */
static inline GByteArray *fuzz_sign_net(int index, const uint8_t *data, size_t size)
{
    struct fuzz_rest body = fuzz_between(data, size, "###\n", "%%%\n");
    GByteArray *out = g_byte_array_new();
    char digest[AK_DIGEST_TEXT], *trailer;

    fuzz_add(out, "###\n", 4);
    fuzz_add(out, body.at, body.left);
    fuzz_add(out, "%%%\n", 4);
    fuzz_must(ak_digest(&fuzz_keys()->keys[index], out->data, out->len, digest) > 0);
    trailer = g_strdup_printf("%zu:%d %s,", strlen(digest) + 2, index, digest);
    fuzz_add(out, trailer, strlen(trailer));
    g_free(trailer);
    return out;
}

/* The lines of data without an auth line of their own, with ours behind them. */
static inline GByteArray *fuzz_sign_old(int index, const uint8_t *data, size_t size)
{
    struct fuzz_rest body = fuzz_between(data, size, ">>>\n", "<<<\n"), line;
    GByteArray *out = g_byte_array_new();
    char digest[AK_DIGEST_TEXT], *tail;

    fuzz_add(out, ">>>\n", 4);
    while (fuzz_until(&body, '\n', &line)) {
        if (line.left >= 5 && memcmp(line.at, "auth=", 5) == 0)
            continue;
        fuzz_add(out, line.at, line.left);
        fuzz_add(out, "\n", 1);
    }
    fuzz_must(ak_digest(&fuzz_keys()->keys[index], out->data + 4, out->len - 4, digest) > 0);
    tail = g_strdup_printf("auth=%d %s\n<<<\n", index, digest);
    fuzz_add(out, tail, strlen(tail) + 1);
    g_free(tail);
    return out;
}

#endif
