/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Status is a value, and writers put it down: whoever has something to show
 * names it once, and it comes out as text, as JSON, or as whatever writer is
 * added. A value is a tree of objects and lists; the leaves are texts, numbers
 * and yes or no. Keys are lower case words joined by "_"; they are what scripts
 * rely on and stay what they are. Inside a list there are no keys (NULL).
 *
 *     ha_show_list(writer, "nodes");
 *     ha_show_object(writer, NULL);
 *     ha_show_text(writer, "name", node);
 *     ha_show_end(writer);
 *     ha_show_end(writer);
 *
 * The outermost object is the writer's own. Texts may hold any bytes but NUL.
 */
#ifndef HA_SHOW_WRITER_H
#define HA_SHOW_WRITER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HA_SHOW_DEPTH 16

struct ha_writer;

struct ha_writer_ops {
    const char *name; /* as on a command line: "json" */
    void (*begin)(struct ha_writer *writer, const char *key, bool list);
    void (*end)(struct ha_writer *writer);
    void (*text)(struct ha_writer *writer, const char *key, const char *value);
    /* A number, or true or false: what needs no quotes anywhere. */
    void (*word)(struct ha_writer *writer, const char *key, const char *value);
};

struct ha_writer {
    const struct ha_writer_ops *ops;
    GString *out;      /* borrowed */
    unsigned depth;    /* of what is open */
    bool list[HA_SHOW_DEPTH];
    unsigned count[HA_SHOW_DEPTH]; /* of what is in it so far */
};

extern const struct ha_writer_ops ha_writer_text, ha_writer_json;
/* By name; NULL for none. */
const struct ha_writer_ops *ha_writer_find(const char *name);

/* Appends to out. What is deeper than HA_SHOW_DEPTH is left out. */
void ha_writer_begin(struct ha_writer *writer, const struct ha_writer_ops *ops, GString *out);
void ha_writer_finish(struct ha_writer *writer);

void ha_show_object(struct ha_writer *writer, const char *key);
void ha_show_list(struct ha_writer *writer, const char *key);
void ha_show_end(struct ha_writer *writer);
/* value NULL: nothing is shown. */
void ha_show_text(struct ha_writer *writer, const char *key, const char *value);
void ha_show_count(struct ha_writer *writer, const char *key, uint64_t value);
/* Nine digits of it; "null" for what is no number. */
void ha_show_decimal(struct ha_writer *writer, const char *key, double value);
void ha_show_flag(struct ha_writer *writer, const char *key, bool value);
/* Wall time in seconds as 2026-01-31T12:00:00Z. */
void ha_show_time(struct ha_writer *writer, const char *key, uint64_t wall_s);

#endif
