/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IPVS table as a value, and the difference of two. The wanted table is
 * computed whole (core.h), the actual one read from the kernel
 * (ldirectord/ipvs), the difference applied. Start, reload, failure, recovery,
 * fallback, stop and repair are all this one path.
 *
 * Normal form, so that wanted and actual compare equal: a gate or ipip
 * destination of an address service carries the service's port (the kernel
 * insists on it); netmask is set only with persistence.
 */
#ifndef LD_CORE_TABLE_H
#define LD_CORE_TABLE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ldirectord/core/config.h"

struct ld_dest {
    struct ha_addr addr;
    uint16_t port;
    enum ld_method method;
    uint32_t weight;
    uint32_t lower, upper;
    bool counted;         /* actual only: the next is known */
    uint32_t connections; /* of clients, those about to end included */
    bool keep_absent; /* wanted only: if it is not there, it is not added (readdquiescent=no) */
};

/* For a GHashTable of struct ld_dest *: those with the same address and port are the same. */
guint ld_dest_place_hash(gconstpointer dest);
gboolean ld_dest_place_equal(gconstpointer a, gconstpointer b);

struct ld_vs {
    struct ld_service_id id;
    char scheduler[16];
    uint32_t flags;      /* IP_VS_SVC_F_PERSISTENT, _ONEPACKET, _SCHED1.._SCHED3 */
    uint32_t timeout_s;
    uint32_t netmask;    /* as in ld_service; 0 without persistence */
    GArray *dests;       /* of struct ld_dest, no two with the same addr and port */
};

struct ld_table {
    GPtrArray *services;      /* of struct ld_vs *, owned */
    GHashTable *by_id;        /* struct ld_service_id * -> struct ld_vs * */
};

struct ld_table *ld_table_new(void);
void ld_table_free(struct ld_table *table);
/* Adds an empty service; NULL if the id is there already. */
struct ld_vs *ld_table_add(struct ld_table *table, const struct ld_service_id *id);
struct ld_vs *ld_table_find(const struct ld_table *table, const struct ld_service_id *id);
/* Scheduler, flags, timeout and netmask as the service is configured; they were 0 before. */
void ld_vs_fill(struct ld_vs *vs, const struct ld_service *service);
struct ld_dest *ld_vs_find(const struct ld_vs *vs, const struct ha_addr *addr, uint16_t port);

/* Services that are looked at together. */
#define LD_PORTION_ALL G_MAXUINT
struct ld_portion {
    GPtrArray *ids;  /* of struct ld_service_id *, owned, each once; in a table or not */
    bool whole;      /* all that are configured or ours are among them */
    bool look;       /* nobody changed anything for all we know: a difference is another hand's */
    bool look_ends;  /* and these were the last to be looked at */
};
void ld_portion_init(struct ld_portion *portion);
void ld_portion_clear(struct ld_portion *portion);

enum ld_op_kind { LD_OP_ADD_SERVICE, LD_OP_EDIT_SERVICE, LD_OP_DEL_SERVICE,
                  LD_OP_ADD_DEST, LD_OP_EDIT_DEST, LD_OP_DEL_DEST, LD_OP_KIND_COUNT };

/* One change to the kernel's table. After ADD_SERVICE come the ADD_DEST of its servers;
 * EDIT_SERVICE changes the service itself only. Points into the two tables given to ld_table_diff(). */
struct ld_op {
    enum ld_op_kind kind;
    const struct ld_vs *vs;     /* the wanted one; DEL_*: the actual one */
    const struct ld_dest *dest; /* ADD/EDIT: wanted; DEL: actual */
    const struct ld_dest *was;  /* EDIT_DEST: actual */
};

/* Appends to ops (of struct ld_op) what turns actual into wanted, in an order
 * in which no client is left without a server that has one: within a service
 * additions, then edits, those to weight 0 last, then deletions. Services only in actual are deleted
 * only if their id is in `ours` (may be NULL: nothing is deleted): foreign
 * services are never touched. Linear in the size of both. */
void ld_table_diff(const struct ld_table *actual, const struct ld_table *wanted,
                   GHashTable *ours, GArray *ops);

#endif
