/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cluster message: an ordered list of named fields. Order is kept because
 * the digest depends on it (doc/protocol.md). Names and values are bounded
 * when added; nothing here trusts its input.
 */
#ifndef HB_CORE_MSG_H
#define HB_CORE_MSG_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HB_MSG_FIELDS_MAX 256
#define HB_MSG_NAME_MAX   255
/* One UDP datagram. */
#define HB_MSG_BYTES_MAX  65507

enum hb_field_type { HB_FIELD_TEXT = 0, HB_FIELD_BINARY = 1, HB_FIELD_STRUCT = 2, HB_FIELD_LIST = 3,
                     HB_FIELD_COMPRESSED = 4, HB_FIELD_TO_COMPRESS = 5, HB_FIELD_TYPE_COUNT };

struct hb_field {
    enum hb_field_type type;
    uint32_t length;
    char *name;
    uint8_t *value; /* length bytes and a NUL that is not counted */
};

/* The value of a hexadecimal digit; 16 for anything else. */
extern const uint8_t hb_hex_digits[256];
static inline unsigned hb_hex_digit(char c)
{
    return hb_hex_digits[(unsigned char)c];
}


/* Writes the digits of the value, lower case and without leading zeros, and returns how many there
 * are; what is behind them in out is of no use. */
#define HB_HEX_MAX 16
unsigned hb_hex_write(char out[HB_HEX_MAX], uint64_t value);

struct hb_msg;

struct hb_msg *hb_msg_new(void);
struct hb_msg *hb_msg_ref(struct hb_msg *msg);
void hb_msg_unref(struct hb_msg *msg);

size_t hb_msg_count(const struct hb_msg *msg);
const struct hb_field *hb_msg_at(const struct hb_msg *msg, size_t index);

void hb_msg_remove(struct hb_msg *msg, const char *name);

/* The functions below with the length of the name and its first eight bytes as one number, the first
 * one lowest: names are literals nearly everywhere, and for those the compiler knows both. */
#define HB_HEAD_BYTE(i) (length > (i) ? (uint64_t)(uint8_t)name[i] << 8 * (i) : 0)
static inline uint64_t hb_name_head(const char *name, size_t length)
{
    return HB_HEAD_BYTE(0) | HB_HEAD_BYTE(1) | HB_HEAD_BYTE(2) | HB_HEAD_BYTE(3) |
           HB_HEAD_BYTE(4) | HB_HEAD_BYTE(5) | HB_HEAD_BYTE(6) | HB_HEAD_BYTE(7);
}
#define HB_NAMED const char *name, size_t named, uint64_t head
#define HB_NAME(name) name, strlen(name), hb_name_head(name, strlen(name))
bool hb_msg_add_named(struct hb_msg *msg, HB_NAMED, enum hb_field_type type, const void *value,
                      size_t length);
bool hb_msg_add_text_named(struct hb_msg *msg, HB_NAMED, const char *text);
bool hb_msg_add_number_named(struct hb_msg *msg, HB_NAMED, uint64_t value, unsigned base);
const struct hb_field *hb_msg_find_named(const struct hb_msg *msg, HB_NAMED);
const char *hb_msg_text_named(const struct hb_msg *msg, HB_NAMED);
bool hb_msg_hex_named(const struct hb_msg *msg, HB_NAMED, uint64_t *out);
bool hb_msg_uint_named(const struct hb_msg *msg, HB_NAMED, uint64_t *out);

/* Appends. False when a bound is hit; the message is then unchanged. Text must not hold NUL. */
static inline bool hb_msg_add(struct hb_msg *msg, enum hb_field_type type, const char *name,
                              const void *value, size_t length)
{
    return hb_msg_add_named(msg, HB_NAME(name), type, value, length);
}
static inline bool hb_msg_add_text(struct hb_msg *msg, const char *name, const char *text)
{
    return hb_msg_add_text_named(msg, HB_NAME(name), text);
}
static inline bool hb_msg_add_hex(struct hb_msg *msg, const char *name, uint64_t value)
{
    return hb_msg_add_number_named(msg, HB_NAME(name), value, 16);
}
static inline bool hb_msg_add_uint(struct hb_msg *msg, const char *name, uint64_t value)
{
    return hb_msg_add_number_named(msg, HB_NAME(name), value, 10);
}

/* First field of that name, or NULL. */
static inline const struct hb_field *hb_msg_find(const struct hb_msg *msg, const char *name)
{
    return hb_msg_find_named(msg, HB_NAME(name));
}
/* Its text (type 0, no NUL inside), or NULL. */
static inline const char *hb_msg_text(const struct hb_msg *msg, const char *name)
{
    return hb_msg_text_named(msg, HB_NAME(name));
}
/* Whole value must be a number in range; false leaves *out alone. */
static inline bool hb_msg_hex(const struct hb_msg *msg, const char *name, uint64_t *out)
{
    return hb_msg_hex_named(msg, HB_NAME(name), out);
}
static inline bool hb_msg_uint(const struct hb_msg *msg, const char *name, uint64_t *out)
{
    return hb_msg_uint_named(msg, HB_NAME(name), out);
}

#endif
