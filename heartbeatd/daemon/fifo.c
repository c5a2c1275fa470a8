/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages out of a fifo (fifo.h). Puts lines together and has them read as a
 * message in the old form; what the message says is not its business.
 */
#include "heartbeatd/daemon/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/core/fields.h"

/* Read at one time, and the pause until the next: 200 KiB a second at most. */
#define READ_MAX 1024
#define PAUSE_NS (5 * HA_NS_PER_MS)
/* After so many messages in a second the next wait in the fifo until it is over: our history
 * must keep what others may not have got yet. */
#define MESSAGES_PER_S 50
#define FAULTS_LOGGED  5 /* a minute */

struct hb_fifo {
    struct ha_loop *loop;
    struct ha_watch watch;
    struct ha_timer pause;
    int fd;
    hb_fifo_fn fn;
    void *ctx;
    GString *line;   /* the one that is not complete yet */
    GString *lines;  /* of the message under way */
    unsigned count;
    bool inside;     /* between the marks */
    bool spoilt;     /* what is under way is dropped at its end */
    uint64_t second_ns;
    unsigned in_second;
    struct ha_log_limit faults;
};

static void fault(struct hb_fifo *fifo, const char *what)
{
    unsigned dropped;

    if (!ha_log_allowed(&fifo->faults, ha_clock_ns(), FAULTS_LOGGED, &dropped))
        return;
    ha_log(HA_LOG_WARNING, "fifo: a message is dropped: %s", what);
}

static void message_ends(struct hb_fifo *fifo)
{
    struct hb_span fields = {(const uint8_t *)fifo->lines->str, fifo->lines->len};
    struct hb_msg *msg;

    fifo->inside = false;
    if (fifo->spoilt) {
        fault(fifo, "it is too long");
        return;
    }
    msg = hb_msg_new();
    fifo->in_second++;
    if (hb_fields_read_old(fields, msg))
        fifo->fn(fifo->ctx, msg);
    else
        fault(fifo, "expected lines name=value between >>> and <<<");
    hb_msg_unref(msg);
}

static void message_begins(struct hb_fifo *fifo)
{
    if (fifo->inside)
        fault(fifo, "another one began before its end");
    fifo->inside = true;
    fifo->spoilt = false;
    fifo->count = 0;
    g_string_truncate(fifo->lines, 0);
}

static void take_line(struct hb_fifo *fifo, const char *line, size_t length)
{
    while (length > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    if (length == 3 && memcmp(line, ">>>", 3) == 0) {
        message_begins(fifo);
    } else if (!fifo->inside || length == 0) {
        return;
    } else if (length == 3 && memcmp(line, "<<<", 3) == 0) {
        message_ends(fifo);
    } else if (fifo->lines->len + length >= HB_FIFO_BYTES_MAX ||
               fifo->count == HB_FIFO_LINES_MAX) {
        fifo->spoilt = true;
    } else {
        fifo->count++;
        g_string_append_len(fifo->lines, line, (gssize)length);
        g_string_append_c(fifo->lines, '\n');
    }
}

void hb_fifo_feed(struct hb_fifo *fifo, const char *bytes, size_t length)
{
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t part = end != NULL ? (size_t)(end - bytes) : length;

        if (fifo->line->len + part < HB_FIFO_BYTES_MAX)
            g_string_append_len(fifo->line, bytes, (gssize)part);
        else
            fifo->spoilt = true;
        if (end == NULL)
            return;
        take_line(fifo, fifo->line->str, fifo->line->len);
        g_string_truncate(fifo->line, 0);
        bytes += part + 1;
        length -= part + 1;
    }
}

static void readable(void *ctx, uint32_t events);

static void go_on(void *ctx, uint64_t now_ns)
{
    struct hb_fifo *fifo = ctx;

    if (ha_watch_start(fifo->loop, &fifo->watch, fifo->fd, EPOLLIN, readable, fifo) < 0)
        ha_timer_set(fifo->loop, &fifo->pause, now_ns + HA_NS_PER_S, go_on, fifo);
}

static void readable(void *ctx, uint32_t events)
{
    struct hb_fifo *fifo = ctx;
    uint64_t now_ns = ha_clock_ns(), next_ns = now_ns + PAUSE_NS;
    char bytes[READ_MAX];
    ssize_t got = read(fifo->fd, bytes, sizeof bytes);

    (void)events;
    if (now_ns - fifo->second_ns >= HA_NS_PER_S) {
        fifo->second_ns = now_ns;
        fifo->in_second = 0;
    }
    ha_watch_stop(fifo->loop, &fifo->watch);
    if (got > 0)
        hb_fifo_feed(fifo, bytes, (size_t)got);
    if (fifo->in_second >= MESSAGES_PER_S)
        next_ns = fifo->second_ns + HA_NS_PER_S;
    ha_timer_set(fifo->loop, &fifo->pause, next_ns, go_on, fifo);
}

int hb_fifo_make(const char *path)
{
    struct stat st;
    int fd, err;

    /* What `>>fifo` left behind while there was none. */
    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
        unlink(path);
    if (mkfifo(path, 0600) < 0 && errno != EEXIST)
        return -errno;
    /* Read and write: then it never reports the end when a writer goes. */
    fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ELOOP ? -EEXIST : -errno;
    if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && fchmod(fd, 0600) == 0 &&
        (st.st_uid == geteuid() || fchown(fd, geteuid(), (gid_t)-1) == 0))
        return fd;
    err = S_ISFIFO(st.st_mode) ? -errno : -EEXIST;
    close(fd);
    return err;
}

int hb_fifo_open(struct hb_fifo **out, struct ha_loop *loop, const char *path, hb_fifo_fn fn,
                 void *ctx)
{
    int fd = hb_fifo_make(path);

    *out = NULL;
    return fd < 0 ? fd : hb_fifo_take(out, loop, fd, fn, ctx);
}

int hb_fifo_take(struct hb_fifo **out, struct ha_loop *loop, int fd, hb_fifo_fn fn, void *ctx)
{
    struct hb_fifo *fifo;

    fifo = g_new0(struct hb_fifo, 1);
    fifo->loop = loop;
    fifo->watch.fd = -1;
    fifo->fd = fd;
    fifo->fn = fn;
    fifo->ctx = ctx;
    fifo->line = g_string_new(NULL);
    fifo->lines = g_string_new(NULL);
    go_on(fifo, ha_clock_ns());
    *out = fifo;
    return 0;
}

void hb_fifo_close(struct hb_fifo *fifo)
{
    if (fifo == NULL)
        return;
    ha_watch_stop(fifo->loop, &fifo->watch);
    ha_timer_cancel(fifo->loop, &fifo->pause);
    close(fifo->fd);
    g_string_free(fifo->line, TRUE);
    g_string_free(fifo->lines, TRUE);
    g_free(fifo);
}
