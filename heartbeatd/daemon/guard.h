/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's side of the guardian (guardian.c): keeps its table, starts it
 * and starts it again, finds what a life before this one left behind, and says
 * so when this process itself has been away for too long. Nothing here is
 * needed to run: without a table or a guardian heartbeat goes on, and says so.
 */
#ifndef HB_GUARD_H
#define HB_GUARD_H

#include "heartbeatd/daemon/heartbeat.h"

struct hb_guard;

/* Once in the life of the process, before hb_life_begin(). */
void hb_guard_start(struct hb_daemon *daemon);
/* act and core are there, or have another haresources. Before the core's first step: hands over what
 * was found. */
void hb_guard_attach(struct hb_daemon *daemon);
/* msg went out; beats are what others count from. */
void hb_guard_sent(struct hb_daemon *daemon, const struct hb_msg *msg);
/* After a step of the core, before its actions are carried out. */
void hb_guard_step(struct hb_daemon *daemon);
/* The process ends. */
void hb_guard_end(struct hb_daemon *daemon);

#endif
