/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: one question, one answer, both short texts, over libqb's
 * IPC. A question is words separated by tabs ("nodestatus\tnode1"); an answer
 * is a status (0 or what the command shall exit with) and a text to print. The
 * server learns from the kernel who asks.
 */
#ifndef HA_RUN_CONTROL_H
#define HA_RUN_CONTROL_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/run/loop.h"

#define HA_CONTROL_QUESTION_MAX 4096
#define HA_CONTROL_ANSWER_MAX   (1 << 20)
#define HA_CONTROL_CLIENTS_MAX  64

/* Who heartbeat is once it has let go of root, if there is such a user. */
#define HA_USER "hacluster"

struct ha_control_peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
};

/* words: NULL-terminated, at least one. Appends to answer, returns the status. Must not wait. */
typedef int (*ha_control_fn)(void *ctx, const struct ha_control_peer *peer, char *const *words,
                             GString *answer);

struct ha_control;
/* name: e.g. "heartbeat"; one server per name and network namespace. */
int ha_control_start(struct ha_control **out, struct ha_loop *loop, const char *name,
                     ha_control_fn fn, void *ctx);
void ha_control_stop(struct ha_control *control);

/* Client side, waits at most timeout_ms. 0 and *status, answer; or negative
 * errno: -ECONNREFUSED (nobody there), -ECONNRESET (it ended before it answered), -ETIMEDOUT, -EACCES, … */
int ha_control_ask(const char *name, char *const *words, int timeout_ms, int *status,
                   GString *answer);

/* The same on a loop, for who must not wait; but only the first 16 KiB of the answer. */
struct ha_control_call;
/* error: 0, or negative errno as above; then status is 0 and answer "". */
typedef void (*ha_control_answer_fn)(void *ctx, int error, int status, const char *answer);
/* fn comes exactly once, later, from the loop, unless ha_control_abandon() came first. */
struct ha_control_call *ha_control_call(struct ha_loop *loop, const char *name, char *const *words,
                                        int timeout_ms, ha_control_answer_fn fn, void *ctx);
/* What was asked for is done or not; nobody is told. */
void ha_control_abandon(struct ha_control_call *call);

#endif
