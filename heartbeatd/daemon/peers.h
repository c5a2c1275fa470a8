/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generations below which nobody in another node's name is believed
 * (hb_core_floor), kept over our own restarts in hb_peers: a line for each
 * node, generation and name. A missing or damaged file costs the protection of
 * nodes that do not prove that they live (3.0.6), and nothing else; removing it
 * is how a node that came back with a lower generation is let in again. Written
 * behind our back, for it changes just when another node starts, and a slow disk
 * then must not cost us a beat.
 */
#ifndef HB_PEERS_H
#define HB_PEERS_H

#include "common/run/behind.h"
#include "heartbeatd/core/core.h"

/* A failure to write is logged. */
struct ha_behind *hb_peers_open(struct ha_loop *loop);
/* One number for each node of config->nodes, 0 for those not known: from the file, or from what is on
 * its way there. g_free() it. */
uint64_t *hb_peers_read(const struct ha_behind *peers, const struct hb_config *config);
void hb_peers_write(struct ha_behind *peers, const struct hb_core *core);

#endif
