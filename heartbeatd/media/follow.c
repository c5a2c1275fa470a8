/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A netlink socket that is only ever emptied. Concludes nothing (follow.h). */
#include "heartbeatd/media/follow.h"

#include <errno.h>
#include <glib.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Notices thrown away in one go; a storm of them leaves others their turn. */
#define READS_MAX 256

struct hb_follow {
    struct ha_loop *loop;
    struct ha_watch watch;
    int fd;
    hb_follow_fn fn;
    void *ctx;
};

static void readable(void *ctx, uint32_t events)
{
    struct hb_follow *follow = ctx;
    char byte;

    (void)events;
    for (int i = 0; i < READS_MAX; i++) {
        ssize_t got = recv(follow->fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC);

        /* ENOBUFS: more came than fitted, which is a change as well. */
        if (got < 0 && errno != EINTR && errno != ENOBUFS) {
            break;
        }
    }
    follow->fn(follow->ctx);
}

int hb_follow_open(struct hb_follow **out, struct ha_loop *loop, hb_follow_fn fn, void *ctx)
{
    struct sockaddr_nl self = {.nl_family = AF_NETLINK,
                               .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    struct hb_follow *follow;
    int status = 0;

    if (fd < 0) {
        return -errno;
    }
    follow = g_new0(struct hb_follow, 1);
    *follow = (struct hb_follow){
        .loop = loop, .watch = HA_WATCH_INIT, .fd = fd, .fn = fn, .ctx = ctx};
    if (bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0) {
        status = -errno;
    } else {
        status = ha_watch_start(loop, &follow->watch, fd, EPOLLIN, readable, follow);
    }
    if (status < 0) {
        hb_follow_close(follow);
        return status;
    }
    *out = follow;
    return 0;
}

void hb_follow_close(struct hb_follow *follow)
{
    if (!follow) {
        return;
    }
    ha_watch_stop(follow->loop, &follow->watch);
    close(follow->fd);
    g_free(follow);
}
