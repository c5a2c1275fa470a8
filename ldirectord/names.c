/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for the parser, from the system's resolver: the first address of the
 * wanted family, a port by services(5). This waits for name servers, so it is
 * only ever called while a file with names in it is read, from any thread.
 */
#include "ldirectord/names.h"

#include <netdb.h>
#include <string.h>

static bool find_host(void *ctx, const char *name, int family, struct ha_addr *out)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *found = NULL;
    bool known;

    (void)ctx;
    if (ha_addr_parse(out, name))
        return out->family == family;
    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        return false;
    known = found != NULL && ha_addr_from_sockaddr(out, NULL, found->ai_addr);
    freeaddrinfo(found);
    return known;
}

static bool find_port(void *ctx, const char *name, const char *protocol, uint16_t *out)
{
    struct servent entry, *found = NULL;
    char space[1024];

    (void)ctx;
    if (getservbyname_r(name, protocol, &entry, space, sizeof(space), &found) != 0 || found == NULL)
        return false;
    *out = ntohs((uint16_t)found->s_port);
    return true;
}

const struct ld_names ld_system_names = {
    .host = find_host,
    .port = find_port,
};
