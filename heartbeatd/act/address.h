/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to change so that addresses are here, or gone. Pure: a snapshot of
 * the kernel's table in, changes out; rtnl.h reads the one and does the other.
 *
 * An address of a real server (LVS direct routing or tunnelling) sits on a
 * loopback or NOARP interface where nobody asks for it. It does not count as
 * held; taking the address moves it away from there, releasing brings it back.
 */
#ifndef HB_ACT_ADDRESS_H
#define HB_ACT_ADDRESS_H

#include <glib.h>

#include "heartbeatd/act/address_spec.h"
#include "heartbeatd/act/rtnl.h"

/* Where a network of no interface of ours is; as hb_rtnl_route(). */
typedef int (*hb_route_fn)(void *ctx, const struct ha_addr *addr, int *index, int *bits);

struct hb_address_plan {
    GArray *changes; /* of struct hb_change, in order */
    GArray *held;    /* of struct hb_kernel_address: what is or will be held, one per spec */
    GArray *hidden;  /* of struct hb_kernel_address: taken from a real server's place */
    GString *why;    /* not empty: cannot be done, a sentence per address */
    GHashTable *labels; /* by interface: the lowest number that may be free for a label */
};
void hb_address_plan_init(struct hb_address_plan *plan);
void hb_address_plan_clear(struct hb_address_plan *plan);

/* Is it where others can reach it: on an interface that is up and asked for it? */
bool hb_address_held(const struct hb_kernel *kernel, const struct hb_address_spec *spec);

/* Is it where a real server keeps an address of its director? (127.0.0.1 and the like are none.) */
bool hb_address_hidden(const struct hb_kernel *kernel, const struct hb_kernel_address *address);

/* Appends what one more address needs. Interface, netmask, broadcast and label
 * that are not given are found. */
void hb_address_plan_start(struct hb_address_plan *plan, const struct hb_kernel *kernel,
                           const struct hb_address_spec *spec, hb_route_fn route, void *ctx);
void hb_address_plan_stop(struct hb_address_plan *plan, const struct hb_kernel *kernel,
                          const struct hb_address_spec *spec);
/* Appends what brings address back to where it was. */
void hb_address_plan_return(struct hb_address_plan *plan, const struct hb_kernel *kernel,
                            const struct hb_kernel_address *address);

/* The kernel removes the secondary addresses of a network with its primary one.
 * May that happen by this plan? If so, hb_address_plan_lost() compares the
 * snapshots before and after and appends what has to be put back. */
bool hb_address_plan_risky(const struct hb_address_plan *plan, const struct hb_kernel *before);
void hb_address_plan_lost(struct hb_address_plan *repair, const struct hb_address_plan *done,
                          const struct hb_kernel *before, const struct hb_kernel *after);

#endif
