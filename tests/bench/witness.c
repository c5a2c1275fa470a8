/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client sees of addresses that move from one host to another, to the
 * microsecond. It stands in the client's network namespace and is a small
 * network stack of its own: it keeps the hardware address of each virtual
 * address, as any host does; an announcement changes it, an answer to a question
 * only where there was none for a second. It sends an echo request to every
 * address at every turn, and another one at once when an address has changed its
 * place. An address is taken when the first echo reply comes from a hardware
 * address other than the one it had at the beginning. Besides it asks at every
 * turn whose an address is, one after the other, and looks who answers. All times
 * are the kernel's, of when it had the packet.
 *
 *     witness -c PID -i IFACE -s SOURCE -v FIRST -n COUNT [-p TURN_US] [-t TIMEOUT_MS]
 *             [-l LINGER_MS] [-b PID:IFACE:PEER:PORT] [-w WATCH_MS]
 *
 * -c: somebody in the client's namespace, whose own address on IFACE is SOURCE.
 * -v, -n: COUNT addresses from FIRST on. -b: the survivor, on whose IFACE the
 * beats of PEER are seen: UDP to PORT with t=status in it, or VRRP for PORT 0. -w: not until all are
 * taken, but for so long (0: not at all).
 *
 * Says "ready at_us=N" (of the wall clock) when every address answers and a
 * beat was seen. When all were taken, and LINGER_MS later, it says:
 *
 *   taken first_us=N last_us=N gap_us=N twice=N apart_us=N echoes=N lost=N
 *
 * first_us, last_us: from the last beat before the first address was taken
 * until the first and the last address were. gap_us: the longest time between
 * two replies of one address. twice: how often two hosts answered one question;
 * apart_us: when last, by the wall clock. With -w the first two are 0.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/netspace.h"

#define VIPS_MAX 250
#define BATCH 64
#define BEATS_KEPT 64
#define NS_PER_US 1000
#define NS_PER_MS 1000000
/* A host that hears nothing for so long asks anew. */
#define DOUBT_NS (1000 * (uint64_t)NS_PER_MS)

struct echo_frame {
    struct ether_header ether;
    struct iphdr ip;
    struct icmphdr icmp;
} __attribute__((packed));

struct arp_frame {
    struct ether_header ether;
    struct ether_arp arp;
} __attribute__((packed));

struct vip {
    uint32_t address; /* as on the wire */
    uint8_t at[6], origin[6];
    bool known, answers;
    uint64_t asked_ns; /* whose is it? */
    uint8_t answered_by[6];
    bool answered;
    uint64_t heard_ns, gap_ns, taken_ns;
};

static struct vip vips[VIPS_MAX];
static unsigned vip_count, next_asked, answering, taken;
static uint8_t own_mac[6];
static uint32_t source;
static int wire_fd, beat_fd = -1;
static uint32_t peer;
static uint16_t beat_port;
static uint64_t beats[BEATS_KEPT];
static unsigned beat_count, twice, sent, received;
static uint64_t twice_ns, ready_ns;

/* ---- out ---- */

static void put(const void *frame, size_t size)
{
    /* A full queue is a lost packet, as anywhere. */
    if (send(wire_fd, frame, size, 0) < 0 && errno != ENOBUFS && errno != EAGAIN &&
        errno != ENETDOWN)
        bench_die("send");
}

static void make_echo(struct echo_frame *frame, const struct vip *vip)
{
    *frame = (struct echo_frame){
        .ether = {.ether_type = htons(ETHERTYPE_IP)},
        .ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_ICMP, .saddr = source,
               .tot_len = htons(sizeof *frame - sizeof frame->ether), .daddr = vip->address},
        .icmp = {.type = ICMP_ECHO, .un.echo = {htons((uint16_t)getpid()), htons((uint16_t)sent)}}};
    memcpy(frame->ether.ether_dhost, vip->at, 6);
    memcpy(frame->ether.ether_shost, own_mac, 6);
    frame->ip.check = bench_checksum(&frame->ip, sizeof frame->ip);
    frame->icmp.checksum = bench_checksum(&frame->icmp, sizeof frame->icmp);
    sent++;
}

static void echo_one(const struct vip *vip)
{
    struct echo_frame frame;

    make_echo(&frame, vip);
    put(&frame, sizeof frame);
}

static void echo_all(void)
{
    static struct echo_frame frames[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    unsigned count = 0;

    memset(messages, 0, sizeof messages);
    for (unsigned i = 0; i < vip_count; i++) {
        if (vips[i].known) {
            make_echo(&frames[count], &vips[i]);
            parts[count] = (struct iovec){&frames[count], sizeof frames[count]};
            messages[count].msg_hdr.msg_iov = &parts[count];
            messages[count].msg_hdr.msg_iovlen = 1;
            count++;
        }
        if (count == BATCH || (i + 1 == vip_count && count > 0)) {
            sendmmsg(wire_fd, messages, count, 0);
            count = 0;
        }
    }
}

static void ask(struct vip *vip)
{
    struct arp_frame frame = {
        .ether = {.ether_type = htons(ETHERTYPE_ARP)},
        .arp = {.ea_hdr = {htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), 6, 4, htons(ARPOP_REQUEST)}}};

    memset(frame.ether.ether_dhost, 0xff, 6);
    memcpy(frame.ether.ether_shost, own_mac, 6);
    memcpy(frame.arp.arp_sha, own_mac, 6);
    memcpy(frame.arp.arp_spa, &source, 4);
    memcpy(frame.arp.arp_tpa, &vip->address, 4);
    vip->asked_ns = bench_now_ns();
    vip->answered = false;
    put(&frame, sizeof frame);
}

/* ---- in ---- */

static struct vip *find(uint32_t address)
{
    for (unsigned i = 0; i < vip_count; i++) {
        if (vips[i].address == address)
            return &vips[i];
    }
    return NULL;
}

static void answered(struct vip *vip, const uint8_t by[6], uint64_t at_ns)
{
    if (at_ns < vip->asked_ns) /* to the question before */
        return;
    if (vip->answered && memcmp(vip->answered_by, by, 6) != 0) {
        twice++;
        twice_ns = at_ns;
    }
    vip->answered = true;
    memcpy(vip->answered_by, by, 6);
}

static void arp_seen(const struct arp_frame *frame, uint64_t at_ns)
{
    struct vip *vip;
    uint32_t address;

    memcpy(&address, frame->arp.arp_spa, 4);
    vip = find(address);
    if (vip == NULL)
        return;
    if (frame->arp.ea_hdr.ar_op == htons(ARPOP_REPLY) &&
        memcmp(frame->arp.arp_tha, own_mac, 6) == 0) {
        answered(vip, frame->arp.arp_sha, at_ns);
        if (vip->answers && at_ns < vip->heard_ns + DOUBT_NS)
            return;
    }
    if (vip->known && memcmp(vip->at, frame->arp.arp_sha, 6) == 0)
        return;
    vip->known = true;
    memcpy(vip->at, frame->arp.arp_sha, 6);
    echo_one(vip);
}

static void reply_seen(const struct echo_frame *frame, uint64_t at_ns)
{
    struct vip *vip = find(frame->ip.saddr);

    if (vip == NULL || frame->ip.protocol != IPPROTO_ICMP || frame->icmp.type != ICMP_ECHOREPLY ||
        frame->icmp.un.echo.id != htons((uint16_t)getpid()))
        return;
    received++;
    if (!vip->answers) {
        vip->answers = true;
        answering++;
        ready_ns = at_ns;
        memcpy(vip->origin, frame->ether.ether_shost, 6);
    } else if (vip->taken_ns == 0 && memcmp(vip->origin, frame->ether.ether_shost, 6) != 0) {
        vip->taken_ns = at_ns;
        taken++;
    }
    if (vip->heard_ns != 0 && at_ns > vip->heard_ns && at_ns - vip->heard_ns > vip->gap_ns)
        vip->gap_ns = at_ns - vip->heard_ns;
    vip->heard_ns = at_ns;
}

static void read_wire(void)
{
    union {
        struct ether_header ether;
        struct arp_frame arp;
        struct echo_frame echo;
        uint8_t bytes[2048];
    } frame;
    uint64_t at_ns;
    size_t size;

    while ((size = bench_receive(wire_fd, &frame, sizeof frame, &at_ns)) > 0) {
        if (frame.ether.ether_type == htons(ETHERTYPE_ARP) && size >= sizeof frame.arp)
            arp_seen(&frame.arp, at_ns);
        else if (frame.ether.ether_type == htons(ETHERTYPE_IP) && size >= sizeof frame.echo)
            reply_seen(&frame.echo, at_ns);
    }
}

static bool is_beat(const uint8_t *packet, size_t size)
{
    struct iphdr ip;
    struct udphdr udp;

    if (size < sizeof ip)
        return false;
    memcpy(&ip, packet, sizeof ip);
    if (ip.saddr != peer || (beat_port == 0 && ip.protocol != 112) ||
        (beat_port != 0 && ip.protocol != IPPROTO_UDP) || size < ip.ihl * 4u + sizeof udp)
        return false;
    memcpy(&udp, packet + ip.ihl * 4u, sizeof udp);
    /* Acknowledgements and the like are no beats. */
    return beat_port == 0 ||
           (udp.dest == htons(beat_port) && memmem(packet, size, "t=status", 8) != NULL);
}

static void read_beats(void)
{
    uint8_t packet[2048];
    uint64_t at_ns;
    size_t size;

    while ((size = bench_receive(beat_fd, packet, sizeof packet, &at_ns)) > 0) {
        if (is_beat(packet, size))
            beats[beat_count++ % BEATS_KEPT] = at_ns;
    }
}

/* ---- the life of a witness ---- */

static void run_until(bool (*done)(void), uint64_t bound_ns, uint64_t turn_ns)
{
    struct pollfd wait[2] = {{wire_fd, POLLIN, 0}, {beat_fd, POLLIN, 0}};
    uint64_t next_ns = 0, now_ns;

    while (now_ns = bench_now_ns(), now_ns < bound_ns && !(done != NULL && done())) {
        struct timespec left;

        if (now_ns >= next_ns) {
            next_ns = now_ns + turn_ns; /* no catching up */
            echo_all();
            ask(&vips[next_asked++ % vip_count]);
            for (unsigned i = 0; i < vip_count && answering < vip_count; i++) {
                if (!vips[i].known)
                    ask(&vips[i]);
            }
        }
        left = (struct timespec){0, (long)(next_ns - now_ns < turn_ns ? next_ns - now_ns : turn_ns)};
        ppoll(wait, beat_fd >= 0 ? 2 : 1, &left, NULL);
        if (beat_fd >= 0)
            read_beats();
        read_wire();
    }
}

static bool all_answer(void)
{
    return answering == vip_count && (beat_fd < 0 || beat_count > 0);
}

static bool all_taken(void)
{
    return taken == vip_count;
}

static uint64_t last_beat_before(uint64_t moment)
{
    uint64_t beat = 0;

    for (unsigned i = 0; i < BEATS_KEPT && i < beat_count; i++)
        beat = beats[i] < moment && beats[i] > beat ? beats[i] : beat;
    return beat != 0 ? beat : moment;
}

static void tell(bool of_a_move)
{
    uint64_t first = UINT64_MAX, last = 0, gap = 0, beat;

    for (unsigned i = 0; i < vip_count; i++) {
        first = vips[i].taken_ns < first ? vips[i].taken_ns : first;
        last = vips[i].taken_ns > last ? vips[i].taken_ns : last;
        gap = vips[i].gap_ns > gap ? vips[i].gap_ns : gap;
    }
    if (!of_a_move)
        first = last = 0;
    beat = last_beat_before(first);
    printf("taken first_us=%.1f last_us=%.1f gap_us=%.1f twice=%u apart_us=%lu echoes=%u lost=%u\n",
           (double)(first - beat) / NS_PER_US, (double)(last - beat) / NS_PER_US,
           (double)gap / NS_PER_US, twice, twice_ns / NS_PER_US, sent, sent - received);
}

static void watch_beats(char *text)
{
    char *pid = strtok(text, ":"), *iface = strtok(NULL, ":"), *from = strtok(NULL, ":"),
         *port = strtok(NULL, ":");
    struct in_addr address;

    if (port == NULL || inet_pton(AF_INET, from, &address) != 1) {
        fprintf(stderr, "witness: -b PID:IFACE:PEER:PORT\n");
        exit(2);
    }
    peer = address.s_addr;
    beat_port = (uint16_t)atoi(port);
    beat_fd = bench_packet_socket(atoi(pid), iface, SOCK_DGRAM, ETH_P_IP, NULL, NULL);
}

int main(int argc, char **argv)
{
    const char *iface = "eth0";
    uint64_t turn_ns = NS_PER_MS, timeout_ms = 10000, linger_ms = 100;
    bool watches = false;
    struct in_addr from = {0}, first = {0};
    pid_t client = 0;
    int option;

    while ((option = getopt(argc, argv, "c:i:s:v:n:p:t:l:b:w:")) != -1) {
        switch (option) {
        case 'c': client = atoi(optarg); break;
        case 'i': iface = optarg; break;
        case 's': inet_pton(AF_INET, optarg, &from); break;
        case 'v': inet_pton(AF_INET, optarg, &first); break;
        case 'n': vip_count = (unsigned)atoi(optarg); break;
        case 'p': turn_ns = (uint64_t)atoi(optarg) * NS_PER_US; break;
        case 't': timeout_ms = (uint64_t)atoi(optarg); break;
        case 'l': linger_ms = (uint64_t)atoi(optarg); break;
        case 'w': watches = true; linger_ms = (uint64_t)atoi(optarg); break;
        case 'b': watch_beats(optarg); break;
        default: return 2;
        }
    }
    if (from.s_addr == 0 || first.s_addr == 0 || vip_count == 0 || vip_count > VIPS_MAX ||
        turn_ns == 0 || turn_ns > 1000 * (uint64_t)NS_PER_MS) {
        fprintf(stderr, "usage: see the head of witness.c\n");
        return 2;
    }
    source = from.s_addr;
    for (unsigned i = 0; i < vip_count; i++)
        vips[i].address = htonl(ntohl(first.s_addr) + i);
    wire_fd = bench_packet_socket(client, iface, SOCK_RAW, ETH_P_ALL, NULL, own_mac);
    setvbuf(stdout, NULL, _IOLBF, 0);
    run_until(all_answer, bench_now_ns() + timeout_ms * NS_PER_MS, turn_ns);
    if (!all_answer()) {
        fprintf(stderr, "witness: %u of %u addresses answered, and there were %u beats\n", answering,
                vip_count, beat_count);
        return 1;
    }
    for (unsigned i = 0; i < vip_count; i++)
        vips[i].gap_ns = 0;
    printf("ready at_us=%lu\n", ready_ns / NS_PER_US);
    if (!watches)
        run_until(all_taken, bench_now_ns() + timeout_ms * NS_PER_MS, turn_ns);
    run_until(NULL, bench_now_ns() + linger_ms * NS_PER_MS, turn_ns);
    if (!watches && !all_taken()) {
        fprintf(stderr, "witness: %u of %u addresses were taken\n", taken, vip_count);
        return 1;
    }
    tell(!watches);
    return 0;
}
