/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Name tables: the words for the values of an enum, said once beside it.
 *
 *     static const struct ha_name methods[] = {{LD_GATE, "gate"}, {LD_MASQ, "masq"}, HA_NAME_END};
 */
#ifndef HA_BASE_NAME_H
#define HA_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>

struct ha_name {
    int value;
    const char *name;
};

#define HA_NAME_END {0, NULL}

/* The name of value, or "?" if the table has none. */
const char *ha_name_of(const struct ha_name *table, int value);
/* Exact match, case-sensitive. */
bool ha_name_find(const struct ha_name *table, const char *name, int *value);
/* Match with ASCII case ignored. */
bool ha_name_find_nocase(const struct ha_name *table, const char *name, int *value);
/* "a, b or c": for messages that say what was expected. Caller frees with g_free(). */
char *ha_name_list(const struct ha_name *table);

#endif
