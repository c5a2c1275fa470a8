/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that the keeper runs for this half: ordered on the second socket of
 * the door, which nobody waits at; what became of them comes back on it.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/confine/bulk.h"
#include "common/confine/frame.h"
#include "common/run/child.h"
#include "ldirectord/door/door.h"
#include "ldirectord/door/words.h"

/* So long the keeper may take to make room for an order. */
#define ROOM_MS 10

static struct {
    struct ha_loop *loop;
    struct ha_watch watch;
    void (*gone)(void *ctx);
    void *ctx;
    uint8_t space[HA_FRAME_BYTES_MAX];
} running = {.watch = HA_WATCH_INIT};

static int order(void *ctx, uint32_t number, const struct ha_child_spec *spec)
{
    struct ha_frame frame = {.kind = LD_WORD_RUN, .number = number};
    GByteArray *bytes = g_byte_array_new();
    int error = ld_put_spec(bytes, spec) ? 0 : -E2BIG, input = -1;

    (void)ctx;
    if (error == 0 && spec->input != NULL) {
        input = ha_bulk_make(spec->input, strlen(spec->input));
        error = MIN(input, 0);
    }
    if (input >= 0)
        frame.fds[frame.fd_count++] = input;
    frame.bytes = bytes->data;
    frame.length = bytes->len;
    if (error == 0)
        error = ha_frame_send(ld_door_run_fd(), &frame, ROOM_MS);
    if (error == -ENOBUFS) /* says nothing of the program: as if there were no process to be had */
        error = -EAGAIN;
    if (input >= 0)
        close(input);
    g_byte_array_unref(bytes);
    return error;
}

static void abandon(void *ctx, uint32_t number)
{
    const struct ha_frame frame = {.kind = LD_WORD_ABANDON, .number = number};

    (void)ctx;
    ha_frame_send(ld_door_run_fd(), &frame, 0); /* lost: it has a deadline */
}

static void tell(const struct ha_frame *frame)
{
    struct ha_unpack in = ha_unpack_begin(frame->bytes, frame->length);
    struct ha_child_result result = {.end = ha_unpack_u8(&in), .code = (int)ha_unpack_u32(&in)};
    char *text = NULL;
    size_t length = 0;

    result.truncated = ha_unpack_u8(&in) != 0;
    result.output_len = in.left;
    if (frame->fd_count > 0) {
        if (ha_bulk_read(frame->fds[0], LD_OUTPUT_MAX, &text, &length) != 0)
            in.bad = true;
        result.output_len = length;
    } else {
        text = g_strndup((const char *)in.at, in.left);
    }
    result.output = text != NULL ? text : "";
    if (in.bad || result.end >= HA_CHILD_END_COUNT)
        result = (struct ha_child_result){.end = HA_CHILD_FAILED, .code = EPROTO, .output = ""};
    ha_child_ended(running.loop, frame->number, &result);
    g_free(text);
}

static void told(void *ctx, uint32_t events)
{
    struct ha_frame frame;
    int error;

    (void)ctx;
    (void)events;
    while ((error = ha_frame_receive(ld_door_run_fd(), &frame, running.space, 0)) == 0) {
        if (frame.kind == LD_WORD_ENDED)
            tell(&frame);
        ha_frame_close(&frame);
    }
    if (error != -EPIPE) /* what could not be read for want of memory is there still */
        return;
    ha_watch_stop(running.loop, &running.watch);
    running.gone(running.ctx);
}

int ld_door_children(struct ha_loop *loop, void (*gone)(void *ctx), void *ctx)
{
    static const struct ha_child_elsewhere elsewhere = {.start = order, .abandon = abandon};
    int error = ha_watch_start(loop, &running.watch, ld_door_run_fd(), EPOLLIN, told, NULL);

    running.loop = loop;
    running.gone = gone;
    running.ctx = ctx;
    if (error == 0)
        ha_child_elsewhere(loop, &elsewhere);
    return error;
}

void ld_door_children_end(void)
{
    if (running.loop != NULL)
        ha_watch_stop(running.loop, &running.watch);
}
