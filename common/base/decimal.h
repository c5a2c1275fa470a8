/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as text where printf() would cost more than all the rest: in each packet, each check, each line. */
#ifndef HA_DECIMAL_H
#define HA_DECIMAL_H

#include <stdint.h>

#define HA_DECIMAL_MAX 20 /* digits of the longest */

/* Writes number's digits, without NUL, and returns where they end. */
char *ha_decimal(char *at, uint64_t number);

#endif
