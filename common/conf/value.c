/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed values. Written out rather than left to strtoul(), which takes blanks,
 * signs and trailing words and wraps where a configuration must be refused.
 */
#include "common/conf/value.h"

#include <glib.h>
#include <string.h>

bool ha_value_uint(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit;

        if (!g_ascii_isdigit(*text))
            return false;
        digit = (uint64_t)(*text - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool ha_value_bool(const char *text, bool *out)
{
    static const char *const words[][2] = {
        {"true", "false"}, {"on", "off"}, {"yes", "no"}, {"y", "n"}, {"1", "0"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        for (int side = 0; side < 2; side++) {
            if (g_ascii_strcasecmp(text, words[i][side]) == 0) {
                *out = side == 0;
                return true;
            }
        }
    }
    return false;
}

/* Nanoseconds in one of the unit, 0 for an unknown unit. */
static uint64_t unit_ns(const char *unit)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"", UINT64_C(1000000000)}, {"ms", 1000000}, {"msec", 1000000},
        {"us", 1000},               {"usec", 1000},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (g_ascii_strcasecmp(unit, units[i].name) == 0)
            return units[i].ns;
    return 0;
}

bool ha_value_duration_ms(const char *text, uint64_t *out_ms)
{
    const uint64_t limit = UINT64_C(1) << 32; /* seconds; in ns it still fits 64 bits */
    size_t whole_length = strspn(text, "0123456789");
    const char *fraction = text + whole_length;
    uint64_t whole = 0, part = 0, scale = 1, unit, ns;
    char *whole_text;
    bool ok;

    if (*fraction == '.')
        fraction++;
    if (whole_length == 0 && !g_ascii_isdigit(*fraction))
        return false;
    whole_text = g_strndup(text, whole_length);
    ok = whole_length == 0 || ha_value_uint(whole_text, 0, UINT64_MAX, &whole);
    g_free(whole_text);
    if (!ok)
        return false;
    /* Nine places reach the nanosecond; what lies beyond changes nothing but
     * that the value was above 0. */
    for (; g_ascii_isdigit(*fraction); fraction++) {
        if (scale < UINT64_C(1000000000)) {
            part = part * 10 + (uint64_t)(*fraction - '0');
            scale *= 10;
        } else if (*fraction != '0' && part == 0 && whole == 0) {
            part = 1;
        }
    }
    unit = unit_ns(fraction);
    if (unit == 0 || whole > limit * (UINT64_C(1000000000) / unit))
        return false;
    ns = whole * unit + part * unit / scale;
    if (ns > limit * UINT64_C(1000000000))
        return false;
    *out_ms = (ns + 500000) / 1000000;
    if (*out_ms == 0 && (whole > 0 || part > 0))
        *out_ms = 1;
    return true;
}
