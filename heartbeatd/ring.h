/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial lines: what goes out on them, and what is handed on from one to the others. */
#ifndef HB_RING_H
#define HB_RING_H

#include "heartbeatd/heartbeat.h"

/* In the classic form on every serial line, if there is one. */
void hb_ring_send(struct hb_daemon *daemon, const struct hb_msg *msg);
/* A message that came by that link: if it is a serial line, on to the others. */
void hb_ring_forward(struct hb_daemon *daemon, const struct hb_msg *msg, const char *link);

#endif
