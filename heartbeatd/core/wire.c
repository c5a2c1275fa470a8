/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagram to message and back (doc/protocol.md). Opening takes three steps
 * that never look ahead: find the digest from the end of the datagram, compare
 * it over the raw bytes, and only then walk the fields. Refuses everything it
 * could not write again, byte for byte; repairs nothing.
 */
#include "heartbeatd/core/wire.h"

#include <errno.h>
#include <string.h>

#include "common/base/decimal.h"
#include "common/base/name.h"
#include "heartbeatd/core/compress.h"
#include "heartbeatd/core/fields.h"

static const char auth_name[] = "auth";
static const char packed_name[] = "_compressed_payload";
static const char method_name[] = "_compression_algorithm";

static const struct ha_name codes[] = {
    {HB_ACCEPTED, "accepted"},
    {HB_REFUSED_NOT_OURS, "not-ours"},
    {HB_REFUSED_TOO_LONG, "too-long"},
    {HB_REFUSED_TRUNCATED, "truncated"},
    {HB_REFUSED_NO_DIGEST, "no-digest"},
    {HB_REFUSED_BAD_DIGEST_LINE, "bad-digest-line"},
    {HB_REFUSED_UNKNOWN_KEY, "unknown-key"},
    {HB_REFUSED_WRONG_DIGEST, "wrong-digest"},
    {HB_REFUSED_BAD_FIELD, "bad-field"},
    {HB_REFUSED_BAD_HEADER, "bad-header"},
    {HB_REFUSED_COMPRESSED, "compressed"},
    HA_NAME_END,
};

static const struct ha_name sentences[] = {
    {HB_ACCEPTED, "authenticated and read"},
    {HB_REFUSED_NOT_OURS, "the datagram is not a heartbeat message"},
    {HB_REFUSED_TOO_LONG, "the message is longer than a datagram can be"},
    {HB_REFUSED_TRUNCATED, "the message stops before its end"},
    {HB_REFUSED_NO_DIGEST, "the message carries no digest"},
    {HB_REFUSED_BAD_DIGEST_LINE, "the digest is not a key index and a digest"},
    {HB_REFUSED_UNKNOWN_KEY, "the digest was made with a key that our authkeys does not have"},
    {HB_REFUSED_WRONG_DIGEST, "the digest is wrong: another key, or the message was changed"},
    {HB_REFUSED_BAD_FIELD, "the digest is right, but a field is malformed"},
    {HB_REFUSED_BAD_HEADER, "the digest is right, but type, sender, time or number is missing"},
    {HB_REFUSED_COMPRESSED, "the digest is right, but what is compressed cannot be read"},
    HA_NAME_END,
};

const char *hb_refusal_name(enum hb_refusal refusal)
{
    return ha_name_of(codes, refusal);
}

const char *hb_refusal_text(enum hb_refusal refusal)
{
    return ha_name_of(sentences, refusal);
}

/* ---- digests ---- */

/* Where mark begins for the last time, or length if it does not. */
static size_t find_last(const struct hb_span *span, const char mark[HB_MARK + 1])
{
    for (size_t at = span->length; at >= HB_MARK; at--) {
        if (span->at[at - 1] == '\n' && memcmp(span->at + at - HB_MARK, mark, HB_MARK) == 0)
            return at - HB_MARK;
    }
    return span->length;
}

static bool matches(const struct ak_key *key, struct hb_span covered, struct hb_span digest)
{
    char computed[AK_DIGEST_TEXT];
    size_t length = ak_digest(key, covered.at, covered.length, computed);

    return length > 0 && ak_digest_equal(computed, length, (const char *)digest.at, digest.length);
}

/* line: keyindex SP digest. The index names the key. Heartbeat 3.0.6 takes only
 * the method from it and the text from its sending key, so that is tried too. */
static enum hb_refusal verify(const struct ak_keys *keys, struct hb_span covered,
                              struct hb_span line)
{
    size_t index = 0;
    struct ak_key mixed;

    if (!hb_span_number(&line, 5, &index) || !hb_span_byte(&line, ' ') || line.length == 0 ||
        line.length >= AK_DIGEST_TEXT)
        return HB_REFUSED_BAD_DIGEST_LINE;
    for (size_t i = 0; i < line.length; i++) {
        if (strchr("0123456789abcdef", line.at[i]) == NULL || line.at[i] == '\0')
            return HB_REFUSED_BAD_DIGEST_LINE;
    }
    if (index >= AK_KEYS_MAX || keys->keys[index].method == AK_NONE)
        return HB_REFUSED_UNKNOWN_KEY;
    if (matches(&keys->keys[index], covered, line))
        return HB_ACCEPTED;
    if (keys->sending < 0 || keys->sending >= AK_KEYS_MAX || (size_t)keys->sending == index)
        return HB_REFUSED_WRONG_DIGEST;
    mixed = keys->keys[keys->sending];
    if (mixed.text == NULL || keys->keys[index].text == NULL)
        return HB_REFUSED_WRONG_DIGEST;
    mixed.method = keys->keys[index].method;
    mixed.begun = NULL;
    return matches(&mixed, covered, line) ? HB_ACCEPTED : HB_REFUSED_WRONG_DIGEST;
}

static enum hb_refusal authenticate_net(const struct ak_keys *keys, struct hb_span all,
                                        struct hb_span *fields)
{
    size_t end = find_last(&all, hb_net_end);
    struct hb_span covered, trailer, line;
    bool cut;

    if (end == all.length)
        return HB_REFUSED_TRUNCATED;
    covered = (struct hb_span){all.at, end + HB_MARK};
    trailer = (struct hb_span){all.at + covered.length, all.length - covered.length};
    if (trailer.length == 0)
        return HB_REFUSED_NO_DIGEST;
    /* Bytes after the trailer are nobody's: not covered, not looked at. */
    if (!hb_span_netstring(&trailer, &line, &cut))
        return cut ? HB_REFUSED_TRUNCATED : HB_REFUSED_BAD_DIGEST_LINE;
    *fields = (struct hb_span){all.at + HB_MARK, end - HB_MARK};
    return verify(keys, covered, line);
}

int hb_wire_key(const void *bytes, size_t length)
{
    struct hb_span all = {bytes, length}, trailer, line;
    size_t end = find_last(&all, hb_net_end), index;
    bool cut;

    if (end == length)
        return -1;
    trailer = (struct hb_span){all.at + end + HB_MARK, length - end - HB_MARK};
    if (!hb_span_netstring(&trailer, &line, &cut) || !hb_span_number(&line, 5, &index) ||
        index >= AK_KEYS_MAX)
        return -1;
    return (int)index;
}

/* The inner digest covers all lines but its own, and its own is the last. So
 * what it covers lies in the datagram as it is. */
static enum hb_refusal authenticate_old(const struct ak_keys *keys, struct hb_span all,
                                        struct hb_span *fields)
{
    static const char prefix[] = "auth=";
    const size_t prefix_length = sizeof prefix - 1;
    size_t end = find_last(&all, hb_old_end);
    size_t begin;
    struct hb_span line;

    if (end == all.length || all.at[end - 1] != '\n')
        return HB_REFUSED_TRUNCATED;
    if (end == HB_MARK)
        return HB_REFUSED_NO_DIGEST;
    begin = end - 1;
    while (all.at[begin - 1] != '\n')
        begin--;
    line = (struct hb_span){all.at + begin, end - 1 - begin};
    if (line.length < prefix_length || memcmp(line.at, prefix, prefix_length) != 0)
        return HB_REFUSED_NO_DIGEST;
    *fields = (struct hb_span){all.at + HB_MARK, end - HB_MARK};
    line.at += prefix_length;
    line.length -= prefix_length;
    return verify(keys, (struct hb_span){all.at + HB_MARK, begin - HB_MARK}, line);
}

/* ---- both ---- */

static enum hb_refusal check_header(const struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t");
    const char *src = hb_msg_text(msg, "src");
    uint64_t ts = 0, seq = 0;

    if (type == NULL || *type == '\0' || src == NULL || *src == '\0')
        return HB_REFUSED_BAD_HEADER;
    if (!hb_msg_hex(msg, "ts", &ts) || ts == 0)
        return HB_REFUSED_BAD_HEADER;
    if (strncmp(type, "NS_", 3) != 0 && (!hb_msg_hex(msg, "seq", &seq) || seq == 0))
        return HB_REFUSED_BAD_HEADER;
    return HB_ACCEPTED;
}

/* What lies between the markers; no digest is looked for, for the one outside covers it all. */
static bool read_plain(struct hb_span all, struct hb_msg *msg)
{
    bool net = hb_span_starts(&all, hb_net_begin);
    size_t end = find_last(&all, net ? hb_net_end : hb_old_end);
    struct hb_span fields;

    if ((!net && !hb_span_starts(&all, hb_old_begin)) || end == all.length || end < HB_MARK)
        return false;
    fields = (struct hb_span){all.at + HB_MARK, end - HB_MARK};
    return net ? hb_fields_read_net(fields, msg) : hb_fields_read_old(fields, msg);
}

/* The message inside another one, authenticated with it. */
static enum hb_refusal unpack(const struct hb_msg *outer, struct hb_msg **out)
{
    const struct hb_field *packed = hb_msg_find(outer, packed_name);
    GByteArray *plain = g_byte_array_new();
    struct hb_msg *msg = hb_msg_new();
    enum hb_refusal refusal = HB_ACCEPTED;
    enum hb_compression method;
    int err = -EBADMSG;

    if (packed->type == HB_FIELD_BINARY &&
        hb_compression_find(hb_msg_text(outer, method_name), &method))
        err = hb_uncompress(method, packed->value, packed->length, HB_MSG_BYTES_MAX, plain);
    if (err != 0)
        refusal = err == -EMSGSIZE ? HB_REFUSED_TOO_LONG : HB_REFUSED_COMPRESSED;
    else if (!read_plain((struct hb_span){plain->data, plain->len}, msg))
        refusal = HB_REFUSED_BAD_FIELD;
    else
        refusal = hb_msg_find(msg, packed_name) != NULL ? HB_REFUSED_COMPRESSED
                                                        : check_header(msg);
    g_byte_array_unref(plain);
    if (refusal == HB_ACCEPTED)
        *out = hb_msg_ref(msg);
    hb_msg_unref(msg);
    return refusal;
}

enum hb_refusal hb_wire_open(const struct ak_keys *keys, const void *bytes, size_t length,
                             struct hb_msg **out)
{
    struct hb_span all = {bytes, length};
    struct hb_span fields = {NULL, 0};
    struct hb_msg *msg;
    enum hb_refusal refusal;
    bool net;

    *out = NULL;
    net = hb_span_starts(&all, hb_net_begin);
    if (!net && !hb_span_starts(&all, hb_old_begin))
        return HB_REFUSED_NOT_OURS;
    if (length > HB_MSG_BYTES_MAX)
        return HB_REFUSED_TOO_LONG;
    refusal = net ? authenticate_net(keys, all, &fields) : authenticate_old(keys, all, &fields);
    if (refusal != HB_ACCEPTED)
        return refusal;

    msg = hb_msg_new();
    if (!(net ? hb_fields_read_net(fields, msg) : hb_fields_read_old(fields, msg)))
        refusal = HB_REFUSED_BAD_FIELD;
    else if (hb_msg_find(msg, packed_name) != NULL)
        refusal = unpack(msg, out);
    else if ((refusal = check_header(msg)) == HB_ACCEPTED)
        *out = hb_msg_ref(msg);
    hb_msg_unref(msg);
    return refusal;
}

/* ---- out ---- */

static bool is_auth(const struct hb_field *field)
{
    return strcmp(field->name, auth_name) == 0;
}

/* Every field but `auth`, as the lines that the inner digest covers. */
static int append_old_fields(GByteArray *out, const struct hb_msg *msg)
{
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        if (!is_auth(field) && !hb_field_write_old(out, field))
            return -EPROTO;
    }
    return 0;
}

/* Room for an index, a blank and a digest. */
#define DIGEST_LINE (AK_DIGEST_TEXT + 8)

/* Writes "index digest" of length bytes; its length, or 0 without a key. */
static size_t digest_line(const struct ak_keys *keys, const void *bytes, size_t length,
                          char line[DIGEST_LINE])
{
    char *at;
    size_t digest;

    if (keys->sending < 0 || keys->sending >= AK_KEYS_MAX)
        return 0;
    at = ha_decimal(line, (unsigned)keys->sending);
    *at++ = ' ';
    digest = ak_digest(&keys->keys[keys->sending], bytes, length, at);
    return digest > 0 ? (size_t)(at - line) + digest : 0;
}

static int inner_digest(const struct ak_keys *keys, const struct hb_msg *msg,
                        char line[DIGEST_LINE], size_t *length)
{
    GByteArray *covered = g_byte_array_sized_new(512);
    int err = append_old_fields(covered, msg);

    *length = err == 0 ? digest_line(keys, covered->data, covered->len, line) : 0;
    g_byte_array_unref(covered);
    return err != 0 ? err : *length == 0 ? -ENOKEY : 0;
}

int hb_wire_seal(const struct ak_keys *keys, const struct hb_msg *msg, bool inner_auth,
                 GByteArray *out)
{
    guint from = out->len;
    char line[DIGEST_LINE];
    size_t length = 0;
    int err = 0;

    hb_fields_append(out, hb_net_begin, HB_MARK);
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        if (!is_auth(field))
            hb_field_write_net(out, field->type, field->name, field->value, field->length);
    }
    if (inner_auth) {
        err = inner_digest(keys, msg, line, &length);
        if (err == 0)
            hb_field_write_net(out, HB_FIELD_TEXT, auth_name, line, length);
    }
    hb_fields_append(out, hb_net_end, HB_MARK);
    if (err == 0) {
        length = digest_line(keys, out->data + from, out->len - from, line);
        hb_net_append(out, line, length);
        err = length == 0 ? -ENOKEY : out->len - from > HB_MSG_BYTES_MAX ? -EMSGSIZE : 0;
    }
    if (err != 0)
        g_byte_array_set_size(out, from);
    return err;
}

/* Of any length. */
static int seal_classic(const struct ak_keys *keys, const struct hb_msg *msg, GByteArray *out)
{
    guint from = out->len;
    char line[DIGEST_LINE];
    size_t length = 0;
    int err;

    hb_fields_append(out, hb_old_begin, HB_MARK);
    err = append_old_fields(out, msg);
    if (err == 0) {
        length = digest_line(keys, out->data + from + HB_MARK, out->len - from - HB_MARK, line);
        err = length == 0 ? -ENOKEY : 0;
    }
    hb_fields_append(out, "auth=", 5);
    hb_fields_append(out, line, length);
    hb_fields_append(out, "\n", 1);
    hb_fields_append(out, hb_old_end, HB_MARK + 1); /* with its NUL */
    if (err != 0)
        g_byte_array_set_size(out, from);
    return err;
}

int hb_wire_seal_classic(const struct ak_keys *keys, const struct hb_msg *msg, GByteArray *out)
{
    guint from = out->len;
    int err = seal_classic(keys, msg, out);

    if (err == 0 && out->len - from > HB_MSG_BYTES_MAX) {
        g_byte_array_set_size(out, from);
        return -EMSGSIZE;
    }
    return err;
}

int hb_wire_seal_packed(const struct ak_keys *keys, const struct hb_msg *msg,
                        enum hb_compression method, GByteArray *out)
{
    GByteArray *plain = g_byte_array_new(), *packed = g_byte_array_new();
    struct hb_msg *outer = hb_msg_new();
    int err = seal_classic(keys, msg, plain);

    if (err == 0)
        err = hb_compress(method, plain->data, plain->len, packed);
    if (err == 0 &&
        !(hb_msg_add(outer, HB_FIELD_BINARY, packed_name, packed->data, packed->len) &&
          hb_msg_add_text(outer, method_name, hb_compression_name(method))))
        err = -EMSGSIZE;
    if (err == 0)
        err = hb_wire_seal(keys, outer, false, out);
    hb_msg_unref(outer);
    g_byte_array_unref(packed);
    g_byte_array_unref(plain);
    return err;
}
