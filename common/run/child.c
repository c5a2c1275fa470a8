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
#include <linux/close_range.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/confine/identity.h"
#include "common/run/clock.h"
#include "common/run/loop_inside.h"

#define GRACE_NS    (5 * HA_NS_PER_S)
#define READ_MAX    65536
/* Past its bound a chatterbox is read this seldom: it waits, not we. */
#define THROTTLE_NS (10 * HA_NS_PER_MS)
#define DRAINED_MAX 64

extern char **environ;

enum state { RUNNING, TERMINATING, KILLED, DRAINING, STARTING_FAILED, ELSEWHERE };

struct ha_child {
    struct ha_loop *loop;
    enum state state;
    pid_t pid;
    uint32_t number; /* of one elsewhere */
    bool ended;     /* waitid() has told us how; may still be a zombie */
    bool timed_out;
    siginfo_t info;

    struct ha_watch exit_watch;   /* a pidfd */
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
            kill(-child->pid, SIGKILL);
            while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
            }
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

    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
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

static void child_ended(void *ctx, uint32_t events)
{
    struct ha_child *child = ctx;
    int fd = child->exit_watch.fd;

    (void)events;
    if (waitid(P_PID, (id_t)child->pid, &child->info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
        child->info.si_pid == 0) {
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
    kill(-child->pid, SIGKILL);
    child->state = KILLED;
    if (child->ended) {
        reap(child);
    }
}

static void terminate(struct ha_child *child)
{
    child->state = TERMINATING;
    kill(-child->pid, SIGTERM);
    /* A stopped one would not notice. */
    kill(-child->pid, SIGCONT);
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
static int spawn_as(struct ha_child *child, const struct ha_child_spec *spec, int write_fd, int input_fd)
{
    int ends[2], error = 0;
    ssize_t got;

    if (spec->keep_fd) {
        return EINVAL;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return errno;
    }
    child->pid = fork();
    if (child->pid == 0) {
        error = become_and_execute(spec, write_fd, input_fd);
        (void)!write(ends[1], &error, sizeof(error));
        _exit(127);
    }
    if (child->pid < 0) {
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
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return error;
}

/* 0 or a positive errno, as posix_spawn() answers. */
static int spawn(struct ha_child *child, const struct ha_child_spec *spec, int write_fd)
{
    int input_fd = spec->input ? open_input(spec->input) : -1;
    posix_spawn_file_actions_t plan;
    posix_spawnattr_t attr;
    sigset_t none, all;
    int status;

    if (spec->input && input_fd < 0) {
        return errno;
    }
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&plan);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    status = plan_descriptors(&plan, spec, write_fd, input_fd);
    if (!status && spec->as) {
        status = spawn_as(child, spec, write_fd, input_fd);
    } else if (!status && spec->reads && access(spec->reads, R_OK) != 0) {
        status = errno;
    } else if (!status) {
        status = posix_spawn(&child->pid, spec->path, &plan, &attr, spec->argv,
                             spec->envp ? spec->envp : environ);
    }
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&plan);
    if (input_fd >= 0) {
        close(input_fd);
    }
    return status;
}

/* 0, or an errno after which the child is gone. */
static int follow(struct ha_child *child)
{
    int fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
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
        kill(-child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
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
    int ends[2] = {-1, -1};
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

    status = spawn(child, spec, ends[1]);
    if (ends[1] >= 0) {
        close(ends[1]);
    }
    if (status) {
        child->state = STARTING_FAILED;
        child->error = status;
        ha_timer_set(loop, &child->timer, 1, tell_failed, child);
        return child;
    }
    status = follow(child);
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
