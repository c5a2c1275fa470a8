/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Becoming a daemon, the service manager's datagram, and pid files. Two forks:
 * the first parent waits on a pipe for the daemon's word, the one in between
 * ends at once, so that the daemon is nobody's session leader and init's child.
 */
#include "common/run/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/run/file.h"
#include "common/run/log.h"

#define NULL_TRIES    3
#define PIDFILE_BYTES 64
#define PIDFILE_TRIES 3
#define CMDLINE_BYTES 65536

/* ---- background ---- */

void ha_daemon_fill_standard(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd < 3);
    if (fd >= 0) {
        close(fd);
    }
}

static void wait_for_word_and_exit(int fd) __attribute__((noreturn));
static void wait_for_word_and_exit(int fd)
{
    unsigned char status = 1;
    ssize_t got;

    do {
        got = read(fd, &status, 1);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        fprintf(stderr, "cannot hear whether the daemon has started: %s\n", strerror(errno));
    }
    _exit(got == 1 ? status : 1);
}

int ha_daemon_start(struct ha_daemon *daemon)
{
    int ends[2];
    pid_t pid;

    daemon->ready_fd = -1;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -errno;
    }
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        int error = errno;

        close(ends[0]);
        close(ends[1]);
        return -error;
    }
    if (pid > 0) {
        close(ends[1]);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        wait_for_word_and_exit(ends[0]);
    }
    close(ends[0]);
    setsid();
    pid = fork();
    if (pid < 0) {
        fprintf(stderr, "cannot go into the background: %s\n", strerror(errno));
    }
    if (pid != 0) {
        /* Without a second fork nobody gives the word, and the first parent exits with 1. */
        _exit(0);
    }
    if (chdir("/") < 0) {
        fprintf(stderr, "cannot go into the background: /: %s\n", strerror(errno));
        _exit(1);
    }
    daemon->ready_fd = ends[1];
    return 0;
}

static void say(struct ha_daemon *daemon, unsigned char status)
{
    if (daemon->ready_fd >= 0) {
        ssize_t put;

        do {
            put = write(daemon->ready_fd, &status, 1);
        } while (put < 0 && errno == EINTR);
        if (put < 0) {
            ha_log(HA_LOG_WARNING, "cannot tell who started this daemon how it went: %s",
                   strerror(errno));
        }
        close(daemon->ready_fd);
        daemon->ready_fd = -1;
    }
}

void ha_daemon_ready(struct ha_daemon *daemon)
{
    if (daemon->ready_fd >= 0) {
        int null = -1;

        /* Who started us may wait for the end of our output: not given up at the first refusal. */
        for (int i = 0; i < NULL_TRIES && null < 0; i++) {
            null = open("/dev/null", O_RDWR | O_CLOEXEC);
        }
        if (null < 0) {
            ha_log(HA_LOG_WARNING, "cannot let go of the terminal: /dev/null: %s", strerror(errno));
        }
        for (int fd = 0; null >= 0 && fd < 3; fd++) {
            dup2(null, fd);
        }
        if (null > 2) {
            close(null);
        }
    }
    say(daemon, 0);
    ha_daemon_notify("READY=1");
}

void ha_daemon_failed(struct ha_daemon *daemon, int status)
{
    say(daemon, (unsigned char)status);
}

static int notify_fd = -1; /* a process has one service manager */

/* A socket that speaks to the service manager; -1: there is none. */
static int notify_open(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = path ? strlen(path) : 0;
    int fd;

    if (length < 2 || length >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@')) {
        return -1;
    }
    memcpy(to.sun_path, path, length);
    if (path[0] == '@') {
        to.sun_path[0] = '\0';
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to,
                           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void ha_daemon_notify_hold(void)
{
    if (notify_fd < 0) {
        notify_fd = notify_open();
    }
}

void ha_daemon_notify(const char *message)
{
    int fd = notify_fd >= 0 ? notify_fd : notify_open();

    if (fd < 0) {
        return;
    }
    /* Best effort by nature: there is nobody to tell that it failed. */
    (void)!send(fd, message, strlen(message), MSG_NOSIGNAL);
    if (fd != notify_fd) {
        close(fd);
    }
}

/* ---- pid files ---- */

int ha_pidfile_write(const char *path, unsigned width, pid_t pid)
{
    char text[PIDFILE_BYTES];
    int length;

    if (width > 32) {
        return -EINVAL;
    }
    length = snprintf(text, sizeof(text), "%*d\n", (int)width, (int)pid);
    return ha_file_write(path, text, (size_t)length, 0644);
}

/* The number in a pid file; 0: no file or nothing in it. */
static int pidfile_read(const char *path)
{
    char *text, *end;
    size_t length;
    long pid;
    int status = ha_file_read(path, PIDFILE_BYTES, &text, &length, NULL);

    if (status < 0) {
        return status == -ENOENT ? 0 : status;
    }
    pid = strtol(text, &end, 10);
    if (end == text) {
        pid = text[strspn(text, " \t\n")] ? -EINVAL : 0;
    } else if (text[(size_t)(end - text) + strspn(end, " \t\n")] || pid <= 0 || pid > G_MAXINT) {
        pid = -EINVAL;
    }
    g_free(text);
    return (int)pid;
}

int ha_pidfile_check(const char *path, const char *word)
{
    char proc[64], *cmdline;
    size_t length;
    int pid = pidfile_read(path), status;
    bool found;

    if (pid <= 0) {
        return pid;
    }
    snprintf(proc, sizeof(proc), "/proc/%d/cmdline", pid);
    status = ha_file_read(proc, CMDLINE_BYTES, &cmdline, &length, NULL);
    if (status < 0) {
        return kill(pid, 0) < 0 && errno == ESRCH ? -ESRCH : status == -ENOENT ? -ESRCH : status;
    }
    found = memmem(cmdline, length, word, strlen(word)) != NULL;
    g_free(cmdline);
    return found ? pid : -ESRCH;
}

void ha_pidfile_remove(const char *path, pid_t pid)
{
    int found = -EAGAIN;

    /* A file that cannot be read for a moment would name a process that is no more. */
    for (int i = 0; i < PIDFILE_TRIES && found < 0; i++) {
        found = pidfile_read(path);
    }
    if (found == pid) {
        unlink(path);
    }
}
