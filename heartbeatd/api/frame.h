/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages on the stream between the daemon and its clients (doc/protocol.md,
 * "The interface for programs"): a head of two 32-bit numbers in the machine's
 * order, the length of what follows and a mark, then a message in either form,
 * with a NUL behind it that the length counts. Pure.
 */
#ifndef HB_API_FRAME_H
#define HB_API_FRAME_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heartbeatd/core/msg.h"

#define HB_FRAME_HEAD 8
/* The longest message accepted, its NUL included. */
#define HB_FRAME_MAX (HB_MSG_BYTES_MAX + 1)

enum hb_frame { HB_FRAME_PART, HB_FRAME_WHOLE, HB_FRAME_BAD };

/* What the bytes begin with; WHOLE: *body of *length bytes, head + *length are used up. BAD is for
 * good: nothing that follows can be trusted. */
enum hb_frame hb_frame_find(const uint8_t *bytes, size_t available, const uint8_t **body,
                            size_t *length);
/* NULL if it is no message. */
struct hb_msg *hb_frame_open(const uint8_t *body, size_t length);
/* Appends head and message, in string form where that can carry it. */
void hb_frame_append(GByteArray *out, const struct hb_msg *msg);

#endif
