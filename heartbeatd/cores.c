/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Core files. The directory is below HB_VARLIB and named after the user, as in
 * the original; scripts inherit it as their working directory.
 */
#include "heartbeatd/cores.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/run/log.h"

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
