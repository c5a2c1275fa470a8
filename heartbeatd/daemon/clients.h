/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wiring of what the daemon has beside resources: the interface for programs
 * (api/) and the programs of respawn lines. Both live while the node is active.
 */
#ifndef HB_CLIENTS_H
#define HB_CLIENTS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/conf/diag.h"
#include "heartbeatd/core/core.h"

struct hb_daemon;
struct hb_clients;

/* Users, groups and programs that ha.cf names but this machine does not have: diagnostics. */
void hb_clients_check(const struct hb_config *config, struct ha_diags *diags);

struct hb_clients *hb_clients_new(struct hb_daemon *daemon);
void hb_clients_free(struct hb_clients *clients);

/* Whether a user may give orders on the control socket (order), or ask there: root may; others as the
 * lines "apiauth hactl" and "apiauth anon" of ha.cf say; without them nobody, and everybody. clients
 * may be NULL: while there is no life. */
bool hb_clients_may(const struct hb_clients *clients, bool order, uid_t uid, gid_t gid);

/* What of the core's actions is news for clients; others are ignored. */
void hb_clients_action(struct hb_clients *clients, const struct hb_action *action);
/* The core has stopped: ends the loop, now or when the last program has ended. */
void hb_clients_end(struct hb_clients *clients);

/* The control socket's question for a client on any node: "online" or "offline", or "wait" until
 * that is known (asked: the node is asked by this call). False for no such node. */
bool hb_clients_status(struct hb_clients *clients, const char *node, const char *client,
                       bool first, GString *answer);

#endif
