/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the guardian (guardian.c), from the daemon or, if that has no right to, from its helper. */
#ifndef HB_GUARDIAN_START_H
#define HB_GUARDIAN_START_H

#include <sys/types.h>

/* table_fd: of the table; daemon_fd: a pidfd of the daemon. logfile: "-" for none. priority: 0 for none.
 * Its pid, or -1 and errno. */
pid_t hb_guardian_start(int table_fd, int daemon_fd, const char *logfile, int priority);

#endif
