/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between two processes of one daemon: a kind, a number, some bytes,
 * some descriptors, over a pair of sockets that keep messages apart. Either
 * side's death is the end of the stream for the other.
 *
 * Whoever keeps the power reads frames as it would a stranger's: a frame that
 * is cut, empty, too long or carries too many descriptors is -EBADMSG, and
 * nothing of it stays open.
 */
#ifndef HA_CONFINE_FRAME_H
#define HA_CONFINE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define HA_FRAME_BYTES_MAX 65536
#define HA_FRAME_FDS_MAX   4

struct ha_frame {
    uint32_t kind;   /* the two sides' own numbers */
    uint32_t number; /* an answer has that of its question */
    int32_t status;  /* of an answer: 0, or negative errno; of a question: 0 */
    const uint8_t *bytes; /* received: into the given space */
    size_t length;
    int fds[HA_FRAME_FDS_MAX]; /* received: the receiver's to close */
    unsigned fd_count;
};

/* Both ends close on exec. 0 or negative errno. */
int ha_frame_pair(int ends[2]);
/* Copies of the descriptors travel; they stay the caller's. timeout_ms: how long to wait for room; 0: not
 * at all, -1: for ever. 0; -EAGAIN: no room in time; -EPIPE: nobody there any more; -EMSGSIZE. */
int ha_frame_send(int fd, const struct ha_frame *frame, int timeout_ms);
/* space: of HA_FRAME_BYTES_MAX. 0; -EAGAIN: nothing came in time; -EPIPE: the other side is gone;
 * -EBADMSG. After any but 0 no descriptor is left. */
int ha_frame_receive(int fd, struct ha_frame *frame, uint8_t *space, int timeout_ms);
/* A question and its answer, with no other traffic on the socket; frames with another number are what was
 * left of a question that was given up, and are dropped. Waits for timeout_ms at most: then -ETIMEDOUT.
 * 0 says that there is an answer, whatever its status. */
int ha_frame_ask(int fd, const struct ha_frame *question, struct ha_frame *answer, uint8_t *space,
                 int timeout_ms);
void ha_frame_close(struct ha_frame *frame);
/* The descriptor, which is the caller's then; -1: there is no such. */
int ha_frame_take_fd(struct ha_frame *frame, unsigned which);

#endif
