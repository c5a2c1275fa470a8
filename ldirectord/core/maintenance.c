/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of files against names of servers. Looks into no folder and asks no resolver. */
#include "ldirectord/core/maintenance.h"

#include <string.h>

struct ld_maintenance *ld_maintenance_new(void)
{
    struct ld_maintenance *maintenance = g_new0(struct ld_maintenance, 1);

    maintenance->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    maintenance->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return maintenance;
}

void ld_maintenance_free(struct ld_maintenance *maintenance)
{
    if (!maintenance)
        return;
    g_hash_table_destroy(maintenance->files);
    g_hash_table_destroy(maintenance->names);
    g_free(maintenance);
}

/* Rather than an address: [fd00::1]:80, fd00::1, 10.0.0.1:80. */
static bool is_host_name(const char *name)
{
    char *host = g_strndup(name, strcspn(name, ":"));
    struct ha_addr addr;
    bool host_name = *name != '[' && !ha_addr_parse(&addr, name) && !ha_addr_parse(&addr, host);

    g_free(host);
    return host_name;
}

/* An IPv6 address can be spelled in many ways; one of them is ours. */
static char *spelled(const char *name)
{
    const char *bracket = *name == '[' ? strchr(name, ']') : NULL;
    const char *rest = bracket ? bracket + 1 : name + strlen(name);
    char *host = g_strndup(name, (gsize)(rest - name)), text[HA_ADDR_TEXT], *out;
    struct ha_addr addr;

    if (!ha_addr_parse(&addr, host) || addr.family != AF_INET6)
        out = g_strdup(name);
    else
        out = g_strdup_printf(bracket ? "[%s]%s" : "%s%s", ha_addr_text(&addr, text), rest);
    g_free(host);
    return out;
}

bool ld_maintenance_add_file(struct ld_maintenance *maintenance, const char *name)
{
    if (g_hash_table_size(maintenance->files) >= LD_MAINTENANCE_MAX)
        return false;
    g_hash_table_add(maintenance->files, spelled(name));
    maintenance->host_names |= is_host_name(name);
    return true;
}

void ld_maintenance_add_name(struct ld_maintenance *maintenance, const char *address,
                             const char *name)
{
    g_hash_table_replace(maintenance->names, g_strdup(address), g_strdup(name));
}

bool ld_maintenance_same_files(const struct ld_maintenance *a, const struct ld_maintenance *b)
{
    GHashTableIter iter;
    gpointer name;

    if (g_hash_table_size(a->files) != g_hash_table_size(b->files))
        return false;
    g_hash_table_iter_init(&iter, a->files);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (!g_hash_table_contains(b->files, name))
            return false;
    return true;
}

static bool has_file(const struct ld_maintenance *maintenance, const char *host, uint16_t port)
{
    char *with_port;
    bool found;

    if (g_hash_table_contains(maintenance->files, host))
        return true;
    with_port = g_strdup_printf("%s:%u", host, port);
    found = g_hash_table_contains(maintenance->files, with_port);
    g_free(with_port);
    return found;
}

/* Up to the first dot, if it is a plain name. */
static char *short_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return name[length] == '.' && length >= 2 && g_ascii_isalpha(*name) ? g_strndup(name, length)
                                                                        : NULL;
}

bool ld_maintenance_has(const struct ld_maintenance *maintenance, const struct ha_addr *addr,
                        uint16_t port)
{
    char text[HA_ADDR_TEXT], bracketed[HA_ADDR_TEXT + 2], *brief;
    const char *name;
    bool found;

    if (!maintenance || g_hash_table_size(maintenance->files) == 0)
        return false;
    ha_addr_text(addr, text);
    g_snprintf(bracketed, sizeof(bracketed), addr->family == AF_INET6 ? "[%s]" : "%s", text);
    if (has_file(maintenance, bracketed, port) ||
        (addr->family == AF_INET6 && g_hash_table_contains(maintenance->files, text)))
        return true;
    name = g_hash_table_lookup(maintenance->names, text);
    if (!name)
        return false;
    if (has_file(maintenance, name, port))
        return true;
    brief = short_name(name);
    found = brief && has_file(maintenance, brief, port);
    g_free(brief);
    return found;
}
