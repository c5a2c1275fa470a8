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
#include "ldirectord/core/leaving.h"

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
    core->due = ld_due_new();
    core->refused = g_hash_table_new_full(ld_service_id_key_hash, ld_service_id_key_equal, g_free,
                                          NULL);
    core->retry_at_ns = HA_NEVER;
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
    g_hash_table_destroy(core->refused);
    ld_due_free(core->due);
    ld_portion_clear(&core->portion);
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
    ld_core_touch(core, server->slot);
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
    if (core->talkative)
        ld_log_answer(question, event, actions);
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
    ld_core_due_all(core, LD_DUE_ALL);
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
    core->retry_at_ns = HA_NEVER;
    ld_core_unask(core, actions);
    if (!core->model)
        return;
    ld_core_due_all(core, LD_DUE_ALL);
    ld_core_claim(core, true);
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

/* A step of its slow start, or something about its drain, came with time. */
static bool moved(struct ld_server *server, uint64_t now_ns)
{
    if (server->course.rising_ns != 0 && server->written != ld_server_weight(server, now_ns))
        return true;
    if (server->course.drained_ns == 0)
        return false;
    if (!ld_server_drains(server, now_ns))
        server->course.drained_ns = 0;
    return true;
}

/* What time alone has changed: all of it together, at most once in CHANGE_GAP_NS. */
static void note_time(struct ld_core *core, uint64_t now_ns)
{
    uint64_t next_ns;

    if (core->change_at_ns > now_ns)
        return;
    if (core->standby) {
        core->change_at_ns = HA_NEVER;
        return;
    }
    ld_leaving_pass(core->leaving, now_ns, core->due);
    next_ns = ld_leaving_next_ns(core->leaving, now_ns);
    for (guint i = 0; i < core->model->server_count; i++) {
        struct ld_server *server = core->model->servers[i];

        if (moved(server, now_ns))
            ld_core_touch(core, server->slot);
        next_ns = MIN(next_ns, ld_server_next_ns(server, now_ns));
    }
    core->change_at_ns = MAX(next_ns, ha_after_ns(now_ns, CHANGE_GAP_NS));
}

static void take_event(struct ld_core *core, uint64_t now_ns, const struct ld_event *event,
                       struct ld_actions *actions)
{
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
        ld_core_on_applied(core, now_ns, event);
        break;
    case LD_EV_LOOK:
        if (core->model && !core->standby)
            ld_core_due_all(core, LD_DUE_LOOK);
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
}

void ld_core_step(struct ld_core *core, uint64_t now_ns, const struct ld_event *event,
                  struct ld_actions *actions)
{
    g_ptr_array_set_size(core->retired, 0);
    ld_alerts_now(core->alerts, now_ns);
    take_event(core, now_ns, event, actions);
    ld_core_retry(core, now_ns);
    if (core->model && !core->stopped)
        note_time(core, now_ns);
    if (ld_due_any(core->due)) {
        core->as_of_ns = core->stopped ? core->as_of_ns : now_ns;
        ld_act(actions, LD_ACT_TABLE, 0, NULL);
    }
    if (core->model && !core->stopped)
        ask_what_is_due(core, now_ns, actions);
    ld_core_told(core, event, actions);
}

void ld_core_talk(struct ld_core *core)
{
    core->talkative = true;
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

bool ld_core_standby(const struct ld_core *core)
{
    return core->standby;
}

GHashTable *ld_core_ours(const struct ld_core *core)
{
    return core->ours;
}
