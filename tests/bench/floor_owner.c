/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bare floor of a takeover: beats, a deadline, and then the fewest system
 * calls that bring addresses over: one netlink message after the other in one
 * send, and all announcements in one sendmmsg. It authenticates nothing, asks
 * nobody, and looks at no answer of the kernel. No product; a yardstick.
 *
 *     floor_owner PEER PORT KEEPALIVE_MS DEADTIME_MS IFACE FIRST COUNT [own]
 *
 * own: it has the addresses from the start. USR1: they are to move; it lets go
 * of them in one send and says so. Runs until it is killed.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/netspace.h"

#define VIPS_MAX 250
#define NS_PER_MS 1000000ull
#define TAKE "take them"
#define OWNS_AT 9 /* in a beat, behind what the witness knows one by */

struct order {
    struct nlmsghdr head;
    struct ifaddrmsg address;
    struct rtattr local_head;
    uint32_t local;
};

struct announcement {
    struct ether_header ether;
    struct ether_arp arp;
} __attribute__((packed));

static struct order orders[VIPS_MAX];
static struct announcement announcements[VIPS_MAX];
static struct iovec parts[VIPS_MAX];
static struct mmsghdr messages[VIPS_MAX];
static unsigned count;
static int netlink_fd, packet_fd;
static volatile sig_atomic_t moves;

/* All of it beforehand: what is left to do is to send. */
static void prepare(const char *iface, uint32_t first)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    uint8_t mac[6];
    int index;

    netlink_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    packet_fd = bench_packet_socket(0, iface, SOCK_RAW, 0, &index, mac);
    if (netlink_fd < 0 || connect(netlink_fd, (struct sockaddr *)&kernel, sizeof kernel) != 0)
        bench_die("netlink");
    for (unsigned i = 0; i < count; i++) {
        uint32_t address = htonl(ntohl(first) + i);

        orders[i] = (struct order){
            .head = {sizeof orders[i], RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE, i, 0},
            .address = {AF_INET, 24, 0, RT_SCOPE_UNIVERSE, (unsigned)index},
            .local_head = {sizeof(struct rtattr) + 4, IFA_LOCAL},
            .local = address};
        announcements[i] = (struct announcement){
            .ether = {.ether_type = htons(ETHERTYPE_ARP)},
            .arp = {.ea_hdr = {htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), 6, 4,
                               htons(ARPOP_REQUEST)}}};
        memset(announcements[i].ether.ether_dhost, 0xff, 6);
        memcpy(announcements[i].ether.ether_shost, mac, 6);
        memcpy(announcements[i].arp.arp_sha, mac, 6);
        memcpy(announcements[i].arp.arp_spa, &address, 4);
        memcpy(announcements[i].arp.arp_tpa, &address, 4);
        parts[i] = (struct iovec){&announcements[i], sizeof announcements[i]};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
}

static void order_all(unsigned short type)
{
    for (unsigned i = 0; i < count; i++)
        orders[i].head.nlmsg_type = type;
    if (send(netlink_fd, orders, count * sizeof orders[0], 0) < 0)
        bench_die("netlink");
}

static void take(void)
{
    order_all(RTM_NEWADDR);
    if (sendmmsg(packet_fd, messages, count, 0) != (int)count)
        bench_die("announcements");
}

static void on_usr1(int number)
{
    (void)number;
    moves = 1;
}

static int peer_socket(const char *peer, uint16_t port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port)}, other = own;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || inet_pton(AF_INET, peer, &other.sin_addr) != 1 ||
        bind(fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        connect(fd, (struct sockaddr *)&other, sizeof other) != 0)
        bench_die(peer);
    return fd;
}

static uint64_t mono_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 * NS_PER_MS + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
    const struct sched_param priority = {.sched_priority = 1};
    uint64_t keepalive_ns, deadtime_ns, deadline_ns = UINT64_MAX, beat_ns = 0;
    char beat[500] = "t=status, of about the usual length", heard[sizeof beat] = "";
    struct in_addr first;
    bool owns, by_deadline = false, along = false;
    int fd;

    if (argc < 8 || inet_pton(AF_INET, argv[6], &first) != 1)
        return 2;
    count = (unsigned)atoi(argv[7]);
    if (count == 0 || count > VIPS_MAX)
        return 2;
    keepalive_ns = strtoull(argv[3], NULL, 10) * NS_PER_MS;
    deadtime_ns = strtoull(argv[4], NULL, 10) * NS_PER_MS;
    owns = argc > 8;
    prepare(argv[5], first.s_addr);
    fd = peer_socket(argv[1], (uint16_t)atoi(argv[2]));
    mlockall(MCL_CURRENT | MCL_FUTURE);
    sched_setscheduler(0, SCHED_RR, &priority);
    if (owns)
        take();
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_usr1}, NULL);
    for (;;) {
        uint64_t now_ns = mono_ns(), next_ns;
        struct timespec left;

        if (moves) {
            order_all(RTM_DELADDR);
            send(fd, TAKE, sizeof TAKE, 0);
            moves = owns = false;
        }
        if (now_ns >= beat_ns) {
            beat[OWNS_AT] = owns ? 'o' : ' ';
            send(fd, beat, sizeof beat, 0);
            beat_ns = now_ns + keepalive_ns + (along ? keepalive_ns / 16 : 0);
            along = false;
        }
        if (!owns && now_ns >= deadline_ns) {
            take();
            owns = by_deadline = true;
        }
        next_ns = !owns && deadline_ns < beat_ns ? deadline_ns : beat_ns;
        next_ns = next_ns > now_ns ? next_ns - now_ns : 0;
        left = (struct timespec){(time_t)(next_ns / (1000 * NS_PER_MS)), (long)(next_ns % (1000 * NS_PER_MS))};
        if (ppoll(&(struct pollfd){fd, POLLIN, 0}, 1, &left, NULL) <= 0 ||
            recv(fd, heard, sizeof heard, 0) <= 0)
            continue;
        now_ns = mono_ns();
        deadline_ns = now_ns + deadtime_ns;
        if (beat_ns <= now_ns + keepalive_ns / 2) { /* the next beat goes with the other's */
            along = true;
            beat_ns = 0;
        }
        if (strcmp(heard, TAKE) == 0) {
            take();
            owns = true;
            by_deadline = false;
        } else if (by_deadline && owns && heard[OWNS_AT] == 'o') { /* it was held up, or we were */
            order_all(RTM_DELADDR);
            owns = false;
        }
    }
}
