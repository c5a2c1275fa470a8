/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket's questions about one group, by its key (answers.h). */
#ifndef HB_GROUPS_H
#define HB_GROUPS_H

#include "heartbeatd/daemon/heartbeat.h"

int hb_group_answer(struct hb_daemon *daemon, const char *key, GString *answer);
int hb_group_take(struct hb_daemon *daemon, const char *key, GString *answer);
int hb_group_give(struct hb_daemon *daemon, const char *key, GString *answer);
int hb_group_seek(struct hb_daemon *daemon, const char *key, GString *answer);

#endif
