/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syncdaemon = INTERFACE [SYNCID] [auto|master|backup|both] [GROUP] [port N]
 * [ttl N] [maxlen N]: what the kernel needs to tell another director of
 * connections. Whether there is such an interface is not this room's to know.
 */
#include <netinet/in.h>
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

#define SYNCID_MAX 255

static bool is_interface(const char *word)
{
    return *word && strlen(word) < LD_INTERFACE_MAX && !strchr(word, '/') && strcmp(word, ".") != 0 &&
           strcmp(word, "..") != 0;
}

static bool is_multicast(const struct ha_addr *addr)
{
    return addr->family == AF_INET6 ? IN6_IS_ADDR_MULTICAST(&addr->v6)
                                    : IN_MULTICAST(ntohl(addr->v4.s_addr));
}

static const struct option {
    const char *name;
    size_t offset;
    unsigned min, max;
} options[] = {
    {"port", offsetof(struct ld_sync, port), 1, 65535},
    {"ttl", offsetof(struct ld_sync, ttl), 1, 255},
    {"maxlen", offsetof(struct ld_sync, maxlen), 64, 65487}, /* at most a datagram over IPv6 */
};

static const struct option *option_of(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        if (strcmp(options[i].name, word) == 0)
            return &options[i];
    return NULL;
}

static bool take_number(struct ld_cf *cf, const struct ld_cf_row *row, const struct option *option,
                        const char *word, struct ld_sync *sync)
{
    char expected[64];
    guint64 number;
    unsigned value;

    if (word && g_ascii_string_to_unsigned(word, 10, option->min, option->max, &number, NULL)) {
        value = (unsigned)number;
        memcpy((char *)sync + option->offset, &value, sizeof(value));
        return true;
    }
    g_snprintf(expected, sizeof(expected), "a number from %u to %u behind %s", option->min,
               option->max, option->name);
    ld_cf_wrong(cf, row->wrong, expected, word ? word : "");
    return false;
}

static bool take_word(struct ld_cf *cf, const struct ld_cf_row *row, const char *word,
                      struct ld_sync *sync)
{
    guint64 id;

    if (!*sync->interface) {
        if (is_interface(word)) {
            g_strlcpy(sync->interface, word, sizeof(sync->interface));
            return true;
        }
        ld_cf_wrong(cf, row->wrong, "the name of an interface first", word);
        return false;
    }
    if (g_ascii_string_to_unsigned(word, 10, 0, SYNCID_MAX, &id, NULL)) {
        sync->id = (unsigned)id;
        return true;
    }
    if (ld_sync_role_find(word, &sync->role) && sync->role != LD_SYNC_NONE)
        return true;
    if (ha_addr_parse(&sync->group, word) && is_multicast(&sync->group))
        return true;
    ld_cf_wrong(cf, row->wrong,
                "a syncid from 0 to 255, or auto, master, backup or both, or port, ttl or maxlen, or the "
                "address of a multicast group", word);
    return false;
}

bool ld_cf_set_syncdaemon(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char **words = g_strsplit_set(value, " \t\r", -1);
    struct ld_sync sync = {.role = LD_SYNC_BY_MODE};
    const struct option *option = NULL; /* whose number comes next */
    bool good = true, interface_read = false;

    for (char **word = words; *word && good; word++) {
        if (!**word)
            continue;
        if (option)
            good = take_number(cf, row, option, *word, &sync);
        else if (!*sync.interface || !option_of(*word))
            good = take_word(cf, row, *word, &sync);
        option = option || !good || !interface_read ? NULL : option_of(*word);
        interface_read = true;
    }
    if (good && option)
        good = take_number(cf, row, option, NULL, &sync);
    if (good && !*sync.interface) {
        ld_cf_wrong(cf, row->wrong, "the name of an interface", value);
        good = false;
    }
    if (good)
        cf->global.sync = sync;
    g_strfreev(words);
    return good;
}
