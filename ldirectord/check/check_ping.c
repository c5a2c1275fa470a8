/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ping: ICMP or ICMPv6 echo, so many attempts spread evenly over the deadline;
 * any answer to any of them will do. All pings of a family share one raw
 * socket, because every raw socket is handed a copy of every echo reply: one
 * each would make N pings cost N squared.
 *
 * An answer counts only if it comes from the address that was asked and
 * repeats our identifier, its sequence number and a secret of this process.
 */
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "ldirectord/check/check_inside.h"
#include "ldirectord/door/door.h"

#define DATA_BYTES     64
/* Packets taken per round, so that a flood does not keep the loop from its work. */
#define ROUND_MAX      256

/* Echo headers are alike in both families but for the types. */
struct echo {
    uint8_t type, code;
    uint16_t checksum;
    uint16_t ident, sequence;
    uint8_t data[DATA_BYTES];
};
G_STATIC_ASSERT(sizeof(struct echo) == 8 + DATA_BYTES);

struct ld_ping {
    struct ha_loop *loop;
    int family;
    int fd;
    struct ha_watch watch;
    uint16_t ident;
    uint16_t next;
    uint8_t secret[DATA_BYTES];
    struct ld_check *waiting[65536]; /* by sequence number */
    unsigned used;
};

struct ping_state {
    struct ld_ping *ping;
    struct ha_timer attempt;
    unsigned left;
    uint16_t sequence;
    bool waiting;
};

/* ---- the shared socket ---- */

/* Past an IPv4 header; NULL if the packet is no whole echo reply. */
static const struct echo *find_echo(const struct ld_ping *ping, const uint8_t *packet,
                                    size_t length)
{
    const struct echo *echo;

    if (ping->family == AF_INET) {
        size_t header = length > 0 ? (size_t)(packet[0] & 0x0f) * 4 : 0;
        if (header < sizeof(struct iphdr) || header > length)
            return NULL;
        packet += header;
        length -= header;
    }
    echo = (const struct echo *)packet;
    if (length != sizeof(*echo) || echo->code != 0)
        return NULL;
    return echo->type == (ping->family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) ? echo
                                                                                       : NULL;
}

static void take_reply(struct ld_ping *ping, const struct echo *echo,
                       const struct sockaddr_storage *from)
{
    struct ld_check *check = ping->waiting[ntohs(echo->sequence)];
    struct ha_addr addr;

    if (check == NULL || echo->ident != htons(ping->ident) ||
        memcmp(echo->data, ping->secret, sizeof(ping->secret)) != 0)
        return;
    if (!ha_addr_from_sockaddr(&addr, NULL, (const struct sockaddr *)from) ||
        !ha_addr_equal(&addr, &ld_check_probe(check)->addr))
        return;
    ld_check_done(check, LD_L3OK, NULL);
}

static void ping_ready(void *ctx, uint32_t events)
{
    struct ld_ping *ping = ctx;
    _Alignas(4) uint8_t packet[sizeof(struct echo) + 64];
    struct sockaddr_storage from;

    (void)events;
    for (unsigned i = 0; i < ROUND_MAX; i++) {
        socklen_t from_length = sizeof(from);
        ssize_t length = recvfrom(ping->fd, packet, sizeof(packet), MSG_DONTWAIT,
                                  (struct sockaddr *)&from, &from_length);
        const struct echo *echo;

        if (length < 0 && errno != EINTR)
            return;
        echo = length > 0 ? find_echo(ping, packet, (size_t)length) : NULL;
        if (echo != NULL)
            take_reply(ping, echo, &from);
    }
}

int ld_ping_new(struct ld_ping **out, struct ha_loop *loop, int family)
{
    struct ld_ping *ping = g_new0(struct ld_ping, 1);
    int error = 0;

    ping->loop = loop;
    ping->family = family;
    ping->watch.fd = -1;
    ping->fd = ld_door_socket(LD_SOCKET_PING, family, 0);
    if (ping->fd < 0)
        error = ping->fd;
    else if (getrandom(ping->secret, sizeof(ping->secret), 0) != sizeof(ping->secret) ||
             getrandom(&ping->ident, sizeof(ping->ident), 0) != sizeof(ping->ident))
        error = -errno;
    if (error == 0)
        error = ha_watch_start(loop, &ping->watch, ping->fd, EPOLLIN, ping_ready, ping);
    if (error != 0) {
        ld_ping_free(ping);
        return error;
    }
    *out = ping;
    return 0;
}

void ld_ping_free(struct ld_ping *ping)
{
    if (ping == NULL)
        return;
    ha_watch_stop(ping->loop, &ping->watch);
    if (ping->fd >= 0)
        close(ping->fd);
    g_free(ping);
}

/* ---- one check ---- */

static uint16_t checksum(const void *bytes, size_t length)
{
    const uint16_t *word = bytes;
    uint32_t sum = 0;

    for (; length > 1; length -= 2)
        sum += *word++;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static int send_echo(struct ld_ping *ping, uint16_t sequence, const struct ha_addr *to)
{
    struct echo echo = {.type = ping->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST,
                        .ident = htons(ping->ident),
                        .sequence = htons(sequence)};
    struct sockaddr_storage address;
    socklen_t length = ha_addr_to_sockaddr(to, 0, &address);

    memcpy(echo.data, ping->secret, sizeof(echo.data));
    if (ping->family == AF_INET) /* the kernel fills in ICMPv6's */
        echo.checksum = checksum(&echo, sizeof(echo));
    if (sendto(ping->fd, &echo, sizeof(echo), MSG_DONTWAIT, (struct sockaddr *)&address, length) <
        0)
        return -errno;
    return 0;
}

static int try_once(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct ping_state *state = ld_check_state(check);

    state->left--;
    return send_echo(state->ping, state->sequence, &probe->addr);
}

static uint64_t attempt_ns(const struct ld_probe *probe)
{
    return ha_ms_to_ns(probe->timeout_ms) / (probe->attempts > 1 ? probe->attempts : 1);
}

static void attempt_over(void *ctx, uint64_t now_ns)
{
    struct ld_check *check = ctx;
    struct ping_state *state = ld_check_state(check);
    int error = try_once(check);

    if (error != 0)
        ld_check_done(check, ld_check_errno(-error), g_strerror(-error));
    else if (state->left > 0)
        ha_timer_set(ld_check_loop(check), &state->attempt,
                     ha_after_ns(now_ns, attempt_ns(ld_check_probe(check))), attempt_over, check);
}

static bool take_sequence(struct ld_ping *ping, struct ld_check *check, uint16_t *out)
{
    if (ping->used >= G_N_ELEMENTS(ping->waiting))
        return false;
    while (ping->waiting[ping->next] != NULL)
        ping->next++;
    *out = ping->next++;
    ping->waiting[*out] = check;
    ping->used++;
    return true;
}

static int ping_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct ping_state *state = ld_check_state(check);
    int error;

    state->ping = ld_checks_ping(ld_check_room(check), probe->addr.family);
    if (state->ping == NULL)
        return -errno;
    if (!take_sequence(state->ping, check, &state->sequence))
        return -ENOBUFS;
    state->waiting = true;
    state->left = probe->attempts > 1 ? probe->attempts : 1;
    error = try_once(check);
    if (error == 0 && state->left > 0)
        ha_timer_set(ld_check_loop(check), &state->attempt,
                     ha_after_ns(ha_clock_ns(), attempt_ns(probe)), attempt_over, check);
    return error;
}

static void ping_stop(struct ld_check *check)
{
    struct ping_state *state = ld_check_state(check);

    ha_timer_cancel(ld_check_loop(check), &state->attempt);
    if (state->waiting) {
        state->ping->waiting[state->sequence] = NULL;
        state->ping->used--;
    }
}

static enum ld_verdict ping_deadline(struct ld_check *check)
{
    (void)check;
    return LD_L3TOUT;
}

const struct ld_check_ops ld_check_ping = {
    .name = "ping",
    .state_size = sizeof(struct ping_state),
    .start = ping_start,
    .stop = ping_stop,
    .deadline = ping_deadline,
};
