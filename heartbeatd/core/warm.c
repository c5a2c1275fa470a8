/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What should be ready here for groups that are not, or not yet, held here, and
 * whether it is (doc/states.md, "Warm"). Decides nothing about who holds a
 * group; that its home is not ready keeps others from giving it back (standby.c).
 */
#include "heartbeatd/core/state.h"

enum hb_warmth hb_core_warm(const struct hb_core *core, size_t group)
{
    bool settling = core->inherited && core->stage < HB_STAGE_STABLE;

    if (core->finished || group >= core->group_count ||
        (core->stage != HB_STAGE_STABLE && !settling))
        return HB_WARM_OFF;
    if (hb_group_claimed(&core->groups[group].run))
        return HB_WARM_IN_USE;
    return hb_standby_brings(core, group) ? HB_WARM_COMING : HB_WARM_READY;
}

void hb_warm_event(struct hb_core *core, const struct hb_event *event)
{
    size_t group;

    hb_reload_run(core, event->group, &group);
    if (group < core->group_count)
        core->groups[group].ready = event->ready;
}

bool hb_warm_not_ready(const struct hb_owned *owned)
{
    return owned->ready == HB_READY_NOT;
}
