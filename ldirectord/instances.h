/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other instances that a configuration names with execute, as the command
 * line sees them. The daemon starts and stops them (act/act.h).
 */
#ifndef LD_INSTANCES_H
#define LD_INSTANCES_H

#include <glib.h>

/* Has each say its own status, one after the other, on our terminal. Those that name each other
 * are not asked for ever. */
void ld_instances_status(const GPtrArray *execute);

#endif
