/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where ldirectord's log goes and what a line of it looks like:
 *
 *   file        [Sat Nov 21 07:13:02 2026|INSTANCE|PID] MESSAGE
 *   supervised  [Sat Nov 21 07:13:02 2026] MESSAGE           (standard output)
 *   -d          MESSAGE                                      (standard error)
 *   syslog      ident "ldirectord" with pid
 */
#ifndef LD_LOGGING_H
#define LD_LOGGING_H

#include <stdbool.h>

enum ld_logging { LD_LOG_CONFIGURED, LD_LOG_SUPERVISED, LD_LOG_DEBUG };

/* Whether there is a syslog facility of this name. */
bool ld_logging_facility(const char *name);

/* logfile: a path, or the name of a syslog facility; NULL: the default file. instance must
 * outlive the log. False: logfile is neither; the log then goes to the facility "daemon". */
bool ld_logging_setup(enum ld_logging kind, const char *logfile, const char *instance);

#endif
