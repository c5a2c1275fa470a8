/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Four system calls, close included (dial.h): a fifth only for a connection that failed. */
#include "ldirectord/check/dial.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int ld_dial(struct ld_check *check, int type, struct ha_watch *watch, uint32_t events,
            ha_watch_fn fn, void *ctx)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct sockaddr_storage to;
    socklen_t length = ha_addr_to_sockaddr(&probe->addr, probe->port, &to);
    int fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

    *watch = (struct ha_watch)HA_WATCH_INIT;
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&to, length) != 0 && errno != EINPROGRESS)
        error = -errno;
    else
        error = ha_watch_start(ld_check_loop(check), watch, fd, events, fn, ctx);
    if (error != 0)
        close(fd);
    return error;
}

int ld_dial_error(const struct ha_watch *watch, uint32_t events)
{
    socklen_t size = sizeof(int);
    int error = 0;

    if ((events & (EPOLLERR | EPOLLHUP)) == 0)
        return 0;
    if (getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}
