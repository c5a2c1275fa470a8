/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two packet sockets with filters, open only while something is asked. What
 * they hear is read for two facts: which address, and whose hardware address.
 */
#include "heartbeatd/act/probe.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/act/frames.h"

#define ROUND_NS  (100 * HA_NS_PER_MS)
/* What was heard is forgotten after that, and the sockets are closed. */
#define MEMORY_NS (3 * HA_NS_PER_S)
#define READS_MAX 256
/* A neighbour on the same wire answers within a millisecond or two; one that has not done so for this
 * long, asked so often, does not any more. Both: time may pass without us, and nobody be asked in it. */
#define SILENT_NS   (250 * HA_NS_PER_MS)
#define SILENT_ASKS 2
#define ASKED_MAX 4096

struct asked {
    struct ha_addr addr;
    int index;
    uint8_t own[6], other[6];
    uint64_t until_ns;    /* asked again until then */
    uint64_t asked_ns;
    uint64_t answered_ns; /* 0: not yet */
    unsigned unanswered;  /* so often asked since, */
    uint64_t counted_ns;  /* the last time then; not more often than half of the rounds */
};

struct ear {
    struct hb_probe *probe;
    struct ha_watch watch;
    int fd;
};

struct hb_probe {
    struct ha_loop *loop;
    struct ha_timer timer;
    struct ear arp, nd;
    GArray *asked; /* of struct asked */
};

static struct asked *asked_at(const struct hb_probe *probe, guint i)
{
    return &g_array_index(probe->asked, struct asked, i);
}

static struct asked *find(const struct hb_probe *probe, const struct ha_addr *addr)
{
    for (guint i = 0; i < probe->asked->len; i++) {
        if (ha_addr_equal(&asked_at(probe, i)->addr, addr))
            return asked_at(probe, i);
    }
    return NULL;
}

/* ---- hearing ---- */

/* Whoever is named as the owner of an address in the frame. */
static bool read_frame(const uint8_t *frame, size_t length, struct ha_addr *addr,
                       const uint8_t **mac)
{
    memset(addr, 0, sizeof *addr);
    if (length >= 42 && frame[12] == 0x08 && frame[13] == 0x06) {
        addr->family = AF_INET;
        memcpy(addr->bytes, frame + 28, 4);
        *mac = frame + 22;
        return true;
    }
    if (length >= 78 && frame[12] == 0x86 && frame[13] == 0xdd && frame[20] == 58 &&
        frame[54] == 136) {
        addr->family = AF_INET6;
        memcpy(addr->bytes, frame + 62, 16);
        *mac = frame + 6;
        return true;
    }
    return false;
}

static void heard(void *ctx, uint32_t events)
{
    struct ear *ear = ctx;
    uint8_t frame[256];
    struct sockaddr_ll from;

    (void)events;
    for (int i = 0; i < READS_MAX; i++) {
        socklen_t from_length = sizeof from;
        ssize_t got = recvfrom(ear->fd, frame, sizeof frame, MSG_DONTWAIT,
                               (struct sockaddr *)&from, &from_length);
        struct ha_addr addr;
        const uint8_t *mac;
        struct asked *asked;

        if (got < 0)
            return;
        if (from.sll_pkttype == PACKET_OUTGOING || !read_frame(frame, (size_t)got, &addr, &mac))
            continue;
        asked = find(ear->probe, &addr);
        if (asked == NULL || asked->index != from.sll_ifindex || memcmp(mac, asked->own, 6) == 0)
            continue;
        memcpy(asked->other, mac, 6);
        asked->answered_ns = ha_clock_ns();
        asked->unanswered = 0;
    }
}

void hb_probe_hear(struct hb_probe *probe)
{
    if (probe->arp.fd >= 0)
        heard(&probe->arp, EPOLLIN);
    if (probe->nd.fd >= 0)
        heard(&probe->nd, EPOLLIN);
}

static int open_ear(struct hb_probe *probe, struct ear *ear, unsigned protocol,
                    struct sock_filter *code, unsigned short count)
{
    struct sock_fprog program = {.len = count, .filter = code};
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons((uint16_t)protocol)};
    int fd, err = 0;

    if (ear->fd >= 0)
        return 0;
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if ((count > 0 &&
         setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) ||
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        err = -errno;
    if (err == 0)
        err = ha_watch_start(probe->loop, &ear->watch, fd, EPOLLIN, heard, ear);
    if (err != 0) {
        close(fd);
        return err;
    }
    ear->fd = fd;
    return 0;
}

static void close_ear(struct hb_probe *probe, struct ear *ear)
{
    if (ear->fd < 0)
        return;
    ha_watch_stop(probe->loop, &ear->watch);
    close(ear->fd);
    ear->fd = -1;
}

static bool open_ears(struct hb_probe *probe)
{
    /* ICMPv6, neighbour advertisement. */
    struct sock_filter advertisements[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 256),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };

    return open_ear(probe, &probe->arp, ETH_P_ARP, NULL, 0) == 0 &&
           open_ear(probe, &probe->nd, ETH_P_IPV6, advertisements,
                    G_N_ELEMENTS(advertisements)) == 0;
}

/* ---- asking ---- */

static void send_one(struct hb_probe *probe, struct asked *asked, uint64_t now_ns)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = asked->index};
    uint8_t frame[HB_FRAME_MAX];
    size_t length = asked->addr.family == AF_INET
                        ? hb_frame_arp_probe(&asked->addr, asked->own, frame)
                        : hb_frame_solicitation(&asked->addr, asked->own, frame);

    asked->asked_ns = now_ns;
    if (now_ns - asked->counted_ns >= ROUND_NS / 2) {
        asked->counted_ns = now_ns;
        asked->unanswered++;
    }
    /* What cannot be asked is as if nobody answered. */
    (void)!sendto(probe->arp.fd, frame, length, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
}

/* Asks again, forgets, and closes up when all is forgotten. */
static void tick(void *ctx, uint64_t now_ns)
{
    struct hb_probe *probe = ctx;

    for (guint i = 0; i < probe->asked->len;) {
        struct asked *asked = asked_at(probe, i);

        if (asked->until_ns >= now_ns && now_ns - asked->asked_ns >= ROUND_NS / 2)
            send_one(probe, asked, now_ns);
        if (now_ns - asked->asked_ns >= MEMORY_NS)
            g_array_remove_index_fast(probe->asked, i);
        else
            i++;
    }
    if (probe->asked->len > 0) {
        ha_timer_set(probe->loop, &probe->timer, now_ns + ROUND_NS, tick, probe);
    } else {
        close_ear(probe, &probe->arp);
        close_ear(probe, &probe->nd);
    }
}

void hb_probe_ask(struct hb_probe *probe, const struct hb_kernel *kernel,
                  const struct hb_kernel_address *places, size_t count, uint64_t for_ms)
{
    uint64_t now_ns = ha_clock_ns();

    if (!open_ears(probe))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct hb_link *link = hb_kernel_link(kernel, places[i].index);
        struct asked fresh = {.addr = places[i].addr, .index = places[i].index}, *asked;

        if (link == NULL || !link->ethernet || !link->up || probe->asked->len >= ASKED_MAX)
            continue;
        asked = find(probe, &places[i].addr);
        if (asked == NULL) {
            g_array_append_val(probe->asked, fresh);
            asked = asked_at(probe, probe->asked->len - 1);
        }
        asked->index = link->index;
        memcpy(asked->own, link->mac, 6);
        asked->until_ns = ha_after_ns(now_ns, ha_ms_to_ns(for_ms));
        send_one(probe, asked, now_ns);
    }
    if (probe->timer.at_ns == 0)
        ha_timer_set(probe->loop, &probe->timer, now_ns + ROUND_NS, tick, probe);
}

bool hb_probe_answers(struct hb_probe *probe, const struct ha_addr *addr, uint64_t now_ns,
                      uint8_t mac[6])
{
    const struct asked *asked = find(probe, addr);

    if (asked == NULL || asked->answered_ns == 0)
        return false;
    memcpy(mac, asked->other, 6);
    return now_ns < ha_after_ns(asked->answered_ns, SILENT_NS) || asked->unanswered < SILENT_ASKS;
}

bool hb_probe_asked(const struct hb_probe *probe, const struct ha_addr *addr)
{
    return find(probe, addr) != NULL;
}

/* ---- life ---- */

int hb_probe_new(struct hb_probe **out, struct ha_loop *loop)
{
    struct hb_probe *probe = g_new0(struct hb_probe, 1);

    probe->loop = loop;
    probe->arp = probe->nd = (struct ear){.probe = probe, .watch = HA_WATCH_INIT, .fd = -1};
    probe->asked = g_array_new(FALSE, FALSE, sizeof(struct asked));
    *out = probe;
    return 0;
}

void hb_probe_free(struct hb_probe *probe)
{
    if (probe == NULL)
        return;
    ha_timer_cancel(probe->loop, &probe->timer);
    close_ear(probe, &probe->arp);
    close_ear(probe, &probe->nd);
    g_array_unref(probe->asked);
    g_free(probe);
}
