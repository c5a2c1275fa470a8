/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring of serial lines: each node hands on what comes in on one port to its
 * other ports, until it is back at its sender or has made enough hops. Decides
 * what is handed on; sealing it anew and sending it is the shell's part.
 */
#ifndef HB_CORE_RING_H
#define HB_CORE_RING_H

#include "heartbeatd/core/msg.h"

/* A new message to hand on, with one hop less; NULL for none: it is self's own, or has no hops
 * left, or none that can be read. */
struct hb_msg *hb_ring_copy(const struct hb_msg *msg, const char *self);

#endif
