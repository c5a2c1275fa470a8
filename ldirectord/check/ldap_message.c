/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BER as far as LDAP uses it: tag, definite length, contents. A reader is a
 * span of bytes that only shrinks, so nothing can be read outside of it.
 */
#include "ldirectord/check/ldap_message.h"

#include <errno.h>
#include <string.h>

enum {
    BOOLEAN = 0x01,
    INTEGER = 0x02,
    OCTETS = 0x04,
    ENUMERATED = 0x0a,
    SEQUENCE = 0x30,
    BIND = 0x60,
    BIND_RESPONSE = 0x61,
    UNBIND = 0x42,
    SEARCH = 0x63,
    ENTRY = 0x64,
    DONE = 0x65,
    REFERENCE = 0x73,
    NOTICE = 0x78,
    SIMPLE = 0x80,  /* of a bind: a password */
    PRESENT = 0x87, /* of a filter: the attribute is there */
};

/* ---- writing: contents first, then wrapped ---- */

static void put(GByteArray *out, uint8_t tag, const void *bytes, size_t length)
{
    uint8_t head[6] = {tag};
    guint used = 1;

    if (length < 0x80) {
        head[used++] = (uint8_t)length;
    } else {
        head[used++] = 0x84;
        for (int shift = 24; shift >= 0; shift -= 8)
            head[used++] = (uint8_t)(length >> shift);
    }
    g_byte_array_append(out, head, used);
    g_byte_array_append(out, bytes, (guint)length);
}

static void put_text(GByteArray *out, uint8_t tag, const char *text)
{
    put(out, tag, text, strlen(text));
}

static void put_small(GByteArray *out, uint8_t tag, uint8_t value)
{
    put(out, tag, &value, 1);
}

/* Takes request over. */
static void put_message(GByteArray *out, uint8_t id, uint8_t tag, GByteArray *request)
{
    GByteArray *message = g_byte_array_new();

    put_small(message, INTEGER, id);
    put(message, tag, request->data, request->len);
    put(out, SEQUENCE, message->data, message->len);
    memset(message->data, 0, message->len); /* there may be a password in it */
    memset(request->data, 0, request->len);
    g_byte_array_free(message, TRUE);
    g_byte_array_free(request, TRUE);
}

void ld_ldap_bind(GByteArray *out, uint8_t id, const char *dn, const char *passwd)
{
    GByteArray *request = g_byte_array_new();

    put_small(request, INTEGER, 3);
    put_text(request, OCTETS, dn);
    put_text(request, SIMPLE, passwd);
    put_message(out, id, BIND, request);
}

void ld_ldap_search(GByteArray *out, uint8_t id, const char *dn)
{
    GByteArray *request = g_byte_array_new(), *attributes = g_byte_array_new();

    put_text(request, OCTETS, dn);
    put_small(request, ENUMERATED, 0); /* the base object only */
    put_small(request, ENUMERATED, 0); /* aliases are not followed */
    put_small(request, INTEGER, 0);    /* no limits but our own */
    put_small(request, INTEGER, 0);
    put_small(request, BOOLEAN, 0);
    put_text(request, PRESENT, "objectClass");
    put_text(attributes, OCTETS, "1.1"); /* none */
    put(request, SEQUENCE, attributes->data, attributes->len);
    g_byte_array_free(attributes, TRUE);
    put_message(out, id, SEARCH, request);
}

void ld_ldap_unbind(GByteArray *out, uint8_t id)
{
    const uint8_t message[] = {SEQUENCE, 5, INTEGER, 1, id, UNBIND, 0};

    g_byte_array_append(out, message, sizeof(message));
}

/* ---- reading ---- */

struct span {
    const uint8_t *at;
    size_t left;
};

/* Tag and length. 1, 0 (more bytes needed) or -EBADMSG; *head is how long they are themselves. */
static int read_head(const struct span *from, uint8_t *tag, size_t *length, size_t *head)
{
    size_t bytes;

    if (from->left < 2)
        return 0;
    *tag = from->at[0];
    *length = from->at[1];
    *head = 2;
    if (*length < 0x80)
        return 1;
    bytes = *length & 0x7f;
    if (bytes == 0 || bytes > 4)
        return -EBADMSG;
    if (from->left < 2 + bytes)
        return 0;
    *length = 0;
    for (size_t i = 0; i < bytes; i++)
        *length = *length << 8 | from->at[2 + i];
    *head = 2 + bytes;
    return *length <= LD_LDAP_MESSAGE_MAX ? 1 : -EBADMSG;
}

/* The next element, whole; false: there is none of this tag. */
static bool next(struct span *from, uint8_t wanted, struct span *contents)
{
    uint8_t tag;
    size_t length, head;

    if (read_head(from, &tag, &length, &head) != 1 || tag != wanted || length > from->left - head)
        return false;
    *contents = (struct span){from->at + head, length};
    from->at += head + length;
    from->left -= head + length;
    return true;
}

static bool read_result(struct span operation, struct ld_ldap_answer *answer)
{
    struct span code, dn, words;

    if (!next(&operation, ENUMERATED, &code) || code.left == 0 || code.left > 3 ||
        !next(&operation, OCTETS, &dn) || !next(&operation, OCTETS, &words))
        return false;
    answer->result = 0;
    for (size_t i = 0; i < code.left; i++)
        answer->result = answer->result << 8 | code.at[i];
    answer->text = (const char *)words.at;
    answer->length = words.left;
    return true;
}

static bool read_operation(struct span message, struct ld_ldap_answer *answer)
{
    static const struct {
        uint8_t tag;
        enum ld_ldap_kind kind;
    } results[] = {
        {BIND_RESPONSE, LD_LDAP_BIND_RESPONSE}, {DONE, LD_LDAP_DONE}, {NOTICE, LD_LDAP_NOTICE}};
    struct span id, operation, dn;

    *answer = (struct ld_ldap_answer){.text = ""};
    if (!next(&message, INTEGER, &id))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(results); i++) {
        if (next(&message, results[i].tag, &operation)) {
            answer->kind = results[i].kind;
            return read_result(operation, answer);
        }
    }
    if (next(&message, REFERENCE, &operation)) {
        answer->kind = LD_LDAP_REFERENCE;
        return true;
    }
    if (!next(&message, ENTRY, &operation) || !next(&operation, OCTETS, &dn))
        return false;
    answer->kind = LD_LDAP_ENTRY;
    answer->text = (const char *)dn.at;
    answer->length = dn.left;
    return true;
}

int ld_ldap_read(const uint8_t *bytes, size_t length, struct ld_ldap_answer *answer, size_t *used)
{
    const struct span all = {bytes, length};
    size_t contents, head;
    uint8_t tag;
    int complete;

    if (length > 0 && bytes[0] != SEQUENCE)
        return -EBADMSG;
    complete = read_head(&all, &tag, &contents, &head);
    if (complete != 1)
        return complete;
    if (contents > length - head)
        return 0;
    *used = head + contents;
    return read_operation((struct span){bytes + head, contents}, answer) ? 1 : -EBADMSG;
}
