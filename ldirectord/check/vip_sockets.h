/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets of checks by way of the virtual address: packets that go to one host
 * while they carry another's address, and what comes back.
 */
#ifndef LD_CHECK_VIP_SOCKETS_H
#define LD_CHECK_VIP_SOCKETS_H

#include <linux/if_packet.h>
#include <stdbool.h>

#include "common/base/addr.h"
#include "ldirectord/door/power.h"

#define LD_VIP_SEEN_BYTES LD_SEEN_BYTES

struct ld_vip_sockets {
    int family;
    uint16_t port; /* of ours, network order: answers come there, and nobody else's */
    int port_fd;   /* holds it */
    int gate_fd;   /* raw; -1 over IPv6 */
    int ipip_fd;   /* raw, of the tunnel's protocol */
    int seen_fd;   /* what comes in at port, from the network header on */
    int route_fd;  /* for ld_next_hop(); -1 over IPv4 */
};

/* 0, or negative errno; ld_vip_sockets_close() in either case. */
int ld_vip_sockets_open(struct ld_vip_sockets *sockets, int family);
void ld_vip_sockets_close(struct ld_vip_sockets *sockets);

/* To the real server, by direct routing or in a tunnel. 0, or negative errno; -EAGAIN: the kernel is still
 * asking for its link-layer address. */
int ld_vip_send(const struct ld_vip_sockets *sockets, const struct ha_addr *real, bool tunnel,
                const void *packet, size_t length);

/* The address that the kernel speaks from to that host. */
int ld_vip_source(const struct ha_addr *to, struct ha_addr *from);

#endif
