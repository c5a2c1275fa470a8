/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checksum that authkeys calls crc. Finds accidents, not attackers.
 */
#ifndef AK_CRC_H
#define AK_CRC_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 with polynomial 04C11DB7, most significant bit first, start 0, no
 * reflection, complemented at the end, the length not appended:
 * "123456789" gives 765e7680. */
uint32_t ak_crc32(const void *bytes, size_t length);

#endif
