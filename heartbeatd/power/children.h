/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helper has started for the daemon. Each stays a zombie until the
 * daemon has heard of its end, so that its number and its group are its own for
 * so long; whoever is not in here cannot be signalled.
 */
#ifndef HB_POWER_CHILDREN_H
#define HB_POWER_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HB_CHILDREN_MAX 512

struct hb_children;

struct hb_children *hb_children_new(void);
void hb_children_free(struct hb_children *children);
/* Room for one more, and the pipe that will tell of its end: *read_fd is for the daemon, the other end
 * stays here. 0 or negative errno. */
int hb_children_prepare(struct hb_children *children, int *read_fd);
/* It has been started; 0: it could not be, the pipe goes. */
void hb_children_started(struct hb_children *children, pid_t pid);
/* Some may have ended. */
void hb_children_look(struct hb_children *children);
/* 0 or negative errno; -ESRCH: no such child. */
int hb_children_signal(struct hb_children *children, pid_t pid, int signo);
int hb_children_reap(struct hb_children *children, pid_t pid);
size_t hb_children_count(const struct hb_children *children);

#endif
