/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes fields in the netstring form and in the string form. Whoever
 * calls has authenticated the bytes; they are bounded and checked all the same,
 * and what could not be written again as it came is refused.
 */
#include "heartbeatd/core/fields.h"

#include <stdio.h>
#include <string.h>

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

void hb_field_write_net(GByteArray *out, enum hb_field_type type, const char *name,
                        const void *value, size_t length)
{
    size_t name_length = strlen(name);
    char head[16];
    int head_length = snprintf(head, sizeof head, "%zu:(%d)", 3 + name_length + 1 + length, type);

    hb_fields_append(out, head, (size_t)head_length);
    hb_fields_append(out, name, name_length);
    hb_fields_append(out, "=", 1);
    hb_fields_append(out, value, length);
    hb_fields_append(out, ",", 1);
}

bool hb_field_write_old(GByteArray *out, const struct hb_field *field)
{
    char head[3] = {'(', (char)('0' + field->type), ')'};
    char *text;

    if (field->type == HB_FIELD_STRUCT || field->type == HB_FIELD_TO_COMPRESS)
        return false;
    if (field->type != HB_FIELD_TEXT)
        hb_fields_append(out, head, sizeof head);
    hb_fields_append(out, field->name, strlen(field->name));
    hb_fields_append(out, "=", 1);
    if (field->type == HB_FIELD_BINARY || field->type == HB_FIELD_COMPRESSED) {
        text = g_base64_encode(field->value, field->length);
        hb_fields_append(out, text, strlen(text));
        g_free(text);
    } else {
        size_t from = out->len;

        hb_fields_append(out, field->value, field->length);
        for (size_t i = from; i < out->len; i++) {
            if (out->data[i] == '\n')
                out->data[i] = OLD_NEWLINE;
        }
    }
    hb_fields_append(out, "\n", 1);
    return true;
}
