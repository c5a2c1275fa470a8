/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small file that is kept up to date behind the loop's back: a child writes
 * it (ha_file_write()), so that a disk that takes its time costs the loop none.
 * One write is under way at a time; of what is given meanwhile only the last is
 * written, when it is through. For what may be a moment late on the disk, and
 * for nothing else.
 */
#ifndef HA_RUN_BEHIND_H
#define HA_RUN_BEHIND_H

#include <stddef.h>
#include <sys/stat.h>

#include "common/run/loop.h"

/* So long a daemon waits for the disk when it ends. */
#define HA_BEHIND_END_MS 1000
/* After a failure what was given last is tried again so much later. */
#define HA_BEHIND_RETRY_MS 5000

struct ha_behind;
/* A write has failed: error is a negative errno, -ECANCELED if its child was killed. It is tried
 * again later, and told once for each text. Must not free the whole. */
typedef void (*ha_behind_fn)(void *ctx, int error);

struct ha_behind *ha_behind_new(struct ha_loop *loop, const char *path, mode_t mode,
                                ha_behind_fn failed, void *ctx);
/* Waits for patience_ms at most; what is under way then goes on by itself, what was to come after
 * it is lost. */
void ha_behind_free(struct ha_behind *behind, uint64_t patience_ms);

void ha_behind_write(struct ha_behind *behind, const char *text, size_t length);
/* What was given last, NUL-terminated, until it is on the disk or has failed; else NULL. Valid until
 * the next call, or the loop's next round. */
const char *ha_behind_pending(const struct ha_behind *behind);

#endif
