/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status of this node's heartbeat as a value (common/show/writer.h): what
 * `hactl status` prints. Each part of the daemon that has something to show has
 * a function in status.c that shows it; keys once given are kept.
 */
#ifndef HB_STATUS_H
#define HB_STATUS_H

#include "common/show/writer.h"
#include "heartbeatd/daemon/heartbeat.h"

void hb_status_show(const struct hb_daemon *daemon, struct ha_writer *writer);
/* The control socket's question: status WRITER. */
int hb_status_answer(struct hb_daemon *daemon, const char *form, GString *answer);

#endif
