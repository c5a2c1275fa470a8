/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events in, actions out. Joins the parts: the model says who the servers are,
 * the schedule when to ask, health what an answer means, wanted.c what follows
 * for the table. Has no opinion of its own beyond the order of these.
 */
#include "ldirectord/core/core.h"

#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "ldirectord/core/alert.h"
#include "ldirectord/core/core_inside.h"
#include "ldirectord/core/drift.h"
#include "ldirectord/core/leaving.h"

/* Operations that the kernel refused are tried again after 1, 2, 4 … 300 s. */
#define RETRY_FIRST_NS (1 * HA_NS_PER_S)
#define RETRY_LAST_NS  (300 * HA_NS_PER_S)
/* What changes in the table by time alone is gathered for so long. */
#define CHANGE_GAP_NS (200 * HA_NS_PER_MS)

struct ld_core *ld_core_new(const struct ld_config *config, uint64_t seed)
{
    struct ld_core *core = g_new0(struct ld_core, 1);

    core->config = config;
    core->questions = g_hash_table_new_full(ld_question_hash, ld_question_equal,
                                            (GDestroyNotify)ld_question_free, NULL);
    core->retired = g_ptr_array_new_with_free_func((GDestroyNotify)ld_question_free);
    core->ours = g_hash_table_new_full(ld_service_id_key_hash, ld_service_id_key_equal, g_free,
                                       NULL);
    core->alerts = ld_alerts_new();
    core->leaving = ld_leaving_new();
    core->retry_at_ns = HA_NEVER;
    core->retry_after_ns = RETRY_FIRST_NS;
    core->change_at_ns = HA_NEVER;
    ld_schedule_init(&core->schedule, seed);
    ld_wishes_init(&core->wishes);
    return core;
}

void ld_core_free(struct ld_core *core)
{
    if (!core)
        return;
    ld_schedule_clear(&core->schedule);
    g_ptr_array_free(core->retired, TRUE);
    g_hash_table_destroy(core->questions);
    g_hash_table_destroy(core->ours);
    ld_alerts_free(core->alerts);
    ld_leaving_free(core->leaving);
    ld_model_free(core->model);
    ld_wishes_clear(&core->wishes);
    g_free(core);
}

/* ---- health ---- */

/* Something about the server is other than it was: what follows for the table, now and later. */
static void weigh(struct ld_core *core, struct ld_server *server, uint64_t now_ns)
{
    ld_server_weigh(server, now_ns);
    ld_slot_judge(server->slot, false);
    if (core->standby)
        return;
    core->table_changed = true;
    core->change_at_ns = MIN(core->change_at_ns, ld_server_next_ns(server, now_ns));
}

static void note_turn(struct ld_server *server, uint64_t now_ns)
{
    const struct ld_health *health = &server->health;

    ld_turns_add(&server->turns, &(struct ld_turn){.at_ns = now_ns, .took_ns = health->took_ns,
                                                   .verdict = health->verdict, .up = health->up,
                                                   .detail = health->detail});
}

static void tell(struct ld_core *core, struct ld_server *server, const struct ld_event *event,
                 uint64_t now_ns, struct ld_actions *actions)
{
    const struct ld_service *service = server->slot->service;
    bool was_up = ld_server_up(server);
    enum ld_change change;
    unsigned before;
    bool advised;

    if (server->maintained) /* asked for somebody else, or before */
        return;
    ld_monitor_verdict(server, event->verdict, event->detail, actions);
    change = ld_health_verdict(&server->health, service->failurecount, service->risecount,
                               event->verdict, event->detail, event->took_ns, now_ns, &before);

    if (event->verdict != LD_INTERNAL)
        server->answered_ns = now_ns;
    if (change == LD_CHANGE_UP || change == LD_CHANGE_DOWN || change == LD_CHANGE_FOUND_DOWN)
        note_turn(server, now_ns);
    if (ld_server_up(server) != was_up)
        server->left_at_zero = false;
    advised = service->checkweight && !server->agent && ld_verdict_passed(event->verdict) &&
              ld_server_advise(server, &event->advice, actions);
    if (ld_server_up(server) != was_up || advised)
        weigh(core, server, now_ns);
    if (change != LD_CHANGE_NONE)
        ld_log_change(server, change, before, actions);
    if (core->standby)
        return;
    if (change == LD_CHANGE_FOUND_DOWN)
        ld_alert_found_down(core->alerts, server, actions);
    ld_fallback_consider(server->slot, actions);
}

static void hear_check(struct ld_core *core, struct ld_question *question,
                       const struct ld_event *event, uint64_t now_ns, struct ld_actions *actions)
{
    bool was_unable = question->unable, unsettled = false;

    ld_question_answered(question, event->verdict);
    if (question->unable && !was_unable)
        ld_log_unable(question, event, actions);
    for (guint i = 0; i < question->askers->len; i++) {
        struct ld_server *server = question->askers->pdata[i];

        tell(core, server, event, now_ns, actions);
        unsettled |= ld_health_unsettled(&server->health);
    }
    if (unsettled && question->recheck_ns > 0)
        ld_schedule_hasten(&core->schedule, question, now_ns, question->recheck_ns);
}

static void hear_agent(struct ld_core *core, struct ld_question *question,
                       const struct ld_event *event, uint64_t now_ns, struct ld_actions *actions)
{
    ld_log_agent(question, event, actions);
    for (guint i = 0; i < question->askers->len; i++) {
        struct ld_server *server = question->askers->pdata[i];

        bool was_up = ld_server_up(server);

        if (!ld_server_hear(server, event, actions))
            continue;
        if (ld_server_up(server) != was_up)
            ld_turns_add(&server->turns,
                         &(struct ld_turn){.at_ns = now_ns, .took_ns = event->took_ns,
                                           .verdict = event->verdict, .up = !was_up,
                                           .detail = (char *)event->detail});
        weigh(core, server, now_ns);
        if (!core->standby)
            ld_fallback_consider(server->slot, actions);
    }
}

static void on_verdict(struct ld_core *core, uint64_t now_ns, const struct ld_event *event,
                       struct ld_actions *actions)
{
    struct ld_question *question = ld_schedule_answer(&core->schedule, event->check_id, now_ns);

    if (!question)
        return;
    ld_core_answered(core, question);
    if (question->probe.type == LD_CHECK_AGENT)
        hear_agent(core, question, event, now_ns, actions);
    else
        hear_check(core, question, event, now_ns, actions);
}

/* ---- configuration ---- */

static void on_config(struct ld_core *core, uint64_t now_ns, const struct ld_event *event,
                      struct ld_actions *actions)
{
    if (!event->config || core->stopped)
        return;
    core->config = event->config;
    if (core->model)
        ld_core_load(core, event->actual, now_ns, actions);
}

/* ---- the table ---- */

static gboolean is_gone(gpointer id, gpointer value, gpointer ctx)
{
    const struct ld_core *core = ctx;

    (void)value;
    return !ld_model_slot(core->model, id) && !ld_leaving_has(core->leaving, id);
}

/* Servers that drain and have been seen at weight 0 without a connection need not wait longer. */
static void end_drains(struct ld_core *core, const struct ld_table *actual, uint64_t now_ns)
{
    for (guint i = 0; actual && i < actual->services->len; i++) {
        const struct ld_vs *vs = actual->services->pdata[i];
        struct ld_slot *slot = ld_model_slot(core->model, &vs->id);

        for (guint j = 0; slot && j < vs->dests->len; j++) {
            const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);
            bool idle = dest->counted && dest->connections == 0 && dest->weight == 0;
            struct ld_server *server =
                idle ? ld_model_server(core->model, slot, &dest->addr, dest->port) : NULL;

            if (server && ld_server_drains(server, now_ns)) {
                server->course.drained_ns = 0;
                core->table_changed = !core->standby;
            }
        }
    }
    if (ld_leaving_look(core->leaving, actual))
        core->table_changed = !core->standby;
}

static void on_applied(struct ld_core *core, uint64_t now_ns, unsigned failed)
{
    struct ld_table *wanted;

    ld_alerts_writing(core->alerts, false);
    if (!core->model || core->stopped)
        return;
    if (core->standby)
        ld_alerts_begin(core->alerts, 0, 0);
    if (failed > 0) {
        core->retry_at_ns = ha_after_ns(now_ns, core->retry_after_ns);
        core->retry_after_ns = MIN(core->retry_after_ns * 2, RETRY_LAST_NS);
        return;
    }
    core->retry_at_ns = HA_NEVER;
    core->retry_after_ns = RETRY_FIRST_NS;
    if (core->standby)
        g_hash_table_remove_all(core->ours);
    else
        g_hash_table_foreach_remove(core->ours, is_gone, core);
    for (guint i = 0; i < core->model->server_count; i++)
        core->model->servers[i].placed = !core->standby;
    wanted = ld_core_wanted(core);
    ld_drift_all_done(core->model, wanted);
    ld_table_free(wanted);
}

/* Into standby is told like a stop, out of it like a start. */
static void on_mode(struct ld_core *core, uint64_t now_ns, bool standby,
                    struct ld_actions *actions)
{
    bool changed = standby != core->standby;

    if (core->stopped)
        return;
    core->standby = standby;
    if (!core->model)
        return;
    ld_core_claim(core, standby);
    core->table_changed = true;
    core->change_at_ns = now_ns;
    if (!changed)
        return;
    if (standby)
        ld_fallback_forget(core->model);
    ld_leaving_forget(core->leaving);
    ld_core_begin_telling(core, standby ? LD_STOPPING : LD_STARTING);
    if (!standby)
        ld_alert_all_down(core->alerts, core->model, actions);
}

static void on_stop(struct ld_core *core, struct ld_actions *actions)
{
    if (core->stopped)
        return;
    core->stopped = true;
    ld_core_unask(core, actions);
    if (!core->model)
        return;
    ld_core_claim(core, true);
    core->table_changed = true;
    ld_alerts_begin(core->alerts, core->standby ? 0 : LD_STOPPING, 0);
}

/* ---- the step ---- */

static void ask_what_is_due(struct ld_core *core, uint64_t now_ns, struct ld_actions *actions)
{
    struct ld_question *question;

    while ((question = ld_schedule_take(&core->schedule, now_ns)))
        if (!ld_core_rest(core, question, now_ns, actions))
            ld_act(actions, LD_ACT_CHECK, question->check_id, ld_question_probe(question));
}

/* What time alone has changed: all of it together, at most once in CHANGE_GAP_NS. */
static void note_time(struct ld_core *core, uint64_t now_ns)
{
    if (core->change_at_ns <= now_ns && core->standby) {
        core->change_at_ns = HA_NEVER;
    } else if (core->change_at_ns <= now_ns) {
        uint64_t next_ns;

        ld_leaving_end(core->leaving, now_ns);
        next_ns = ld_leaving_next_ns(core->leaving, now_ns);
        for (guint i = 0; i < core->model->server_count; i++)
            next_ns = MIN(next_ns, ld_server_next_ns(&core->model->servers[i], now_ns));
        core->change_at_ns = MAX(next_ns, ha_after_ns(now_ns, CHANGE_GAP_NS));
        core->table_changed = true;
    }
    if (core->table_changed)
        core->as_of_ns = now_ns;
}

void ld_core_step(struct ld_core *core, uint64_t now_ns, const struct ld_event *event,
                  struct ld_actions *actions)
{
    g_ptr_array_set_size(core->retired, 0);
    core->table_changed = false;
    ld_alerts_now(core->alerts, now_ns);
    switch (event->kind) {
    case LD_EV_START:
        if (!core->model && !core->stopped) {
            core->standby = event->standby;
            ld_core_load(core, event->actual, now_ns, actions);
        }
        break;
    case LD_EV_VERDICT:
        on_verdict(core, now_ns, event, actions);
        break;
    case LD_EV_CONFIG:
        on_config(core, now_ns, event, actions);
        break;
    case LD_EV_APPLIED:
        on_applied(core, now_ns, event->failed);
        if (core->model && !core->stopped)
            end_drains(core, event->actual, now_ns);
        break;
    case LD_EV_MODE:
        on_mode(core, now_ns, event->standby, actions);
        break;
    case LD_EV_MAINTENANCE:
        ld_core_on_maintenance(core, now_ns, event->maintenance, actions);
        break;
    case LD_EV_WISH:
        ld_core_on_wish(core, now_ns, event->wish, actions);
        break;
    case LD_EV_STOP:
        on_stop(core, actions);
        break;
    case LD_EV_TIMER:
    case LD_EV_KIND_COUNT:
        break;
    }
    if (core->retry_at_ns <= now_ns && !core->stopped) {
        core->retry_at_ns = HA_NEVER;
        core->table_changed = true;
    }
    if (core->model && !core->stopped)
        note_time(core, now_ns);
    if (core->table_changed)
        ld_act(actions, LD_ACT_TABLE, 0, NULL);
    if (core->model && !core->stopped)
        ask_what_is_due(core, now_ns, actions);
    ld_core_told(core, event, actions);
}

void ld_core_limit(struct ld_core *core, unsigned in_flight)
{
    core->schedule.flying_max = CLAMP(in_flight, 1, LD_IN_FLIGHT_MAX);
}

uint64_t ld_core_wake_ns(const struct ld_core *core)
{
    if (!core->model || core->stopped)
        return HA_NEVER;
    return MIN(MIN(ld_schedule_wake_ns(&core->schedule), core->retry_at_ns),
               MIN(core->change_at_ns, ld_alerts_wake_ns(core->alerts)));
}

struct ld_table *ld_core_wanted(const struct ld_core *core)
{
    struct ld_table *wanted;

    if (!core->model || core->stopped || core->standby)
        return ld_table_new();
    wanted = ld_wanted(core->model, core->as_of_ns);
    ld_leaving_place(core->leaving, wanted);
    return wanted;
}

bool ld_core_standby(const struct ld_core *core)
{
    return core->standby;
}

GHashTable *ld_core_ours(const struct ld_core *core)
{
    return core->ours;
}

void ld_core_look(struct ld_core *core, const struct ld_table *actual, struct ld_actions *actions)
{
    if (core->model && !core->stopped && !core->standby)
        ld_drift_look(core->model, actual, actions);
}

void ld_core_op_done(struct ld_core *core, const struct ld_op *op, struct ld_actions *actions)
{
    if (!core->model)
        return;
    ld_drift_op_done(core->model, op);
    ld_oplog(core->model, op, core->stopped || core->standby, core->alerts, actions);
}
