/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet socket with a filter in the kernel, and its reading in large bites (tap.h). */
#include "ldirectord/door/tap.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of a frame the socket keeps so much: any link header that there is, and LD_OPENING_PACKET. */
#define FRAME_BYTES 128

/* The kernel counts what a packet takes of its memory, which with some drivers is a page however small it is.
 * It doubles the number that it is given. */
#define BUFFER (LD_TAP_MAX * 2048)

#define SYN_ACK 0x12
#define SYN     0x02

/* ---- opening ---- */

/* Lines of the filter. */
enum { OURS = 3, WHERE = 7, WHAT = 8, IPV4 = 11, IPV6 = 19, FLAGS = 22, KEEP = 24, DROP = 25 };

#define AUX(what)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + (what)))
#define BYTE(offset) BPF_STMT(BPF_LD | BPF_B | BPF_IND, offset)
#define HALF(offset) BPF_STMT(BPF_LD | BPF_H | BPF_IND, offset)
#define IF(at, how, k, yes, no)                                                                    \
    [at] = BPF_JUMP(BPF_JMP | (how) | BPF_K, k, (yes) - (at) - 1, (no) - (at) - 1)

/* X is where the network header is. Behind Ethernet that is a number, for SKF_NET_OFF reaches, in
 * kernels before 2025, only what the driver has put into the packet's first piece, and headers need not be. */
static int choose(int fd)
{
    struct sock_filter filter[] = {
        [0] = AUX(SKF_AD_PKTTYPE),
        IF(1, BPF_JEQ, PACKET_HOST, OURS, 2),
        IF(2, BPF_JEQ, PACKET_OUTGOING, OURS, DROP),
        [OURS] = AUX(SKF_AD_HATYPE),
        IF(4, BPF_JEQ, ARPHRD_LOOPBACK, DROP, 5), /* where each packet is seen twice */
        [5] = BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, ETH_HLEN),
        IF(6, BPF_JEQ, ARPHRD_ETHER, WHAT, WHERE),
        [WHERE] = BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, (uint32_t)SKF_NET_OFF),
        [WHAT] = AUX(SKF_AD_PROTOCOL),
        IF(9, BPF_JEQ, ETH_P_IP, IPV4, 10),
        IF(10, BPF_JEQ, ETH_P_IPV6, IPV6, DROP),
        [IPV4] = BYTE(0), /* version and length of the header */
        IF(12, BPF_JEQ, 0x45, 13, DROP),
        [13] = BYTE(9),
        IF(14, BPF_JEQ, IPPROTO_TCP, 15, DROP),
        [15] = HALF(6),
        IF(16, BPF_JSET, 0x1fff, DROP, 17), /* a fragment, but not the first */
        [17] = BYTE(33),
        [18] = BPF_STMT(BPF_JMP | BPF_JA, FLAGS - 18 - 1),
        [IPV6] = BYTE(6),
        IF(20, BPF_JEQ, IPPROTO_TCP, 21, DROP),
        [21] = BYTE(53),
        [FLAGS] = BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN_ACK),
        IF(23, BPF_JEQ, SYN, KEEP, DROP),
        [KEEP] = BPF_STMT(BPF_RET | BPF_K, FRAME_BYTES),
        [DROP] = BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = G_N_ELEMENTS(filter), .filter = filter};
    int yes = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &yes, sizeof(yes)) != 0)
        return -errno;
    return 0;
}

/* Packets that leave are shown to those alone who ask for every protocol. */
static int begin(int fd)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int size = BUFFER, yes = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        (void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes)) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
        return -errno;
    return 0;
}

int ld_tap_open(void)
{
    /* without a protocol nothing comes until the filter is there */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

    if (fd < 0)
        return -errno;
    error = choose(fd);
    if (error == 0)
        error = begin(fd);
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

/* ---- taking ---- */

/* Packets by one call: nobody has the address while they are read. */
#define BITE 64

struct place {
    uint8_t frame[FRAME_BYTES];
    struct sockaddr_ll from;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct iovec vector;
};

static void prepare(struct mmsghdr *messages, struct place *places)
{
    memset(messages, 0, BITE * sizeof(*messages));
    for (unsigned i = 0; i < BITE; i++) {
        struct msghdr *header = &messages[i].msg_hdr;

        places[i].vector = (struct iovec){places[i].frame, sizeof(places[i].frame)};
        places[i].from = (struct sockaddr_ll){0};
        header->msg_iov = &places[i].vector;
        header->msg_iovlen = 1;
        header->msg_name = &places[i].from;
        header->msg_namelen = sizeof(places[i].from);
        header->msg_control = places[i].control;
        header->msg_controllen = sizeof(places[i].control);
    }
}

/* Where in the frame the network header is; -1: the kernel did not say. */
static int network_at(struct msghdr *header)
{
    for (struct cmsghdr *one = CMSG_FIRSTHDR(header); one != NULL; one = CMSG_NXTHDR(header, one)) {
        struct tpacket_auxdata data;

        if (one->cmsg_level == SOL_PACKET && one->cmsg_type == PACKET_AUXDATA &&
            one->cmsg_len >= CMSG_LEN(sizeof(data))) {
            memcpy(&data, CMSG_DATA(one), sizeof(data));
            return data.tp_net - data.tp_mac;
        }
    }
    return -1;
}

static int append(struct mmsghdr *message, const struct place *place, GArray *out)
{
    struct ld_opening_record record = {.leaves = place->from.sll_pkttype == PACKET_OUTGOING};
    size_t length = MIN(message->msg_len, sizeof(place->frame));
    int at = network_at(&message->msg_hdr);

    if (at < 0 || (size_t)at >= length)
        return -EBADMSG;
    record.has_mac = record.leaves && place->from.sll_hatype == ARPHRD_ETHER && at >= ETH_HLEN;
    if (record.has_mac)
        memcpy(record.mac, place->frame, sizeof(record.mac));
    record.length = (uint8_t)MIN(length - (size_t)at, sizeof(record.packet));
    memcpy(record.packet, place->frame + at, record.length);
    g_array_append_val(out, record);
    return 0;
}

/* How many, at most wanted, were taken off the socket; 0: there is none; or negative errno. */
static int bite(int fd, unsigned wanted, GArray *out, int *error)
{
    struct mmsghdr messages[BITE];
    struct place places[BITE];
    int got;

    prepare(messages, places);
    do
        got = recvmmsg(fd, messages, MIN(wanted, BITE), MSG_DONTWAIT, NULL);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN ? 0 : -errno;
    for (int i = 0; i < got; i++) {
        int wrong = append(&messages[i], &places[i], out);

        if (*error == 0)
            *error = wrong;
    }
    return got;
}

static bool has_more(int fd)
{
    char byte;
    ssize_t got;

    do
        got = recv(fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    return got >= 0 || errno != EAGAIN;
}

/* The kernel's count begins anew when it was read. */
static int lost(int fd)
{
    struct tpacket_stats count = {0};
    socklen_t length = sizeof(count);

    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &count, &length) != 0)
        return -errno;
    return count.tp_drops > 0 ? -EOVERFLOW : 0;
}

int ld_tap_take(int fd, GArray *out)
{
    unsigned taken = 0;
    int error = 0, got, drops;

    do {
        got = bite(fd, LD_TAP_MAX - taken, out, &error);
        taken += got > 0 ? (unsigned)got : 0;
    } while (got > 0 && taken < LD_TAP_MAX);
    if (got < 0)
        error = got;
    else if (taken == LD_TAP_MAX && has_more(fd))
        error = -EOVERFLOW;
    drops = lost(fd);
    return error != 0 ? error : drops;
}
