/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The half of ldirectord that keeps root's power: writes the kernel's table,
 * opens files and sockets, runs programs, each when the other half asks for it
 * (door/words.h) and the configuration says so (door/allowed.h). It reads the
 * configuration itself, from the file; of what strangers send it sees nothing
 * but what it hands to a program or a file without looking into it.
 *
 * It ends when the other half does, and kills what still runs for it.
 */
#ifndef LD_KEEPER_H
#define LD_KEEPER_H

#include <sys/types.h>

#include "common/confine/frame.h"
#include "common/confine/identity.h"
#include "common/run/loop.h"
#include "ldirectord/core/config.h"
#include "ldirectord/ipvs/ipvs.h"

struct ld_keeper;

struct ld_keeper_settings {
    const char *path, *pid_file, *orders_file; /* must outlive it; pid_file, orders_file: NULL: none */
    const char *program;                       /* ldirectord itself; must outlive it, too */
    struct ld_config *config;                  /* taken over: in force */
    pid_t daemon;                              /* the other half */
    const struct ha_identity *checks;          /* what that becomes; NULL: no other user */
    int (*open_ipvs)(struct ld_ipvs **out, char **why);
};

/* The two sockets stay the caller's. */
int ld_keeper_new(struct ld_keeper **out, struct ha_loop *loop, const struct ld_keeper_settings *settings,
                  int ask_fd, int run_fd);
void ld_keeper_free(struct ld_keeper *keeper);

/* ---- keeper_acts.c ---- */
/* A question at the door: done or refused, and answered. */
void ld_keeper_asked(struct ld_keeper *keeper, struct ha_frame *question);
/* ---- keeper_run.c ---- */
void ld_keeper_ordered(struct ld_keeper *keeper, struct ha_frame *order);
/* How many questions and orders were refused so far. */
unsigned ld_keeper_refusals(const struct ld_keeper *keeper);

#endif
