/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interfaces that groups need for their addresses, and whether each has a
 * link: up, with a carrier, as the kernel tells. Told to the core when it
 * changes; concludes nothing. An address whose script is the administrator's
 * own is not looked at: only he knows what it needs.
 */
#ifndef HB_NICS_H
#define HB_NICS_H

#include "common/run/loop.h"
#include "heartbeatd/core/config.h"

struct hb_nics;
/* nic: the one that has no link, or has it again. Must not free the watcher. */
typedef void (*hb_nics_fn)(void *ctx, unsigned group, bool up, const char *nic);

/* Tells at once of groups whose interfaces have no link, and from then on of each change.
 * resources (with .native set) must outlive it. 0 or negative errno. */
int hb_nics_new(struct hb_nics **out, struct ha_loop *loop, const struct hb_haresources *resources,
                hb_nics_fn fn, void *ctx);
void hb_nics_free(struct hb_nics *nics);

#endif
