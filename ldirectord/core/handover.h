/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that are open when a director hands over: read from the kernel's list of them, put into datagrams
 * as its own connection synchronisation sends them. The next director's kernel hears them, if it is a backup,
 * and goes on with each where it was. The kernel itself tells of a connection only after some packets and up
 * to two seconds later, which is too late for those that are short.
 *
 * Datagrams are of version 1 (Linux 2.6.39 and later). Pure.
 */
#ifndef LD_CORE_HANDOVER_H
#define LD_CORE_HANDOVER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "ldirectord/core/table.h"

/* All of TCP. */
struct ld_connection {
    struct ha_addr client, vip, server; /* of one family */
    uint16_t client_port, vip_port, server_port;
    uint16_t state;  /* the kernel's number */
    unsigned left_s; /* without a packet it is forgotten after so long; each one begins that anew */
};

/* A line of /proc/net/ip_vs_conn. True if it is a connection of TCP that is still open; persistence (a
 * connection without a client's port), other protocols and those that are over are not. */
bool ld_connection_read(const char *line, struct ld_connection *out);

/* One end at least has said that it has no more to say. */
bool ld_connection_closes(const struct ld_connection *connection);

/* What closes stays in the kernel's list for two minutes, and is nearly all of it where connections are short. Those
 * that matter had a packet lately. How long is left after a packet differs by state, and can be set: what had one
 * latest shows it. Zeroed: none was seen yet. */
#define LD_CLOSING_STATES 16
struct ld_closing {
    unsigned most_s[LD_CLOSING_STATES]; /* by state */
};
/* One of the list. False: it had its last packet 3 s or more before another one of its state. */
bool ld_closing_see(struct ld_closing *closing, const struct ld_connection *connection);

/* The real server that it goes to, as a table has it; NULL: none of that table's. */
const struct ld_dest *ld_connection_dest(const struct ld_connection *connection, const struct ld_table *table);

/* A datagram has so many bytes at most, which is what every backup takes. */
#define LD_HANDOVER_BYTES 1000

/* Makes an empty datagram of it. */
void ld_handover_begin(GByteArray *datagram, uint8_t syncid);
/* Adds one, with the way in which its packets go to its server; false, and nothing added, if there is no room. */
bool ld_handover_add(GByteArray *datagram, const struct ld_connection *connection, enum ld_method method);
unsigned ld_handover_count(const GByteArray *datagram);

#endif
