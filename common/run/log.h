/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log, on libqb: filtered and sent to stderr, syslog and files. What a
 * line looks like in a file is the daemon's business (the originals' formats
 * are parsed by log watchers), so a file target takes a formatter. Files are
 * opened, appended to and closed per line, so that rotation needs no signal;
 * a file that cannot be written falls back to stderr once and is tried again. A
 * stderr that takes no more loses lines instead of our time.
 * Log on transitions; bytes from strangers are shown with ha_log_clean().
 */
#ifndef HA_RUN_LOG_H
#define HA_RUN_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <syslog.h>
#include <time.h>

enum ha_level {
    HA_LOG_ERROR = LOG_ERR,
    HA_LOG_WARNING = LOG_WARNING,
    HA_LOG_NOTICE = LOG_NOTICE,
    HA_LOG_INFO = LOG_INFO,
    HA_LOG_DEBUG = LOG_DEBUG,
};

/* Appends one line (with its newline) for message to out. It was said at said_s, in seconds since 1970, or a hundredth
 * of a second later: where a clock is a system call (Xen, User-Mode Linux) one a line is enough. */
typedef void (*ha_log_format_fn)(void *ctx, enum ha_level level, time_t said_s, const char *message, GString *out);

struct ha_log_settings {
    const char *ident;       /* syslog name */
    int syslog_facility;     /* LOG_LOCAL0…; -1: no syslog */
    const char *file;        /* NULL: none */
    const char *debug_file;  /* gets HA_LOG_DEBUG too; NULL: none */
    bool to_stderr;
    enum ha_level level;     /* highest level that goes anywhere */
    ha_log_format_fn format; /* for files and stderr; NULL: the message as it is */
    ha_log_format_fn syslog_format; /* what follows the priority; NULL: "ident[pid]: message" */
    void *ctx;
};

/* May be called again with new settings (strings are copied). What glib says goes to the log as well from
 * then on, the sentence included with which it ends us when memory cannot be had. */
int ha_log_setup(const struct ha_log_settings *settings);
void ha_log_close(void);
/* Between these two, lines for files are kept, and written at the end in one piece: a disk that takes its
 * time, and five system calls a line, are for after what is urgent. Pairs may be nested. What goes to
 * syslog and stderr is not held: neither is waited for. */
void ha_log_hold(void);
void ha_log_release(void);
/* Writes what is held now: before what may not come back. */
void ha_log_flush(void);
void ha_log(enum ha_level level, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* getpid(), without a system call for each line. */
pid_t ha_log_pid(void);

/* Who may not open log files himself (common/confine): this is asked for each instead. A descriptor to
 * append to, or negative errno. NULL ends that. */
typedef int (*ha_log_open_fn)(const char *path);
void ha_log_opener(ha_log_open_fn fn);

/* At most burst messages a minute per limiter; the first after a silence says
 * how many were left out. Zeroed struct to begin with. */
struct ha_log_limit {
    uint64_t window_ns;
    unsigned seen;
    unsigned dropped;
};
bool ha_log_allowed(struct ha_log_limit *limit, uint64_t now_ns, unsigned burst, unsigned *dropped);

/* Printable copy: control and non-ASCII bytes as \xNN, at most max bytes of text. g_free() it. */
char *ha_log_clean(const void *bytes, size_t length, size_t max);

#endif
