/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lives of the daemon (life.h): a core with its media and its acts, how they
 * begin and end, and what they hear. Decides only what to do when a part cannot
 * be had: starting anew after a partition is tried again, with the setup of
 * before if the files are bad.
 */
#include "heartbeatd/daemon/life.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/daemon/clients.h"
#include "heartbeatd/daemon/guard.h"
#include "heartbeatd/daemon/hb_log.h"
#include "heartbeatd/daemon/identity.h"
#include "heartbeatd/daemon/peers.h"
#include "heartbeatd/daemon/post.h"
#include "heartbeatd/daemon/safety.h"
#include "heartbeatd/daemon/scripts.h"
#include "heartbeatd/daemon/signing.h"

/* Refused datagrams that get a line, per minute. */
#define REFUSALS_LOGGED 5
/* A node that leaves a healed partition is away for its dead time and this much. */
#define RESTART_MARGIN_MS 1000
#define RESTART_RETRY_NS  (5 * HA_NS_PER_S)
/* One that was killed just now gives up its sockets one after the other. */
#define PORT_WAIT_NS  HA_NS_PER_S
#define PORT_PAUSE_MS 20

/* ---- what it hears ---- */

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

static void looped(void *ctx, const char *link)
{
    hb_daemon_step(ctx, &(struct hb_event){.kind = HB_EV_LOOPED, .link = link});
}

static const struct hb_media_calls media_calls = {.received = received, .looped = looped};

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
    status = hb_uuid_get(config->uuid_from_name, daemon->setup.node, self->uuid, &healed);
    if (status < 0) {
        hb_log_say(LOG_ERR, "cannot read or make %s/hb_uuid: %s", HB_VARLIB, strerror(-status));
    } else if (healed) {
        ha_log(HA_LOG_WARNING, "%s/hb_uuid was damaged: this node has a new one", HB_VARLIB);
    }
    return status;
}

/* what: appended to, unless it is NULL. wait_ns: for ports that are in use. */
static int open_media(struct hb_daemon *daemon, uint64_t wait_ns, GString *what)
{
    uint64_t until_ns = ha_clock_ns() + wait_ns;
    char *why = NULL, **faults;
    int status;

    while ((status = hb_media_open(&daemon->media, daemon->loop, daemon->setup.config,
                                   &media_calls, daemon, &why)) == -EADDRINUSE &&
           ha_clock_ns() < until_ns) {
        g_clear_pointer(&why, g_free);
        poll(NULL, 0, PORT_PAUSE_MS);
    }
    faults = g_strsplit(why ? why : "", "\n", -1);
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

static void watch_again(void *ctx, uint64_t now_ns);

/* Told the first time only. */
static void watch_nics(struct hb_daemon *daemon, bool first)
{
    int status = hb_nics_new(&daemon->nics, daemon->loop, daemon->setup.resources, carrier_changed,
                             daemon);

    if (status < 0) {
        ha_timer_set(daemon->loop, &daemon->rewatch, ha_clock_ns() + HB_PART_AGAIN_NS, watch_again,
                     daemon);
    }
    if (status < 0 && first) {
        ha_log(HA_LOG_WARNING, "cannot watch interfaces, until then one without a link moves nothing: %s",
               strerror(-status));
    } else if (status == 0 && !first) {
        ha_log(HA_LOG_NOTICE, "interfaces are watched now");
    }
}

static void watch_again(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    watch_nics(ctx, false);
}

static void unwatch_nics(struct hb_daemon *daemon)
{
    ha_timer_cancel(daemon->loop, &daemon->rewatch);
    g_clear_pointer(&daemon->nics, hb_nics_free);
}

void hb_life_watch_nics(struct hb_daemon *daemon)
{
    unwatch_nics(daemon);
    if (daemon->setup.config->carrier_ms > 0) {
        watch_nics(daemon, true);
    }
}

static void ready_changed(void *ctx, unsigned group, enum hb_ready ready)
{
    hb_daemon_step(ctx,
                   &(struct hb_event){.kind = HB_EV_READY, .group = group, .ready = ready});
}

/* What looks at the core: it goes before that does. */
static void stop_parts(struct hb_daemon *daemon)
{
    unwatch_nics(daemon);
    ha_timer_cancel(daemon->loop, &daemon->wake);
    hb_clients_free(daemon->clients);
    daemon->clients = NULL;
    hb_scripts_stop(daemon);
}

void hb_life_end(struct hb_daemon *daemon)
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
    uint64_t seed = ha_clock_ns(), *floors = hb_peers_read(daemon->peers, daemon->setup.config);

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
    hb_act_on_ready(daemon->act, ready_changed);
    hb_life_watch_nics(daemon);
}

/* Media first: what cannot be reached shall not cost a generation. */
int hb_life_begin(struct hb_daemon *daemon)
{
    struct hb_identity self;
    int status = open_media(daemon, PORT_WAIT_NS, NULL);

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
        hb_life_end(daemon);
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

    if (open_media(daemon, 0, NULL) < 0) {
        ha_timer_set(daemon->loop, &daemon->reopen, now_ns + HA_NS_PER_S, open_again, daemon);
    }
}

int hb_life_replace(struct hb_daemon *daemon, struct hb_setup *fresh, GString *what)
{
    struct hb_setup before = daemon->setup;
    struct hb_core *former = daemon->core;
    struct hb_identity self;
    int status;

    ha_timer_cancel(daemon->loop, &daemon->reopen);
    hb_media_close(daemon->media);
    daemon->media = NULL;
    daemon->setup = *fresh;
    status = open_media(daemon, 0, what);
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

static void restart_now(void *ctx, uint64_t now_ns)
{
    struct hb_daemon *daemon = ctx;
    struct hb_setup fresh;
    struct ha_diags diags;

    if (daemon->core) {
        /* Left just now, in the middle of a step: go on from here. */
        hb_life_end(daemon);
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
        hb_log_diags(&diags);
        ha_log(HA_LOG_ERROR, "going on with the configuration of before");
        daemon->setup.keys.sending = daemon->signing.ours; /* and not what a node made us */
    }
    ha_diags_clear(&diags);
    hb_log_setup(daemon->setup.config, daemon->options.log_to_stderr, daemon->options.debug);
    if (hb_life_begin(daemon) < 0) {
        ha_timer_set(daemon->loop, &daemon->restart, now_ns + RESTART_RETRY_NS, restart_now,
                     daemon);
    }
}

void hb_life_anew(struct hb_daemon *daemon)
{
    ha_log(HA_LOG_WARNING, "Restarting with a new generation after the dead time.");
    ha_timer_set(daemon->loop, &daemon->restart, 1, restart_now, daemon);
}
