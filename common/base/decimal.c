/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/decimal.h"

#include <string.h>

char *ha_decimal(char *at, uint64_t number)
{
    char digits[HA_DECIMAL_MAX];
    size_t from = sizeof digits;

    do {
        digits[--from] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    memcpy(at, digits + from, sizeof digits - from);
    return at + (sizeof digits - from);
}
