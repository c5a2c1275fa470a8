/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root's power, from the daemon's side. While no helper is begun, what is asked
 * for here is done by this process itself: tools and tests have no other. From
 * hb_power_begin() on a helper (heartbeatd/power) does it, and this process can
 * give its own power up. One helper per process, as there is one log.
 *
 * Each call waits for the helper's answer, which comes at once: the helper never
 * waits for anything but messages. A helper that has gone takes the daemon with
 * it, for then nothing that is held could be let go in good order; the guardian
 * and the other node do the rest.
 */
#ifndef HB_ACT_POWER_H
#define HB_ACT_POWER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "heartbeatd/act/guard_table.h"
#include "heartbeatd/act/power_msg.h"

/* Starts the program at path as the helper, with that real-time priority (0: none). 0 or negative errno:
 * then there is none. */
int hb_power_begin(const char *path, int priority);
/* Is there one? */
bool hb_power_away(void);
/* The helper ends, once those that it has started are left to themselves. */
void hb_power_end(void);

/* Only while hb_power_away(), for the files that do these things themselves otherwise. */
void hb_power_changes(struct hb_change *changes, size_t count); /* errors as hb_rtnl_apply() has them */
int hb_power_route(const struct nlmsghdr *gone);
void hb_power_neighbours(const struct hb_kernel_address *addresses, size_t count);
int hb_power_listen(void);
void hb_power_director(pid_t pid, int signo);
void hb_power_reboot(void);
/* The number of addresses. table_fd: of a guardian's table. */
unsigned hb_power_release(int table_fd);

/* A descriptor or negative errno; opened as this kind of file is used. */
int hb_power_open(enum hb_power_file kind, const char *path);
/* ha_file_read() of a file of the configuration. */
int hb_power_read(const char *path, size_t max, char **out, size_t *length, struct stat *stat);
/* A file that we have left somewhere goes; path: for one that is ours to remove. */
void hb_power_clear(enum hb_power_file kind, const char *path);

/* What the helper has started: end_fd tells of its end. */
struct hb_power_child {
    pid_t pid;
    int end_fd;
};
/* 0 or negative errno. */
int hb_power_program(const char *user, const char *command, struct hb_power_child *out);
int hb_power_guardian(const int fds[HB_GUARD_FDS], const char *logfile, int priority,
                      struct hb_power_child *out);
/* To its group, if it still is one that the helper knows. */
void hb_power_signal(pid_t pid, int signo);
/* end_fd is readable: the status as of waitpid(); the child is nobody's business any more then, and
 * end_fd is closed. False: not yet. */
bool hb_power_ended(struct hb_power_child *child, int *status);

#endif
