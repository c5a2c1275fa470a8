/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Twenty bytes of IPv4 and twenty of TCP, without options. Reads no more of an
 * answer than that.
 */
#include "ldirectord/check/vip_packet.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>

#define WINDOW 64240

struct packet {
    struct iphdr ip;
    struct tcphdr tcp;
};
_Static_assert(sizeof(struct packet) == LD_VIP_PACKET, "no padding");

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

void ld_vip_packet(uint8_t packet[LD_VIP_PACKET], const struct ld_vip_ends *ends, uint32_t number,
                   bool reset)
{
    struct packet out = {.ip = {.version = 4, .ihl = 5, .tot_len = htons(LD_VIP_PACKET),
                                .frag_off = htons(IP_DF), .ttl = 64, .protocol = IPPROTO_TCP,
                                .saddr = ends->from, .daddr = ends->to},
                         .tcp = {.source = ends->from_port, .dest = ends->to_port,
                                 .seq = htonl(reset ? number + 1 : number), .doff = 5}};

    out.tcp.syn = !reset;
    out.tcp.rst = reset;
    out.tcp.window = reset ? 0 : htons(WINDOW);
    out.ip.check = folded(sum(&out.ip, sizeof(out.ip), 0));
    /* the pseudo header: both addresses, protocol, length */
    out.tcp.check = folded(sum(&out.tcp, sizeof(out.tcp),
                               sum(&out.ip.saddr, 8, IPPROTO_TCP + sizeof(out.tcp))));
    memcpy(packet, &out, sizeof(out));
}

enum ld_vip_answer ld_vip_answer(const uint8_t *packet, size_t length, struct ld_vip_ends *ends,
                                 uint32_t *number)
{
    struct iphdr ip;
    struct tcphdr tcp;
    size_t header;

    if (length < sizeof(ip))
        return LD_VIP_NONE;
    memcpy(&ip, packet, sizeof(ip));
    header = (size_t)ip.ihl * 4;
    if (ip.version != 4 || ip.protocol != IPPROTO_TCP || header < sizeof(ip) ||
        (ntohs(ip.frag_off) & IP_OFFMASK) != 0 || length < header + sizeof(tcp))
        return LD_VIP_NONE;
    memcpy(&tcp, packet + header, sizeof(tcp));
    *ends = (struct ld_vip_ends){.from = ip.saddr, .to = ip.daddr, .from_port = tcp.source,
                                 .to_port = tcp.dest};
    *number = ntohl(tcp.ack_seq) - 1;
    if (!tcp.ack)
        return LD_VIP_NONE;
    return tcp.rst ? LD_VIP_REFUSED : tcp.syn ? LD_VIP_ACCEPTED : LD_VIP_NONE;
}
