/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host was told of the other's connections, and its kernel has not read yet. A thread of the kernel
 * does that, of ordinary precedence and when its turn comes; its socket is in the list of all that speak UDP,
 * known by its port.
 */
#include <errno.h>
#include <stdio.h>

#include "ldirectord/ipvs/ipvs.h"

#define LIST_IPV4  "/proc/net/udp"
#define LIST_IPV6  "/proc/net/udp6"
#define LINE_BYTES 256

/* "  12: 510000E0:2290 00000000:0000 07 00000000:00000300 ...": number, here:port, there:port, state, to be
 * sent:to be read. The first line is none. */
static bool read_line(const char *line, unsigned *port, unsigned *bytes)
{
    return sscanf(line, "%*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %*x %*x:%x", port, bytes) == 2;
}

int ld_nl_untaken(struct ld_ipvs *ipvs, const struct ld_sync *sync)
{
    FILE *list = fopen(sync->group.family == AF_INET6 ? LIST_IPV6 : LIST_IPV4, "re");
    unsigned wanted = sync->port != 0 ? sync->port : LD_SYNC_PORT, port, bytes, untaken = 0;
    char line[LINE_BYTES];

    (void)ipvs;
    if (list == NULL)
        return -errno;
    while (fgets(line, sizeof(line), list) != NULL) {
        if (read_line(line, &port, &bytes) && port == wanted)
            untaken += bytes;
    }
    fclose(list);
    return (int)MIN(untaken, INT_MAX);
}
