/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told of changes beside the log: which mail is due when. Knows the
 * phase the daemon is in (mails are filtered by it), and which servers are
 * down, for the mails that are repeated. In standby nothing is told.
 *
 *   event                                  | subject                    | repeated
 *   ---------------------------------------+----------------------------+---------
 *   a real server left the table           | Deleted, Quiescent         | yes
 *   it was never in it, and is down        | Inaccessible               | yes
 *   it is (back) in the table              | Added, Restored            | no
 *   what is configured no more, or a stop  | Purged                     | no
 *   the fallback server came or went       | Added, Deleted             | no
 *
 * Repeated: every emailalertfreq while it is down and not in maintenance, as
 * Inaccessible. A change of weight while the daemon runs is not told.
 */
#ifndef LD_CORE_ALERT_H
#define LD_CORE_ALERT_H

#include "ldirectord/core/model.h"

struct ld_alerts;

struct ld_alerts *ld_alerts_new(void);
void ld_alerts_free(struct ld_alerts *alerts);

/* ---- the phase ---- */
/* phase: LD_STARTING, LD_RELOADING, LD_STOPPING, or 0 for standby. The first two end, in LD_RUNNING,
 * once each of so many questions was answered for the first time and the table has been written. */
void ld_alerts_begin(struct ld_alerts *alerts, unsigned phase, unsigned unanswered);
void ld_alerts_answered(struct ld_alerts *alerts); /* one of the questions, for the first time */
void ld_alerts_writing(struct ld_alerts *alerts, bool writing);
/* At the end of each step. */
void ld_alerts_settle(struct ld_alerts *alerts);
unsigned ld_alerts_phase(const struct ld_alerts *alerts);

/* ---- events; each may append LD_ACT_MAIL and its log line ---- */
/* The kernel accepted op, which the log calls text. server: NULL for a fallback and for what is
 * not configured. slot: NULL does nothing. */
void ld_alert_op(struct ld_alerts *alerts, const struct ld_slot *slot,
                 const struct ld_server *server, const struct ld_op *op, const char *text,
                 struct ld_actions *actions);
/* A server that was not in the table for all we know has its first verdict, and is down. */
void ld_alert_found_down(struct ld_alerts *alerts, const struct ld_server *server,
                         struct ld_actions *actions);
/* Out of standby: all that are known to be down. */
void ld_alert_all_down(struct ld_alerts *alerts, const struct ld_model *model,
                       struct ld_actions *actions);

/* ---- time ---- */
/* At the beginning of each step. */
void ld_alerts_now(struct ld_alerts *alerts, uint64_t now_ns);
/* What is to be repeated by now. */
void ld_alerts_due(struct ld_alerts *alerts, const struct ld_model *model,
                   struct ld_actions *actions);
uint64_t ld_alerts_wake_ns(const struct ld_alerts *alerts);
/* The model is another one: look at all of them again. */
void ld_alerts_reloaded(struct ld_alerts *alerts);

#endif
