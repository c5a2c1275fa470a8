/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What heartbeat does to the machine: runs an operation on resources and
 * reports. Addresses (IPaddr, IPaddr2, IPv6addr, bare ones) are done inside the
 * daemon over rtnetlink, a range in one batch, announced at once and again;
 * everything else is a resource.d script, one process, with a deadline.
 */
#ifndef HB_ACT_ACT_H
#define HB_ACT_ACT_H

#include <sys/types.h>

#include "common/conf/diag.h"
#include "common/run/loop.h"
#include "heartbeatd/core/config.h"
#include "heartbeatd/core/core.h"

struct hb_act;

typedef void (*hb_act_fn)(void *ctx, uint32_t op_id, enum hb_op_result result, const char *detail);

/* Also marks the resources of `resources` that are native. envp is built from config. */
int hb_act_new(struct hb_act **out, struct ha_loop *loop, const struct hb_config *config,
               struct hb_haresources *resources, const char *node, hb_act_fn fn, void *ctx);
/* Another configuration or haresources: marks what is native; what was so before stays as it was, for
 * it may be up. The former resources may go then. */
void hb_act_renew(struct hb_act *act, const struct hb_config *config,
                  struct hb_haresources *resources, const char *node);
void hb_act_free(struct hb_act *act);
/* What scripts are run with; NULL-terminated, act's. */
char *const *hb_act_environment(const struct hb_act *act);
/* A started resource is gone and cannot be put back (held.h). Called from the loop with the ctx of
 * hb_act_new(), and again every few seconds for as long as that is so; may free act. */
typedef void (*hb_act_lost_fn)(void *ctx, unsigned group, unsigned resource, const char *why);
void hb_act_on_lost(struct hb_act *act, hb_act_lost_fn lost);
/* Every address is noted there before it is set (guard_table.h). The table stays the caller's. */
struct hb_guard_table;
void hb_act_guard(struct hb_act *act, struct hb_guard_table *guard);
/* All native addresses have been taken off: they are left alone until they are started again. */
void hb_act_taken_off(struct hb_act *act);
/* Is addr a native resource of haresources? */
bool hb_act_knows(const struct hb_act *act, const struct ha_addr *addr);
/* Exactly one answer per op_id, never from inside this call. */
void hb_act_run(struct hb_act *act, const struct hb_action *op);
/* HB_ACT_PROBE: finds out whether another answers for the addresses of the group. */
void hb_act_probe(struct hb_act *act, const struct hb_action *action);
/* Ends a script under way (HB_ACT_CANCEL); its answer, HB_OP_FAILED, still comes.
 * Anything else is let alone: it is nearly done. */
void hb_act_cancel(struct hb_act *act, uint32_t op_id);
/* What the resources and the fencing devices name and this machine does not have, a diagnostic each;
 * addresses: not only the scripts, but interfaces and networks as well. Changes nothing but .native. */
void hb_act_verify(const struct hb_config *config, struct hb_haresources *resources, bool addresses,
                   enum ha_severity severity, struct ha_diags *diags);
/* After hb_act_renew(), when core has the same haresources. */
void hb_act_renew_warm(struct hb_act *act, const struct hb_core *core);
/* After each HB_ACT_STATUS: what the core wants ready is started, what it does not is ended (warm.h). */
void hb_act_keep_warm(struct hb_act *act, const struct hb_core *core);
/* hb_warm_on_ready() (warm.h), with the ctx of hb_act_new(). */
void hb_act_on_ready(struct hb_act *act,
                     void (*fn)(void *ctx, unsigned group, enum hb_ready ready));
/* As hb_warm_state() (warm.h), of a resource of a group. */
const char *hb_act_warm_state(const struct hb_act *act, size_t group, size_t at, pid_t *pid);

#endif
