/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages on their way out: sealed, compressed where that is wished, in the form each medium has. */
#ifndef HB_POST_H
#define HB_POST_H

#include "heartbeatd/daemon/heartbeat.h"

/* On every medium but ping lines; with link: on that ping line only. What cannot be sent is logged. */
void hb_post_send(struct hb_daemon *daemon, const struct hb_msg *msg, const char *link);
/* A message that came by that link: if it is a serial line, on to the others. */
void hb_post_forward(struct hb_daemon *daemon, const struct hb_msg *msg, const char *link);

#endif
