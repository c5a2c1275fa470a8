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
/* Fields are found by a small hash table of open places, the first ones that is: it is never more
 * than half full, whatever names somebody sends. */
#define PLACES 64
#define PLACED (PLACES / 2)
/* Behind each block of names and values: eight bytes may be read from where a name begins. */
#define HEAD sizeof(uint64_t)

#define NONE4  16, 16, 16, 16
#define NONE16 NONE4, NONE4, NONE4, NONE4
#define LETTER 16, 10, 11, 12, 13, 14, 15, 16, NONE4, NONE4

const uint8_t hb_hex_digits[256] = {
    NONE16, NONE16, NONE16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 16, NONE4,
    LETTER, NONE16, LETTER, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16,
};

/* All at once: each of eight nibbles in a byte of its own, and from 10 on 39 more to be a letter. */
static void write_eight(char out[8], uint32_t value)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x = value;

    x = (x << 16 & UINT64_C(0x0000ffff00000000)) | (x & UINT64_C(0x000000000000ffff));
    x = (x << 8 & UINT64_C(0x00ff000000ff0000)) | (x & UINT64_C(0x000000ff000000ff));
    x = (x << 4 & UINT64_C(0x0f000f000f000f00)) | (x & UINT64_C(0x000f000f000f000f));
    x += ones * '0' + ((x + ones * 6) >> 4 & ones) * ('a' - '0' - 10);
    x = GUINT64_TO_BE(x);
    memcpy(out, &x, sizeof x);
}

unsigned hb_hex_write(char out[HB_HEX_MAX], uint64_t value)
{
    unsigned digits = value == 0 ? 1 : (67 - (unsigned)__builtin_clzll(value)) / 4;

    value <<= 4 * (HB_HEX_MAX - digits);
    write_eight(out, (uint32_t)(value >> 32));
    if (digits > 8)
        write_eight(out + 8, (uint32_t)value);
    return digits;
}

struct hb_msg {
    unsigned refs;
    unsigned count;
    unsigned room;
    unsigned used;    /* of text */
    unsigned outside; /* blocks that have no room there */
    unsigned bytes;   /* of all fields in netstring form */
    struct hb_field *fields;
    struct hb_field first[FIELDS_FIRST];
    uint8_t places[PLACES]; /* of the first fields by their names: 1 + index, 0 for none */
    char text[TEXT_FIRST + HEAD];
};

struct hb_msg *hb_msg_new(void)
{
    struct hb_msg *msg = g_malloc(sizeof *msg);

    memset(msg->places, 0, sizeof msg->places);
    msg->refs = 1;
    msg->count = msg->used = msg->outside = msg->bytes = 0;
    msg->room = FIELDS_FIRST;
    msg->fields = msg->first;
    return msg;
}

static char *new_block(struct hb_msg *msg, size_t length)
{
    char *block = msg->text + msg->used;

    if (length > TEXT_FIRST - msg->used) {
        msg->outside++;
        return g_malloc(length + HEAD);
    }
    msg->used += (unsigned)length;
    return block;
}

/* Its room in the text is not used again: fields are seldom removed. */
static void free_block(struct hb_msg *msg, char *block)
{
    if (block >= msg->text && block < msg->text + TEXT_FIRST)
        return;
    msg->outside--;
    g_free(block);
}

/* Where the search for a name begins. */
static inline unsigned place_of(uint64_t head)
{
    return (unsigned)(head * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

/* Of two fields of one name the first is found first. */
static inline void give_place(struct hb_msg *msg, unsigned index, uint64_t head)
{
    unsigned place = place_of(head);

    if (index >= PLACED)
        return;
    while (msg->places[place] != 0)
        place = (place + 1) % PLACES;
    msg->places[place] = (uint8_t)(index + 1);
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
    for (unsigned i = 0; msg->outside > 0; i++)
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

/* The bytes of a head that tell a shorter name, its NUL included. */
static inline uint64_t mask_of(size_t named)
{
    return UINT64_MAX >> 8 * (HEAD - 1 - named);
}

/* Nonzero if a byte of the eight is below 0x20, 0x7f or "=". A borrow may find more behind one, but
 * nothing before one. */
static inline uint64_t bad_bytes(uint64_t head)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t del = head ^ ones * 0x7f, equals = head ^ ones * '=';

    return (((head - ones * 0x20) & ~head) | ((del - ones) & ~del) | ((equals - ones) & ~equals)) &
           tops;
}

/* What both framings can carry: no "=", which ends a name; no leading "(",
 * which starts a type in the string form; no control bytes, which end lines. */
static bool is_good(const char *name, size_t named, uint64_t head)
{
    if (named < HEAD) /* the rest as if it were letters */
        return named > 0 && name[0] != '(' &&
               bad_bytes(head | (~mask_of(named - 1) & UINT64_C(0x6161616161616161))) == 0;
    for (size_t i = 0; i < named; i++) {
        uint8_t byte = (uint8_t)name[i];

        if (byte < 0x20 || byte == 0x7f || byte == '=')
            return false;
    }
    return named <= HB_MSG_NAME_MAX && name[0] != '(';
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
static bool add(struct hb_msg *msg, HB_NAMED, enum hb_field_type type, const void *value,
                size_t length)
{
    uint64_t bytes_of_head;
    size_t bytes;
    char *block;

    if (msg->count == HB_MSG_FIELDS_MAX || length > HB_MSG_BYTES_MAX || !is_good(name, named, head))
        return false;
    bytes = encoded_length(named, length);
    if (bytes > HB_MSG_BYTES_MAX - msg->bytes)
        return false;
    block = new_block(msg, named + 1 + length + 1);
    bytes_of_head = GUINT64_TO_LE(head);
    if (named < HEAD)
        memcpy(block, &bytes_of_head, HEAD); /* and its NUL, and what is written over now */
    else
        memcpy(block, name, named + 1);
    if (length > 0)
        memcpy(block + named + 1, value, length);
    block[named + 1 + length] = '\0';
    give_place(msg, msg->count, head);
    *new_field(msg) = (struct hb_field){
        .type = type,
        .length = (uint32_t)length,
        .name = block,
        .value = (uint8_t *)block + named + 1,
    };
    msg->bytes += (unsigned)bytes;
    return true;
}

bool hb_msg_add_named(struct hb_msg *msg, HB_NAMED, enum hb_field_type type, const void *value,
                      size_t length)
{
    if ((unsigned)type >= HB_FIELD_TYPE_COUNT ||
        (type == HB_FIELD_TEXT && length > 0 && memchr(value, '\0', length) != NULL))
        return false;
    return add(msg, name, named, head, type, value, length);
}

bool hb_msg_add_text_named(struct hb_msg *msg, HB_NAMED, const char *text)
{
    return add(msg, name, named, head, HB_FIELD_TEXT, text, strlen(text));
}

bool hb_msg_add_number_named(struct hb_msg *msg, HB_NAMED, uint64_t value, unsigned base)
{
    char text[24];
    size_t at = sizeof text;

    if (base == 16)
        return add(msg, name, named, head, HB_FIELD_TEXT, text, hb_hex_write(text, value));
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return add(msg, name, named, head, HB_FIELD_TEXT, text + at, sizeof text - at);
}

void hb_msg_remove(struct hb_msg *msg, const char *name)
{
    unsigned kept = 0;

    memset(msg->places, 0, sizeof msg->places);
    for (unsigned i = 0; i < msg->count; i++) {
        struct hb_field *field = &msg->fields[i];
        size_t named = strlen(field->name);

        if (strcmp(field->name, name) == 0) {
            msg->bytes -= (unsigned)encoded_length(named, field->length);
            free_block(msg, field->name);
        } else {
            give_place(msg, kept, hb_name_head(field->name, named));
            msg->fields[kept++] = *field;
        }
    }
    msg->count = kept;
}

/* Field by field: for names that are longer than a head, and those that have no place. */
static G_GNUC_NO_INLINE const struct hb_field *find_from(const struct hb_msg *msg,
                                                         const char *name, unsigned from)
{
    for (unsigned i = from; i < msg->count; i++) {
        if (strcmp(msg->fields[i].name, name) == 0)
            return &msg->fields[i];
    }
    return NULL;
}

static inline uint64_t head_of(const struct hb_field *field)
{
    uint64_t head;

    memcpy(&head, field->name, HEAD);
    return GUINT64_FROM_LE(head);
}

/* As long as a head or longer: that must not be all that is the same. */
static G_GNUC_NO_INLINE const struct hb_field *find_long(const struct hb_msg *msg,
                                                         const char *name, uint64_t head)
{
    for (unsigned place = place_of(head); msg->places[place] != 0; place = (place + 1) % PLACES) {
        const struct hb_field *field = &msg->fields[msg->places[place] - 1];

        if (head_of(field) == head && strcmp(field->name + HEAD, name + HEAD) == 0)
            return field;
    }
    return find_from(msg, name, PLACED);
}

const struct hb_field *hb_msg_find_named(const struct hb_msg *msg, HB_NAMED)
{
    uint64_t mask;

    if (named >= HEAD)
        return find_long(msg, name, head);
    mask = mask_of(named);
    for (unsigned place = place_of(head); msg->places[place] != 0; place = (place + 1) % PLACES) {
        const struct hb_field *field = &msg->fields[msg->places[place] - 1];

        if ((head_of(field) & mask) == head)
            return field;
    }
    return msg->count > PLACED ? find_from(msg, name, PLACED) : NULL;
}

const char *hb_msg_text_named(const struct hb_msg *msg, HB_NAMED)
{
    const struct hb_field *field = hb_msg_find_named(msg, name, named, head);

    return field != NULL && field->type == HB_FIELD_TEXT ? (const char *)field->value : NULL;
}

/* Fifteen digits fit, whatever they are. */
static inline bool number(const char *text, unsigned base, uint64_t *out)
{
    const uint64_t most = UINT64_MAX / base;
    uint64_t value = 0;
    unsigned digit, digits = 0;

    if (text == NULL || *text == '\0')
        return false;
    for (; digits < 15 && (digit = hb_hex_digit(*text)) < base; text++, digits++)
        value = value * base + digit;
    for (; *text != '\0'; text++) {
        digit = hb_hex_digit(*text);
        if (digit >= base || value > most || value * base > UINT64_MAX - digit)
            return false;
        value = value * base + digit;
    }
    *out = value;
    return true;
}

bool hb_msg_hex_named(const struct hb_msg *msg, HB_NAMED, uint64_t *out)
{
    return number(hb_msg_text_named(msg, name, named, head), 16, out);
}

bool hb_msg_uint_named(const struct hb_msg *msg, HB_NAMED, uint64_t *out)
{
    return number(hb_msg_text_named(msg, name, named, head), 10, out);
}
