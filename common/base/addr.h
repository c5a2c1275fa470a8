/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP addresses as values: IPv4 and IPv6, compared, hashed, parsed and printed.
 * Refuses to resolve names: that waits, and this room never waits.
 */
#ifndef HA_BASE_ADDR_H
#define HA_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Longest text: "[" IPv6 "]:65535" with its final NUL. */
#define HA_ADDR_TEXT 64

/* family AF_UNSPEC (an all-zero struct) means "no address". */
struct ha_addr {
    uint16_t family; /* AF_UNSPEC, AF_INET, AF_INET6 */
    union {
        struct in_addr v4;
        struct in6_addr v6;
        uint8_t bytes[16];
    };
};

/* Numeric text only ("10.0.0.1", "2001:db8::1"; with or without brackets
 * around IPv6, no zone, no blanks, v4 must be a full dotted quad). On false
 * *out is all zero. */
bool ha_addr_parse(struct ha_addr *out, const char *text);

/* Writes into text and returns it. AF_UNSPEC prints as "none". IPv6 without brackets. */
const char *ha_addr_text(const struct ha_addr *addr, char text[HA_ADDR_TEXT]);
/* "10.0.0.1:80", "[2001:db8::1]:80". */
const char *ha_addr_port_text(const struct ha_addr *addr, uint16_t port, char text[HA_ADDR_TEXT]);

bool ha_addr_equal(const struct ha_addr *a, const struct ha_addr *b);
int ha_addr_compare(const struct ha_addr *a, const struct ha_addr *b);
uint32_t ha_addr_hash(const struct ha_addr *addr);

/* 32 or 128; 0 for AF_UNSPEC. */
unsigned ha_addr_bits(const struct ha_addr *addr);
/* Is addr in the network of that many bits that `network` is an address of? No address is in none. */
bool ha_addr_within(const struct ha_addr *addr, const struct ha_addr *network, unsigned bits);
/* Number of leading one bits of a mask ("255.255.255.0" -> 24); -1 if not contiguous. */
int ha_addr_mask_bits(const struct ha_addr *mask);

/* Returns the length to hand to the socket call, 0 for AF_UNSPEC. */
socklen_t ha_addr_to_sockaddr(const struct ha_addr *addr, uint16_t port,
                              struct sockaddr_storage *out);
/* False for other families. port may be NULL. */
bool ha_addr_from_sockaddr(struct ha_addr *out, uint16_t *port, const struct sockaddr *from);

#endif
