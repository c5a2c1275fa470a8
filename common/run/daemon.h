/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a daemon does once: leave the terminal, write its pid, say when it is
 * ready. The starting process stays until the daemon is ready or has failed,
 * so that its exit status tells the truth.
 */
#ifndef HA_RUN_DAEMON_H
#define HA_RUN_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

struct ha_daemon {
    int ready_fd; /* -1: foreground */
};

/* First thing in main(): whoever starts us with 0, 1 or 2 closed gets /dev/null there, lest a
 * socket of ours take the number and be lost when the terminal is left. */
void ha_daemon_fill_standard(void);

/* Forks into the background (twice, setsid, chdir "/", 0-2 on /dev/null after
 * ready). In the parent this does not return: it exits with the status the
 * daemon reports, or 1 if it died without a word. 0 in the daemon. stderr stays
 * the terminal until ha_daemon_ready(), so that start errors are seen. */
int ha_daemon_start(struct ha_daemon *daemon);
/* Tells the waiting parent (exit status 0) and the service manager (NOTIFY_SOCKET: READY=1). */
void ha_daemon_ready(struct ha_daemon *daemon);
/* Tells the parent to exit with status. */
void ha_daemon_failed(struct ha_daemon *daemon, int status);
/* "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=...", "STATUS=..." to the service manager; no-op
 * without one. */
void ha_daemon_notify(const char *message);

/* Keeps the way to the service manager open, for who is about to lose the right to open it. */
void ha_daemon_notify_hold(void);

/* The file holds the pid right-aligned in width columns (0: as it is) and a newline; written
 * whole or not at all. */
int ha_pidfile_write(const char *path, unsigned width, pid_t pid);
/* pid > 0 when the file names a live process whose command line contains word;
 * 0 no file (or empty); -ESRCH a file but no such process; other negative errno. */
int ha_pidfile_check(const char *path, const char *word);
/* Removes it only if it still names pid. */
void ha_pidfile_remove(const char *path, pid_t pid);

#endif
