/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells when something about the machine's interfaces or their addresses has
 * changed, by the kernel's own notices. What it was is not told: whoever asked
 * looks for himself, and so misses nothing when notices are lost.
 */
#ifndef HB_MEDIA_FOLLOW_H
#define HB_MEDIA_FOLLOW_H

#include "common/run/loop.h"

struct hb_follow;
/* Once for all notices that were waiting. Must not free the follower. */
typedef void (*hb_follow_fn)(void *ctx);

/* Of the network namespace of the caller. 0 or negative errno. */
int hb_follow_open(struct hb_follow **out, struct ha_loop *loop, hb_follow_fn fn, void *ctx);
void hb_follow_close(struct hb_follow *follow);

#endif
