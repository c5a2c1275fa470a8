/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we sent: a ring indexed by sequence number.
 */
#include "heartbeatd/core/history.h"

#include <string.h>

#include "common/base/time.h"

void hb_history_init(struct hb_history *history)
{
    memset(history, 0, sizeof *history);
}

void hb_history_clear(struct hb_history *history)
{
    for (size_t i = 0; i < HB_HISTORY_MAX; i++)
        hb_msg_unref(history->ring[i].msg);
    hb_history_init(history);
}

void hb_history_put(struct hb_history *history, uint64_t number, uint64_t now_ns,
                    struct hb_msg *msg)
{
    struct hb_sent *sent = &history->ring[number % HB_HISTORY_MAX];

    hb_msg_unref(sent->msg);
    *sent = (struct hb_sent){.number = number, .sent_ns = now_ns, .msg = hb_msg_ref(msg)};
    history->newest = number;
}

bool hb_history_sent(const struct hb_history *history, uint64_t number, uint64_t *sent_ns)
{
    const struct hb_sent *sent = &history->ring[number % HB_HISTORY_MAX];

    *sent_ns = sent->sent_ns;
    return number > 0 && sent->number == number;
}

enum hb_resend hb_history_ask(struct hb_history *history, uint64_t number, uint64_t now_ns,
                              uint64_t quiet_ns, struct hb_msg **msg)
{
    struct hb_sent *sent = &history->ring[number % HB_HISTORY_MAX];

    if (number > history->newest)
        return HB_RESEND_NOT_YET;
    if (history->newest - number >= HB_HISTORY_MAX)
        return HB_RESEND_TOO_LOW;
    if (sent->msg == NULL || sent->number != number)
        return HB_RESEND_NOT_FOUND;
    if (sent->resent_ns > 0 && now_ns < ha_after_ns(sent->resent_ns, quiet_ns))
        return HB_RESEND_SOON_DONE;
    sent->resent_ns = now_ns;
    *msg = sent->msg;
    return HB_RESEND_NOW;
}
