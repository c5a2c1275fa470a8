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

/* As the kernel numbers and names them; without those of a connection that is over. */
static const char *const open_states[] = {
    [1] = "ESTABLISHED", [3] = "SYN_RECV", [4] = "FIN_WAIT", [7] = "CLOSE_WAIT", [8] = "LAST_ACK",
};
#define ESTABLISHED 1
#define SYN_RECV    3

/* The kernel tells of a connection that had its three packets within two seconds. */
#define LATELY_S    3

/* ---- reading ---- */

static bool read_state(const char *name, uint16_t *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(open_states); i++) {
        if (open_states[i] != NULL && strcmp(open_states[i], name) == 0) {
            *out = (uint16_t)i;
            return true;
        }
    }
    return false;
}

static bool read_hex(const char *word, size_t digits, uint32_t *out)
{
    if (strlen(word) != digits || strspn(word, "0123456789ABCDEFabcdef") != digits)
        return false;
    *out = (uint32_t)g_ascii_strtoull(word, NULL, 16);
    return true;
}

/* "0A010002", or all of an IPv6 address with its colons. */
static bool read_address(const char *word, struct ha_addr *out)
{
    uint32_t number;

    if (!read_hex(word, 8, &number))
        return ha_addr_parse(out, word) && out->family == AF_INET6;
    *out = (struct ha_addr){.family = AF_INET, .v4.s_addr = htonl(number)};
    return true;
}

static bool read_port(const char *word, uint16_t *out)
{
    uint32_t number;

    if (!read_hex(word, 4, &number))
        return false;
    *out = (uint16_t)number;
    return true;
}

bool ld_connection_read(const char *line, struct ld_connection *out)
{
    char protocol[8], client[WORD_MAX], client_port[8], vip[WORD_MAX], vip_port[8],
         server[WORD_MAX], server_port[8], state[16], left[WORD_MAX];
    uint64_t left_s;

    *out = (struct ld_connection){.state = 0};
    if (sscanf(line, "%7s %47s %7s %47s %7s %47s %7s %15s %47s", protocol, client, client_port, vip, vip_port,
               server, server_port, state, left) < 9)
        return false;
    left_s = g_ascii_strtoull(left, NULL, 10);
    out->left_s = left_s > INT32_MAX ? 0 : (unsigned)left_s; /* less than none, without a sign */
    return strcmp(protocol, "TCP") == 0 && read_state(state, &out->state) &&
           read_address(client, &out->client) && read_port(client_port, &out->client_port) &&
           read_address(vip, &out->vip) && read_port(vip_port, &out->vip_port) &&
           read_address(server, &out->server) && read_port(server_port, &out->server_port) &&
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
    put_32(datagram, ways[method] | (connection->state == ESTABLISHED ? 0 : IP_VS_CONN_F_INACTIVE));
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
