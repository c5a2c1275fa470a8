/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of actions, and what its entries own. Decides nothing. */
#include "ldirectord/core/core_inside.h"

void ld_mail_free(struct ld_mail *mail)
{
    if (!mail)
        return;
    g_free(mail->to);
    g_free(mail->from);
    g_free(mail->smtp);
    g_free(mail->subject);
    g_free(mail->body);
    g_free(mail);
}

void ld_actions_init(struct ld_actions *actions)
{
    actions->list = g_array_new(FALSE, TRUE, sizeof(struct ld_action));
}

void ld_actions_reset(struct ld_actions *actions)
{
    for (guint i = 0; i < actions->list->len; i++) {
        struct ld_action *action = &g_array_index(actions->list, struct ld_action, i);

        g_free(action->text);
        g_free(action->key);
        ld_mail_free(action->mail);
    }
    g_array_set_size(actions->list, 0);
}

void ld_actions_clear(struct ld_actions *actions)
{
    if (!actions->list)
        return;
    ld_actions_reset(actions);
    g_array_free(actions->list, TRUE);
    actions->list = NULL;
}

void ld_act(struct ld_actions *actions, enum ld_action_kind kind, uint32_t check_id,
            const struct ld_probe *probe)
{
    struct ld_action action = {.kind = kind, .check_id = check_id, .probe = probe};

    g_array_append_val(actions->list, action);
}
