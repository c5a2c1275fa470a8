/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which servers are in maintenance: those that a file in maintenancedir is
 * named after. A name is an address or a host name, alone or with ":PORT":
 *
 *     172.16.1.2:4444  172.16.1.2  [fd00::2]:4444  [fd00::2]
 *     web2.example.com:4444  web2.example.com  web2:4444  web2
 *
 * A host name is what the resolver calls the server's address; who reads the
 * folder and asks the resolver is the shell's business. The short name counts if
 * it is of small letters, digits and "-" and has at least two of them.
 */
#ifndef LD_CORE_MAINTENANCE_H
#define LD_CORE_MAINTENANCE_H

#include <glib.h>
#include <stdbool.h>

#include "common/base/addr.h"

/* Files that are looked at; more are counted and left out. */
#define LD_MAINTENANCE_MAX 16384

struct ld_maintenance {
    GHashTable *files; /* set of char *, owned */
    GHashTable *names; /* address text -> host name, char * both, owned */
    bool host_names;   /* one of the files is named after a host */
};

struct ld_maintenance *ld_maintenance_new(void);
void ld_maintenance_free(struct ld_maintenance *maintenance);
/* False: there are too many. */
bool ld_maintenance_add_file(struct ld_maintenance *maintenance, const char *name);
void ld_maintenance_add_name(struct ld_maintenance *maintenance, const char *address,
                             const char *name);
bool ld_maintenance_same_files(const struct ld_maintenance *a, const struct ld_maintenance *b);
/* maintenance may be NULL: nobody is. */
bool ld_maintenance_has(const struct ld_maintenance *maintenance, const struct ha_addr *addr,
                        uint16_t port);

#endif
