/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syncdaemon = INTERFACE [SYNCID] [auto|master|backup|both] [GROUP]: what the
 * kernel needs to tell another director of connections. Whether there is such an
 * interface is not this room's to know.
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
                "a syncid from 0 to 255, or auto, master, backup or both, or the address of a multicast "
                "group", word);
    return false;
}

bool ld_cf_set_syncdaemon(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char **words = g_strsplit_set(value, " \t\r", -1);
    struct ld_sync sync = {.role = LD_SYNC_BY_MODE};
    bool good = true;

    for (char **word = words; *word && good; word++)
        good = !**word || take_word(cf, row, *word, &sync);
    if (good && !*sync.interface) {
        ld_cf_wrong(cf, row->wrong, "the name of an interface", value);
        good = false;
    }
    if (good)
        cf->global.sync = sync;
    g_strfreev(words);
    return good;
}
