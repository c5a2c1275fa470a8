/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wiring and nothing else: the core's actions become checks, table writes and
 * log lines; verdicts, time and new configurations become its events.
 */
#include "ldirectord/ldirectord.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/daemon.h"
#include "common/run/log.h"
#include "ldirectord/act/act.h"
#include "ldirectord/director_inside.h"

/* ---- actions ---- */

void ld_director_log(struct ld_director *director)
{
    for (guint i = 0; i < director->actions.list->len; i++) {
        const struct ld_action *action =
            &g_array_index(director->actions.list, struct ld_action, i);

        if (action->kind == LD_ACT_LOG)
            ha_log((enum ha_level)action->level, "%s", action->text);
        else
            ld_act_do(director->act, action);
    }
}

static void perform(struct ld_director *director)
{
    for (guint i = 0; i < director->actions.list->len; i++) {
        const struct ld_action *action =
            &g_array_index(director->actions.list, struct ld_action, i);

        switch (action->kind) {
        case LD_ACT_CHECK:
            ld_checks_start(director->checks, action->check_id, action->probe);
            break;
        case LD_ACT_CANCEL:
            ld_checks_cancel(director->checks, action->check_id);
            break;
        case LD_ACT_TABLE:
            director->table_wanted = true;
            break;
        default:
            break;
        }
    }
    ld_director_log(director);
}

static void wake_up(void *ctx, uint64_t now_ns);

/* What falls due so close together is done together: with thousands of servers we wake for many
 * checks at once, instead of sleeping between any two. */
#define WAKE_GAP_NS (4 * HA_NS_PER_MS)

static void wake_later(struct ld_director *director)
{
    uint64_t at_ns = ld_core_wake_ns(director->core);

    if (at_ns != HA_NEVER)
        at_ns = MAX(at_ns, director->woke_ns + WAKE_GAP_NS);
    if (at_ns != director->wake.at_ns || at_ns == 0)
        ha_timer_set(director->loop, &director->wake, at_ns, wake_up, director);
}

static void step(struct ld_director *director, const struct ld_event *event)
{
    ld_actions_reset(&director->actions);
    ld_core_step(director->core, ha_clock_ns(), event, &director->actions);
    perform(director);
    wake_later(director);
    if (director->table_wanted)
        ld_table_soon(director);
}

void ld_director_step(struct ld_director *director, const struct ld_event *event)
{
    step(director, event);
}

static void wake_up(void *ctx, uint64_t now_ns)
{
    struct ld_director *director = ctx;

    director->woke_ns = now_ns;
    step(ctx, &(struct ld_event){.kind = LD_EV_TIMER});
}

static void verdict_told(void *ctx, uint32_t check_id, enum ld_verdict verdict, const char *detail,
                         const struct ld_advice *advice, uint64_t took_ns)
{
    step(ctx, &(struct ld_event){.kind = LD_EV_VERDICT, .check_id = check_id, .verdict = verdict,
                                 .detail = detail, .took_ns = took_ns,
                                 .advice = *advice});
}

static void maintenance_told(void *ctx, const struct ld_maintenance *maintenance)
{
    ld_director_step(ctx, &(struct ld_event){.kind = LD_EV_MAINTENANCE, .maintenance = maintenance});
}

/* ---- configuration ---- */

static void watch_file(struct ld_director *director);

static void log_diags(const struct ha_diags *diags)
{
    for (guint i = 0; i < diags->list->len; i++) {
        const struct ha_diag *diag = g_ptr_array_index(diags->list, i);
        char *text = ld_diag_classic(diag);

        ha_log(diag->severity == HA_WARNING ? HA_LOG_WARNING : HA_LOG_ERROR, "%s", text);
        g_free(text);
    }
}

static void set_logging(struct ld_director *director)
{
    if (!ld_logging_setup(director->logging, director->config->logfile, director->instance))
        ha_log(HA_LOG_WARNING, "logfile: expected a path or a syslog facility, found \"%s\"; "
               "logging to the facility daemon", director->config->logfile);
}

static void take_config(struct ld_director *director, struct ld_config *config)
{
    struct ld_config *old = director->config;
    struct ld_event event = {.kind = LD_EV_CONFIG, .config = config};
    struct ld_portion unlike;
    struct ld_table *actual = NULL;

    /* Servers that are new to us but stand in the table already are taken as they stand. */
    ld_core_unlike(director->core, config, &unlike);
    if (director->ipvs->ops->read(director->ipvs, &unlike, &actual) == 0)
        event.actual = actual;
    ld_portion_clear(&unlike);
    director->config = config;
    set_logging(director);
    ld_act_config(director->act, config, ld_core_standby(director->core));
    step(director, &event);
    ld_table_free(actual);
    ld_config_free(old);
    ld_kernel_set_switches(director);
    ld_kernel_sync(director, false);
    ld_table_look_later(director);
    ld_kept_write(director);
}

void ld_director_reload(struct ld_director *director)
{
    struct ha_diags diags;
    struct ld_config *config;
    struct ld_content before = director->content;
    unsigned looks = LD_LOOK_FILES;
    char *notice;

    if (director->stopped)
        return;
    if (director->logging == LD_LOG_CONFIGURED)
        looks |= LD_LOOK_LOG;
    notice = g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GUINT64_FORMAT,
                             ha_clock_ns() / 1000);
    ha_daemon_notify(notice);
    g_free(notice);
    ha_diags_init(&diags);
    config = ld_config_load(director->path, &director->content, looks, &diags);
    log_diags(&diags);
    if (config != NULL && config->services->len == 0 && director->config->services->len > 0) {
        /* Cut off by a full disk or a crashed editor more likely than meant. */
        ha_log(HA_LOG_ERROR, "Configuration file '%s' has no virtual service any more: nothing is "
               "changed (to end them all, stop ldirectord)", director->path);
        ld_config_free(config);
    } else if (config != NULL) {
        take_config(director, config);
        if (strcmp(before.digest, director->content.digest) != 0)
            ld_act_callback(director->act);
    } else
        ha_log(HA_LOG_ERROR, "Configuration file '%s' has errors: nothing is changed",
               director->path);
    ha_diags_clear(&diags);
    ha_daemon_notify("READY=1");
}

static void file_changed(void *ctx)
{
    struct ld_director *director = ctx;
    struct ha_diags diags;
    struct ld_config *ignored;

    ha_log(HA_LOG_INFO, "Configuration file '%s' has changed on disk", director->path);
    if (director->config->autoreload) {
        ha_log(HA_LOG_INFO, " - reread new configuration");
        ld_director_reload(director);
        return;
    }
    ha_log(HA_LOG_INFO, " - ignore new configuration");
    ha_diags_init(&diags); /* what the file holds now is what the next change is compared with */
    ignored = ld_config_load(director->path, &director->content, LD_LOOK_FILES, &diags);
    if (ignored != NULL) {
        ld_config_free(ignored);
        ld_act_callback(director->act);
    }
    ha_diags_clear(&diags);
}

static void watch_file(struct ld_director *director)
{
    director->watch = ld_config_watch_start(director->loop, director->path, &director->content,
                                            file_changed, director);
}

/* ---- standby ---- */

int ld_director_set_standby(struct ld_director *director, bool standby, unsigned *refused)
{
    uint64_t began_ns = ha_clock_ns();
    bool was = ld_core_standby(director->core);
    int status;

    ld_act_mode(director->act, standby);
    step(director, &(struct ld_event){.kind = LD_EV_MODE, .standby = standby});
    status = ld_director_write(director);
    ld_kernel_sync(director, false);
    ld_table_look_later(director);
    *refused = status > 0 ? (unsigned)status : 0;
    if (was != standby && status >= 0)
        ha_log(HA_LOG_NOTICE, standby ? "In standby: the checks go on, the table is left alone"
                                      : "Active: the table was written within %.1f ms",
               (double)(ha_clock_ns() - began_ns) / (double)HA_NS_PER_MS);
    return MIN(status, 0);
}

static void count_server(void *ctx, const struct ld_real_view *view)
{
    struct ha_director_state *state = ctx;

    state->servers++;
    state->up += view->up;
    state->unchecked += view->verdict == LD_UNKNOWN;
}

void ld_director_state(const struct ld_director *director, struct ha_director_state *out)
{
    *out = (struct ha_director_state){.standby = ld_core_standby(director->core),
                                      .pid = getpid(),
                                      .services = director->config->services->len};
    ld_core_view(director->core, count_server, out);
}

/* ---- life ---- */

/* Descriptors of our own: log, loop, sockets, mails, programs. */
#define FILES_KEPT      128
/* At most, for one check: those of a child with a text to read and one to write. */
#define FILES_PER_CHECK 4

/* So many checks at once as there are descriptors for; the rest wait their turn, and none fails for
 * want of one. */
static void limit_checks(struct ld_director *director)
{
    struct rlimit files;
    unsigned checks;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
        files.rlim_cur >= FILES_KEPT + FILES_PER_CHECK * LD_IN_FLIGHT_MAX)
        return;
    checks = files.rlim_cur > FILES_KEPT + FILES_PER_CHECK
                 ? (unsigned)(files.rlim_cur - FILES_KEPT) / FILES_PER_CHECK
                 : 1;
    ld_core_limit(director->core, checks);
    ha_log(HA_LOG_WARNING, "only %llu open files are allowed here (ulimit -n, LimitNOFILE): no more "
           "than %u checks at once", (unsigned long long)files.rlim_cur, checks);
}

static uint64_t random_seed(void)
{
    uint64_t seed = 0;

    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
        seed = ha_clock_ns();
    return seed;
}

int ld_director_start(struct ld_director **out, struct ha_loop *loop,
                      const struct ld_director_settings *settings)
{
    struct ld_director *director = g_new0(struct ld_director, 1);
    struct ld_event event = {.kind = LD_EV_START, .standby = settings->standby};
    struct ld_act_settings act = {.loop = loop, .path = settings->path, .fn = maintenance_told,
                                  .ctx = director};
    struct ld_table *actual = NULL;
    int error;

    director->loop = loop;
    director->path = settings->path;
    director->instance = settings->instance;
    director->logging = settings->logging;
    director->config = settings->config;
    director->content = settings->content;
    director->ipvs = settings->ipvs;
    director->orders_file = g_strdup(settings->orders_file);
    director->complaints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    director->core = ld_core_new(director->config, random_seed());
    limit_checks(director);
    director->act = ld_act_new(&act);
    ld_actions_init(&director->actions);
    error = ld_checks_new(&director->checks, loop, verdict_told, director);
    if (error == 0)
        error = director->ipvs->ops->read(director->ipvs, NULL, &actual);
    if (error != 0) {
        ha_log(HA_LOG_ERROR, "cannot read the kernel's IPVS table: %s", g_strerror(-error));
        ld_director_free(director);
        return error;
    }
    event.actual = actual;
    ld_kept_read(director);
    ld_act_config(director->act, director->config, settings->standby);
    step(director, &event);
    ld_table_free(actual);
    if (director->table_wanted)
        ld_director_write(director);
    ld_kernel_set_switches(director);
    ld_kernel_sync(director, false);
    ld_table_look_later(director);
    watch_file(director);
    *out = director;
    return 0;
}

void ld_director_stop(struct ld_director *director)
{
    director->stopped = true;
    ld_config_watch_stop(director->watch);
    director->watch = NULL;
    step(director, &(struct ld_event){.kind = LD_EV_STOP});
    if (director->table_wanted)
        ld_director_write(director);
    ld_kernel_sync(director, true);
    ld_table_end(director);
}

void ld_director_farewell(struct ld_director *director, void (*fn)(void *ctx), void *ctx)
{
    ld_act_farewell(director->act, fn, ctx);
}

void ld_director_free(struct ld_director *director)
{
    if (director == NULL)
        return;
    ld_config_watch_stop(director->watch);
    ha_timer_cancel(director->loop, &director->wake);
    ld_table_end(director);
    ld_report_free(director->report);
    ld_kept_end(director);
    g_free(director->orders_file);
    ld_checks_free(director->checks);
    ld_core_free(director->core);
    ld_act_free(director->act);
    ld_actions_clear(&director->actions);
    ld_config_free(director->config);
    g_hash_table_destroy(director->complaints);
    director->ipvs->ops->close(director->ipvs);
    g_free(director);
}
