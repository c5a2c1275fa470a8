/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes on the wire: both framings of Heartbeat in, netstring out
 * (doc/protocol.md). The digest covers raw bytes and is checked before one
 * field is looked at; what fails has a name and costs a counter.
 */
#ifndef HB_CORE_WIRE_H
#define HB_CORE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "authkeys/authkeys.h"
#include "heartbeatd/core/compress.h"
#include "heartbeatd/core/msg.h"

enum hb_refusal {
    HB_ACCEPTED,
    HB_REFUSED_NOT_OURS,    /* neither framing's first four bytes */
    HB_REFUSED_TOO_LONG,
    HB_REFUSED_TRUNCATED,   /* framing never ends */
    HB_REFUSED_NO_DIGEST,
    HB_REFUSED_BAD_DIGEST_LINE,
    HB_REFUSED_UNKNOWN_KEY, /* no such index in authkeys */
    HB_REFUSED_WRONG_DIGEST,
    HB_REFUSED_BAD_FIELD,   /* authenticated, but not a message */
    HB_REFUSED_BAD_HEADER,  /* no t, src, ts, or a bad seq */
    HB_REFUSED_COMPRESSED,  /* authenticated, but what it holds cannot be unpacked */
    HB_REFUSAL_COUNT
};
const char *hb_refusal_name(enum hb_refusal refusal); /* short code, e.g. "wrong-digest" */
const char *hb_refusal_text(enum hb_refusal refusal); /* a sentence */

/* Authenticate, then parse. The key is the one of the message's index; then the
 * text of our sending key with the index's method, as Heartbeat 3.0.6 has it.
 * What is compressed is read once that has happened, up to HB_MSG_BYTES_MAX bytes of it; the
 * message is then the one inside. *out is a new message only when HB_ACCEPTED. */
enum hb_refusal hb_wire_open(const struct ak_keys *keys, const void *bytes, size_t length,
                             struct hb_msg **out);

/* The number of the key that a datagram in netstring form was signed with, as it says; -1: it does not.
 * To be asked of what hb_wire_open() accepted. */
int hb_wire_key(const void *bytes, size_t length);

/* Appends the netstring form with its trailer to out. inner_auth: also the
 * `auth` field (msgfmt classic); an auth field msg already has is replaced.
 * 0, -EMSGSIZE beyond one datagram, -ENOKEY without a sending key, -EPROTO for
 * an inner digest over a nested message, which nobody sends. On an error out is
 * as it was. */
int hb_wire_seal(const struct ak_keys *keys, const struct hb_msg *msg, bool inner_auth,
                 GByteArray *out);

/* The classic string form with its final NUL, without authentication beyond the inner field, as
 * old peers send it (tests, FIFO). */
int hb_wire_seal_classic(const struct ak_keys *keys, const struct hb_msg *msg, GByteArray *out);

/* The whole message compressed inside another one, as Heartbeat sends long ones. Errors as above,
 * and -ENOMEM. */
int hb_wire_seal_packed(const struct ak_keys *keys, const struct hb_msg *msg,
                        enum hb_compression method, GByteArray *out);

#endif
