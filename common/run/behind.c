/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing by a child (behind.h). The child holds none of our descriptors, for a
 * disk may keep it longer than we live, and tells how it went by its exit
 * status. Never waits, but at the very end and within a bound.
 */
#include "common/run/behind.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/file.h"

struct ha_behind {
    struct ha_loop *loop;
    char *path;
    mode_t mode;
    ha_behind_fn failed;
    void *ctx;
    GString *text;         /* the last that was given */
    pid_t pid;             /* of the child that writes; 0: none */
    struct ha_watch watch; /* its pidfd */
    struct ha_timer retry;
    bool told; /* that what was given last could not be written */
    bool again;            /* text is newer than what it writes */
};

struct ha_behind *ha_behind_new(struct ha_loop *loop, const char *path, mode_t mode,
                                ha_behind_fn failed, void *ctx)
{
    struct ha_behind *behind = g_new0(struct ha_behind, 1);

    behind->loop = loop;
    behind->path = g_strdup(path);
    behind->mode = mode;
    behind->failed = failed;
    behind->ctx = ctx;
    behind->text = g_string_new(NULL);
    behind->watch.fd = -1;
    return behind;
}

/* In the child. An exit status has room for every errno there is. */
static void write_and_exit(const struct ha_behind *behind) __attribute__((noreturn));
static void write_and_exit(const struct ha_behind *behind)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close_range(3, ~0U, 0);
    _exit(-ha_file_write(behind->path, behind->text->str, behind->text->len, behind->mode));
}

static void written(void *ctx, uint32_t events);
static void begin(struct ha_behind *behind);

static void try_again(void *ctx, uint64_t now_ns)
{
    struct ha_behind *behind = ctx;

    (void)now_ns;
    if (behind->pid == 0)
        begin(behind);
}

/* A disk that was full may have room again: what was given last is not to be lost for that. */
static void failed(struct ha_behind *behind, int error)
{
    ha_timer_set(behind->loop, &behind->retry, ha_clock_ns() + HA_BEHIND_RETRY_MS * HA_NS_PER_MS,
                 try_again, behind);
    if (!behind->told)
        behind->failed(behind->ctx, error);
    behind->told = true;
}

static void begin(struct ha_behind *behind)
{
    int fd, error = 0;

    behind->again = false;
    ha_timer_cancel(behind->loop, &behind->retry);
    behind->pid = fork();
    if (behind->pid == 0)
        write_and_exit(behind);
    if (behind->pid < 0) {
        behind->pid = 0;
        failed(behind, -errno);
        return;
    }
    fd = (int)syscall(SYS_pidfd_open, behind->pid, 0);
    error = fd < 0 ? -errno
                   : ha_watch_start(behind->loop, &behind->watch, fd, EPOLLIN, written, behind);
    if (error == 0)
        return;
    if (fd >= 0)
        close(fd);
    kill(behind->pid, SIGKILL);
    waitpid(behind->pid, NULL, 0);
    behind->pid = 0;
    failed(behind, error);
}

/* The child has ended, or is about to. */
static void finish(struct ha_behind *behind)
{
    int fd = behind->watch.fd, status = 0;

    waitpid(behind->pid, &status, 0);
    ha_watch_stop(behind->loop, &behind->watch);
    close(fd);
    behind->pid = 0;
    if (WIFSIGNALED(status))
        failed(behind, -ECANCELED);
    else if (WEXITSTATUS(status) != 0)
        failed(behind, -WEXITSTATUS(status));
    if (behind->again)
        begin(behind);
}

static void written(void *ctx, uint32_t events)
{
    (void)events;
    finish(ctx);
}

void ha_behind_write(struct ha_behind *behind, const char *text, size_t length)
{
    g_string_truncate(behind->text, 0);
    g_string_append_len(behind->text, text, (gssize)length);
    behind->again = true;
    behind->told = false;
    if (behind->pid == 0)
        begin(behind);
}

const char *ha_behind_pending(const struct ha_behind *behind)
{
    return behind->pid != 0 ? behind->text->str : NULL;
}

static bool wait_for_child(struct ha_behind *behind, uint64_t until_ns)
{
    uint64_t now_ns = ha_clock_ns();
    struct pollfd ended = {.fd = behind->watch.fd, .events = POLLIN};

    return poll(&ended, 1, now_ns < until_ns ? (int)((until_ns - now_ns) / HA_NS_PER_MS) : 0) > 0;
}

void ha_behind_free(struct ha_behind *behind, uint64_t patience_ms)
{
    uint64_t until_ns = ha_clock_ns() + ha_ms_to_ns(patience_ms);
    int fd;

    if (behind == NULL)
        return;
    ha_timer_cancel(behind->loop, &behind->retry);
    while (behind->pid != 0 && wait_for_child(behind, until_ns))
        finish(behind);
    ha_timer_cancel(behind->loop, &behind->retry);
    if (behind->pid != 0) {
        fd = behind->watch.fd;
        ha_watch_stop(behind->loop, &behind->watch);
        close(fd);
    }
    g_string_free(behind->text, TRUE);
    g_free(behind->path);
    g_free(behind);
}
