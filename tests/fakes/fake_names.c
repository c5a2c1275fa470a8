/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hosts file and a services file of a few lines. Knows nothing else. */
#include "tests/fakes/fake_names.h"

#include <string.h>

static const struct {
    const char *name, *v4, *v6;
} hosts[] = {
    {"localhost", "127.0.0.1", "::1"},
    {"web-1.example.com", "10.1.0.1", "2001:db8::1"},
    {"only4", "10.1.0.4", NULL},
    {"only6", NULL, "2001:db8::6"},
    {"neighbour", NULL, "fe80::6"},
};

static const struct {
    const char *name, *protocol;
    uint16_t port;
} services[] = {
    {"http", "tcp", 80},    {"https", "tcp", 443},   {"domain", "udp", 53}, {"domain", "tcp", 53},
    {"radius", "udp", 1812}, {"radius", "tcp", 1812}, {"http-alt", "tcp", 8080},
};

static bool host(void *ctx, const char *name, int family, struct ha_addr *out)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        const char *text = family == AF_INET ? hosts[i].v4 : hosts[i].v6;

        if (strcmp(hosts[i].name, name) == 0 && text)
            return ha_addr_parse(out, text);
    }
    return false;
}

static bool port(void *ctx, const char *name, const char *protocol, uint16_t *out)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        if (strcmp(services[i].name, name) != 0 ||
            (protocol && strcmp(protocol, "fwm") != 0 &&
             strcmp(services[i].protocol, protocol) != 0))
            continue;
        *out = services[i].port;
        return true;
    }
    return false;
}

const struct ld_names fake_names = {.host = host, .port = port};
