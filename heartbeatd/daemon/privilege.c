/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives root's power up (privilege.h). What is left: to bind to the port of
 * ha.cf, and to send and hear what tells others where an address is.
 */
#include "heartbeatd/daemon/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/confine/filter.h"
#include "common/confine/identity.h"
#include "common/run/control.h"
#include "common/run/file.h"
#include "common/run/log.h"
#include "common/run/trust.h"
#include "heartbeatd/act/agents.h"
#include "heartbeatd/act/power.h"
#include "heartbeatd/daemon/cores.h"
#include "heartbeatd/daemon/fifo.h"
#include "heartbeatd/daemon/hb_log.h"
#include "heartbeatd/daemon/paths.h"
#include "heartbeatd/daemon/realtime.h"
#include "heartbeatd/media/media.h"

#define KEPT (HA_CAP(CAP_NET_BIND_SERVICE) | HA_CAP(CAP_NET_RAW))
/* Files are written behind the loop by a process of its own (common/run/behind.h). */
#define MAY (HA_MAY_READ | HA_MAY_WRITE | HA_MAY_CONNECT | HA_MAY_FRAMES | HA_MAY_FORK | HA_MAY_SIGNAL | \
             HA_MAY_HURRY | HA_MAY_DEVICES)

#define HELPER_TRIES    5
#define HELPER_PAUSE_US 50000

/* ---- what is asked of the helper ---- */

/* One that was there before is ours by now. */
static int open_log(const char *path)
{
    int fd = open(path, hb_power_flags(HB_POWER_LOG), 0644);

    return fd >= 0 ? fd : errno == EACCES || errno == EPERM ? hb_power_open(HB_POWER_LOG, path) : -errno;
}

static int open_serial(const char *path)
{
    return hb_power_open(HB_POWER_SERIAL, path);
}

/* ---- what we will write ---- */

static void give(int folder, const char *name, const struct ha_identity *user)
{
    struct stat stat;

    if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) < 0 || stat.st_uid != 0)
        return;
    if (S_ISDIR(stat.st_mode) || (S_ISREG(stat.st_mode) && stat.st_nlink == 1))
        (void)!fchownat(folder, name, user->uid, user->gid, AT_SYMLINK_NOFOLLOW);
}

static void cannot_hand_over(const char *path, const struct ha_identity *user)
{
    ha_log(HA_LOG_WARNING, "cannot hand %s over to %s: %s", path, user->name, strerror(errno));
}

static int open_folder(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void give_folder(const char *path, const struct ha_identity *user)
{
    int fd = open_folder(path);

    if (fd < 0 || fchown(fd, user->uid, user->gid) < 0)
        cannot_hand_over(path, user);
    if (fd >= 0)
        close(fd);
}

/* The folder of our state stays root's, and what is root's in it, too: scripts write into the fifo as root,
 * whatever stands there. */
static void share_state(const struct ha_identity *user)
{
    static const char *const ours[] = {"hb_generation", "hb_uuid", "hb_peers", "delhostcache"};
    int fd = open_folder(HB_VARLIB), fifo;
    struct stat stat;

    if (fd < 0 || fstat(fd, &stat) < 0 || fchown(fd, 0, user->gid) < 0 ||
        fchmod(fd, (stat.st_mode & 0777) | 01770) < 0)
        cannot_hand_over(HB_VARLIB, user);
    for (size_t i = 0; fd >= 0 && i < G_N_ELEMENTS(ours); i++) {
        char *path = g_build_filename(HB_VARLIB, ours[i], NULL);

        ha_file_sweep(path); /* what root has left there only root may take away */
        give(fd, ours[i], user);
        g_free(path);
    }
    if (fd >= 0 && fstatat(fd, "fifo", &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
        (!S_ISFIFO(stat.st_mode) || stat.st_uid != 0))
        (void)unlinkat(fd, "fifo", 0);
    fifo = hb_fifo_make(HB_FIFO_PATH);
    if (fifo >= 0)
        close(fifo);
    if (fd >= 0)
        close(fd);
}

static void hand_over(const struct hb_config *config, const struct ha_identity *user)
{
    char *cores = hb_cores_folder(config, HA_USER);

    (void)g_mkdir_with_parents(HB_VARLIB, 0755);
    (void)g_mkdir_with_parents(HB_ACT_RUNDIR, 0755);
    (void)hb_cores_make(cores);
    if (config->coreroot == NULL)
        (void)!chmod(HB_VARLIB "/cores", 0755);
    give_folder(cores, user);
    give_folder(HB_ACT_RUNDIR, user);
    share_state(user);
    g_free(cores);
}

/* ---- giving up ---- */

/* Of what a reload may want again, the right without the power. Memory has been locked, what comes later
 * included: where its limit cannot be lifted, as in many a container, the capability has to stay, or what
 * is allocated from now on could not be had. What is to be kept. */
static uint64_t lift_limits(void)
{
    return hb_realtime_lift_limit() || !hb_realtime_may_lock() ? KEPT : KEPT | HA_CAP(CAP_IPC_LOCK);
}

void hb_privilege_dumpable(const struct hb_config *config)
{
    bool may = config->coredumps;

#ifdef __SANITIZE_ADDRESS__
    may = true; /* it looks at its own memory at the end */
#endif
    (void)prctl(PR_SET_DUMPABLE, may ? 1 : 0, 0, 0, 0);
}

/* What is wanting for a moment is not to cost us a life as root. */
static int begin_helper(int priority)
{
    int error = hb_power_begin(HB_HELPER, priority);

    for (int tries = 1; error < 0 && error != -ENOENT && tries < HELPER_TRIES; tries++) {
        g_usleep(HELPER_PAUSE_US);
        error = hb_power_begin(HB_HELPER, priority);
    }
    return error;
}

static bool has_user(void)
{
    struct ha_identity user;
    int error = ha_identity_find(&user, HA_USER);

    if (error == 0 && user.uid != 0)
        return true;
    if (error == 0 || error == -ENOENT)
        ha_log(HA_LOG_WARNING, "there is no user " HA_USER ": heartbeat keeps what root may do (see "
               "heartbeat(8), PRIVILEGES)");
    else
        ha_log(HA_LOG_WARNING, "the user " HA_USER " cannot be looked up: %s; heartbeat keeps what root may "
               "do", strerror(-error));
    return false;
}

bool hb_privilege_begin(const struct hb_config *config, bool realtime)
{
    int error;

    if (geteuid() != 0 || !has_user())
        return false;
    error = begin_helper(realtime ? config->rtprio : 0);
    if (error < 0) {
        ha_log(HA_LOG_WARNING, HB_HELPER " cannot be started: %s; heartbeat keeps what root may do",
               strerror(-error));
        return false;
    }
    ha_log_opener(open_log);
    hb_media_open_serial_by(open_serial);
    return true;
}

int hb_privilege_leave(const struct hb_config *config)
{
    struct ha_identity user;
    const char *what = "user";
    int error = ha_identity_find(&user, HA_USER);

    if (error == 0) {
        hand_over(config, &user);
        ha_trust_hold();
        error = ha_identity_take(&user, lift_limits(), &what);
    }
    if (error < 0) {
        hb_log_say(LOG_ERR, "heartbeat cannot become " HA_USER ": %s: %s", what, strerror(-error));
        return error;
    }
    error = ha_filter_load(MAY);
    if (error < 0 && error != -ENOSYS) {
        hb_log_say(LOG_ERR, "heartbeat cannot put a filter on its system calls: %s", strerror(-error));
        return error;
    }
    hb_privilege_dumpable(config);
    ha_log(HA_LOG_INFO, "heartbeat goes on as " HA_USER ", %s",
           error == 0 ? "with a filter for system calls" : "without a filter for system calls (none here)");
    return 0;
}

void hb_privilege_end(void)
{
    ha_log_opener(NULL);
    hb_media_open_serial_by(NULL);
    hb_power_end();
}
