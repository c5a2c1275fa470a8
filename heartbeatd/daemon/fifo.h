/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fifo by which scripts send messages to the cluster: `>>>`, a field
 * `name=value` a line, `<<<`; blanks before a line do not count. Only root can
 * write to it. Holds both ends open, so it never ends and never blocks; takes
 * little at a time, so that a flood costs the cluster no heartbeat and makes
 * its writer wait.
 */
#ifndef HB_FIFO_H
#define HB_FIFO_H

#include "common/run/loop.h"
#include "heartbeatd/core/msg.h"

/* Bytes and lines of one message; a longer one is dropped whole. */
#define HB_FIFO_BYTES_MAX 32768
#define HB_FIFO_LINES_MAX 200

struct hb_fifo;
/* msg is the caller's for the length of the call. */
typedef void (*hb_fifo_fn)(void *ctx, struct hb_msg *msg);

/* Makes the fifo with mode 0600, or mends the mode of the one that is there; a plain file
 * under that name goes, anything else is -EEXIST. 0 or negative errno. */
int hb_fifo_open(struct hb_fifo **out, struct ha_loop *loop, const char *path, hb_fifo_fn fn,
                 void *ctx);
/* A descriptor of the fifo at path, which is made if there is none, and is ours alone; or negative errno. */
int hb_fifo_make(const char *path);
/* With such a descriptor, which it closes at the end. */
int hb_fifo_take(struct hb_fifo **out, struct ha_loop *loop, int fd, hb_fifo_fn fn, void *ctx);
/* Leaves the fifo where it is. Not from within fn. */
void hb_fifo_close(struct hb_fifo *fifo);

/* ---- for tests ---- */
/* What has been read is taken in; complete messages go to fn. */
void hb_fifo_feed(struct hb_fifo *fifo, const char *bytes, size_t length);

#endif
