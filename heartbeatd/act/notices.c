/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One netlink socket that only listens. Concludes nothing. */
#include "heartbeatd/act/notices.h"

#include <errno.h>
#include <glib.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heartbeatd/act/rtnl.h"

#define RECEIVE_MAX 16384
#define BUFFER_BYTES (1 << 20)
/* Datagrams read in one go, so that a storm leaves the others their turn. */
#define READS_MAX 64

struct hb_notices {
    struct ha_loop *loop;
    struct ha_watch watch;
    int fd;
    hb_notice_fn fn;
    void *ctx;
    bool closed; /* by fn, while we read */
    bool reading;
    uint8_t received[RECEIVE_MAX] __attribute__((aligned(8)));
};

/* Passes what is gone, whatever concerns links, and of routes only those that
 * the kernel itself had made. A half word is loaded in network order. */
static int attach_filter(int fd)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTPROT_KERNEL, 3, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWLINK), 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELADDR), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {.len = G_N_ELEMENTS(code), .filter = code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ? -errno : 0;
}

static bool read_address(struct nlmsghdr *message, struct hb_notice *notice)
{
    struct nlattr *attrs[IFA_MAX + 1];
    struct ifaddrmsg *info;

    if (nlmsg_parse(message, sizeof *info, attrs, IFA_MAX, NULL) < 0)
        return false;
    info = nlmsg_data(message);
    if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
        return false;
    notice->kind = HB_NOTICE_ADDRESS_GONE;
    notice->index = (int)info->ifa_index;
    hb_rtnl_addr(&notice->addr, info->ifa_family,
                 attrs[IFA_LOCAL] != NULL ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS]);
    return notice->addr.family != AF_UNSPEC;
}

/* libnl does not look how long an attribute is that it is asked the number of. */
static const struct nla_policy route_policy[RTA_MAX + 1] = {[RTA_OIF] = {.type = NLA_U32}};

static bool read_route(struct nlmsghdr *message, struct hb_notice *notice)
{
    struct nlattr *attrs[RTA_MAX + 1];
    struct rtmsg *info;

    if (nlmsg_parse(message, sizeof *info, attrs, RTA_MAX, route_policy) < 0)
        return false;
    info = nlmsg_data(message);
    if ((info->rtm_family != AF_INET && info->rtm_family != AF_INET6) || attrs[RTA_OIF] == NULL)
        return false;
    notice->kind = HB_NOTICE_ROUTE_GONE;
    notice->index = (int)nla_get_u32(attrs[RTA_OIF]);
    notice->bits = info->rtm_dst_len;
    hb_rtnl_addr(&notice->addr, info->rtm_family, attrs[RTA_DST]);
    return notice->addr.family != AF_UNSPEC;
}

static void hand_over(struct hb_notices *notices, struct nlmsghdr *message)
{
    struct hb_notice notice = {.kind = HB_NOTICE_LINK, .message = message};
    bool worth = false;

    switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        worth = nlmsg_datalen(message) >= (int)sizeof(struct ifinfomsg);
        if (worth)
            notice.index = ((struct ifinfomsg *)nlmsg_data(message))->ifi_index;
        break;
    case RTM_DELADDR:
        worth = read_address(message, &notice);
        break;
    case RTM_DELROUTE:
        worth = read_route(message, &notice);
        break;
    default:
        break;
    }
    if (worth)
        notices->fn(notices->ctx, &notice);
}

static void readable(void *ctx, uint32_t events)
{
    struct hb_notices *notices = ctx;

    (void)events;
    notices->reading = true;
    for (int i = 0; i < READS_MAX && !notices->closed; i++) {
        ssize_t got = recv(notices->fd, notices->received, sizeof notices->received,
                           MSG_DONTWAIT | MSG_TRUNC);
        struct nlmsghdr *at = (struct nlmsghdr *)(void *)notices->received;
        int length = (int)got;

        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (got < 0 || (size_t)got > sizeof notices->received) {
            notices->fn(notices->ctx, &(struct hb_notice){.kind = HB_NOTICE_MISSED});
            continue;
        }
        for (; !notices->closed && nlmsg_ok(at, length); at = nlmsg_next(at, &length))
            hand_over(notices, at);
    }
    notices->reading = false;
    if (notices->closed)
        g_free(notices);
}

int hb_notices_open(struct hb_notices **out, struct ha_loop *loop, hb_notice_fn fn, void *ctx)
{
    static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                 RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
    struct hb_notices *notices;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    struct sockaddr_nl self = {.nl_family = AF_NETLINK};
    int size = BUFFER_BYTES, err;

    *out = NULL;
    if (fd < 0)
        return -errno;
    err = attach_filter(fd);
    /* Without a name of its own a socket passes for the kernel, which does not tell itself. */
    if (err == 0 && bind(fd, (struct sockaddr *)&self, sizeof self) < 0)
        err = -errno;
    for (size_t i = 0; err == 0 && i < G_N_ELEMENTS(groups); i++) {
        if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof groups[i]) < 0)
            err = -errno;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    notices = g_new0(struct hb_notices, 1);
    notices->watch.fd = -1;
    notices->loop = loop;
    notices->fd = fd;
    notices->fn = fn;
    notices->ctx = ctx;
    if (err == 0)
        err = ha_watch_start(loop, &notices->watch, fd, EPOLLIN, readable, notices);
    if (err != 0) {
        close(fd);
        g_free(notices);
        return err;
    }
    *out = notices;
    return 0;
}

void hb_notices_close(struct hb_notices *notices)
{
    if (notices == NULL)
        return;
    ha_watch_stop(notices->loop, &notices->watch);
    close(notices->fd);
    notices->closed = true;
    if (!notices->reading)
        g_free(notices);
}
