/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink on one socket. Messages are built and taken apart with libnl;
 * sending and receiving is done here, so that a batch is one sendmsg: only its
 * last message asks for an answer, and the kernel reports each failure anyway.
 * Decides nothing about addresses.
 */
#include "heartbeatd/act/rtnl.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/run/nl_error.h"

#include "heartbeatd/act/power.h"

#define BATCH_MAX 100
#define RECEIVE_MAX 65536
#define BUFFER_BYTES (1 << 20)
/* rtnetlink answers at once; this only ends a wait that should not be. */
#define ANSWER_S 5
/* A dump that changes while it is read is read again. */
#define DUMPS_MAX 5

struct hb_rtnl {
    int fd;
    uint32_t seq;
    uint8_t received[RECEIVE_MAX] __attribute__((aligned(8)));
};

typedef void (*message_fn)(void *ctx, struct nlmsghdr *message);

int hb_rtnl_open(struct hb_rtnl **out)
{
    struct sockaddr_nl self = {.nl_family = AF_NETLINK};
    struct timeval patience = {.tv_sec = ANSWER_S};
    int size = BUFFER_BYTES, one = 1;
    struct hb_rtnl *rtnl;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    *out = NULL;
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&self, sizeof self) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) {
        int err = -errno;

        close(fd);
        return err;
    }
    /* Wishes: without them batches are only a little less sure of their answers. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
    rtnl = g_new0(struct hb_rtnl, 1);
    rtnl->fd = fd;
    *out = rtnl;
    return 0;
}

void hb_rtnl_close(struct hb_rtnl *rtnl)
{
    if (rtnl == NULL)
        return;
    close(rtnl->fd);
    g_free(rtnl);
}

static int send_bytes(struct hb_rtnl *rtnl, const void *bytes, size_t length)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;

    do {
        sent = sendto(rtnl->fd, bytes, length, 0, (struct sockaddr *)&kernel, sizeof kernel);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : (size_t)sent == length ? 0 : -EMSGSIZE;
}

/* One read; *length bytes of answers, from the kernel only. */
static int receive(struct hb_rtnl *rtnl, int *length)
{
    struct sockaddr_nl from;
    socklen_t from_length = sizeof from;
    ssize_t got;

    do {
        from.nl_pid = 0;
        got = recvfrom(rtnl->fd, rtnl->received, sizeof rtnl->received, MSG_TRUNC,
                       (struct sockaddr *)&from, &from_length);
    } while ((got < 0 && errno == EINTR) || (got >= 0 && from.nl_pid != 0));
    if (got < 0)
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    if ((size_t)got > sizeof rtnl->received)
        return -EMSGSIZE;
    *length = (int)got;
    return 0;
}

/* A want of memory or room that may be over at once: what only asks is asked again. */
static bool is_passing(int error)
{
    return error == -ENOBUFS || error == -ENOMEM;
}

/* What is left of an answer that was given up: while the kernel has some of a dump, it begins no other. */
static void drain(struct hb_rtnl *rtnl)
{
    while (recv(rtnl->fd, rtnl->received, sizeof rtnl->received, MSG_DONTWAIT) > 0)
        continue;
}

/* ---- reading ---- */

/* Sends the request and hands each message of the answer to fn. -EAGAIN: the
 * table changed meanwhile. */
static int ask(struct hb_rtnl *rtnl, struct nl_msg *request, message_fn fn, void *ctx)
{
    struct nlmsghdr *header = nlmsg_hdr(request);
    bool dump = (header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP, changed = false;
    uint32_t seq = ++rtnl->seq;
    int err, length = 0;

    header->nlmsg_seq = seq;
    err = send_bytes(rtnl, header, header->nlmsg_len);
    while (err == 0) {
        struct nlmsghdr *at = (struct nlmsghdr *)(void *)rtnl->received;

        err = receive(rtnl, &length);
        for (; err == 0 && nlmsg_ok(at, length); at = nlmsg_next(at, &length)) {
            if (at->nlmsg_seq != seq)
                continue; /* left from a question that was given up */
            changed = changed || (at->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
            if (at->nlmsg_type == NLMSG_DONE)
                return changed ? -EAGAIN : 0;
            if (at->nlmsg_type == NLMSG_ERROR)
                return ha_nl_error(at);
            fn(ctx, at);
            if (!dump)
                return 0;
        }
        if (err != 0)
            drain(rtnl);
    }
    return err;
}

/* libnl does not look how long an attribute is that it is asked the number of. */
static const struct nla_policy link_policy[IFLA_MAX + 1] = {[IFLA_MTU] = {.type = NLA_U32}};
static const struct nla_policy address_policy[IFA_MAX + 1] = {[IFA_FLAGS] = {.type = NLA_U32}};
static const struct nla_policy route_policy[RTA_MAX + 1] = {[RTA_OIF] = {.type = NLA_U32}};

static void copy_name(char out[IFNAMSIZ], const struct nlattr *attr)
{
    if (attr != NULL)
        nla_strlcpy(out, attr, IFNAMSIZ);
}

static void link_seen(void *ctx, struct nlmsghdr *message)
{
    struct hb_kernel *kernel = ctx;
    struct nlattr *attrs[IFLA_MAX + 1];
    struct ifinfomsg *info;
    struct hb_link link = {0};

    if (message->nlmsg_type != RTM_NEWLINK ||
        nlmsg_parse(message, sizeof *info, attrs, IFLA_MAX, link_policy) < 0)
        return;
    info = nlmsg_data(message);
    link.index = info->ifi_index;
    link.up = (info->ifi_flags & IFF_UP) != 0;
    link.carrier = (info->ifi_flags & IFF_LOWER_UP) != 0;
    link.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
    link.noarp = (info->ifi_flags & IFF_NOARP) != 0;
    copy_name(link.name, attrs[IFLA_IFNAME]);
    if (attrs[IFLA_MTU] != NULL)
        link.mtu = nla_get_u32(attrs[IFLA_MTU]);
    if (info->ifi_type == ARPHRD_ETHER && attrs[IFLA_ADDRESS] != NULL &&
        nla_len(attrs[IFLA_ADDRESS]) == sizeof link.mac) {
        link.ethernet = !link.noarp;
        memcpy(link.mac, nla_data(attrs[IFLA_ADDRESS]), sizeof link.mac);
    }
    g_array_append_val(kernel->links, link);
}

void hb_rtnl_addr(struct ha_addr *out, uint8_t family, const struct nlattr *attr)
{
    size_t length = family == AF_INET ? 4 : 16;

    if (attr == NULL || (size_t)nla_len(attr) != length)
        return;
    out->family = family;
    memcpy(out->bytes, nla_data(attr), length);
}

static void address_seen(void *ctx, struct nlmsghdr *message)
{
    struct hb_kernel *kernel = ctx;
    struct nlattr *attrs[IFA_MAX + 1];
    struct ifaddrmsg *info;
    struct hb_kernel_address address = {0};

    if (message->nlmsg_type != RTM_NEWADDR ||
        nlmsg_parse(message, sizeof *info, attrs, IFA_MAX, address_policy) < 0)
        return;
    info = nlmsg_data(message);
    if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
        return;
    address.index = (int)info->ifa_index;
    address.bits = info->ifa_prefixlen;
    address.scope = info->ifa_scope;
    address.flags = attrs[IFA_FLAGS] != NULL ? nla_get_u32(attrs[IFA_FLAGS]) : info->ifa_flags;
    hb_rtnl_addr(&address.addr, info->ifa_family,
                 attrs[IFA_LOCAL] != NULL ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS]);
    hb_rtnl_addr(&address.broadcast, info->ifa_family, attrs[IFA_BROADCAST]);
    copy_name(address.label, attrs[IFA_LABEL]);
    address.preferred_s = address.valid_s = UINT32_MAX;
    if (attrs[IFA_CACHEINFO] != NULL &&
        nla_len(attrs[IFA_CACHEINFO]) >= (int)sizeof(struct ifa_cacheinfo)) {
        const struct ifa_cacheinfo *cache = nla_data(attrs[IFA_CACHEINFO]);

        address.preferred_s = cache->ifa_prefered;
        address.valid_s = cache->ifa_valid;
    }
    g_array_append_val(kernel->addresses, address);
}

static int dump(struct hb_rtnl *rtnl, int type, const void *body, size_t length, GArray *into,
                message_fn fn, void *ctx)
{
    int err = -EAGAIN;

    for (unsigned i = 0; i < DUMPS_MAX && (err == -EAGAIN || is_passing(err)); i++) {
        struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_DUMP);

        if (msg == NULL || nlmsg_append(msg, (void *)(uintptr_t)body, length, NLMSG_ALIGNTO) < 0)
            err = -ENOMEM;
        else
            err = ask(rtnl, msg, fn, ctx);
        if (err != 0)
            g_array_set_size(into, 0);
        nlmsg_free(msg);
    }
    return err;
}

int hb_rtnl_read(struct hb_rtnl *rtnl, struct hb_kernel **out)
{
    struct ifinfomsg links = {.ifi_family = AF_UNSPEC};
    struct ifaddrmsg addresses = {.ifa_family = AF_UNSPEC};
    struct hb_kernel *kernel = g_new0(struct hb_kernel, 1);
    int err;

    kernel->links = g_array_new(FALSE, FALSE, sizeof(struct hb_link));
    kernel->addresses = g_array_new(FALSE, FALSE, sizeof(struct hb_kernel_address));
    err = dump(rtnl, RTM_GETLINK, &links, sizeof links, kernel->links, link_seen, kernel);
    if (err == 0)
        err = dump(rtnl, RTM_GETADDR, &addresses, sizeof addresses, kernel->addresses, address_seen,
                   kernel);
    if (err != 0) {
        hb_kernel_free(kernel);
        kernel = NULL;
    }
    *out = kernel;
    return err;
}

void hb_kernel_free(struct hb_kernel *kernel)
{
    if (kernel == NULL)
        return;
    g_array_unref(kernel->links);
    g_array_unref(kernel->addresses);
    g_free(kernel);
}

const struct hb_link *hb_kernel_link(const struct hb_kernel *kernel, int index)
{
    for (guint i = 0; i < kernel->links->len; i++) {
        const struct hb_link *link = &g_array_index(kernel->links, struct hb_link, i);

        if (link->index == index)
            return link;
    }
    return NULL;
}

const struct hb_link *hb_kernel_link_named(const struct hb_kernel *kernel, const char *name)
{
    for (guint i = 0; i < kernel->links->len; i++) {
        const struct hb_link *link = &g_array_index(kernel->links, struct hb_link, i);

        if (strcmp(link->name, name) == 0)
            return link;
    }
    return NULL;
}

struct route {
    int index;
    int bits;
    bool direct;
};

static void route_seen(void *ctx, struct nlmsghdr *message)
{
    struct route *route = ctx;
    struct nlattr *attrs[RTA_MAX + 1];
    struct rtmsg *info;

    if (message->nlmsg_type != RTM_NEWROUTE ||
        nlmsg_parse(message, sizeof *info, attrs, RTA_MAX, route_policy) < 0)
        return;
    info = nlmsg_data(message);
    route->direct = info->rtm_type == RTN_UNICAST && attrs[RTA_OIF] != NULL &&
                    attrs[RTA_GATEWAY] == NULL && attrs[RTA_VIA] == NULL;
    if (route->direct) {
        route->index = (int)nla_get_u32(attrs[RTA_OIF]);
        route->bits = info->rtm_dst_len;
    }
}

int hb_rtnl_route(struct hb_rtnl *rtnl, const struct ha_addr *addr, int *index, int *bits)
{
    struct rtmsg info = {
        .rtm_family = (unsigned char)addr->family,
        .rtm_dst_len = (unsigned char)ha_addr_bits(addr),
        .rtm_flags = RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH,
    };
    struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST);
    struct route route = {0};
    int err = -ENOMEM;

    if (msg != NULL && nlmsg_append(msg, &info, sizeof info, NLMSG_ALIGNTO) >= 0 &&
        nla_put(msg, RTA_DST, (int)ha_addr_bits(addr) / 8, addr->bytes) >= 0)
        err = ask(rtnl, msg, route_seen, &route);
    if (msg != NULL && is_passing(err))
        err = ask(rtnl, msg, route_seen, &route);
    nlmsg_free(msg);
    if (err != 0)
        return err;
    /* The default route leads to a gateway or to everything: neither is a network to live in. */
    if (!route.direct || route.bits == 0)
        return -ENETUNREACH;
    *index = route.index;
    *bits = route.bits;
    return 0;
}

static void nothing_seen(void *ctx, struct nlmsghdr *message)
{
    (void)ctx;
    (void)message;
}

int hb_rtnl_add_route_again(struct hb_rtnl *rtnl, const struct nlmsghdr *gone)
{
    struct nl_msg *msg = nlmsg_convert((struct nlmsghdr *)(uintptr_t)gone);
    struct nlmsghdr *header;
    int err;

    if (hb_power_away()) {
        nlmsg_free(msg);
        return hb_power_route(gone);
    }
    if (msg == NULL)
        return -ENOMEM;
    header = nlmsg_hdr(msg);
    header->nlmsg_type = RTM_NEWROUTE;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
    header->nlmsg_pid = 0;
    /* What the kernel said of the state it was in is not for us to say. */
    ((struct rtmsg *)nlmsg_data(header))->rtm_flags = 0;
    err = ask(rtnl, msg, nothing_seen, NULL);
    nlmsg_free(msg);
    return err;
}

/* ---- changing ---- */

static struct nl_msg *change_message(const struct hb_change *change)
{
    const struct hb_kernel_address *address = &change->address;
    bool add = change->kind == HB_CHANGE_ADD, four = address->addr.family == AF_INET;
    int length = (int)ha_addr_bits(&address->addr) / 8;
    struct ifaddrmsg info = {
        .ifa_family = (uint8_t)address->addr.family,
        .ifa_prefixlen = address->bits,
        .ifa_scope = address->scope,
        .ifa_index = (uint32_t)address->index,
    };
    struct nl_msg *msg = nlmsg_alloc_simple(add ? RTM_NEWADDR : RTM_DELADDR,
                                            NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
    bool ok = msg != NULL && nlmsg_append(msg, &info, sizeof info, NLMSG_ALIGNTO) >= 0 &&
              nla_put(msg, IFA_LOCAL, length, address->addr.bytes) >= 0 &&
              nla_put(msg, IFA_ADDRESS, length, address->addr.bytes) >= 0;

    if (ok && add && four && address->broadcast.family == AF_INET)
        ok = nla_put(msg, IFA_BROADCAST, 4, address->broadcast.bytes) >= 0;
    if (ok && add && four && address->label[0] != '\0')
        ok = nla_put_string(msg, IFA_LABEL, address->label) >= 0;
    if (ok && add && !four)
        /* Tentative addresses answer nobody, and a takeover cannot wait for that. */
        ok = nla_put_u32(msg, IFA_FLAGS, address->flags | IFA_F_NODAD) >= 0;
    if (ok && add && address->valid_s != UINT32_MAX && address->valid_s != 0) {
        struct ifa_cacheinfo cache = {.ifa_prefered = address->preferred_s,
                                      .ifa_valid = address->valid_s};

        ok = nla_put(msg, IFA_CACHEINFO, sizeof cache, &cache) >= 0;
    }
    if (!ok) {
        nlmsg_free(msg);
        return NULL;
    }
    return msg;
}

static int outcome(const struct hb_change *change, int error)
{
    if (change->kind == HB_CHANGE_ADD && error == -EEXIST)
        return 0;
    if (change->kind == HB_CHANGE_REMOVE && (error == -EADDRNOTAVAIL || error == -ENODEV))
        return 0;
    return error;
}

/* Reads until the answer to the last message of the batch. */
static int read_outcomes(struct hb_rtnl *rtnl, struct hb_change *changes, size_t count,
                         uint32_t first_seq)
{
    for (;;) {
        struct nlmsghdr *at = (struct nlmsghdr *)(void *)rtnl->received;
        int length = 0;
        int err = receive(rtnl, &length);

        if (err != 0)
            return err;
        for (; nlmsg_ok(at, length); at = nlmsg_next(at, &length)) {
            uint32_t number = at->nlmsg_seq - first_seq;

            if (at->nlmsg_type != NLMSG_ERROR || number >= count)
                continue;
            changes[number].error = outcome(&changes[number], ha_nl_error(at));
            if (number == count - 1)
                return 0;
        }
    }
}

static int send_batch(struct hb_rtnl *rtnl, struct hb_change *changes, size_t count)
{
    GByteArray *batch = g_byte_array_sized_new(8192);
    uint32_t first_seq = rtnl->seq + 1;
    int err = 0;

    for (size_t i = 0; i < count && err == 0; i++) {
        struct nl_msg *msg = change_message(&changes[i]);
        struct nlmsghdr *header = msg != NULL ? nlmsg_hdr(msg) : NULL;

        changes[i].error = 0;
        if (header == NULL) {
            err = -ENOMEM;
            break;
        }
        header->nlmsg_seq = ++rtnl->seq;
        if (i == count - 1)
            header->nlmsg_flags |= NLM_F_ACK;
        g_byte_array_append(batch, (const guint8 *)header, header->nlmsg_len);
        g_byte_array_set_size(batch, NLMSG_ALIGN(batch->len));
        nlmsg_free(msg);
    }
    if (err == 0)
        err = send_bytes(rtnl, batch->data, batch->len);
    if (err == 0)
        err = read_outcomes(rtnl, changes, count, first_seq);
    for (size_t i = 0; err != 0 && i < count; i++)
        changes[i].error = err;
    g_byte_array_unref(batch);
    return err;
}

/* Once more if it did not come through: what is done already is done, and no failure (outcome()). */
static int apply_batch(struct hb_rtnl *rtnl, struct hb_change *changes, size_t count)
{
    int err = send_batch(rtnl, changes, count);

    return is_passing(err) ? send_batch(rtnl, changes, count) : err;
}

int hb_rtnl_apply(struct hb_rtnl *rtnl, struct hb_change *changes, size_t count)
{
    int first = 0;

    if (hb_power_away())
        hb_power_changes(changes, count);
    for (size_t done = 0; done < count && !hb_power_away(); done += BATCH_MAX)
        (void)apply_batch(rtnl, changes + done, MIN(count - done, BATCH_MAX));
    for (size_t i = 0; i < count && first == 0; i++)
        first = changes[i].error;
    return first;
}
