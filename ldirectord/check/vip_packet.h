/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of a connection that is asked for and given up at once: IPv4 and TCP. No I/O. */
#ifndef LD_CHECK_VIP_PACKET_H
#define LD_CHECK_VIP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ld_vip_ends { /* network order */
    uint32_t from, to; /* to: the virtual address */
    uint16_t from_port, to_port;
};

#define LD_VIP_PACKET 40

/* A SYN with sequence number `number`, or the RST that takes it back. */
void ld_vip_packet(uint8_t packet[LD_VIP_PACKET], const struct ld_vip_ends *ends, uint32_t number,
                   bool reset);

enum ld_vip_answer { LD_VIP_NONE, LD_VIP_ACCEPTED, LD_VIP_REFUSED };
/* What a packet from the network says to the SYN whose number is number - 1 of its
 * acknowledgement; its own ends (from: who answers) and number are told. LD_VIP_NONE: nothing. */
enum ld_vip_answer ld_vip_answer(const uint8_t *packet, size_t length, struct ld_vip_ends *ends,
                                 uint32_t *number);

#endif
