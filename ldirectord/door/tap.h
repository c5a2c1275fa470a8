/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches for TCP connections that begin (SYN set, ACK clear) while a director hands over: those that come in
 * for this machine, and those that it sends on to real servers. The kernel's list of connections takes a while
 * to read, and those that begin meanwhile may be missing in what was read.
 *
 * For who has root's power: through such a socket any frame can be sent, so it goes to nobody else. What came
 * is passed on without a look into the packets; the kernel's filter is all that chooses among them.
 *
 * Not seen: what goes over the loopback interface; IPv4 with options, IPv6 with extension headers; what is
 * inside of a tunnel, so of a real server that is reached by one only what came in. A packet may be seen more
 * than once where an interface stands on another (a bond, a VLAN, a bridge). What the firewall drops as it
 * comes in is seen too.
 */
#ifndef LD_DOOR_TAP_H
#define LD_DOOR_TAP_H

#include <glib.h>

#include "ldirectord/core/opening.h"

/* Opens a packet socket on all interfaces that from now on keeps packets that begin a TCP connection. >= 0: the
 * descriptor, the caller's, which does not block and is closed on exec; or negative errno. */
int ld_tap_open(void);

/* How many a tap is asked for at most; who has more reads the kernel's list. */
#define LD_TAP_MAX 4096

/* Appends a struct ld_opening_record for each that came since, in their order, to out (GArray of struct
 * ld_opening_record). Never waits. 0: these are all; -EOVERFLOW: some were lost, or there were more than
 * LD_TAP_MAX, of which the rest is left for the next call; or another negative errno. What is in out is right
 * whatever is returned. */
int ld_tap_take(int fd, GArray *out);

#endif
