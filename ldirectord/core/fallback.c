/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fallback command: "start" when a service has no server left, "stop" when
 * it has one again, each once. At first it is run when it is known which: with
 * the first server that is up, or when each was asked and none is. Runs nothing
 * itself.
 */
#include <string.h>

#include "ldirectord/core/model.h"

static bool all_asked(struct ld_slot *slot)
{
    while (slot->asked < slot->count &&
           (slot->servers[slot->asked].health.verdict != LD_UNKNOWN ||
            slot->servers[slot->asked].maintained))
        slot->asked++;
    return slot->asked == slot->count;
}

static void run(const struct ld_slot *slot, struct ld_actions *actions)
{
    const struct ld_service *service = slot->service;
    char *id = ld_service_id_short(&service->id);
    struct ld_action action = {.kind = LD_ACT_RUN};

    action.key = ld_service_id_text(&service->id);
    action.text = g_strdup_printf("%s %s %s %s", service->fallbackcommand,
                                  slot->fallback_ran == LD_RAN_START ? "start" : "stop", id,
                                  ld_protocol_name(service->id.protocol));
    g_array_append_val(actions->list, action);
    g_free(id);
}

void ld_fallback_consider(struct ld_slot *slot, struct ld_actions *actions)
{
    enum ld_ran wanted = ld_nobody_serves(slot) ? LD_RAN_START : LD_RAN_STOP;

    if (!slot->service->fallbackcommand || slot->service->checktype == LD_CHECK_OFF ||
        slot->fallback_ran == wanted)
        return;
    if (wanted == LD_RAN_START && slot->fallback_ran == LD_RAN_NOTHING && !all_asked(slot))
        return;
    slot->fallback_ran = wanted;
    run(slot, actions);
}

void ld_fallback_consider_all(struct ld_model *model, struct ld_actions *actions)
{
    for (guint i = 0; i < model->slot_count; i++)
        ld_fallback_consider(model->slots[i], actions);
}

void ld_fallback_forget(struct ld_model *model)
{
    for (guint i = 0; i < model->slot_count; i++)
        model->slots[i]->fallback_ran = LD_RAN_NOTHING;
}

void ld_fallback_inherit(struct ld_model *model, const struct ld_model *old)
{
    for (guint i = 0; old && i < model->slot_count; i++) {
        struct ld_slot *slot = model->slots[i];
        const struct ld_slot *before = ld_model_slot(old, &slot->service->id);

        if (before && g_strcmp0(before->service->fallbackcommand,
                                slot->service->fallbackcommand) == 0)
            slot->fallback_ran = before->fallback_ran;
    }
}
