/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading goes forward only; a pointer in a name must point before itself, so none can loop. */
#include "ldirectord/check/dns_message.h"

#include <glib.h>
#include <string.h>

#include "common/base/addr.h"

#define HEADER_BYTES 12
#define LABEL_MAX    63
#define CLASS_IN     1

static const char *const rcodes[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
                                     "REFUSED"};

const char *ld_dns_rcode_name(unsigned rcode, char text[16])
{
    if (rcode < G_N_ELEMENTS(rcodes))
        return rcodes[rcode];
    g_snprintf(text, 16, "error %u", rcode & 0xf);
    return text;
}

/* ---- the question ---- */

static bool put_label(struct ld_dns_question *question, const char *label, size_t length)
{
    if (length == 0 || length > LABEL_MAX || question->length + length + 2 > LD_DNS_NAME_MAX)
        return false;
    question->name[question->length++] = (uint8_t)length;
    memcpy(question->name + question->length, label, length);
    question->length += length;
    return true;
}

/* "www.example.com", with or without a dot at its end; "" and "." are the root. */
static bool put_name(struct ld_dns_question *question, const char *text)
{
    question->length = 0;
    if (strcmp(text, ".") == 0)
        text = "";
    while (*text != '\0') {
        size_t length = strcspn(text, ".");

        if (!put_label(question, text, length))
            return false;
        text += length;
        text += *text == '.';
    }
    question->name[question->length++] = 0;
    return true;
}

static bool put_reverse(struct ld_dns_question *question, const struct ha_addr *addr)
{
    GString *text = g_string_new(NULL);
    bool done;

    if (addr->family == AF_INET) {
        for (int i = 3; i >= 0; i--)
            g_string_append_printf(text, "%u.", addr->bytes[i]);
        g_string_append(text, "in-addr.arpa");
    } else {
        for (int i = 15; i >= 0; i--)
            g_string_append_printf(text, "%x.%x.", addr->bytes[i] & 0xf, addr->bytes[i] >> 4);
        g_string_append(text, "ip6.arpa");
    }
    done = put_name(question, text->str);
    g_string_free(text, TRUE);
    return done;
}

bool ld_dns_question_of(struct ld_dns_question *question, const char *request)
{
    struct ha_addr addr;

    if (ha_addr_parse(&addr, request)) {
        question->type = LD_DNS_PTR;
        return put_reverse(question, &addr);
    }
    question->type = *request != '\0' ? LD_DNS_A : LD_DNS_NS;
    return put_name(question, request);
}

static void put16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

size_t ld_dns_query(const struct ld_dns_question *question, uint16_t id,
                    uint8_t out[LD_DNS_QUERY_MAX])
{
    uint8_t *after = out + HEADER_BYTES + question->length;

    memset(out, 0, HEADER_BYTES);
    put16(out, id);
    out[2] = 1; /* recursion desired */
    put16(out + 4, 1);
    memcpy(out + HEADER_BYTES, question->name, question->length);
    put16(after, question->type);
    put16(after + 2, CLASS_IN);
    return HEADER_BYTES + question->length + 4;
}

/* ---- the answer ---- */

struct reader {
    const uint8_t *bytes;
    size_t length, at;
};

static bool take16(struct reader *reader, unsigned *out)
{
    if (reader->length - reader->at < 2)
        return false;
    *out = (unsigned)reader->bytes[reader->at] << 8 | reader->bytes[reader->at + 1];
    reader->at += 2;
    return true;
}

static bool skip(struct reader *reader, size_t count)
{
    if (reader->length - reader->at < count)
        return false;
    reader->at += count;
    return true;
}

/* One step along a name at *at: a label copied to out, the end (*done), or a pointer followed.
 * before: where the part that is being read begins; a pointer must go further back. */
static bool name_step(const struct reader *reader, size_t *at, size_t *before,
                      struct ld_dns_question *out, bool *jumped, bool *done)
{
    unsigned first;

    if (*at >= reader->length)
        return false;
    first = reader->bytes[*at];
    if (first >= 0xc0) {
        size_t to;

        if (*at + 1 >= reader->length)
            return false;
        to = (size_t)(first & 0x3f) << 8 | reader->bytes[*at + 1];
        if (to >= *before)
            return false;
        *at = *before = to;
        *jumped = true;
        return true;
    }
    if (first > LABEL_MAX || reader->length - *at < first + 1u ||
        out->length + first + 1u > sizeof(out->name))
        return false;
    memcpy(out->name + out->length, reader->bytes + *at, first + 1u);
    out->length += first + 1u;
    *at += first + 1u;
    *done = first == 0;
    return true;
}

/* Leaves the reader behind the name as it stands there. */
static bool take_name(struct reader *reader, struct ld_dns_question *out)
{
    size_t at = reader->at, before = reader->at;
    bool jumped = false, done = false;

    out->length = 0;
    while (!done) {
        bool was = jumped;

        if (!name_step(reader, &at, &before, out, &jumped, &done))
            return false;
        if (!was)
            reader->at = jumped ? reader->at + 2 : at;
    }
    return true;
}

static void name_text(const struct ld_dns_question *name, char text[LD_DNS_TEXT_MAX])
{
    char *end = text;

    for (size_t at = 0; name->name[at] != 0; at += name->name[at] + 1u) {
        if (at > 0)
            *end++ = '.';
        for (size_t i = at + 1; i <= at + name->name[at]; i++) {
            uint8_t byte = name->name[i];

            if (byte > 0x20 && byte < 0x7f && byte != '.' && byte != '\\')
                *end++ = (char)byte;
            else
                end += g_snprintf(end, 5, "\\%03u", byte);
        }
    }
    *end = '\0';
}

static bool same_name(const struct ld_dns_question *a, const struct ld_dns_question *b)
{
    if (a->length != b->length)
        return false;
    for (size_t i = 0; i < a->length; i++) /* a length byte is below "A" and compares as it is */
        if (g_ascii_tolower((char)a->name[i]) != g_ascii_tolower((char)b->name[i]))
            return false;
    return true;
}

static bool take_record(struct reader *reader, enum ld_dns_type wanted, ld_dns_record_fn fn,
                        void *ctx)
{
    struct ld_dns_question name;
    struct ha_addr addr = {.family = wanted == LD_DNS_AAAA ? AF_INET6 : AF_INET};
    char text[LD_DNS_TEXT_MAX];
    unsigned type, class, size;
    size_t data;

    if (!take_name(reader, &name) || !take16(reader, &type) || !take16(reader, &class) ||
        !skip(reader, 4) || !take16(reader, &size))
        return false;
    data = reader->at;
    if (!skip(reader, size))
        return false;
    if (type != wanted || class != CLASS_IN)
        return true;
    if (type == LD_DNS_A || type == LD_DNS_AAAA) {
        if (size != ha_addr_bits(&addr) / 8)
            return false;
        memcpy(addr.bytes, reader->bytes + data, size);
        ha_addr_text(&addr, text);
    } else {
        struct reader inner = {reader->bytes, data + size, data};

        if (!take_name(&inner, &name) || inner.at != data + size)
            return false;
        name_text(&name, text);
    }
    fn(ctx, text);
    return true;
}

enum ld_dns ld_dns_read(const uint8_t *bytes, size_t length, const struct ld_dns_question *question,
                        uint16_t id, unsigned *rcode, ld_dns_record_fn fn, void *ctx)
{
    struct reader reader = {bytes, length, 0};
    unsigned got_id, flags, questions, answers, type, class;
    struct ld_dns_question asked;

    *rcode = 0;
    if (!take16(&reader, &got_id) || !take16(&reader, &flags) || !take16(&reader, &questions) ||
        !take16(&reader, &answers) || !skip(&reader, 4) || got_id != id || (flags & 0xf800) != 0x8000)
        return LD_DNS_NOT_OURS;
    *rcode = flags & 0xf;
    if (questions == 0 && *rcode != 0)
        return LD_DNS_ANSWER; /* some do not repeat what they could not make sense of */
    if (questions != 1 || !take_name(&reader, &asked) || !take16(&reader, &type) ||
        !take16(&reader, &class) || type != question->type || class != CLASS_IN ||
        !same_name(&asked, question))
        return LD_DNS_NOT_OURS;
    if (flags & 0x0200)
        return LD_DNS_TRUNCATED;
    for (unsigned i = 0; i < answers; i++)
        if (!take_record(&reader, question->type, fn, ctx))
            return LD_DNS_BROKEN;
    return LD_DNS_ANSWER;
}
