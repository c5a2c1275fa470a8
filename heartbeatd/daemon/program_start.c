/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fork, and in it the shell as another user (program_start.h). */
#include "heartbeatd/daemon/program_start.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

bool hb_program_user(const char *name, uid_t *uid, gid_t *gid)
{
    const struct passwd *user = getpwnam(name);
    char *end;
    unsigned long number;

    if (!user && g_ascii_isdigit(*name)) {
        number = strtoul(name, &end, 10);
        user = *end == '\0' ? getpwuid((uid_t)number) : NULL;
    }
    if (!user) {
        return false;
    }
    *uid = user->pw_uid;
    *gid = user->pw_gid;
    return true;
}

/* In the child; returns only when it failed. */
static void become(const char *user, const char *command, char *const *environment, uid_t uid, gid_t gid,
                   pid_t parent)
{
    char *line = g_strconcat("exec ", command, NULL);
    char *const argv[] = {(char *)"sh", (char *)"-c", line, NULL};
    char *home = g_build_filename(HB_VARLIB, "cores", user, NULL);
    sigset_t none;
    int null = open("/dev/null", O_RDWR);

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    for (int fd = 0; fd <= 2; fd++) {
        dup2(null, fd);
    }
    close_range(3, ~0U, 0);
    if (chdir(home) < 0 && chdir("/") < 0) {
        return;
    }
    if (setgroups(1, &gid) < 0 || setgid(gid) < 0 || setuid(uid) < 0) {
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent) {
        execve("/bin/sh", argv, environment);
    }
}

int hb_program_start(const char *user, const char *command, char *const *environment, pid_t *pid)
{
    pid_t parent = getpid();
    uid_t uid;
    gid_t gid;

    if (!hb_program_user(user, &uid, &gid)) {
        return -ENOENT;
    }
    *pid = fork();
    if (*pid == 0) {
        become(user, command, environment, uid, gid, parent);
        _exit(127);
    }
    return *pid < 0 ? -errno : 0;
}
