/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration comes into force: a new model, in which servers that were
 * there before keep what is known of them, and questions that are asked already
 * go on being asked. What is done here is done for what has changed: of 40,000
 * servers one, mostly (model.h). Knows nothing of events.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "ldirectord/core/alert.h"
#include "ldirectord/core/core_inside.h"
#include "ldirectord/core/leaving.h"

/* First questions: about as many a second as a processor can ask, and all within half an interval. */
#define FIRST_GAP_NS (25 * HA_NS_PER_US)

/* wanted (taken over) is a question for this server: one that is asked already, or a new one. */
static struct ld_question *join_question(struct ld_core *core, struct ld_server *server,
                                         struct ld_question *wanted, GPtrArray *fresh)
{
    struct ld_question *known;

    if (!wanted)
        return NULL;
    known = g_hash_table_lookup(core->questions, wanted);
    if (known) {
        ld_question_free(wanted);
    } else {
        known = wanted;
        g_hash_table_add(core->questions, known);
        g_ptr_array_add(fresh, known);
    }
    g_ptr_array_add(known->askers, server);
    return known;
}

static void join_questions(struct ld_core *core, struct ld_server *server, GPtrArray *fresh)
{
    const struct ld_service *service = server->slot->service;

    server->question =
        join_question(core, server, ld_question_new(service, server->real), fresh);
    server->agent =
        join_question(core, server, ld_question_new_agent(service, server->real), fresh);
}

/* A server the last configuration had keeps what is known of it; if the
 * question is another now, failures under the old one no longer count. */
static bool inherit(const struct ld_model *old, struct ld_server *server)
{
    struct ld_slot *slot = old ? ld_model_slot(old, &server->slot->service->id) : NULL;
    struct ld_server *before =
        slot ? ld_model_server(old, slot, &server->real->addr, server->port) : NULL;

    if (!before || before->health.since_ns == HA_NEVER)
        return false;
    server->health = before->health;
    server->maintained = before->maintained;
    server->up_before = before->up_before;
    memset(&before->health, 0, sizeof(before->health));
    before->health.since_ns = HA_NEVER; /* taken: a second one of the same name starts anew */
    server->turns = g_steal_pointer(&before->turns);
    server->answered_ns = before->answered_ns;
    server->written = before->written;
    server->left_at_zero = before->left_at_zero && server->real->weight == before->real->weight;
    server->course = before->course;
    ld_server_inherit_advice(server, before);
    if (before->question != server->question)
        server->health.failures = server->health.successes = 0;
    ld_server_count(server);
    return true;
}

static void set_up(struct ld_server *server, bool up, enum ld_verdict verdict, uint64_t now_ns)
{
    ld_health_set(&server->health, up, verdict, now_ns);
    ld_server_count(server);
}

/* Those whom the kernel sends clients already. */
static void start_as_they_stand(struct ld_model *model, const struct ld_table *actual,
                                uint64_t now_ns)
{
    for (guint i = 0; actual && i < actual->services->len; i++) {
        const struct ld_vs *vs = actual->services->pdata[i];
        struct ld_slot *slot = ld_model_slot(model, &vs->id);

        for (guint j = 0; slot && !slot->stayed && j < vs->dests->len; j++) {
            const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);
            struct ld_server *server = ld_model_server(model, slot, &dest->addr, dest->port);

            if (server && dest->weight > 0 && !server->known)
                set_up(server, true, LD_UNKNOWN, now_ns);
        }
    }
}

static void start_server(struct ld_server *server, const struct ld_model *old, uint64_t now_ns)
{
    const struct ld_question *question = server->question;

    server->known = inherit(old, server);
    if (!server->known && question && ld_verdict_passed(question->verdict))
        set_up(server, true, question->verdict, now_ns);
    else if (!server->known)
        set_up(server, false, LD_UNKNOWN, now_ns);
}

/* Who is in maintenance stays out. */
static void start_unchecked(struct ld_server *server, uint64_t now_ns)
{
    bool off = server->slot->service->checktype == LD_CHECK_OFF;

    if (!server->question && !server->maintained)
        set_up(server, off ? server->health.up : true, off ? LD_OFF : LD_ON, now_ns);
}

/* A server that is new starts up if others ask the same question and it was
 * passed; or if the kernel sends it clients already. */
static void start_servers(struct ld_model *model, const struct ld_model *old,
                          const struct ld_table *actual, uint64_t now_ns)
{
    for (guint i = 0; i < model->server_count; i++)
        if (!model->servers[i]->slot->stayed)
            start_server(model->servers[i], old, now_ns);
    start_as_they_stand(model, actual, now_ns);
    for (guint i = 0; i < model->server_count; i++)
        if (!model->servers[i]->slot->stayed)
            start_unchecked(model->servers[i], now_ns);
}

/* A service that was there before keeps its fallback until enough servers are up. */
static void judge_slot(struct ld_slot *slot, const struct ld_model *old)
{
    const struct ld_slot *before = old ? ld_model_slot(old, &slot->service->id) : NULL;

    for (guint i = 0; i < slot->count; i++)
        ld_server_count(&slot->servers[i]);
    slot->serving = before && before->serving;
    ld_slot_judge(slot, !before);
}

static void judge_slots(struct ld_model *model, const struct ld_model *old)
{
    for (guint i = 0; i < model->slot_count; i++)
        if (!model->slots[i]->stayed)
            judge_slot(model->slots[i], old);
}

/* ---- who asks ---- */

/* Nobody asks it any more. */
static void retire(struct ld_core *core, struct ld_question *question, struct ld_actions *actions)
{
    if (question->check_id != 0)
        ld_act(actions, LD_ACT_CANCEL, question->check_id, NULL);
    ld_schedule_remove(&core->schedule, question);
    g_hash_table_steal(core->questions, question);
    g_ptr_array_add(core->retired, question);
}

static void forget_who_left(struct ld_question *question)
{
    guint count = 0;

    for (guint i = 0; i < question->askers->len; i++) {
        struct ld_server *server = question->askers->pdata[i];

        if (server->slot->stayed)
            question->askers->pdata[count++] = server;
    }
    g_ptr_array_set_size(question->askers, (gint)count);
}

/* The questions of those servers that have changed or gone: they ask them no more. */
static GPtrArray *leave_questions(const struct ld_model *old)
{
    GPtrArray *left = g_ptr_array_new();
    GHashTable *seen = g_hash_table_new(NULL, NULL);

    for (guint i = 0; old && i < old->server_count; i++) {
        struct ld_question *const asked[] = {old->servers[i]->question, old->servers[i]->agent};

        for (size_t j = 0; j < G_N_ELEMENTS(asked); j++) {
            if (!asked[j] || !g_hash_table_add(seen, asked[j]))
                continue;
            forget_who_left(asked[j]);
            g_ptr_array_add(left, asked[j]);
        }
    }
    g_hash_table_destroy(seen);
    return left;
}

static void retire_unasked(struct ld_core *core, const GPtrArray *left, struct ld_actions *actions)
{
    for (guint i = 0; i < left->len; i++) {
        struct ld_question *question = left->pdata[i];

        if (question->askers->len == 0)
            retire(core, question, actions);
    }
}

static void schedule_fresh(struct ld_core *core, const GPtrArray *fresh, uint64_t now_ns)
{
    for (guint i = 0; i < fresh->len; i++) {
        struct ld_question *question = fresh->pdata[i];
        uint64_t window = MIN(fresh->len * FIRST_GAP_NS, question->interval_ns / 2);

        ld_schedule_add(&core->schedule, question, now_ns, window);
    }
}

void ld_core_claim(struct ld_core *core, bool leaving)
{
    for (guint i = 0; i < core->model->slot_count; i++) {
        const struct ld_service *service = core->model->slots[i]->service;

        if (leaving && !service->cleanstop)
            g_hash_table_remove(core->ours, &service->id);
        else if (!core->stopped)
            g_hash_table_add(core->ours, g_memdup2(&service->id, sizeof(service->id)));
    }
}

static void let_go(struct ld_core *core, const struct ld_model *old, const struct ld_model *model,
                   const struct ld_table *actual, uint64_t now_ns, struct ld_actions *actions)
{
    unsigned too_many = ld_leaving_reload(core->leaving, old, model, actual, now_ns);

    if (too_many > 0)
        ld_log(actions, LOG_WARNING, "%d servers that left the file are draining already: %u others "
               "are removed at once", LD_LEAVING_MAX, too_many);
}

/* Whether the slot has the very servers of the service, each once. */
static bool same_servers(const struct ld_model *model, struct ld_slot *slot,
                         const struct ld_service *service)
{
    GHashTable *found;
    bool same = true;

    if (slot->count != service->reals->len ||
        !ld_fallback_equal(&slot->service->fallback, &service->fallback))
        return false;
    found = g_hash_table_new(NULL, NULL);
    for (guint i = 0; same && i < service->reals->len; i++) {
        const struct ld_real *real = service->reals->pdata[i];
        struct ld_server *server = ld_model_server(model, slot, &real->addr,
                                                   ld_dest_port(service, real->method, real->port));

        same = server && g_hash_table_add(found, server);
    }
    g_hash_table_destroy(found);
    return same;
}

/* ids: a set of them, owned. */
static void add_id(gpointer id, gpointer value, gpointer ids)
{
    (void)value;
    if (!g_hash_table_contains(ids, id))
        g_hash_table_add(ids, g_memdup2(id, sizeof(struct ld_service_id)));
}

static void take_id(gpointer id, gpointer value, gpointer list)
{
    (void)value;
    g_ptr_array_add(list, id);
}

void ld_core_unlike(const struct ld_core *core, const struct ld_config *config,
                    struct ld_portion *out)
{
    GHashTable *alike = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    GHashTable *unlike = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);

    for (guint i = 0; i < config->services->len; i++) {
        struct ld_service *service = config->services->pdata[i];
        struct ld_slot *slot = core->model ? ld_model_slot(core->model, &service->id) : NULL;

        if (slot && (ld_service_alike(slot->service, service) ||
                     same_servers(core->model, slot, service)))
            g_hash_table_add(alike, &service->id);
        else
            add_id(&service->id, NULL, unlike);
    }
    for (guint i = 0; core->model && i < core->model->slot_count; i++)
        if (!g_hash_table_contains(alike, &core->model->slots[i]->service->id))
            add_id((gpointer)&core->model->slots[i]->service->id, NULL, unlike);
    ld_leaving_services(core->leaving, add_id, unlike);
    ld_portion_init(out);
    g_hash_table_foreach(unlike, take_id, out->ids);
    g_hash_table_destroy(unlike);
    g_hash_table_destroy(alike);
}

/* before: what was wanted of those services that have changed or gone, and of those with leavers. */
static void touch_what_changed(struct ld_core *core, const struct ld_table *before)
{
    struct ld_portion portion = {.ids = g_ptr_array_new()};

    for (guint i = 0; i < before->services->len; i++)
        g_ptr_array_add(portion.ids, &((struct ld_vs *)before->services->pdata[i])->id);
    for (guint i = 0; i < core->model->slot_count; i++) {
        const struct ld_slot *slot = core->model->slots[i];

        if (!slot->stayed && !ld_table_find(before, &slot->service->id))
            g_ptr_array_add(portion.ids, (gpointer)&slot->service->id);
    }
    ld_core_touch_difference(core, before, &portion);
    g_ptr_array_free(portion.ids, TRUE);
}

static void join_those_who_came(struct ld_core *core, struct ld_model *model, GPtrArray *fresh)
{
    for (guint i = 0; i < model->server_count; i++)
        if (!model->servers[i]->slot->stayed)
            join_questions(core, model->servers[i], fresh);
}

void ld_core_load(struct ld_core *core, const struct ld_table *actual, uint64_t now_ns,
                  struct ld_actions *actions)
{
    struct ld_model *old = core->model, *model = ld_model_succeed(old, core->config);
    struct ld_table *before = ld_core_wanted(core, NULL);
    GPtrArray *left = leave_questions(old), *fresh = g_ptr_array_new();

    for (guint i = 0; i < model->slot_count; i++)
        model->slots[i]->as_of_ns = now_ns;
    join_those_who_came(core, model, fresh);
    start_servers(model, old, core->standby ? NULL : actual, now_ns);
    ld_maintain(model, core->maintenance, now_ns, actions);
    ld_fallback_inherit(model, old);
    ld_wishes_apply(&core->wishes, model);
    judge_slots(model, old);
    let_go(core, old, model, core->standby ? NULL : actual, now_ns, actions);
    schedule_fresh(core, fresh, now_ns);
    retire_unasked(core, left, actions);
    core->model = model;
    ld_core_claim(core, core->standby);
    if (old && !core->standby)
        touch_what_changed(core, before);
    ld_core_due_all(core, LD_DUE_ALL);
    core->change_at_ns = now_ns;
    ld_core_begin_telling(core, core->standby ? 0 : old ? LD_RELOADING : LD_STARTING);
    ld_alerts_reloaded(core->alerts);
    g_ptr_array_free(left, TRUE);
    g_ptr_array_free(fresh, TRUE);
    ld_table_free(before);
    ld_model_free(old);
}

void ld_core_unask(struct ld_core *core, struct ld_actions *actions)
{
    GPtrArray *all = g_ptr_array_new();
    GHashTableIter iter;
    gpointer question;

    g_hash_table_iter_init(&iter, core->questions);
    while (g_hash_table_iter_next(&iter, &question, NULL)) {
        g_ptr_array_set_size(((struct ld_question *)question)->askers, 0);
        g_ptr_array_add(all, question);
    }
    retire_unasked(core, all, actions);
    g_ptr_array_free(all, TRUE);
}
