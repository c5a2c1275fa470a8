/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What media.c and the kinds of media share. A kind is a file and one struct of
 * operations; media.c keeps the lines, counts, logs and tries again.
 */
#ifndef HB_MEDIA_MEDIUM_H
#define HB_MEDIA_MEDIUM_H

#include <stdbool.h>

#include "common/run/log.h"
#include "heartbeatd/core/msg.h"
#include "heartbeatd/media/media.h"

/* Datagrams taken per socket and wake-up; the rest come with the next one. */
#define HB_RECEIVE_BURST 64

struct hb_link {
    const char *name; /* of the config */
    struct hb_media_counts counts;
};

/* One media line of ha.cf. */
struct hb_line {
    struct hb_media *media;
    const struct hb_medium_ops *ops;
    const struct hb_medium *medium; /* of the config */
    struct hb_link *link;
    struct ha_addr to; /* found at the first opening */
    bool open;
    bool home; /* it leads to ourselves: nothing is sent on it */
    bool failing; /* the last thing tried on it failed, and the log says so */
    struct ha_log_limit limit;
    void *inside; /* the kind's own, while open */
};

struct hb_medium_ops {
    /* 0, or negative errno and *why: what is wrong and what to do, without medium and line. */
    int (*open)(struct hb_line *line, char **why);
    /* 0 or negative errno. Never waits. */
    int (*send)(struct hb_line *line, const void *bytes, size_t length);
    /* What it was opened on is no longer what the system has: open it anew. */
    bool (*stale)(const struct hb_line *line);
    void (*close)(struct hb_line *line);
};

extern const struct hb_medium_ops hb_udp_ops, hb_icmp_ops, hb_serial_ops;

/* ---- for the kinds ---- */
struct ha_loop *hb_media_loop(struct hb_media *media);
/* What kinds of UDP share: receiving sockets, of struct udp_port *. */
GPtrArray *hb_media_ports(struct hb_media *media);
void hb_media_received(struct hb_media *media, struct hb_link *link, const void *bytes,
                       size_t length);
/* Of an interface; 0 for none of that name, and false for none or without such an address. The
 * address is its first one of IPv4. */
unsigned hb_media_interface(const struct hb_media *media, const char *name);
bool hb_media_broadcast(const struct hb_media *media, const char *name, struct ha_addr *out);
bool hb_media_address(const struct hb_media *media, const char *name, struct ha_addr *out);
/* A line has become stale: it is looked at at once, but that not too often. */
void hb_media_look_soon(struct hb_media *media);
/* Resolves the name of an IPv4 host: only at the start, because it waits. */
int hb_media_resolve(const char *name, struct ha_addr *out, char **why);
/* Rooms of that size each, one after the other, for a datagram each. */
enum { HB_ROOMS = 4, HB_ROOM_SIZE = HB_MSG_BYTES_MAX + 1 };
uint8_t *hb_media_rooms(struct hb_media *media);

#endif
