/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between core.c and what is told beside the log: when a phase begins and
 * ends, and who is not asked because of maintenance. Draws no conclusions about
 * health.
 */
#include "ldirectord/core/alert.h"
#include "ldirectord/core/core_inside.h"

void ld_core_begin_telling(struct ld_core *core, unsigned phase)
{
    GHashTableIter iter;
    gpointer question;
    unsigned unanswered = 0;

    g_hash_table_iter_init(&iter, core->questions);
    while (g_hash_table_iter_next(&iter, NULL, &question))
        unanswered += !((struct ld_question *)question)->answered;
    ld_alerts_begin(core->alerts, phase, unanswered);
}

void ld_core_answered(struct ld_core *core, struct ld_question *question)
{
    if (!question->answered)
        ld_alerts_answered(core->alerts);
    question->answered = true;
}

bool ld_core_rest(struct ld_core *core, struct ld_question *question, uint64_t now_ns,
                  struct ld_actions *actions)
{
    if (!ld_question_rests(question))
        return false;
    ld_question_rested(question, actions);
    ld_core_answered(core, question);
    ld_schedule_answer(&core->schedule, question->check_id, now_ns);
    return true;
}

void ld_core_on_maintenance(struct ld_core *core, uint64_t now_ns,
                            const struct ld_maintenance *maintenance, struct ld_actions *actions)
{
    core->maintenance = maintenance;
    if (!core->model || core->stopped)
        return;
    if (!ld_maintain(core->model, maintenance, now_ns, actions))
        return;
    for (guint i = 0; i < core->model->slot_count; i++) {
        struct ld_slot *slot = core->model->slots[i];

        if (slot->touched)
            ld_core_touch(core, slot);
        slot->touched = false;
    }
    core->change_at_ns = now_ns; /* drains and slow starts begin */
}

void ld_core_told(struct ld_core *core, const struct ld_event *event, struct ld_actions *actions)
{
    bool active = core->model && !core->stopped && !core->standby;
    bool due = ld_due_any(core->due);

    if (due)
        ld_alerts_writing(core->alerts, true);
    if (due && active && event->kind != LD_EV_VERDICT)
        ld_fallback_consider_all(core->model, actions);
    if (active)
        ld_alerts_due(core->alerts, core->model, actions);
    ld_alerts_settle(core->alerts);
}

unsigned ld_core_phase(const struct ld_core *core)
{
    return ld_alerts_phase(core->alerts);
}
