/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host believes of where others have an address, once it has the
 * address itself. The kernel keeps it; after a release it would send there what
 * still comes here for the address: to the owner of before, who sends it back.
 * Forgotten, it waits for who has the address next, and arrives, if the host
 * forwards packets (net.ipv4.ip_forward). So no request is lost in a move.
 */
#ifndef HB_ACT_NEIGHBOURS_H
#define HB_ACT_NEIGHBOURS_H

#include "heartbeatd/act/rtnl.h"

/* Of the caller's network namespace. A wish: that nothing was known is no error, and no answer is read. */
void hb_neighbours_forget(const struct hb_kernel_address *addresses, size_t count);

#endif
