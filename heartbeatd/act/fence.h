/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the devices that switch nodes off (HB_ACT_FENCE): cluster-glue's command
 * `stonith -t TYPE -F PARAMETERS -T reset NODE`, and fence_* agents, which read
 * key=value lines. Parameters, passwords among them, travel on the standard
 * input and stand in no command line. Decides nothing and tries nothing twice.
 */
#ifndef HB_ACT_FENCE_H
#define HB_ACT_FENCE_H

#include "common/conf/diag.h"
#include "common/run/loop.h"
#include "heartbeatd/core/core.h"

struct hb_fencer;

typedef void (*hb_fencer_fn)(void *ctx, uint32_t op_id, enum hb_fence_result result,
                             const char *detail);

struct hb_fencer *hb_fencer_new(struct ha_loop *loop, hb_fencer_fn fn, void *ctx);
void hb_fencer_free(struct hb_fencer *fencer);
/* Switches `node` off by op->device. One answer, later, unless hb_fencer_end() comes first. */
void hb_fencer_run(struct hb_fencer *fencer, const struct hb_action *op, const char *node);
void hb_fencer_end(struct hb_fencer *fencer, uint32_t op_id);

/* Tells of each device whose program, or whose file of parameters, is not there. */
void hb_fence_verify(const struct hb_config *config, enum ha_severity severity, struct ha_diags *diags);

/* Is that, word for word, how one of the configuration's devices would be run for some node? */
bool hb_fence_allows(const struct hb_config *config, const char *path, char *const *argv,
                     const char *input);

#endif
