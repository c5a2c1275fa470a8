/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packing (pack.h). A text is its length with the NUL, 0 for none, and its bytes with the NUL. */
#include "common/confine/pack.h"

#include <string.h>
#include <sys/socket.h>

void ha_pack_bytes(GByteArray *out, const void *bytes, size_t length)
{
    g_byte_array_append(out, bytes, (guint)length);
}

void ha_pack_u8(GByteArray *out, uint8_t value)
{
    ha_pack_bytes(out, &value, sizeof(value));
}

void ha_pack_u16(GByteArray *out, uint16_t value)
{
    ha_pack_bytes(out, &value, sizeof(value));
}

void ha_pack_u32(GByteArray *out, uint32_t value)
{
    ha_pack_bytes(out, &value, sizeof(value));
}

void ha_pack_u64(GByteArray *out, uint64_t value)
{
    ha_pack_bytes(out, &value, sizeof(value));
}

void ha_pack_text(GByteArray *out, const char *text)
{
    size_t size = text != NULL ? strlen(text) + 1 : 0;

    ha_pack_u32(out, (uint32_t)size);
    if (size > 0)
        ha_pack_bytes(out, text, size);
}

void ha_pack_addr(GByteArray *out, const struct ha_addr *addr)
{
    ha_pack_u16(out, addr->family);
    if (addr->family == AF_INET)
        ha_pack_bytes(out, &addr->v4, sizeof(addr->v4));
    else if (addr->family == AF_INET6)
        ha_pack_bytes(out, &addr->v6, sizeof(addr->v6));
}

/* ---- back ---- */

static const uint8_t *take(struct ha_unpack *in, size_t length)
{
    const uint8_t *at = in->at;

    if (in->bad || length > in->left) {
        in->bad = true;
        return NULL;
    }
    in->at += length;
    in->left -= length;
    return at;
}

void ha_unpack_bytes(struct ha_unpack *in, void *out, size_t length)
{
    const uint8_t *at = take(in, length);

    if (at != NULL && length > 0)
        memcpy(out, at, length);
    else if (at == NULL)
        memset(out, 0, length);
}

uint8_t ha_unpack_u8(struct ha_unpack *in)
{
    uint8_t value;

    ha_unpack_bytes(in, &value, sizeof(value));
    return value;
}

uint16_t ha_unpack_u16(struct ha_unpack *in)
{
    uint16_t value;

    ha_unpack_bytes(in, &value, sizeof(value));
    return value;
}

uint32_t ha_unpack_u32(struct ha_unpack *in)
{
    uint32_t value;

    ha_unpack_bytes(in, &value, sizeof(value));
    return value;
}

uint64_t ha_unpack_u64(struct ha_unpack *in)
{
    uint64_t value;

    ha_unpack_bytes(in, &value, sizeof(value));
    return value;
}

const char *ha_unpack_text(struct ha_unpack *in)
{
    uint32_t size = ha_unpack_u32(in);
    const uint8_t *at = size > 0 ? take(in, size) : NULL;

    if (at == NULL)
        return NULL;
    if (memchr(at, '\0', size) != at + size - 1) {
        in->bad = true;
        return NULL;
    }
    return (const char *)at;
}

void ha_unpack_addr(struct ha_unpack *in, struct ha_addr *out)
{
    memset(out, 0, sizeof(*out));
    out->family = ha_unpack_u16(in);
    if (out->family == AF_INET)
        ha_unpack_bytes(in, &out->v4, sizeof(out->v4));
    else if (out->family == AF_INET6)
        ha_unpack_bytes(in, &out->v6, sizeof(out->v6));
    else if (out->family != AF_UNSPEC)
        in->bad = true;
    if (in->bad)
        memset(out, 0, sizeof(*out));
}

bool ha_unpack_end(const struct ha_unpack *in)
{
    return !in->bad && in->left == 0;
}
