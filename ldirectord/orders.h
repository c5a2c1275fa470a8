/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders to a running instance (common/run/director.h): the daemon's ear, and the command's mouth. */
#ifndef LD_ORDERS_H
#define LD_ORDERS_H

#include "common/run/control.h"
#include "ldirectord/ldirectord.h"

/* *director is looked at when an order comes. 0 or negative errno. */
int ld_orders_listen(struct ha_control **out, struct ha_loop *loop, const char *instance,
                     struct ld_director **director);

/* 0, the exit status that the instance answered, or negative errno: -ECONNREFUSED where it does
 * not listen (not one of ours). Waits for an answer, as long as a long table may take. */
int ld_orders_give(const char *instance, const char *word, GString *answer);
/* The same for an order of several words, NULL-terminated. */
int ld_orders_say(const char *instance, char *const *words, GString *answer);
/* All that the instance can tell of itself, as text or json, instead of what out held. 0 or negative
 * errno. */
int ld_orders_report(const char *instance, const char *form, GString *out);
/* 0, or negative errno: -ETIMEDOUT: not within a moment. */
int ld_orders_state(const char *instance, struct ha_director_state *out);

#endif
