/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serial: a terminal line, raw, 8 bits, no parity, one stop bit, with handshake
 * by the control lines, as Heartbeat sets it. Messages travel in the classic
 * form. What the line cannot carry away in a couple of seconds is not queued:
 * a heartbeat that is late is worth nothing, and the next one is on its way.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include "heartbeatd/media/medium.h"
#include "heartbeatd/media/serial_text.h"

#define READ_BYTES  4096
#define QUEUE_LEAST 4096
#define QUEUE_S     2

struct serial {
    struct hb_line *line;
    int fd;
    struct ha_watch watch;
    struct hb_serial_text text;
    GByteArray *queue; /* whole messages, the first perhaps half written */
    gsize queue_max;
    bool broken;
};

static speed_t speed_of(unsigned baud)
{
    static const struct {
        unsigned baud;
        speed_t speed;
    } speeds[] = {{9600, B9600},     {19200, B19200},   {38400, B38400},  {57600, B57600},
                  {115200, B115200}, {230400, B230400}, {460800, B460800}};

    for (size_t i = 0; i < G_N_ELEMENTS(speeds); i++) {
        if (speeds[i].baud == baud) {
            return speeds[i].speed;
        }
    }
    return B19200;
}

static int set_up(int fd, unsigned baud)
{
    struct termios modes;

    if (tcgetattr(fd, &modes) < 0) {
        return -errno;
    }
    cfmakeraw(&modes);
    modes.c_iflag |= IGNBRK | IGNPAR;
    modes.c_cflag &= ~(tcflag_t)(CSTOPB | HUPCL);
    modes.c_cflag |= CREAD | CLOCAL | CRTSCTS;
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    cfsetispeed(&modes, speed_of(baud));
    cfsetospeed(&modes, speed_of(baud));
    if (tcsetattr(fd, TCSANOW, &modes) < 0) {
        return -errno;
    }
    tcflush(fd, TCIOFLUSH);
    return 0;
}

/* ---- out ---- */

static void fails(struct serial *serial)
{
    /* Would be reported again and again: leave it to the timer. */
    ha_watch_stop(hb_media_loop(serial->line->media), &serial->watch);
    serial->broken = true;
}

/* Writes what the line takes, and has itself called when it takes more. */
static void write_queue(struct serial *serial)
{
    struct ha_loop *loop = hb_media_loop(serial->line->media);

    while (serial->queue->len > 0) {
        ssize_t wrote = write(serial->fd, serial->queue->data, serial->queue->len);

        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0 && errno != EAGAIN) {
            fails(serial);
            return;
        }
        if (wrote <= 0) {
            break;
        }
        g_byte_array_remove_range(serial->queue, 0, (guint)wrote);
    }
    ha_watch_change(loop, &serial->watch, serial->queue->len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int serial_send(struct hb_line *line, const void *bytes, size_t length)
{
    struct serial *serial = line->inside;

    if (serial->broken) {
        return -EIO;
    }
    if (serial->queue->len > 0 && serial->queue->len + length > serial->queue_max) {
        return -ENOBUFS;
    }
    g_byte_array_append(serial->queue, bytes, (guint)length);
    write_queue(serial);
    return serial->broken ? -EIO : 0;
}

/* ---- in ---- */

static void received(void *ctx, const void *bytes, size_t length)
{
    struct serial *serial = ctx;

    hb_media_received(serial->line->media, serial->line->link, bytes, length);
}

static void ready(void *ctx, uint32_t events)
{
    struct serial *serial = ctx;
    uint8_t bytes[READ_BYTES];

    if (events & EPOLLOUT) {
        write_queue(serial);
    }
    for (int i = 0; i < HB_RECEIVE_BURST && !serial->broken; i++) {
        ssize_t got = read(serial->fd, bytes, sizeof(bytes));

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            break;
        }
        if (got <= 0) {
            fails(serial);
            return;
        }
        hb_serial_text_feed(&serial->text, bytes, (size_t)got, received, serial);
    }
}

/* ---- the operations ---- */

static char *open_fault(const char *device, int error)
{
    switch (error) {
    case ENODEV:
        return g_strdup_printf("there is no device %s; correct the line", device);
    case ENOTTY:
        return g_strdup_printf("%s is not a terminal line; correct the line", device);
    case EBUSY:
        return g_strdup_printf("%s is in use by another program; end that (fuser -v %s shows it)",
                               device, device);
    default:
        return g_strdup_printf("cannot open %s: %s", device, strerror(error));
    }
}

static int open_here(const char *device)
{
    int fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

static int (*opener)(const char *device) = open_here;

void hb_media_open_serial_by(int (*open_device)(const char *device))
{
    opener = open_device != NULL ? open_device : open_here;
}

static int open_device(const struct hb_medium *medium)
{
    int fd = opener(medium->interface);
    int status = fd < 0 ? fd : 0;

    if (status == -ENOENT || status == -ENXIO) {
        return -ENODEV;
    }
    if (status == 0 && !isatty(fd)) {
        status = -ENOTTY;
    }
    if (status == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        status = errno == EWOULDBLOCK ? -EBUSY : -errno;
    }
    if (status == 0) {
        status = set_up(fd, medium->baud);
    }
    if (status < 0 && fd >= 0) {
        close(fd);
    }
    return status < 0 ? status : fd;
}

static int serial_open(struct hb_line *line, char **why)
{
    struct serial *serial;
    int fd = open_device(line->medium), status;

    if (fd < 0) {
        *why = open_fault(line->medium->interface, -fd);
        return fd;
    }
    serial = g_new0(struct serial, 1);
    *serial = (struct serial){.line = line,
                              .fd = fd,
                              .watch = HA_WATCH_INIT,
                              .queue = g_byte_array_new(),
                              .queue_max = MAX(QUEUE_LEAST, line->medium->baud / 10 * QUEUE_S)};
    hb_serial_text_init(&serial->text);
    line->inside = serial;
    status = ha_watch_start(hb_media_loop(line->media), &serial->watch, fd, EPOLLIN, ready, serial);
    if (status < 0) {
        *why = open_fault(line->medium->interface, -status);
        line->ops->close(line);
    }
    return status;
}

static bool serial_stale(const struct hb_line *line)
{
    const struct serial *serial = line->inside;

    return serial->broken;
}

static void serial_close(struct hb_line *line)
{
    struct serial *serial = line->inside;

    ha_watch_stop(hb_media_loop(line->media), &serial->watch);
    tcflush(serial->fd, TCOFLUSH); /* closing would wait until all of it is gone */
    close(serial->fd);
    hb_serial_text_clear(&serial->text);
    g_byte_array_free(serial->queue, TRUE);
    g_free(serial);
    line->inside = NULL;
}

const struct hb_medium_ops hb_serial_ops = {
    .open = serial_open,
    .send = serial_send,
    .stale = serial_stale,
    .close = serial_close,
};
