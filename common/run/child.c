/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Children: spawned, watched through a pidfd, read through a pipe, ended at
 * their deadline. Refuses shells, searches no PATH, and never waits.
 *
 *   running --ends--> reported, reaped
 *   running --deadline or abandoned--> terminating (group has SIGTERM)
 *   terminating --ends--> reported; the dead child is kept as a zombie so that
 *                         the number of its group stays ours
 *   terminating --5 s--> group has SIGKILL; reaped when it has ended
 *
 * The pipe outlives the child if a grandchild holds it: a service started by a
 * script must not die of SIGPIPE because we closed the reading end. Such pipes
 * are read and thrown away until they end, at most DRAINED_MAX at a time.
 */
#include "common/run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/loop_inside.h"

#define GRACE_NS    (5 * HA_NS_PER_S)
#define READ_MAX    65536
/* Past its bound a chatterbox is read this seldom: it waits, not we. */
#define THROTTLE_NS (10 * HA_NS_PER_MS)
#define DRAINED_MAX 64

enum state { RUNNING, TERMINATING, KILLED, DRAINING, STARTING_FAILED, ELSEWHERE };

struct ha_child {
    struct ha_loop *loop;
    enum state state;
    pid_t pid;
    uint32_t number; /* of one elsewhere */
    bool ended;     /* waitid() has told us how; may still be a zombie */
    bool timed_out;
    const struct ha_spawner *through; /* NULL: it is our child */
    siginfo_t info;

    struct ha_watch exit_watch;   /* a pidfd, or what its spawner tells of its end */
    struct ha_watch output_watch; /* reading end of the pipe */
    int output_fd;                /* -1: none */
    struct ha_timer timer;        /* deadline, then grace */
    struct ha_timer throttle;

    GString *output;
    size_t output_max;
    bool truncated;

    uint64_t deadline_ms;
    int error;
    ha_child_fn fn; /* NULL once called or abandoned */
    void *ctx;
};

static const struct ha_spawner *through;

void ha_child_through(const struct ha_spawner *spawner)
{
    through = spawner;
}

static void send_group(const struct ha_child *child, int signo)
{
    if (child->through) {
        child->through->signal(child->pid, signo);
    } else {
        kill(-child->pid, signo);
    }
}

/* Waits for the end, which is here or about to come. */
static void give_up_number(const struct ha_child *child)
{
    if (child->through) {
        child->through->reap(child->pid);
        return;
    }
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void child_free(struct ha_child *child)
{
    struct ha_loop_children *all = ha_loop_children(child->loop);

    g_queue_remove(&all->living, child);
    ha_timer_cancel(child->loop, &child->timer);
    ha_timer_cancel(child->loop, &child->throttle);
    if (child->exit_watch.fd >= 0) {
        int fd = child->exit_watch.fd;

        ha_watch_stop(child->loop, &child->exit_watch);
        close(fd);
    }
    ha_watch_stop(child->loop, &child->output_watch);
    if (child->output_fd >= 0) {
        close(child->output_fd);
    }
    if (child->output) {
        g_string_free(child->output, TRUE);
    }
    g_free(child);
}

static void end_all(struct ha_loop *loop)
{
    struct ha_loop_children *all = ha_loop_children(loop);

    while (!g_queue_is_empty(&all->living)) {
        struct ha_child *child = g_queue_peek_head(&all->living);

        if (child->state == ELSEWHERE) {
            all->elsewhere->abandon(all->elsewhere->ctx, child->number);
        } else if (child->state != DRAINING && child->state != STARTING_FAILED) {
            send_group(child, SIGKILL);
            give_up_number(child);
            all->unreaped--;
        } else if (child->state == DRAINING) {
            all->drained--;
        }
        child_free(child);
    }
}

/* ---- output ---- */

/* Returns false when there is no more to come. */
static bool read_some(struct ha_child *child)
{
    char bytes[READ_MAX];
    ssize_t got = read(child->output_fd, bytes, sizeof(bytes));

    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (got == 0) {
        return false;
    }
    if (child->output) {
        size_t room = child->output_max - child->output->len;
        size_t kept = (size_t)got < room ? (size_t)got : room;

        g_string_append_len(child->output, bytes, (gssize)kept);
        child->truncated = child->truncated || kept < (size_t)got;
    }
    return true;
}

static void close_output(struct ha_child *child)
{
    ha_watch_stop(child->loop, &child->output_watch);
    ha_timer_cancel(child->loop, &child->throttle);
    if (child->output_fd >= 0) {
        close(child->output_fd);
        child->output_fd = -1;
    }
    if (child->state == DRAINING) {
        ha_loop_children(child->loop)->drained--;
        child_free(child);
    }
}

static void throttle_over(void *ctx, uint64_t now_ns);

static void output_ready(void *ctx, uint32_t events)
{
    struct ha_child *child = ctx;

    (void)events;
    if (!read_some(child)) {
        close_output(child);
    } else if (child->truncated || child->state == DRAINING) {
        ha_watch_stop(child->loop, &child->output_watch);
        ha_timer_set(child->loop, &child->throttle, ha_clock_ns() + THROTTLE_NS, throttle_over,
                     child);
    }
}

static void throttle_over(void *ctx, uint64_t now_ns)
{
    struct ha_child *child = ctx;

    (void)now_ns;
    if (ha_watch_start(child->loop, &child->output_watch, child->output_fd, EPOLLIN, output_ready,
                       child) < 0) {
        close_output(child);
    }
}

/* What the pipe holds now, and no more: a grandchild may print for ever. */
static void read_rest(struct ha_child *child)
{
    for (int i = 0; i < 2 && child->output_fd >= 0; i++) {
        if (!read_some(child)) {
            close_output(child);
        }
    }
}

/* ---- the end ---- */

static void report(struct ha_child *child)
{
    ha_child_fn fn = child->fn;
    struct ha_child_result result = {.end = HA_CHILD_EXITED, .output = ""};

    child->fn = NULL;
    if (!fn) {
        return;
    }
    if (child->state == STARTING_FAILED) {
        result.end = HA_CHILD_FAILED;
        result.code = child->error;
    } else if (child->timed_out) {
        result.end = HA_CHILD_TIMED_OUT;
        result.code = child->deadline_ms > G_MAXINT ? G_MAXINT : (int)child->deadline_ms;
    } else if (child->info.si_code == CLD_EXITED) {
        result.code = child->info.si_status;
    } else {
        result.end = HA_CHILD_SIGNALLED;
        result.code = child->info.si_status;
    }
    if (child->output) {
        result.output = child->output->str;
        result.output_len = child->output->len;
        result.truncated = child->truncated;
    }
    fn(child->ctx, &result);
}

static void reap(struct ha_child *child)
{
    struct ha_loop_children *all = ha_loop_children(child->loop);

    give_up_number(child);
    all->unreaped--;
    ha_timer_cancel(child->loop, &child->timer);
    if (child->output_fd < 0 || all->drained >= DRAINED_MAX) {
        child_free(child);
        return;
    }
    child->state = DRAINING;
    all->drained++;
    g_string_free(child->output, TRUE);
    child->output = NULL;
}

/* False: not yet. */
static bool learn_end(struct ha_child *child)
{
    int status = SIGKILL; /* what nobody can tell of has gone down with its spawner */
    ssize_t got;

    if (!child->through) {
        return waitid(P_PID, (id_t)child->pid, &child->info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               child->info.si_pid != 0;
    }
    got = read(child->exit_watch.fd, &status, sizeof(status));
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    child->info.si_code = WIFEXITED(status) ? CLD_EXITED : CLD_KILLED;
    child->info.si_status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    return true;
}

static void child_ended(void *ctx, uint32_t events)
{
    struct ha_child *child = ctx;
    int fd = child->exit_watch.fd;

    (void)events;
    if (!learn_end(child)) {
        return;
    }
    child->ended = true;
    ha_watch_stop(child->loop, &child->exit_watch);
    close(fd);
    read_rest(child);
    /* The callback may start children or free its own owner; this child is still ours. */
    report(child);
    if (child->state != TERMINATING) {
        reap(child);
    }
}

static void grace_over(void *ctx, uint64_t now_ns)
{
    struct ha_child *child = ctx;

    (void)now_ns;
    send_group(child, SIGKILL);
    child->state = KILLED;
    if (child->ended) {
        reap(child);
    }
}

static void terminate(struct ha_child *child)
{
    child->state = TERMINATING;
    send_group(child, SIGTERM);
    /* A stopped one would not notice. */
    send_group(child, SIGCONT);
    ha_timer_set(child->loop, &child->timer, ha_clock_ns() + GRACE_NS, grace_over, child);
}

static void deadline_over(void *ctx, uint64_t now_ns)
{
    struct ha_child *child = ctx;

    (void)now_ns;
    child->timed_out = true;
    terminate(child);
}

void ha_child_abandon(struct ha_child *child)
{
    if (!child->fn) {
        return; /* told already: we are inside the callback */
    }
    child->fn = NULL;
    if (child->state == STARTING_FAILED) {
        child_free(child);
    } else if (child->state == ELSEWHERE) {
        const struct ha_child_elsewhere *elsewhere = ha_loop_children(child->loop)->elsewhere;

        elsewhere->abandon(elsewhere->ctx, child->number);
        child_free(child);
    } else if (child->state == RUNNING) {
        terminate(child);
    }
}

/* ---- the start ---- */

static void tell_failed(void *ctx, uint64_t now_ns)
{
    struct ha_child *child = ctx;

    (void)now_ns;
    report(child);
    child_free(child);
}

/* A file in memory with the text, at its start; or -1 and errno. */
static int open_input(const char *text)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    size_t length = strlen(text);

    if (fd < 0) {
        return -1;
    }
    while (length > 0) {
        ssize_t put = write(fd, text, length);

        if (put <= 0) {
            close(fd);
            return -1;
        }
        text += put;
        length -= (size_t)put;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* 0 or a positive errno, as posix_spawn() answers. *exit_fd: what is watched for the end. */
static int spawn(struct ha_child *child, const struct ha_child_spec *spec, int write_fd, int *exit_fd)
{
    int input_fd, status;

    if (child->through) {
        return child->through->spawn(spec, write_fd, &child->pid, exit_fd);
    }
    input_fd = spec->input ? open_input(spec->input) : -1;
    if (spec->input && input_fd < 0) {
        return errno;
    }
    status = ha_spawn(spec, write_fd, input_fd, &child->pid);
    if (input_fd >= 0) {
        close(input_fd);
    }
    return status;
}

/* 0, or an errno after which the child is gone. */
static int follow(struct ha_child *child, int exit_fd)
{
    int fd = child->through ? exit_fd : (int)syscall(SYS_pidfd_open, child->pid, 0);
    int status = fd < 0 ? errno : 0;

    if (!status) {
        status = -ha_watch_start(child->loop, &child->exit_watch, fd, EPOLLIN, child_ended, child);
    }
    if (!status && child->output_fd >= 0) {
        status = -ha_watch_start(child->loop, &child->output_watch, child->output_fd, EPOLLIN,
                                 output_ready, child);
    }
    if (status) {
        if (fd >= 0 && child->exit_watch.fd < 0) {
            close(fd);
        }
        send_group(child, SIGKILL);
        give_up_number(child);
    }
    return status;
}

/* ---- elsewhere ---- */

void ha_child_elsewhere(struct ha_loop *loop, const struct ha_child_elsewhere *elsewhere)
{
    ha_loop_children(loop)->elsewhere = elsewhere;
}

static struct ha_child *start_elsewhere(struct ha_loop *loop, const struct ha_child_spec *spec,
                                        ha_child_fn fn, void *ctx)
{
    struct ha_loop_children *all = ha_loop_children(loop);
    struct ha_child *child = g_new0(struct ha_child, 1);
    int status;

    child->loop = loop;
    child->state = ELSEWHERE;
    child->exit_watch.fd = child->output_watch.fd = child->output_fd = -1;
    child->number = ++all->numbered;
    child->deadline_ms = spec->deadline_ms;
    child->fn = fn;
    child->ctx = ctx;
    all->end_all = end_all;
    g_queue_push_tail(&all->living, child);
    status = all->elsewhere->start(all->elsewhere->ctx, child->number, spec);
    if (status < 0) {
        child->state = STARTING_FAILED;
        child->error = -status;
        ha_timer_set(loop, &child->timer, 1, tell_failed, child);
    }
    return child;
}

void ha_child_ended(struct ha_loop *loop, uint32_t number, const struct ha_child_result *result)
{
    struct ha_loop_children *all = ha_loop_children(loop);

    for (GList *at = all->living.head; at; at = at->next) {
        struct ha_child *child = at->data;

        if (child->state == ELSEWHERE && child->number == number) {
            ha_child_fn fn = child->fn;

            child->fn = NULL;
            fn(child->ctx, result);
            child_free(child);
            return;
        }
    }
}

struct ha_child *ha_child_start(struct ha_loop *loop, const struct ha_child_spec *spec,
                                ha_child_fn fn, void *ctx)
{
    struct ha_loop_children *all = ha_loop_children(loop);
    struct ha_child *child;
    int ends[2] = {-1, -1}, exit_fd = -1;
    int status;

    if (!spec->path || !spec->argv || !spec->deadline_ms) {
        errno = EINVAL;
        return NULL;
    }
    if (all->elsewhere) {
        return start_elsewhere(loop, spec, fn, ctx);
    }
    if (spec->output_max && pipe2(ends, O_CLOEXEC) < 0) {
        return NULL;
    }
    child = g_new0(struct ha_child, 1);
    child->loop = loop;
    child->through = through;
    child->exit_watch.fd = child->output_watch.fd = -1;
    child->output_fd = ends[0];
    child->output_max = spec->output_max;
    child->output = spec->output_max ? g_string_new(NULL) : NULL;
    child->deadline_ms = spec->deadline_ms;
    child->fn = fn;
    child->ctx = ctx;
    all->end_all = end_all;
    g_queue_push_tail(&all->living, child);
    if (ends[0] >= 0) {
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
    }

    status = spawn(child, spec, ends[1], &exit_fd);
    if (ends[1] >= 0) {
        close(ends[1]);
    }
    if (status) {
        child->state = STARTING_FAILED;
        child->error = status;
        ha_timer_set(loop, &child->timer, 1, tell_failed, child);
        return child;
    }
    status = follow(child, exit_fd);
    if (status) {
        child_free(child);
        errno = status;
        return NULL;
    }
    all->unreaped++;
    ha_timer_set(loop, &child->timer,
                 ha_after_ns(ha_clock_ns(), ha_ms_to_ns(spec->deadline_ms)), deadline_over, child);
    return child;
}

pid_t ha_child_pid(const struct ha_child *child)
{
    return child->pid;
}

unsigned ha_child_count(const struct ha_loop *loop)
{
    return ha_loop_children((struct ha_loop *)loop)->unreaped;
}

char *ha_child_result_text(const struct ha_child_result *result)
{
    switch (result->end) {
    case HA_CHILD_EXITED:
        return g_strdup_printf("exit status %d", result->code);
    case HA_CHILD_SIGNALLED:
        return g_strdup_printf("killed by signal %d (%s)", result->code, strsignal(result->code));
    case HA_CHILD_TIMED_OUT:
        return result->code % 1000 == 0
                   ? g_strdup_printf("still running after %d s", result->code / 1000)
                   : g_strdup_printf("still running after %d ms", result->code);
    default:
        return g_strdup(strerror(result->code));
    }
}
