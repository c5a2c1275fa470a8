/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last 500 numbered messages we sent, for those who missed one. The newest
 * pushes the oldest out; nothing waits for an acknowledgement.
 */
#ifndef HB_CORE_HISTORY_H
#define HB_CORE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "heartbeatd/core/msg.h"

#define HB_HISTORY_MAX 500

struct hb_sent {
    uint64_t number; /* 0: empty */
    uint64_t sent_ns, resent_ns;
    struct hb_msg *msg;
};

struct hb_history {
    struct hb_sent ring[HB_HISTORY_MAX];
    uint64_t newest;
};

enum hb_resend {
    HB_RESEND_NOW,       /* *msg is to be sent again; stays the history's */
    HB_RESEND_SOON_DONE, /* was resent a moment ago */
    HB_RESEND_TOO_LOW,   /* "seqno too low" */
    HB_RESEND_NOT_FOUND, /* "seqno not found" */
    HB_RESEND_NOT_YET,   /* never sent */
    HB_RESEND_COUNT
};

void hb_history_init(struct hb_history *history);
void hb_history_clear(struct hb_history *history);
/* Keeps a reference. Numbers grow. */
void hb_history_put(struct hb_history *history, uint64_t number, uint64_t now_ns,
                    struct hb_msg *msg);
/* When number was sent first; false when that is too long ago to know. */
bool hb_history_sent(const struct hb_history *history, uint64_t number, uint64_t *sent_ns);
/* quiet_ns: a message resent less than that ago is not resent. */
enum hb_resend hb_history_ask(struct hb_history *history, uint64_t number, uint64_t now_ns,
                              uint64_t quiet_ns, struct hb_msg **msg);

#endif
