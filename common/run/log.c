/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log on libqb: qb_log filters and calls our two targets, one for files and
 * stderr, one for syslog. Refuses to wait: a syslog daemon that hangs or is
 * away costs lines, not heartbeats (libqb's own syslog target would block in
 * syslog(3)), and what was lost is said once it listens again. Neither does a
 * pipe or terminal at stderr that nobody reads hold us up.
 *
 * One log per process, because qb_log is one per process.
 */
#include "common/run/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <qb/qblog.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/time.h"

/* libqb's own bound for one line. */
#define LINE_MAX_BYTES QB_LOG_ABSOLUTE_MAX_LEN
/* Our messages carry this as their "file", so that a filter tells them from libqb's. */
#define OURS           "hearth"
/* A pipe that poll() calls writable takes as much without a wait. */
#define PIECE_BYTES    ((size_t)PIPE_BUF)
/* How long a terminal or pipe may take to make room, the first time. */
#define STALL_MS       200
/* More than that is not held back. */
#define HELD_BYTES     65536

/* One that is written to, and what it is still to get. */
struct log_file {
    char *path; /* NULL: none */
    bool failed;
    GString *held;
};

static struct {
    bool open;
    struct ha_log_settings set;
    char *ident;
    struct log_file file, debug_file;
    unsigned holds;
    pid_t pid; /* 0: not known yet */
    int file_target, syslog_target;
    int syslog_fd;
    unsigned syslog_lost;
    bool stderr_stalled;
    bool inside; /* a line is on its way to the files */
    ha_log_open_fn opener; /* NULL: ourselves */
} logging = {.syslog_fd = -1};

/* ---- files and stderr ---- */

/* Whether stderr takes PIECE_BYTES now. One that nobody reads costs its lines, not our time. */
static bool stderr_ready(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    bool ready = poll(&out, 1, logging.stderr_stalled ? 0 : STALL_MS) != 0;

    logging.stderr_stalled = !ready;
    return ready;
}

static void to_stderr(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t done =
            stderr_ready() ? write(STDERR_FILENO, line, MIN(length, PIECE_BYTES)) : 0;

        if (done <= 0) {
            return;
        }
        line += done;
        length -= (size_t)done;
    }
}

void ha_log_opener(ha_log_open_fn fn)
{
    logging.opener = fn;
}

/* O_NONBLOCK: a fifo without a reader is an error, not a wait. -1 and errno. */
static int open_file(const char *path)
{
    int fd;

    if (logging.opener == NULL) {
        return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0644);
    }
    fd = logging.opener(path);
    if (fd < 0) {
        errno = -fd;
    }
    return MAX(fd, -1);
}

/* False: there was no descriptor for it, which says nothing about the file. */
static bool append_text(struct log_file *file, const GString *text)
{
    int fd = open_file(file->path);
    ssize_t written = fd >= 0 ? write(fd, text->str, text->len) : -1;
    bool done = written == (ssize_t)text->len;
    bool want = fd < 0 && (errno == EMFILE || errno == ENFILE);

    if (written >= 0 && !done) {
        errno = ENOSPC;
    }
    if (!done && !file->failed) {
        char why[256];
        int used = snprintf(why, sizeof(why), "cannot write the log file %s: %s\n", file->path,
                            strerror(errno));

        to_stderr(why, used < (int)sizeof(why) ? (size_t)used : sizeof(why) - 1);
        if (!logging.set.to_stderr) {
            to_stderr(text->str, text->len);
        }
    }
    file->failed = !done;
    if (fd >= 0) {
        close(fd);
    }
    return !want;
}

static void forget_held(struct log_file *file)
{
    if (file->held != NULL) {
        g_string_truncate(file->held, 0);
    }
}

static void write_held(struct log_file *file)
{
    if (file->held != NULL && file->held->len > 0 &&
        (append_text(file, file->held) || file->held->len > HELD_BYTES)) {
        forget_held(file);
    }
}

/* A child does not come to the end of what its parent does: it holds nothing, and has nothing to
 * write but its own. */
static void hold_nothing(void)
{
    logging.holds = 0;
    logging.pid = 0;
    forget_held(&logging.file);
    forget_held(&logging.debug_file);
}

static bool children_hold_nothing(void)
{
    static bool known;

    if (!known) {
        known = pthread_atfork(NULL, NULL, hold_nothing) == 0;
    }
    return known;
}

pid_t ha_log_pid(void)
{
    if (logging.pid == 0 || !children_hold_nothing()) {
        logging.pid = getpid();
    }
    return logging.pid;
}

static void append_line(struct log_file *file, const GString *line)
{
    bool waits = file->held != NULL && file->held->len > 0;

    if (logging.holds == 0 && !waits && (append_text(file, line) || !children_hold_nothing())) {
        return;
    }
    if (file->held == NULL) {
        file->held = g_string_new(NULL);
    }
    g_string_append_len(file->held, line->str, (gssize)line->len);
    if (file->held->len > HELD_BYTES || (logging.holds == 0 && waits)) {
        write_held(file);
    }
}

void ha_log_flush(void)
{
    write_held(&logging.file);
    write_held(&logging.debug_file);
}

void ha_log_hold(void)
{
    logging.holds += children_hold_nothing();
}

void ha_log_release(void)
{
    if (logging.holds > 0 && --logging.holds == 0) {
        ha_log_flush();
    }
}

static void log_to_files(int32_t target, struct qb_log_callsite *site, struct timespec *stamp,
                         const char *message)
{
    enum ha_level level = site->priority > HA_LOG_DEBUG ? HA_LOG_DEBUG : site->priority;
    GString *line;
    bool same = logging.file.path && logging.debug_file.path &&
                !strcmp(logging.file.path, logging.debug_file.path);

    (void)target;
    logging.inside = true;
    line = g_string_new(NULL);
    if (logging.set.format) {
        logging.set.format(logging.set.ctx, level, stamp->tv_sec, message, line);
    } else {
        g_string_append_printf(line, "%s\n", message);
    }
    if (logging.set.to_stderr) {
        to_stderr(line->str, line->len);
    }
    if (logging.file.path && level < HA_LOG_DEBUG && !same) {
        append_line(&logging.file, line);
    }
    if (logging.debug_file.path) {
        append_line(&logging.debug_file, line);
    }
    g_string_free(line, TRUE);
    logging.inside = false;
}

/* ---- syslog ---- */

static bool syslog_connect(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return false;
    }
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
        close(fd);
        return false;
    }
    logging.syslog_fd = fd;
    return true;
}

static bool syslog_send(int level, time_t said_s, const char *message)
{
    GString *line = g_string_new(NULL);
    bool sent = false;

    g_string_printf(line, "<%d>", logging.set.syslog_facility | level);
    if (logging.set.syslog_format) {
        logging.set.syslog_format(logging.set.ctx, (enum ha_level)level, said_s, message, line);
    } else {
        g_string_append_printf(line, "%s[%d]: %s", logging.ident, (int)ha_log_pid(), message);
    }

    /* A second try with a new socket: the daemon may have been restarted. */
    for (int i = 0; i < 2 && !sent && (logging.syslog_fd >= 0 || syslog_connect()); i++) {
        sent = send(logging.syslog_fd, line->str, line->len, MSG_NOSIGNAL) >= 0;
        if (!sent && (errno == EAGAIN || errno == ENOBUFS)) {
            break;
        }
        if (!sent) {
            close(logging.syslog_fd);
            logging.syslog_fd = -1;
        }
    }
    g_string_free(line, TRUE);
    return sent;
}

static void log_to_syslog(int32_t target, struct qb_log_callsite *site, struct timespec *stamp,
                          const char *message)
{
    int level = site->priority > LOG_DEBUG ? LOG_DEBUG : site->priority;

    (void)target;
    if (logging.syslog_lost) {
        char text[64];

        snprintf(text, sizeof(text), "%u messages could not be given to syslog",
                 logging.syslog_lost);
        if (!syslog_send(LOG_WARNING, stamp->tv_sec, text)) {
            logging.syslog_lost++;
            return;
        }
        logging.syslog_lost = 0;
    }
    if (!syslog_send(level, stamp->tv_sec, message)) {
        logging.syslog_lost++;
    }
}

/* ---- what ends us ---- */

/* In the middle of a line there is no other one by the usual way. */
static void append_plainly(const char *text)
{
    static const char cannot[] = "cannot go on: ";
    const struct iovec pieces[] = {{(char *)cannot, sizeof(cannot) - 1},
                                   {(char *)text, strlen(text)},
                                   {(char *)"\n", 1}};
    const char *path = logging.file.path != NULL ? logging.file.path : logging.debug_file.path;
    int fd = path != NULL ? open_file(path) : -1;

    if (fd >= 0) {
        (void)!writev(fd, pieces, G_N_ELEMENTS(pieces));
        close(fd);
    }
}

/* glib ends the process when memory cannot be had: a daemon that has no stderr any more says why all the
 * same, in what is there for it. What was held back goes first, it may not come back. */
static void library_says(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer ctx)
{
    char text[512]; /* allocates nothing itself */
    int length = snprintf(text, sizeof(text), "%s: %s", domain != NULL ? domain : "glib", message);

    (void)ctx;
    if ((level & G_LOG_FLAG_FATAL) == 0) {
        ha_log(HA_LOG_WARNING, "%s", text);
        return;
    }
    to_stderr(text, MIN((size_t)MAX(length, 0), sizeof(text) - 1));
    to_stderr("\n", 1);
    logging.holds = 0;
    ha_log_flush();
    if (logging.inside) {
        append_plainly(text);
    } else {
        ha_log(HA_LOG_ERROR, "cannot go on: %s", text);
    }
}

/* ---- set up ---- */

static int open_target(qb_log_logger_fn fn)
{
    int target = qb_log_custom_open(fn, NULL, NULL, NULL);

    if (target < 0) {
        return target;
    }
    qb_log_format_set(target, "%b");
    qb_log_ctl(target, QB_LOG_CONF_MAX_LINE_LEN, LINE_MAX_BYTES);
    qb_log_ctl(target, QB_LOG_CONF_ELLIPSIS, QB_TRUE);
    return target;
}

static void filter(int target, bool wanted, enum ha_level level)
{
    qb_log_filter_ctl(target, QB_LOG_FILTER_CLEAR_ALL, QB_LOG_FILTER_FILE, "*", LOG_TRACE);
    if (wanted) {
        qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, OURS, (uint8_t)level);
        /* What libqb has to say about itself, if it is serious. */
        qb_log_filter_ctl(target, QB_LOG_FILTER_ADD, QB_LOG_FILTER_FILE, "*", LOG_WARNING);
    }
    qb_log_ctl(target, QB_LOG_CONF_ENABLED, wanted);
}

static void file_set(struct log_file *file, char *path)
{
    g_free(file->path);
    file->path = path;
    file->failed = false;
}

int ha_log_setup(const struct ha_log_settings *settings)
{
    char *ident = g_strdup(settings->ident ? settings->ident : OURS);
    char *file = g_strdup(settings->file);
    char *debug_file = g_strdup(settings->debug_file);

    if (!logging.open) {
        qb_log_init(OURS, LOG_DAEMON, LOG_TRACE);
        qb_log_ctl(QB_LOG_SYSLOG, QB_LOG_CONF_ENABLED, QB_FALSE);
        logging.file_target = open_target(log_to_files);
        logging.syslog_target = open_target(log_to_syslog);
        if (logging.file_target < 0 || logging.syslog_target < 0) {
            qb_log_fini();
            g_free(ident);
            g_free(file);
            g_free(debug_file);
            return -EMFILE;
        }
        logging.open = true;
        g_log_set_default_handler(library_says, NULL);
    }
    ha_log_flush();
    g_free(logging.ident);
    logging.set = *settings;
    logging.ident = ident;
    file_set(&logging.file, file);
    file_set(&logging.debug_file, debug_file);
    filter(logging.file_target, settings->to_stderr || file || debug_file, settings->level);
    filter(logging.syslog_target, settings->syslog_facility >= 0, settings->level);
    return 0;
}

static void file_free(struct log_file *file)
{
    g_free(file->path);
    if (file->held != NULL) {
        g_string_free(file->held, TRUE);
    }
}

void ha_log_close(void)
{
    if (!logging.open) {
        return;
    }
    g_log_set_default_handler(g_log_default_handler, NULL);
    qb_log_fini();
    ha_log_flush();
    if (logging.syslog_fd >= 0) {
        close(logging.syslog_fd);
    }
    g_free(logging.ident);
    file_free(&logging.file);
    file_free(&logging.debug_file);
    memset(&logging, 0, sizeof(logging));
    logging.syslog_fd = -1;
}

void ha_log(enum ha_level level, const char *format, ...)
{
    char *text;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    /* One message is one line, whatever was put into it. */
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = ' ';
        }
    }
    if (logging.open) {
        qb_log_from_external_source(OURS, OURS, "%s", (uint8_t)level, (uint32_t)level + 1, 0,
                                    text);
    } else {
        to_stderr(text, strlen(text));
        to_stderr("\n", 1);
    }
    g_free(text);
}

bool ha_log_allowed(struct ha_log_limit *limit, uint64_t now_ns, unsigned burst, unsigned *dropped)
{
    if (limit->window_ns == 0 || now_ns - limit->window_ns >= 60 * HA_NS_PER_S) {
        limit->window_ns = now_ns ? now_ns : 1;
        limit->seen = 0;
    }
    if (limit->seen >= burst) {
        limit->dropped++;
        return false;
    }
    limit->seen++;
    *dropped = limit->dropped;
    limit->dropped = 0;
    return true;
}

char *ha_log_clean(const void *bytes, size_t length, size_t max)
{
    const unsigned char *from = bytes;
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < length; i++) {
        bool plain = from[i] >= ' ' && from[i] < 0x7f && from[i] != '\\';
        size_t needed = plain ? 1 : 4;

        if (out->len + needed > max) {
            break;
        }
        if (plain) {
            g_string_append_c(out, (char)from[i]);
        } else {
            g_string_append_printf(out, "\\x%02x", from[i]);
        }
    }
    return g_string_free(out, FALSE);
}
