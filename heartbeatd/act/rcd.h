/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scripts of rc.d: run as `harc TYPE` when a message of that type was
 * heard, with the fields of the message in the environment (heartbeat(8)). One
 * at a time, in order, each with a deadline; what does not fit into the queue
 * is dropped and counted. A type without a script costs a look into a table.
 *
 * A script with HB_RCD_MARKER in its first lines is one of ours for something
 * the daemon does itself, and is not run. Take the line out and it is.
 */
#ifndef HB_ACT_RCD_H
#define HB_ACT_RCD_H

#include "common/run/loop.h"
#include "heartbeatd/core/msg.h"

#define HB_RCD_MARKER       "hearth: done by the daemon itself"
#define HB_RCD_QUEUE_MAX    64
#define HB_RCD_NAME_MAX     31
#define HB_RCD_SCRIPTS_MAX  256
#define HB_RCD_DEADLINE_MS  600000

struct hb_rcd;

/* Looks into hadir/rc.d once. environment is copied. */
struct hb_rcd *hb_rcd_new(struct ha_loop *loop, const char *hadir, char *const *environment);
/* Scripts that wait are dropped, one under way is ended. */
void hb_rcd_free(struct hb_rcd *rcd);

/* Is there a script that would be run for messages of that type? */
bool hb_rcd_wants(const struct hb_rcd *rcd, const char *type);
/* Runs it, if there is one: HA_<field> for each text field, HA_OSTATUS=status (ours). type: the
 * script, NULL for the message's own. */
void hb_rcd_run(struct hb_rcd *rcd, const char *type, const struct hb_msg *msg,
                const char *status);
/* Scripts dropped since the start because the queue was full. */
uint64_t hb_rcd_dropped(const struct hb_rcd *rcd);

#endif
