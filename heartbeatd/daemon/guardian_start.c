/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fork, and in it the guardian with nothing but what it is to have. */
#include "heartbeatd/daemon/guardian_start.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "heartbeatd/act/guard_table.h"
#include "heartbeatd/daemon/paths.h"

static void become(int table_fd, int daemon_fd, const char *logfile, int number)
    __attribute__((noreturn));
static void become(int table_fd, int daemon_fd, const char *logfile, int number)
{
    char priority[16];
    char *argv[] = {(char *)"guardian", (char *)logfile, priority, NULL};
    sigset_t none;
    int file = fcntl(table_fd, F_DUPFD, 10), pid_fd = fcntl(daemon_fd, F_DUPFD, 10);
    int null = open("/dev/null", O_RDWR);

    snprintf(priority, sizeof priority, "%d", number);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (file < 0 || pid_fd < 0 || null < 0)
        _exit(126);
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    if (dup2(file, HB_GUARD_TABLE_FD) < 0 || dup2(pid_fd, HB_GUARD_PIDFD) < 0)
        _exit(126);
    close_range(HB_GUARD_PIDFD + 1, ~0U, 0);
    execv(HB_GUARDIAN, argv);
    _exit(127);
}

pid_t hb_guardian_start(int table_fd, int daemon_fd, const char *logfile, int priority)
{
    pid_t pid = fork();

    if (pid == 0)
        become(table_fd, daemon_fd, logfile, priority);
    return pid;
}
