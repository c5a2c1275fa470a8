/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's switches for connections whose server is gone. Writes what it is told, no more. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "ldirectord/ipvs/ipvs_netlink_inside.h"

int ld_nl_set_switch(struct ld_ipvs *ipvs, const char *name, bool on)
{
    char *path = g_strconcat("/proc/sys/net/ipv4/vs/", name, NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

    (void)ipvs;
    g_free(path);
    if (fd < 0)
        return -errno;
    if (write(fd, on ? "1\n" : "0\n", 2) != 2)
        error = -errno;
    close(fd);
    return error;
}
