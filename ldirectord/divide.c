/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The division itself (divide.h). What the halves do is their own affair. */
#include "ldirectord/divide.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/confine/filter.h"
#include "common/confine/frame.h"
#include "common/run/daemon.h"
#include "common/run/log.h"
#include "ldirectord/act/act.h"
#include "ldirectord/door/door.h"
#include "ldirectord/keeper.h"

/* Kept files may take a second on their way to the disk. */
#define END_TRIES    1000
#define END_PAUSE_MS 5

/* Not hacluster, though it is there where Heartbeat is: to Heartbeat and Pacemaker it speaks for the
 * cluster. Not nobody: whatever else runs as that could signal us. */
#define USUAL_USER "ldirectord"
/* Where there is no such user: a number that is nobody's. Distributions give out none from 65520 on,
 * systemd documents these as unused. Looked for on this machine alone: a takeover does not wait for a directory. */
static const char *const free_numbers[] = {"65521", "65522", "65523", NULL};

static bool take_free_number(struct ha_identity *out, const char *number)
{
    gid_t gid = (gid_t)atoi(number);

    if (ha_identity_find_here(out, number) != -ENOENT)
        return false;
    *out = (struct ha_identity){.uid = gid, .gid = gid, .groups = {gid}, .group_count = 1};
    g_snprintf(out->name, sizeof(out->name), "number %s", number);
    return true;
}

static void choose_user(struct ld_divided *divided, const char *configured)
{
    if (geteuid() != 0)
        return;
    if (configured != NULL ? ha_identity_find(&divided->checks, configured) == 0
                           : ha_identity_find_here(&divided->checks, USUAL_USER) == 0)
        return;
    for (const char *const *number = free_numbers; configured == NULL && *number != NULL; number++)
        if (take_free_number(&divided->checks, *number))
            return;
    divided->checks.name[0] = '\0';
    ha_log(HA_LOG_WARNING, "there is no user %s for the process that checks: it stays root, without root's "
           "capabilities (checkuser names another)", configured != NULL ? configured : USUAL_USER);
}

/* ---- the keeper ---- */

/* What ends the daemon comes by its half; this one ends after it. */
static void ignore_signals(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        signal(signals[i], SIG_IGN);
}

static void leave_terminal(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = 0; null >= 0 && fd < 3; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
}

static int keep(const struct ld_keeper_settings *settings, int ask_fd, int run_fd)
{
    struct ha_loop *loop = ha_loop_new();
    struct ld_keeper *keeper = NULL;
    int error = loop == NULL ? -errno : ld_keeper_new(&keeper, loop, settings, ask_fd, run_fd), status = 1;

    if (error == 0)
        status = ha_loop_run(loop);
    else
        ha_log(HA_LOG_ERROR, "cannot keep the door: %s", g_strerror(-error));
    ld_keeper_free(keeper);
    ha_loop_free(loop); /* kills what still runs */
    return status;
}

static void be_keeper(const struct ld_divided *divided, const struct ld_run *run, pid_t daemon, int ask_fd,
                      int run_fd) __attribute__((noreturn));
static void be_keeper(const struct ld_divided *divided, const struct ld_run *run, pid_t daemon, int ask_fd,
                      int run_fd)
{
    struct ld_keeper_settings settings = {.path = run->path, .orders_file = run->orders_file,
                                          .config = run->config, .daemon = daemon,
                                          .open_ipvs = ld_ipvs_netlink_open};
    struct ha_identity checks;

    settings.program = ld_act_program();
    if (divided->checks.name[0] != '\0') {
        checks = divided->checks;
        checks.powerless = true;
        settings.checks = &checks;
    }
    if (run->logging == LD_LOG_CONFIGURED) {
        settings.pid_file = run->pid_file;
        leave_terminal();
    }
    prctl(PR_SET_NAME, "ldirectord-keep", 0, 0, 0);
    ignore_signals();
    _exit(keep(&settings, ask_fd, run_fd));
}

int ld_divide(struct ld_divided *divided, const struct ld_run *run, const int *close_fds, unsigned count)
{
    int ask[2], order[2], error = ha_frame_pair(ask);
    pid_t daemon = getpid();

    if (error != 0)
        return error;
    error = ha_frame_pair(order);
    if (error != 0) {
        close(ask[0]);
        close(ask[1]);
        return error;
    }
    choose_user(divided, run->config->checkuser);
    ha_log_flush();
    divided->keeper = fork();
    if (divided->keeper == 0) {
        for (unsigned i = 0; i < count; i++)
            if (close_fds[i] >= 0)
                close(close_fds[i]);
        close(ask[0]);
        close(order[0]);
        be_keeper(divided, run, daemon, ask[1], order[1]);
    }
    error = divided->keeper < 0 ? -errno : 0;
    close(ask[1]);
    close(order[1]);
    if (error == 0) {
        ld_door_divide(ask[0], order[0], geteuid());
    } else {
        divided->keeper = 0;
        close(ask[0]);
        close(order[0]);
    }
    return error;
}

/* ---- the half that checks ---- */

static int last_log = -1;

/* Without the keeper there is nobody to open it: for what is still to be said of that, one is kept. */
static int open_log(const char *path)
{
    int fd = ld_door_open(LD_FILE_LOG, path);

    if (fd == -EPIPE && last_log >= 0)
        fd = fcntl(last_log, F_DUPFD_CLOEXEC, 3);
    else if (fd >= 0 && last_log < 0)
        last_log = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return fd;
}

static int become(const struct ld_divided *divided, const char **what, const char **who)
{
    int error;

    *who = divided->checks.name;
    if (divided->checks.name[0] != '\0') {
        error = ha_identity_take(&divided->checks, 0, what);
        if (error != -EINVAL && error != -EPERM)
            return error;
        /* a user namespace that has no such user, or lets nobody choose */
        ha_log(HA_LOG_WARNING, "cannot become user %s (%s: %s): only capabilities are given up",
               divided->checks.name, *what, g_strerror(-error));
    }
    *who = "as before";
    return ha_identity_take(NULL, 0, what);
}

int ld_divide_let_go(const struct ld_divided *divided, bool makes_files, const char **what)
{
    unsigned may = HA_MAY_READ | HA_MAY_CONNECT | HA_MAY_THREADS;
    const char *who;
    int error;

    ha_daemon_notify_hold();
    ha_log_flush();
    error = become(divided, what, &who);
    if (error != 0)
        return error;
    ha_log_opener(open_log);
    *what = "seccomp";
    error = ha_filter_load(makes_files ? may | HA_MAY_WRITE : may);
    if (error != 0 && error != -ENOSYS)
        return error;
    ha_log(HA_LOG_INFO, "Checks run as user %s, without capabilities, %s; process %d keeps the table", who,
           error == 0 ? "with a filter for system calls" : "without a filter for system calls (none here)",
           (int)divided->keeper);
    return 0;
}

void ld_divide_end(struct ld_divided *divided)
{
    if (divided->keeper == 0)
        return;
    ld_door_bye();
    ha_log_flush();
    ld_door_close();
    if (last_log >= 0)
        close(last_log);
    last_log = -1;
    for (int i = 0; i < END_TRIES && waitpid(divided->keeper, NULL, WNOHANG) == 0; i++)
        poll(NULL, 0, END_PAUSE_MS);
    divided->keeper = 0;
}
