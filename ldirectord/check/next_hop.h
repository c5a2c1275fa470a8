/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By which interface, and to which link-layer address, the kernel would send packets for a host. */
#ifndef LD_CHECK_NEXT_HOP_H
#define LD_CHECK_NEXT_HOP_H

#include <linux/if_packet.h>

#include "common/base/addr.h"

/* A socket for ld_next_hop(), or negative errno. */
int ld_next_hop_open(void);

/*
 * Into out (but for its protocol): as sendto() on a packet socket wants it. Waits for nobody.
 * -EAGAIN: the kernel is asking the link for the neighbour; -ELOOP: it is this machine itself;
 * -ENETUNREACH and others: no way.
 */
int ld_next_hop(int fd, const struct ha_addr *host, struct sockaddr_ll *out);
/* The same as far as the kernel knows it now: it asks nobody on the link. */
int ld_next_hop_known(int fd, const struct ha_addr *host, struct sockaddr_ll *out);
/* Only says that the neighbour is in use, which is root's to say. 0 or negative errno. */
int ld_next_hop_use(int fd, const struct ha_addr *host);

#endif
