/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that the other half orders: each is looked up in the configuration
 * (door/allowed.h), run as whom that says, and its end is told. What it reads
 * and prints is passed on unread.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/confine/bulk.h"
#include "ldirectord/keeper_inside.h"

/* More at once than checks and commands there can be. */
#define PROGRAMS_MAX 2048
/* So long the other half may take to make room for what is told it. */
#define TELL_MS      5000
/* An output that is longer travels as a descriptor. */
#define INLINE_MAX   ((size_t)16384)

struct program {
    struct ld_keeper *keeper;
    uint32_t number;
    struct ha_child *child;
};

static void tell(struct ld_keeper *keeper, uint32_t number, const struct ha_child_result *result)
{
    struct ha_frame frame = {.kind = LD_WORD_ENDED, .number = number};
    GByteArray *bytes = g_byte_array_new();
    int error, output = -1;

    ha_pack_u8(bytes, (uint8_t)result->end);
    ha_pack_u32(bytes, (uint32_t)result->code);
    ha_pack_u8(bytes, result->truncated);
    if (result->output_len <= INLINE_MAX)
        ha_pack_bytes(bytes, result->output, result->output_len);
    else
        output = ha_bulk_make(result->output, result->output_len);
    if (output >= 0)
        frame.fds[frame.fd_count++] = output;
    frame.bytes = bytes->data;
    frame.length = bytes->len;
    error = ha_frame_send(keeper->run_fd, &frame, TELL_MS);
    if (error != 0 && error != -EPIPE)
        ha_log(HA_LOG_ERROR, "cannot tell the process that checks (pid %d) how a program ended: %s",
               (int)keeper->set.daemon, g_strerror(-error));
    if (output >= 0)
        close(output);
    g_byte_array_unref(bytes);
}

static void tell_failed(struct ld_keeper *keeper, uint32_t number, int error)
{
    const struct ha_child_result result = {.end = HA_CHILD_FAILED, .code = error, .output = ""};

    tell(keeper, number, &result);
}

static void ended(void *ctx, const struct ha_child_result *result)
{
    struct program *program = ctx;
    struct ld_keeper *keeper = program->keeper;
    uint32_t number = program->number;

    tell(keeper, number, result);
    g_hash_table_remove(keeper->programs, GUINT_TO_POINTER(number));
}

static const struct ha_identity *identity_of(const struct ld_keeper *keeper, enum ld_as as)
{
    if (as == LD_AS_CHECK)
        return keeper->set.checks;
    return as == LD_AS_SCRIPT && keeper->script.name[0] != '\0' ? &keeper->script : NULL;
}

static int start(struct ld_keeper *keeper, uint32_t number, const struct ha_child_spec *spec)
{
    struct program *program;

    if (g_hash_table_size(keeper->programs) >= PROGRAMS_MAX ||
        g_hash_table_contains(keeper->programs, GUINT_TO_POINTER(number)))
        return EAGAIN;
    program = g_new0(struct program, 1);
    program->keeper = keeper;
    program->number = number;
    program->child = ha_child_start(keeper->loop, spec, ended, program);
    if (program->child == NULL) {
        int error = errno;

        g_free(program);
        return error;
    }
    g_hash_table_insert(keeper->programs, GUINT_TO_POINTER(number), program);
    return 0;
}

/* The text that the program reads is whatever the other half wants it to be. */
static int take_input(const struct ha_frame *order, char **input)
{
    size_t length;

    *input = NULL;
    return order->fd_count == 0 ? 0 : -ha_bulk_read(order->fds[0], LD_INPUT_MAX, input, &length);
}

static void run(struct ld_keeper *keeper, const struct ha_frame *order)
{
    char *argv[LD_WORDS_MAX + 1], *input;
    struct ha_child_spec spec;
    enum ld_as as;
    int error;

    if (!ld_get_spec(ha_unpack_begin(order->bytes, order->length), &spec, argv)) {
        ld_keeper_refuse(keeper, "to run what makes no sense");
        tell_failed(keeper, order->number, EBADMSG);
        return;
    }
    as = ld_allowed_run(keeper->allowed, &spec);
    if (as == LD_AS_NOBODY) {
        char *name = ha_log_clean(spec.path, strlen(spec.path), 200);
        char *what = g_strdup_printf("to run %s in a way that the configuration does not", name);

        ld_keeper_refuse(keeper, what);
        tell_failed(keeper, order->number, EACCES);
        g_free(what);
        g_free(name);
        return;
    }
    spec.as = identity_of(keeper, as);
    spec.reads = strcmp(spec.path, LD_PERL) == 0 ? argv[4] : NULL; /* perl would say nothing of it */
    error = take_input(order, &input);
    spec.input = input;
    if (error == 0)
        error = start(keeper, order->number, &spec);
    if (error != 0)
        tell_failed(keeper, order->number, error);
    g_free(input);
}

static void abandon(struct ld_keeper *keeper, uint32_t number)
{
    struct program *program = g_hash_table_lookup(keeper->programs, GUINT_TO_POINTER(number));

    if (program == NULL)
        return; /* it has just ended */
    ha_child_abandon(program->child);
    g_hash_table_remove(keeper->programs, GUINT_TO_POINTER(number));
}

void ld_keeper_ordered(struct ld_keeper *keeper, struct ha_frame *order)
{
    if (order->kind == LD_WORD_RUN)
        run(keeper, order);
    else if (order->kind == LD_WORD_ABANDON)
        abandon(keeper, order->number);
    else
        ld_keeper_refuse(keeper, "an order that nobody knows");
}
