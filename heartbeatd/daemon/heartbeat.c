/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wiring (heartbeat.h). Decides nothing about the cluster: that is the core's.
 * Decides only what to do when a part cannot be had at the start: that ends it,
 * with a message and nothing changed.
 */
#include "heartbeatd/daemon/heartbeat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/secret.h"
#include "heartbeatd/act/power.h"
#include "heartbeatd/daemon/cores.h"
#include "heartbeatd/daemon/clients.h"
#include "heartbeatd/daemon/guard.h"
#include "heartbeatd/daemon/hb_log.h"
#include "heartbeatd/daemon/life.h"
#include "heartbeatd/daemon/identity.h"
#include "heartbeatd/daemon/manage.h"
#include "heartbeatd/daemon/post.h"
#include "heartbeatd/daemon/peers.h"
#include "heartbeatd/daemon/privilege.h"
#include "heartbeatd/daemon/realtime.h"
#include "heartbeatd/daemon/safety.h"
#include "heartbeatd/daemon/show_config.h"
#include "heartbeatd/daemon/signing.h"
#include "heartbeatd/daemon/scripts.h"

/* The load is read at most this often. */
#define LOADAVG_NS HA_NS_PER_S
/* How long one that starts may wait for the control socket. */
#define CONTROL_WAIT_NS (5 * HA_NS_PER_S)

/* ---- the core's surroundings ---- */

static struct hb_now now(struct hb_daemon *daemon)
{
    struct hb_now now = {
        .mono_ns = ha_clock_ns(), .wall_s = ha_clock_wall_s(), .load = daemon->loadavg};

    if (now.mono_ns - daemon->loadavg_ns >= LOADAVG_NS) {
        ssize_t got;

        if (daemon->loadavg_fd < 0) {
            daemon->loadavg_fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
        }
        got = pread(daemon->loadavg_fd, daemon->loadavg, sizeof(daemon->loadavg) - 1, 0);
        daemon->loadavg[got > 0 ? got : 0] = '\0';
        daemon->loadavg[strcspn(daemon->loadavg, "\n")] = '\0';
        daemon->loadavg_ns = now.mono_ns;
    }
    return now;
}

static void show_status(struct hb_daemon *daemon)
{
    char *text = g_strdup_printf("STATUS=holding %s resources",
                                 hb_hold_name(hb_core_holding(daemon->core)));

    ha_daemon_notify(text);
    g_free(text);
}

static void do_action(struct hb_daemon *daemon, const struct hb_action *action)
{
    switch (action->kind) {
    case HB_ACT_SEND:
        hb_post_send(daemon, action->msg, action->link);
        break;
    case HB_ACT_OP:
        hb_act_run(daemon->act, action);
        break;
    case HB_ACT_PROBE:
        hb_act_probe(daemon->act, action);
        break;
    case HB_ACT_CANCEL:
        hb_act_cancel(daemon->act, action->op_id);
        break;
    case HB_ACT_LOG:
        ha_log((enum ha_level)action->level, "%s", action->text);
        break;
    case HB_ACT_REMEMBER:
        hb_peers_write(daemon->peers, daemon->core);
        break;
    case HB_ACT_STATUS:
        show_status(daemon);
        hb_act_keep_warm(daemon->act, daemon->core);
        break;
    case HB_ACT_NODE:
    case HB_ACT_LINK:
    case HB_ACT_HEARD:
    case HB_ACT_NODES:
        hb_scripts_heard(daemon, action);
        break;
    case HB_ACT_STOPPED:
        ha_log(HA_LOG_INFO, "Heartbeat shutdown complete.");
        hb_clients_end(daemon->clients);
        break;
    case HB_ACT_RESTART:
        hb_life_anew(daemon);
        break;
    default:
        break;
    }
    hb_safety_action(daemon->safety, action);
    hb_clients_action(daemon->clients, action);
}

static void woken(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    hb_daemon_step(ctx, &(struct hb_event){.kind = HB_EV_TIMER});
}

void hb_daemon_step(struct hb_daemon *daemon, const struct hb_event *event)
{
    struct hb_now at = now(daemon);

    ha_log_hold(); /* addresses first */
    hb_core_step(daemon->core, &at, event, &daemon->actions);
    ha_timer_set(daemon->loop, &daemon->wake, hb_core_wake_ns(daemon->core), woken, daemon);
    hb_guard_step(daemon);
    for (guint i = 0; i < daemon->actions.list->len; i++) {
        do_action(daemon, &g_array_index(daemon->actions.list, struct hb_action, i));
    }
    hb_actions_reset(&daemon->actions);
    ha_log_release();
    ha_secret_heap();
}

/* ---- signals and changes while running ---- */

static void stop_wished(void *ctx, int signo)
{
    struct hb_daemon *daemon = ctx;

    ha_log(HA_LOG_DEBUG, "signal %d", signo);
    ha_daemon_notify("STOPPING=1");
    if (daemon->core && daemon->restart.at_ns == 0) {
        hb_daemon_step(daemon, &(struct hb_event){.kind = HB_EV_STOP});
    } else {
        ha_loop_stop(daemon->loop, 0);
    }
}

static void reload_wished(void *ctx, int signo)
{
    GString *ignored = g_string_new(NULL);

    (void)signo;
    hb_daemon_reload(ctx, false, ignored);
    g_string_free(ignored, TRUE);
}

static void debug_wished(void *ctx, int signo)
{
    struct hb_daemon *daemon = ctx;

    daemon->options.debug += signo == SIGUSR1 ? 1 : -1;
    hb_log_setup(daemon->setup.config, daemon->options.log_to_stderr, daemon->options.debug);
    ha_log(HA_LOG_NOTICE, "debug is %d now", daemon->setup.config->debug + daemon->options.debug);
}

/* ---- start ---- */

static int watch_signals(struct hb_daemon *daemon)
{
    static const struct {
        int signo;
        ha_signal_fn fn;
    } watched[] = {{SIGTERM, stop_wished},   {SIGINT, stop_wished},   {SIGHUP, reload_wished},
                   {SIGUSR1, debug_wished},  {SIGUSR2, debug_wished}};

    for (size_t i = 0; i < G_N_ELEMENTS(watched); i++) {
        int status = ha_signal_watch(daemon->loop, watched[i].signo, watched[i].fn, daemon);

        if (status < 0) {
            hb_log_say(LOG_ERR, "cannot watch for signals: %s", strerror(-status));
            return status;
        }
    }
    return 0;
}

static int exit_status_of(int error)
{
    return error == -EACCES || error == -EPERM ? HB_EXIT_PERMISSION : HB_EXIT_CONFIG;
}

/* Takes the control socket, which one of several that start at the same moment gets. One that was
 * killed just now may have it for a moment longer. */
static int take_control(struct hb_daemon *daemon)
{
    uint64_t until_ns = ha_clock_ns() + CONTROL_WAIT_NS;
    int status, pause_ms = 25;

    while ((status = ha_control_start(&daemon->control, daemon->loop, HB_CONTROL_NAME, hb_answer,
                                      daemon)) == -EADDRINUSE &&
           ha_clock_ns() < until_ns) {
        int pid = hb_manage_pid();

        if (pid > 0) {
            printf("heartbeat: already running [pid %d].\n", pid);
            fflush(stdout);
            return -EALREADY;
        }
        poll(NULL, 0, pause_ms *= 2);
    }
    if (status == -EADDRINUSE) {
        hb_log_say(LOG_ERR,
                   "the control socket \"%s\" is taken, but no heartbeat runs here by %s; end the "
                   "process that has it (ss -xlp shows it as @%s)",
                   HB_CONTROL_NAME, HB_PIDFILE, HB_CONTROL_NAME);
    } else if (status < 0) {
        hb_log_say(LOG_ERR, "cannot open the control socket \"%s\": %s", HB_CONTROL_NAME,
                   strerror(-status));
    }
    return status;
}

/* 0 or negative errno; all that the daemon has while it lives, apart from hb_life_begin(); -EALREADY:
 * another heartbeat was quicker. */
static int furnish(struct hb_daemon *daemon)
{
    int status;

    daemon->loop = ha_loop_new();
    if (!daemon->loop) {
        int error = errno;

        hb_log_say(LOG_ERR, "cannot start: %s", strerror(error));
        return -error;
    }
    hb_actions_init(&daemon->actions);
    daemon->datagram = g_byte_array_new();
    daemon->peers = hb_peers_open(daemon->loop);
    daemon->deleted = hb_scripts_deleted(daemon->loop);
    status = take_control(daemon);
    if (status < 0) {
        return status;
    }
    status = ha_pidfile_write(HB_PIDFILE, 10, getpid());
    if (status < 0) {
        hb_log_say(LOG_ERR, "cannot write %s: %s", HB_PIDFILE, strerror(-status));
        return status;
    }
    return watch_signals(daemon);
}

static void remove_pidfile(void)
{
    if (hb_power_away()) {
        hb_power_clear(HB_POWER_PIDFILE, HB_PIDFILE);
    } else {
        ha_pidfile_remove(HB_PIDFILE, getpid());
    }
}

static void clear_out(struct hb_daemon *daemon)
{
    if (!daemon->loop) {
        return;
    }
    hb_life_end(daemon);
    hb_guard_end(daemon);
    ha_timer_cancel(daemon->loop, &daemon->restart);
    ha_timer_cancel(daemon->loop, &daemon->reopen);
    if (daemon->control) {
        remove_pidfile();
    }
    ha_control_stop(daemon->control);
    ha_behind_free(daemon->peers, HA_BEHIND_END_MS);
    ha_behind_free(daemon->deleted, HA_BEHIND_END_MS);
    ha_loop_free(daemon->loop);
    hb_privilege_end();
    hb_actions_clear(&daemon->actions);
    g_byte_array_free(daemon->datagram, TRUE);
    if (daemon->loadavg_fd >= 0) {
        close(daemon->loadavg_fd);
    }
}

static bool is_realtime(const struct hb_daemon *daemon)
{
    return daemon->setup.config->realtime && !daemon->options.no_realtime;
}

/* The guardian is root's, and so is what it has to find; after that nothing here needs to be. */
static int settle(struct hb_daemon *daemon)
{
    const struct hb_config *config = daemon->setup.config;
    bool leaving = hb_privilege_begin(config, is_realtime(daemon));
    int status = 0;

    hb_guard_start(daemon);
    if (is_realtime(daemon)) {
        hb_realtime_keep_memory(config->memreserve_kib); /* after the last fork, which would copy it */
    }
    if (leaving) {
        if (!hb_realtime_lift_priority() && is_realtime(daemon)) {
            hb_realtime_hurry(config->rtprio); /* now or never, as in many a container */
        }
        status = hb_privilege_leave(config);
        hb_cores_enter(config);
    }
    return status;
}

/* From here we are the daemon. */
static int live(struct hb_daemon *daemon)
{
    int status = furnish(daemon);

    ha_secret_heap();
    ha_secret_stack(); /* where the files were read */
    if (status == 0) {
        hb_rsctmp_empty();
        hb_cores_enter(daemon->setup.config);
        status = settle(daemon);
    }
    if (status == 0) {
        status = hb_life_begin(daemon);
    }
    if (status == 0 && is_realtime(daemon)) {
        hb_realtime_hurry(daemon->setup.config->rtprio);
    }
    if (status == -EALREADY) {
        status = 0;
        ha_daemon_failed(&daemon->parent, status);
    } else if (status < 0) {
        status = exit_status_of(status);
        hb_log_say(LOG_ERR, "heartbeat not started.");
        ha_daemon_failed(&daemon->parent, status);
    } else {
        ha_daemon_ready(&daemon->parent);
        status = ha_loop_run(daemon->loop);
    }
    clear_out(daemon);
    return status;
}

int hb_daemon_run(const struct hb_options *options)
{
    struct hb_daemon daemon = {
        .options = *options, .parent = {.ready_fd = -1}, .loadavg_fd = -1};
    struct ha_diags diags;
    int status;

    /* Whatever started us may have left locks and pipes open; our scripts shall not hold them. */
    close_range(3, ~0U, 0);
    umask(022);
    ha_diags_init(&diags);
    status = hb_setup_load(&daemon.setup, options->unmanaged, &diags);
    if (status == 0) {
        hb_act_verify(daemon.setup.config, daemon.setup.resources, false, HA_WARNING, &diags);
        status = diags.errors > 0 ? HB_EXIT_CONFIG : 0; /* a script that everybody may write */
    }
    hb_log_setup(daemon.setup.config, options->log_to_stderr, options->debug);
    hb_log_diags(&diags);
    ha_diags_clear(&diags);
    if (status) {
        hb_log_say(LOG_ERR, "Configuration error, heartbeat not started.");
    } else if (options->show && hb_show_print(&daemon.setup) < 0) {
        status = 1;
    } else if (!options->foreground && ha_daemon_start(&daemon.parent) < 0) {
        hb_log_say(LOG_ERR, "cannot go into the background: %s", strerror(errno));
        status = 1;
    } else {
        ha_log(HA_LOG_INFO, "Configuration validated. Starting heartbeat %s (Hearth)",
               HB_VERSION);
        status = live(&daemon);
    }
    hb_setup_clear(&daemon.setup);
    ha_log_close();
    return status;
}
