/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ping, ping6 and ping_group: a message goes out inside an echo request to each
 * host of the line, and what the first of them sends back is the message
 * received (doc/protocol.md, "Ping nodes").
 *
 * A raw socket is handed every echo reply that reaches this machine, whoever
 * asked. Ours is the one that comes from a host of the line, with our
 * identifier, with the number of a request of the last few, and with the very
 * bytes that were sent in it; each request counts once. Everything else is
 * passed over without a word: it may be an answer to somebody else.
 */
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "heartbeatd/media/medium.h"

/* Requests an answer may still come for. */
#define REQUESTS_KEPT 16
#define DATA_MAX      65000

/* Echo headers are alike in both families but for the types. */
struct echo {
    uint8_t type, code;
    uint16_t checksum;
    uint16_t ident, number;
};

struct request {
    uint16_t number;
    GBytes *data; /* NULL: none, or answered */
};

struct family {
    struct icmp *icmp;
    uint16_t family;
    int fd; /* -1: no host of this family */
    struct ha_watch watch;
};

struct icmp {
    struct hb_line *line;
    struct family families[2];
    GArray *hosts; /* of struct ha_addr */
    uint16_t ident, number;
    struct request requests[REQUESTS_KEPT];
};

/* ---- answers ---- */

static bool is_host(const struct icmp *icmp, const struct sockaddr_storage *from)
{
    struct ha_addr addr;

    if (!ha_addr_from_sockaddr(&addr, NULL, (const struct sockaddr *)from)) {
        return false;
    }
    for (guint i = 0; i < icmp->hosts->len; i++) {
        if (ha_addr_equal(&g_array_index(icmp->hosts, struct ha_addr, i), &addr)) {
            return true;
        }
    }
    return false;
}

/* Whether these bytes, past any IPv4 header, answer one of our requests; *data: where the message
 * in them begins. The request is answered then. */
static bool is_answer(struct icmp *icmp, uint16_t family, const uint8_t *bytes, size_t length,
                      const uint8_t **data)
{
    struct echo echo;
    struct request *request;
    const void *asked;
    size_t size;

    if (length < sizeof(echo)) {
        return false;
    }
    memcpy(&echo, bytes, sizeof(echo));
    request = &icmp->requests[echo.number % REQUESTS_KEPT];
    if (echo.type != (family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) || echo.code != 0 ||
        echo.ident != icmp->ident || !request->data || request->number != echo.number) {
        return false;
    }
    asked = g_bytes_get_data(request->data, &size);
    *data = bytes + sizeof(echo);
    if (length - sizeof(echo) != size || memcmp(*data, asked, size) != 0) {
        return false;
    }
    g_clear_pointer(&request->data, g_bytes_unref);
    return true;
}

static void take(const struct family *family, const uint8_t *bytes, size_t length,
                 const struct sockaddr_storage *from)
{
    struct icmp *icmp = family->icmp;
    const uint8_t *data;

    if (family->family == AF_INET) {
        size_t header = length > 0 ? (size_t)(bytes[0] & 0x0f) * 4 : 0;

        if (header < sizeof(struct iphdr) || header > length) {
            return;
        }
        bytes += header;
        length -= header;
    }
    if (is_host(icmp, from) && is_answer(icmp, family->family, bytes, length, &data)) {
        hb_media_received(icmp->line->media, icmp->line->link, data, length - sizeof(struct echo));
    }
}

static void ready(void *ctx, uint32_t events)
{
    struct family *family = ctx;
    struct sockaddr_storage from;
    uint8_t *room = hb_media_rooms(family->icmp->line->media);

    (void)events;
    for (int i = 0; i < HB_RECEIVE_BURST; i++) {
        socklen_t from_length = sizeof(from);
        ssize_t got = recvfrom(family->fd, room, HB_ROOM_SIZE, MSG_DONTWAIT,
                               (struct sockaddr *)&from, &from_length);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return; /* nothing, or an error, which reading has cleared */
        }
        take(family, room, (size_t)got, &from);
    }
}

/* ---- requests ---- */

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i + 1 < length; i += 2) {
        uint16_t word;

        memcpy(&word, bytes + i, sizeof(word));
        sum += word;
    }
    if (length % 2) {
        uint8_t last[2] = {bytes[length - 1], 0};

        return add_words(sum, last, sizeof(last));
    }
    return sum;
}

static uint16_t checksum(const struct echo *echo, const void *data, size_t length)
{
    /* 65000 bytes of words add up to less than 2^32. */
    uint32_t sum = add_words(add_words(0, (const uint8_t *)echo, sizeof(*echo)), data, length);

    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static int send_to(const struct icmp *icmp, const struct ha_addr *host, const void *bytes,
                   size_t length)
{
    bool v4 = host->family == AF_INET;
    struct echo echo = {.type = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST,
                        .ident = icmp->ident,
                        .number = icmp->number};
    struct sockaddr_storage to;
    struct iovec parts[] = {{.iov_base = &echo, .iov_len = sizeof(echo)},
                            {.iov_base = (void *)bytes, .iov_len = length}};
    struct msghdr message = {.msg_name = &to, .msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent;

    message.msg_namelen = ha_addr_to_sockaddr(host, 0, &to);
    if (v4) { /* the kernel fills in ICMPv6's */
        echo.checksum = checksum(&echo, bytes, length);
    }
    do {
        sent = sendmsg(icmp->families[v4 ? 0 : 1].fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

static int icmp_send(struct hb_line *line, const void *bytes, size_t length)
{
    struct icmp *icmp = line->inside;
    struct request *request = &icmp->requests[++icmp->number % REQUESTS_KEPT];
    int status = -EHOSTUNREACH;
    bool any = false;

    if (length > DATA_MAX) {
        return -EMSGSIZE;
    }
    if (request->data) {
        g_bytes_unref(request->data);
    }
    *request = (struct request){.number = icmp->number, .data = g_bytes_new(bytes, length)};
    for (guint i = 0; i < icmp->hosts->len; i++) {
        status = send_to(icmp, &g_array_index(icmp->hosts, struct ha_addr, i), bytes, length);
        any = any || status == 0;
    }
    return any ? 0 : status;
}

/* ---- the operations ---- */

static int only_replies(int fd, uint16_t family)
{
    struct icmp_filter v4 = {~(1U << ICMP_ECHOREPLY)};
    struct icmp6_filter v6;

    if (family == AF_INET) {
        return setsockopt(fd, SOL_RAW, ICMP_FILTER, &v4, sizeof(v4)) < 0 ? -errno : 0;
    }
    ICMP6_FILTER_SETBLOCKALL(&v6);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &v6);
    return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof(v6)) < 0 ? -errno : 0;
}

static int family_open(struct icmp *icmp, uint16_t af)
{
    struct family *family = &icmp->families[af == AF_INET ? 0 : 1];
    int status;

    if (family->fd >= 0) {
        return 0;
    }
    family->fd = socket(af, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                        af == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    status = family->fd < 0 ? -errno : only_replies(family->fd, af);
    return status ? status
                  : ha_watch_start(hb_media_loop(icmp->line->media), &family->watch, family->fd,
                                   EPOLLIN, ready, family);
}

static int find_hosts(struct icmp *icmp, char **why)
{
    const GPtrArray *hosts = icmp->line->medium->hosts;

    for (guint i = 0; i < hosts->len; i++) {
        struct ha_addr addr;
        int status;

        if (!ha_addr_parse(&addr, hosts->pdata[i])) {
            status = hb_media_resolve(hosts->pdata[i], &addr, why);
            if (status < 0) {
                return status;
            }
        }
        status = family_open(icmp, addr.family);
        if (status < 0) {
            *why = g_strdup_printf("cannot open a raw socket for echo requests: %s%s",
                                   strerror(-status),
                                   status == -EPERM || status == -EACCES
                                       ? "; heartbeat has to be started by root"
                                       : "");
            return status;
        }
        g_array_append_val(icmp->hosts, addr);
    }
    return 0;
}

static void icmp_close(struct hb_line *line)
{
    struct icmp *icmp = line->inside;

    for (int i = 0; i < 2; i++) {
        ha_watch_stop(hb_media_loop(line->media), &icmp->families[i].watch);
        if (icmp->families[i].fd >= 0) {
            close(icmp->families[i].fd);
        }
    }
    for (int i = 0; i < REQUESTS_KEPT; i++) {
        if (icmp->requests[i].data) {
            g_bytes_unref(icmp->requests[i].data);
        }
    }
    g_array_free(icmp->hosts, TRUE);
    g_free(icmp);
    line->inside = NULL;
}

static int icmp_open(struct hb_line *line, char **why)
{
    struct icmp *icmp = g_new0(struct icmp, 1);
    int status;

    icmp->line = line;
    icmp->hosts = g_array_new(FALSE, FALSE, sizeof(struct ha_addr));
    icmp->ident = (uint16_t)getpid(); /* as it is in memory: so does Heartbeat */
    for (int i = 0; i < 2; i++) {
        icmp->families[i] = (struct family){
            .icmp = icmp, .family = i == 0 ? AF_INET : AF_INET6, .fd = -1, .watch = HA_WATCH_INIT};
    }
    line->inside = icmp;
    status = find_hosts(icmp, why);
    if (status < 0) {
        icmp_close(line);
    }
    return status;
}

static bool icmp_stale(const struct hb_line *line)
{
    (void)line;
    return false; /* bound to no interface: the routes of the moment count */
}

const struct hb_medium_ops hb_icmp_ops = {
    .open = icmp_open,
    .send = icmp_send,
    .stale = icmp_stale,
    .close = icmp_close,
};
