/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generations below which nobody in another node's name is believed
 * (hb_core_floor), kept over our own restarts in hb_peers: a line for each
 * node, generation and name. A missing or damaged file costs the protection of
 * nodes that do not prove that they live (3.0.6), and nothing else; removing it
 * is how a node that came back with a lower generation is let in again.
 */
#ifndef HB_PEERS_H
#define HB_PEERS_H

#include "heartbeatd/core/core.h"

/* One number for each node of config->nodes, 0 for those not known. g_free() it. */
uint64_t *hb_peers_read(const struct hb_config *config);
/* A failure is logged. */
void hb_peers_write(const struct hb_core *core);

#endif
