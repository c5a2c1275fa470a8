/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table in portions: what of it is due, what is wanted of a portion, and
 * what follows once it was written. What the kernel refuses comes again; what
 * stands is remembered, so that another hand's changes can be told from ours.
 */
#include "common/base/time.h"
#include "ldirectord/core/alert.h"
#include "ldirectord/core/core_inside.h"
#include "ldirectord/core/drift.h"
#include "ldirectord/core/leaving.h"

/* Operations that the kernel refused are tried again after 1, 2, 4 … 300 s. */
#define RETRY_FIRST_NS (1 * HA_NS_PER_S)
#define RETRY_LAST_NS  (300 * HA_NS_PER_S)

/* ---- what is due ---- */

static void due(struct ld_core *core, enum ld_due_kind kind, const struct ld_service_id *id)
{
    if (kind != LD_DUE_LOOK || !g_hash_table_contains(core->refused, id))
        ld_due_add(core->due, kind, id);
}

void ld_core_due_all(struct ld_core *core, enum ld_due_kind kind)
{
    GHashTableIter iter;
    gpointer id;

    for (guint i = 0; i < core->model->slot_count; i++)
        due(core, kind, &core->model->slots[i]->service->id);
    g_hash_table_iter_init(&iter, core->ours);
    while (g_hash_table_iter_next(&iter, &id, NULL))
        due(core, kind, id);
}

void ld_core_touch(struct ld_core *core, const struct ld_slot *slot)
{
    if (!core->standby && !core->stopped)
        ld_due_add(core->due, LD_DUE_CHANGED, &slot->service->id);
}

void ld_core_touch_difference(struct ld_core *core, const struct ld_table *before,
                              const struct ld_portion *portion)
{
    struct ld_table *after = ld_core_wanted(core, portion);
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));

    ld_table_diff(before, after, core->ours, ops);
    for (guint i = 0; i < ops->len; i++)
        ld_due_add(core->due, LD_DUE_CHANGED, &g_array_index(ops, struct ld_op, i).vs->id);
    g_array_free(ops, TRUE);
    ld_table_free(after);
}

void ld_core_retry(struct ld_core *core, uint64_t now_ns)
{
    GHashTableIter iter;
    gpointer id;

    if (core->retry_at_ns > now_ns || core->stopped)
        return;
    core->retry_at_ns = HA_NEVER;
    g_hash_table_iter_init(&iter, core->refused);
    while (g_hash_table_iter_next(&iter, &id, NULL))
        ld_due_add(core->due, LD_DUE_CHANGED, id);
}

/* ---- a portion ---- */

/* Whether all that is configured is in it: then the table is read, and wanted, whole. */
static bool is_whole(const struct ld_core *core, const struct ld_portion *portion)
{
    guint known = 0;

    for (guint i = 0; core->model && i < portion->ids->len; i++)
        known += ld_model_slot(core->model, portion->ids->pdata[i]) != NULL;
    return core->model && known == core->model->slot_count;
}

const struct ld_portion *ld_core_portion(struct ld_core *core, unsigned max)
{
    ld_portion_clear(&core->portion);
    ld_due_take(core->due, max, &core->portion);
    core->portion.whole = is_whole(core, &core->portion);
    for (guint i = 0; i < core->portion.ids->len; i++) {
        struct ld_slot *slot =
            core->model ? ld_model_slot(core->model, core->portion.ids->pdata[i]) : NULL;

        g_hash_table_remove(core->refused, core->portion.ids->pdata[i]);
        if (slot)
            slot->as_of_ns = core->as_of_ns;
    }
    return &core->portion;
}

struct ld_table *ld_core_wanted(const struct ld_core *core, const struct ld_portion *portion)
{
    struct ld_table *wanted;

    if (!core->model || core->stopped || core->standby)
        return ld_table_new();
    wanted = ld_wanted(core->model, portion);
    ld_leaving_place(core->leaving, portion, wanted);
    return wanted;
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

static void refuse(struct ld_core *core, const struct ld_service_id *id)
{
    if (!g_hash_table_contains(core->refused, id))
        g_hash_table_add(core->refused, g_memdup2(id, sizeof(*id)));
}

void ld_core_op_refused(struct ld_core *core, const struct ld_op *op)
{
    refuse(core, &op->vs->id);
}

/* ---- it was written ---- */

/* Servers that drain and have been seen at weight 0 without a connection need not wait longer. */
static void end_drains(struct ld_core *core, const struct ld_table *actual, uint64_t now_ns)
{
    for (guint i = 0; i < actual->services->len; i++) {
        const struct ld_vs *vs = actual->services->pdata[i];
        struct ld_slot *slot = ld_model_slot(core->model, &vs->id);

        for (guint j = 0; slot && j < vs->dests->len; j++) {
            const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);
            bool idle = dest->counted && dest->connections == 0 && dest->weight == 0;
            struct ld_server *server =
                idle ? ld_model_server(core->model, slot, &dest->addr, dest->port) : NULL;

            if (server && ld_server_drains(server, now_ns)) {
                server->course.drained_ns = 0;
                ld_core_touch(core, slot);
            }
        }
    }
}

/* The service stands as wanted; in standby, and if it is configured no more, it stands no more. */
static void settle(struct ld_core *core, const struct ld_service_id *id)
{
    struct ld_slot *slot = ld_model_slot(core->model, id);

    if (core->standby || (!slot && !ld_leaving_has(core->leaving, id)))
        g_hash_table_remove(core->ours, id);
    for (guint i = 0; slot && i < slot->count; i++) {
        slot->servers[i].placed = !core->standby;
        slot->servers[i].written = 0;
    }
}

static void note_retry(struct ld_core *core, uint64_t now_ns)
{
    if (g_hash_table_size(core->refused) == 0) {
        core->retry_at_ns = HA_NEVER;
        core->retry_after_ns = 0;
    } else if (core->retry_at_ns == HA_NEVER) {
        core->retry_after_ns = CLAMP(core->retry_after_ns * 2, RETRY_FIRST_NS, RETRY_LAST_NS);
        core->retry_at_ns = ha_after_ns(now_ns, core->retry_after_ns);
    }
}

static void settle_portion(struct ld_core *core, const struct ld_event *event)
{
    const struct ld_portion *portion = &core->portion;

    for (guint i = 0; i < portion->ids->len; i++) {
        const struct ld_service_id *id = portion->ids->pdata[i];
        const struct ld_vs *vs;

        if (!event->actual || !event->wanted)
            refuse(core, id);
        if (g_hash_table_contains(core->refused, id))
            continue;
        settle(core, id);
        vs = ld_table_find(event->wanted, id);
        if (vs)
            ld_drift_stands(core->model, vs);
    }
}

void ld_core_on_applied(struct ld_core *core, uint64_t now_ns, const struct ld_event *event)
{
    if (!ld_due_any(core->due))
        ld_alerts_writing(core->alerts, false);
    if (!core->model || core->stopped || !core->portion.ids)
        return;
    if (core->standby && !ld_due_any(core->due))
        ld_alerts_begin(core->alerts, 0, 0);
    settle_portion(core, event);
    note_retry(core, now_ns);
    if (event->actual && !core->standby) {
        end_drains(core, event->actual, now_ns);
        ld_leaving_look(core->leaving, &core->portion, event->actual, core->due);
    }
    ld_portion_clear(&core->portion);
}
