/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake kernel table. Keeps a table of its own and copies on the way in and
 * out, so that no test can change it by holding on to a pointer.
 */
#include "tests/fakes/fake_ipvs.h"

#include <errno.h>
#include <string.h>

static struct ld_vs *copy_service(struct ld_table *table, const struct ld_vs *from)
{
    struct ld_vs *vs = ld_table_add(table, &from->id);

    if (!vs)
        return NULL;
    memcpy(vs->scheduler, from->scheduler, sizeof(vs->scheduler));
    vs->flags = from->flags;
    vs->timeout_s = from->timeout_s;
    vs->netmask = from->netmask;
    return vs;
}

static void copy_whole(struct ld_table *table, const struct ld_vs *from)
{
    struct ld_vs *vs = copy_service(table, from);

    g_array_append_vals(vs->dests, from->dests->data, from->dests->len);
}

static int fake_read(struct ld_ipvs *ipvs, const struct ld_portion *portion,
                     struct ld_table **out)
{
    struct fake_ipvs *fake = (struct fake_ipvs *)ipvs;
    struct ld_table *table = ld_table_new();

    if (portion && !portion->whole) {
        for (guint i = 0; i < portion->ids->len; i++) {
            const struct ld_vs *from = ld_table_find(fake->table, portion->ids->pdata[i]);

            if (from)
                copy_whole(table, from);
        }
    } else {
        for (guint i = 0; i < fake->table->services->len; i++)
            copy_whole(table, fake->table->services->pdata[i]);
    }
    fake->services_read += table->services->len;
    *out = table;
    return 0;
}

static int check_service(const struct fake_ipvs *fake, const struct ld_vs *vs)
{
    if (fake->missing_scheduler && strcmp(vs->scheduler, fake->missing_scheduler) == 0)
        return -ENOENT;
    return 0;
}

static int check_dest(const struct ld_vs *vs, const struct ld_dest *dest)
{
    if (dest->lower > dest->upper || dest->weight > G_MAXINT32)
        return -ERANGE;
    if (vs->id.protocol != LD_FWM && dest->method != LD_MASQ && dest->port != vs->id.port)
        return -EINVAL;
    return 0;
}

static void remove_service(struct fake_ipvs *fake, struct ld_vs *vs)
{
    g_hash_table_remove(fake->table->by_id, &vs->id);
    g_ptr_array_remove(fake->table->services, vs);
}

static int apply_service(struct fake_ipvs *fake, const struct ld_op *op, struct ld_vs *vs)
{
    int error = check_service(fake, op->vs);

    if (op->kind == LD_OP_DEL_SERVICE) {
        if (!vs)
            return -ESRCH;
        remove_service(fake, vs);
        return 0;
    }
    if (error != 0)
        return error;
    if (op->kind == LD_OP_ADD_SERVICE)
        return copy_service(fake->table, op->vs) ? 0 : -EEXIST;
    if (!vs)
        return -ESRCH;
    memcpy(vs->scheduler, op->vs->scheduler, sizeof(vs->scheduler));
    vs->flags = op->vs->flags;
    vs->timeout_s = op->vs->timeout_s;
    vs->netmask = op->vs->netmask;
    return 0;
}

/* Its connections are the kernel's. */
static void change_dest(struct ld_dest *dest, const struct ld_dest *wanted)
{
    struct ld_dest was = *dest;

    *dest = *wanted;
    dest->counted = was.counted;
    dest->connections = was.connections;
}

static int apply_dest(const struct ld_op *op, struct ld_vs *vs)
{
    struct ld_dest *dest = vs ? ld_vs_find(vs, &op->dest->addr, op->dest->port) : NULL;
    int error = vs ? check_dest(vs, op->dest) : -ESRCH;

    if (error != 0 && op->kind != LD_OP_DEL_DEST)
        return error;
    if (op->kind == LD_OP_ADD_DEST) {
        if (dest)
            return -EEXIST;
        g_array_append_val(vs->dests, *op->dest);
        return 0;
    }
    if (!dest)
        return -ENOENT;
    if (op->kind == LD_OP_EDIT_DEST)
        change_dest(dest, op->dest);
    else
        g_array_remove_index(vs->dests, (guint)(dest - (struct ld_dest *)(void *)vs->dests->data));
    return 0;
}

static void count_replaced(struct fake_ipvs *fake, const struct ld_op *op, GHashTable *deleted)
{
    char *service = ld_service_id_text(&op->vs->id), *key;
    char text[HA_ADDR_TEXT];

    if (!op->dest) {
        g_free(service);
        return;
    }
    key = g_strdup_printf("%s %s", service, ha_addr_port_text(&op->dest->addr, op->dest->port, text));
    g_free(service);
    if (op->kind == LD_OP_ADD_DEST && g_hash_table_contains(deleted, key))
        fake->replaced++;
    if (op->kind == LD_OP_DEL_DEST)
        g_hash_table_add(deleted, key);
    else
        g_free(key);
}

static int apply_one(struct fake_ipvs *fake, const struct ld_op *op)
{
    struct ld_vs *vs = ld_table_find(fake->table, &op->vs->id);

    if (fake->fail_next > 0) {
        fake->fail_next--;
        return -ENOMEM;
    }
    return op->kind <= LD_OP_DEL_SERVICE ? apply_service(fake, op, vs) : apply_dest(op, vs);
}

static int fake_apply(struct ld_ipvs *ipvs, const GArray *ops, ld_ipvs_fn fn, void *ctx)
{
    struct fake_ipvs *fake = (struct fake_ipvs *)ipvs;
    GHashTable *deleted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    int failed = 0;

    for (guint i = 0; i < ops->len; i++) {
        const struct ld_op *op = &g_array_index(ops, struct ld_op, i);
        int error = apply_one(fake, op);

        if (error == 0) {
            fake->operations++;
            count_replaced(fake, op, deleted);
        } else {
            failed++;
        }
        if (fn)
            fn(ctx, op, error);
    }
    g_hash_table_destroy(deleted);
    return failed;
}

static int fake_sync(struct ld_ipvs *ipvs, const struct ld_sync *wanted)
{
    struct fake_ipvs *fake = (struct fake_ipvs *)ipvs;

    fake->sync = *wanted;
    fake->syncs++;
    return fake->sync_error;
}

static int fake_hand_over(struct ld_ipvs *ipvs, const struct ld_sync *sync, const struct ld_table *table,
                          const GArray *connections, unsigned bound_ms)
{
    struct fake_ipvs *fake = (struct fake_ipvs *)ipvs;

    (void)sync;
    (void)table;
    (void)bound_ms;
    fake->handovers++;
    fake->handed = connections != NULL ? (int)connections->len : -1;
    return 0;
}

static int fake_untaken(struct ld_ipvs *ipvs, const struct ld_sync *sync)
{
    struct fake_ipvs *fake = (struct fake_ipvs *)ipvs;

    (void)sync;
    fake->looks++;
    if (fake->untaken > 0 && !fake->stuck)
        fake->untaken--;
    return fake->untaken;
}

static int fake_switch(struct ld_ipvs *ipvs, const char *name, bool on)
{
    g_string_append_printf(((struct fake_ipvs *)ipvs)->switches, "%s=%d ", name, on);
    return 0;
}

static void fake_close(struct ld_ipvs *ipvs)
{
    (void)ipvs;
}

static const struct ld_ipvs_ops fake_ops = {
    .name = "fake",
    .read = fake_read,
    .apply = fake_apply,
    .sync = fake_sync,
    .hand_over = fake_hand_over,
    .untaken = fake_untaken,
    .set_switch = fake_switch,
    .close = fake_close,
};

void fake_ipvs_init(struct fake_ipvs *fake)
{
    memset(fake, 0, sizeof(*fake));
    fake->ipvs.ops = &fake_ops;
    fake->table = ld_table_new();
    fake->switches = g_string_new(NULL);
}

void fake_ipvs_clear(struct fake_ipvs *fake)
{
    ld_table_free(fake->table);
    fake->table = NULL;
    g_string_free(fake->switches, TRUE);
}

static char *explain(const struct ld_vs *vs, const struct ld_dest *dest, const char *what)
{
    char *service = ld_service_id_text(&vs->id), *why;
    char text[HA_ADDR_TEXT] = "the service";

    if (dest)
        ha_addr_port_text(&dest->addr, dest->port, text);
    why = g_strdup_printf("%s: %s: %s", service, text, what);
    g_free(service);
    return why;
}

static char *difference(const struct ld_vs *is, const struct ld_vs *want)
{
    if (strcmp(is->scheduler, want->scheduler) != 0 || is->flags != want->flags ||
        is->timeout_s != want->timeout_s || is->netmask != want->netmask)
        return explain(is, NULL, "other settings");
    for (guint i = 0; i < want->dests->len; i++) {
        const struct ld_dest *dest = &g_array_index(want->dests, struct ld_dest, i);
        const struct ld_dest *there = ld_vs_find(is, &dest->addr, dest->port);

        if (!there && !dest->keep_absent)
            return explain(is, dest, "missing");
        if (there && (there->weight != dest->weight || there->method != dest->method ||
                      there->lower != dest->lower || there->upper != dest->upper))
            return explain(is, dest, "other settings");
    }
    for (guint i = 0; i < is->dests->len; i++) {
        const struct ld_dest *dest = &g_array_index(is->dests, struct ld_dest, i);

        if (!ld_vs_find(want, &dest->addr, dest->port))
            return explain(is, dest, "too many");
    }
    return NULL;
}

bool fake_ipvs_equal(const struct ld_table *actual, const struct ld_table *wanted,
                     GHashTable *ours, char **why)
{
    *why = NULL;
    for (guint i = 0; i < wanted->services->len && !*why; i++) {
        const struct ld_vs *want = wanted->services->pdata[i];
        const struct ld_vs *is = ld_table_find(actual, &want->id);

        *why = is ? difference(is, want) : explain(want, NULL, "missing");
    }
    for (guint i = 0; i < actual->services->len && !*why; i++) {
        const struct ld_vs *is = actual->services->pdata[i];

        if (!ld_table_find(wanted, &is->id) && g_hash_table_contains(ours, &is->id))
            *why = explain(is, NULL, "too many");
    }
    return !*why;
}
