/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs of respawn and failfast lines: started as their user when the
 * node is active, started again by the rule of core/program.h, ended one after
 * the other, the last one first. A program also ends when the daemon dies.
 */
#ifndef HB_RESPAWN_H
#define HB_RESPAWN_H

#include "common/conf/diag.h"
#include "common/run/loop.h"
#include "heartbeatd/core/config.h"

struct hb_respawn;

/* Does each user exist, and is there something to execute? A diagnostic for each that is not. */
void hb_respawn_check(const struct hb_config *config, struct ha_diags *diags);

/* before_start comes right before each start of a program. config outlives it. */
struct hb_respawn *hb_respawn_new(struct ha_loop *loop, const struct hb_config *config,
                                  char **environment, void (*before_start)(void *ctx), void *ctx);
/* What still runs is ended: SIGTERM, and SIGKILL a moment later. */
void hb_respawn_free(struct hb_respawn *respawn);
/* All of them, in the order of ha.cf. */
void hb_respawn_start(struct hb_respawn *respawn);
/* done comes once all have ended, at once if none runs. */
void hb_respawn_stop(struct hb_respawn *respawn, void (*done)(void *ctx));
bool hb_respawn_any(const struct hb_respawn *respawn);

#endif
