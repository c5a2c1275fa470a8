/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The paths that configure has chosen (agents.h). */
#include "heartbeatd/act/agents.h"

static const struct hb_act_paths installed = {
    .hadir = HA_HADIR, .initdir = HA_INITDIR, .rundir = HB_ACT_RUNDIR,
    .ldirectord = HA_SBINDIR "/ldirectord", .piddir = HA_RUNDIR};

const struct hb_act_paths *hb_act_installed(void)
{
    return &installed;
}
