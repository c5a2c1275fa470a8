/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of a connection that is asked for and given up at once: IPv4 or IPv6, and TCP. No I/O. */
#ifndef LD_CHECK_VIP_PACKET_H
#define LD_CHECK_VIP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/addr.h"

struct ld_vip_ends {
    struct ha_addr from, to;     /* of one family; to: the virtual address */
    uint16_t from_port, to_port; /* network order */
};

#define LD_VIP_PACKET_MAX 60

/* A SYN with sequence number `number`, or the RST that takes it back; how long it is. */
size_t ld_vip_packet(uint8_t packet[LD_VIP_PACKET_MAX], const struct ld_vip_ends *ends,
                     uint32_t number, bool reset);

enum ld_vip_answer { LD_VIP_NONE, LD_VIP_ACCEPTED, LD_VIP_REFUSED, LD_VIP_STALE };
/* What a packet from the network says to the SYN whose number is one less than what it acknowledges;
 * its own ends (from: who answers) and that number are told. LD_VIP_NONE: nothing. LD_VIP_STALE: that
 * there is half a connection already, begun with that number; an RST with it ends that. */
enum ld_vip_answer ld_vip_answer(const uint8_t *packet, size_t length, struct ld_vip_ends *ends,
                                 uint32_t *number);

#endif
