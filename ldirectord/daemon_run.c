/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of the daemon's process: background, pid file, signals, end. What
 * it does in between is ldirectord.c's.
 */
#include "ldirectord/daemon_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/run/daemon.h"
#include "common/run/log.h"
#include "common/run/secret.h"
#include "config.h"
#include "ldirectord/divide.h"
#include "ldirectord/door/door.h"
#include "ldirectord/ldirectord.h"
#include "ldirectord/orders.h"

/* Descriptors for checks in flight and scripts, if the system lets us. */
#define FILES_WANTED 65536
/* 5 s for the lock. */
#define LOCK_TRIES    100
#define LOCK_PAUSE_MS 50

struct life {
    struct ha_loop *loop;
    struct ha_control *control;
    struct ld_director *director;
    struct ld_divided divided;
    struct ld_ipvs *ipvs; /* until the director has it */
    const char *stopped_by, *pid_file;
};

static void leave(void *ctx)
{
    struct life *life = ctx;

    ha_loop_stop(life->loop, 0);
}

static void stop_asked(void *ctx, int signo)
{
    struct life *life = ctx;

    if (life->stopped_by != NULL) { /* told twice: without a farewell */
        leave(life);
        return;
    }
    life->stopped_by = sigabbrev_np(signo);
    ha_daemon_notify("STOPPING=1");
    ld_director_stop(life->director);
    /* What is left to do is nobody else's business: there is no director any more. */
    ha_control_stop(life->control);
    life->control = NULL;
    if (life->pid_file != NULL)
        ld_door_pid_gone();
    ld_director_farewell(life->director, leave, life);
}

static void reload_asked(void *ctx, int signo)
{
    struct life *life = ctx;

    (void)signo;
    ha_log(HA_LOG_INFO, "Reloading Linux Director Daemon config on signal");
    ld_director_reload(life->director);
}

/* 0 or negative errno: without them the end would be one without a farewell. */
static int watch_signals(struct life *life)
{
    static const int stopping[] = {SIGTERM, SIGINT, SIGQUIT};
    int error = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(stopping) && error == 0; i++)
        error = ha_signal_watch(life->loop, stopping[i], stop_asked, life);
    return error == 0 ? ha_signal_watch(life->loop, SIGHUP, reload_asked, life) : error;
}

static void raise_limits(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    if (files.rlim_max < FILES_WANTED) {
        struct rlimit more = {.rlim_cur = FILES_WANTED, .rlim_max = FILES_WANTED};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            return;
    }
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

/* To the log, and to the terminal that still waits for us. */
static void say(const struct ld_run *run, const char *sentence)
{
    ha_log(HA_LOG_ERROR, "%s", sentence);
    if (run->logging == LD_LOG_CONFIGURED)
        fprintf(stderr, "ldirectord: %s\n", sentence);
}

/* Of two that start at the same moment one goes on. The lock is an abstract address, of the same
 * network namespace as the table, and ends with the process. -EADDRINUSE: somebody has it. */
static int take_lock(const char *instance, int *lock)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int length = g_snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1, "hearth/ldirectord/%s",
                            instance);

    length = MIN(length, (int)sizeof(at.sun_path) - 2);
    *lock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (*lock < 0)
        return -errno;
    if (bind(*lock, (struct sockaddr *)&at,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) != 0)
        return -errno;
    return 0;
}

static void say_error(const struct ld_run *run, const char *what, int error)
{
    char *sentence = g_strdup_printf("%s: %s", what, g_strerror(-error));

    say(run, sentence);
    g_free(sentence);
}

static bool write_pid(const struct ld_run *run)
{
    int error = ha_pidfile_write(run->pid_file, 0, getpid());
    char *what;

    if (error == 0)
        return true;
    what = g_strdup_printf("cannot write the pid file %s", run->pid_file);
    say_error(run, what, error);
    g_free(what);
    return false;
}

/* Also shows that the keeper is there, while we can still take our pid file away ourselves. */
static bool open_table(const struct ld_run *run, struct life *life)
{
    char *why = NULL;

    if (ld_door_ipvs(&life->ipvs, &why) == 0)
        return true;
    say(run, why);
    g_free(why);
    return false;
}

/* Everything that can fail for want of permission or memory. */
static bool begin(struct ld_run *run, struct life *life)
{
    struct ld_director_settings settings = {.path = run->path, .instance = run->instance,
                                            .logging = run->logging, .content = run->content,
                                            .standby = run->standby,
                                            .orders_file = run->orders_file};
    int error = watch_signals(life); /* what comes while we start is heeded once the loop runs */

    if (error != 0) {
        say_error(run, "cannot watch for signals", error);
        return false;
    }
    settings.ipvs = g_steal_pointer(&life->ipvs);
    settings.config = g_steal_pointer(&run->config);
    error = ld_director_start(&life->director, life->loop, &settings);
    if (error != 0) {
        say(run, "cannot use the kernel's IPVS table (see the log)");
        return false;
    }
    return true;
}

static void keeper_gone(void *ctx)
{
    struct life *life = ctx;

    ha_log(HA_LOG_ERROR, "the process that keeps the table (pid %d) has ended: without it nothing can be done "
           "any more", (int)life->divided.keeper);
    ha_loop_stop(life->loop, 1);
}

/* From here on strangers may be spoken to. */
static bool let_go(const struct ld_run *run, struct life *life)
{
    const char *what = "the door";
    int error = ld_door_children(life->loop, keeper_gone, life);
    char *sentence;

    if (error == 0)
        error = ld_divide_let_go(&life->divided, run->logging == LD_LOG_CONFIGURED, &what);
    if (error == 0)
        return true;
    sentence = g_strdup_printf("cannot let go of root's power: %s", what);
    say_error(run, sentence, error);
    g_free(sentence);
    return false;
}

/* Before the pid is written: who finds us running can give us orders, and waits for the first table. */
static bool open_loop(const struct ld_run *run, struct life *life)
{
    int error;

    life->loop = ha_loop_new();
    if (life->loop == NULL) {
        say_error(run, "cannot make an event loop", -errno);
        return false;
    }
    if (run->logging != LD_LOG_CONFIGURED)
        return true;
    error = ld_orders_listen(&life->control, life->loop, run->instance, &life->director);
    if (error != 0)
        ha_log(HA_LOG_WARNING, "no control socket (%s): a standby cannot be activated",
               g_strerror(-error));
    return true;
}

/* Takes the lock, or finds who has it: another that starts at the same moment, or for a moment longer
 * one that was killed. Any user may take an abstract address, so whoever runs has to say so in the pid
 * file, too. -EALREADY: it does; -EADDRINUSE: nobody says so. */
static int take_lock_or_find(const struct ld_run *run, int *lock)
{
    char *sentence;

    for (int i = 0; i < LOCK_TRIES; i++) {
        int error = take_lock(run->instance, lock);

        if (error != -EADDRINUSE)
            return error;
        close(*lock);
        if (ha_pidfile_check(run->pid_file, "ldirectord") > 0)
            return -EALREADY;
        poll(NULL, 0, LOCK_PAUSE_MS);
    }
    sentence = g_strdup_printf("the socket @hearth/ldirectord/%s is taken, but %s names no ldirectord that "
                               "runs; end the process that has it (ss -xp shows it)",
                               run->instance, run->pid_file);
    say(run, sentence);
    g_free(sentence);
    return -EADDRINUSE;
}

static void run_until_told(struct ld_run *run, struct life *life, struct ha_daemon *daemon, int *status)
{
    bool pid_file = life->pid_file != NULL;

    if ((!pid_file || write_pid(run)) && open_table(run, life) && let_go(run, life) && begin(run, life)) {
        ha_daemon_ready(daemon);
        *status = ha_loop_run(life->loop);
        if (life->stopped_by != NULL)
            ha_log(HA_LOG_INFO, "Linux Director Daemon terminated on signal: %s", life->stopped_by);
    }
    if (life->ipvs != NULL)
        life->ipvs->ops->close(life->ipvs);
    if (pid_file) { /* also one that could be written, but not be made sure of */
        ha_pidfile_remove(run->pid_file, getpid());
        ld_door_pid_gone();
    }
}

static int live(struct ld_run *run, struct ha_daemon *daemon)
{
    bool pid_file = run->logging == LD_LOG_CONFIGURED;
    struct life life = {.pid_file = pid_file ? run->pid_file : NULL};
    int status = 1, error = 0, lock = -1, not_its[2];

    ha_secret_heap();
    ha_secret_stack(); /* where the file was read */
    raise_limits();
    if (pid_file)
        error = take_lock_or_find(run, &lock);
    if (error == -EALREADY) {
        ha_log(HA_LOG_INFO, "instance %s is running already", run->instance);
        ha_daemon_ready(daemon);
        return 0;
    }
    if (error != 0) {
        if (error != -EADDRINUSE)
            say_error(run, "cannot see whether another instance runs", error);
        ha_daemon_failed(daemon, 1);
        return 1;
    }
    not_its[0] = lock;
    not_its[1] = daemon->ready_fd;
    error = ld_divide(&life.divided, run, not_its, G_N_ELEMENTS(not_its));
    if (error != 0)
        say_error(run, "cannot become two processes", error);
    else if (open_loop(run, &life))
        run_until_told(run, &life, daemon, &status);
    ha_control_stop(life.control);
    ld_director_free(life.director);
    ld_door_children_end();
    ha_loop_free(life.loop);
    ld_divide_end(&life.divided);
    if (status != 0)
        ha_daemon_failed(daemon, status);
    return status;
}

int ld_daemon_run(struct ld_run *run)
{
    struct ha_daemon daemon = {.ready_fd = -1};
    int error;

    if (run->logging != LD_LOG_CONFIGURED) {
        ha_log(HA_LOG_INFO, "Starting Linux Director (Hearth %s) with pid: %d", PACKAGE_VERSION,
               (int)getpid());
        return live(run, &daemon);
    }
    ha_log(HA_LOG_INFO, "Starting Linux Director (Hearth %s) as daemon", PACKAGE_VERSION);
    error = ha_daemon_start(&daemon);
    if (error != 0) {
        fprintf(stderr, "ldirectord: cannot become a daemon: %s\n", g_strerror(-error));
        return 255;
    }
    return live(run, &daemon);
}
