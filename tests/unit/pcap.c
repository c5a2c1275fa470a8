/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a capture file whole and walks it; a record that is cut off ends it with false. */
#include "tests/unit/pcap.h"

#include <string.h>

#define FILE_HEADER 24
#define RECORD_HEADER 16

struct walk {
    bool swapped;
    uint32_t link;
    uint16_t port;
    pcap_fn fn;
    void *ctx;
    unsigned count;
};

static uint32_t get32(const struct walk *walk, const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return walk->swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

static unsigned be16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Length of the link header and where in it the protocol stands. */
static bool link_layout(uint32_t link, size_t *header, size_t *protocol)
{
    static const struct {
        uint32_t link;
        size_t header, protocol;
    } layouts[] = {{1, 14, 12}, {113, 16, 14}, {276, 20, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++) {
        if (layouts[i].link == link) {
            *header = layouts[i].header;
            *protocol = layouts[i].protocol;
            return true;
        }
    }
    return false;
}

static void packet(struct walk *walk, const uint8_t *at, size_t length)
{
    size_t header = 0, protocol = 0, ip;
    bool udp;

    if (!link_layout(walk->link, &header, &protocol) || length < header + 48)
        return;
    if (be16(at + protocol) == 0x0800) {
        ip = (size_t)(at[header] & 15) * 4;
        udp = at[header + 9] == 17;
    } else {
        ip = 40;
        udp = be16(at + protocol) == 0x86dd && at[header + 6] == 17;
    }
    at += header + ip;
    length -= header + ip;
    if (!udp || length < 8 || be16(at + 4) < 8 || be16(at + 4) > length ||
        (be16(at) != walk->port && be16(at + 2) != walk->port))
        return;
    walk->count++;
    walk->fn(walk->ctx, at + 8, be16(at + 4) - 8);
}

static bool records(struct walk *walk, const uint8_t *at, size_t length)
{
    while (length >= RECORD_HEADER) {
        size_t captured = get32(walk, at + 8);

        at += RECORD_HEADER;
        length -= RECORD_HEADER;
        if (captured > length)
            return false;
        packet(walk, at, captured);
        at += captured;
        length -= captured;
    }
    return length == 0;
}

bool pcap_each_udp(const char *path, uint16_t port, pcap_fn fn, void *ctx, unsigned *count)
{
    struct walk walk = {.port = port, .fn = fn, .ctx = ctx};
    gchar *data = NULL;
    gsize length = 0;
    bool good = false;

    if (g_file_get_contents(path, &data, &length, NULL) && length >= FILE_HEADER) {
        const uint8_t *at = (const uint8_t *)data;
        uint32_t magic = get32(&walk, at);

        walk.swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
        magic = get32(&walk, at);
        walk.link = get32(&walk, at + 20) & 0xffff;
        good = (magic == 0xa1b2c3d4 || magic == 0xa1b23c4d) &&
               records(&walk, at + FILE_HEADER, length - FILE_HEADER);
    }
    g_free(data);
    if (count != NULL)
        *count = walk.count;
    return good;
}
