/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See the header. */
#include "tests/bench/netspace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROOM (4 << 20)

void bench_die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t ns_of(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
}

uint64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return ns_of(&now);
}

static void enter(int space)
{
    if (space < 0 || setns(space, CLONE_NEWNET) != 0)
        bench_die("network namespace");
}

static int space_of(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void learn_mac(int fd, const char *iface, uint8_t mac[6])
{
    struct ifreq request = {0};

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", iface);
    if (ioctl(fd, SIOCGIFHWADDR, &request) != 0)
        bench_die(iface);
    memcpy(mac, request.ifr_hwaddr.sa_data, 6);
}

int bench_packet_socket(pid_t pid, const char *iface, int type, uint16_t protocol, int *index,
                        uint8_t mac[6])
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};
    int home = space_of(getpid()), there = pid != 0 ? space_of(pid) : -1, fd, on = 1, room = ROOM;

    if (pid != 0)
        enter(there);
    /* Deaf until bound: nothing of another interface. */
    fd = socket(AF_PACKET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sll_ifindex = (int)if_nametoindex(iface);
    if (fd < 0 || address.sll_ifindex == 0)
        bench_die(iface);
    if (mac != NULL)
        learn_mac(fd, iface, mac);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        bench_die("packet socket");
    if (pid != 0) {
        enter(home);
        close(there);
    }
    close(home);
    if (index != NULL)
        *index = address.sll_ifindex;
    return fd;
}

size_t bench_receive(int fd, void *into, size_t size, uint64_t *at_ns)
{
    char control[256];
    struct iovec part = {into, size};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                         .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &msg, 0);

    if (got <= 0)
        return 0;
    *at_ns = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
        struct timespec time;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
            continue;
        memcpy(&time, CMSG_DATA(c), sizeof time);
        *at_ns = ns_of(&time);
    }
    return (size_t)got;
}

uint16_t bench_checksum(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint32_t sum = 0;

    for (; length > 1; length -= 2, at += 2)
        sum += (uint32_t)at[0] << 8 | at[1];
    if (length > 0)
        sum += (uint32_t)at[0] << 8;
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}
