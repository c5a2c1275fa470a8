/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wiring (heartbeat.h). Decides nothing about the cluster: that is the core's.
 * Decides only what to do when a part cannot be had: at the start that ends
 * the start, with a message and nothing changed; when starting anew after a
 * partition it is tried again, with the setup of before if the files are bad.
 */
#include "heartbeatd/heartbeat.h"

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
#include "heartbeatd/cores.h"
#include "heartbeatd/clients.h"
#include "heartbeatd/guard.h"
#include "heartbeatd/hb_log.h"
#include "heartbeatd/identity.h"
#include "heartbeatd/manage.h"
#include "heartbeatd/post.h"
#include "heartbeatd/peers.h"
#include "heartbeatd/realtime.h"
#include "heartbeatd/safety.h"
#include "heartbeatd/show_config.h"
#include "heartbeatd/signing.h"
#include "heartbeatd/scripts.h"

/* Refused datagrams that get a line, per minute. */
#define REFUSALS_LOGGED 5
/* A node that leaves a healed partition is away for its dead time and this much. */
#define RESTART_MARGIN_MS 1000
#define RESTART_RETRY_NS  (5 * HA_NS_PER_S)
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
        ssize_t got = pread(daemon->loadavg_fd, daemon->loadavg, sizeof(daemon->loadavg) - 1, 0);

        daemon->loadavg[got > 0 ? got : 0] = '\0';
        daemon->loadavg[strcspn(daemon->loadavg, "\n")] = '\0';
        daemon->loadavg_ns = now.mono_ns;
    }
    return now;
}

static void restart_soon(struct hb_daemon *daemon);

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
        hb_peers_write(daemon->core);
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
        restart_soon(daemon);
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

    hb_core_step(daemon->core, &at, event, &daemon->actions);
    ha_timer_set(daemon->loop, &daemon->wake, hb_core_wake_ns(daemon->core), woken, daemon);
    hb_guard_step(daemon);
    for (guint i = 0; i < daemon->actions.list->len; i++) {
        do_action(daemon, &g_array_index(daemon->actions.list, struct hb_action, i));
    }
    hb_actions_reset(&daemon->actions);
}

static void op_done(void *ctx, uint32_t op_id, enum hb_op_result result, const char *detail)
{
    hb_daemon_step(ctx, &(struct hb_event){.kind = HB_EV_OP_DONE,
                                           .op_id = op_id,
                                           .result = result,
                                           .detail = detail});
}

static void resource_lost(void *ctx, unsigned group, unsigned resource, const char *why)
{
    hb_daemon_step(ctx, &(struct hb_event){.kind = HB_EV_RESOURCE_LOST,
                                           .group = group,
                                           .resource = resource,
                                           .detail = why});
}

static void refuse(struct hb_daemon *daemon, const char *link, enum hb_refusal refusal,
                   size_t length)
{
    unsigned dropped;

    daemon->refused[refusal]++;
    if (!daemon->setup.config->log_badpack ||
        !ha_log_allowed(&daemon->refusals, ha_clock_ns(), REFUSALS_LOGGED, &dropped)) {
        return;
    }
    ha_log(HA_LOG_WARNING, "%s: refused a datagram of %zu bytes (%s): %s", link, length,
           hb_refusal_name(refusal), hb_refusal_text(refusal));
    if (dropped > 0) {
        ha_log(HA_LOG_WARNING, "%u more refused datagrams were not logged", dropped);
    }
}

static void received(void *ctx, const char *link, const void *bytes, size_t length)
{
    struct hb_daemon *daemon = ctx;
    struct hb_msg *msg = NULL;
    struct hb_counters before;
    enum hb_refusal refusal = hb_wire_open(&daemon->setup.keys, bytes, length, &msg);

    if (refusal != HB_ACCEPTED) {
        refuse(daemon, link, refusal, length);
        return;
    }
    daemon->refused[HB_ACCEPTED]++;
    hb_post_forward(daemon, msg, link);
    before = *hb_core_counters(daemon->core);
    hb_daemon_step(daemon,
                   &(struct hb_event){.kind = HB_EV_MESSAGE, .msg = msg, .link = link});
    if (memcmp(&before, hb_core_counters(daemon->core), sizeof(before)) == 0) {
        hb_signing_heard(daemon, msg, bytes, length);
    }
    hb_msg_unref(msg);
}

/* ---- up and down ---- */

static int make_identity(struct hb_daemon *daemon, struct hb_identity *self)
{
    const struct hb_config *config = daemon->setup.config;
    bool healed = false;
    int status = hb_generation_next(config->generation_by_time, &daemon->generation, &healed);

    if (status < 0) {
        hb_log_say(LOG_ERR, "cannot store the generation in %s/hb_generation: %s", HB_VARLIB,
                   strerror(-status));
        return status;
    }
    if (healed) {
        ha_log(HA_LOG_WARNING, "%s/hb_generation was damaged: the time is the generation now",
               HB_VARLIB);
    }
    self->node = daemon->setup.node;
    self->generation = daemon->generation;
    status = hb_uuid_get(config->uuid_from_name, daemon->setup.node, self->uuid);
    if (status < 0) {
        hb_log_say(LOG_ERR, "cannot read or make %s/hb_uuid: %s", HB_VARLIB, strerror(-status));
    }
    return status;
}

/* what: appended to, unless it is NULL. */
static int open_media(struct hb_daemon *daemon, GString *what)
{
    char *why = NULL;
    int status = hb_media_open(&daemon->media, daemon->loop, daemon->setup.config, received,
                               daemon, &why);
    char **faults = g_strsplit(why ? why : "", "\n", -1);

    for (char **fault = faults; *fault; fault++) {
        if (status < 0) {
            hb_log_say(LOG_ERR, "%s", *fault);
            if (what) {
                g_string_append_printf(what, "%s\n", *fault);
            }
        } else {
            hb_log_say(LOG_WARNING, "%s; going on without it until it is there", *fault);
        }
    }
    g_strfreev(faults);
    g_free(why);
    return status;
}

static void carrier_changed(void *ctx, unsigned group, bool up, const char *nic)
{
    hb_daemon_step(ctx, &(struct hb_event){
                            .kind = HB_EV_CARRIER, .group = group, .up = up, .detail = nic});
}

void hb_daemon_watch_nics(struct hb_daemon *daemon)
{
    g_clear_pointer(&daemon->nics, hb_nics_free);
    if (daemon->setup.config->carrier_ms > 0 &&
        hb_nics_new(&daemon->nics, daemon->loop, daemon->setup.resources, carrier_changed,
                    daemon) < 0) {
        ha_log(HA_LOG_WARNING, "cannot watch interfaces: one without a link moves nothing");
    }
}

/* What looks at the core: it goes before that does. */
static void stop_parts(struct hb_daemon *daemon)
{
    g_clear_pointer(&daemon->nics, hb_nics_free);
    ha_timer_cancel(daemon->loop, &daemon->wake);
    hb_clients_free(daemon->clients);
    daemon->clients = NULL;
    hb_scripts_stop(daemon);
}

static void bring_down(struct hb_daemon *daemon)
{
    stop_parts(daemon);
    hb_media_close(daemon->media);
    hb_act_free(daemon->act);
    g_clear_pointer(&daemon->safety, hb_safety_free);
    hb_core_free(daemon->core);
    daemon->media = NULL;
    daemon->act = NULL;
    daemon->core = NULL;
}

static void make_core(struct hb_daemon *daemon, struct hb_identity *self)
{
    uint64_t seed = ha_clock_ns(), *floors = hb_peers_read(daemon->setup.config);

    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0) {
        ha_log(HA_LOG_DEBUG, "no random seed yet, the clock is one");
    }
    self->floors = floors;
    daemon->core = hb_core_new(daemon->setup.config, daemon->setup.resources, self, seed);
    g_free(floors);
    ha_log(HA_LOG_INFO, "Heartbeat generation: %llu", (unsigned long long)self->generation);
}

static void begin(struct hb_daemon *daemon)
{
    hb_signing_renew(daemon);
    hb_scripts_start(daemon);
    daemon->clients = hb_clients_new(daemon);
    if (daemon->safety) {
        hb_safety_renew(daemon->safety);
    } else {
        daemon->safety = hb_safety_new(daemon);
    }
    hb_daemon_step(daemon, &(struct hb_event){.kind = HB_EV_START});
    hb_daemon_watch_nics(daemon);
}

/* Media first: what cannot be reached shall not cost a generation. */
static int bring_up(struct hb_daemon *daemon)
{
    struct hb_identity self;
    int status = open_media(daemon, NULL);

    if (status == 0) {
        status = make_identity(daemon, &self);
    }
    if (status == 0) {
        status = hb_act_new(&daemon->act, daemon->loop, daemon->setup.config,
                            daemon->setup.resources, daemon->setup.node, op_done, daemon);
        if (status < 0) {
            hb_log_say(LOG_ERR, "cannot manage resources: %s", strerror(-status));
        }
    }
    if (status < 0) {
        bring_down(daemon);
        return status;
    }
    hb_act_on_lost(daemon->act, resource_lost);
    make_core(daemon, &self);
    hb_guard_attach(daemon);
    begin(daemon);
    return 0;
}

static void open_again(void *ctx, uint64_t now_ns)
{
    struct hb_daemon *daemon = ctx;

    if (open_media(daemon, NULL) < 0) {
        ha_timer_set(daemon->loop, &daemon->reopen, now_ns + HA_NS_PER_S, open_again, daemon);
    }
}

int hb_daemon_replace(struct hb_daemon *daemon, struct hb_setup *fresh, GString *what)
{
    struct hb_setup before = daemon->setup;
    struct hb_core *former = daemon->core;
    struct hb_identity self;
    int status;

    ha_timer_cancel(daemon->loop, &daemon->reopen);
    hb_media_close(daemon->media);
    daemon->media = NULL;
    daemon->setup = *fresh;
    status = open_media(daemon, what);
    if (status == 0) {
        status = make_identity(daemon, &self);
    }
    if (status < 0) {
        hb_media_close(daemon->media);
        daemon->media = NULL;
        daemon->setup = before;
        open_again(daemon, ha_clock_ns());
        return status;
    }
    stop_parts(daemon);
    hb_act_renew(daemon->act, daemon->setup.config, daemon->setup.resources, daemon->setup.node);
    make_core(daemon, &self);
    hb_core_inherit(daemon->core, former);
    hb_guard_attach(daemon);
    hb_act_renew_warm(daemon->act, daemon->core);
    hb_core_free(former);
    hb_setup_clear(&before);
    *fresh = (struct hb_setup){0};
    begin(daemon);
    return 0;
}

/* ---- starting anew after a partition ---- */

static void log_diags(const struct ha_diags *diags)
{
    for (guint i = 0; i < diags->list->len; i++) {
        const struct ha_diag *diag = diags->list->pdata[i];
        int level = diag->severity == HA_WARNING ? LOG_WARNING : LOG_ERR;

        if (diag->line) {
            hb_log_say(level, "%s:%u: %s", diag->file, diag->line, diag->text);
        } else {
            hb_log_say(level, "%s: %s", diag->file, diag->text);
        }
    }
}

static void restart_now(void *ctx, uint64_t now_ns)
{
    struct hb_daemon *daemon = ctx;
    struct hb_setup fresh;
    struct ha_diags diags;

    if (daemon->core) {
        /* Left just now, in the middle of a step: go on from here. */
        bring_down(daemon);
        ha_timer_set(daemon->loop, &daemon->restart,
                     now_ns + ha_ms_to_ns((daemon->setup.config->deadtime_ms + 999) / 1000 * 1000 +
                                          RESTART_MARGIN_MS),
                     restart_now, daemon);
        return;
    }
    ha_diags_init(&diags);
    if (hb_setup_load(&fresh, daemon->options.unmanaged, &diags) == 0) {
        hb_setup_clear(&daemon->setup);
        daemon->setup = fresh;
    } else {
        log_diags(&diags);
        ha_log(HA_LOG_ERROR, "going on with the configuration of before");
        daemon->setup.keys.sending = daemon->signing.ours; /* and not what a node made us */
    }
    ha_diags_clear(&diags);
    hb_log_setup(daemon->setup.config, daemon->options.log_to_stderr, daemon->options.debug);
    if (bring_up(daemon) < 0) {
        ha_timer_set(daemon->loop, &daemon->restart, now_ns + RESTART_RETRY_NS, restart_now,
                     daemon);
    }
}

static void restart_soon(struct hb_daemon *daemon)
{
    ha_log(HA_LOG_WARNING, "Restarting with a new generation after the dead time.");
    ha_timer_set(daemon->loop, &daemon->restart, 1, restart_now, daemon);
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

/* 0 or negative errno; all that the daemon has while it lives, apart from bring_up(); -EALREADY:
 * another heartbeat was quicker. */
static int furnish(struct hb_daemon *daemon)
{
    int status;

    daemon->loop = ha_loop_new();
    if (!daemon->loop) {
        hb_log_say(LOG_ERR, "cannot start: %s", strerror(errno));
        return -errno;
    }
    hb_actions_init(&daemon->actions);
    daemon->datagram = g_byte_array_new();
    daemon->loadavg_fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
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

static void clear_out(struct hb_daemon *daemon)
{
    if (!daemon->loop) {
        return;
    }
    bring_down(daemon);
    hb_guard_end(daemon);
    ha_timer_cancel(daemon->loop, &daemon->restart);
    ha_timer_cancel(daemon->loop, &daemon->reopen);
    if (daemon->control) {
        ha_pidfile_remove(HB_PIDFILE, getpid());
    }
    ha_control_stop(daemon->control);
    ha_loop_free(daemon->loop);
    hb_actions_clear(&daemon->actions);
    g_byte_array_free(daemon->datagram, TRUE);
    if (daemon->loadavg_fd >= 0) {
        close(daemon->loadavg_fd);
    }
}

/* From here we are the daemon. */
static int live(struct hb_daemon *daemon)
{
    int status = furnish(daemon);

    if (status == 0) {
        hb_rsctmp_empty();
        hb_cores_enter(daemon->setup.config);
        if (daemon->setup.config->realtime && !daemon->options.no_realtime) {
            hb_realtime_enter(daemon->setup.config->rtprio,
                              daemon->setup.config->memreserve_kib);
        }
        hb_guard_start(daemon);
        status = bring_up(daemon);
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
        hb_act_verify(daemon.setup.resources, false, HA_WARNING, &diags);
    }
    hb_log_setup(daemon.setup.config, options->log_to_stderr, options->debug);
    log_diags(&diags);
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
