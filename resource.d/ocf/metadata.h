/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an OCF agent says of itself in its meta-data: which parameters it takes.
 * Pure: text in, struct or a reason out; then a list of faults for a list of
 * arguments. The rules are those of the OCF resource agent API 1.0 and 1.1.
 */
#ifndef OCF_METADATA_H
#define OCF_METADATA_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define OCF_METADATA_MAX   (1024 * 1024) /* bytes; the longest agents have some 50 KiB */
#define OCF_PARAMETERS_MAX 1000

enum ocf_type { OCF_STRING, OCF_INTEGER, OCF_BOOLEAN, OCF_SELECT, OCF_TYPE_COUNT };

struct ocf_parameter {
    char *name;
    enum ocf_type type; /* types we do not know are strings */
    bool required;      /* and without a default */
    bool deprecated;
    GPtrArray *options; /* of char *; OCF_SELECT */
};

struct ocf_metadata {
    GPtrArray *parameters; /* of struct ocf_parameter * */
};

/* NULL and *why (the caller's to free) if this is not an agent's meta-data. */
struct ocf_metadata *ocf_metadata_parse(const char *xml, size_t length, char **why);
void ocf_metadata_free(struct ocf_metadata *metadata);

/* Appends a line to faults for each argument that the agent does not know or
 * whose value is not of its type, and for each required one that is missing;
 * to warnings, a line for each that is deprecated. arguments: "name=value". */
void ocf_metadata_check(const struct ocf_metadata *metadata, const GPtrArray *arguments,
                        GString *faults, GString *warnings);

#endif
