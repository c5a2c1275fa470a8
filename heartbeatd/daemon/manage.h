/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the heartbeat command does to a heartbeat that runs already. Each returns the exit
 * status. */
#ifndef HB_MANAGE_H
#define HB_MANAGE_H

#include <stdbool.h>

/* The pid of the running one; 0: none; -1: none, but a pid file of a dead one. */
int hb_manage_pid(void);
int hb_manage_status(void);
/* Returns when it has ended. */
int hb_manage_stop(void);
/* Checks the files first; *start: none is running, and the caller shall start one. */
int hb_manage_reload(bool *start);
/* Checks the files and tells their faults; the exit status that a start would have. */
int hb_manage_check(void);
/* Checks files and machine, and says what the running one would change. Changes nothing. */
int hb_manage_test(void);
/* A new life of the running one, with the files as they are now and what it holds. */
int hb_manage_restart(void);

#endif
