/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of the administrator's, each a child with a deadline. Those with
 * the same key run one after the other; of those that wait for their turn only
 * the last is run. At most LD_COMMANDS_MAX run at a time, the rest wait in
 * order. A failure is logged.
 */
#ifndef LD_ACT_COMMANDS_H
#define LD_ACT_COMMANDS_H

#include "common/run/loop.h"

#define LD_COMMANDS_MAX 16

struct ld_commands;

struct ld_commands *ld_commands_new(struct ha_loop *loop);
/* Ends what runs, and forgets what waits. */
void ld_commands_free(struct ld_commands *commands);
/* By /bin/sh -c, at most deadline_ms long. Says how things are: not run if it is what is running. */
void ld_commands_shell(struct ld_commands *commands, const char *key, const char *text,
                       uint64_t deadline_ms);
/* Executed directly. Says that something happened: run again if it is what is running. otherwise: what
 * to run if it fails; NULL: the failure is logged. */
void ld_commands_run(struct ld_commands *commands, const char *key, char *const *argv,
                     char *const *otherwise, uint64_t deadline_ms);
/* Running and waiting. */
unsigned ld_commands_count(const struct ld_commands *commands);

#endif
