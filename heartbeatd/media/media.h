/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media: how bytes travel. A medium opens sockets, hands received datagrams to
 * one function, sends datagrams, closes. It knows nothing of nodes, keys or
 * messages. ucast, bcast and mcast are three ways to address UDP (udp.c), ping
 * is echo requests (icmp.c), serial is a stream of text (serial.c); others (cpg)
 * will be a file and an ops struct each.
 */
#ifndef HB_MEDIA_MEDIA_H
#define HB_MEDIA_MEDIA_H

#include <stddef.h>

#include "common/conf/diag.h"
#include "common/run/loop.h"
#include "heartbeatd/core/config.h"

struct hb_media;

struct hb_media_calls {
    /* bytes are valid during the call, which must not close the media. */
    void (*received)(void *ctx, const char *link, const void *bytes, size_t length);
    /* What was sent would have come back by this link to us: a ucast line has our own address. It
     * comes from the loop, once for all that was sent since. */
    void (*looped)(void *ctx, const char *link);
};

struct hb_media_counts {
    uint64_t received, sent, send_errors;
};

/* Opens every medium of the config, or none: 0 or negative errno. A line whose
 * interface is missing, or has no broadcast address yet, does not count while
 * another line than a ping line is open: it is opened when the interface
 * appears. *why is NULL, or has for each line that is not open a sentence that
 * names the medium, its line and what to do, with newlines between them;
 * g_free() it. config and calls must outlive the media. May wait for names to be
 * resolved; nothing later does. */
int hb_media_open(struct hb_media **out, struct ha_loop *loop, const struct hb_config *config,
                  const struct hb_media_calls *calls, void *ctx, char **why);
void hb_media_close(struct hb_media *media);
/* The datagram goes out once on every medium but ping and serial lines, and ucast
 * lines to ourselves. A full or failing link is counted and logged on transition,
 * never waited for; an interface that went away and came back is used again at
 * once. */
void hb_media_send(struct hb_media *media, const void *bytes, size_t length);
/* The message in the classic form goes out once on every serial line but that of link `but` (NULL:
 * on all). Counts and logs as hb_media_send() does. */
void hb_media_send_text(struct hb_media *media, const char *but, const void *bytes, size_t length);
/* Puts the datagram into an echo request to each host of that ping line, and counts and logs as
 * hb_media_send() does. The first answer to it, if it is the same byte for byte and comes from a
 * host that was asked, is handed on as received on link. */
void hb_media_ping(struct hb_media *media, const char *link, const void *bytes, size_t length);
/* Counts of one link by name; false for no such link. */
bool hb_media_counts(const struct hb_media *media, const char *link, struct hb_media_counts *out);

/* What the media lines name and this machine does not have, a diagnostic each. Opens no port. May
 * wait for names to be resolved. */
void hb_media_verify(const struct hb_config *config, enum ha_severity severity,
                     struct ha_diags *diags);

/* Serial devices are opened by that, which answers with a descriptor or negative errno; NULL: as usual.
 * For a process that may not. */
void hb_media_open_serial_by(int (*open_device)(const char *device));

#endif
