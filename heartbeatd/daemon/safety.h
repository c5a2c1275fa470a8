/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last resorts, wired to the daemon: devices that switch other nodes off,
 * the watchdog that takes this machine along, the reboot. Sees every action of
 * the core and acts on those that are its business.
 */
#ifndef HB_SAFETY_H
#define HB_SAFETY_H

#include "heartbeatd/daemon/heartbeat.h"

struct hb_safety;

/* With the setup of the daemon, before its core starts. */
struct hb_safety *hb_safety_new(struct hb_daemon *daemon);
/* The daemon has another setup and another core, and holds what it held. */
void hb_safety_renew(struct hb_safety *safety);
/* Times of ha.cf may have changed under way: the watchdog follows the dead time. */
void hb_safety_follow(struct hb_safety *safety);
/* The watchdog is disarmed unless something may still be up here. */
void hb_safety_free(struct hb_safety *safety);
void hb_safety_action(struct hb_safety *safety, const struct hb_action *action);
/* The control socket's order: confirm-down NODE. */
int hb_safety_confirm(struct hb_daemon *daemon, const char *node, GString *answer);

#endif
