/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table's slots, and taking off what they say. Neither waits nor allocates nor logs. */
#include "heartbeatd/act/guard_table.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)
/* One message: header, body, address twice, label. */
#define MESSAGE_MAX 128
#define BATCH_BYTES 8192

uint64_t hb_guard_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int hb_guard_file(const char *path)
{
    int fd;

    (void)unlink(path);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

static size_t length_of(uint16_t family)
{
    return family == AF_INET ? 4 : 16;
}

static bool same(const struct hb_guard_slot *slot, uint16_t family, const uint8_t addr[16])
{
    return slot->family == family && memcmp(slot->addr, addr, length_of(family)) == 0;
}

static uint32_t slots_used(const struct hb_guard_table *table)
{
    uint32_t used = atomic_load(&table->used);

    return used < HB_GUARD_SLOTS ? used : HB_GUARD_SLOTS;
}

bool hb_guard_put(struct hb_guard_table *table, enum hb_guard_kind kind,
                  const struct hb_guard_slot *slot)
{
    uint32_t used = slots_used(table), at = HB_GUARD_SLOTS;

    for (uint32_t i = 0; i < used; i++) {
        uint32_t there = atomic_load(&table->slots[i].kind);

        if (there == kind && same(&table->slots[i], slot->family, slot->addr)) {
            at = i;
            break;
        }
        if (there == HB_GUARD_FREE && at == HB_GUARD_SLOTS)
            at = i;
    }
    if (at == HB_GUARD_SLOTS && used < HB_GUARD_SLOTS)
        at = used;
    if (at == HB_GUARD_SLOTS)
        return false;
    atomic_store(&table->slots[at].kind, HB_GUARD_FREE);
    table->slots[at].index = slot->index;
    table->slots[at].family = slot->family;
    table->slots[at].bits = slot->bits;
    table->slots[at].scope = slot->scope;
    memcpy(table->slots[at].addr, slot->addr, sizeof slot->addr);
    memcpy(table->slots[at].label, slot->label, sizeof slot->label);
    atomic_store(&table->slots[at].kind, kind);
    if (at == used)
        atomic_store(&table->used, used + 1);
    return true;
}

void hb_guard_drop(struct hb_guard_table *table, uint16_t family, const uint8_t addr[16])
{
    uint32_t used = slots_used(table);

    for (uint32_t i = 0; i < used; i++) {
        if (same(&table->slots[i], family, addr))
            atomic_store(&table->slots[i].kind, HB_GUARD_FREE);
    }
    while (used > 0 && atomic_load(&table->slots[used - 1].kind) == HB_GUARD_FREE)
        used--;
    atomic_store(&table->used, used);
}

bool hb_guard_empty(const struct hb_guard_table *table)
{
    return slots_used(table) == 0;
}

bool hb_guard_overdue(const struct hb_guard_table *table, bool dead, uint64_t now_ns)
{
    uint64_t limit_ns = dead ? atomic_load(&table->death_ns) : atomic_load(&table->stall_ns);
    uint64_t beat_ns = atomic_load(&table->beat_ns);

    return now_ns >= beat_ns && now_ns - beat_ns >= limit_ns;
}

bool hb_guard_win(struct hb_guard_table *table, bool force)
{
    uint32_t state = HB_GUARD_WATCHING;

    if (atomic_compare_exchange_strong(&table->state, &state, HB_GUARD_RELEASING))
        return true;
    return force && state == HB_GUARD_RELEASING;
}

/* ---- taking off ---- */

struct batch {
    int fd;
    size_t used;
    uint8_t bytes[BATCH_BYTES] __attribute__((aligned(8)));
};

static void flush(struct batch *batch)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    uint8_t ignored[4096];

    if (batch->used > 0)
        (void)!sendto(batch->fd, batch->bytes, batch->used, 0, (struct sockaddr *)&kernel,
                      sizeof kernel);
    /* What did not work was not there; the answers only must not pile up. */
    while (recv(batch->fd, ignored, sizeof ignored, MSG_DONTWAIT) > 0) {
    }
    batch->used = 0;
}

static void attribute(struct nlmsghdr *header, unsigned short type, const void *bytes,
                      size_t length)
{
    struct rtattr *attr = (struct rtattr *)(void *)((uint8_t *)header +
                                                    NLMSG_ALIGN(header->nlmsg_len));

    attr->rta_type = type;
    attr->rta_len = (unsigned short)RTA_LENGTH(length);
    memcpy(RTA_DATA(attr), bytes, length);
    header->nlmsg_len = (uint32_t)(NLMSG_ALIGN(header->nlmsg_len) + RTA_ALIGN(attr->rta_len));
}

static void append(struct batch *batch, const struct hb_guard_slot *slot, bool add)
{
    struct nlmsghdr *header;
    struct ifaddrmsg *body;

    if (batch->used + MESSAGE_MAX > sizeof batch->bytes)
        flush(batch);
    header = (struct nlmsghdr *)(void *)(batch->bytes + batch->used);
    memset(header, 0, MESSAGE_MAX);
    header->nlmsg_len = NLMSG_LENGTH(sizeof *body);
    header->nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
    header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
    body = NLMSG_DATA(header);
    body->ifa_family = (uint8_t)slot->family;
    body->ifa_prefixlen = slot->bits;
    body->ifa_scope = slot->scope;
    body->ifa_index = (uint32_t)slot->index;
    attribute(header, IFA_LOCAL, slot->addr, length_of(slot->family));
    attribute(header, IFA_ADDRESS, slot->addr, length_of(slot->family));
    if (add && slot->family == AF_INET && slot->label[0] != '\0')
        attribute(header, IFA_LABEL, slot->label, strnlen(slot->label, HB_GUARD_LABEL - 1) + 1);
    batch->used += NLMSG_ALIGN(header->nlmsg_len);
}

static unsigned append_all(struct batch *batch, const struct hb_guard_table *table,
                           enum hb_guard_kind kind)
{
    uint32_t used = slots_used(table);
    unsigned count = 0;

    for (uint32_t i = 0; i < used; i++) {
        if (atomic_load(&table->slots[i].kind) != kind)
            continue;
        append(batch, &table->slots[i], kind == HB_GUARD_RETURN);
        count++;
    }
    flush(batch);
    return count;
}

unsigned hb_guard_release(struct hb_guard_table *table, int fd)
{
    static struct batch batch;
    uint32_t releasing = HB_GUARD_RELEASING;
    unsigned count;

    batch.fd = fd;
    batch.used = 0;
    count = append_all(&batch, table, HB_GUARD_REMOVE);
    (void)append_all(&batch, table, HB_GUARD_RETURN);
    atomic_store(&table->released, count);
    atomic_store(&table->released_ns, hb_guard_now_ns());
    /* If both were at it, the daemon may be past it already. */
    (void)atomic_compare_exchange_strong(&table->state, &releasing, HB_GUARD_RELEASED);
    return count;
}

int hb_guard_timer(void)
{
    int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);

    return fd < 0 ? -errno : fd;
}

void hb_guard_set_timer(int timer, uint64_t at_ns)
{
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(at_ns / NS_PER_S),
                                           .tv_nsec = (long)(at_ns % NS_PER_S)}};

    if (at_ns == 0)
        when.it_value.tv_nsec = 1;
    (void)timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

int hb_guard_socket(void)
{
    struct sockaddr_nl self = {.nl_family = AF_NETLINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&self, sizeof self) < 0) {
        int err = -errno;

        close(fd);
        return err;
    }
    return fd;
}
