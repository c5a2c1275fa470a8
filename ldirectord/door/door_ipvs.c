/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's table as seen through the door: the operations of ipvs.h, each
 * one question (a long list of operations: one for LD_OPS_MAX of them). What
 * comes back is the keeper's word, read with the same care as the kernel's.
 * Handing over is done here: the kernel shows its connections to everybody, and
 * to tell of them takes no more than a socket.
 */
#include <errno.h>

#include "common/confine/frame.h"
#include "ldirectord/door/door.h"
#include "ldirectord/door/words.h"

/* ---- read ---- */

static int take_records(struct ha_frame *answer, struct ld_table *table)
{
    struct ld_vs *last = NULL;
    int error = 0;

    for (;;) {
        if (answer->status < 0)
            return answer->status;
        if (!ld_get_table(ha_unpack_begin(answer->bytes, answer->length), table, &last))
            return -EBADMSG;
        if (answer->status != LD_MORE)
            return 0;
        error = ld_door_more(answer);
        if (error != 0)
            return error;
    }
}

static int ask_table(const GByteArray *bytes, struct ld_table *table)
{
    struct ha_frame answer;
    int error = ld_door_ask(LD_WORD_READ, bytes->data, bytes->len, -1, &answer);

    if (error != 0)
        return error;
    error = take_records(&answer, table);
    ld_door_release(&answer);
    return error;
}

static int read_whole(struct ld_table *table)
{
    GByteArray *bytes = g_byte_array_new();
    int error;

    ha_pack_u8(bytes, 1);
    error = ask_table(bytes, table);
    g_byte_array_unref(bytes);
    return error;
}

static int read_some(const struct ld_portion *portion, guint from, struct ld_table *table)
{
    guint until = MIN(from + LD_IDS_MAX, portion->ids->len);
    GByteArray *bytes = g_byte_array_new();
    int error;

    ha_pack_u8(bytes, 0);
    for (guint i = from; i < until; i++)
        ld_put_id(bytes, portion->ids->pdata[i]);
    error = ask_table(bytes, table);
    g_byte_array_unref(bytes);
    return error;
}

static int door_read(struct ld_ipvs *ipvs, const struct ld_portion *portion, struct ld_table **out)
{
    struct ld_table *table = ld_table_new();
    int error = 0;

    (void)ipvs;
    *out = NULL;
    if (portion == NULL || portion->whole)
        error = read_whole(table);
    else
        for (guint i = 0; error == 0 && i < portion->ids->len; i += LD_IDS_MAX)
            error = read_some(portion, i, table);
    if (error != 0) {
        ld_table_free(table);
        return error;
    }
    *out = table;
    return 0;
}

/* ---- apply ---- */

/* Results of the operations in bytes, or the same error for all. */
static void ask_apply(const GByteArray *bytes, int *results, guint count)
{
    struct ha_frame answer;
    int error = ld_door_ask(LD_WORD_APPLY, bytes->data, bytes->len, -1, &answer);
    struct ha_unpack in;

    if (error == 0) {
        error = answer.status;
        in = ha_unpack_begin(answer.bytes, answer.length);
        for (guint i = 0; error == 0 && i < count; i++)
            results[i] = (int)ha_unpack_u32(&in);
        if (error == 0 && !ha_unpack_end(&in))
            error = -EPROTO;
        ld_door_release(&answer);
    }
    for (guint i = 0; error != 0 && i < count; i++)
        results[i] = error;
}

static int door_apply(struct ld_ipvs *ipvs, const GArray *ops, ld_ipvs_fn fn, void *ctx)
{
    int results[LD_OPS_MAX], failed = 0;
    guint count;

    (void)ipvs;
    for (guint from = 0; from < ops->len; from += count) {
        GByteArray *bytes = g_byte_array_new();

        count = MIN(ops->len - from, LD_OPS_MAX);
        for (guint i = 0; i < count; i++)
            ld_put_op(bytes, &g_array_index(ops, struct ld_op, from + i));
        ask_apply(bytes, results, count);
        g_byte_array_unref(bytes);
        for (guint i = 0; i < count; i++) {
            failed += results[i] != 0;
            if (fn != NULL)
                fn(ctx, &g_array_index(ops, struct ld_op, from + i), results[i]);
        }
    }
    return failed;
}

/* ---- the rest ---- */

static int ask_bytes(uint32_t word, GByteArray *bytes)
{
    struct ha_frame answer;
    int error = ld_door_ask(word, bytes->data, bytes->len, -1, &answer);

    g_byte_array_unref(bytes);
    if (error != 0)
        return error;
    error = answer.status;
    ld_door_release(&answer);
    return error;
}

static int door_sync(struct ld_ipvs *ipvs, const struct ld_sync *wanted)
{
    GByteArray *bytes = g_byte_array_new();

    (void)ipvs;
    ld_put_sync(bytes, wanted);
    return ask_bytes(LD_WORD_SYNC, bytes);
}

static int door_switch(struct ld_ipvs *ipvs, const char *name, bool on)
{
    GByteArray *bytes = g_byte_array_new();

    (void)ipvs;
    ha_pack_u8(bytes, on);
    ha_pack_text(bytes, name);
    return ask_bytes(LD_WORD_SWITCH, bytes);
}

static void door_close(struct ld_ipvs *ipvs)
{
    g_free(ipvs);
}

static const struct ld_ipvs_ops door_ops = {
    .name = "door",
    .read = door_read,
    .apply = door_apply,
    .sync = door_sync,
    .hand_over = ld_nl_hand_over,
    .untaken = ld_nl_untaken,
    .set_switch = door_switch,
    .close = door_close,
};

int ld_door_ipvs(struct ld_ipvs **out, char **why)
{
    struct ha_frame answer;
    int error = ld_door_ask(LD_WORD_IPVS, NULL, 0, -1, &answer);
    struct ha_unpack in;

    *out = NULL;
    if (error != 0) {
        *why = g_strdup_printf("the process that writes the kernel's table does not answer: %s",
                               g_strerror(-error));
        return error;
    }
    in = ha_unpack_begin(answer.bytes, answer.length);
    error = answer.status;
    *why = error != 0 ? g_strdup(ha_unpack_text(&in)) : NULL;
    if (error != 0 && *why == NULL)
        *why = g_strdup(g_strerror(-error));
    ld_door_release(&answer);
    if (error == 0) {
        *out = g_new0(struct ld_ipvs, 1);
        (*out)->ops = &door_ops;
    }
    return error;
}
