/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting a program (child.h): what it has for descriptors, who it is, where it
 * is. Looks after nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/confine/identity.h"
#include "common/run/child.h"

extern char **environ;

/* Everything from 3 up is closed but keep_fd, which travels by way of 3 because
 * "all but one" cannot be said at once. */
static int plan_descriptors(posix_spawn_file_actions_t *plan, const struct ha_child_spec *spec,
                            int write_fd, int input_fd)
{
    int status = input_fd >= 0 ? posix_spawn_file_actions_adddup2(plan, input_fd, 0)
                               : posix_spawn_file_actions_addopen(plan, 0, "/dev/null", O_RDONLY, 0);

    status = status ? status
             : write_fd >= 0
                 ? posix_spawn_file_actions_adddup2(plan, write_fd, 1)
                 : posix_spawn_file_actions_addopen(plan, 1, "/dev/null", O_WRONLY, 0);
    status = status ? status
             : spec->merge_stderr
                 ? posix_spawn_file_actions_adddup2(plan, 1, 2)
                 : posix_spawn_file_actions_addopen(plan, 2, "/dev/null", O_WRONLY, 0);
    if (spec->keep_fd > 2) {
        status = status ? status : posix_spawn_file_actions_adddup2(plan, spec->keep_fd, 3);
        status = status ? status : posix_spawn_file_actions_addclosefrom_np(plan, 4);
        if (spec->keep_fd > 3) {
            status = status ? status : posix_spawn_file_actions_adddup2(plan, 3, spec->keep_fd);
            status = status ? status : posix_spawn_file_actions_addclose(plan, 3);
        }
    } else {
        status = status ? status : posix_spawn_file_actions_addclosefrom_np(plan, 3);
    }
    return status ? status
                  : posix_spawn_file_actions_addchdir_np(plan, spec->cwd ? spec->cwd : "/");
}

static bool put_descriptors(const struct ha_child_spec *spec, int write_fd, int input_fd)
{
    int in = input_fd >= 0 ? input_fd : open("/dev/null", O_RDONLY);
    int out = write_fd >= 0 ? write_fd : open("/dev/null", O_WRONLY);

    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0) {
        return false;
    }
    if (spec->merge_stderr) {
        return dup2(1, 2) >= 0;
    }
    out = open("/dev/null", O_WRONLY);
    return out >= 0 && dup2(out, 2) >= 0;
}

/* In the child, of which all but its errno is lost when something fails. */
static int become_and_execute(const struct ha_child_spec *spec, int write_fd, int input_fd)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;
    int error;

    setpgid(0, 0);
    for (int signo = 1; signo < NSIG; signo++) {
        sigaction(signo, &usual, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!put_descriptors(spec, write_fd, input_fd) || close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ||
        chdir(spec->cwd ? spec->cwd : "/") < 0) {
        return errno;
    }
    error = -ha_identity_put_on(spec->as);
    if (error) {
        return error;
    }
    if (spec->reads && faccessat(AT_FDCWD, spec->reads, R_OK, AT_EACCESS) < 0) {
        return errno;
    }
    execve(spec->path, spec->argv, spec->envp ? spec->envp : environ);
    return errno;
}

/* posix_spawn() has no word for another user. The child says by a pipe what failed, or it closes when
 * the program begins; nothing else of ours is open in it by then. */
static int spawn_as(const struct ha_child_spec *spec, int write_fd, int input_fd, pid_t *pid)
{
    int ends[2], error = 0;
    ssize_t got;

    if (spec->keep_fd) {
        return EINVAL;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return errno;
    }
    *pid = fork();
    if (*pid == 0) {
        error = become_and_execute(spec, write_fd, input_fd);
        (void)!write(ends[1], &error, sizeof(error));
        _exit(127);
    }
    if (*pid < 0) {
        error = errno;
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    close(ends[1]);
    do {
        got = read(ends[0], &error, sizeof(error));
    } while (got < 0 && errno == EINTR);
    close(ends[0]);
    if (got != sizeof(error)) {
        return 0;
    }
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return error;
}

int ha_spawn(const struct ha_child_spec *spec, int output_fd, int input_fd, pid_t *pid)
{
    posix_spawn_file_actions_t plan;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int status;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&plan);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    status = plan_descriptors(&plan, spec, output_fd, input_fd);
    if (!status && spec->as) {
        status = spawn_as(spec, output_fd, input_fd, pid);
    } else if (!status && spec->reads && access(spec->reads, R_OK) != 0) {
        status = errno;
    } else if (!status) {
        status = posix_spawn(pid, spec->path, &plan, &attr, spec->argv,
                             spec->envp ? spec->envp : environ);
    }
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&plan);
    return status;
}
