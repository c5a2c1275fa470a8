/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Native addresses as resources: started, stopped, asked for, a range in one
 * batch; from start to stop they are announced (announce.h), kept where they
 * are (held.h) and noted for the guardian (guard_table.h).
 */
#ifndef HB_ACT_NATIVES_H
#define HB_ACT_NATIVES_H

#include "heartbeatd/act/address_spec.h"
#include "heartbeatd/act/held.h"
#include "heartbeatd/core/core.h"

struct hb_natives;
/* rundir: where addresses of real servers are noted (hidden.h). 0 or negative errno. */
int hb_natives_new(struct hb_natives **out, struct ha_loop *loop, const char *rundir,
                   hb_held_lost_fn lost, void *ctx);
void hb_natives_free(struct hb_natives *natives);

/* The addresses of op's range, of struct hb_address_spec; what cannot be read goes into why. */
GArray *hb_natives_read(const struct hb_group *group, const struct hb_action *op, GString *why);
/* Within the call. why: a sentence per address that could not be had. */
enum hb_op_result hb_natives_run(struct hb_natives *natives, const GArray *specs, enum hb_op op,
                                 GString *why);

/* Asks for them for a while, so that it is known in time whether another answers (probe.h). */
void hb_natives_probe(struct hb_natives *natives, const GArray *specs);
/* Does another answer for one of them, as far as is known without waiting? why: which, and who. Asks
 * on. */
bool hb_natives_contested(struct hb_natives *natives, const GArray *specs, GString *why);

/* Has this machine, since natives are there, had an address where a real server has it (address.h)? look:
 * and has it one now? */
bool hb_natives_real_server(struct hb_natives *natives, bool look);

void hb_natives_guard(struct hb_natives *natives, struct hb_guard_table *guard);
void hb_natives_taken_off(struct hb_natives *natives);
const struct hb_announce *hb_natives_announce(const struct hb_natives *natives);
struct hb_held *hb_natives_held(const struct hb_natives *natives);

#endif
