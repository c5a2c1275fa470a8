/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads the ip_vs module once, when the kernel has no such netlink family. Uses
 * the loader that the kernel itself would use (/proc/sys/kernel/modprobe; an
 * administrator who emptied that file wants no modules loaded). The only place
 * in this room that runs a program or waits, and it runs before anything else.
 */
#include "ldirectord/ipvs/ipvs_module.h"

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD_MAX_MS 10000

extern char **environ;

static bool find_loader(char *path, size_t size)
{
    int fd = open("/proc/sys/kernel/modprobe", O_RDONLY | O_CLOEXEC);
    ssize_t length = -1;

    if (fd >= 0) {
        length = read(fd, path, size - 1);
        close(fd);
    }
    if (length < 0)
        return g_strlcpy(path, "/sbin/modprobe", size) < size;
    path[length] = '\0';
    g_strchomp(path);
    return path[0] == '/';
}

static bool spawn_quietly(const char *path, char *const *argv, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    bool started;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    started = posix_spawn(pid, path, &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return started;
}

bool ld_ipvs_load_module(void)
{
    char path[256], quiet[] = "-q", end[] = "--", name[] = "ip_vs";
    char *const argv[] = {path, quiet, end, name, NULL};
    struct pollfd ended = {.events = POLLIN};
    int status = 0;
    pid_t pid;

    if (!find_loader(path, sizeof(path)) || !spawn_quietly(path, argv, &pid))
        return false;
    ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (ended.fd >= 0) {
        if (poll(&ended, 1, LOAD_MAX_MS) <= 0)
            kill(pid, SIGKILL);
        close(ended.fd);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
