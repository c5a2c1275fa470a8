/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes fields in the netstring form and in the string form. Whoever
 * calls has authenticated the bytes; they are bounded and checked all the same,
 * and what could not be written again as it came is refused.
 */
#include "heartbeatd/core/fields.h"

#include <string.h>

#include "common/base/decimal.h"

/* Stands for a newline inside a value of the string form. */
#define OLD_NEWLINE 0x13
/* Messages nested in messages. */
#define DEPTH_MAX 16

const char hb_net_begin[] = "###\n", hb_net_end[] = "%%%\n";
const char hb_old_begin[] = ">>>\n", hb_old_end[] = "<<<\n";

/* ---- readers ---- */

bool hb_span_byte(struct hb_span *span, uint8_t byte)
{
    if (span->length == 0 || span->at[0] != byte)
        return false;
    span->at++;
    span->length--;
    return true;
}

bool hb_span_starts(const struct hb_span *span, const char mark[HB_MARK + 1])
{
    return span->length >= HB_MARK && memcmp(span->at, mark, HB_MARK) == 0;
}

bool hb_span_number(struct hb_span *span, unsigned digits_max, size_t *out)
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

bool hb_span_netstring(struct hb_span *span, struct hb_span *body, bool *cut)
{
    struct hb_span rest = *span;
    size_t length = 0;

    *cut = false;
    if (!hb_span_number(&rest, 6, &length))
        return false;
    *cut = rest.length == 0;
    if (!hb_span_byte(&rest, ':'))
        return false;
    *cut = rest.length <= length;
    if (*cut || rest.at[length] != ',')
        return false;
    *body = (struct hb_span){rest.at, length};
    span->at = rest.at + length + 1;
    span->length = rest.length - length - 1;
    return true;
}

/* ---- netstring form ---- */

static bool nested_is_good(struct hb_span span, unsigned depth);

static bool list_is_good(struct hb_span list)
{
    struct hb_span item;
    bool cut;

    while (list.length > 0) {
        if (!hb_span_netstring(&list, &item, &cut))
            return false;
    }
    return true;
}

struct raw_field {
    enum hb_field_type type;
    struct hb_span name, value;
};

/* "(" type ")" name "=" value */
static bool split_field(struct hb_span body, unsigned depth, struct raw_field *out)
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
    out->name = (struct hb_span){body.at, (size_t)(equals - body.at)};
    out->value = (struct hb_span){equals + 1, body.length - out->name.length - 1};
    if (out->type == HB_FIELD_STRUCT || out->type == HB_FIELD_TO_COMPRESS)
        return nested_is_good(out->value, depth + 1);
    return out->type != HB_FIELD_LIST || list_is_good(out->value);
}

/* A message inside a field: checked, kept as the bytes it came in. */
static bool nested_is_good(struct hb_span span, unsigned depth)
{
    struct raw_field field;
    struct hb_span body;
    bool cut;

    if (depth > DEPTH_MAX || span.length < 2 * HB_MARK || !hb_span_starts(&span, hb_net_begin))
        return false;
    span.at += HB_MARK;
    span.length -= HB_MARK;
    while (!hb_span_starts(&span, hb_net_end)) {
        if (!hb_span_netstring(&span, &body, &cut) || !split_field(body, depth, &field))
            return false;
    }
    return span.length == HB_MARK;
}

static bool add_raw(struct hb_msg *msg, enum hb_field_type type, struct hb_span name,
                    const void *value, size_t length)
{
    char text[HB_MSG_NAME_MAX + 1];

    memcpy(text, name.at, name.length);
    text[name.length] = '\0';
    return memchr(text, '\0', name.length) == NULL && hb_msg_add(msg, type, text, value, length);
}

bool hb_fields_read_net(struct hb_span fields, struct hb_msg *msg)
{
    struct raw_field field;
    struct hb_span body;
    bool cut;

    while (fields.length > 0) {
        if (!hb_span_netstring(&fields, &body, &cut) || !split_field(body, 0, &field) ||
            !add_raw(msg, field.type, field.name, field.value.at, field.value.length))
            return false;
    }
    return true;
}

/* ---- string form ---- */

/* Base64 as it must have been written: decoding and encoding again gives the same. */
static bool add_base64(struct hb_msg *msg, enum hb_field_type type, struct hb_span name,
                       struct hb_span text)
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

static bool add_text(struct hb_msg *msg, enum hb_field_type type, struct hb_span name,
                     struct hb_span text)
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
static bool read_old_line(struct hb_msg *msg, struct hb_span line)
{
    enum hb_field_type type = HB_FIELD_TEXT;
    struct hb_span name, value;
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
    name = (struct hb_span){line.at, (size_t)(equals - line.at)};
    value = (struct hb_span){equals + 1, line.length - name.length - 1};
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

bool hb_fields_read_old(struct hb_span fields, struct hb_msg *msg)
{
    while (fields.length > 0) {
        const uint8_t *newline = memchr(fields.at, '\n', fields.length);
        size_t length = newline != NULL ? (size_t)(newline - fields.at) : fields.length;

        if (newline == NULL || !read_old_line(msg, (struct hb_span){fields.at, length}))
            return false;
        fields.at += length + 1;
        fields.length -= length + 1;
    }
    return true;
}

/* ---- writing ---- */

void hb_fields_append(GByteArray *out, const void *bytes, size_t length)
{
    if (length > 0)
        g_byte_array_append(out, bytes, (guint)length);
}

/* Room for so many bytes more: each is written once, and a field grows the array once. */
static char *grow(GByteArray *out, size_t length)
{
    guint from = out->len;

    g_byte_array_set_size(out, from + (guint)length);
    return (char *)out->data + from;
}

/* bytes: NULL only where there are none. */
static char *put(char *at, const void *bytes, size_t length)
{
    if (bytes != NULL)
        memcpy(at, bytes, length);
    return at + length;
}

void hb_net_append(GByteArray *out, const void *bytes, size_t length)
{
    char head[HA_DECIMAL_MAX];
    size_t head_length = (size_t)(ha_decimal(head, length) - head);
    char *at = grow(out, head_length + 1 + length + 1);

    at = put(at, head, head_length);
    *at++ = ':';
    at = put(at, bytes, length);
    *at = ',';
}

void hb_field_write_net(GByteArray *out, enum hb_field_type type, const char *name,
                        const void *value, size_t length)
{
    size_t name_length = strlen(name), body = 3 + name_length + 1 + length;
    char head[HA_DECIMAL_MAX];
    size_t head_length = (size_t)(ha_decimal(head, body) - head);
    char *at = grow(out, head_length + 1 + body + 1);

    at = put(at, head, head_length);
    *at++ = ':';
    *at++ = '(';
    *at++ = (char)('0' + type);
    *at++ = ')';
    at = put(at, name, name_length);
    *at++ = '=';
    at = put(at, value, length);
    *at = ',';
}

bool hb_field_write_old(GByteArray *out, const struct hb_field *field)
{
    bool bytes = field->type == HB_FIELD_BINARY || field->type == HB_FIELD_COMPRESSED;
    char *packed = NULL, *at, *value;
    size_t name_length = strlen(field->name), length = field->length;

    if (field->type == HB_FIELD_STRUCT || field->type == HB_FIELD_TO_COMPRESS)
        return false;
    if (bytes) {
        packed = g_base64_encode(field->value, field->length);
        length = strlen(packed);
    }
    at = grow(out, (field->type != HB_FIELD_TEXT ? 3 : 0) + name_length + 1 + length + 1);
    if (field->type != HB_FIELD_TEXT) {
        *at++ = '(';
        *at++ = (char)('0' + field->type);
        *at++ = ')';
    }
    at = put(at, field->name, name_length);
    *at++ = '=';
    value = at;
    at = put(at, bytes ? (const void *)packed : field->value, length);
    *at = '\n';
    while (!bytes && (value = memchr(value, '\n', (size_t)(at - value))) != NULL)
        *value = OLD_NEWLINE;
    g_free(packed);
    return true;
}
