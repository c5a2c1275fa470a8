/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What should be ready here for groups that are not, or not yet, held here
 * (doc/states.md, "Warm"). Decides nothing about who holds a group.
 */
#include "heartbeatd/core/state.h"

enum hb_warmth hb_core_warm(const struct hb_core *core, size_t group)
{
    bool settling = core->inherited && core->stage < HB_STAGE_STABLE;

    if (core->finished || group >= core->group_count ||
        (core->stage != HB_STAGE_STABLE && !settling))
        return HB_WARM_OFF;
    return hb_group_claimed(&core->groups[group].run) ? HB_WARM_IN_USE : HB_WARM_READY;
}
