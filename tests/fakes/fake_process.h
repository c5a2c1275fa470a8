/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fake servers share: a port of loopback, a process of their own that
 * ends with its parent, and a pipe for what they hear.
 */
#ifndef FAKE_PROCESS_H
#define FAKE_PROCESS_H

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Aborts the test. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            g_error("%s: %s: %s", __FILE__, #condition, g_strerror(errno));                        \
    } while (0)

static inline socklen_t fake_loopback(int family, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;

    memset(out, 0, sizeof(*out));
    out->ss_family = (sa_family_t)family;
    if (family == AF_INET6) {
        v6->sin6_addr = in6addr_loopback;
        v6->sin6_port = htons(port);
        return sizeof(*v6);
    }
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v4->sin_port = htons(port);
    return sizeof(*v4);
}

/* port: 0 for any. The one it is bound to. */
static inline uint16_t fake_bind_loopback(int fd, int family, uint16_t port)
{
    struct sockaddr_storage at;
    socklen_t length = fake_loopback(family, port, &at);

    MUST(bind(fd, (struct sockaddr *)&at, length) == 0);
    MUST(getsockname(fd, (struct sockaddr *)&at, &length) == 0);
    return ntohs(family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                    : ((struct sockaddr_in *)&at)->sin_port);
}

/* live() runs in the process and does not return. *log_fd: what it writes into its own, non-blocking. */
static inline pid_t fake_process_start(void (*live)(void *life, int log_fd), void *life, int *log_fd)
{
    int ends[2];
    pid_t pid;

    MUST(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        live(life, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    *log_fd = ends[0];
    return pid;
}

static inline void fake_process_stop(pid_t pid, int log_fd)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(log_fd);
}

/* What is in the pipe by now, NUL-terminated; g_free() it. */
static inline char *fake_process_heard(int log_fd)
{
    GString *out = g_string_new(NULL);
    char bytes[4096];
    ssize_t length;

    while ((length = read(log_fd, bytes, sizeof(bytes))) > 0)
        g_string_append_len(out, bytes, length);
    return g_string_free(out, FALSE);
}

#endif
