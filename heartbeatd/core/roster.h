/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of nodes as operators change it while the cluster runs. It begins as
 * ha.cf has it, and a restart begins with ha.cf again.
 */
#ifndef HB_CORE_ROSTER_H
#define HB_CORE_ROSTER_H

#include <glib.h>

#define HB_SITE_MAX 99 /* bytes */

struct hb_roster {
    GPtrArray *names;   /* of nodes that ha.cf does not have; they live as long as the core */
    GPtrArray *coming;  /* names to be added at the end of the step */
    GPtrArray *going;   /* names to be deleted then */
    GPtrArray *deleted; /* names that were */
};

#endif
