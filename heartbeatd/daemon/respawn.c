/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps programs running. When to start one again is core/program.c's to say.
 */
#include "heartbeatd/daemon/respawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "common/run/trust.h"
#include "heartbeatd/act/power.h"
#include "heartbeatd/act/watchdog.h"
#include "heartbeatd/core/program.h"
#include "heartbeatd/daemon/program_start.h"

/* How long one may take to end before it is killed. */
#define END_NS (10 * HA_NS_PER_S)
/* All of them together, when there is no time; and each once more, when it had to be killed. */
#define HURRY_NS (200 * HA_NS_PER_MS)

struct running {
    struct hb_respawn *respawn;
    const struct hb_program *program;
    pid_t pid; /* 0: does not run */
    bool by_helper; /* it is the helper's child (act/power.h), not ours */
    struct ha_watch watch;
    struct ha_timer timer; /* start again; while ending: kill */
    uint64_t started_ns;
    unsigned short_lives;
};

struct hb_respawn {
    struct ha_loop *loop;
    struct running *list;
    guint count;
    char **environment;
    void (*before_start)(void *ctx);
    void (*done)(void *ctx);
    void *ctx;
    bool wanted;
    bool ending;
};

/* ---- what a line asks for ---- */

static void check(const struct hb_program *program, struct ha_diags *diags)
{
    const char *word = program->failfast ? "failfast" : "respawn";
    char *path = g_strndup(program->command, strcspn(program->command, " \t"));
    struct stat st;
    uid_t uid = (uid_t)-1;
    gid_t gid;

    if (!hb_program_user(program->user, &uid, &gid)) {
        ha_diag_add(diags, HA_ERROR, "ha.cf", program->line, 0,
                    "%s: there is no user \"%s\" on this machine", word, program->user);
    }
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111)) {
        ha_diag_add(diags, HA_ERROR, "ha.cf", program->line, 0,
                    "%s: expected a program that can be executed, found \"%s\"", word, path);
    } else if (uid == 0) {
        ha_trust_file(path, HA_ERROR, (struct ha_trust_at){"ha.cf", program->line, 0}, diags);
    }
    g_free(path);
}

void hb_respawn_check(const struct hb_config *config, struct ha_diags *diags)
{
    for (guint i = 0; i < config->programs->len; i++) {
        check(config->programs->pdata[i], diags);
    }
}

/* ---- a program ---- */

static void start(struct running *one);

static void start_due(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    start(ctx);
}

static void end_next(struct hb_respawn *respawn);
static void reaped(void *ctx, uint32_t events);

static void failfast(const struct running *one, const char *how)
{
    char *why = g_strdup_printf("failfast client \"%s\" %s", one->program->command, how);

    hb_reboot_now(why);
    g_free(why);
}

static void look_ahead(struct running *one, int status)
{
    bool exited = WIFEXITED(status);
    int code = exited ? WEXITSTATUS(status) : WTERMSIG(status);
    char *how = g_strdup_printf(exited ? "exited with return code %d" : "was killed by signal %d",
                                code);
    uint64_t now_ns = ha_clock_ns();

    ha_log(HA_LOG_WARNING, "Managed %s process %d %s", one->program->command, (int)one->pid, how);
    switch (hb_program_ended(&one->short_lives, one->program->failfast,
                             (now_ns - one->started_ns) / HA_NS_PER_MS, exited, code)) {
    case HB_PROGRAM_AGAIN:
        ha_log(HA_LOG_ERROR, "Respawning client \"%s\":", one->program->command);
        ha_timer_set(one->respawn->loop, &one->timer, 1, start_due, one);
        break;
    case HB_PROGRAM_PAUSE:
        ha_log(HA_LOG_ERROR, "Respawning client \"%s\":", one->program->command);
        ha_timer_set(one->respawn->loop, &one->timer,
                     now_ns + ha_ms_to_ns(HB_PROGRAM_PAUSE_MS), start_due, one);
        break;
    case HB_PROGRAM_GIVEN_UP:
        ha_log(HA_LOG_ERROR, "Client \"%s\" \"respawning too fast\": given up",
               one->program->command);
        break;
    case HB_PROGRAM_FATAL:
        failfast(one, how);
        break;
    default:
        break;
    }
    g_free(how);
}

/* It is nobody's any more then, and what told of its end is closed. False: not yet. */
static bool has_ended(struct running *one, int *status)
{
    struct ha_loop *loop = one->respawn->loop;
    int fd = one->watch.fd;

    if (one->by_helper) {
        struct hb_power_child child = {.pid = one->pid, .end_fd = fd};

        ha_watch_stop(loop, &one->watch);
        if (hb_power_ended(&child, status)) {
            return true;
        }
        return ha_watch_start(loop, &one->watch, fd, EPOLLIN, reaped, one) < 0;
    }
    if (waitpid(one->pid, status, WNOHANG) != one->pid) {
        return false;
    }
    ha_watch_stop(loop, &one->watch);
    close(fd);
    return true;
}

static void reaped(void *ctx, uint32_t events)
{
    struct running *one = ctx;
    int status = 0;

    (void)events;
    if (!has_ended(one, &status)) {
        return;
    }
    ha_timer_cancel(one->respawn->loop, &one->timer);
    if (one->respawn->wanted) {
        look_ahead(one, status);
    }
    one->pid = 0;
    if (one->respawn->ending) {
        end_next(one->respawn);
    }
}

/* *fd: what tells of its end. 0 or negative errno. */
static int start_program(struct running *one, int *fd)
{
    const struct hb_program *program = one->program;
    int status;

    one->by_helper = hb_power_away();
    if (one->by_helper) {
        struct hb_power_child child;

        status = hb_power_program(program->user, program->command, &child);
        one->pid = status < 0 ? 0 : child.pid;
        *fd = status < 0 ? -1 : child.end_fd;
        return status;
    }
    status = hb_program_start(program->user, program->command, one->respawn->environment, &one->pid);
    if (status < 0) {
        one->pid = 0;
        return status;
    }
    *fd = (int)syscall(SYS_pidfd_open, one->pid, 0);
    return *fd < 0 ? -errno : 0;
}

/* It cannot be watched. */
static void forget(struct running *one, int fd)
{
    if (one->pid > 0 && one->by_helper) {
        hb_power_signal(one->pid, SIGKILL);
    } else if (one->pid > 0) {
        kill(one->pid, SIGKILL);
        waitpid(one->pid, NULL, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    one->pid = 0;
}

static void start(struct running *one)
{
    struct hb_respawn *respawn = one->respawn;
    int fd = -1, status;
    uid_t uid;
    gid_t gid;

    if (!respawn->wanted || one->pid > 0) {
        return;
    }
    one->started_ns = ha_clock_ns();
    if (!hb_program_user(one->program->user, &uid, &gid)) {
        ha_log(HA_LOG_ERROR, "Client \"%s\" not started: no user %s", one->program->command,
               one->program->user);
        return;
    }
    respawn->before_start(respawn->ctx);
    status = start_program(one, &fd);
    if (status == 0) {
        status = ha_watch_start(respawn->loop, &one->watch, fd, EPOLLIN, reaped, one);
    }
    if (status < 0) {
        ha_log(HA_LOG_ERROR, "Client \"%s\" not started: %s", one->program->command,
               strerror(-status));
        forget(one, fd);
        ha_timer_set(respawn->loop, &one->timer,
                     one->started_ns + ha_ms_to_ns(HB_PROGRAM_PAUSE_MS), start_due, one);
        return;
    }
    ha_log(HA_LOG_INFO, "Starting child client \"%s\" (%u,%u), pid %d", one->program->command,
           (unsigned)uid, (unsigned)gid, (int)one->pid);
}

/* ---- all of them ---- */

/* To its group; one that was started just now may not have one yet. */
static void send_signal(const struct running *one, int signo)
{
    if (one->by_helper) {
        hb_power_signal(one->pid, signo);
    } else if (kill(-one->pid, signo) < 0) {
        kill(one->pid, signo);
    }
}

struct hb_respawn *hb_respawn_new(struct ha_loop *loop, const struct hb_config *config,
                                  char **environment, void (*before_start)(void *ctx), void *ctx)
{
    struct hb_respawn *respawn = g_new0(struct hb_respawn, 1);

    respawn->loop = loop;
    respawn->environment = environment;
    respawn->before_start = before_start;
    respawn->ctx = ctx;
    respawn->count = config->programs->len;
    respawn->list = g_new0(struct running, MAX(respawn->count, 1));
    for (guint i = 0; i < respawn->count; i++) {
        respawn->list[i].respawn = respawn;
        respawn->list[i].program = config->programs->pdata[i];
        respawn->list[i].watch.fd = -1;
    }
    return respawn;
}

static bool ends_within(int fd, uint64_t until_ns)
{
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    uint64_t now_ns = ha_clock_ns();

    return poll(&ended, 1, now_ns < until_ns ? (int)((until_ns - now_ns) / HA_NS_PER_MS) : 0) > 0;
}

/* It has been told to end; after until_ns it is killed. One that a disk holds does not even die of
 * that: it is left to itself. */
static void reap_now(struct running *one, uint64_t until_ns)
{
    int fd = one->watch.fd, status;

    if (one->pid <= 0) {
        return;
    }
    if (!ends_within(fd, until_ns)) {
        send_signal(one, SIGKILL);
        (void)ends_within(fd, ha_clock_ns() + HURRY_NS);
    }
    if (!has_ended(one, &status)) {
        ha_watch_stop(one->respawn->loop, &one->watch);
        close(fd);
    }
}

void hb_respawn_free(struct hb_respawn *respawn)
{
    uint64_t until_ns = ha_clock_ns() + HURRY_NS;

    if (!respawn) {
        return;
    }
    for (guint i = 0; i < respawn->count; i++) {
        ha_timer_cancel(respawn->loop, &respawn->list[i].timer);
        if (respawn->list[i].pid > 0) {
            send_signal(&respawn->list[i], SIGTERM);
        }
    }
    for (guint i = respawn->count; i-- > 0;) {
        reap_now(&respawn->list[i], until_ns);
    }
    g_strfreev(respawn->environment);
    g_free(respawn->list);
    g_free(respawn);
}

void hb_respawn_start(struct hb_respawn *respawn)
{
    respawn->wanted = true;
    for (guint i = 0; i < respawn->count; i++) {
        start(&respawn->list[i]);
    }
}

bool hb_respawn_any(const struct hb_respawn *respawn)
{
    for (guint i = 0; i < respawn->count; i++) {
        if (respawn->list[i].pid > 0) {
            return true;
        }
    }
    return false;
}

static void kill_now(void *ctx, uint64_t now_ns)
{
    struct running *one = ctx;

    (void)now_ns;
    ha_log(HA_LOG_WARNING, "client \"%s\" does not end: killed", one->program->command);
    send_signal(one, SIGKILL);
}

static void end_next(struct hb_respawn *respawn)
{
    for (guint i = respawn->count; i-- > 0;) {
        struct running *one = &respawn->list[i];

        if (one->pid > 0) {
            ha_log(HA_LOG_INFO, "killing %s process group %d with signal 15",
                   one->program->command, (int)one->pid);
            send_signal(one, SIGTERM);
            ha_timer_set(respawn->loop, &one->timer, ha_clock_ns() + END_NS, kill_now, one);
            return;
        }
    }
    respawn->ending = false;
    if (respawn->done) {
        respawn->done(respawn->ctx);
    }
}

void hb_respawn_stop(struct hb_respawn *respawn, void (*done)(void *ctx))
{
    respawn->done = done;
    if (respawn->ending) {
        return;
    }
    respawn->wanted = false;
    respawn->ending = true;
    for (guint i = 0; i < respawn->count; i++) {
        ha_timer_cancel(respawn->loop, &respawn->list[i].timer);
    }
    end_next(respawn);
}
