/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crc of authkeys, four bits a step: sixteen constants one can check by
 * hand, and fast enough for a datagram a second.
 */
#include "authkeys/crc.h"

/* Entry n: what the top four bits n leave behind when they are shifted out. */
static const uint32_t nibble_table[16] = {
    0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9, 0x130476dc, 0x17c56b6b, 0x1a864db2, 0x1e475005,
    0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61, 0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd,
};

uint32_t ak_crc32(const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    uint32_t crc = 0;

    for (; length > 0; length--, next++) {
        crc = crc << 4 ^ nibble_table[crc >> 28 ^ *next >> 4];
        crc = crc << 4 ^ nibble_table[crc >> 28 ^ (*next & 15)];
    }
    return ~crc;
}
