/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the backups of the connection synchronisation of what is open now. For as long as a move can wait for
 * it: who has a hundred thousand connections hands over those that were read by then; the kernel has told of
 * the older ones. Done by the process that has let go of root, too.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "ldirectord/core/handover.h"
#include "ldirectord/ipvs/ipvs.h"

#define LIST        "/proc/net/ip_vs_conn"
#define LINE_BYTES    256
#define BOUND_NS    (20 * HA_NS_PER_MS)
/* A look at the clock. */
#define LINES_A_LOOK 64

/* Not heard by ourselves. */
static int set_ipv4(int fd, unsigned interface, int ttl)
{
    const struct ip_mreqn through = {.imr_ifindex = (int)interface};
    const int no = 0;

    return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &through, sizeof(through)) |
           setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)) |
           setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &no, sizeof(no));
}

static int set_ipv6(int fd, unsigned interface, int ttl)
{
    const int through = (int)interface, no = 0;

    return setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &through, sizeof(through)) |
           setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &ttl, sizeof(ttl)) |
           setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &no, sizeof(no));
}

/* A socket that speaks to the group, or negative errno. */
static int open_to_group(const struct ld_sync *sync)
{
    struct ha_addr group = {.family = AF_INET, .v4.s_addr = htonl(LD_SYNC_GROUP)};
    unsigned interface = if_nametoindex(sync->interface);
    int ttl = sync->ttl ? (int)sync->ttl : LD_SYNC_TTL, fd, error;
    struct sockaddr_storage to;
    socklen_t length;

    if (interface == 0)
        return -errno;
    if (sync->group.family != AF_UNSPEC)
        group = sync->group;
    length = ha_addr_to_sockaddr(&group, (uint16_t)(sync->port ? sync->port : LD_SYNC_PORT), &to);
    if (group.family == AF_INET6)
        ((struct sockaddr_in6 *)&to)->sin6_scope_id = interface;
    fd = socket(group.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    error = group.family == AF_INET6 ? set_ipv6(fd, interface, ttl) : set_ipv4(fd, interface, ttl);
    if (error != 0 || connect(fd, (struct sockaddr *)&to, length) != 0) {
        error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

/* How many it told of; one that cannot be sent is not one that was told. */
static int flush(int fd, GByteArray *datagram, uint8_t syncid)
{
    unsigned count = ld_handover_count(datagram);
    bool sent = count > 0 && send(fd, datagram->data, datagram->len, 0) == (ssize_t)datagram->len;

    ld_handover_begin(datagram, syncid);
    return sent ? (int)count : 0;
}

static int tell_all(FILE *list, int fd, uint8_t syncid, const struct ld_table *table)
{
    uint64_t until_ns = ha_clock_ns() + BOUND_NS;
    GByteArray *datagram = g_byte_array_sized_new(LD_HANDOVER_BYTES);
    struct ld_connection connection;
    const struct ld_dest *dest;
    char line[LINE_BYTES];
    int told = 0;

    ld_handover_begin(datagram, syncid);
    for (unsigned lines = 1; fgets(line, sizeof(line), list) != NULL; lines++) {
        if (lines % LINES_A_LOOK == 0 && ha_clock_ns() > until_ns)
            break;
        dest = ld_connection_read(line, &connection) ? ld_connection_dest(&connection, table) : NULL;
        if (dest == NULL || ld_handover_add(datagram, &connection, dest->method))
            continue;
        told += flush(fd, datagram, syncid);
        (void)ld_handover_add(datagram, &connection, dest->method);
    }
    told += flush(fd, datagram, syncid);
    g_byte_array_free(datagram, TRUE);
    return told;
}

int ld_nl_hand_over(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table)
{
    FILE *list = fopen(LIST, "re");
    int fd, told;

    (void)ipvs;
    if (list == NULL)
        return -errno;
    fd = open_to_group(sync);
    told = fd < 0 ? fd : tell_all(list, fd, (uint8_t)sync->id, table);
    if (fd >= 0)
        close(fd);
    fclose(list);
    return told;
}
