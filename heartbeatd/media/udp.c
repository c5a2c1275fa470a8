/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ucast, bcast and mcast: three ways to address a UDP datagram. Each line has
 * its own sending socket, bound to its interface and to no port; all lines of
 * an interface and port share one receiving socket, bound to that interface and
 * any address, which also joins the groups of its mcast lines. So no datagram
 * is spread over sockets (SO_REUSEPORT) or seen twice, and a port that another
 * program has is an error and not a silent half share.
 *
 * Sockets are bound to an interface's index. One that is removed and made again
 * has another, and then the line is stale (media.c opens it anew).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "heartbeatd/media/medium.h"

/* A receiving socket and the lines that share it. */
struct udp_port {
    struct hb_media *media;
    struct hb_link *link;
    struct ha_watch watch;
    int fd;
    unsigned index; /* of the interface */
    uint16_t port;
    uint16_t family;
    unsigned users;
    bool broken;
};

struct udp {
    struct udp_port *port;
    int fd; /* sends */
    struct sockaddr_storage to;
    socklen_t to_length;
};

/* ---- receiving ---- */

/* The error would be reported again and again: opened anew, for a node that we do not hear is dead
 * to us. */
static void port_breaks(struct udp_port *port)
{
    ha_watch_stop(hb_media_loop(port->media), &port->watch);
    port->broken = true;
    hb_media_look_soon(port->media);
}

/* Fewer than there was room for are all that there were: a beat takes one call. */
static void port_ready(void *ctx, uint32_t events)
{
    struct udp_port *port = ctx;
    uint8_t *rooms = hb_media_rooms(port->media);
    struct mmsghdr batch[HB_ROOMS] = {0};
    struct iovec room[HB_ROOMS];
    int got = HB_ROOMS;

    (void)events;
    for (int i = 0; i < HB_ROOMS; i++) {
        room[i] = (struct iovec){rooms + (size_t)i * HB_ROOM_SIZE, HB_ROOM_SIZE};
        batch[i].msg_hdr = (struct msghdr){.msg_iov = &room[i], .msg_iovlen = 1};
    }
    for (int taken = 0; got == HB_ROOMS && taken < HB_RECEIVE_BURST; taken += got) {
        do {
            got = recvmmsg(port->fd, batch, HB_ROOMS, MSG_DONTWAIT, NULL);
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            if (errno != EAGAIN) {
                port_breaks(port);
            }
            return;
        }
        for (int i = 0; i < got; i++) {
            hb_media_received(port->media, port->link, room[i].iov_base, batch[i].msg_len);
        }
    }
}

static int port_bind(int fd, uint16_t family, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int one = 1;

    if (family == AF_INET) {
        return bind(fd, (struct sockaddr *)&v4, sizeof(v4)) < 0 ? -errno : 0;
    }
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0 ||
        bind(fd, (struct sockaddr *)&v6, sizeof(v6)) < 0) {
        return -errno;
    }
    return 0;
}

static int bind_to_interface(int fd, const char *interface)
{
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
                      (socklen_t)strlen(interface) + 1) < 0
               ? -errno
               : 0;
}

static void port_release(struct udp_port *port)
{
    if (--port->users > 0) {
        return;
    }
    g_ptr_array_remove(hb_media_ports(port->media), port);
    ha_watch_stop(hb_media_loop(port->media), &port->watch);
    if (port->fd >= 0) {
        close(port->fd);
    }
    g_free(port);
}

static int port_get(struct hb_line *line, unsigned index, struct udp_port **out)
{
    GPtrArray *ports = hb_media_ports(line->media);
    struct udp_port *port;
    int status;

    for (guint i = 0; i < ports->len; i++) {
        port = ports->pdata[i];
        if (port->index == index && port->port == line->medium->port &&
            port->family == line->to.family && !port->broken) {
            port->users++;
            *out = port;
            return 0;
        }
    }
    port = g_new0(struct udp_port, 1);
    *port = (struct udp_port){.media = line->media,
                              .link = line->link,
                              .watch = HA_WATCH_INIT,
                              .index = index,
                              .port = line->medium->port,
                              .family = line->to.family,
                              .users = 1};
    g_ptr_array_add(ports, port);
    port->fd = socket(port->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    status = port->fd < 0 ? -errno : bind_to_interface(port->fd, line->medium->interface);
    if (status == 0) {
        status = port_bind(port->fd, port->family, port->port);
    }
    if (status == 0) {
        status = ha_watch_start(hb_media_loop(line->media), &port->watch, port->fd, EPOLLIN,
                                port_ready, port);
    }
    if (status < 0) {
        port_release(port);
        return status;
    }
    *out = port;
    return 0;
}

static int port_join(struct udp_port *port, const struct ha_addr *group)
{
    struct ip_mreqn v4 = {.imr_multiaddr = group->v4, .imr_ifindex = (int)port->index};
    struct ipv6_mreq v6 = {.ipv6mr_multiaddr = group->v6, .ipv6mr_interface = port->index};
    int status = group->family == AF_INET
                     ? setsockopt(port->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &v4, sizeof(v4))
                     : setsockopt(port->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &v6, sizeof(v6));

    /* Another line of the same socket has joined it already. */
    return status < 0 && errno != EADDRINUSE ? -errno : 0;
}

/* ---- sending ---- */

static int set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int address_multicast(int fd, const struct hb_medium *medium, unsigned index)
{
    struct ip_mreqn v4 = {.imr_ifindex = (int)index};
    int status;

    if (medium->to.family == AF_INET6) {
        status = set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index);
        status = status ? status : set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, medium->ttl);
        return status ? status : set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, medium->loop);
    }
    if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &v4, sizeof(v4)) < 0) {
        return -errno;
    }
    status = set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, medium->ttl);
    return status ? status : set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, medium->loop);
}

/* A descriptor or negative errno. */
static int sender_open(const struct hb_line *line, unsigned index)
{
    const struct hb_medium *medium = line->medium;
    int fd = socket(line->to.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int status;

    if (fd < 0) {
        return -errno;
    }
    status = bind_to_interface(fd, medium->interface);
    if (status == 0 && line->to.family == AF_INET) {
        status = set_int(fd, IPPROTO_IP, IP_TOS, IPTOS_LOWDELAY);
    }
    if (status == 0 && medium->kind == HB_BCAST) {
        status = set_int(fd, SOL_SOCKET, SO_BROADCAST, 1);
        status = status ? status : set_int(fd, SOL_SOCKET, SO_DONTROUTE, 1);
    }
    if (status == 0 && medium->kind == HB_MCAST) {
        status = address_multicast(fd, medium, index);
    }
    if (status < 0) {
        close(fd);
        return status;
    }
    return fd;
}

/* ---- the operations ---- */

int hb_media_resolve(const char *name, struct ha_addr *out, char **why)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *found = NULL;
    int error = getaddrinfo(name, NULL, &hints, &found);

    if (error) {
        *why = g_strdup_printf("cannot resolve %s (%s); write its address instead, or put the "
                               "name into /etc/hosts",
                               name, gai_strerror(error));
        return -ENOENT;
    }
    ha_addr_from_sockaddr(out, NULL, found->ai_addr);
    freeaddrinfo(found);
    return 0;
}

static int find_destination(struct hb_line *line, char **why)
{
    const struct hb_medium *medium = line->medium;

    if (medium->kind == HB_BCAST) {
        if (!hb_media_broadcast(line->media, medium->interface, &line->to)) {
            *why = g_strdup_printf("the interface %s has no broadcast address; give it one "
                                   "(ip address add ADDRESS/BITS brd + dev %s), or use ucast",
                                   medium->interface, medium->interface);
            return -EADDRNOTAVAIL;
        }
        return 0;
    }
    if (line->to.family != AF_UNSPEC) {
        return 0; /* from an earlier opening */
    }
    line->to = medium->to;
    return line->to.family == AF_UNSPEC ? hb_media_resolve(medium->peer, &line->to, why) : 0;
}

/* A ucast line with our own address, as an ha.cf that is the same on all nodes has. Only the first
 * address of the line's interface is told; by others, and IPv6, we hear ourselves, which costs a
 * little and does no harm. */
static bool is_home(const struct hb_line *line)
{
    struct ha_addr own;

    return line->medium->kind == HB_UCAST && line->to.family == AF_INET &&
           hb_media_address(line->media, line->medium->interface, &own) &&
           ha_addr_equal(&own, &line->to);
}

static char *open_fault(const struct hb_medium *medium, int error)
{
    switch (error) {
    case EADDRINUSE:
        return g_strdup_printf("UDP port %u is in use on %s; stop the program that has it "
                               "(ss -ulnp shows it), or choose another port",
                               medium->port, medium->interface);
    case EPERM:
    case EACCES:
        return g_strdup_printf("no permission to use UDP port %u on %s; heartbeat has to be "
                               "started by root",
                               medium->port, medium->interface);
    default:
        return g_strdup_printf("cannot open UDP port %u on %s: %s", medium->port,
                               medium->interface, strerror(error));
    }
}

static int udp_open(struct hb_line *line, char **why)
{
    const struct hb_medium *medium = line->medium;
    unsigned index = hb_media_interface(line->media, medium->interface);
    struct udp *udp;
    int status;

    if (medium->kind != HB_BCAST) { /* a name is resolved at the start, whatever else is missing */
        status = find_destination(line, why);
        if (status < 0) {
            return status;
        }
    }
    if (!index) {
        *why = g_strdup_printf("there is no network interface %s; correct the line, or create "
                               "the interface first (ip link shows those there are)",
                               medium->interface);
        return -ENODEV;
    }
    if (medium->kind == HB_BCAST) {
        status = find_destination(line, why);
        if (status < 0) {
            return status;
        }
    }
    udp = g_new0(struct udp, 1);
    udp->fd = -1;
    status = port_get(line, index, &udp->port);
    if (status == 0 && medium->kind == HB_MCAST) {
        status = port_join(udp->port, &medium->to);
    }
    if (status == 0) {
        udp->fd = sender_open(line, index);
        status = udp->fd < 0 ? udp->fd : 0;
    }
    if (status < 0) {
        *why = open_fault(medium, -status);
        if (udp->port) {
            port_release(udp->port);
        }
        g_free(udp);
        return status;
    }
    udp->to_length = ha_addr_to_sockaddr(&line->to, medium->port, &udp->to);
    line->home = is_home(line);
    line->inside = udp;
    return 0;
}

static int udp_send(struct hb_line *line, const void *bytes, size_t length)
{
    struct udp *udp = line->inside;
    ssize_t sent;

    do {
        sent = sendto(udp->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL,
                      (struct sockaddr *)&udp->to, udp->to_length);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

static bool udp_stale(const struct hb_line *line)
{
    const struct udp *udp = line->inside;
    struct ha_addr broadcast;

    if (udp->port->broken ||
        hb_media_interface(line->media, line->medium->interface) != udp->port->index ||
        is_home(line) != line->home) {
        return true;
    }
    /* An interface that has lost its address is left alone: it may get it back. */
    return line->medium->kind == HB_BCAST &&
           hb_media_broadcast(line->media, line->medium->interface, &broadcast) &&
           !ha_addr_equal(&broadcast, &line->to);
}

static void udp_close(struct hb_line *line)
{
    struct udp *udp = line->inside;

    port_release(udp->port);
    close(udp->fd);
    g_free(udp);
    line->inside = NULL;
}

const struct hb_medium_ops hb_udp_ops = {
    .open = udp_open,
    .send = udp_send,
    .stale = udp_stale,
    .close = udp_close,
};
