/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket of ours towards a check's server: how it begins, and what became of it. */
#ifndef LD_CHECK_DIAL_H
#define LD_CHECK_DIAL_H

#include "ldirectord/check/check_inside.h"

/* Begins to connect a socket of this type (SOCK_STREAM …) to address and port of the check's probe,
 * and watches it. 0, or negative errno and nothing is left open. ha_watch_close() ends it. */
int ld_dial(struct ld_check *check, int type, struct ha_watch *watch, uint32_t events,
            ha_watch_fn fn, void *ctx);
/* At its first event: 0, it stands; else the errno why not. */
int ld_dial_error(const struct ha_watch *watch, uint32_t events);

#endif
