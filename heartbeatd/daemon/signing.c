/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows a 3.0.6 node's choice of a key. Only beats count that the core took
 * for news, so that a recording from before a change moves nothing; and only a
 * key of the same number and text as our own.
 */
#include "heartbeatd/daemon/signing.h"

#include <string.h>

#include "common/base/time.h"
#include "common/run/clock.h"

/* A 3.0.6 node that has said nothing for so many dead times is not waited for any more. */
#define GONE_DEADTIMES 3

static void choose(struct hb_daemon *daemon)
{
    struct hb_signing *signing = &daemon->signing;
    struct ak_keys *keys = &daemon->setup.keys;
    uint64_t gone_ns = ha_ms_to_ns(GONE_DEADTIMES * daemon->setup.config->deadtime_ms);
    bool follow = signing->heard_ns > 0 && signing->heard_ns + gone_ns > ha_clock_ns() &&
                  keys->keys[signing->theirs].method != AK_NONE;
    int key = follow ? signing->theirs : signing->ours;

    if (key == keys->sending) {
        return;
    }
    keys->sending = key;
    if (follow && key != signing->ours) {
        ha_log(HA_LOG_NOTICE, "signing with key %d, as a node with Heartbeat 3.0.6 does, and not "
                              "with key %d: it checks with the key it signs with",
               key, signing->ours);
    } else {
        ha_log(HA_LOG_NOTICE, "signing with key %d", key);
    }
}

void hb_signing_renew(struct hb_daemon *daemon)
{
    daemon->signing.ours = daemon->setup.keys.sending;
    choose(daemon);
}

/* With our key of that number, and not only with the text that we sign with. */
static bool is_ours(struct hb_daemon *daemon, int key, const void *bytes, size_t length)
{
    int sending = daemon->setup.keys.sending;
    struct hb_msg *msg = NULL;
    bool good;

    daemon->setup.keys.sending = key;
    good = hb_wire_open(&daemon->setup.keys, bytes, length, &msg) == HB_ACCEPTED;
    daemon->setup.keys.sending = sending;
    if (good) {
        hb_msg_unref(msg);
    }
    return good;
}

void hb_signing_heard(struct hb_daemon *daemon, const struct hb_msg *msg, const void *bytes,
                      size_t length)
{
    const char *type = hb_msg_text(msg, "t"), *node = hb_msg_text(msg, "src");
    int key;

    if (!type || strcmp(type, "status") != 0 || !node || strcmp(node, daemon->setup.node) == 0) {
        return;
    }
    if (!hb_msg_text(msg, "hearth")) {
        key = hb_wire_key(bytes, length);
        if (key < 0 || (key != daemon->setup.keys.sending && !is_ours(daemon, key, bytes, length))) {
            return;
        }
        daemon->signing.theirs = key;
        daemon->signing.heard_ns = ha_clock_ns();
    }
    choose(daemon);
}
