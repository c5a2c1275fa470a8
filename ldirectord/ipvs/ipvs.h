/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's IPVS table: read it whole, apply operations. ipvs_netlink.c does
 * it over generic netlink; tests have a table of their own behind the same ops.
 */
#ifndef LD_IPVS_IPVS_H
#define LD_IPVS_IPVS_H

#include "ldirectord/core/table.h"

struct ld_ipvs;

/* Called for each operation with 0 or negative errno, in order. */
typedef void (*ld_ipvs_fn)(void *ctx, const struct ld_op *op, int error);

struct ld_ipvs_ops {
    const char *name;
    /* A new table in normal form (table.h), or negative errno; -ENODEV: the kernel has no IPVS any
     * more, which is looked for anew each time. portion: only its services, those of them that are
     * there; NULL, or if it is whole: all. */
    int (*read)(struct ld_ipvs *ipvs, const struct ld_portion *portion, struct ld_table **out);
    /* Applies all, pipelined; a failed one does not stop the rest. Number failed, or negative
     * errno. */
    int (*apply)(struct ld_ipvs *ipvs, const GArray *ops, ld_ipvs_fn fn, void *ctx);
    /* Makes the connection synchronisation as wanted, of both roles: starts what is missing, ends
     * what is too much, starts anew what has another interface or number. role is MASTER, BACKUP,
     * BOTH or NONE. 0 or negative errno. */
    int (*sync)(struct ld_ipvs *ipvs, const struct ld_sync *wanted);
    /* Tells the backups of that synchronisation of connections to that table's servers: those (of struct
     * ld_connection); NULL: of the kernel's list, read for so long at most, those that are open. How many it told
     * them of, or negative errno. */
    int (*hand_over)(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table,
                     const GArray *connections, unsigned bound_ms);
    /* So many bytes of what this host was told by that synchronisation are still to be taken in by its kernel, or
     * negative errno. */
    int (*untaken)(struct ld_ipvs *ipvs, const struct ld_sync *sync);
    /* /proc/sys/net/ipv4/vs/NAME of this network namespace. 0 or negative errno. */
    int (*set_switch)(struct ld_ipvs *ipvs, const char *name, bool on);
    void (*close)(struct ld_ipvs *ipvs);
};
struct ld_ipvs {
    const struct ld_ipvs_ops *ops;
};

/* Loads the module if need be. 0, or negative errno and *why (a sentence with
 * what to do: "the kernel has no IPVS: modprobe ip_vs"; g_free() it). */
int ld_ipvs_netlink_open(struct ld_ipvs **out, char **why);

/* hand_over and untaken of that; they look at nothing of *ipvs, and want no right beyond a socket and reading /proc. */
int ld_nl_hand_over(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table,
                    const GArray *connections, unsigned bound_ms);
int ld_nl_untaken(struct ld_ipvs *ipvs, const struct ld_sync *sync);

/* What the kernel does where the configuration says nothing. */
#define LD_SYNC_GROUP 0xe0000051u /* 224.0.0.81 */
#define LD_SYNC_PORT  8848
#define LD_SYNC_TTL   1

enum ld_sync_mode { LD_SYNC_ACTIVE,
                    LD_SYNC_TAKING, /* active since a moment: who was it before may still hand over */
                    LD_SYNC_STANDBY, LD_SYNC_STOPPING };
/* What the kernel should do of it now; role is one of the above. Pure. */
struct ld_sync ld_sync_wanted(const struct ld_sync *configured, enum ld_sync_mode mode);

/* "cannot add real server 10.0.0.1:80 (tcp:10.0.0.9:80): …": what a negative
 * errno told to an ld_ipvs_fn means. g_free() it. */
char *ld_ipvs_error_text(const struct ld_op *op, int error);

#endif
