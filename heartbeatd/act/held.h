/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps held addresses where they are. The kernel says when one is gone, or the
 * route that goes with it; it is put back at once, with a line in the log, and
 * announced. So is one whose interface was away for a moment, and one whose
 * interface has its carrier again is announced.
 *
 * Bounds: HB_HELD_PUT_BACKS times in HB_HELD_WINDOW_MS; then once in that time.
 * What cannot be put back for HB_HELD_LOST_MS, or is taken away again and
 * again, is told as lost, every HB_HELD_WINDOW_MS for as long as that lasts.
 * Asks nobody by running a program.
 */
#ifndef HB_ACT_HELD_H
#define HB_ACT_HELD_H

#include "common/run/loop.h"
#include "heartbeatd/act/address_spec.h"
#include "heartbeatd/act/announce.h"
#include "heartbeatd/act/rtnl.h"

struct hb_guard_table;

#define HB_HELD_PUT_BACKS 5
#define HB_HELD_WINDOW_MS 10000
#define HB_HELD_LOST_MS   2000

struct hb_held;
/* From the loop, never from inside a call; may free the whole. */
typedef void (*hb_held_lost_fn)(void *ctx, const struct ha_addr *addr, const char *why);

/* rtnl and announce stay the caller's. 0 or negative errno. */
int hb_held_new(struct hb_held **out, struct ha_loop *loop, struct hb_rtnl *rtnl,
                struct hb_announce *announce, hb_held_lost_fn lost, void *ctx);
void hb_held_free(struct hb_held *held);

/* place: where it is now. */
void hb_held_keep(struct hb_held *held, const struct hb_kernel *kernel,
                  const struct hb_address_spec *spec, const struct hb_kernel_address *place);
/* Before we remove it ourselves. */
void hb_held_drop(struct hb_held *held, const struct ha_addr *addr);
/* Instead of HB_HELD_WINDOW_MS. */
void hb_held_set_window(struct hb_held *held, uint64_t window_ms);
/* Somebody has taken all of them off for good reason: none is put back or announced until it is
 * kept again. */
void hb_held_taken_off(struct hb_held *held);
/* It could not be started again: put it back as soon as that can be done. */
void hb_held_resume(struct hb_held *held, const struct ha_addr *addr);
/* Where each address is noted before it is set (guard_table.h); NULL: nowhere. */
void hb_held_guard(struct hb_held *held, struct hb_guard_table *guard);
size_t hb_held_count(const struct hb_held *held);

#endif
