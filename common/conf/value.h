/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed values: a text in, a value or "no" out. Each states its range; who
 * calls adds the diagnostic, because only the caller knows file, line and what
 * the value was for.
 */
#ifndef HA_CONF_VALUE_H
#define HA_CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only, within min…max. No sign, no blanks, no overflow. */
bool ha_value_uint(const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* ha.cf's boolean: true on yes y 1 / false off no n 0, any case. */
bool ha_value_bool(const char *text, bool *out);

/* ha.cf's duration: digits with at most one dot, directly followed by nothing
 * (seconds), ms, msec, us or usec; rounded to whole milliseconds, at least 1 if
 * the text was above 0. At most 2^32 seconds. */
bool ha_value_duration_ms(const char *text, uint64_t *out_ms);

#endif
