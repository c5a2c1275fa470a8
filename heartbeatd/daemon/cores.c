/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Core files: the directory is below HB_VARLIB and named after the user, as in
 * the original; scripts inherit it as their working directory. Scripts' own
 * directory is emptied, and never followed out of by a symbolic link.
 */
#include "heartbeatd/daemon/cores.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/run/log.h"

#define RSCTMP HA_RUNDIR "/heartbeat/rsctmp"

void hb_cores_enter(const struct hb_config *config)
{
    const char *root = config->coreroot ? config->coreroot : HB_VARLIB "/cores";
    char *path = g_build_filename(root, geteuid() == 0 ? "root" : g_get_user_name(), NULL);
    struct rlimit limit;

    if (g_mkdir_with_parents(path, 0700) < 0 || chdir(path) < 0) {
        ha_log(HA_LOG_WARNING, "coreroot: cannot use %s: %s", path, strerror(errno));
    }
    g_free(path);
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = config->coredumps ? limit.rlim_max : 0;
        setrlimit(RLIMIT_CORE, &limit);
    }
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat;
    (void)kind;
    if (ftw->level > 0) {
        remove(path);
    }
    return 0;
}

void hb_rsctmp_empty(void)
{
    if (g_mkdir_with_parents(RSCTMP, 0755) < 0) {
        ha_log(HA_LOG_WARNING, "cannot make %s: %s", RSCTMP, strerror(errno));
        return;
    }
    nftw(RSCTMP, remove_entry, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
