/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the backups of the connection synchronisation of what is open. What of the kernel's list was not read
 * in its time is not told; the kernel has told of the older ones. Done by the process that has let go of root, too.
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
/* What the kernel gives in one piece, and a proc file asks to be read in a quarter of. */
#define PIECE_BYTES  4096
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

/* ---- telling ---- */

struct teller {
    int fd;
    uint8_t syncid;
    const struct ld_table *table;
    GByteArray *datagram;
    int told; /* one that cannot be sent is not one that was told */
};

static void flush(struct teller *teller)
{
    const GByteArray *datagram = teller->datagram;
    unsigned count = ld_handover_count(datagram);

    if (count > 0 && send(teller->fd, datagram->data, datagram->len, 0) == (ssize_t)datagram->len)
        teller->told += (int)count;
    ld_handover_begin(teller->datagram, teller->syncid);
}

static void tell(struct teller *teller, const struct ld_connection *connection)
{
    const struct ld_dest *dest = ld_connection_dest(connection, teller->table);

    if (dest == NULL || ld_handover_add(teller->datagram, connection, dest->method))
        return;
    flush(teller);
    (void)ld_handover_add(teller->datagram, connection, dest->method);
}

/* Those that are open while the list is read; then those that close, as only the whole list shows which of them
 * had a packet lately. */
static void tell_list(struct teller *teller, FILE *list, uint64_t until_ns)
{
    GArray *late = g_array_new(FALSE, FALSE, sizeof(struct ld_connection));
    struct ld_closing closing = {{0}};
    struct ld_connection connection;
    char line[LINE_BYTES];

    for (unsigned lines = 1; fgets(line, sizeof(line), list) != NULL; lines++) {
        if (lines % LINES_A_LOOK == 0 && ha_clock_ns() > until_ns)
            break;
        if (!ld_connection_read(line, &connection))
            continue;
        if (!ld_connection_closes(&connection))
            tell(teller, &connection);
        else if (ld_closing_see(&closing, &connection))
            g_array_append_val(late, connection);
    }
    for (guint i = 0; i < late->len; i++) {
        if (ld_closing_see(&closing, &g_array_index(late, struct ld_connection, i)))
            tell(teller, &g_array_index(late, struct ld_connection, i));
    }
    g_array_free(late, TRUE);
}

static int tell_what_the_kernel_has(struct teller *teller, unsigned bound_ms)
{
    uint64_t until_ns = ha_clock_ns() + ha_ms_to_ns(bound_ms);
    FILE *list = fopen(LIST, "re");

    if (list == NULL)
        return -errno;
    (void)setvbuf(list, NULL, _IOFBF, PIECE_BYTES);
    tell_list(teller, list, until_ns);
    fclose(list);
    return 0;
}

static int tell_those(struct teller *teller, const GArray *connections)
{
    for (guint i = 0; i < connections->len; i++)
        tell(teller, &g_array_index(connections, struct ld_connection, i));
    return 0;
}

int ld_nl_hand_over(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table,
                    const GArray *connections, unsigned bound_ms)
{
    struct teller teller = {.syncid = (uint8_t)sync->id, .table = table};
    int error;

    (void)ipvs;
    teller.fd = open_to_group(sync);
    if (teller.fd < 0)
        return teller.fd;
    teller.datagram = g_byte_array_sized_new(LD_HANDOVER_BYTES);
    ld_handover_begin(teller.datagram, teller.syncid);
    error = connections != NULL ? tell_those(&teller, connections)
                                : tell_what_the_kernel_has(&teller, bound_ms);
    flush(&teller);
    g_byte_array_free(teller.datagram, TRUE);
    close(teller.fd);
    return error != 0 ? error : teller.told;
}
