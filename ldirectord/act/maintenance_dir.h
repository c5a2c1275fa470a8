/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maintenancedir: its files, by inotify and by a look every two seconds, and,
 * while one of them is named after a host, what the resolver calls the real
 * servers (asked by a child, now and every five minutes). Who is meant is the
 * core's business (core/maintenance.h).
 */
#ifndef LD_ACT_MAINTENANCE_DIR_H
#define LD_ACT_MAINTENANCE_DIR_H

#include "common/run/loop.h"
#include "ldirectord/core/core.h"

struct ld_maintenance_dir;

/* maintenance is valid until the next call; NULL: there is no such folder to heed any more. */
typedef void (*ld_maintenance_fn)(void *ctx, const struct ld_maintenance *maintenance);

struct ld_maintenance_dir *ld_maintenance_dir_new(struct ha_loop *loop, ld_maintenance_fn fn,
                                                  void *ctx);
void ld_maintenance_dir_free(struct ld_maintenance_dir *dir);
/* At the start and at each reload, before the configuration is brought into force. Calls fn if
 * there is anything to tell. */
void ld_maintenance_dir_config(struct ld_maintenance_dir *dir, const struct ld_config *config);

#endif
