/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the guardian (guardian.c), from the daemon or, if that has no right to, from its helper. */
#ifndef HB_GUARDIAN_START_H
#define HB_GUARDIAN_START_H

#include <sys/types.h>

#include "heartbeatd/act/guard_table.h"

/* fds: stay the caller's. logfile: "-" for none. priority: 0 for none. Its pid, or -1 and errno. */
pid_t hb_guardian_start(const int fds[HB_GUARD_FDS], const char *logfile, int priority);

#endif
