/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells when a configuration file has been edited: at once by inotify on its
 * folder (editors replace files), and by looking every two seconds where that
 * says nothing (network file systems, links that lead elsewhere). Found by
 * looking, a change counts when it has stayed as it is for a second look, lest
 * half a file be taken for a whole one. Edited is what has other dates; whether
 * it says the same is seen when it is read.
 */
#ifndef LD_CONFIG_WATCH_H
#define LD_CONFIG_WATCH_H

#include "common/run/loop.h"
#include "ldirectord/config_file.h"

typedef void (*ld_config_watch_fn)(void *ctx);
struct ld_config_watch;

/* path and content must outlive it; content says what was read last (the owner keeps it up to
 * date by reading the file again when called). Never fails: looking is always possible. */
struct ld_config_watch *ld_config_watch_start(struct ha_loop *loop, const char *path,
                                              struct ld_content *content, ld_config_watch_fn fn,
                                              void *ctx);
void ld_config_watch_stop(struct ld_config_watch *watch);

#endif
