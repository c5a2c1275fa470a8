/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What scripts hear from the daemon and say to it: rc.d (act/rcd.h) and the
 * fifo (fifo.h), tied to the core.
 */
#ifndef HB_SCRIPTS_H
#define HB_SCRIPTS_H

#include "heartbeatd/daemon/heartbeat.h"


/* delhostcache; a failure to write is logged. */
struct ha_behind *hb_scripts_deleted(struct ha_loop *loop);
/* After act and before the core's first step. Goes on without what it cannot have, and says so. */
void hb_scripts_start(struct hb_daemon *daemon);
void hb_scripts_stop(struct hb_daemon *daemon);
/* Something that scripts may want to know of: HB_ACT_HEARD, HB_ACT_NODE (rc.d/status) or HB_ACT_LINK
 * (rc.d/ifstat). HB_ACT_NODES: delhostcache is written. */
void hb_scripts_heard(struct hb_daemon *daemon, const struct hb_action *action);

#endif
