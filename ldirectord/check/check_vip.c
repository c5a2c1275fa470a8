/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connect check of the way that clients' packets take: to the virtual address,
 * by way of one real server, as IPVS would send them with direct routing (gate) or
 * in a tunnel (ipip). It shows that the server has the address, and that
 * something listens at it.
 *
 * The director has that address itself, so none of its sockets can make such a
 * connection. The packets are made here: a SYN, sent through a raw socket whose
 * packets go to one address while they carry another; the SYN-ACK is seen before
 * the kernel drops it as its own address coming from outside; an RST ends it. One
 * pair of sockets serves all, and one port, held by a socket that never connects,
 * so that nobody else is answered by mistake.
 *
 * Does not speak IPv6, whose raw sockets take no such detours.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "ldirectord/check/check_inside.h"
#include "ldirectord/check/vip_packet.h"

#define AGAIN_NS   HA_NS_PER_S
/* Packets taken per round, so that a flood does not keep the loop from its work. */
#define ROUND_MAX  256
#define SEEN_BYTES 128

struct ld_vip {
    struct ha_loop *loop;
    int port_fd, gate_fd, ipip_fd, seen_fd;
    uint16_t port; /* network order */
    struct ha_watch watch;
    GHashTable *waiting; /* sequence number -> struct ld_check *, not owned */
};

struct vip_state {
    struct ld_vip *vip;
    struct ha_timer again;
    struct ld_vip_ends ends;
    uint32_t number; /* 0: none taken */
};

/* ---- sending ---- */

static int send_packet(struct ld_check *check, bool reset)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct vip_state *state = ld_check_state(check);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = probe->addr.v4};
    uint8_t packet[LD_VIP_PACKET];

    ld_vip_packet(packet, &state->ends, state->number, reset);
    if (sendto(probe->path == LD_PATH_IPIP ? state->vip->ipip_fd : state->vip->gate_fd, packet,
               sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
        return -errno;
    return 0;
}

static void send_again(void *ctx, uint64_t now_ns)
{
    struct ld_check *check = ctx;
    struct vip_state *state = ld_check_state(check);

    send_packet(check, false); /* what does not go now may go the next time */
    ha_timer_set(ld_check_loop(check), &state->again, ha_after_ns(now_ns, AGAIN_NS), send_again,
                 check);
}

/* ---- hearing ---- */

static void take_answer(struct ld_vip *vip, const uint8_t *packet, size_t length)
{
    struct ld_vip_ends ends;
    uint32_t number;
    enum ld_vip_answer answer = ld_vip_answer(packet, length, &ends, &number);
    struct ld_check *check;
    struct vip_state *state;

    if (answer == LD_VIP_NONE)
        return;
    check = g_hash_table_lookup(vip->waiting, GUINT_TO_POINTER(number));
    if (check == NULL)
        return;
    state = ld_check_state(check);
    if (ends.from != state->ends.to || ends.from_port != state->ends.to_port ||
        ends.to != state->ends.from || ends.to_port != state->ends.from_port)
        return;
    if (answer == LD_VIP_ACCEPTED)
        send_packet(check, true);
    ld_check_done(check, answer == LD_VIP_ACCEPTED ? LD_L4OK : LD_L4CON,
                  answer == LD_VIP_ACCEPTED ? NULL : g_strerror(ECONNREFUSED));
}

static void vip_ready(void *ctx, uint32_t events)
{
    struct ld_vip *vip = ctx;
    uint8_t packet[SEEN_BYTES];

    (void)events;
    for (unsigned i = 0; i < ROUND_MAX; i++) {
        ssize_t length = recv(vip->seen_fd, packet, sizeof(packet), MSG_DONTWAIT);

        if (length < 0 && errno != EINTR)
            return;
        if (length > 0)
            take_answer(vip, packet, (size_t)length);
    }
}

/* ---- the shared sockets ---- */

static int hold_port(struct ld_vip *vip)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);

    vip->port_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (vip->port_fd < 0 || bind(vip->port_fd, (struct sockaddr *)&at, size) != 0 ||
        getsockname(vip->port_fd, (struct sockaddr *)&at, &size) != 0)
        return -errno;
    vip->port = at.sin_port;
    return 0;
}

/* Only TCP to our port, and of that only the beginning. */
static int see_port(struct ld_vip *vip)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohs(vip->port), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SEEN_BYTES),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = G_N_ELEMENTS(code), .filter = code};
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};

    /* Without a protocol nothing comes until the filter is there. */
    vip->seen_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (vip->seen_fd < 0 ||
        setsockopt(vip->seen_fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0 ||
        bind(vip->seen_fd, (struct sockaddr *)&at, sizeof(at)) != 0)
        return -errno;
    return 0;
}

/* IPVS leaves alone what comes from a socket with IP_NODEFRAG: else it would send our packets to
 * a server of its own choice. */
static int raw_socket(int protocol, int *fd)
{
    int yes = 1;

    *fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (*fd < 0 || setsockopt(*fd, IPPROTO_IP, IP_NODEFRAG, &yes, sizeof(yes)) != 0)
        return -errno;
    return 0;
}

static void close_one(int fd)
{
    if (fd >= 0)
        close(fd);
}

int ld_vip_new(struct ld_vip **out, struct ha_loop *loop)
{
    struct ld_vip *vip = g_new0(struct ld_vip, 1);
    int error;

    vip->loop = loop;
    vip->port_fd = vip->gate_fd = vip->ipip_fd = vip->seen_fd = vip->watch.fd = -1;
    vip->waiting = g_hash_table_new(g_direct_hash, g_direct_equal);
    error = hold_port(vip);
    if (error == 0)
        error = raw_socket(IPPROTO_RAW, &vip->gate_fd);
    if (error == 0)
        error = raw_socket(IPPROTO_IPIP, &vip->ipip_fd);
    if (error == 0)
        error = see_port(vip);
    if (error == 0)
        error = ha_watch_start(loop, &vip->watch, vip->seen_fd, EPOLLIN, vip_ready, vip);
    if (error != 0) {
        ld_vip_free(vip);
        return error;
    }
    *out = vip;
    return 0;
}

void ld_vip_free(struct ld_vip *vip)
{
    if (vip == NULL)
        return;
    ha_watch_stop(vip->loop, &vip->watch);
    close_one(vip->port_fd);
    close_one(vip->gate_fd);
    close_one(vip->ipip_fd);
    close_one(vip->seen_fd);
    g_hash_table_destroy(vip->waiting);
    g_free(vip);
}

/* ---- one check ---- */

/* The address that the kernel speaks from to the real server. */
static int find_source(const struct ld_probe *probe, uint32_t *from)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = probe->addr.v4,
                             .sin_port = htons(9)};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&at, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        error = -errno;
    close(fd);
    *from = at.sin_addr.s_addr;
    return error;
}

static int take_number(struct ld_check *check)
{
    struct vip_state *state = ld_check_state(check);

    do
        if (getrandom(&state->number, sizeof(state->number), 0) != sizeof(state->number))
            return -EIO;
    while (state->number == 0 ||
           g_hash_table_contains(state->vip->waiting, GUINT_TO_POINTER(state->number)));
    g_hash_table_insert(state->vip->waiting, GUINT_TO_POINTER(state->number), check);
    return 0;
}

static int vip_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct vip_state *state = ld_check_state(check);
    int error;

    state->vip = ld_checks_vip(ld_check_room(check));
    if (state->vip == NULL)
        return -errno;
    error = find_source(probe, &state->ends.from);
    if (error != 0)
        return error;
    if (state->ends.from == probe->service.addr.v4.s_addr) {
        ld_check_done(check, LD_INTERNAL, "there is no other address of ours to ask from");
        return 0;
    }
    state->ends.to = probe->service.addr.v4.s_addr;
    state->ends.from_port = state->vip->port;
    state->ends.to_port = htons(probe->port);
    error = take_number(check);
    if (error == 0)
        error = send_packet(check, false);
    if (error == 0)
        ha_timer_set(ld_check_loop(check), &state->again, ha_after_ns(ha_clock_ns(), AGAIN_NS),
                     send_again, check);
    return error;
}

static void vip_stop(struct ld_check *check)
{
    struct vip_state *state = ld_check_state(check);

    ha_timer_cancel(ld_check_loop(check), &state->again);
    if (state->number != 0)
        g_hash_table_remove(state->vip->waiting, GUINT_TO_POINTER(state->number));
}

static enum ld_verdict vip_deadline(struct ld_check *check)
{
    (void)check;
    return LD_L4TOUT;
}

const struct ld_check_ops ld_check_vip = {
    .name = "vip",
    .state_size = sizeof(struct vip_state),
    .start = vip_start,
    .stop = vip_stop,
    .deadline = vip_deadline,
};
