/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fork, and in it the guardian with nothing but what it is to have. */
#include "heartbeatd/daemon/guardian_start.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "heartbeatd/daemon/paths.h"

static void become(const int fds[HB_GUARD_FDS], const char *logfile, int number)
    __attribute__((noreturn));
static void become(const int fds[HB_GUARD_FDS], const char *logfile, int number)
{
    char priority[16];
    char *argv[] = {(char *)"guardian", (char *)logfile, priority, NULL};
    sigset_t none;
    int null = open("/dev/null", O_RDWR), away[HB_GUARD_FDS];

    snprintf(priority, sizeof priority, "%d", number);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < HB_GUARD_FDS; i++) { /* where none of the new numbers is */
        away[i] = fcntl(fds[i], F_DUPFD, 10);
        if (away[i] < 0 || null < 0)
            _exit(126);
    }
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    for (int i = 0; i < HB_GUARD_FDS; i++) {
        if (dup2(away[i], HB_GUARD_FD(i)) < 0)
            _exit(126);
    }
    close_range(HB_GUARD_FD(HB_GUARD_FDS), ~0U, 0);
    execv(HB_GUARDIAN, argv);
    _exit(127);
}

pid_t hb_guardian_start(const int fds[HB_GUARD_FDS], const char *logfile, int priority)
{
    pid_t pid = fork();

    if (pid == 0)
        become(fds, logfile, priority);
    return pid;
}
