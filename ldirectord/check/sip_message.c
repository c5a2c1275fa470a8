/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines may end in a bare line feed; header names come in any case, some in a short form too. */
#include "ldirectord/check/sip_message.h"

#include <glib.h>
#include <string.h>

#define VERSION      "SIP/2.0 "
#define STATUS_AT    (sizeof(VERSION) - 1)
#define STATUS_CHARS 3
#define CSEQ         "1 OPTIONS"

char *ld_sip_options(const struct ld_sip_ask *ask)
{
    char local[HA_ADDR_TEXT];

    ha_addr_port_text(&ask->local, ask->local_port, local);
    return g_strdup_printf("OPTIONS sip:%s SIP/2.0\r\n"
                           "Via: SIP/2.0/%s %s;rport;branch=z9hG4bK%s\r\n"
                           "Max-Forwards: 70\r\n"
                           "To: <sip:%s>\r\n"
                           "From: <sip:%s>;tag=%s\r\n"
                           "Call-ID: %s\r\n"
                           "CSeq: " CSEQ "\r\n"
                           "Contact: <sip:%s>\r\n"
                           "Accept: application/sdp\r\n"
                           "Content-Length: 0\r\n\r\n",
                           ask->login, ask->tcp ? "TCP" : "UDP", local, ask->token, ask->login,
                           ask->login, ask->token, ask->token, ask->login);
}

/* ---- the answer ---- */

struct text {
    const char *bytes;
    size_t length;
};

/* Takes a line off the front, without its end. False: there is none that is whole. */
static bool take_line(struct text *from, struct text *line)
{
    const char *feed = from->length > 0 ? memchr(from->bytes, '\n', from->length) : NULL;

    if (feed == NULL)
        return false;
    line->bytes = from->bytes;
    line->length = (size_t)(feed - from->bytes);
    from->bytes = feed + 1;
    from->length -= line->length + 1;
    if (line->length > 0 && line->bytes[line->length - 1] == '\r')
        line->length--;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(struct text *text)
{
    while (text->length > 0 && is_blank(text->bytes[0])) {
        text->bytes++;
        text->length--;
    }
    while (text->length > 0 && is_blank(text->bytes[text->length - 1]))
        text->length--;
}

/* The value of the header if the line is one of that name. */
static bool header_of(const struct text *line, const char *name, const char *brief,
                      struct text *value)
{
    const char *colon = line->length > 0 ? memchr(line->bytes, ':', line->length) : NULL;
    struct text key = {line->bytes, colon != NULL ? (size_t)(colon - line->bytes) : 0};

    if (colon == NULL)
        return false;
    trim(&key);
    if (!(key.length == strlen(name) && g_ascii_strncasecmp(key.bytes, name, key.length) == 0) &&
        !(brief != NULL && key.length == strlen(brief) &&
          g_ascii_strncasecmp(key.bytes, brief, key.length) == 0))
        return false;
    value->bytes = colon + 1;
    value->length = line->length - (size_t)(colon + 1 - line->bytes);
    trim(value);
    return true;
}

static bool equals(const struct text *text, const char *other)
{
    return text->length == strlen(other) && memcmp(text->bytes, other, text->length) == 0;
}

static bool number_of(const struct text *text, size_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text->length; i++) {
        if (!g_ascii_isdigit(text->bytes[i]))
            return false;
        *out = *out * 10 + (size_t)(text->bytes[i] - '0');
        if (*out > LD_SIP_MAX)
            return false;
    }
    return text->length > 0;
}

/* Decides as early as it can, so that rubbish is not waited upon. */
static enum ld_sip read_status(const struct text *text, unsigned *status)
{
    size_t most = MIN(text->length, STATUS_AT);
    char after;

    *status = 0;
    if (g_ascii_strncasecmp(text->bytes, VERSION, most) != 0)
        return LD_SIP_NONE;
    for (size_t i = STATUS_AT; i < text->length && i < STATUS_AT + STATUS_CHARS; i++) {
        if (!g_ascii_isdigit(text->bytes[i]))
            return LD_SIP_NONE;
        *status = *status * 10 + (unsigned)(text->bytes[i] - '0');
    }
    if (text->length <= STATUS_AT + STATUS_CHARS)
        return LD_SIP_UNFINISHED;
    after = text->bytes[STATUS_AT + STATUS_CHARS];
    if ((after != ' ' && after != '\r' && after != '\n') || *status < 100)
        return LD_SIP_NONE;
    return LD_SIP_ANSWER;
}

enum ld_sip ld_sip_read(const uint8_t *bytes, size_t length, const struct ld_sip_ask *ask,
                        unsigned *status, size_t *size)
{
    struct text rest = {(const char *)bytes, length}, line, value;
    bool our_call = false, our_request = false;
    size_t body = 0;
    enum ld_sip is = read_status(&rest, status);

    if (is != LD_SIP_ANSWER)
        return is;
    if (!take_line(&rest, &line))
        return length > LD_SIP_MAX ? LD_SIP_NONE : LD_SIP_UNFINISHED;
    for (;;) {
        if (!take_line(&rest, &line))
            return length > LD_SIP_MAX ? LD_SIP_NONE : LD_SIP_UNFINISHED;
        if (line.length == 0)
            break;
        if (header_of(&line, "Call-ID", "i", &value))
            our_call = equals(&value, ask->token);
        else if (header_of(&line, "CSeq", NULL, &value))
            our_request = equals(&value, CSEQ);
        else if (header_of(&line, "Content-Length", "l", &value) && !number_of(&value, &body))
            return LD_SIP_NONE;
    }
    *size = length - rest.length + body;
    return our_call && our_request ? LD_SIP_ANSWER : LD_SIP_OTHER;
}
