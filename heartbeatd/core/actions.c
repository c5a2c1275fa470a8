/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of actions: made, filled, emptied.
 */
#include "heartbeatd/core/actions.h"

#include <stdarg.h>

void hb_actions_init(struct hb_actions *actions)
{
    actions->list = g_array_new(FALSE, TRUE, sizeof(struct hb_action));
}

void hb_actions_reset(struct hb_actions *actions)
{
    for (guint i = 0; i < actions->list->len; i++) {
        struct hb_action *action = &g_array_index(actions->list, struct hb_action, i);

        hb_msg_unref(action->msg);
        g_free(action->text);
    }
    g_array_set_size(actions->list, 0);
}

void hb_actions_clear(struct hb_actions *actions)
{
    hb_actions_reset(actions);
    g_array_unref(actions->list);
    actions->list = NULL;
}

struct hb_action *hb_actions_add(struct hb_actions *actions, enum hb_action_kind kind)
{
    struct hb_action *action;

    g_array_set_size(actions->list, actions->list->len + 1);
    action = &g_array_index(actions->list, struct hb_action, actions->list->len - 1);
    action->kind = kind;
    return action;
}

void hb_actions_send(struct hb_actions *actions, struct hb_msg *msg)
{
    hb_actions_add(actions, HB_ACT_SEND)->msg = hb_msg_ref(msg);
}

void hb_actions_send_on(struct hb_actions *actions, struct hb_msg *msg, const char *link)
{
    struct hb_action *action = hb_actions_add(actions, HB_ACT_SEND);

    action->msg = hb_msg_ref(msg);
    action->link = link;
}

void hb_actions_node(struct hb_actions *actions, size_t node, enum hb_status status,
                     const struct hb_msg *msg)
{
    struct hb_action *action = hb_actions_add(actions, HB_ACT_NODE);

    action->node = node;
    action->status = status;
    if (msg != NULL)
        action->msg = hb_msg_ref((struct hb_msg *)msg);
}

void hb_actions_link(struct hb_actions *actions, size_t node, const char *link, bool up)
{
    struct hb_action *action = hb_actions_add(actions, HB_ACT_LINK);

    action->node = node;
    action->link = link;
    action->up = up;
}

void hb_actions_log(struct hb_actions *actions, int level, const char *format, ...)
{
    struct hb_action *action = hb_actions_add(actions, HB_ACT_LOG);
    va_list args;

    action->level = level;
    va_start(args, format);
    action->text = g_strdup_vprintf(format, args);
    va_end(args);
}
