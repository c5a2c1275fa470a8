/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rest of act.h, for its tests: the same with other paths, and what is announced and held. */
#ifndef HB_ACT_ACT_INSIDE_H
#define HB_ACT_ACT_INSIDE_H

#include "heartbeatd/act/act.h"
#include "heartbeatd/act/agents.h"
#include "heartbeatd/act/announce.h"
#include "heartbeatd/act/held.h"

int hb_act_new_at(struct hb_act **out, const struct hb_act_paths *paths, struct ha_loop *loop,
                  const struct hb_config *config, struct hb_haresources *resources,
                  const char *node, hb_act_fn fn, void *ctx);
void hb_act_verify_at(const struct hb_act_paths *paths, struct hb_haresources *resources,
                      bool addresses, enum ha_severity severity, struct ha_diags *diags);
const struct hb_announce *hb_act_announce(const struct hb_act *act);
/* hb_natives_real_server() (natives.h). */
bool hb_act_real_server(struct hb_act *act, bool look);
struct hb_held *hb_act_held(const struct hb_act *act);

#endif
