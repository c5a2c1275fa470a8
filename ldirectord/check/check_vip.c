/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connect check of the way that clients' packets take: to the virtual address,
 * by way of one real server, as IPVS would send them with direct routing (gate) or
 * in a tunnel (ipip). It shows that the server has the address, and that
 * something listens at it.
 *
 * The director has that address itself, so none of its sockets can make such a
 * connection. The packets are made here: a SYN that goes to one address while it
 * carries another; the SYN-ACK is seen before the kernel can make anything of it;
 * an RST ends it. The sockets of a family serve all its checks, and one port, held
 * by a socket that never connects, so that nobody else is answered by mistake.
 *
 * As the port is always the same, a server that never got rid of its SYN-ACK still
 * has half a connection from an earlier check, and acknowledges that instead of a
 * new SYN, for a minute: it gets an RST for the old one first, as TCP would send.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "ldirectord/check/check_inside.h"
#include "ldirectord/check/vip_packet.h"
#include "ldirectord/check/vip_sockets.h"

#define AGAIN_NS     HA_NS_PER_S
/* Until the kernel knows the server's address on the link. */
#define NEIGHBOUR_NS (50 * HA_NS_PER_MS)
/* Packets taken per round, so that a flood does not keep the loop from its work. */
#define ROUND_MAX    256
/* Half connections of the past that one check ends. */
#define STALE_MAX    4

struct ld_vip {
    struct ha_loop *loop;
    struct ld_vip_sockets sockets;
    struct ha_watch watch;
    GHashTable *waiting; /* sequence number -> struct ld_check *, not owned */
};

struct vip_state {
    struct ld_vip *vip;
    struct ha_timer again;
    struct ld_vip_ends ends;
    uint32_t number; /* 0: none taken */
    unsigned stale;
};

/* ---- sending ---- */

static int send_packet(struct ld_check *check, uint32_t number, bool reset)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct vip_state *state = ld_check_state(check);
    uint8_t packet[LD_VIP_PACKET_MAX];
    size_t length = ld_vip_packet(packet, &state->ends, number, reset);

    return ld_vip_send(&state->vip->sockets, &probe->addr, probe->path == LD_PATH_IPIP, packet, length);
}

static void send_again(void *ctx, uint64_t now_ns);

/* Sends, and will again. */
static int send_syn(struct ld_check *check, uint64_t now_ns)
{
    struct vip_state *state = ld_check_state(check);
    int error = send_packet(check, state->number, false);

    ha_timer_set(ld_check_loop(check), &state->again,
                 ha_after_ns(now_ns, error == -EAGAIN ? NEIGHBOUR_NS : AGAIN_NS), send_again, check);
    return error == -EAGAIN ? 0 : error;
}

static void send_again(void *ctx, uint64_t now_ns)
{
    send_syn(ctx, now_ns); /* what does not go now may go the next time */
}

/* ---- hearing ---- */

static bool is_between(const struct ld_vip_ends *answer, const struct ld_vip_ends *asked)
{
    return ha_addr_equal(&answer->from, &asked->to) && answer->from_port == asked->to_port &&
           ha_addr_equal(&answer->to, &asked->from) && answer->to_port == asked->from_port;
}

/* All servers of a service answer from one address, so each that is being asked may have meant it; to
 * the others the RST means nothing. */
static void end_stale(struct ld_vip *vip, const struct ld_vip_ends *ends, uint32_t number)
{
    GHashTableIter iter;
    gpointer check;

    g_hash_table_iter_init(&iter, vip->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &check)) {
        struct vip_state *state = ld_check_state(check);

        if (!is_between(ends, &state->ends) || state->stale >= STALE_MAX)
            continue;
        state->stale++;
        send_packet(check, number, true);
        send_packet(check, state->number, false);
    }
}

static void take_answer(struct ld_vip *vip, const uint8_t *packet, size_t length)
{
    struct ld_vip_ends ends;
    uint32_t number;
    enum ld_vip_answer answer = ld_vip_answer(packet, length, &ends, &number);
    struct ld_check *check;
    struct vip_state *state;

    if (answer == LD_VIP_STALE)
        end_stale(vip, &ends, number);
    if (answer == LD_VIP_NONE || answer == LD_VIP_STALE)
        return;
    check = g_hash_table_lookup(vip->waiting, GUINT_TO_POINTER(number));
    if (check == NULL)
        return;
    state = ld_check_state(check);
    if (!is_between(&ends, &state->ends))
        return;
    if (answer == LD_VIP_ACCEPTED)
        send_packet(check, state->number, true);
    ld_check_done(check, answer == LD_VIP_ACCEPTED ? LD_L4OK : LD_L4CON,
                  answer == LD_VIP_ACCEPTED ? NULL : g_strerror(ECONNREFUSED));
}

static void vip_ready(void *ctx, uint32_t events)
{
    struct ld_vip *vip = ctx;
    uint8_t packet[LD_VIP_SEEN_BYTES];

    (void)events;
    for (unsigned i = 0; i < ROUND_MAX; i++) {
        ssize_t length = recv(vip->sockets.seen_fd, packet, sizeof(packet), MSG_DONTWAIT);

        if (length < 0 && errno != EINTR)
            return;
        if (length > 0)
            take_answer(vip, packet, (size_t)length);
    }
}

/* ---- the shared sockets ---- */

int ld_vip_new(struct ld_vip **out, struct ha_loop *loop, int family)
{
    struct ld_vip *vip = g_new0(struct ld_vip, 1);
    int error;

    vip->loop = loop;
    vip->watch.fd = -1;
    vip->waiting = g_hash_table_new(g_direct_hash, g_direct_equal);
    error = ld_vip_sockets_open(&vip->sockets, family);
    if (error == 0)
        error = ha_watch_start(loop, &vip->watch, vip->sockets.seen_fd, EPOLLIN, vip_ready, vip);
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
    ld_vip_sockets_close(&vip->sockets);
    g_hash_table_destroy(vip->waiting);
    g_free(vip);
}

/* ---- one check ---- */

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

    state->vip = ld_checks_vip(ld_check_room(check), probe->addr.family);
    if (state->vip == NULL)
        return -errno;
    error = ld_vip_source(&probe->addr, &state->ends.from);
    if (error != 0)
        return error;
    if (ha_addr_equal(&state->ends.from, &probe->service.addr)) {
        ld_check_done(check, LD_INTERNAL,
                      probe->addr.family == AF_INET6
                          ? "Linux would ask from the virtual address: give it preferred_lft 0"
                          : "there is no other address of ours to ask from");
        return 0;
    }
    state->ends.to = probe->service.addr;
    state->ends.from_port = state->vip->sockets.port;
    state->ends.to_port = htons(probe->port);
    error = take_number(check);
    if (error == 0)
        error = send_syn(check, ha_clock_ns());
    if (error == -ELOOP) {
        ld_check_done(check, LD_INTERNAL, "the real server is this machine itself");
        return 0;
    }
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
