/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What loop.c shares with child.c and nobody else: children belong to a loop
 * and end with it. */
#ifndef HA_RUN_LOOP_INSIDE_H
#define HA_RUN_LOOP_INSIDE_H

#include <glib.h>

#include "common/run/loop.h"

struct ha_child_elsewhere;
struct ha_loop_children {
    GQueue living; /* of struct ha_child *, every one not yet reaped or still drained */
    unsigned unreaped;
    unsigned drained;
    void (*end_all)(struct ha_loop *loop); /* set with the first child */
    const struct ha_child_elsewhere *elsewhere; /* NULL: they are our own */
    uint32_t numbered;
};

struct ha_loop_children *ha_loop_children(struct ha_loop *loop);

#endif
