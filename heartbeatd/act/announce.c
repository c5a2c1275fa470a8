/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One packet socket, one timer, one record per held address with the time of
 * its next round. Before the minute's round the kernel is asked whether the
 * address is still there and which hardware address its interface has now: what
 * somebody removed by hand is not called back to us. Receives nothing.
 */
#include "heartbeatd/act/announce.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/act/frames.h"

/* When the rounds come, from the beginning; after the last one every REFRESH. */
static const uint64_t rounds_ms[] = {0, 200, 400, 600, 800, 1200, 2300};
#define ROUNDS (sizeof rounds_ms / sizeof rounds_ms[0])
#define REFRESH_NS (60 * HA_NS_PER_S)
/* Rounds this close together go out together. */
#define SLACK_NS (2 * HA_NS_PER_MS)
#define PAUSE_NS (10 * HA_NS_PER_MS)
#define SEND_MAX 64 /* frames per system call */

struct record {
    struct ha_addr addr;
    int index;
    uint8_t mac[6];
    unsigned round, form; /* what of the round is next */
    uint64_t began_ns, next_ns;
};

struct hb_announce {
    struct ha_loop *loop;
    struct hb_rtnl *rtnl;
    struct ha_timer timer;
    int fd;
    GArray *records; /* of struct record */
    uint64_t sent, refresh_ns;
    struct ha_log_limit failures;
};

struct frame {
    uint8_t bytes[HB_FRAME_MAX];
    size_t length;
    int index;
};

/* What goes out together. */
struct burst {
    struct frame frames[SEND_MAX];
    size_t waiting, count;
};

int hb_announce_new(struct hb_announce **out, struct ha_loop *loop, struct hb_rtnl *rtnl)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct hb_announce *announce;

    *out = NULL;
    if (fd < 0)
        return -errno;
    announce = g_new0(struct hb_announce, 1);
    announce->loop = loop;
    announce->rtnl = rtnl;
    announce->fd = fd;
    announce->refresh_ns = REFRESH_NS;
    announce->records = g_array_new(FALSE, FALSE, sizeof(struct record));
    *out = announce;
    return 0;
}

void hb_announce_free(struct hb_announce *announce)
{
    if (announce == NULL)
        return;
    ha_timer_cancel(announce->loop, &announce->timer);
    close(announce->fd);
    g_array_unref(announce->records);
    g_free(announce);
}

void hb_announce_set_refresh(struct hb_announce *announce, uint64_t refresh_ms)
{
    announce->refresh_ns = ha_ms_to_ns(refresh_ms);
}

static struct record *record_at(struct hb_announce *announce, guint i)
{
    return &g_array_index(announce->records, struct record, i);
}

/* ---- sending ---- */

static void complain(struct hb_announce *announce, int err)
{
    unsigned dropped = 0;

    if (ha_log_allowed(&announce->failures, ha_clock_ns(), 3, &dropped))
        ha_log(HA_LOG_WARNING, "announcing addresses: %s (%u more not shown)", g_strerror(err),
               dropped);
}

static void send_frames(struct hb_announce *announce, struct frame *frames, size_t count)
{
    struct mmsghdr messages[SEND_MAX];
    struct iovec parts[SEND_MAX];
    struct sockaddr_ll to[SEND_MAX];
    size_t at = 0;

    memset(messages, 0, sizeof messages);
    memset(to, 0, sizeof to);
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct iovec){frames[i].bytes, frames[i].length};
        to[i].sll_family = AF_PACKET;
        to[i].sll_ifindex = frames[i].index;
        messages[i].msg_hdr.msg_name = &to[i];
        messages[i].msg_hdr.msg_namelen = sizeof to[i];
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    while (at < count) {
        int done = sendmmsg(announce->fd, messages + at, (unsigned)(count - at), 0);

        if (done > 0) {
            announce->sent += (uint64_t)done;
            at += (size_t)done;
        } else {
            /* One bad interface must not silence the others. */
            complain(announce, done < 0 ? errno : EIO);
            at++;
        }
    }
}

/* A round is a request and a reply, or an advertisement. */
static unsigned forms(const struct record *record)
{
    return record->addr.family == AF_INET6 ? 1 : 2;
}

static void build(const struct record *record, struct frame *frame)
{
    frame->index = record->index;
    frame->length = record->addr.family == AF_INET6
                        ? hb_frame_advertisement(&record->addr, record->mac, frame->bytes)
                        : hb_frame_arp(&record->addr, record->mac, record->form == 1, frame->bytes);
}

static void send_burst(struct hb_announce *announce, struct burst *burst)
{
    send_frames(announce, burst->frames, burst->waiting);
    burst->waiting = 0;
}

static void add_to_burst(struct hb_announce *announce, struct burst *burst,
                         const struct record *record)
{
    build(record, &burst->frames[burst->waiting++]);
    burst->count++;
    if (burst->waiting == SEND_MAX)
        send_burst(announce, burst);
}

/* ---- time ---- */

static void next_round(struct record *record, uint64_t now_ns, uint64_t refresh_ns)
{
    record->round++;
    record->form = 0;
    if (record->round < ROUNDS)
        record->next_ns = record->began_ns + ha_ms_to_ns(rounds_ms[record->round]);
    else
        record->next_ns = now_ns + refresh_ns;
}

/* Is it still there? Takes over what may have changed. */
static bool still_held(struct record *record, const struct hb_kernel *kernel)
{
    const struct hb_link *link = hb_kernel_link(kernel, record->index);

    if (link == NULL || !link->ethernet)
        return false;
    memcpy(record->mac, link->mac, sizeof record->mac);
    for (guint i = 0; i < kernel->addresses->len; i++) {
        const struct hb_kernel_address *address =
            &g_array_index(kernel->addresses, struct hb_kernel_address, i);

        if (address->index == record->index && ha_addr_equal(&address->addr, &record->addr))
            return true;
    }
    return false;
}

static void tick(void *ctx, uint64_t now_ns);

static void arm(struct hb_announce *announce, uint64_t not_before_ns)
{
    uint64_t first = HA_NEVER;

    for (guint i = 0; i < announce->records->len; i++)
        first = MIN(first, record_at(announce, i)->next_ns);
    if (first != HA_NEVER)
        first = MAX(first, not_before_ns);
    ha_timer_set(announce->loop, &announce->timer, first, tick, announce);
}

/* One form of the rounds that are due, as far as the burst goes; false: the kernel does not say what is
 * held, and this is tried again with the next round. */
static bool send_form(struct hb_announce *announce, unsigned form, uint64_t now_ns,
                      struct hb_kernel **kernel, struct burst *burst)
{
    for (guint i = 0; i < announce->records->len && burst->count < HB_ANNOUNCE_BURST; i++) {
        struct record *record = record_at(announce, i);

        if (record->next_ns > now_ns + SLACK_NS || record->form != form)
            continue;
        if (form == 0 && record->round >= ROUNDS) {
            if (*kernel == NULL && hb_rtnl_read(announce->rtnl, kernel) != 0)
                return false;
            if (!still_held(record, *kernel)) {
                next_round(record, now_ns, announce->refresh_ns);
                continue;
            }
        }
        add_to_burst(announce, burst, record);
        if (++record->form == forms(record))
            next_round(record, now_ns, announce->refresh_ns);
    }
    return true;
}

/* What is due; at most a burst. Every address once before any of them twice: the first frame is what
 * brings the clients. */
static void tick(void *ctx, uint64_t now_ns)
{
    struct hb_announce *announce = ctx;
    struct hb_kernel *kernel = NULL;
    struct burst burst;

    burst.waiting = burst.count = 0;
    if (send_form(announce, 0, now_ns, &kernel, &burst))
        send_form(announce, 1, now_ns, &kernel, &burst);
    send_burst(announce, &burst);
    hb_kernel_free(kernel);
    arm(announce, ha_clock_ns() + PAUSE_NS);
}

/* ---- what is held ---- */

void hb_announce_start(struct hb_announce *announce, const struct hb_kernel *kernel,
                       const struct hb_kernel_address *addresses, size_t count)
{
    uint64_t now_ns = ha_clock_ns();

    for (size_t i = 0; i < count; i++) {
        const struct hb_link *link = hb_kernel_link(kernel, addresses[i].index);
        struct record record = {
            .addr = addresses[i].addr,
            .index = addresses[i].index,
            .began_ns = now_ns,
            .next_ns = now_ns,
        };

        hb_announce_stop(announce, &addresses[i].addr);
        if (link == NULL || !link->ethernet)
            continue;
        memcpy(record.mac, link->mac, sizeof record.mac);
        g_array_append_val(announce->records, record);
    }
    tick(announce, now_ns);
}

void hb_announce_stop(struct hb_announce *announce, const struct ha_addr *addr)
{
    for (guint i = 0; i < announce->records->len; i++) {
        if (ha_addr_equal(&record_at(announce, i)->addr, addr)) {
            g_array_remove_index_fast(announce->records, i);
            return;
        }
    }
}

size_t hb_announce_count(const struct hb_announce *announce)
{
    return announce->records->len;
}

uint64_t hb_announce_sent(const struct hb_announce *announce)
{
    return announce->sent;
}
