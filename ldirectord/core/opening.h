/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that begin while a director hands over. It reads the kernel's list of connections
 * (handover.h) before it lets go of the virtual address, as that takes time in which nobody would
 * have it; a packet socket watches meanwhile for those that begin. Here their first packets are
 * read, both as they came in and as this machine sent them on, and from the two it is found out
 * which real server each went to: afterwards only these have to be told.
 *
 * Where that is not certain, it is not guessed: a connection that the next director sends to
 * another server than the one that knows it is lost, while reading the list again costs some
 * milliseconds.
 *
 * The packets are anybody's: they may lie, be cut off, and be the same many times over. Pure.
 */
#ifndef LD_CORE_OPENING_H
#define LD_CORE_OPENING_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "ldirectord/core/handover.h"
#include "ldirectord/core/table.h"

/* Bytes of a packet, from the network header on, that are kept: IPv6 and TCP without options. */
#define LD_OPENING_PACKET 60

/* As the keeper passes it on, without having looked into the packet. Bytes only: it has no gaps. */
struct ld_opening_record {
    uint8_t leaves;  /* 1: this machine sent it on; 0: it came in for this machine */
    uint8_t has_mac; /* 1: mac is whom it was sent to (Ethernet); only if it leaves */
    uint8_t mac[6];
    uint8_t length;  /* of what is in packet; less than LD_OPENING_PACKET: that is all of it */
    uint8_t packet[LD_OPENING_PACKET];
};

/* The first packet of a connection of TCP. */
struct ld_opening {
    bool leaves, has_mac;
    uint8_t mac[6];
    struct ha_addr from, to; /* of one family */
    uint16_t from_port, to_port;
};

/* False: no first packet of a TCP connection that can be read here. That takes IPv4 without
 * options, which is not a later fragment, or IPv6 without extension headers; SYN and not ACK; a
 * client's port; lengths that agree. Nothing behind record->length is looked at. */
bool ld_opening_read(struct ld_opening *out, const struct ld_opening_record *record);

/* Who on the link gets the packets of a real server (gate or masq). */
struct ld_neighbour {
    struct ha_addr server;
    uint8_t mac[6];
};

/* Appends a struct ld_connection (SYN_RECV) to out for each connection that these began, once each,
 * in the order in which they came in; ld_connection_dest() finds the server of each in that table.
 * openings: of struct ld_opening, in the order in which they were seen; neighbours: of struct
 * ld_neighbour, a server may have several.
 *
 * What came in matters if its address and port are those of a TCP service (as for
 * ld_connection_dest(), one of port 0 has no others), or if any service is by firewall mark: whose
 * packets those are cannot be told from here. The last packet of the same client and port that this
 * machine sent on says where it went: with its address and port as they were, to the gate server
 * whose mac it bears, if no other gate server (of another address) bears it, too; or to the address
 * and port of a masq server. What was not sent on, or to none of them, began no connection: the
 * address was not here any more, or the packet was for somebody else.
 *
 * False: of one that matters it is not known where it went. So it is where it cannot be seen if
 * something was sent on to a server: to an ipip one, and to one without a neighbour, which is local
 * or does not answer on the link; and where masq servers may have got it and the client began more
 * than one from that port. Then the kernel's list has to be read; what is in out may be told all the
 * same.
 *
 * Linear in openings, neighbours, services, and the servers of those that they came for or that are
 * by firewall mark. */
bool ld_openings_resolve(GArray *out, const GArray *openings, const GArray *neighbours,
                         const struct ld_table *table);

#endif
