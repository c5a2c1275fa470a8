/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All media of one configuration. At the start every line must open, or none
 * does and every fault is told; but while one way to the others is open, an
 * interface that is not there yet is only a warning. Later a line may fail: its
 * interface goes down, away, comes back as another one, gets another broadcast
 * address. That is counted, logged when it begins and when it ends, and mended
 * when the kernel says that something has changed, or from a timer; it never
 * stops the other lines.
 */
#include "heartbeatd/media/media.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/media/follow.h"
#include "heartbeatd/media/medium.h"

/* How often a sound line's interface is looked at should notices be missed, how often a failed line
 * is tried, and the least time between two looks however many notices come. */
#define LOOK_NS   (60 * HA_NS_PER_S)
#define RETRY_NS  (1 * HA_NS_PER_S)
#define NOTICE_NS (100 * HA_NS_PER_MS)
/* Messages per line and minute. */
#define LOG_BURST 10

struct hb_media {
    struct ha_loop *loop;
    const struct hb_media_calls *calls;
    void *ctx;
    GPtrArray *links; /* of struct hb_link * */
    GPtrArray *lines; /* of struct hb_line * */
    GPtrArray *ports;
    struct ha_timer look;
    struct ha_timer looped; /* something was sent on a line to ourselves */
    uint64_t looked_ns;
    struct hb_follow *follow; /* NULL: none to be had */
    int fd;                   /* for questions about interfaces, of the namespace at the opening */
    uint8_t rooms[HB_ROOMS * HB_ROOM_SIZE];
};

struct ha_loop *hb_media_loop(struct hb_media *media)
{
    return media->loop;
}

GPtrArray *hb_media_ports(struct hb_media *media)
{
    return media->ports;
}

uint8_t *hb_media_rooms(struct hb_media *media)
{
    return media->rooms;
}

void hb_media_received(struct hb_media *media, struct hb_link *link, const void *bytes,
                       size_t length)
{
    link->counts.received++;
    media->calls->received(media->ctx, link->name, bytes, length);
}

/* ---- interfaces ---- */

static bool ask(const struct hb_media *media, const char *name, unsigned long question,
                struct ifreq *request)
{
    *request = (struct ifreq){0};
    g_strlcpy(request->ifr_name, name, sizeof(request->ifr_name));
    return ioctl(media->fd, question, request) == 0;
}

unsigned hb_media_interface(const struct hb_media *media, const char *name)
{
    struct ifreq request;

    return ask(media, name, SIOCGIFINDEX, &request) ? (unsigned)request.ifr_ifindex : 0;
}

bool hb_media_broadcast(const struct hb_media *media, const char *name, struct ha_addr *out)
{
    struct ifreq request;

    *out = (struct ha_addr){0};
    return ask(media, name, SIOCGIFFLAGS, &request) && (request.ifr_flags & IFF_BROADCAST) &&
           ask(media, name, SIOCGIFBRDADDR, &request) &&
           ha_addr_from_sockaddr(out, NULL, &request.ifr_broadaddr) &&
           out->v4.s_addr != INADDR_ANY;
}

/* Not one that is down: it has no way to itself. */
bool hb_media_address(const struct hb_media *media, const char *name, struct ha_addr *out)
{
    struct ifreq request;

    *out = (struct ha_addr){0};
    return ask(media, name, SIOCGIFFLAGS, &request) && (request.ifr_flags & IFF_UP) &&
           ask(media, name, SIOCGIFADDR, &request) &&
           ha_addr_from_sockaddr(out, NULL, &request.ifr_addr);
}

static const char *kind_name(enum hb_medium_kind kind)
{
    static const char *const names[HB_MEDIUM_KIND_COUNT] = {
        [HB_UCAST] = "ucast", [HB_BCAST] = "bcast", [HB_MCAST] = "mcast", [HB_PING] = "ping",
        [HB_SERIAL] = "serial"};

    return names[kind];
}

/* "ucast eth1 192.168.0.2", as in ha.cf. */
static char *line_text(const struct hb_medium *medium)
{
    const char *six = medium->to.family == AF_INET6 ? "6" : "";
    char group[HA_ADDR_TEXT];

    switch (medium->kind) {
    case HB_UCAST:
        return g_strdup_printf("ucast%s %s %s", six, medium->interface, medium->peer);
    case HB_MCAST:
        return g_strdup_printf("mcast%s %s %s", six, medium->interface,
                               ha_addr_text(&medium->to, group));
    case HB_PING:
        return g_strdup_printf("%s %s", medium->group ? "ping_group" : "ping", medium->interface);
    default:
        return g_strdup_printf("%s %s", kind_name(medium->kind), medium->interface);
    }
}

static struct hb_link *link_find(const struct hb_media *media, const char *name)
{
    for (guint i = 0; i < media->links->len; i++) {
        struct hb_link *link = media->links->pdata[i];

        if (!strcmp(link->name, name)) {
            return link;
        }
    }
    return NULL;
}

/* ---- failing and recovering ---- */

static void log_transition(struct hb_line *line, bool failing, const char *why)
{
    unsigned dropped;
    char *text;

    if (line->failing == failing) {
        return;
    }
    line->failing = failing;
    if (!ha_log_allowed(&line->limit, ha_clock_ns(), LOG_BURST, &dropped)) {
        return;
    }
    text = line_text(line->medium);
    if (failing) {
        ha_log(HA_LOG_ERROR, "%s: %s", text, why);
    } else {
        ha_log(HA_LOG_NOTICE, "%s: works again", text);
    }
    g_free(text);
}

static void try_to_open(struct hb_line *line)
{
    char *why = NULL;

    if (line->ops->open(line, &why) == 0) {
        line->open = true;
        /* "works again" is said by the first datagram that leaves. */
    } else {
        log_transition(line, true, why);
    }
    g_free(why);
}

static void interfaces_changed(void *ctx)
{
    hb_media_look_soon(ctx);
}

/* 0, or negative errno; then at the next look again. */
static int follow(struct hb_media *media)
{
    return media->follow != NULL
               ? 0
               : hb_follow_open(&media->follow, media->loop, interfaces_changed, media);
}

static void look_at_lines(void *ctx, uint64_t now_ns)
{
    struct hb_media *media = ctx;
    bool any_failing = follow(media) < 0;

    media->looked_ns = now_ns;
    /* First close all that is stale: lines of one interface share sockets. */
    for (guint i = 0; i < media->lines->len; i++) {
        struct hb_line *line = media->lines->pdata[i];

        if (line->open && line->ops->stale(line)) {
            line->ops->close(line);
            line->open = false;
        }
    }
    for (guint i = 0; i < media->lines->len; i++) {
        struct hb_line *line = media->lines->pdata[i];

        if (!line->open) {
            try_to_open(line);
        }
        any_failing = any_failing || line->failing || !line->open;
    }
    ha_timer_set(media->loop, &media->look, now_ns + (any_failing ? RETRY_NS : LOOK_NS),
                 look_at_lines, media);
}

void hb_media_look_soon(struct hb_media *media)
{
    ha_timer_set(media->loop, &media->look, MAX(ha_clock_ns(), media->looked_ns + NOTICE_NS),
                 look_at_lines, media);
}

/* Not at once: who sends is in the middle of something. */
static void tell_looped(void *ctx, uint64_t now_ns)
{
    struct hb_media *media = ctx;

    (void)now_ns;
    for (guint i = 0; i < media->lines->len; i++) {
        const struct hb_line *line = media->lines->pdata[i];

        if (line->open && line->home) {
            media->calls->looped(media->ctx, line->link->name);
        }
    }
}

static void send_on(struct hb_line *line, const void *bytes, size_t length)
{
    struct hb_media *media = line->media;
    int status;
    uint64_t soon_ns;

    if (line->open && line->home) {
        ha_timer_set(media->loop, &media->looped, ha_clock_ns(), tell_looped, media);
        return;
    }
    status = line->open ? line->ops->send(line, bytes, length) : -ENODEV;
    if (status == 0) {
        line->link->counts.sent++;
        log_transition(line, false, NULL);
        return;
    }
    line->link->counts.send_errors++;
    log_transition(line, true, strerror(-status));
    soon_ns = ha_clock_ns() + RETRY_NS;
    if (media->look.at_ns > soon_ns) {
        ha_timer_set(media->loop, &media->look, soon_ns, look_at_lines, media);
    }
}

void hb_media_send(struct hb_media *media, const void *bytes, size_t length)
{
    for (guint i = 0; i < media->lines->len; i++) {
        struct hb_line *line = media->lines->pdata[i];

        if (line->medium->kind != HB_PING && line->medium->kind != HB_SERIAL) {
            send_on(line, bytes, length);
        }
    }
}

void hb_media_send_text(struct hb_media *media, const char *but, const void *bytes, size_t length)
{
    for (guint i = 0; i < media->lines->len; i++) {
        struct hb_line *line = media->lines->pdata[i];

        if (line->medium->kind == HB_SERIAL && (!but || strcmp(line->link->name, but) != 0)) {
            send_on(line, bytes, length);
        }
    }
}

void hb_media_ping(struct hb_media *media, const char *link, const void *bytes, size_t length)
{
    for (guint i = 0; i < media->lines->len; i++) {
        struct hb_line *line = media->lines->pdata[i];

        if (line->medium->kind == HB_PING && !strcmp(line->link->name, link)) {
            send_on(line, bytes, length);
        }
    }
}

/* ---- opening and closing ---- */

static struct hb_line *line_new(struct hb_media *media, const struct hb_medium *medium)
{
    struct hb_line *line = g_new0(struct hb_line, 1);
    struct hb_link *link = link_find(media, medium->interface);

    if (!link) {
        link = g_new0(struct hb_link, 1);
        link->name = medium->interface;
        g_ptr_array_add(media->links, link);
    }
    line->media = media;
    line->ops = medium->kind == HB_PING     ? &hb_icmp_ops
                : medium->kind == HB_SERIAL ? &hb_serial_ops
                                            : &hb_udp_ops;
    line->medium = medium;
    line->link = link;
    g_ptr_array_add(media->lines, line);
    return line;
}

/* Opens the line; a fault is told. */
static int open_first(struct hb_line *line, GString *faults)
{
    char *fault = NULL, *text;
    int status = line->ops->open(line, &fault);

    line->open = status == 0;
    if (status < 0) {
        text = line_text(line->medium);
        g_string_append_printf(faults, "%sha.cf:%u: %s: %s", faults->len ? "\n" : "",
                               line->medium->line, text, fault);
        g_free(text);
        line->failing = true;
    }
    g_free(fault);
    return status;
}

/* 0 if all lines are open, or those that are not may still become so while others are. */
static int open_lines(struct hb_media *media, const struct hb_config *config, GString *faults)
{
    int status = 0, missing = 0;
    bool any = false;

    for (guint i = 0; i < config->media->len; i++) {
        struct hb_line *line = line_new(media, config->media->pdata[i]);
        int result = open_first(line, faults);

        any = any || (line->open && line->medium->kind != HB_PING);
        if (result == -ENODEV || result == -EADDRNOTAVAIL) {
            missing = missing ? missing : result;
        } else if (result < 0) {
            status = status ? status : result;
        }
    }
    return status < 0 || any ? status : missing;
}

int hb_media_open(struct hb_media **out, struct ha_loop *loop, const struct hb_config *config,
                  const struct hb_media_calls *calls, void *ctx, char **why)
{
    struct hb_media *media = g_new0(struct hb_media, 1);
    GString *faults = g_string_new(NULL);
    int status;

    media->loop = loop;
    media->calls = calls;
    media->ctx = ctx;
    media->links = g_ptr_array_new_with_free_func(g_free);
    media->lines = g_ptr_array_new_with_free_func(g_free);
    media->ports = g_ptr_array_new();
    media->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    status = media->fd < 0 ? -errno : 0;
    if (status < 0) {
        g_string_append_printf(faults, "cannot have a socket to look at interfaces with: %s",
                               strerror(-status));
    } else {
        status = open_lines(media, config, faults);
    }
    *why = g_string_free(faults, faults->len == 0);
    if (status < 0) {
        hb_media_close(media);
        return status;
    }
    status = follow(media);
    if (status < 0) {
        ha_log(HA_LOG_WARNING, "the kernel tells nothing of interfaces, until it does changes are "
               "noticed late: %s", strerror(-status));
    }
    ha_timer_set(loop, &media->look, ha_clock_ns() + (*why || status < 0 ? RETRY_NS : LOOK_NS),
                 look_at_lines, media);
    *out = media;
    return 0;
}

void hb_media_close(struct hb_media *media)
{
    if (!media) {
        return;
    }
    ha_timer_cancel(media->loop, &media->look);
    ha_timer_cancel(media->loop, &media->looped);
    hb_follow_close(media->follow);
    for (guint i = 0; i < media->lines->len; i++) {
        struct hb_line *line = media->lines->pdata[i];

        if (line->open) {
            line->ops->close(line);
        }
    }
    if (media->fd >= 0) {
        close(media->fd);
    }
    g_ptr_array_free(media->ports, TRUE);
    g_ptr_array_free(media->lines, TRUE);
    g_ptr_array_free(media->links, TRUE);
    g_free(media);
}

bool hb_media_counts(const struct hb_media *media, const char *link, struct hb_media_counts *out)
{
    const struct hb_link *found = media ? link_find(media, link) : NULL;

    if (found) {
        *out = found->counts;
    }
    return found != NULL;
}
