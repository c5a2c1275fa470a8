/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon does beside checks and table, behind one door: mails, the
 * fallback command, the callback, monitor files, the maintenance folder, and the
 * other instances that execute names. Does what the core's actions say, never
 * waits, and gives up what takes too long. In standby there are no callbacks; mails
 * and fallback commands the core does not ask for then.
 *
 *   act.c              the door
 *   mailer.c           mails in their queues; letter.c: what one looks like; smtp.c: one to a server
 *   commands.c         commands, one after the other where they belong together
 *   monitor_file.c     a line for each check
 *   maintenance_dir.c  files named after servers
 */
#ifndef LD_ACT_ACT_H
#define LD_ACT_ACT_H

#include "ldirectord/act/maintenance_dir.h"

struct ld_act;

struct ld_act_settings {
    struct ha_loop *loop;
    const char *path;      /* of the configuration; for the callback; must outlive it */
    ld_maintenance_fn fn;  /* who is in maintenance */
    void *ctx;
};

struct ld_act *ld_act_new(const struct ld_act_settings *settings);
void ld_act_free(struct ld_act *act);

/* The path of ldirectord itself, by which instances are started; g_free() it. */
char *ld_act_program(void);

/* LD_ACT_MAIL, LD_ACT_RUN and LD_ACT_MONITOR; others are passed over. */
void ld_act_do(struct ld_act *act, const struct ld_action *action);
/* At the start and at each reload, before the configuration is brought into force; it must stay
 * valid until the next one. Tells who is in maintenance, and starts, reloads and stops instances. */
void ld_act_config(struct ld_act *act, const struct ld_config *config, bool standby);
/* Into standby or out of it: so do the instances. */
void ld_act_mode(struct ld_act *act, bool standby);
/* The file has changed, and is without fault. */
void ld_act_callback(struct ld_act *act);
/* Stops the instances; then, or when it has taken LD_ACT_FAREWELL_MS, calls fn, once: the last
 * mails have been sent by then, and the last commands run. */
#define LD_ACT_FAREWELL_MS 4000
typedef void (*ld_act_fn)(void *ctx);
void ld_act_farewell(struct ld_act *act, ld_act_fn fn, void *ctx);

#endif
