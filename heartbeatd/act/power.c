/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the helper and waits for the answer of the same number. Keeps nothing of
 * what is asked: what was started is known by its pid and the pipe of its end.
 */
#include "heartbeatd/act/power.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/run/child.h"
#include "common/run/file.h"
#include "common/run/log.h"

/* rtnetlink answers at once, and nothing else is waited for over there. */
#define ANSWER_S  20
#define SOCKET_FD 3 /* of the helper */
/* A want of memory may be over at once. */
#define TRIES     3

static struct {
    int fd; /* -1: no helper */
    pid_t pid;
    uint32_t number;
    GByteArray *message;
    uint8_t *answer;
} power = {.fd = -1};

/* What came with an answer. */
struct came {
    struct hb_power_head head;
    struct hb_power_body body;
    int fd; /* -1: none */
};

bool hb_power_away(void)
{
    return power.fd >= 0;
}

static void lost(const char *how) __attribute__((noreturn));
static void lost(const char *how)
{
    power.fd = -1; /* not even for the log */
    ha_log(HA_LOG_ERROR, "the helper that has root's power %s: heartbeat cannot go on, and what is held "
           "here is taken off by the guardian", how);
    ha_log_flush();
    _exit(1);
}

/* ---- one question, one answer ---- */

static void begin_message(enum hb_power_act act)
{
    hb_power_begin_message(power.message, act, ++power.number);
}

static int send_message(const int *fds, size_t count)
{
    struct iovec part = {power.message->data, power.message->len};
    union {
        char bytes[CMSG_SPACE(HB_POWER_FDS_MAX * sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (count > 0) {
        struct cmsghdr *header = &control.align;

        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    }
    for (int tries = 0; sendmsg(power.fd, &message, MSG_NOSIGNAL) < 0;) {
        if (errno == EPIPE || errno == ECONNRESET)
            lost("has gone");
        if (errno != EINTR && ++tries == TRIES)
            return -errno;
    }
    return 0;
}

static int fd_of(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int fd = -1;

    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len >= CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* False: not the answer that is waited for. tries: how often it could not be had. */
static bool receive(struct came *came, int *tries)
{
    struct iovec part = {power.answer, HB_POWER_BYTES_MAX};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t got = recvmsg(power.fd, &message, MSG_CMSG_CLOEXEC);

    if (got == 0 || (got < 0 && errno == ECONNRESET))
        lost("has gone");
    if (got < 0 && (errno == EINTR || (errno != EAGAIN && ++*tries < TRIES)))
        return false;
    if (got < 0)
        lost("does not answer");
    came->fd = fd_of(&message);
    if (hb_power_read_head(power.answer, (size_t)got, &came->head, &came->body) &&
        came->head.number == power.number)
        return true;
    if (came->fd >= 0)
        close(came->fd);
    return false;
}

/* The answer's error, or why there was no asking. What came is the caller's if that is 0. */
static int ask(const int *fds, size_t count, struct came *came)
{
    int error, tries = 0;

    *came = (struct came){.fd = -1};
    if (!hb_power_finish(power.message))
        return -E2BIG;
    error = send_message(fds, count);
    if (error != 0)
        return error;
    while (!receive(came, &tries)) {
    }
    if (came->head.error != 0 && came->fd >= 0) {
        close(came->fd);
        came->fd = -1;
    }
    return came->head.error < 0 ? came->head.error : 0;
}

/* For what is answered by yes or no. */
static int ask_plainly(const int *fds, size_t count)
{
    struct came came;
    int error = ask(fds, count, &came);

    if (came.fd >= 0)
        close(came.fd);
    return error;
}

static int ask_for_fd(void)
{
    struct came came;
    int error = ask(NULL, 0, &came);

    return error != 0 ? error : came.fd >= 0 ? came.fd : -EPROTO;
}

/* ---- the network ---- */

static void change_some(struct hb_change *changes, size_t count)
{
    int32_t errors[HB_POWER_CHANGES_MAX];
    struct came came;
    int error;

    begin_message(HB_POWER_CHANGES);
    hb_power_put(power.message, changes, count * sizeof *changes);
    error = ask(NULL, 0, &came);
    if (error == 0 && (!hb_power_take(&came.body, errors, count * sizeof *errors) ||
                       !hb_power_done(&came.body)))
        error = -EPROTO;
    for (size_t i = 0; i < count; i++)
        changes[i].error = error != 0 ? error : errors[i];
}

void hb_power_changes(struct hb_change *changes, size_t count)
{
    for (size_t done = 0; done < count; done += HB_POWER_CHANGES_MAX)
        change_some(changes + done, MIN(count - done, HB_POWER_CHANGES_MAX));
}

int hb_power_route(const struct nlmsghdr *gone)
{
    begin_message(HB_POWER_ROUTE);
    hb_power_put(power.message, gone, *(const uint32_t *)(const void *)gone); /* nlmsg_len */
    return ask_plainly(NULL, 0);
}

void hb_power_neighbours(const struct hb_kernel_address *addresses, size_t count)
{
    for (size_t done = 0; done < count; done += HB_POWER_CHANGES_MAX) {
        begin_message(HB_POWER_NEIGHBOURS);
        hb_power_put(power.message, addresses + done,
                     MIN(count - done, HB_POWER_CHANGES_MAX) * sizeof *addresses);
        (void)ask_plainly(NULL, 0);
    }
}

unsigned hb_power_release(int table_fd)
{
    struct came came;
    uint32_t count = 0;

    begin_message(HB_POWER_RELEASE);
    if (ask(&table_fd, 1, &came) != 0 || !hb_power_take(&came.body, &count, sizeof count))
        return 0;
    return count;
}

/* ---- files and the machine ---- */

int hb_power_open(enum hb_power_file kind, const char *path)
{
    const struct hb_power_kind of = {.kind = kind};

    if (!hb_power_away()) {
        int fd = open(path, hb_power_flags(kind), 0644);

        return fd < 0 ? -errno : fd;
    }
    begin_message(HB_POWER_OPEN);
    hb_power_put(power.message, &of, sizeof of);
    hb_power_put_text(power.message, path);
    return ask_for_fd();
}

int hb_power_read(const char *path, size_t max, char **out, size_t *length, struct stat *stat)
{
    int fd = hb_power_open(HB_POWER_CONF, path);

    *out = NULL;
    *length = 0;
    return fd < 0 ? fd : ha_file_read_fd(fd, max, out, length, stat);
}

int hb_power_listen(void)
{
    begin_message(HB_POWER_LISTEN);
    return ask_for_fd();
}

void hb_power_clear(enum hb_power_file kind, const char *path)
{
    const struct hb_power_kind of = {.kind = kind};

    if (!hb_power_away()) {
        (void)unlink(path);
        return;
    }
    begin_message(HB_POWER_CLEAR);
    hb_power_put(power.message, &of, sizeof of);
    (void)ask_plainly(NULL, 0);
}

void hb_power_reboot(void)
{
    begin_message(HB_POWER_REBOOT);
    errno = -ask_plainly(NULL, 0);
}

static void say_signal(enum hb_power_act act, pid_t pid, int signo)
{
    const struct hb_power_signal what = {.pid = pid, .signo = signo};

    begin_message(act);
    hb_power_put(power.message, &what, sizeof what);
    (void)ask_plainly(NULL, 0);
}

void hb_power_director(pid_t pid, int signo)
{
    say_signal(HB_POWER_DIRECTOR, pid, signo);
}

/* ---- programs ---- */

static void reap(pid_t pid)
{
    say_signal(HB_POWER_REAP, pid, 0);
}

static int ask_to_start(const int *fds, size_t count, struct hb_power_child *out)
{
    struct came came;
    int32_t pid = 0;
    int error = ask(fds, count, &came);

    if (error != 0)
        return error;
    if (!hb_power_take(&came.body, &pid, sizeof pid) || pid <= 0) {
        if (came.fd >= 0)
            close(came.fd);
        return -EPROTO;
    }
    *out = (struct hb_power_child){.pid = pid, .end_fd = came.fd};
    if (came.fd >= 0)
        return 0;
    /* There was no descriptor to have here, so its end would not be heard of. */
    hb_power_signal(pid, SIGKILL);
    reap(pid);
    return -EMFILE;
}

int hb_power_program(const char *user, const char *command, struct hb_power_child *out)
{
    begin_message(HB_POWER_PROGRAM);
    hb_power_put_text(power.message, user);
    hb_power_put_text(power.message, command);
    return ask_to_start(NULL, 0, out);
}

int hb_power_guardian(const int fds[HB_GUARD_FDS], const char *logfile, int priority,
                      struct hb_power_child *out)
{
    int32_t number = priority;

    begin_message(HB_POWER_GUARDIAN);
    hb_power_put(power.message, &number, sizeof number);
    hb_power_put_text(power.message, logfile);
    return ask_to_start(fds, HB_GUARD_FDS, out);
}

void hb_power_signal(pid_t pid, int signo)
{
    say_signal(HB_POWER_SIGNAL, pid, signo);
}

bool hb_power_ended(struct hb_power_child *child, int *status)
{
    ssize_t got = read(child->end_fd, status, sizeof *status);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got != (ssize_t)sizeof *status)
        *status = SIGKILL;
    close(child->end_fd);
    reap(child->pid);
    *child = (struct hb_power_child){.end_fd = -1};
    return true;
}

/* For what ha_child_start() is asked. */
static int spawn(const struct ha_child_spec *spec, int output_fd, pid_t *pid, int *end_fd)
{
    struct hb_power_child child;
    int error;

    begin_message(HB_POWER_START);
    hb_power_put_start(power.message, spec);
    error = ask_to_start(&output_fd, output_fd >= 0 ? 1 : 0, &child);
    if (error == 0) {
        *pid = child.pid;
        *end_fd = child.end_fd;
    }
    return -error;
}

static const struct ha_spawner spawner = {.spawn = spawn, .signal = hb_power_signal, .reap = reap};

/* ---- life ---- */

static void become_helper(const char *path, int number, int fd) __attribute__((noreturn));
static void become_helper(const char *path, int number, int fd)
{
    char priority[16];
    char *argv[] = {(char *)"helper", priority, NULL};
    sigset_t none;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    /* Who started us may wait for the end of our output. */
    for (int i = 0; i < 3; i++) {
        if (null < 0 || dup2(null, i) < 0)
            _exit(126);
    }
    snprintf(priority, sizeof priority, "%d", number);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (fd == SOCKET_FD)
        (void)fcntl(fd, F_SETFD, 0);
    else if (dup2(fd, SOCKET_FD) < 0)
        _exit(126);
    close_range(SOCKET_FD + 1, ~0U, 0);
    execv(path, argv);
    _exit(127);
}

/* It says that it is there before anything is asked. */
static int wait_for_helper(void)
{
    struct hb_power_head head;
    struct hb_power_body body;
    ssize_t got;

    do {
        got = recv(power.fd, power.answer, HB_POWER_BYTES_MAX, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    return hb_power_read_head(power.answer, (size_t)got, &head, &body) ? head.error : -ENOEXEC;
}

int hb_power_begin(const char *path, int priority)
{
    struct timeval patience = {.tv_sec = ANSWER_S};
    int ends[2], error, size = 2 * HB_POWER_BYTES_MAX;

    if (access(path, X_OK) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    for (int i = 0; i < 2; i++)
        (void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    (void)setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    power.pid = fork();
    if (power.pid == 0)
        become_helper(path, priority, ends[1]);
    error = power.pid < 0 ? -errno : 0;
    close(ends[1]);
    power.fd = ends[0];
    power.message = g_byte_array_new();
    power.answer = g_malloc(HB_POWER_BYTES_MAX);
    if (error == 0)
        error = wait_for_helper();
    if (error != 0) {
        hb_power_end();
        return error;
    }
    ha_child_through(&spawner);
    return 0;
}

void hb_power_end(void)
{
    if (!hb_power_away())
        return;
    ha_child_through(NULL);
    close(power.fd);
    power.fd = -1;
    if (power.pid > 0) {
        while (waitpid(power.pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    g_byte_array_free(power.message, TRUE);
    g_free(power.answer);
    power.message = NULL;
    power.answer = NULL;
}
