/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages out of a stream of bytes: on a serial line they come in the classic
 * form, from a line ">>>" to a line "<<<", with whatever noise between them.
 * Looks at these two lines and nothing else; bounded by the size of a message.
 */
#ifndef HB_MEDIA_SERIAL_TEXT_H
#define HB_MEDIA_SERIAL_TEXT_H

#include <glib.h>
#include <stdbool.h>

struct hb_serial_text {
    GByteArray *kept; /* from the beginning of a message, or of a line that may begin one */
    gsize line;       /* where the last line in it begins */
    bool inside;      /* kept begins with ">>>" */
};

typedef void (*hb_serial_text_fn)(void *ctx, const void *bytes, size_t length);

void hb_serial_text_init(struct hb_serial_text *text);
void hb_serial_text_clear(struct hb_serial_text *text);
/* Each message that is whole now is handed to fn, markers included. fn must leave text alone. */
void hb_serial_text_feed(struct hb_serial_text *text, const void *bytes, size_t length,
                         hb_serial_text_fn fn, void *ctx);

#endif
