/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel tells unasked about links, addresses and routes: only the
 * kinds that can take something away from us. A filter in the kernel keeps the
 * rest out, so that a router's routes do not wake us.
 */
#ifndef HB_ACT_NOTICES_H
#define HB_ACT_NOTICES_H

#include <linux/netlink.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "common/run/loop.h"

enum hb_notice_kind {
    HB_NOTICE_LINK,         /* came, went or changed; index */
    HB_NOTICE_ADDRESS_GONE, /* index, addr */
    HB_NOTICE_ROUTE_GONE,   /* one the kernel had made: index, addr and bits of its target, message */
    HB_NOTICE_MISSED,       /* there was more than the buffer could hold: look yourself */
    HB_NOTICE_KIND_COUNT
};

struct hb_notice {
    enum hb_notice_kind kind;
    int index;
    struct ha_addr addr;
    unsigned bits;
    const struct nlmsghdr *message; /* valid during the call */
};

struct hb_notices;
typedef void (*hb_notice_fn)(void *ctx, const struct hb_notice *notice);

/* 0 or negative errno. */
int hb_notices_open(struct hb_notices **out, struct ha_loop *loop, hb_notice_fn fn, void *ctx);
void hb_notices_close(struct hb_notices *notices);

#endif
