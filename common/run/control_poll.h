/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libqb's IPC server on our loop (control.c). One server per process, because
 * libqb asks for descriptors and jobs by functions without a context.
 */
#ifndef HA_RUN_CONTROL_POLL_H
#define HA_RUN_CONTROL_POLL_H

#include <qb/qbipcs.h>

#include "common/run/loop.h"

/* False: a server is there already. */
bool ha_control_poll_begin(struct ha_loop *loop);
/* After the service is destroyed. */
void ha_control_poll_end(void);

extern struct qb_ipcs_poll_handlers ha_control_poll;

#endif
