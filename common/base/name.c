/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Name tables. They are short (methods, schedulers, facilities), so a search
 * from the top is the whole of it; nothing is sorted or cached.
 */
#include "common/base/name.h"

#include <glib.h>
#include <string.h>

const char *ha_name_of(const struct ha_name *table, int value)
{
    for (; table->name; table++)
        if (table->value == value)
            return table->name;
    return "?";
}

bool ha_name_find(const struct ha_name *table, const char *name, int *value)
{
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0) {
            *value = table->value;
            return true;
        }
    }
    return false;
}

bool ha_name_find_nocase(const struct ha_name *table, const char *name, int *value)
{
    for (; table->name; table++) {
        if (g_ascii_strcasecmp(table->name, name) == 0) {
            *value = table->value;
            return true;
        }
    }
    return false;
}

char *ha_name_list(const struct ha_name *table)
{
    GString *list = g_string_new(NULL);

    for (const struct ha_name *entry = table; entry->name; entry++) {
        if (entry != table)
            g_string_append(list, entry[1].name ? ", " : " or ");
        g_string_append(list, entry->name);
    }
    return g_string_free(list, FALSE);
}
