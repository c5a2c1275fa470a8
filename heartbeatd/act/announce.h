/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the neighbours where held addresses live: at once, five times within a
 * second, twice more after it (a Linux neighbour believes no gratuitous ARP
 * within a second of its last change), then every minute for as long as the
 * address is held. Each time a gratuitous ARP request and a reply, or an
 * unsolicited neighbour advertisement.
 */
#ifndef HB_ACT_ANNOUNCE_H
#define HB_ACT_ANNOUNCE_H

#include "common/run/loop.h"
#include "heartbeatd/act/rtnl.h"

/* Frames in one go; the rest follow 10 ms later. */
#define HB_ANNOUNCE_BURST 256

struct hb_announce;
/* rtnl stays the caller's. Without the right to send raw frames: -EPERM. */
int hb_announce_new(struct hb_announce **out, struct ha_loop *loop, struct hb_rtnl *rtnl);
void hb_announce_free(struct hb_announce *announce);
/* Instead of every minute. */
void hb_announce_set_refresh(struct hb_announce *announce, uint64_t refresh_ms);

/* Begins anew for these, the first frames before it returns. Interfaces without
 * neighbours (loopback, tunnels) are left alone. */
void hb_announce_start(struct hb_announce *announce, const struct hb_kernel *kernel,
                       const struct hb_kernel_address *addresses, size_t count);
void hb_announce_stop(struct hb_announce *announce, const struct ha_addr *addr);
/* Addresses being announced, and frames sent so far: for status and tests. */
size_t hb_announce_count(const struct hb_announce *announce);
uint64_t hb_announce_sent(const struct hb_announce *announce);

#endif
