/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of wire.c: pieces of a datagram, and the fields of a message in
 * both forms (doc/protocol.md, chapter 1).
 */
#ifndef HB_CORE_FIELDS_H
#define HB_CORE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heartbeatd/core/msg.h"

#define HB_MARK 4 /* bytes in a marker */
extern const char hb_net_begin[HB_MARK + 1], hb_net_end[HB_MARK + 1];
extern const char hb_old_begin[HB_MARK + 1], hb_old_end[HB_MARK + 1];

struct hb_span {
    const uint8_t *at;
    size_t length;
};

/* Each takes from the front of the span, or returns false and leaves it alone. */
bool hb_span_byte(struct hb_span *span, uint8_t byte);
/* Decimal without padding, at most digits_max digits. */
bool hb_span_number(struct hb_span *span, unsigned digits_max, size_t *out);
/* len ":" body ",". *cut: what is there is right as far as it goes. */
bool hb_span_netstring(struct hb_span *span, struct hb_span *body, bool *cut);
/* Takes nothing. */
bool hb_span_starts(const struct hb_span *span, const char mark[HB_MARK + 1]);

/* All of fields, which lie between the markers, into msg. */
bool hb_fields_read_net(struct hb_span fields, struct hb_msg *msg);
bool hb_fields_read_old(struct hb_span fields, struct hb_msg *msg);

void hb_fields_append(GByteArray *out, const void *bytes, size_t length);
/* As a netstring. */
void hb_net_append(GByteArray *out, const void *bytes, size_t length);
void hb_field_write_net(GByteArray *out, enum hb_field_type type, const char *name,
                        const void *value, size_t length);
/* False for a nested message, which this form could not carry as bytes. */
bool hb_field_write_old(GByteArray *out, const struct hb_field *field);

#endif
