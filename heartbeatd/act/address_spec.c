/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the argument of IPaddr, IPaddr2 and IPv6addr. A part left empty counts
 * as not given ("10.0.0.1//eth0"). Refuses what no kernel would take: names
 * beyond IFNAMSIZ, masks with holes, addresses nobody can own.
 */
#include "heartbeatd/act/address_spec.h"

#include <ctype.h>
#include <string.h>

#include "common/base/name.h"

#define PARTS_MAX 4
#define PART_MAX 64

static const struct ha_name kinds[] = {
    {HB_ADDRESS_IPADDR, "IPaddr"},
    {HB_ADDRESS_IPADDR2, "IPaddr2"},
    {HB_ADDRESS_IPV6ADDR, "IPv6addr"},
    HA_NAME_END,
};

bool hb_address_kind_find(const char *name, enum hb_address_kind *kind)
{
    int value = 0;

    if (!ha_name_find(kinds, name, &value))
        return false;
    *kind = (enum hb_address_kind)value;
    return true;
}

/* At slashes; the number of parts, or 0 for too many or too long ones. */
static unsigned split(const char *text, char parts[PARTS_MAX][PART_MAX])
{
    for (unsigned i = 0; i < PARTS_MAX; i++) {
        size_t length = strcspn(text, "/");

        if (length >= PART_MAX)
            return 0;
        memcpy(parts[i], text, length);
        parts[i][length] = '\0';
        if (text[length] == '\0')
            return i + 1;
        text += length + 1;
    }
    return 0;
}

static bool parse_bits(const char *text, const struct ha_addr *addr, int *bits)
{
    struct ha_addr mask;
    int value = 0;

    if (addr->family == AF_INET && strchr(text, '.') != NULL) {
        *bits = ha_addr_parse(&mask, text) ? ha_addr_mask_bits(&mask) : -1;
        return *bits > 0;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (!isdigit((unsigned char)*at) || value > 128)
            return false;
        value = value * 10 + (*at - '0');
    }
    *bits = value;
    return value > 0 && value <= (int)ha_addr_bits(addr);
}

/* nic[:label]. An alias of its own ("eth0:1") is the same to the kernel. */
static bool parse_nic(const char *text, struct hb_address_spec *spec)
{
    size_t length = strlen(text);
    const char *colon = strchr(text, ':');
    size_t nic = colon != NULL ? (size_t)(colon - text) : length;

    if (length >= IFNAMSIZ || nic == 0 || strpbrk(text, " \t") != NULL ||
        (colon != NULL && colon[1] == '\0'))
        return false;
    memcpy(spec->nic, text, nic);
    if (colon != NULL)
        memcpy(spec->label, text, length);
    return true;
}

static bool usable(const struct ha_addr *addr)
{
    if (addr->family == AF_INET) {
        uint8_t first = addr->bytes[0];

        return first != 0 && first != 127 && first < 224;
    }
    return !IN6_IS_ADDR_UNSPECIFIED(&addr->v6) && !IN6_IS_ADDR_LOOPBACK(&addr->v6) &&
           !IN6_IS_ADDR_MULTICAST(&addr->v6);
}

static bool parse_broadcast(const char *text, struct hb_address_spec *spec)
{
    return spec->addr.family == AF_INET && ha_addr_parse(&spec->broadcast, text) &&
           spec->broadcast.family == AF_INET;
}

static const char *parse_parts(char parts[PARTS_MAX][PART_MAX], unsigned count,
                               struct hb_address_spec *spec)
{
    bool six = spec->kind == HB_ADDRESS_IPV6ADDR;

    if (!ha_addr_parse(&spec->addr, parts[0]) || !usable(&spec->addr))
        return "expected an address that a machine can have";
    if (six && spec->addr.family != AF_INET6)
        return "expected an IPv6 address";
    if (spec->kind == HB_ADDRESS_IPADDR && spec->addr.family != AF_INET)
        return "expected an IPv4 address (IPv6addr is for the others)";
    if (count > 1 && *parts[1] != '\0' && !parse_bits(parts[1], &spec->addr, &spec->bits))
        return "expected a netmask such as 24 after the address";
    if (count > 2 && isdigit((unsigned char)*parts[2])) {
        if (count > 3 || !parse_broadcast(parts[2], spec))
            return "expected a broadcast address in third place, and nothing after it";
        return NULL;
    }
    if (count > 2 && *parts[2] != '\0' && !parse_nic(parts[2], spec))
        return "expected an interface name of at most 15 bytes, its label included";
    if (count > 3 && *parts[3] != '\0' && !parse_broadcast(parts[3], spec))
        return "expected a broadcast address in last place";
    return NULL;
}

bool hb_address_spec_parse(enum hb_address_kind kind, const char *text, struct hb_address_spec *out,
                           const char **why)
{
    char parts[PARTS_MAX][PART_MAX];
    struct hb_address_spec spec = {.kind = kind, .bits = -1};
    unsigned count = split(text, parts);

    memset(out, 0, sizeof *out);
    *why = count == 0 ? "expected address/netmask/interface/broadcast"
                      : parse_parts(parts, count, &spec);
    if (*why != NULL)
        return false;
    *out = spec;
    return true;
}
