/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Framing of the interface for programs. Both ends are on this machine and known
 * to the kernel, so nothing is signed; everything is bounded all the same.
 */
#include "heartbeatd/api/frame.h"

#include <string.h>

#include "heartbeatd/core/fields.h"

#define MARK 0xabcdU

enum hb_frame hb_frame_find(const uint8_t *bytes, size_t available, const uint8_t **body,
                            size_t *length)
{
    uint32_t head[2];

    if (available < HB_FRAME_HEAD)
        return HB_FRAME_PART;
    memcpy(head, bytes, sizeof head);
    if (head[1] != MARK || head[0] == 0 || head[0] > HB_FRAME_MAX)
        return HB_FRAME_BAD;
    if (available - HB_FRAME_HEAD < head[0])
        return HB_FRAME_PART;
    *body = bytes + HB_FRAME_HEAD;
    *length = head[0];
    return HB_FRAME_WHOLE;
}

/* Between the markers, or false. */
static bool strip(struct hb_span *span, const char *begin, const char *end)
{
    if (span->length < 2 * HB_MARK || !hb_span_starts(span, begin) ||
        memcmp(span->at + span->length - HB_MARK, end, HB_MARK) != 0)
        return false;
    span->at += HB_MARK;
    span->length -= 2 * HB_MARK;
    return true;
}

struct hb_msg *hb_frame_open(const uint8_t *body, size_t length)
{
    struct hb_span span = {body, length};
    struct hb_msg *msg = hb_msg_new();
    bool good;

    if (length > 0 && body[length - 1] == '\0')
        span.length--;
    if (strip(&span, hb_old_begin, hb_old_end))
        good = hb_fields_read_old(span, msg);
    else
        good = strip(&span, hb_net_begin, hb_net_end) && hb_fields_read_net(span, msg);
    if (!good)
        g_clear_pointer(&msg, hb_msg_unref);
    return msg;
}

static bool append_old(GByteArray *out, const struct hb_msg *msg)
{
    hb_fields_append(out, hb_old_begin, HB_MARK);
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        if (!hb_field_write_old(out, hb_msg_at(msg, i)))
            return false;
    }
    hb_fields_append(out, hb_old_end, HB_MARK + 1); /* with its NUL */
    return true;
}

static void append_net(GByteArray *out, const struct hb_msg *msg)
{
    hb_fields_append(out, hb_net_begin, HB_MARK);
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        hb_field_write_net(out, field->type, field->name, field->value, field->length);
    }
    hb_fields_append(out, hb_net_end, HB_MARK + 1);
}

void hb_frame_append(GByteArray *out, const struct hb_msg *msg)
{
    guint from = out->len;
    uint32_t head[2] = {0, MARK};

    hb_fields_append(out, head, sizeof head);
    if (!append_old(out, msg)) {
        g_byte_array_set_size(out, from + HB_FRAME_HEAD);
        append_net(out, msg);
    }
    head[0] = out->len - from - HB_FRAME_HEAD;
    memcpy(out->data + from, head, sizeof head);
}
