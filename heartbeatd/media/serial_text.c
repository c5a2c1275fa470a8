/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Line by line. A message that never ends is forgotten when the next begins, or
 * when it is longer than any may be; so is a line that begins none.
 */
#include "heartbeatd/media/serial_text.h"

#include <string.h>

#include "heartbeatd/core/msg.h"

#define BEGIN ">>>\n"
#define END   "<<<\n"
#define MARK  4

void hb_serial_text_init(struct hb_serial_text *text)
{
    *text = (struct hb_serial_text){.kept = g_byte_array_new()};
}

void hb_serial_text_clear(struct hb_serial_text *text)
{
    g_byte_array_free(text->kept, TRUE);
    text->kept = NULL;
}

static void forget(struct hb_serial_text *text)
{
    g_byte_array_set_size(text->kept, 0);
    text->line = 0;
    text->inside = false;
}

static bool line_is(const struct hb_serial_text *text, const char *mark)
{
    return text->kept->len - text->line == MARK &&
           memcmp(text->kept->data + text->line, mark, MARK) == 0;
}

/* kept ends with a whole line. */
static void take_line(struct hb_serial_text *text, hb_serial_text_fn fn, void *ctx)
{
    if (line_is(text, BEGIN)) {
        forget(text);
        g_byte_array_append(text->kept, (const guint8 *)BEGIN, MARK);
        text->inside = true;
    } else if (text->inside && line_is(text, END)) {
        fn(ctx, text->kept->data, text->kept->len);
        forget(text);
    } else if (!text->inside) {
        forget(text);
    }
    text->line = text->kept->len;
}

void hb_serial_text_feed(struct hb_serial_text *text, const void *bytes, size_t length,
                         hb_serial_text_fn fn, void *ctx)
{
    for (const guint8 *at = bytes, *end = at + length; at < end; at++) {
        if (*at == '\r' || *at == '\0') /* from lines that are not raw; after a message */
            continue;
        g_byte_array_append(text->kept, at, 1);
        if (*at == '\n')
            take_line(text, fn, ctx);
        else if (text->kept->len >= (text->inside ? HB_MSG_BYTES_MAX : MARK))
            forget(text);
    }
}
