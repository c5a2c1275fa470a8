/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPVS looks at what this machine sends, too, and would give our packets to a
 * server of its own choice. Over IPv4 it leaves alone what comes from a socket with
 * IP_NODEFRAG; over IPv6 it leaves nothing alone, so there packets for direct
 * routing go straight onto the link, which takes the server's address on it. What
 * is in a tunnel it does not look into.
 */
#include "ldirectord/check/vip_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ldirectord/check/next_hop.h"
#include "ldirectord/door/door.h"

static int hold_port(struct ld_vip_sockets *sockets)
{
    struct ha_addr any = {.family = (uint16_t)sockets->family};
    struct sockaddr_storage at;
    socklen_t size = ha_addr_to_sockaddr(&any, 0, &at);
    uint16_t port;
    int yes = 1;

    sockets->port_fd = socket(sockets->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sockets->port_fd < 0 ||
        (sockets->family == AF_INET6 &&
         setsockopt(sockets->port_fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0) ||
        bind(sockets->port_fd, (struct sockaddr *)&at, size) != 0 ||
        getsockname(sockets->port_fd, (struct sockaddr *)&at, &size) != 0)
        return -errno;
    if (!ha_addr_from_sockaddr(&any, &port, (struct sockaddr *)&at))
        return -EAFNOSUPPORT;
    sockets->port = htons(port);
    return 0;
}

static int get(int *fd, enum ld_socket kind, int family, uint16_t port)
{
    *fd = ld_door_socket(kind, family, port);
    return MIN(*fd, 0);
}

static int open_ways(struct ld_vip_sockets *sockets)
{
    int error = get(&sockets->ipip_fd, LD_SOCKET_TUNNEL, sockets->family, 0);

    if (error != 0 || sockets->family == AF_INET)
        return error != 0 ? error : get(&sockets->gate_fd, LD_SOCKET_GATE, AF_INET, 0);
    sockets->route_fd = ld_next_hop_open();
    return MIN(sockets->route_fd, 0);
}

int ld_vip_sockets_open(struct ld_vip_sockets *sockets, int family)
{
    int error;

    *sockets = (struct ld_vip_sockets){.family = family, .port_fd = -1, .gate_fd = -1, .ipip_fd = -1,
                                       .seen_fd = -1, .route_fd = -1};
    error = hold_port(sockets);
    if (error == 0)
        error = open_ways(sockets);
    if (error != 0)
        return error;
    return get(&sockets->seen_fd, LD_SOCKET_SEEN, family, ntohs(sockets->port));
}

void ld_vip_sockets_close(struct ld_vip_sockets *sockets)
{
    const int fds[] = {sockets->port_fd, sockets->gate_fd, sockets->ipip_fd, sockets->seen_fd,
                       sockets->route_fd};

    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int send_by_link(const struct ld_vip_sockets *sockets, const struct ha_addr *real,
                        const void *packet, size_t length)
{
    struct sockaddr_ll to;
    int error = ld_next_hop(sockets->route_fd, real, &to);

    if (error != 0)
        return error;
    to.sll_protocol = htons(ETH_P_IPV6);
    return sendto(sockets->seen_fd, packet, length, MSG_DONTWAIT, (struct sockaddr *)&to,
                  sizeof(to)) < 0 ? -errno : 0;
}

int ld_vip_send(const struct ld_vip_sockets *sockets, const struct ha_addr *real, bool tunnel,
                const void *packet, size_t length)
{
    struct sockaddr_storage to;
    socklen_t size = ha_addr_to_sockaddr(real, 0, &to);

    if (!tunnel && sockets->family == AF_INET6)
        return send_by_link(sockets, real, packet, length);
    return sendto(tunnel ? sockets->ipip_fd : sockets->gate_fd, packet, length, MSG_DONTWAIT,
                  (struct sockaddr *)&to, size) < 0 ? -errno : 0;
}

int ld_vip_source(const struct ha_addr *to, struct ha_addr *from)
{
    struct sockaddr_storage at;
    socklen_t size = ha_addr_to_sockaddr(to, 9, &at);
    int fd = socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&at, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        error = -errno;
    close(fd);
    if (error == 0 && !ha_addr_from_sockaddr(from, NULL, (struct sockaddr *)&at))
        error = -EAFNOSUPPORT;
    return error;
}
