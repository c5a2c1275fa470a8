/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Datagram to message and back (doc/protocol.md). Opening takes three steps
 * that never look ahead: find the digest from the end of the datagram, compare
 * it over the raw bytes, and only then walk the fields. Refuses everything it
 * could not write again, byte for byte; repairs nothing.
 */
#include "heartbeatd/core/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/name.h"

#define MARK 4 /* bytes in a marker */
static const char net_begin[] = "###\n", net_end[] = "%%%\n";
static const char old_begin[] = ">>>\n", old_end[] = "<<<\n";
static const char auth_name[] = "auth";

/* Stands for a newline inside a value of the string form. */
#define OLD_NEWLINE 0x13
/* Messages nested in messages. */
#define DEPTH_MAX 16

/* A piece of the datagram. */
struct span {
    const uint8_t *at;
    size_t length;
};

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
    {HB_REFUSED_COMPRESSED, "the message is compressed, which is not supported"},
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

/* ---- small readers: each takes from the front of the span or leaves it alone ---- */

static bool take_byte(struct span *span, uint8_t byte)
{
    if (span->length == 0 || span->at[0] != byte)
        return false;
    span->at++;
    span->length--;
    return true;
}

static bool starts(const struct span *span, const char mark[MARK + 1])
{
    return span->length >= MARK && memcmp(span->at, mark, MARK) == 0;
}

/* Decimal without padding, at most digits_max digits. */
static bool take_number(struct span *span, unsigned digits_max, size_t *out)
{
    size_t value = 0;
    unsigned digits = 0;

    while (digits < span->length && span->at[digits] >= '0' && span->at[digits] <= '9') {
        if (digits == digits_max || (digits == 1 && value == 0))
            return false;
        value = value * 10 + (span->at[digits++] - '0');
    }
    if (digits == 0)
        return false;
    span->at += digits;
    span->length -= digits;
    *out = value;
    return true;
}

/* len ":" body ",". *cut: it may be right as far as it goes. */
static bool take_netstring(struct span *span, struct span *body, bool *cut)
{
    struct span rest = *span;
    size_t length = 0;

    *cut = false;
    if (!take_number(&rest, 6, &length))
        return false;
    *cut = rest.length == 0;
    if (!take_byte(&rest, ':'))
        return false;
    *cut = rest.length <= length;
    if (*cut || rest.at[length] != ',')
        return false;
    *body = (struct span){rest.at, length};
    span->at = rest.at + length + 1;
    span->length = rest.length - length - 1;
    return true;
}

/* Where mark begins for the last time, or length if it does not. */
static size_t find_last(const struct span *span, const char mark[MARK + 1])
{
    for (size_t at = span->length; at >= MARK; at--) {
        if (span->at[at - 1] == '\n' && memcmp(span->at + at - MARK, mark, MARK) == 0)
            return at - MARK;
    }
    return span->length;
}

/* ---- digests ---- */

static bool matches(const struct ak_key *key, struct span covered, struct span digest)
{
    char computed[AK_DIGEST_TEXT];
    size_t length = ak_digest(key, covered.at, covered.length, computed);

    return length > 0 && ak_digest_equal(computed, length, (const char *)digest.at, digest.length);
}

/* line: keyindex SP digest. The index names the key. Heartbeat 3.0.6 takes only
 * the method from it and the text from its sending key, so that is tried too. */
static enum hb_refusal verify(const struct ak_keys *keys, struct span covered, struct span line)
{
    size_t index = 0;
    struct ak_key mixed;

    if (!take_number(&line, 5, &index) || !take_byte(&line, ' ') || line.length == 0 ||
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
    return matches(&mixed, covered, line) ? HB_ACCEPTED : HB_REFUSED_WRONG_DIGEST;
}

/* ---- netstring form ---- */

static bool nested_is_good(struct span span, unsigned depth);

static bool list_is_good(struct span list)
{
    struct span item;
    bool cut;

    while (list.length > 0) {
        if (!take_netstring(&list, &item, &cut))
            return false;
    }
    return true;
}

struct raw_field {
    enum hb_field_type type;
    struct span name, value;
};

/* "(" type ")" name "=" value */
static bool split_field(struct span body, unsigned depth, struct raw_field *out)
{
    const uint8_t *equals;
    uint8_t type;

    if (body.length < 5 || body.at[0] != '(' || body.at[2] != ')')
        return false;
    type = body.at[1];
    if (type < '0' || type >= '0' + HB_FIELD_TYPE_COUNT)
        return false;
    out->type = (enum hb_field_type)(type - '0');
    body.at += 3;
    body.length -= 3;
    equals = memchr(body.at, '=', body.length);
    if (equals == NULL || equals == body.at || equals - body.at > HB_MSG_NAME_MAX)
        return false;
    out->name = (struct span){body.at, (size_t)(equals - body.at)};
    out->value = (struct span){equals + 1, body.length - out->name.length - 1};
    if (out->type == HB_FIELD_STRUCT || out->type == HB_FIELD_TO_COMPRESS)
        return nested_is_good(out->value, depth + 1);
    return out->type != HB_FIELD_LIST || list_is_good(out->value);
}

/* A message inside a field: checked, kept as the bytes it came in. */
static bool nested_is_good(struct span span, unsigned depth)
{
    struct raw_field field;
    struct span body;
    bool cut;

    if (depth > DEPTH_MAX || span.length < 2 * MARK || !starts(&span, net_begin))
        return false;
    span.at += MARK;
    span.length -= MARK;
    while (!starts(&span, net_end)) {
        if (!take_netstring(&span, &body, &cut) || !split_field(body, depth, &field))
            return false;
    }
    return span.length == MARK;
}

static bool add_raw(struct hb_msg *msg, enum hb_field_type type, struct span name,
                    const void *value, size_t length)
{
    char text[HB_MSG_NAME_MAX + 1];

    memcpy(text, name.at, name.length);
    text[name.length] = '\0';
    return memchr(text, '\0', name.length) == NULL && hb_msg_add(msg, type, text, value, length);
}

static bool read_net_fields(struct span fields, struct hb_msg *msg)
{
    struct raw_field field;
    struct span body;
    bool cut;

    while (fields.length > 0) {
        if (!take_netstring(&fields, &body, &cut) || !split_field(body, 0, &field) ||
            !add_raw(msg, field.type, field.name, field.value.at, field.value.length))
            return false;
    }
    return true;
}

static enum hb_refusal authenticate_net(const struct ak_keys *keys, struct span all,
                                        struct span *fields)
{
    size_t end = find_last(&all, net_end);
    struct span covered, trailer, line;
    bool cut;

    if (end == all.length)
        return HB_REFUSED_TRUNCATED;
    covered = (struct span){all.at, end + MARK};
    trailer = (struct span){all.at + covered.length, all.length - covered.length};
    if (trailer.length == 0)
        return HB_REFUSED_NO_DIGEST;
    /* Bytes after the trailer are nobody's: not covered, not looked at. */
    if (!take_netstring(&trailer, &line, &cut))
        return cut ? HB_REFUSED_TRUNCATED : HB_REFUSED_BAD_DIGEST_LINE;
    *fields = (struct span){all.at + MARK, end - MARK};
    return verify(keys, covered, line);
}

/* ---- string form ---- */

/* Base64 as it must have been written: decoding and encoding again gives the same. */
static bool add_base64(struct hb_msg *msg, enum hb_field_type type, struct span name,
                       struct span text)
{
    char *copy = g_strndup((const char *)text.at, text.length);
    gsize length = 0;
    guchar *raw = g_base64_decode(copy, &length);
    char *again = g_base64_encode(raw, length);
    bool good = strlen(again) == text.length && memcmp(again, text.at, text.length) == 0 &&
                add_raw(msg, type, name, raw, length);

    g_free(again);
    g_free(raw);
    g_free(copy);
    return good;
}

static bool add_text(struct hb_msg *msg, enum hb_field_type type, struct span name,
                     struct span text)
{
    uint8_t *copy = g_memdup2(text.at, text.length);
    bool good;

    for (size_t i = 0; i < text.length; i++) {
        if (copy[i] == OLD_NEWLINE)
            copy[i] = '\n';
    }
    good = add_raw(msg, type, name, copy, text.length);
    g_free(copy);
    return good;
}

/* [ "(" type ")" ] name "=" text. Nested messages came only from Pacemaker's
 * days and are refused here. */
static bool read_old_line(struct hb_msg *msg, struct span line)
{
    enum hb_field_type type = HB_FIELD_TEXT;
    struct span name, value;
    const uint8_t *equals;

    if (line.length > 3 && line.at[0] == '(') {
        if (line.at[2] != ')' || line.at[1] < '0' || line.at[1] >= '0' + HB_FIELD_TYPE_COUNT)
            return false;
        type = (enum hb_field_type)(line.at[1] - '0');
        line.at += 3;
        line.length -= 3;
    }
    equals = line.length > 0 ? memchr(line.at, '=', line.length) : NULL;
    if (equals == NULL || equals - line.at > HB_MSG_NAME_MAX)
        return false;
    name = (struct span){line.at, (size_t)(equals - line.at)};
    value = (struct span){equals + 1, line.length - name.length - 1};
    switch (type) {
    case HB_FIELD_TEXT:
        return add_text(msg, type, name, value);
    case HB_FIELD_BINARY:
    case HB_FIELD_COMPRESSED:
        return add_base64(msg, type, name, value);
    case HB_FIELD_LIST:
        return list_is_good(value) && add_text(msg, type, name, value);
    default:
        return false;
    }
}

static bool read_old_fields(struct span fields, struct hb_msg *msg)
{
    while (fields.length > 0) {
        const uint8_t *newline = memchr(fields.at, '\n', fields.length);
        size_t length = newline != NULL ? (size_t)(newline - fields.at) : fields.length;

        if (newline == NULL || !read_old_line(msg, (struct span){fields.at, length}))
            return false;
        fields.at += length + 1;
        fields.length -= length + 1;
    }
    return true;
}

/* The inner digest covers all lines but its own, and its own is the last. So
 * what it covers lies in the datagram as it is. */
static enum hb_refusal authenticate_old(const struct ak_keys *keys, struct span all,
                                        struct span *fields)
{
    static const char prefix[] = "auth=";
    const size_t prefix_length = sizeof prefix - 1;
    size_t end = find_last(&all, old_end);
    size_t begin;
    struct span line;

    if (end == all.length || all.at[end - 1] != '\n')
        return HB_REFUSED_TRUNCATED;
    if (end == MARK)
        return HB_REFUSED_NO_DIGEST;
    begin = end - 1;
    while (all.at[begin - 1] != '\n')
        begin--;
    line = (struct span){all.at + begin, end - 1 - begin};
    if (line.length < prefix_length || memcmp(line.at, prefix, prefix_length) != 0)
        return HB_REFUSED_NO_DIGEST;
    *fields = (struct span){all.at + MARK, end - MARK};
    line.at += prefix_length;
    line.length -= prefix_length;
    return verify(keys, (struct span){all.at + MARK, begin - MARK}, line);
}

/* ---- both ---- */

static enum hb_refusal check_header(const struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t");
    const char *src = hb_msg_text(msg, "src");
    uint64_t ts = 0, seq = 0;

    if (hb_msg_find(msg, "_compressed_payload") != NULL)
        return HB_REFUSED_COMPRESSED;
    if (type == NULL || *type == '\0' || src == NULL || *src == '\0')
        return HB_REFUSED_BAD_HEADER;
    if (!hb_msg_hex(msg, "ts", &ts) || ts == 0)
        return HB_REFUSED_BAD_HEADER;
    if (strncmp(type, "NS_", 3) != 0 && (!hb_msg_hex(msg, "seq", &seq) || seq == 0))
        return HB_REFUSED_BAD_HEADER;
    return HB_ACCEPTED;
}

enum hb_refusal hb_wire_open(const struct ak_keys *keys, const void *bytes, size_t length,
                             struct hb_msg **out)
{
    struct span all = {bytes, length};
    struct span fields = {NULL, 0};
    struct hb_msg *msg;
    enum hb_refusal refusal;
    bool net;

    *out = NULL;
    net = starts(&all, net_begin);
    if (!net && !starts(&all, old_begin))
        return HB_REFUSED_NOT_OURS;
    if (length > HB_MSG_BYTES_MAX)
        return HB_REFUSED_TOO_LONG;
    refusal = net ? authenticate_net(keys, all, &fields) : authenticate_old(keys, all, &fields);
    if (refusal != HB_ACCEPTED)
        return refusal;

    msg = hb_msg_new();
    if (!(net ? read_net_fields(fields, msg) : read_old_fields(fields, msg)))
        refusal = HB_REFUSED_BAD_FIELD;
    else
        refusal = check_header(msg);
    if (refusal != HB_ACCEPTED) {
        hb_msg_unref(msg);
        return refusal;
    }
    *out = msg;
    return HB_ACCEPTED;
}

/* ---- out ---- */

static void append(GByteArray *out, const void *bytes, size_t length)
{
    if (length > 0)
        g_byte_array_append(out, bytes, (guint)length);
}

static void append_net_field(GByteArray *out, enum hb_field_type type, const char *name,
                             const void *value, size_t length)
{
    size_t name_length = strlen(name);
    char head[16];
    int head_length = snprintf(head, sizeof head, "%zu:(%d)", 3 + name_length + 1 + length, type);

    append(out, head, (size_t)head_length);
    append(out, name, name_length);
    append(out, "=", 1);
    append(out, value, length);
    append(out, ",", 1);
}

static bool append_old_field(GByteArray *out, const struct hb_field *field)
{
    char head[3] = {'(', (char)('0' + field->type), ')'};
    char *text;

    if (field->type == HB_FIELD_STRUCT || field->type == HB_FIELD_TO_COMPRESS)
        return false;
    if (field->type != HB_FIELD_TEXT)
        append(out, head, sizeof head);
    append(out, field->name, strlen(field->name));
    append(out, "=", 1);
    if (field->type == HB_FIELD_BINARY || field->type == HB_FIELD_COMPRESSED) {
        text = g_base64_encode(field->value, field->length);
        append(out, text, strlen(text));
        g_free(text);
    } else {
        size_t from = out->len;

        append(out, field->value, field->length);
        for (size_t i = from; i < out->len; i++) {
            if (out->data[i] == '\n')
                out->data[i] = OLD_NEWLINE;
        }
    }
    append(out, "\n", 1);
    return true;
}

static bool is_auth(const struct hb_field *field)
{
    return strcmp(field->name, auth_name) == 0;
}

/* Every field but `auth`, as the lines that the inner digest covers. */
static int append_old_fields(GByteArray *out, const struct hb_msg *msg)
{
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        if (!is_auth(field) && !append_old_field(out, field))
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
    char digest[AK_DIGEST_TEXT];

    if (keys->sending < 0 || keys->sending >= AK_KEYS_MAX ||
        ak_digest(&keys->keys[keys->sending], bytes, length, digest) == 0)
        return 0;
    return (size_t)snprintf(line, DIGEST_LINE, "%d %s", keys->sending, digest);
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
    char line[DIGEST_LINE], head[16];
    size_t length = 0;
    int err = 0;

    append(out, net_begin, MARK);
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        if (!is_auth(field))
            append_net_field(out, field->type, field->name, field->value, field->length);
    }
    if (inner_auth) {
        err = inner_digest(keys, msg, line, &length);
        if (err == 0)
            append_net_field(out, HB_FIELD_TEXT, auth_name, line, length);
    }
    append(out, net_end, MARK);
    if (err == 0) {
        length = digest_line(keys, out->data + from, out->len - from, line);
        append(out, head, (size_t)snprintf(head, sizeof head, "%zu:", length));
        append(out, line, length);
        append(out, ",", 1);
        err = length == 0 ? -ENOKEY : out->len - from > HB_MSG_BYTES_MAX ? -EMSGSIZE : 0;
    }
    if (err != 0)
        g_byte_array_set_size(out, from);
    return err;
}

int hb_wire_seal_classic(const struct ak_keys *keys, const struct hb_msg *msg, GByteArray *out)
{
    guint from = out->len;
    char line[DIGEST_LINE];
    size_t length = 0;
    int err;

    append(out, old_begin, MARK);
    err = append_old_fields(out, msg);
    if (err == 0) {
        length = digest_line(keys, out->data + from + MARK, out->len - from - MARK, line);
        err = length == 0 ? -ENOKEY : 0;
    }
    append(out, "auth=", 5);
    append(out, line, length);
    append(out, "\n", 1);
    append(out, old_end, MARK + 1); /* with its NUL */
    if (err == 0 && out->len - from > HB_MSG_BYTES_MAX)
        err = -EMSGSIZE;
    if (err != 0)
        g_byte_array_set_size(out, from);
    return err;
}
