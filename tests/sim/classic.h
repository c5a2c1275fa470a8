/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small model of a Heartbeat 3.0.6 node with two nodes and "nice failback", as
 * doc/protocol.md and doc/states.md describe what it says and does: a peer for
 * the core in the simulator. It takes the same events and gives the same kinds
 * of actions. Its agents do not fail it.
 */
#ifndef SIM_CLASSIC_H
#define SIM_CLASSIC_H

#include "heartbeatd/core/core.h"

struct classic;

struct classic *classic_new(const struct hb_config *config, const struct hb_haresources *resources,
                            const struct hb_identity *self, uint64_t seed);
void classic_free(struct classic *node);
void classic_step(struct classic *node, const struct hb_now *now, const struct hb_event *event,
                  struct hb_actions *actions);
uint64_t classic_wake_ns(const struct classic *node);
/* It means to hold the group. */
bool classic_wants(const struct classic *node, size_t group);
/* Active and stable. Where its partner in a standby restarted, it waits for that for an hour. */
bool classic_is_stable(const struct classic *node);
bool classic_sees_peer(const struct classic *node);

#endif
