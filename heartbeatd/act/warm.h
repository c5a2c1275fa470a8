/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord, kept warm: where haresources names `ldirectord::FILE` it runs on
 * every node, in standby where its group is not held. A takeover is then an
 * order over its control socket (common/run/director.h): no process is started,
 * and no server is unchecked.
 *
 * The plain resource script does it all instead where an administrator has put
 * his own ldirectord into resource.d, or where the daemon cannot be reached.
 */
#ifndef HB_ACT_WARM_H
#define HB_ACT_WARM_H

#include <sys/types.h>

#include "heartbeatd/act/agents.h"

struct hb_warm;

/* Of all that is kept warm for the group together: ready is what has checked all its servers. */
typedef void (*hb_warm_ready_fn)(void *ctx, unsigned group, enum hb_ready ready);

/* NULL: there is nothing to keep warm. paths' texts and environment must outlive it. Groups are known
 * by their numbers, as actions have them: at the start their indices. */
struct hb_warm *hb_warm_new(struct ha_loop *loop, const struct hb_act_paths *paths,
                            char *const *environment, const struct hb_haresources *resources);
/* Another haresources, numbers[i] being the number of its group i. What is new is kept warm; what is in
 * no group any more is not wanted, and ended when no group has it started. */
void hb_warm_renew(struct hb_warm *warm, const struct hb_haresources *resources,
                   const unsigned *numbers);
void hb_warm_set_environment(struct hb_warm *warm, char *const *environment);
/* What runs is left as it is. */
void hb_warm_free(struct hb_warm *warm);

/* Told from the loop of each group, and from now on when it changes; fn may free warm. Not ready lasts
 * 30 s at most from when it is wanted: what cannot be started, or never comes to an end with its checks,
 * is not waited for. */
void hb_warm_on_ready(struct hb_warm *warm, hb_warm_ready_fn fn, void *ctx);

/* What the core wants for a group now. READY, COMING and IN_USE: it runs, is watched, and started again,
 * ever more seldom, when it ends. COMING: it is active already, so that its start has nothing to do.
 * OFF after one of them: it is stopped, unless a group holds it; then the stop of that group stops it.
 * OFF from the start changes nothing. */
void hb_warm_wish(struct hb_warm *warm, unsigned group, enum hb_warmth wish);

/* Both may be NULL. */
bool hb_warm_knows(const struct hb_warm *warm, const struct hb_resource *resource);

/* What is known of it without asking: "active", "in standby", "not running"; *pid 0 then. NULL: it is
 * not kept warm. */
const char *hb_warm_state(const struct hb_warm *warm, const struct hb_resource *resource, pid_t *pid);

/* A stop need not wait for the standby: a table without addresses harms nobody. Else, and at first, it
 * does. */
void hb_warm_linger(struct hb_warm *warm, bool may);

/* reached false: it cannot be done here, the script must do it. detail may be NULL. */
typedef void (*hb_warm_fn)(void *ctx, bool reached, enum hb_op_result result, const char *detail);
struct hb_warm_op;
/* start: activate; stop: back to standby; if it may linger, it is still on its way when fn comes, and who
 * takes the group waits less (OFF: end it, unless nothing was wished yet); status: is it active for this group?
 * A file in several groups is active while any of them has started it. fn comes exactly once,
 * later, from the loop. */
struct hb_warm_op *hb_warm_run(struct hb_warm *warm, const struct hb_resource *resource,
                               const struct hb_action *op, hb_warm_fn fn, void *ctx);
/* fn does not come. NULL: nothing. */
void hb_warm_abandon(struct hb_warm_op *op);

/* Before the group's addresses go to another node in good order (stop): what hands over its connections when it is
 * stopped does as much of that as can be done before, within half a second at most. Before they come from one
 * (start): what was told of connections takes them in, within 50 ms. NULL: there is nothing to wait for; else fn
 * comes exactly once, later, from the loop. warm may be NULL. */
typedef void (*hb_warm_got_ready_fn)(void *ctx);
struct hb_warm_wait;
struct hb_warm_wait *hb_warm_get_ready(struct hb_warm *warm, unsigned group, enum hb_op op, hb_warm_got_ready_fn fn,
                                       void *ctx);
/* fn does not come. NULL: nothing. */
void hb_warm_wait_abandon(struct hb_warm_wait *wait);

#endif
