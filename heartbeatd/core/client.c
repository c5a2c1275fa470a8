/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the core does for programs that are clients of the daemon (doc/protocol.md,
 * "The interface for programs"): lets them hear what is said in the cluster, sorted
 * by how much it is worth. What they say themselves is inject.c's. Knows no client:
 * who may say or hear what is heartbeatd/api's business.
 */
#include <string.h>

#include "heartbeatd/core/state.h"

/* How nodes talk to each other, and of no use to anybody else. */
static const char *const inner[] = {"reqnodes", "repnodes"};

static bool is_one_of(const char *type, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(type, list[i]) == 0)
            return true;
    }
    return false;
}

void hb_core_listen(struct hb_core *core, bool listening)
{
    core->listening = listening;
}

static enum hb_heard worth(struct hb_node *node, const char *type)
{
    bool changed;

    if (strcmp(type, "status") == 0) {
        changed = node->heard != node->status;
        node->heard = node->status;
        return changed ? HB_HEARD_NEWS : HB_HEARD_SAME;
    }
    if (strcmp(type, "query-cstatus") == 0)
        return HB_HEARD_API;
    if (strncmp(type, "NS_", 3) == 0 || is_one_of(type, inner, G_N_ELEMENTS(inner)))
        return HB_HEARD_INNER;
    return HB_HEARD_NEWS;
}

void hb_client_hears(struct hb_core *core, struct hb_node *node, const struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t");
    enum hb_heard heard = worth(node, type);
    /* The daemon itself may have asked. */
    bool wanted = heard == HB_HEARD_API || strcmp(type, "respond-cstatus") == 0;
    struct hb_action *action;

    if (!core->listening && !wanted)
        return;
    action = hb_actions_add(core->out, HB_ACT_TELL);
    action->msg = hb_msg_ref((struct hb_msg *)msg);
    action->heard = heard;
}

void hb_client_hears_own(struct hb_core *core, const struct hb_msg *msg)
{
    struct hb_node *self = &core->nodes[core->self];
    const char *dest = hb_msg_text(msg, "dest");

    if (dest == NULL || g_ascii_strcasecmp(dest, self->name) == 0)
        hb_client_hears(core, self, msg);
}

/* Others shall be patient while a program of ours is being started. */
void hb_client_starts(struct hb_core *core)
{
    core->patience = true;
    hb_member_send_status(core);
    core->patience = false;
}
