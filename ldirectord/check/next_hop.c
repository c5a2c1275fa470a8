/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three questions to rtnetlink: the route to a host, then its neighbour on that
 * link, which is first told to be in use, so that the kernel finds it out and
 * keeps it as fresh as if it had packets for it. The kernel answers before
 * send() returns. Keeps nothing; caches nothing: the kernel does.
 */
#include "ldirectord/check/next_hop.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/run/nl_error.h"
#include "ldirectord/door/door.h"

#define ATTRIBUTES_MAX 64
#define ANSWER_MAX     4096
#define USABLE (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

struct question {
    struct nlmsghdr header;
    union {
        struct rtmsg route;
        struct ndmsg neighbour;
    } body;
    uint8_t attributes[ATTRIBUTES_MAX];
};

struct answer {
    _Alignas(struct nlmsghdr) uint8_t bytes[ANSWER_MAX];
    struct nlmsghdr *header;
};

int ld_next_hop_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    return fd < 0 ? -errno : fd;
}

static void begin(struct question *question, uint16_t type, uint16_t flags, size_t body)
{
    memset(question, 0, sizeof(*question));
    question->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(body);
    question->header.nlmsg_type = type;
    question->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
}

static void put_address(struct question *question, uint16_t attribute, const struct ha_addr *addr)
{
    size_t size = ha_addr_bits(addr) / 8;
    struct rtattr head = {.rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = attribute};
    uint8_t *at = (uint8_t *)question + NLMSG_ALIGN(question->header.nlmsg_len);

    memcpy(at, &head, sizeof(head));
    memcpy(at + RTA_LENGTH(0), addr->bytes, size);
    question->header.nlmsg_len = (uint32_t)(NLMSG_ALIGN(question->header.nlmsg_len) + RTA_LENGTH(size));
}

/* What is left over of an earlier question is passed over by its number. */
static int ask(int fd, struct question *question, struct answer *answer)
{
    static uint32_t last;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

    question->header.nlmsg_seq = ++last;
    if (sendto(fd, question, question->header.nlmsg_len, 0, (struct sockaddr *)&kernel,
               sizeof(kernel)) < 0)
        return -errno;
    for (;;) {
        struct sockaddr_nl from = {0};
        socklen_t size = sizeof(from);
        ssize_t length = recvfrom(fd, answer->bytes, sizeof(answer->bytes), 0,
                                  (struct sockaddr *)&from, &size);

        answer->header = (struct nlmsghdr *)(void *)answer->bytes;
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return errno == EAGAIN ? -EIO : -errno; /* it answers at once, or never */
        if (from.nl_pid == 0 && NLMSG_OK(answer->header, (size_t)length) &&
            answer->header->nlmsg_seq == last)
            break;
    }
    return answer->header->nlmsg_type == NLMSG_ERROR ? ha_nl_error(answer->header) : 0;
}

/* The attribute's bytes, at least so many, behind a body of that size; NULL: there is none. */
static const void *find(const struct answer *answer, size_t body, uint16_t type, size_t least,
                        size_t *length)
{
    const uint8_t *bytes = NLMSG_DATA(answer->header);
    int left = (int)answer->header->nlmsg_len - (int)NLMSG_LENGTH(NLMSG_ALIGN(body));
    const struct rtattr *at = (const void *)(bytes + NLMSG_ALIGN(body));

    for (; left > 0 && RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        if (at->rta_type != type || RTA_PAYLOAD(at) < least)
            continue;
        if (length != NULL)
            *length = RTA_PAYLOAD(at);
        return RTA_DATA(at);
    }
    return NULL;
}

/* The interface, and who on its link gets the packets: the host itself or a gateway. */
static int find_route(int fd, const struct ha_addr *host, int *interface, struct ha_addr *next)
{
    struct question question;
    struct answer answer;
    const struct rtmsg *route;
    const void *found;
    int error;

    begin(&question, RTM_GETROUTE, 0, sizeof(struct rtmsg));
    question.body.route.rtm_family = (uint8_t)host->family;
    question.body.route.rtm_dst_len = (uint8_t)ha_addr_bits(host);
    put_address(&question, RTA_DST, host);
    error = ask(fd, &question, &answer);
    if (error != 0)
        return error;
    route = NLMSG_DATA(answer.header);
    if (answer.header->nlmsg_type != RTM_NEWROUTE ||
        answer.header->nlmsg_len < NLMSG_LENGTH(sizeof(*route)))
        return -EBADMSG;
    if (route->rtm_type == RTN_LOCAL)
        return -ELOOP;
    found = find(&answer, sizeof(*route), RTA_OIF, sizeof(*interface), NULL);
    if (found == NULL)
        return -ENETUNREACH;
    memcpy(interface, found, sizeof(*interface));
    *next = *host;
    found = find(&answer, sizeof(*route), RTA_GATEWAY, ha_addr_bits(host) / 8, NULL);
    if (found != NULL)
        memcpy(next->bytes, found, ha_addr_bits(host) / 8);
    return 0;
}

static void begin_neighbour(struct question *question, uint16_t type, uint16_t flags, int interface,
                            const struct ha_addr *next)
{
    begin(question, type, flags, sizeof(struct ndmsg));
    question->body.neighbour.ndm_family = (uint8_t)next->family;
    question->body.neighbour.ndm_ifindex = interface;
    put_address(question, NDA_DST, next);
}

static int use_neighbour(int fd, int interface, const struct ha_addr *next)
{
    struct question question;
    struct answer answer;

    begin_neighbour(&question, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, interface, next);
    question.body.neighbour.ndm_flags = NTF_USE;
    question.body.neighbour.ndm_state = NUD_NONE;
    return ask(fd, &question, &answer);
}

static int find_neighbour(int fd, int interface, const struct ha_addr *next, struct sockaddr_ll *out)
{
    struct question question;
    struct answer answer;
    const struct ndmsg *neighbour;
    const void *found;
    size_t length = 0;
    int error;

    begin_neighbour(&question, RTM_GETNEIGH, 0, interface, next);
    error = ask(fd, &question, &answer);
    if (error != 0)
        return error;
    neighbour = NLMSG_DATA(answer.header);
    if (answer.header->nlmsg_type != RTM_NEWNEIGH ||
        answer.header->nlmsg_len < NLMSG_LENGTH(sizeof(*neighbour)))
        return -EBADMSG;
    if (!(neighbour->ndm_state & USABLE))
        return -EAGAIN;
    found = find(&answer, sizeof(*neighbour), NDA_LLADDR, 1, &length);
    if (found == NULL && !(neighbour->ndm_state & NUD_NOARP))
        return -EAGAIN;
    if (length > sizeof(out->sll_addr))
        return -EAFNOSUPPORT;
    *out = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_ifindex = interface,
                                .sll_halen = (unsigned char)length};
    if (found != NULL)
        memcpy(out->sll_addr, found, length);
    return 0;
}

int ld_next_hop(int fd, const struct ha_addr *host, struct sockaddr_ll *out)
{
    struct ha_addr next;
    int interface, error;

    error = find_route(fd, host, &interface, &next);
    if (error == 0) /* the kernel lets only root say that */
        error = ld_door_divided() ? ld_door_neighbour(host) : use_neighbour(fd, interface, &next);
    if (error == 0)
        error = find_neighbour(fd, interface, &next, out);
    return error;
}

int ld_next_hop_known(int fd, const struct ha_addr *host, struct sockaddr_ll *out)
{
    struct ha_addr next;
    int interface, error = find_route(fd, host, &interface, &next);

    return error != 0 ? error : find_neighbour(fd, interface, &next, out);
}

int ld_next_hop_use(int fd, const struct ha_addr *host)
{
    struct ha_addr next;
    int interface, error = find_route(fd, host, &interface, &next);

    return error != 0 ? error : use_neighbour(fd, interface, &next);
}
