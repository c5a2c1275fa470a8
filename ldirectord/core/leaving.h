/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers whose line has left the file and that still have clients: they stay
 * in the table at weight 0 until their connections have ended or draintime is
 * over. So does a virtual service that has left, for the sake of its servers.
 *
 * What counts is the draintime that the file gives the service now; for a
 * service that is no more in it, the last one it had. Quiescent or not makes no
 * difference: these are removed in the end.
 */
#ifndef LD_CORE_LEAVING_H
#define LD_CORE_LEAVING_H

#include "ldirectord/core/core.h"
#include "ldirectord/core/due.h"
#include "ldirectord/core/model.h"

/* More than so many do not leave at a time: who is beyond is removed at once. */
#define LD_LEAVING_MAX 65536

struct ld_leaving;
struct ld_leaving *ld_leaving_new(void);
void ld_leaving_free(struct ld_leaving *leaving);

/* A configuration comes into force. Those are left whom the last one had (old), or who were leaving
 * already, who stand in actual (NULL: nobody does), and whom model has not; one that it has again
 * goes on draining there until it is up. Returns how many are too many. */
unsigned ld_leaving_reload(struct ld_leaving *leaving, const struct ld_model *old,
                           const struct ld_model *model, const struct ld_table *actual,
                           uint64_t now_ns);
/* Nobody is waited for any more. */
void ld_leaving_forget(struct ld_leaving *leaving);
/* Whether the service has someone who leaves. */
bool ld_leaving_has(const struct ld_leaving *leaving, const struct ld_service_id *id);
/* Adds those of a portion (NULL: all) to the table that is wanted. */
void ld_leaving_place(const struct ld_leaving *leaving, const struct ld_portion *portion,
                      struct ld_table *wanted);
/* Who stands in actual, that portion of the kernel's table, no more, or at weight 0 without a
 * connection, need not stay: its service is due. */
void ld_leaving_look(struct ld_leaving *leaving, const struct ld_portion *portion,
                     const struct ld_table *actual, struct ld_due *due);
/* Ends those whose time is over. The services of all that leave are due: to be written or looked at. */
void ld_leaving_pass(struct ld_leaving *leaving, uint64_t now_ns, struct ld_due *due);
/* To be called with the ids of the services that have someone who leaves. */
void ld_leaving_services(const struct ld_leaving *leaving, GHFunc fn, void *ctx);
/* When the next one's is, or they are to be looked at; HA_NEVER. */
uint64_t ld_leaving_next_ns(const struct ld_leaving *leaving, uint64_t now_ns);
void ld_leaving_view(const struct ld_leaving *leaving, ld_leaver_fn fn, void *ctx);

#endif
