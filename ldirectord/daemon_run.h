/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LD_DAEMON_RUN_H
#define LD_DAEMON_RUN_H

#include "ldirectord/config_file.h"
#include "ldirectord/logging.h"

struct ld_run {
    const char *path, *instance, *pid_file;
    enum ld_logging logging;
    struct ld_config *config; /* taken over, and NULL, once it comes into force */
    struct ld_content content;
    bool standby; /* begin in standby */
    char *orders_file; /* see ld_director_settings */
};

/* Runs in the background (or not, as logging says) until told to stop. Returns in the daemon
 * only, with its exit status; the starting process ends when the first table is in place, or has
 * failed. */
int ld_daemon_run(struct ld_run *run);

#endif
