/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads ldirectord.cf again beside the loop, in a thread of its own: a name in
 * it may wait for a name server, and thousands of services take their time;
 * the checks go on meanwhile. The thread shares nothing with the rest but
 * services, which nobody changes, and what it hands over when it is through.
 */
#ifndef LD_CONFIG_READER_H
#define LD_CONFIG_READER_H

#include "common/run/loop.h"
#include "ldirectord/config_file.h"

/* As ld_config_load_again() left them. */
struct ld_reading {
    struct ld_config *config; /* NULL: diags has the reasons. Whoever takes it sets it to NULL */
    struct ld_content content;
    struct ha_diags diags;
};
typedef void (*ld_reading_fn)(void *ctx, struct ld_reading *reading);

struct ld_config_reader;
/* path must outlive it. */
struct ld_config_reader *ld_config_reader_new(struct ha_loop *loop, const char *path,
                                              ld_reading_fn fn, void *ctx);
/* fn is called from the loop when it is through. Not to be called while one is under way. content is
 * copied: what the file held when it was read last. prior (taken over; may be NULL): what was read before, from
 * there on. */
void ld_config_reader_start(struct ld_config_reader *reader, const struct ld_content *content,
                            unsigned looks, struct ld_config *prior);
bool ld_config_reader_busy(const struct ld_config_reader *reader);
/* What is under way comes to its end by itself, and is forgotten. May be called from fn. */
void ld_config_reader_free(struct ld_config_reader *reader);

#endif
