/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames (frame.h): one message of a SOCK_SEQPACKET pair each, descriptors beside it. Keeps nothing. */
#include "common/confine/frame.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"

struct head {
    uint32_t kind, number;
    int32_t status;
};

union control {
    struct cmsghdr header; /* aligned as it needs */
    char bytes[CMSG_SPACE(sizeof(int) * HA_FRAME_FDS_MAX)];
};

int ha_frame_pair(int ends[2])
{
    const int room = 4 * HA_FRAME_BYTES_MAX;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    for (int i = 0; i < 2; i++) /* for less there are waits */
        (void)!setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    return 0;
}

void ha_frame_close(struct ha_frame *frame)
{
    for (unsigned i = 0; i < frame->fd_count; i++)
        if (frame->fds[i] >= 0)
            close(frame->fds[i]);
    frame->fd_count = 0;
}

int ha_frame_take_fd(struct ha_frame *frame, unsigned which)
{
    int fd = -1;

    if (which < frame->fd_count) {
        fd = frame->fds[which];
        frame->fds[which] = -1;
    }
    return fd;
}

/* 0, or -EAGAIN when the time is over. */
static int wait_for(int fd, short events, int timeout_ms)
{
    uint64_t until_ns = timeout_ms > 0 ? ha_clock_ns() + (uint64_t)timeout_ms * HA_NS_PER_MS : 0;
    struct pollfd wait = {.fd = fd, .events = events};
    int left_ms = timeout_ms, ready;

    do {
        ready = poll(&wait, 1, left_ms);
        if (ready < 0 && errno == EINTR && timeout_ms > 0) {
            uint64_t now_ns = ha_clock_ns();

            left_ms = now_ns < until_ns ? (int)((until_ns - now_ns) / HA_NS_PER_MS) : 0;
        }
    } while (ready < 0 && errno == EINTR);
    return ready < 0 ? -errno : ready == 0 ? -EAGAIN : 0;
}

static void put_fds(struct msghdr *message, union control *control, const struct ha_frame *frame)
{
    size_t size = sizeof(int) * frame->fd_count;
    struct cmsghdr *header = &control->header;

    if (frame->fd_count == 0)
        return;
    memset(control, 0, sizeof(*control));
    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE(size);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), frame->fds, size);
}

/* The kernel has no memory for it at the moment: it will have. */
static bool is_want(int error)
{
    return error == ENOBUFS || error == ENOMEM || error == ETOOMANYREFS;
}

/* How often a send that found no memory is tried again, a millisecond apart. */
#define WANT_TRIES 100

int ha_frame_send(int fd, const struct ha_frame *frame, int timeout_ms)
{
    struct head head = {frame->kind, frame->number, frame->status};
    struct iovec parts[] = {{&head, sizeof(head)}, {(void *)frame->bytes, frame->length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = frame->length > 0 ? 2 : 1};
    union control control;
    int wants = 0;
    ssize_t sent;

    if (frame->length > HA_FRAME_BYTES_MAX || frame->fd_count > HA_FRAME_FDS_MAX)
        return -EMSGSIZE;
    put_fds(&message, &control, frame);
    for (;;) {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            return 0;
        if (errno == EAGAIN && timeout_ms != 0) {
            int error = wait_for(fd, POLLOUT, timeout_ms);

            if (error != 0)
                return error;
        } else if (is_want(errno) && timeout_ms != 0 && wants++ < WANT_TRIES) {
            poll(NULL, 0, 1);
        } else if (errno != EINTR) {
            return errno == ECONNRESET || errno == ECONNREFUSED || errno == ENOTCONN ? -EPIPE : -errno;
        }
    }
}

/* Whatever came beside the bytes, into frame, so that it can be closed. */
static void take_fds(struct msghdr *message, struct ha_frame *frame)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        size_t count;

        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS || at->cmsg_len < CMSG_LEN(0))
            continue;
        count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count && frame->fd_count < HA_FRAME_FDS_MAX; i++)
            memcpy(&frame->fds[frame->fd_count++], CMSG_DATA(at) + i * sizeof(int), sizeof(int));
    }
}

int ha_frame_receive(int fd, struct ha_frame *frame, uint8_t *space, int timeout_ms)
{
    struct head head = {0};
    struct iovec parts[] = {{&head, sizeof(head)}, {space, HA_FRAME_BYTES_MAX}};
    union control control;
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t got;
    int error;

    memset(frame, 0, sizeof(*frame));
    for (;;) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got >= 0)
            break;
        if (errno == EAGAIN && timeout_ms != 0) {
            error = wait_for(fd, POLLIN, timeout_ms);
            if (error != 0)
                return error;
        } else if (errno != EINTR) {
            return errno == ECONNRESET || errno == ENOTCONN ? -EPIPE : -errno;
        }
    }
    take_fds(&message, frame);
    /* An empty message is made by nobody but who has closed the stream, or means ill. */
    if (got < (ssize_t)sizeof(head) || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        ha_frame_close(frame);
        return got == 0 ? -EPIPE : -EBADMSG;
    }
    frame->kind = head.kind;
    frame->number = head.number;
    frame->status = head.status;
    frame->bytes = space;
    frame->length = (size_t)got - sizeof(head);
    return 0;
}

/* The answer is never there at once: it is waited for before it is looked for. */
int ha_frame_ask(int fd, const struct ha_frame *question, struct ha_frame *answer, uint8_t *space,
                 int timeout_ms)
{
    uint64_t until_ns = ha_clock_ns() + (uint64_t)timeout_ms * HA_NS_PER_MS, now_ns;
    int error = ha_frame_send(fd, question, timeout_ms);

    while (error == 0) {
        now_ns = ha_clock_ns();
        error = wait_for(fd, POLLIN, now_ns < until_ns ? (int)((until_ns - now_ns) / HA_NS_PER_MS) : 0);
        if (error == 0)
            error = ha_frame_receive(fd, answer, space, 0);
        if (error == 0 && answer->number == question->number)
            break;
        if (error == 0)
            ha_frame_close(answer);
    }
    return error == -EAGAIN ? -ETIMEDOUT : error;
}
