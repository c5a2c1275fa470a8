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
#include "common/run/secret.h"
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

/* So many checks begin at one look at the clock: on some machines that is a system call. Each takes some
 * 20 us, and the deadline of the last one is too early by what the others took. */
#define CHECKS_A_LOOK 16

static void perform(struct ld_director *director)
{
    uint64_t now_ns = 0;
    unsigned begun = 0;

    for (guint i = 0; i < director->actions.list->len; i++) {
        const struct ld_action *action =
            &g_array_index(director->actions.list, struct ld_action, i);

        switch (action->kind) {
        case LD_ACT_CHECK:
            if (begun++ % CHECKS_A_LOOK == 0)
                now_ns = ha_clock_ns();
            ld_checks_start(director->checks, action->check_id, action->probe, now_ns);
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

/* What falls due so close together is done together: we wake for many checks at once, instead of sleeping
 * between any two, which costs more than asking does. Places in the interval stay what they are. */
#define WAKE_GAP_NS (20 * HA_NS_PER_MS)

static void wake_later(struct ld_director *director)
{
    uint64_t at_ns = ld_core_wake_ns(director->core);

    if (at_ns != HA_NEVER)
        at_ns = MAX(at_ns, director->woke_ns + WAKE_GAP_NS);
    if (at_ns != director->wake.at_ns || at_ns == 0)
        ha_timer_set(director->loop, &director->wake, at_ns, wake_up, director);
}

static void step_at(struct ld_director *director, uint64_t now_ns, const struct ld_event *event)
{
    ha_log_hold(); /* the table first */
    ld_actions_reset(&director->actions);
    ld_core_step(director->core, now_ns, event, &director->actions);
    perform(director);
    wake_later(director);
    if (director->table_wanted)
        ld_table_soon(director);
    ha_log_release();
    ha_secret_heap();
}

void ld_director_step(struct ld_director *director, const struct ld_event *event)
{
    step_at(director, ha_clock_ns(), event);
}

static void wake_up(void *ctx, uint64_t now_ns)
{
    struct ld_director *director = ctx;

    director->woke_ns = now_ns;
    ld_director_step(director, &(struct ld_event){.kind = LD_EV_TIMER});
}

static void verdict_told(void *ctx, uint32_t check_id, enum ld_verdict verdict, const char *detail,
                         const struct ld_advice *advice, uint64_t took_ns, uint64_t now_ns)
{
    step_at(ctx, now_ns,
            &(struct ld_event){.kind = LD_EV_VERDICT, .check_id = check_id, .verdict = verdict, .detail = detail,
                               .took_ns = took_ns, .advice = *advice});
    ld_director_mind_voice(ctx, verdict);
}

static void maintenance_told(void *ctx, const struct ld_maintenance *maintenance)
{
    ld_director_step(ctx, &(struct ld_event){.kind = LD_EV_MAINTENANCE, .maintenance = maintenance});
}

/* ---- standby ---- */

/* What was handed over is not handed over again for so long. */
#define HANDED_OVER_NS (5 * HA_NS_PER_S)

int ld_director_set_standby(struct ld_director *director, bool standby, unsigned *refused)
{
    uint64_t began_ns = ha_clock_ns();
    bool was = ld_core_standby(director->core);
    int status;

    /* Whoever let us hand over just now has let go of the address since. */
    if (!was && standby && (director->handed_ns == 0 || began_ns - director->handed_ns > HANDED_OVER_NS))
        ld_director_hand_over(director);
    ld_act_mode(director->act, standby);
    ld_director_step(director, &(struct ld_event){.kind = LD_EV_MODE, .standby = standby});
    if (was && !standby)
        director->active_ns = began_ns;
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
                                      .services = director->config->services->len,
                                      .hands_over = ld_kernel_hands_over(director)};
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
    if (settings->logging == LD_LOG_DEBUG)
        ld_core_talk(director->core);
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
    ld_director_step(director, &event);
    ld_table_free(actual);
    if (director->table_wanted)
        ld_director_write(director);
    ld_kernel_set_switches(director);
    ld_kernel_sync(director, false);
    ld_table_look_later(director);
    ld_reload_watch(director);
    *out = director;
    return 0;
}

void ld_director_stop(struct ld_director *director)
{
    director->stopped = true;
    ld_reload_end(director);
    ld_director_step(director, &(struct ld_event){.kind = LD_EV_STOP});
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
    ld_reload_end(director);
    ha_timer_cancel(director->loop, &director->wake);
    ld_table_end(director);
    ld_handover_forget(director);
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
