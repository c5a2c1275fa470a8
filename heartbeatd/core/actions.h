/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the parts of the core append to the list of actions. The list itself is
 * declared in core.h, for those who carry the actions out.
 */
#ifndef HB_CORE_ACTIONS_H
#define HB_CORE_ACTIONS_H

#include "heartbeatd/core/core.h"

/* A new action of that kind at the end of the list, the rest zero; good until the next one. */
struct hb_action *hb_actions_add(struct hb_actions *actions, enum hb_action_kind kind);
/* Takes its own reference. */
void hb_actions_send(struct hb_actions *actions, struct hb_msg *msg);
/* The same, on one ping line only. */
void hb_actions_send_on(struct hb_actions *actions, struct hb_msg *msg, const char *link);
/* Takes its own reference of msg, which may be NULL. */
void hb_actions_node(struct hb_actions *actions, size_t node, enum hb_status status,
                     const struct hb_msg *msg);
void hb_actions_link(struct hb_actions *actions, size_t node, const char *link, bool up);
void hb_actions_log(struct hb_actions *actions, int level, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif
