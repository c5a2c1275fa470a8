/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Just enough of the pcap format for our own captures: UDP payloads over IPv4
 * or IPv6, Ethernet and both Linux cooked link types, either byte order.
 */
#ifndef TEST_PCAP_H
#define TEST_PCAP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Calls fn for each UDP datagram to or from port, in order. False if the file
 * is not a whole capture; *count (may be NULL) says how many there were. */
typedef void (*pcap_fn)(void *ctx, const uint8_t *payload, size_t length);
bool pcap_each_udp(const char *path, uint16_t port, pcap_fn fn, void *ctx, unsigned *count);

#endif
