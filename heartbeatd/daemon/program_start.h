/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a program of respawn and failfast lines as its user, from the daemon or from its helper. */
#ifndef HB_PROGRAM_START_H
#define HB_PROGRAM_START_H

#include <stdbool.h>
#include <sys/types.h>

/* uid and gid of a user by name or number. */
bool hb_program_user(const char *name, uid_t *uid, gid_t *gid);

/* The command is the shell's. It gets SIGTERM when who calls this dies. 0 or negative errno; -ENOENT: no
 * such user. */
int hb_program_start(const char *user, const char *command, char *const *environment, pid_t *pid);

#endif
