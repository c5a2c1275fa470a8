/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP addresses as values. Everything works on the bytes in network order, so
 * that both families share one path; the family decides how many bytes count.
 * Refuses to resolve names, to guess a missing part of an address, and to look
 * at interfaces (no zones).
 */
#include "common/base/addr.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base/decimal.h"

static size_t byte_count(const struct ha_addr *addr)
{
    return ha_addr_bits(addr) / 8;
}

bool ha_addr_parse(struct ha_addr *out, const char *text)
{
    char bare[INET6_ADDRSTRLEN];
    size_t length = strlen(text);
    struct ha_addr addr;

    memset(out, 0, sizeof(*out));
    memset(&addr, 0, sizeof(addr));
    if (inet_pton(AF_INET, text, &addr.v4) == 1) {
        addr.family = AF_INET;
        *out = addr;
        return true;
    }
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (length >= sizeof(bare))
        return false;
    memcpy(bare, text, length);
    bare[length] = '\0';
    if (inet_pton(AF_INET6, bare, &addr.v6) != 1)
        return false;
    addr.family = AF_INET6;
    *out = addr;
    return true;
}

const char *ha_addr_text(const struct ha_addr *addr, char text[HA_ADDR_TEXT])
{
    char *at = text;

    if (addr->family == AF_INET) { /* inet_ntop() uses printf() for these */
        for (size_t i = 0; i < 4; i++) {
            at = ha_decimal(at, addr->bytes[i]);
            *at++ = i < 3 ? '.' : '\0';
        }
    } else if (addr->family != AF_INET6 ||
               !inet_ntop(AF_INET6, addr->bytes, text, INET6_ADDRSTRLEN)) {
        memcpy(text, "none", sizeof "none");
    }
    return text;
}

const char *ha_addr_port_text(const struct ha_addr *addr, uint16_t port, char text[HA_ADDR_TEXT])
{
    bool brackets = addr->family == AF_INET6;
    char *at = text + brackets;

    ha_addr_text(addr, at);
    at += strlen(at);
    if (brackets) {
        text[0] = '[';
        *at++ = ']';
    }
    *at++ = ':';
    *ha_decimal(at, port) = '\0';
    return text;
}

bool ha_addr_equal(const struct ha_addr *a, const struct ha_addr *b)
{
    return ha_addr_compare(a, b) == 0;
}

int ha_addr_compare(const struct ha_addr *a, const struct ha_addr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->bytes, b->bytes, byte_count(a));
}

/* FNV-1a: short keys, no secrets, the same on every machine. */
uint32_t ha_addr_hash(const struct ha_addr *addr)
{
    uint32_t hash = UINT32_C(2166136261) ^ addr->family;
    size_t count = byte_count(addr);

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ addr->bytes[i]) * UINT32_C(16777619);
    return hash;
}

unsigned ha_addr_bits(const struct ha_addr *addr)
{
    switch (addr->family) {
    case AF_INET:
        return 32;
    case AF_INET6:
        return 128;
    default:
        return 0;
    }
}

bool ha_addr_within(const struct ha_addr *addr, const struct ha_addr *network, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);

    return addr->family != AF_UNSPEC && addr->family == network->family &&
           bits <= ha_addr_bits(addr) && memcmp(addr->bytes, network->bytes, whole) == 0 &&
           (rest == 0 || ((addr->bytes[whole] ^ network->bytes[whole]) & mask) == 0);
}

int ha_addr_mask_bits(const struct ha_addr *mask)
{
    unsigned total = ha_addr_bits(mask);
    unsigned ones = 0;

    while (ones < total && mask->bytes[ones / 8] & (0x80u >> ones % 8))
        ones++;
    for (unsigned i = ones; i < total; i++)
        if (mask->bytes[i / 8] & (0x80u >> i % 8))
            return -1;
    return (int)ones;
}

socklen_t ha_addr_to_sockaddr(const struct ha_addr *addr, uint16_t port,
                              struct sockaddr_storage *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    memset(out, 0, sizeof(*out));
    switch (addr->family) {
    case AF_INET:
        v4.sin_addr = addr->v4;
        memcpy(out, &v4, sizeof(v4));
        return sizeof(v4);
    case AF_INET6:
        v6.sin6_addr = addr->v6;
        memcpy(out, &v6, sizeof(v6));
        return sizeof(v6);
    default:
        return 0;
    }
}

bool ha_addr_from_sockaddr(struct ha_addr *out, uint16_t *port, const struct sockaddr *from)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    uint16_t network_port;

    memset(out, 0, sizeof(*out));
    switch (from->sa_family) {
    case AF_INET:
        memcpy(&v4, from, sizeof(v4));
        out->v4 = v4.sin_addr;
        network_port = v4.sin_port;
        break;
    case AF_INET6:
        memcpy(&v6, from, sizeof(v6));
        out->v6 = v6.sin6_addr;
        network_port = v6.sin6_port;
        break;
    default:
        return false;
    }
    out->family = from->sa_family;
    if (port)
        *port = ntohs(network_port);
    return true;
}
