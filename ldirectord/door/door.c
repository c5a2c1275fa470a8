/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions at the door (door.h), one at a time: the thread that reads a configuration asks as well. */
#include "ldirectord/door/door.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "common/confine/bulk.h"
#include "common/confine/frame.h"
#include "ldirectord/core/opening.h"
#include "ldirectord/door/words.h"

/* What the keeper does at once; a disk or a kernel that hangs costs so much, and no more. */
#define ANSWER_MS 60000

static struct {
    GRecMutex lock; /* the last words of one that gets no memory in here go to the log, by this way */
    bool divided;
    int ask_fd, run_fd;
    uid_t uid;
    uint32_t number;
    uint8_t space[HA_FRAME_BYTES_MAX];
} door = {.ask_fd = -1, .run_fd = -1};

void ld_door_divide(int ask_fd, int run_fd, uid_t uid)
{
    door.divided = true;
    door.ask_fd = ask_fd;
    door.run_fd = run_fd;
    door.uid = uid;
}

bool ld_door_divided(void)
{
    return door.divided;
}

uid_t ld_door_uid(void)
{
    return door.divided ? door.uid : geteuid();
}

int ld_door_run_fd(void)
{
    return door.run_fd;
}

void ld_door_close(void)
{
    if (door.ask_fd >= 0)
        close(door.ask_fd);
    if (door.run_fd >= 0)
        close(door.run_fd);
    door.ask_fd = door.run_fd = -1;
}

/* ---- asking ---- */

int ld_door_ask(uint32_t word, const void *bytes, size_t length, int fd, struct ha_frame *answer)
{
    struct ha_frame question = {.kind = word, .bytes = bytes, .length = length};
    int error;

    g_rec_mutex_lock(&door.lock);
    question.number = ++door.number;
    if (fd >= 0)
        question.fds[question.fd_count++] = fd;
    error = door.ask_fd < 0 ? -EPIPE
                            : ha_frame_ask(door.ask_fd, &question, answer, door.space, ANSWER_MS);
    if (error != 0)
        g_rec_mutex_unlock(&door.lock);
    return error;
}

int ld_door_more(struct ha_frame *answer)
{
    uint32_t number = answer->number;
    int error = ha_frame_receive(door.ask_fd, answer, door.space, ANSWER_MS);

    if (error == 0 && answer->number != number) {
        ha_frame_close(answer);
        error = -EPROTO;
    }
    return error == -EAGAIN ? -ETIMEDOUT : error;
}

void ld_door_release(struct ha_frame *answer)
{
    ha_frame_close(answer);
    g_rec_mutex_unlock(&door.lock);
}

/* A question whose answer is its status. */
static int ask_status(uint32_t word, const GByteArray *bytes, int fd)
{
    struct ha_frame answer;
    int status = ld_door_ask(word, bytes != NULL ? bytes->data : NULL, bytes != NULL ? bytes->len : 0, fd,
                             &answer);

    if (status != 0)
        return status;
    status = answer.status;
    ld_door_release(&answer);
    return status;
}

/* The same of a question that is answered with a descriptor; takes bytes over. */
static int ask_fd(uint32_t word, GByteArray *bytes)
{
    struct ha_frame answer;
    int error = ld_door_ask(word, bytes->data, bytes->len, -1, &answer), fd;

    g_byte_array_unref(bytes);
    if (error != 0)
        return error;
    error = answer.status;
    fd = error == 0 ? ha_frame_take_fd(&answer, 0) : -1;
    ld_door_release(&answer);
    return error != 0 ? error : fd < 0 ? -EPROTO : fd;
}

/* ---- files and sockets ---- */

int ld_door_open(enum ld_file file, const char *path)
{
    GByteArray *bytes;

    if (!door.divided)
        return ld_power_open(file, path);
    bytes = g_byte_array_new();
    ha_pack_u8(bytes, (uint8_t)file);
    ha_pack_text(bytes, file == LD_FILE_MONITOR ? path : NULL);
    return ask_fd(LD_WORD_OPEN, bytes);
}

int ld_door_watch(enum ld_folder folder, const char *path)
{
    GByteArray *bytes;

    if (!door.divided)
        return ld_power_watch(folder, path);
    bytes = g_byte_array_new();
    ha_pack_u8(bytes, (uint8_t)folder);
    return ask_fd(LD_WORD_WATCH, bytes);
}

int ld_door_socket(enum ld_socket kind, int family, uint16_t port)
{
    GByteArray *bytes;

    if (!door.divided)
        return ld_power_socket(kind, family, port);
    bytes = g_byte_array_new();
    ha_pack_u8(bytes, (uint8_t)kind);
    ha_pack_u8(bytes, family == AF_INET6 ? 6 : 4);
    ha_pack_u16(bytes, port);
    return ask_fd(LD_WORD_SOCKET, bytes);
}

int ld_door_neighbour(const struct ha_addr *host)
{
    GByteArray *bytes = g_byte_array_new();
    int status;

    ha_pack_addr(bytes, host);
    status = ask_status(LD_WORD_NEIGHBOUR, bytes, -1);
    g_byte_array_unref(bytes);
    return status;
}

/* ---- connections that begin ---- */

int ld_door_tap(void)
{
    return door.divided ? ask_status(LD_WORD_TAP, NULL, -1) : -EOPNOTSUPP;
}

static int get_records(const struct ha_frame *answer, GArray *out)
{
    if (answer->length % sizeof(struct ld_opening_record) != 0)
        return -EPROTO;
    g_array_append_vals(out, answer->bytes, (guint)(answer->length / sizeof(struct ld_opening_record)));
    return 0;
}

int ld_door_tapped(GArray *out)
{
    struct ha_frame answer;
    int error = door.divided ? ld_door_ask(LD_WORD_TAPPED, NULL, 0, -1, &answer) : -EOPNOTSUPP;

    if (error != 0)
        return error;
    error = get_records(&answer, out);
    while (error == 0 && answer.status == LD_MORE) {
        error = ld_door_more(&answer);
        if (error == 0)
            error = get_records(&answer, out);
    }
    if (error == 0)
        error = answer.status;
    ld_door_release(&answer);
    return error;
}

/* ---- orders, configurations, the end ---- */

int ld_door_keep(const char *text, size_t length)
{
    int fd = text != NULL ? ha_bulk_make(text, length) : -1, error;

    if (text != NULL && fd < 0)
        return fd;
    error = ask_status(LD_WORD_KEEP, NULL, fd);
    if (fd >= 0)
        close(fd);
    return error;
}

static int tell_diags(struct ha_unpack in, ld_door_diag_fn fn, void *ctx)
{
    while (in.left > 0) {
        bool warning = ha_unpack_u8(&in) != 0;
        unsigned line = ha_unpack_u32(&in), column = ha_unpack_u32(&in);
        const char *text = ha_unpack_text(&in);

        if (text == NULL)
            return -EPROTO;
        fn(ctx, warning, line, column, text);
    }
    return 0;
}

int ld_door_prepare(unsigned looks, const char *digest, const void *notes, size_t length,
                    ld_door_diag_fn fn, void *ctx)
{
    GByteArray *bytes = g_byte_array_new();
    int fd = ha_bulk_make(notes, length), error = fd < 0 ? fd : 0;
    struct ha_frame answer;

    ha_pack_u32(bytes, looks);
    ha_pack_text(bytes, digest);
    if (error == 0)
        error = ld_door_ask(LD_WORD_PREPARE, bytes->data, bytes->len, fd, &answer);
    g_byte_array_unref(bytes);
    if (fd >= 0)
        close(fd);
    if (error != 0)
        return error;
    error = answer.status;
    if (error == 0)
        error = tell_diags(ha_unpack_begin(answer.bytes, answer.length), fn, ctx);
    ld_door_release(&answer);
    return error;
}

int ld_door_commit(void)
{
    return door.divided ? ask_status(LD_WORD_COMMIT, NULL, -1) : 0;
}

void ld_door_pid_gone(void)
{
    if (door.divided)
        ask_status(LD_WORD_PID_GONE, NULL, -1);
}

void ld_door_bye(void)
{
    if (door.divided)
        ask_status(LD_WORD_BYE, NULL, -1);
}
