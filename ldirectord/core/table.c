/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables as values and their difference. Knows neither who wants a table nor
 * who holds one; the order of the operations is its only policy.
 */
#include "ldirectord/core/table.h"

#include <string.h>

guint ld_dest_place_hash(gconstpointer key)
{
    const struct ld_dest *dest = key;

    return ha_addr_hash(&dest->addr) ^ dest->port * UINT32_C(2654435761);
}

gboolean ld_dest_place_equal(gconstpointer a, gconstpointer b)
{
    const struct ld_dest *one = a, *other = b;

    return one->port == other->port && ha_addr_equal(&one->addr, &other->addr);
}

static void vs_free(void *item)
{
    struct ld_vs *vs = item;

    g_array_free(vs->dests, TRUE);
    g_free(vs);
}

struct ld_table *ld_table_new(void)
{
    struct ld_table *table = g_new0(struct ld_table, 1);

    table->services = g_ptr_array_new_with_free_func(vs_free);
    table->by_id = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    return table;
}

void ld_table_free(struct ld_table *table)
{
    if (!table)
        return;
    g_hash_table_destroy(table->by_id);
    g_ptr_array_free(table->services, TRUE);
    g_free(table);
}

struct ld_vs *ld_table_add(struct ld_table *table, const struct ld_service_id *id)
{
    struct ld_vs *vs;

    if (ld_table_find(table, id))
        return NULL;
    vs = g_new0(struct ld_vs, 1);
    vs->id = *id;
    vs->dests = g_array_new(FALSE, TRUE, sizeof(struct ld_dest));
    g_ptr_array_add(table->services, vs);
    g_hash_table_insert(table->by_id, &vs->id, vs);
    return vs;
}

struct ld_vs *ld_table_find(const struct ld_table *table, const struct ld_service_id *id)
{
    return g_hash_table_lookup(table->by_id, id);
}

struct ld_dest *ld_vs_find(const struct ld_vs *vs, const struct ha_addr *addr, uint16_t port)
{
    for (guint i = 0; i < vs->dests->len; i++) {
        struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, i);

        if (dest->port == port && ha_addr_equal(&dest->addr, addr))
            return dest;
    }
    return NULL;
}

void ld_portion_init(struct ld_portion *portion)
{
    *portion = (struct ld_portion){.ids = g_ptr_array_new_with_free_func(g_free)};
}

void ld_portion_clear(struct ld_portion *portion)
{
    if (portion->ids)
        g_ptr_array_free(portion->ids, TRUE);
    *portion = (struct ld_portion){0};
}

static void append(GArray *ops, enum ld_op_kind kind, const struct ld_vs *vs,
                   const struct ld_dest *dest, const struct ld_dest *was)
{
    struct ld_op op = {.kind = kind, .vs = vs, .dest = dest, .was = was};

    g_array_append_val(ops, op);
}

static bool same_service(const struct ld_vs *a, const struct ld_vs *b)
{
    return strcmp(a->scheduler, b->scheduler) == 0 && a->flags == b->flags &&
           a->timeout_s == b->timeout_s && a->netmask == b->netmask;
}

static bool same_dest(const struct ld_dest *a, const struct ld_dest *b)
{
    return a->method == b->method && a->weight == b->weight && a->lower == b->lower &&
           a->upper == b->upper;
}

static GHashTable *index_dests(const struct ld_vs *vs)
{
    GHashTable *index = g_hash_table_new(ld_dest_place_hash, ld_dest_place_equal);

    for (guint i = 0; i < vs->dests->len; i++) {
        struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, i);

        g_hash_table_insert(index, dest, dest);
    }
    return index;
}

/* What gives clients a server comes first, what takes one away last: added,
 * edited upwards, edited to weight 0, deleted. */
static void diff_dests(const struct ld_vs *actual, const struct ld_vs *wanted, GArray *ops)
{
    GHashTable *have = index_dests(actual);
    GPtrArray *silenced = g_ptr_array_new(); /* wanted, actual, wanted, actual ... */
    GPtrArray *changed = g_ptr_array_new();  /* the same */

    for (guint i = 0; i < wanted->dests->len; i++) {
        struct ld_dest *want = &g_array_index(wanted->dests, struct ld_dest, i);
        struct ld_dest *is = g_hash_table_lookup(have, want);

        if (!is) {
            if (!want->keep_absent)
                append(ops, LD_OP_ADD_DEST, wanted, want, NULL);
            continue;
        }
        if (!same_dest(is, want)) {
            GPtrArray *list = want->weight == 0 ? silenced : changed;

            g_ptr_array_add(list, want);
            g_ptr_array_add(list, is);
        }
        g_hash_table_remove(have, is);
    }
    for (guint i = 0; i < changed->len; i += 2)
        append(ops, LD_OP_EDIT_DEST, wanted, changed->pdata[i], changed->pdata[i + 1]);
    for (guint i = 0; i < silenced->len; i += 2)
        append(ops, LD_OP_EDIT_DEST, wanted, silenced->pdata[i], silenced->pdata[i + 1]);
    /* In the table's order, not the hash's: the same tables give the same operations. */
    for (guint i = 0; i < actual->dests->len && g_hash_table_size(have) > 0; i++) {
        struct ld_dest *is = &g_array_index(actual->dests, struct ld_dest, i);

        if (g_hash_table_lookup(have, is) == is)
            append(ops, LD_OP_DEL_DEST, actual, is, NULL);
    }
    g_ptr_array_free(changed, TRUE);
    g_ptr_array_free(silenced, TRUE);
    g_hash_table_destroy(have);
}

static void add_service(const struct ld_vs *wanted, GArray *ops)
{
    append(ops, LD_OP_ADD_SERVICE, wanted, NULL, NULL);
    for (guint i = 0; i < wanted->dests->len; i++)
        append(ops, LD_OP_ADD_DEST, wanted, &g_array_index(wanted->dests, struct ld_dest, i),
               NULL);
}

void ld_table_diff(const struct ld_table *actual, const struct ld_table *wanted,
                   GHashTable *ours, GArray *ops)
{
    for (guint i = 0; i < wanted->services->len; i++) {
        const struct ld_vs *want = wanted->services->pdata[i];
        const struct ld_vs *is = ld_table_find(actual, &want->id);

        if (!is) {
            add_service(want, ops);
            continue;
        }
        if (!same_service(is, want))
            append(ops, LD_OP_EDIT_SERVICE, want, NULL, NULL);
        diff_dests(is, want, ops);
    }
    for (guint i = 0; ours && i < actual->services->len; i++) {
        const struct ld_vs *is = actual->services->pdata[i];

        if (!ld_table_find(wanted, &is->id) && g_hash_table_contains(ours, &is->id))
            append(ops, LD_OP_DEL_SERVICE, is, NULL, NULL);
    }
}
