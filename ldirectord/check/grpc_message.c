/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of protocol buffers as two messages of one field each take: unknown
 * fields are passed over, as they must be, and nothing is read past the end.
 */
#include "ldirectord/check/grpc_message.h"

#include <string.h>

#define PREFIX 5 /* compressed or not, and the length */

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static void append_varint(GByteArray *out, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

        g_byte_array_append(out, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

GByteArray *ld_grpc_question(const char *service)
{
    GByteArray *out = g_byte_array_new();
    size_t length = strlen(service);
    uint32_t size;

    g_byte_array_append(out, (const uint8_t *)"\0\0\0\0\0", PREFIX);
    if (length > 0) {
        append_varint(out, 1 << 3 | BYTES);
        append_varint(out, length);
        g_byte_array_append(out, (const uint8_t *)service, (guint)length);
    }
    size = g_htonl(out->len - PREFIX);
    memcpy(out->data + 1, &size, sizeof(size));
    return out;
}

static bool take_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;

        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool skip(const uint8_t **at, const uint8_t *end, uint64_t length)
{
    if (length > (uint64_t)(end - *at))
        return false;
    *at += length;
    return true;
}

static bool take_field(const uint8_t **at, const uint8_t *end, uint64_t *health)
{
    uint64_t key, value;

    if (!take_varint(at, end, &key))
        return false;
    switch (key & 7) {
    case VARINT:
        if (!take_varint(at, end, &value))
            return false;
        if (key >> 3 == 1)
            *health = value;
        return true;
    case FIXED64:
        return skip(at, end, 8);
    case FIXED32:
        return skip(at, end, 4);
    case BYTES:
        return take_varint(at, end, &value) && skip(at, end, value);
    default:
        return false;
    }
}

bool ld_grpc_answer(const uint8_t *bytes, size_t length, uint64_t *health)
{
    const uint8_t *at = bytes + PREFIX, *end = bytes + length;
    uint32_t size;

    *health = LD_GRPC_UNKNOWN; /* what is not there is 0 */
    if (length < PREFIX || bytes[0] != 0)
        return false;
    memcpy(&size, bytes + 1, sizeof(size));
    if (g_ntohl(size) != length - PREFIX)
        return false;
    while (at < end)
        if (!take_field(&at, end, health))
            return false;
    return true;
}
