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

#include "common/run/control.h"
#include "common/run/log.h"

#define RSCTMP HA_RUNDIR "/heartbeat/rsctmp"

char *hb_cores_folder(const struct hb_config *config, const char *user)
{
    return g_build_filename(config->coreroot ? config->coreroot : HB_VARLIB "/cores", user, NULL);
}

int hb_cores_make(const char *path)
{
    char *root = g_path_get_dirname(path);
    int status = g_mkdir_with_parents(root, 0755);

    g_free(root);
    return status < 0 || (mkdir(path, 0700) < 0 && errno != EEXIST) ? -errno : 0;
}

void hb_cores_enter(const struct hb_config *config)
{
    char *path = hb_cores_folder(config, geteuid() == 0 ? "root" : HA_USER);
    struct rlimit limit;

    if (hb_cores_make(path) < 0 || chdir(path) < 0) {
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
