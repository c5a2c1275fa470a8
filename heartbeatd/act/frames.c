/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds frames byte by byte, so that no struct layout has to be trusted. */
#include "heartbeatd/act/frames.h"

#include <string.h>

static uint8_t *put(uint8_t *at, const void *bytes, size_t length)
{
    memcpy(at, bytes, length);
    return at + length;
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

size_t hb_frame_arp(const struct ha_addr *addr, const uint8_t mac[6], bool reply,
                    uint8_t frame[HB_FRAME_MAX])
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, nobody[6];
    uint8_t *at = frame;

    at = put(at, all, 6);
    at = put(at, mac, 6);
    at = put16(at, 0x0806);
    at = put16(at, 1);      /* Ethernet */
    at = put16(at, 0x0800); /* IPv4 */
    *at++ = 6;
    *at++ = 4;
    at = put16(at, reply ? 2 : 1);
    at = put(at, mac, 6);
    at = put(at, addr->bytes, 4);
    at = put(at, reply ? all : nobody, 6);
    at = put(at, addr->bytes, 4);
    return (size_t)(at - frame);
}

static uint16_t icmp6_checksum(const uint8_t *ip, const uint8_t *icmp, size_t length)
{
    uint32_t sum = (uint32_t)length + 58; /* pseudo header: length and protocol */

    for (size_t i = 8; i < 40; i += 2)
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    for (size_t i = 0; i < length; i += 2)
        sum += (uint32_t)icmp[i] << 8 | icmp[i + 1];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

size_t hb_frame_advertisement(const struct ha_addr *addr, const uint8_t mac[6],
                              uint8_t frame[HB_FRAME_MAX])
{
    static const uint8_t all_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
    static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
    const size_t icmp_length = 32;
    uint8_t *at = frame, *ip, *icmp;

    at = put(at, all_mac, 6);
    at = put(at, mac, 6);
    at = put16(at, 0x86dd);
    ip = at;
    at = put16(put16(at, 0x6000), 0);
    at = put16(at, (unsigned)icmp_length);
    *at++ = 58;  /* ICMPv6 */
    *at++ = 255; /* hop limit: proves that it came from this link */
    at = put(at, addr->bytes, 16);
    at = put(at, all_nodes, 16);
    icmp = at;
    *at++ = 136; /* neighbour advertisement */
    *at++ = 0;
    at = put16(at, 0);                /* checksum, below */
    at = put16(put16(at, 0x2000), 0); /* override what was known; not solicited */
    at = put(at, addr->bytes, 16);
    *at++ = 2; /* target's link-layer address, one unit of 8 bytes */
    *at++ = 1;
    at = put(at, mac, 6);
    put16(icmp + 2, icmp6_checksum(ip, icmp, icmp_length));
    return (size_t)(at - frame);
}

size_t hb_frame_arp_probe(const struct ha_addr *addr, const uint8_t mac[6],
                          uint8_t frame[HB_FRAME_MAX])
{
    size_t length = hb_frame_arp(addr, mac, false, frame);

    memset(frame + 28, 0, 4); /* the sender's address */
    return length;
}

size_t hb_frame_solicitation(const struct ha_addr *addr, const uint8_t mac[6],
                             uint8_t frame[HB_FRAME_MAX])
{
    uint8_t group_mac[6] = {0x33, 0x33, 0xff, addr->bytes[13], addr->bytes[14], addr->bytes[15]};
    uint8_t group[16] = {0xff, 0x02, [11] = 1, [12] = 0xff};
    static const uint8_t nobody[16];
    const size_t icmp_length = 24;
    uint8_t *at = frame, *ip, *icmp;

    memcpy(group + 13, addr->bytes + 13, 3);
    at = put(at, group_mac, 6);
    at = put(at, mac, 6);
    at = put16(at, 0x86dd);
    ip = at;
    at = put16(put16(at, 0x6000), 0);
    at = put16(at, (unsigned)icmp_length);
    *at++ = 58;
    *at++ = 255;
    at = put(at, nobody, 16);
    at = put(at, group, 16);
    icmp = at;
    *at++ = 135; /* neighbour solicitation */
    *at++ = 0;
    at = put16(at, 0);
    at = put16(put16(at, 0), 0);
    at = put(at, addr->bytes, 16);
    put16(icmp + 2, icmp6_checksum(ip, icmp, icmp_length));
    return (size_t)(at - frame);
}
