/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seals in the classic form, which is what Heartbeat reads from a serial line.
 * What is handed on has one hop less and so a new digest, by our own key.
 */
#include "heartbeatd/ring.h"

#include <errno.h>
#include <string.h>

#include "heartbeatd/core/ring.h"

static unsigned serial_lines(const struct hb_daemon *daemon, const char *link, bool *is_one)
{
    const GPtrArray *media = daemon->setup.config->media;
    unsigned count = 0;

    for (guint i = 0; i < media->len; i++) {
        const struct hb_medium *medium = media->pdata[i];

        if (medium->kind != HB_SERIAL) {
            continue;
        }
        count++;
        if (link && !strcmp(medium->interface, link)) {
            *is_one = true;
        }
    }
    return count;
}

static void seal_and_send(struct hb_daemon *daemon, const struct hb_msg *msg, const char *but)
{
    GByteArray *text = daemon->datagram;
    int status;

    g_byte_array_set_size(text, 0);
    status = hb_wire_seal_classic(&daemon->setup.keys, msg, text);
    if (status < 0) {
        const char *type = hb_msg_text(msg, "t");

        ha_log(HA_LOG_ERROR, "cannot send a message of type %s on serial lines: %s",
               type ? type : "?", strerror(-status));
        return;
    }
    hb_media_send_text(daemon->media, but, text->data, text->len - 1); /* without its NUL */
}

void hb_ring_send(struct hb_daemon *daemon, const struct hb_msg *msg)
{
    if (serial_lines(daemon, NULL, NULL) > 0) {
        seal_and_send(daemon, msg, NULL);
    }
}

void hb_ring_forward(struct hb_daemon *daemon, const struct hb_msg *msg, const char *link)
{
    bool from_ring = false;
    struct hb_msg *copy;

    if (serial_lines(daemon, link, &from_ring) < 2 || !from_ring) {
        return;
    }
    copy = hb_ring_copy(msg, daemon->setup.node);
    if (copy) {
        seal_and_send(daemon, copy, link);
        hb_msg_unref(copy);
    }
}
