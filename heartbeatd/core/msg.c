/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message in memory: an array of fields. Nearly every message is one block of
 * memory, with room for its fields, names and values; what does not fit has
 * blocks of its own. Refuses what could not be written again: names that either
 * framing would misread, text with NUL, more fields or bytes than a datagram
 * has. Numbers are canonical: digits only, the whole value.
 */
#include "heartbeatd/core/msg.h"

#include <string.h>

/* A status message has 15 fields and some 350 bytes. All of it is what malloc() hands out quickly. */
#define FIELDS_FIRST 16
#define TEXT_FIRST   420

#define NONE4  16, 16, 16, 16
#define NONE16 NONE4, NONE4, NONE4, NONE4
#define LETTER 16, 10, 11, 12, 13, 14, 15, 16, NONE4, NONE4

const uint8_t hb_hex_digits[256] = {
    NONE16, NONE16, NONE16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 16, NONE4,
    LETTER, NONE16, LETTER, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16,
};

struct hb_msg {
    unsigned refs;
    unsigned count;
    unsigned room;
    unsigned used; /* of text */
    size_t bytes;  /* of all fields in netstring form */
    struct hb_field *fields;
    struct hb_field first[FIELDS_FIRST];
    uint8_t marks[2 * FIELDS_FIRST]; /* of the first fields' names, to find them by */
    char text[TEXT_FIRST];
};

/* Tells nearly all names of a message apart. */
static inline uint8_t mark_of(const char *name)
{
    return name[0] == '\0' ? 0 : (uint8_t)(name[0] * 7 + name[1] * 3 + (name[1] ? name[2] : 0));
}

struct hb_msg *hb_msg_new(void)
{
    struct hb_msg *msg = g_malloc(sizeof *msg);

    memset(msg->marks, 0, sizeof msg->marks);
    msg->refs = 1;
    msg->count = msg->used = 0;
    msg->room = FIELDS_FIRST;
    msg->bytes = 0;
    msg->fields = msg->first;
    return msg;
}

static bool is_inside(const struct hb_msg *msg, const char *block)
{
    return block >= msg->text && block < msg->text + TEXT_FIRST;
}

static char *new_block(struct hb_msg *msg, size_t length)
{
    char *block = msg->text + msg->used;

    if (length > TEXT_FIRST - msg->used)
        return g_malloc(length);
    msg->used += (unsigned)length;
    return block;
}

/* Its room in the text is not used again: fields are seldom removed. */
static void free_block(const struct hb_msg *msg, char *block)
{
    if (!is_inside(msg, block))
        g_free(block);
}

static struct hb_field *new_field(struct hb_msg *msg)
{
    if (msg->count == msg->room) {
        struct hb_field *old = msg->fields == msg->first ? NULL : msg->fields;

        msg->room *= 2;
        msg->fields = g_renew(struct hb_field, old, msg->room);
        if (old == NULL)
            memcpy(msg->fields, msg->first, sizeof msg->first);
    }
    return &msg->fields[msg->count++];
}

struct hb_msg *hb_msg_ref(struct hb_msg *msg)
{
    msg->refs++;
    return msg;
}

void hb_msg_unref(struct hb_msg *msg)
{
    if (msg == NULL || --msg->refs > 0)
        return;
    for (unsigned i = 0; i < msg->count; i++)
        free_block(msg, msg->fields[i].name);
    if (msg->fields != msg->first)
        g_free(msg->fields);
    g_free(msg);
}

size_t hb_msg_count(const struct hb_msg *msg)
{
    return msg->count;
}

const struct hb_field *hb_msg_at(const struct hb_msg *msg, size_t index)
{
    return index < msg->count ? &msg->fields[index] : NULL;
}

/* What both framings can carry: no "=", which ends a name; no leading "(",
 * which starts a type in the string form; no control bytes, which end lines.
 * Its length, 0 for one that is not good. */
static size_t name_length(const char *name)
{
    const char *at = name;

    for (; *at != '\0'; at++) {
        uint8_t byte = (uint8_t)*at;

        if (byte < 0x20 || byte == 0x7f || byte == '=')
            return 0;
    }
    return name[0] == '(' || at - name > HB_MSG_NAME_MAX ? 0 : (size_t)(at - name);
}

static size_t encoded_length(size_t name, size_t length)
{
    size_t body = 3 + name + 1 + length;
    size_t digits = body < 100 ? (body < 10 ? 1 : 2) : 3;

    for (size_t rest = body; rest >= 1000; rest /= 10)
        digits++;
    return digits + 1 + body + 1;
}

/* The value holds no NUL if it is text. */
static bool add(struct hb_msg *msg, enum hb_field_type type, const char *name, const void *value,
                size_t length)
{
    size_t named = name_length(name), bytes;
    char *block;

    if (msg->count == HB_MSG_FIELDS_MAX || length > HB_MSG_BYTES_MAX || named == 0)
        return false;
    bytes = encoded_length(named, length);
    if (bytes > HB_MSG_BYTES_MAX - msg->bytes)
        return false;
    block = new_block(msg, named + 1 + length + 1);
    memcpy(block, name, named + 1);
    if (length > 0)
        memcpy(block + named + 1, value, length);
    block[named + 1 + length] = '\0';
    if (msg->count < sizeof msg->marks)
        msg->marks[msg->count] = mark_of(name);
    *new_field(msg) = (struct hb_field){
        .type = type,
        .name = block,
        .value = (uint8_t *)block + named + 1,
        .length = length,
    };
    msg->bytes += bytes;
    return true;
}

bool hb_msg_add(struct hb_msg *msg, enum hb_field_type type, const char *name, const void *value,
                size_t length)
{
    if ((unsigned)type >= HB_FIELD_TYPE_COUNT ||
        (type == HB_FIELD_TEXT && length > 0 && memchr(value, '\0', length) != NULL))
        return false;
    return add(msg, type, name, value, length);
}

bool hb_msg_add_text(struct hb_msg *msg, const char *name, const char *text)
{
    return add(msg, HB_FIELD_TEXT, name, text, strlen(text));
}

static bool add_number(struct hb_msg *msg, const char *name, uint64_t value, unsigned base)
{
    char text[24];
    size_t at = sizeof text;

    do {
        text[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    return add(msg, HB_FIELD_TEXT, name, text + at, sizeof text - at);
}

bool hb_msg_add_hex(struct hb_msg *msg, const char *name, uint64_t value)
{
    return add_number(msg, name, value, 16);
}

bool hb_msg_add_uint(struct hb_msg *msg, const char *name, uint64_t value)
{
    return add_number(msg, name, value, 10);
}

void hb_msg_remove(struct hb_msg *msg, const char *name)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < msg->count; i++) {
        struct hb_field *field = &msg->fields[i];

        if (strcmp(field->name, name) == 0) {
            msg->bytes -= encoded_length(strlen(name), field->length);
            free_block(msg, field->name);
        } else {
            if (kept < sizeof msg->marks)
                msg->marks[kept] = mark_of(field->name);
            msg->fields[kept++] = *field;
        }
    }
    msg->count = kept;
}

/* Names are a few bytes long: quicker than a call. */
static inline bool is_same(const char *a, const char *b)
{
    while (*a == *b && *a != '\0')
        a++, b++;
    return *a == *b;
}

/* The marks are compared eight at a time: a byte of equal is zero where one is found. Higher ones
 * than the first may be wrong (a borrow), so each is looked at. */
static const struct hb_field *find_marked(const struct hb_msg *msg, const char *name)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    unsigned marked = MIN(msg->count, (unsigned)sizeof msg->marks);

    for (unsigned from = 0; from < marked; from += 8) {
        uint64_t equal, zeros;

        memcpy(&equal, msg->marks + from, 8);
        equal = GUINT64_FROM_LE(equal) ^ (ones * mark_of(name));
        for (zeros = (equal - ones) & ~equal & tops; zeros != 0; zeros &= zeros - 1) {
            unsigned at = from + (unsigned)__builtin_ctzll(zeros) / 8;

            if (at < marked && is_same(msg->fields[at].name, name))
                return &msg->fields[at];
        }
    }
    return NULL;
}

const struct hb_field *hb_msg_find(const struct hb_msg *msg, const char *name)
{
    const struct hb_field *found = find_marked(msg, name);

    for (unsigned i = sizeof msg->marks; found == NULL && i < msg->count; i++) {
        if (strcmp(msg->fields[i].name, name) == 0)
            found = &msg->fields[i];
    }
    return found;
}

const char *hb_msg_text(const struct hb_msg *msg, const char *name)
{
    const struct hb_field *field = hb_msg_find(msg, name);

    return field != NULL && field->type == HB_FIELD_TEXT ? (const char *)field->value : NULL;
}

static inline bool number(const struct hb_msg *msg, const char *name, unsigned base, uint64_t *out)
{
    const char *text = hb_msg_text(msg, name);
    const uint64_t most = UINT64_MAX / base;
    uint64_t value = 0;

    if (text == NULL || *text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        unsigned digit = hb_hex_digit(*text);

        if (digit >= base || value > most || value * base > UINT64_MAX - digit)
            return false;
        value = value * base + digit;
    }
    *out = value;
    return true;
}

bool hb_msg_hex(const struct hb_msg *msg, const char *name, uint64_t *out)
{
    return number(msg, name, 16, out);
}

bool hb_msg_uint(const struct hb_msg *msg, const char *name, uint64_t *out)
{
    return number(msg, name, 10, out);
}
