/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ldirectord/core/handover.h"

#include <linux/ip_vs.h>
#include <stdio.h>
#include <string.h>

/* The head of a datagram: 0, syncid, bytes (16 bits), connections, version, 0, 0. */
#define HEAD_BYTES     8
#define AT_BYTES       2
#define AT_COUNT       4
#define AT_VERSION     5
#define VERSION        1
/* A connection: type, protocol, bytes (16), flags (32), state (16), three ports (16 each), firewall mark (32),
 * timeout (32; 0: what is usual for the state), three addresses. */
#define FIXED_BYTES    24
#define TYPE_IPV6      1
#define COUNT_MAX      255

#define WORD_MAX       48

/* Of a line of the list. */
enum { PROTOCOL, CLIENT, CLIENT_PORT, VIP, VIP_PORT, SERVER, SERVER_PORT, STATE, LEFT, WORDS };

/* As the kernel numbers and names them; without those of a connection that is over. */
static const char *const open_states[] = {
    [1] = "ESTABLISHED", [3] = "SYN_RECV", [4] = "FIN_WAIT", [7] = "CLOSE_WAIT", [8] = "LAST_ACK",
};
#define ESTABLISHED 1
#define SYN_RECV    3

/* The kernel tells of a connection that had its three packets within two seconds. */
#define LATELY_S    3

/* ---- reading ---- */

/* The line is read a word at a time, by hand: one of sscanf() costs more than the kernel needs to write it, and
 * clients wait meanwhile. */
struct word {
    const char *text;
    size_t length; /* 0: there is none */
};

static struct word next_word(const char **at)
{
    struct word word = {.text = *at + strspn(*at, " \n")};

    word.length = strcspn(word.text, " \n");
    *at = word.text + word.length;
    return word;
}

static bool is(struct word word, const char *text)
{
    return strlen(text) == word.length && memcmp(text, word.text, word.length) == 0;
}

static bool read_state(struct word name, uint16_t *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(open_states); i++) {
        if (open_states[i] != NULL && is(name, open_states[i])) {
            *out = (uint16_t)i;
            return true;
        }
    }
    return false;
}

static bool read_hex(struct word word, size_t digits, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < word.length; i++) {
        int digit = g_ascii_xdigit_value(word.text[i]);

        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return word.length == digits;
}

/* "0A010002", or all of an IPv6 address with its colons. */
static bool read_address(struct word word, struct ha_addr *out)
{
    char text[WORD_MAX];
    uint32_t number;

    if (read_hex(word, 8, &number)) {
        *out = (struct ha_addr){.family = AF_INET, .v4.s_addr = htonl(number)};
        return true;
    }
    if (word.length >= sizeof(text))
        return false;
    memcpy(text, word.text, word.length);
    text[word.length] = '\0';
    return ha_addr_parse(out, text) && out->family == AF_INET6;
}

static bool read_port(struct word word, uint16_t *out)
{
    uint32_t number;

    if (!read_hex(word, 4, &number))
        return false;
    *out = (uint16_t)number;
    return true;
}

bool ld_connection_read(const char *line, struct ld_connection *out)
{
    struct word words[WORDS];
    uint64_t left_s;

    for (size_t i = 0; i < WORDS; i++)
        words[i] = next_word(&line);
    *out = (struct ld_connection){.state = 0};
    if (!is(words[PROTOCOL], "TCP") || !read_state(words[STATE], &out->state) || words[LEFT].length == 0)
        return false;
    left_s = g_ascii_strtoull(words[LEFT].text, NULL, 10);
    out->left_s = left_s > INT32_MAX ? 0 : (unsigned)left_s; /* less than none, without a sign */
    return read_address(words[CLIENT], &out->client) && read_port(words[CLIENT_PORT], &out->client_port) &&
           read_address(words[VIP], &out->vip) && read_port(words[VIP_PORT], &out->vip_port) &&
           read_address(words[SERVER], &out->server) && read_port(words[SERVER_PORT], &out->server_port) &&
           out->client_port != 0 && out->client.family == out->vip.family &&
           out->client.family == out->server.family;
}

/* ---- which of them ---- */

bool ld_connection_closes(const struct ld_connection *connection)
{
    return connection->state != ESTABLISHED && connection->state != SYN_RECV;
}

bool ld_closing_see(struct ld_closing *closing, const struct ld_connection *connection)
{
    unsigned *most_s = &closing->most_s[connection->state % LD_CLOSING_STATES];

    *most_s = MAX(*most_s, connection->left_s);
    return *most_s - connection->left_s < LATELY_S;
}

/* ---- whose it is ---- */

const struct ld_dest *ld_connection_dest(const struct ld_connection *connection, const struct ld_table *table)
{
    const struct ld_service_id id = {.protocol = LD_TCP, .addr = connection->vip, .port = connection->vip_port};
    const struct ld_vs *vs = ld_table_find(table, &id);
    const struct ld_dest *dest = vs ? ld_vs_find(vs, &connection->server, connection->server_port) : NULL;

    for (guint i = 0; vs == NULL && dest == NULL && i < table->services->len; i++) {
        const struct ld_vs *by_mark = g_ptr_array_index(table->services, i);

        if (by_mark->id.protocol != LD_FWM)
            continue;
        dest = ld_vs_find(by_mark, &connection->server, connection->server_port);
        if (dest == NULL) /* of a service of any port */
            dest = ld_vs_find(by_mark, &connection->server, 0);
    }
    return dest;
}

/* ---- writing ---- */

static void put_16(GByteArray *datagram, uint16_t number)
{
    const uint8_t bytes[] = {(uint8_t)(number >> 8), (uint8_t)number};

    g_byte_array_append(datagram, bytes, sizeof(bytes));
}

static void put_32(GByteArray *datagram, uint32_t number)
{
    put_16(datagram, (uint16_t)(number >> 16));
    put_16(datagram, (uint16_t)number);
}

void ld_handover_begin(GByteArray *datagram, uint8_t syncid)
{
    const uint8_t head[HEAD_BYTES] = {[1] = syncid, [AT_BYTES + 1] = HEAD_BYTES, [AT_VERSION] = VERSION};

    g_byte_array_set_size(datagram, 0);
    g_byte_array_append(datagram, head, sizeof(head));
}

/* As the kernel counts them: active is also what has just begun. It matters for more than least connections: where
 * the next director remembers another connection from the same port to another server, it forgets that for an active
 * one, and believes that an inactive one is the old news. */
static uint32_t activity(const struct ld_connection *connection)
{
    return ld_connection_closes(connection) ? IP_VS_CONN_F_INACTIVE : 0;
}

bool ld_handover_add(GByteArray *datagram, const struct ld_connection *connection, enum ld_method method)
{
    static const uint32_t ways[LD_METHOD_COUNT] = {[LD_GATE] = IP_VS_CONN_F_DROUTE,
                                                   [LD_MASQ] = IP_VS_CONN_F_MASQ,
                                                   [LD_IPIP] = IP_VS_CONN_F_TUNNEL};
    guint address_bytes = ha_addr_bits(&connection->client) / 8, bytes = FIXED_BYTES + 3 * address_bytes;
    const uint8_t kind[] = {connection->client.family == AF_INET6 ? TYPE_IPV6 : 0, IPPROTO_TCP};

    if (datagram->len + bytes > LD_HANDOVER_BYTES || datagram->data[AT_COUNT] == COUNT_MAX)
        return false;
    g_byte_array_append(datagram, kind, sizeof(kind));
    put_16(datagram, (uint16_t)bytes);
    put_32(datagram, ways[method] | activity(connection));
    put_16(datagram, connection->state);
    put_16(datagram, connection->client_port);
    put_16(datagram, connection->vip_port);
    put_16(datagram, connection->server_port);
    put_32(datagram, 0);
    put_32(datagram, 0);
    g_byte_array_append(datagram, connection->client.bytes, address_bytes);
    g_byte_array_append(datagram, connection->vip.bytes, address_bytes);
    g_byte_array_append(datagram, connection->server.bytes, address_bytes);
    datagram->data[AT_BYTES] = (uint8_t)(datagram->len >> 8);
    datagram->data[AT_BYTES + 1] = (uint8_t)datagram->len;
    datagram->data[AT_COUNT]++;
    return true;
}

unsigned ld_handover_count(const GByteArray *datagram)
{
    return datagram->data[AT_COUNT];
}
