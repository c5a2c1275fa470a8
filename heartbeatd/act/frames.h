/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Ethernet frames that tell neighbours where an address lives now:
 * gratuitous ARP, as a request and as a reply (RFC 826, RFC 5227), and the
 * unsolicited neighbour advertisement (RFC 4861). Pure.
 */
#ifndef HB_ACT_FRAMES_H
#define HB_ACT_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/addr.h"

#define HB_FRAME_MAX 128

/* Both return the frame's length; addr must be of the right family. */
size_t hb_frame_arp(const struct ha_addr *addr, const uint8_t mac[6], bool reply,
                    uint8_t frame[HB_FRAME_MAX]);
/* Who has it? Asked by one who has no address yet: nobody learns one from that (RFC 5227, RFC 4862). */
size_t hb_frame_arp_probe(const struct ha_addr *addr, const uint8_t mac[6],
                          uint8_t frame[HB_FRAME_MAX]);
size_t hb_frame_solicitation(const struct ha_addr *addr, const uint8_t mac[6],
                             uint8_t frame[HB_FRAME_MAX]);
size_t hb_frame_advertisement(const struct ha_addr *addr, const uint8_t mac[6],
                              uint8_t frame[HB_FRAME_MAX]);

#endif
