/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values as bytes of a frame, and back. Both ends are one program on one
 * machine, so numbers are as the machine has them. Reading believes nothing:
 * whatever is asked of a text that is too short, or is not what it should be,
 * is 0 or empty, and the reader is bad from then on; look at that once, at the
 * end.
 */
#ifndef HA_CONFINE_PACK_H
#define HA_CONFINE_PACK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/addr.h"

void ha_pack_u8(GByteArray *out, uint8_t value);
void ha_pack_u16(GByteArray *out, uint16_t value);
void ha_pack_u32(GByteArray *out, uint32_t value);
void ha_pack_u64(GByteArray *out, uint64_t value);
void ha_pack_bytes(GByteArray *out, const void *bytes, size_t length); /* without its length */
void ha_pack_text(GByteArray *out, const char *text); /* NULL is another text than "" */
void ha_pack_addr(GByteArray *out, const struct ha_addr *addr);

struct ha_unpack {
    const uint8_t *at;
    size_t left;
    bool bad;
};
static inline struct ha_unpack ha_unpack_begin(const uint8_t *bytes, size_t length)
{
    return (struct ha_unpack){.at = bytes, .left = length};
}
uint8_t ha_unpack_u8(struct ha_unpack *in);
uint16_t ha_unpack_u16(struct ha_unpack *in);
uint32_t ha_unpack_u32(struct ha_unpack *in);
uint64_t ha_unpack_u64(struct ha_unpack *in);
void ha_unpack_bytes(struct ha_unpack *in, void *out, size_t length); /* zeros if there are not so many */
/* Within the bytes, NUL-terminated there; NULL if NULL was packed, or it is bad. */
const char *ha_unpack_text(struct ha_unpack *in);
/* AF_INET, AF_INET6 or AF_UNSPEC (none); anything else is bad. */
void ha_unpack_addr(struct ha_unpack *in, struct ha_addr *out);
/* All of it was read, and nothing was wrong. */
bool ha_unpack_end(const struct ha_unpack *in);

#endif
