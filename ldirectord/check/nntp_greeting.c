/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure; decides as soon as it can, so that rubbish is not waited upon. */
#include "ldirectord/check/nntp_greeting.h"

#include <glib.h>
#include <string.h>

#define DIGITS 3

enum ld_nntp ld_nntp_greeting(const uint8_t *bytes, size_t length, unsigned *status)
{
    *status = 0;
    for (size_t i = 0; i < length && i < DIGITS; i++) {
        if (!g_ascii_isdigit(bytes[i]))
            return LD_NNTP_NONE;
        *status = *status * 10 + (bytes[i] - '0');
    }
    if (length > DIGITS && bytes[DIGITS] != ' ' && bytes[DIGITS] != '\r' && bytes[DIGITS] != '\n')
        return LD_NNTP_NONE;
    if (length > 0 && memchr(bytes, '\n', MIN(length, LD_NNTP_LINE_MAX)) != NULL)
        return length > DIGITS ? LD_NNTP_GREETING : LD_NNTP_NONE;
    return length >= LD_NNTP_LINE_MAX ? LD_NNTP_NONE : LD_NNTP_UNFINISHED;
}
