/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables, operations and programs as bytes, and back (words.h). */
#include "ldirectord/door/words.h"

#include <string.h>

#include "common/confine/frame.h"

/* Records of a table. */
enum { SERVICE = 1, DEST };
/* A record has no more bytes than that. */
#define RECORD_MAX 128

void ld_put_id(GByteArray *out, const struct ld_service_id *id)
{
    ha_pack_u8(out, (uint8_t)id->protocol);
    if (id->protocol == LD_FWM) {
        ha_pack_u8(out, id->addr.family == AF_INET6 ? 6 : 4);
        ha_pack_u32(out, id->fwmark);
    } else {
        ha_pack_addr(out, &id->addr);
        ha_pack_u16(out, id->port);
    }
}

bool ld_get_id(struct ha_unpack *in, struct ld_service_id *out)
{
    memset(out, 0, sizeof(*out));
    out->protocol = ha_unpack_u8(in);
    if (out->protocol == LD_FWM) {
        out->addr.family = ha_unpack_u8(in) == 6 ? AF_INET6 : AF_INET;
        out->fwmark = ha_unpack_u32(in);
    } else {
        ha_unpack_addr(in, &out->addr);
        out->port = ha_unpack_u16(in);
        in->bad |= out->protocol >= LD_PROTOCOL_COUNT || out->addr.family == AF_UNSPEC;
    }
    return !in->bad;
}

/* ---- services and destinations ---- */

static void put_vs(GByteArray *out, const struct ld_vs *vs)
{
    ld_put_id(out, &vs->id);
    ha_pack_bytes(out, vs->scheduler, sizeof(vs->scheduler));
    ha_pack_u32(out, vs->flags);
    ha_pack_u32(out, vs->timeout_s);
    ha_pack_u32(out, vs->netmask);
}

static bool get_vs(struct ha_unpack *in, struct ld_vs *out)
{
    memset(out, 0, sizeof(*out));
    ld_get_id(in, &out->id);
    ha_unpack_bytes(in, out->scheduler, sizeof(out->scheduler));
    in->bad |= out->scheduler[sizeof(out->scheduler) - 1] != '\0';
    out->flags = ha_unpack_u32(in);
    out->timeout_s = ha_unpack_u32(in);
    out->netmask = ha_unpack_u32(in);
    return !in->bad;
}

static void put_dest(GByteArray *out, const struct ld_dest *dest)
{
    ha_pack_addr(out, &dest->addr);
    ha_pack_u16(out, dest->port);
    ha_pack_u8(out, (uint8_t)dest->method);
    ha_pack_u32(out, dest->weight);
    ha_pack_u32(out, dest->lower);
    ha_pack_u32(out, dest->upper);
    ha_pack_u8(out, dest->counted);
    ha_pack_u32(out, dest->connections);
}

static bool get_dest(struct ha_unpack *in, struct ld_dest *out)
{
    memset(out, 0, sizeof(*out));
    ha_unpack_addr(in, &out->addr);
    out->port = ha_unpack_u16(in);
    out->method = ha_unpack_u8(in);
    out->weight = ha_unpack_u32(in);
    out->lower = ha_unpack_u32(in);
    out->upper = ha_unpack_u32(in);
    out->counted = ha_unpack_u8(in) != 0;
    out->connections = ha_unpack_u32(in);
    in->bad |= out->method >= LD_METHOD_COUNT || out->addr.family == AF_UNSPEC;
    return !in->bad;
}

/* ---- operations ---- */

void ld_put_op(GByteArray *out, const struct ld_op *op)
{
    ha_pack_u8(out, (uint8_t)op->kind);
    put_vs(out, op->vs);
    if (op->kind >= LD_OP_ADD_DEST)
        put_dest(out, op->dest);
}

static void vs_free(gpointer item)
{
    struct ld_vs *vs = item;

    if (vs->dests != NULL)
        g_array_free(vs->dests, TRUE);
    g_free(vs);
}

void ld_op_list_clear(struct ld_op_list *list)
{
    g_array_free(list->ops, TRUE);
    g_ptr_array_free(list->vs, TRUE);
}

static bool get_op(struct ha_unpack *in, struct ld_op_list *list)
{
    struct ld_op op = {.kind = ha_unpack_u8(in)};
    struct ld_vs *vs = g_new0(struct ld_vs, 1);
    struct ld_dest dest;

    g_ptr_array_add(list->vs, vs);
    if (op.kind >= LD_OP_KIND_COUNT || !get_vs(in, vs))
        return false;
    vs->dests = g_array_new(FALSE, FALSE, sizeof(struct ld_dest));
    op.vs = vs;
    if (op.kind >= LD_OP_ADD_DEST) {
        if (!get_dest(in, &dest))
            return false;
        g_array_append_val(vs->dests, dest);
        op.dest = op.was = &g_array_index(vs->dests, struct ld_dest, 0);
    }
    g_array_append_val(list->ops, op);
    return true;
}

bool ld_get_ops(struct ha_unpack in, struct ld_op_list *out)
{
    out->ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));
    out->vs = g_ptr_array_new_with_free_func(vs_free);
    while (!in.bad && in.left > 0)
        if (out->ops->len >= LD_OPS_MAX || !get_op(&in, out))
            in.bad = true;
    if (!in.bad)
        return true;
    ld_op_list_clear(out);
    return false;
}

/* ---- tables ---- */

bool ld_put_table(GByteArray *out, const struct ld_table *table, struct ld_table_place *next)
{
    while (next->service < table->services->len) {
        const struct ld_vs *vs = table->services->pdata[next->service];

        if (out->len + RECORD_MAX > HA_FRAME_BYTES_MAX)
            return false;
        if (!next->begun) {
            ha_pack_u8(out, SERVICE);
            put_vs(out, vs);
            next->begun = true;
        } else if (next->dest < vs->dests->len) {
            ha_pack_u8(out, DEST);
            put_dest(out, &g_array_index(vs->dests, struct ld_dest, next->dest));
            next->dest++;
        } else {
            *next = (struct ld_table_place){.service = next->service + 1};
        }
    }
    return true;
}

static bool get_service(struct ha_unpack *in, struct ld_table *table, struct ld_vs **last)
{
    struct ld_vs said, *vs;

    if (!get_vs(in, &said) || table->services->len >= LD_SERVICES_MAX)
        return false;
    vs = ld_table_add(table, &said.id);
    if (vs == NULL)
        return false;
    memcpy(vs->scheduler, said.scheduler, sizeof(vs->scheduler));
    vs->flags = said.flags;
    vs->timeout_s = said.timeout_s;
    vs->netmask = said.netmask;
    *last = vs;
    return true;
}

bool ld_get_table(struct ha_unpack in, struct ld_table *table, struct ld_vs **last)
{
    while (!in.bad && in.left > 0) {
        uint8_t kind = ha_unpack_u8(&in);
        struct ld_dest dest;

        if (kind == SERVICE && get_service(&in, table, last))
            continue;
        if (kind != DEST || *last == NULL || (*last)->dests->len >= LD_REALS_MAX || !get_dest(&in, &dest))
            return false;
        g_array_append_val((*last)->dests, dest);
    }
    return !in.bad;
}

/* ---- synchronisation ---- */

void ld_put_sync(GByteArray *out, const struct ld_sync *sync)
{
    ha_pack_u8(out, (uint8_t)sync->role);
    ha_pack_bytes(out, sync->interface, sizeof(sync->interface));
    ha_pack_u32(out, sync->id);
    ha_pack_addr(out, &sync->group);
    ha_pack_u32(out, sync->port);
    ha_pack_u32(out, sync->ttl);
    ha_pack_u32(out, sync->maxlen);
}

bool ld_get_sync(struct ha_unpack *in, struct ld_sync *out)
{
    memset(out, 0, sizeof(*out));
    out->role = ha_unpack_u8(in);
    ha_unpack_bytes(in, out->interface, sizeof(out->interface));
    in->bad |= out->role >= LD_SYNC_ROLE_COUNT || out->interface[sizeof(out->interface) - 1] != '\0';
    out->id = ha_unpack_u32(in);
    ha_unpack_addr(in, &out->group);
    out->port = ha_unpack_u32(in);
    out->ttl = ha_unpack_u32(in);
    out->maxlen = ha_unpack_u32(in);
    return ha_unpack_end(in);
}

/* ---- programs ---- */

bool ld_put_spec(GByteArray *out, const struct ha_child_spec *spec)
{
    uint32_t count = 0;

    while (spec->argv[count] != NULL)
        count++;
    if (count > LD_WORDS_MAX || spec->envp != NULL || spec->keep_fd != 0 || spec->as != NULL)
        return false;
    ha_pack_u64(out, spec->deadline_ms);
    ha_pack_u32(out, (uint32_t)MIN(spec->output_max, LD_OUTPUT_MAX));
    ha_pack_u8(out, spec->merge_stderr);
    ha_pack_text(out, spec->path);
    ha_pack_u32(out, count);
    for (uint32_t i = 0; i < count; i++)
        ha_pack_text(out, spec->argv[i]);
    return out->len <= HA_FRAME_BYTES_MAX;
}

bool ld_get_spec(struct ha_unpack in, struct ha_child_spec *out, char **argv)
{
    uint32_t count;

    memset(out, 0, sizeof(*out));
    out->deadline_ms = ha_unpack_u64(&in);
    out->output_max = ha_unpack_u32(&in);
    out->merge_stderr = ha_unpack_u8(&in) != 0;
    out->path = ha_unpack_text(&in);
    count = ha_unpack_u32(&in);
    if (in.bad || out->path == NULL || count == 0 || count > LD_WORDS_MAX || out->deadline_ms == 0 ||
        out->output_max > LD_OUTPUT_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        argv[i] = (char *)ha_unpack_text(&in);
        if (argv[i] == NULL)
            return false;
    }
    argv[count] = NULL;
    out->argv = argv;
    return ha_unpack_end(&in);
}
