/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three lists of services, each without repetition, taken in their order. */
#include "ldirectord/core/due.h"

struct list {
    GQueue ids;      /* of struct ld_service_id *, owned */
    GHashTable *has; /* the same, not owned */
};

struct ld_due {
    struct list lists[LD_DUE_COUNT];
    bool changes_alone; /* the last portion had nothing else */
};

struct ld_due *ld_due_new(void)
{
    struct ld_due *due = g_new0(struct ld_due, 1);

    for (int kind = 0; kind < LD_DUE_COUNT; kind++) {
        g_queue_init(&due->lists[kind].ids);
        due->lists[kind].has = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    }
    return due;
}

void ld_due_free(struct ld_due *due)
{
    if (!due)
        return;
    for (int kind = 0; kind < LD_DUE_COUNT; kind++) {
        g_hash_table_destroy(due->lists[kind].has);
        g_queue_clear_full(&due->lists[kind].ids, g_free);
    }
    g_free(due);
}

void ld_due_add(struct ld_due *due, enum ld_due_kind kind, const struct ld_service_id *id)
{
    struct list *list = &due->lists[kind];
    struct ld_service_id *copy;

    if (g_hash_table_contains(list->has, id))
        return;
    copy = g_memdup2(id, sizeof(*id));
    g_hash_table_add(list->has, copy);
    g_queue_push_tail(&list->ids, copy);
}

bool ld_due_has(const struct ld_due *due, enum ld_due_kind kind)
{
    return due->lists[kind].ids.length > 0;
}

bool ld_due_any(const struct ld_due *due)
{
    for (int kind = 0; kind < LD_DUE_COUNT; kind++)
        if (ld_due_has(due, kind))
            return true;
    return false;
}

/* The next of a list; false: it is empty. */
static bool move_one(struct list *list, struct ld_portion *portion, GHashTable *taken)
{
    struct ld_service_id *id = g_queue_pop_head(&list->ids);

    if (!id)
        return false;
    g_hash_table_remove(list->has, id);
    if (g_hash_table_add(taken, id))
        g_ptr_array_add(portion->ids, id);
    else
        g_free(id);
    return true;
}

void ld_due_take(struct ld_due *due, unsigned max, struct ld_portion *portion)
{
    GHashTable *taken = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    bool changes = ld_due_has(due, LD_DUE_CHANGED);

    ld_portion_init(portion);
    portion->look = !changes && !ld_due_has(due, LD_DUE_ALL);
    /* The rest waits for its turn, but no more than once for each. */
    due->changes_alone = changes && max != LD_PORTION_ALL && !due->changes_alone;
    for (int kind = 0; kind < (due->changes_alone ? LD_DUE_ALL : LD_DUE_COUNT); kind++)
        while (portion->ids->len < max && move_one(&due->lists[kind], portion, taken))
            ;
    portion->look_ends = portion->look && !ld_due_has(due, LD_DUE_LOOK);
    g_hash_table_destroy(taken);
}
