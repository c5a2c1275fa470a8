/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The netstring form for datagrams, the classic one for serial lines, which is
 * what Heartbeat reads there. What is handed on from one serial line to another
 * has one hop less and so a new digest, by our own key.
 */
#include "heartbeatd/daemon/post.h"

#include <errno.h>
#include <string.h>

#include "heartbeatd/core/ring.h"
#include "heartbeatd/daemon/guard.h"

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

static void tell_failed(const struct hb_msg *msg, const char *where, int error)
{
    const char *type = hb_msg_text(msg, "t");

    ha_log(HA_LOG_ERROR, "cannot send a message of type %s%s: %s", type ? type : "?", where,
           strerror(error));
}

/* ---- serial lines ---- */

static void send_text(struct hb_daemon *daemon, const struct hb_msg *msg, const char *but)
{
    GByteArray *text = daemon->datagram;
    int status;

    g_byte_array_set_size(text, 0);
    status = hb_wire_seal_classic(&daemon->setup.keys, msg, text);
    if (status < 0) {
        tell_failed(msg, " on serial lines", -status);
        return;
    }
    hb_media_send_text(daemon->media, but, text->data, text->len - 1); /* without its NUL */
}

void hb_post_forward(struct hb_daemon *daemon, const struct hb_msg *msg, const char *link)
{
    bool from_ring = false;
    struct hb_msg *copy;

    if (serial_lines(daemon, link, &from_ring) < 2 || !from_ring) {
        return;
    }
    copy = hb_ring_copy(msg, daemon->setup.node);
    if (copy) {
        send_text(daemon, copy, link);
        hb_msg_unref(copy);
    }
}

/* ---- datagrams ---- */

/* Nobody who hears a datagram looks at the digest inside. A 3.0.6 node gets it all the same, as ever. */
static bool inner_wanted(const struct hb_daemon *daemon)
{
    return !daemon->setup.config->msgfmt_netstring &&
           (daemon->core == NULL || !hb_core_all_hearth(daemon->core));
}

/* Into daemon->datagram. A message that is too long as it is may fit when it is compressed. */
static int seal(struct hb_daemon *daemon, const struct hb_msg *msg)
{
    const struct hb_config *config = daemon->setup.config;
    GByteArray *plain = daemon->datagram, *packed;
    int status;

    g_byte_array_set_size(plain, 0);
    status = hb_wire_seal(&daemon->setup.keys, msg, inner_wanted(daemon), plain);
    if (status != -EMSGSIZE && (status < 0 || !config->traditional_compression ||
                                plain->len <= config->compression_threshold)) {
        return status;
    }
    packed = g_byte_array_new();
    if (hb_wire_seal_packed(&daemon->setup.keys, msg, config->compression, packed) == 0 &&
        (status < 0 || packed->len < plain->len)) {
        g_byte_array_set_size(plain, 0);
        g_byte_array_append(plain, packed->data, packed->len);
        status = 0;
    }
    g_byte_array_unref(packed);
    return status;
}

void hb_post_send(struct hb_daemon *daemon, const struct hb_msg *msg, const char *link)
{
    int status;

    if (!daemon->media) {
        return; /* being opened anew */
    }
    status = seal(daemon, msg);
    if (status < 0) {
        tell_failed(msg, "", -status);
        return;
    }
    if (link) {
        hb_media_ping(daemon->media, link, daemon->datagram->data, daemon->datagram->len);
        return;
    }
    hb_media_send(daemon->media, daemon->datagram->data, daemon->datagram->len);
    if (serial_lines(daemon, NULL, NULL) > 0) {
        send_text(daemon, msg, NULL);
    }
    hb_guard_sent(daemon, msg);
}
