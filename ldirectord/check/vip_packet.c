/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Twenty bytes of IPv4, or forty of IPv6, and twenty of TCP, without options.
 * Reads no more of an answer than that: extension headers of IPv6, which nobody
 * puts into an answer to a SYN, make it none.
 */
#include "ldirectord/check/vip_packet.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <string.h>

#define WINDOW    64240
#define HOP_LIMIT 64

_Static_assert(sizeof(struct ip6_hdr) + sizeof(struct tcphdr) == LD_VIP_PACKET_MAX, "no padding");

static uint32_t sum(const void *bytes, size_t length, uint32_t so_far)
{
    const uint8_t *byte = bytes;

    for (size_t i = 0; i + 1 < length; i += 2)
        so_far += (uint32_t)byte[i] << 8 | byte[i + 1];
    return so_far;
}

static uint16_t folded(uint32_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return htons((uint16_t)~total);
}

static size_t put_ip4(uint8_t *packet, const struct ld_vip_ends *ends)
{
    struct iphdr ip = {.version = 4, .ihl = 5,
                       .tot_len = htons(sizeof(ip) + sizeof(struct tcphdr)),
                       .frag_off = htons(IP_DF), .ttl = HOP_LIMIT, .protocol = IPPROTO_TCP,
                       .saddr = ends->from.v4.s_addr, .daddr = ends->to.v4.s_addr};

    ip.check = folded(sum(&ip, sizeof(ip), 0));
    memcpy(packet, &ip, sizeof(ip));
    return sizeof(ip);
}

static size_t put_ip6(uint8_t *packet, const struct ld_vip_ends *ends)
{
    struct ip6_hdr ip = {.ip6_src = ends->from.v6, .ip6_dst = ends->to.v6};

    ip.ip6_flow = htonl(UINT32_C(6) << 28);
    ip.ip6_plen = htons(sizeof(struct tcphdr));
    ip.ip6_nxt = IPPROTO_TCP;
    ip.ip6_hlim = HOP_LIMIT;
    memcpy(packet, &ip, sizeof(ip));
    return sizeof(ip);
}

size_t ld_vip_packet(uint8_t packet[LD_VIP_PACKET_MAX], const struct ld_vip_ends *ends,
                     uint32_t number, bool reset)
{
    bool v6 = ends->to.family == AF_INET6;
    size_t header = v6 ? put_ip6(packet, ends) : put_ip4(packet, ends);
    size_t address = v6 ? sizeof(ends->to.v6) : sizeof(ends->to.v4);
    struct tcphdr tcp = {.source = ends->from_port, .dest = ends->to_port,
                         .seq = htonl(reset ? number + 1 : number), .doff = 5};
    uint32_t pseudo = IPPROTO_TCP + sizeof(tcp); /* header: protocol, length, both addresses */

    tcp.syn = !reset;
    tcp.rst = reset;
    tcp.window = reset ? 0 : htons(WINDOW);
    pseudo = sum(ends->from.bytes, address, sum(ends->to.bytes, address, pseudo));
    tcp.check = folded(sum(&tcp, sizeof(tcp), pseudo));
    memcpy(packet + header, &tcp, sizeof(tcp));
    return header + sizeof(tcp);
}

/* How long the header is; 0: there is no TCP behind it. */
static size_t take_ip4(const uint8_t *packet, size_t length, struct ld_vip_ends *ends)
{
    struct iphdr ip;
    size_t header;

    if (length < sizeof(ip))
        return 0;
    memcpy(&ip, packet, sizeof(ip));
    header = (size_t)ip.ihl * 4;
    if (ip.protocol != IPPROTO_TCP || header < sizeof(ip) ||
        (ntohs(ip.frag_off) & IP_OFFMASK) != 0)
        return 0;
    ends->from = (struct ha_addr){.family = AF_INET, .v4.s_addr = ip.saddr};
    ends->to = (struct ha_addr){.family = AF_INET, .v4.s_addr = ip.daddr};
    return header;
}

static size_t take_ip6(const uint8_t *packet, size_t length, struct ld_vip_ends *ends)
{
    struct ip6_hdr ip;

    if (length < sizeof(ip))
        return 0;
    memcpy(&ip, packet, sizeof(ip));
    if (ip.ip6_nxt != IPPROTO_TCP)
        return 0;
    ends->from = (struct ha_addr){.family = AF_INET6, .v6 = ip.ip6_src};
    ends->to = (struct ha_addr){.family = AF_INET6, .v6 = ip.ip6_dst};
    return sizeof(ip);
}

enum ld_vip_answer ld_vip_answer(const uint8_t *packet, size_t length, struct ld_vip_ends *ends,
                                 uint32_t *number)
{
    struct tcphdr tcp;
    size_t header = 0;

    if (length > 0 && packet[0] >> 4 == 4)
        header = take_ip4(packet, length, ends);
    else if (length > 0 && packet[0] >> 4 == 6)
        header = take_ip6(packet, length, ends);
    if (header == 0 || length < header + sizeof(tcp))
        return LD_VIP_NONE;
    memcpy(&tcp, packet + header, sizeof(tcp));
    ends->from_port = tcp.source;
    ends->to_port = tcp.dest;
    *number = ntohl(tcp.ack_seq) - 1;
    if (!tcp.ack)
        return LD_VIP_NONE;
    return tcp.rst ? LD_VIP_REFUSED : tcp.syn ? LD_VIP_ACCEPTED : LD_VIP_STALE;
}
