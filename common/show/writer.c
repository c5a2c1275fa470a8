/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all writers have in common: where we are in the tree.
 */
#include "common/show/writer.h"

#include <math.h>
#include <string.h>

const struct ha_writer_ops *ha_writer_find(const char *name)
{
    static const struct ha_writer_ops *const all[] = {&ha_writer_text, &ha_writer_json};

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    }
    return NULL;
}

static bool too_deep(const struct ha_writer *writer)
{
    return writer->depth >= HA_SHOW_DEPTH;
}

static void begin(struct ha_writer *writer, const char *key, bool list)
{
    if (!too_deep(writer)) {
        writer->ops->begin(writer, key, list);
        if (writer->depth > 0)
            writer->count[writer->depth - 1]++;
        writer->list[writer->depth] = list;
        writer->count[writer->depth] = 0;
    }
    writer->depth++;
}

void ha_show_end(struct ha_writer *writer)
{
    if (writer->depth == 0)
        return;
    writer->depth--;
    if (!too_deep(writer))
        writer->ops->end(writer);
}

void ha_writer_begin(struct ha_writer *writer, const struct ha_writer_ops *ops, GString *out)
{
    *writer = (struct ha_writer){.ops = ops, .out = out};
    begin(writer, NULL, false);
}

void ha_writer_finish(struct ha_writer *writer)
{
    while (writer->depth > 0)
        ha_show_end(writer);
}

void ha_show_object(struct ha_writer *writer, const char *key)
{
    begin(writer, key, false);
}

void ha_show_list(struct ha_writer *writer, const char *key)
{
    begin(writer, key, true);
}

static bool may_write(const struct ha_writer *writer)
{
    return writer->depth > 0 && writer->depth <= HA_SHOW_DEPTH;
}

void ha_show_text(struct ha_writer *writer, const char *key, const char *value)
{
    if (value == NULL || !may_write(writer))
        return;
    writer->ops->text(writer, key, value);
    writer->count[writer->depth - 1]++;
}

static void word(struct ha_writer *writer, const char *key, const char *value)
{
    if (!may_write(writer))
        return;
    writer->ops->word(writer, key, value);
    writer->count[writer->depth - 1]++;
}

void ha_show_count(struct ha_writer *writer, const char *key, uint64_t value)
{
    char text[24];

    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, value);
    word(writer, key, text);
}

void ha_show_decimal(struct ha_writer *writer, const char *key, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    /* JSON has no word for what is no number. */
    word(writer, key, isfinite(value) ? g_ascii_formatd(text, sizeof text, "%.9g", value) : "null");
}

void ha_show_flag(struct ha_writer *writer, const char *key, bool value)
{
    word(writer, key, value ? "true" : "false");
}

/* Days since 1970 as a date of the Gregorian calendar: no time zone, no libc. */
static void date_of(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    uint64_t z = days + 719468, era = z / 146097, of_era = z - era * 146097;
    uint64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * years + years / 4 - years / 100), shifted;

    shifted = (5 * of_year + 2) / 153; /* months since March */
    *day = (unsigned)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (unsigned)(years + era * 400 + (*month <= 2));
}

void ha_show_time(struct ha_writer *writer, const char *key, uint64_t wall_s)
{
    unsigned year, month, day, of_day = (unsigned)(wall_s % 86400);
    char text[40];

    date_of(wall_s / 86400, &year, &month, &day);
    g_snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, day,
               of_day / 3600, of_day / 60 % 60, of_day % 60);
    ha_show_text(writer, key, text);
}
