/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has left the file and is let go slowly (leaving.h). */
#include "ldirectord/core/leaving.h"

#include <string.h>

#include "common/base/time.h"

/* A service with leavers, as the kernel has it. */
struct home {
    struct ld_vs vs; /* without its dests */
    uint64_t draintime_ms;
    unsigned leavers;
};

struct leaver {
    struct ld_service_id service;
    struct ld_dest dest; /* as it is wanted */
    uint64_t since_ns, until_ns;
    bool stays; /* a look says so */
};

struct ld_leaving {
    GPtrArray *list;      /* of struct leaver *, owned, in the kernel's order */
    GHashTable *leavers;  /* set of the same, by service, address and port */
    GHashTable *homes;    /* struct ld_service_id * -> struct home *, owned */
};

static guint leaver_hash(gconstpointer key)
{
    const struct leaver *leaver = key;

    return ld_service_id_hash(&leaver->service) * 31 ^ ld_dest_place_hash(&leaver->dest);
}

static gboolean leaver_equal(gconstpointer a, gconstpointer b)
{
    const struct leaver *one = a, *other = b;

    return ld_dest_place_equal(&one->dest, &other->dest) &&
           ld_service_id_equal(&one->service, &other->service);
}

static void set_up(struct ld_leaving *leaving)
{
    leaving->list = g_ptr_array_new_with_free_func(g_free);
    leaving->leavers = g_hash_table_new(leaver_hash, leaver_equal);
    leaving->homes =
        g_hash_table_new_full(ld_service_id_key_hash, ld_service_id_key_equal, NULL, g_free);
}

static void clear(struct ld_leaving *leaving)
{
    g_hash_table_destroy(leaving->leavers);
    g_hash_table_destroy(leaving->homes);
    g_ptr_array_free(leaving->list, TRUE);
}

struct ld_leaving *ld_leaving_new(void)
{
    struct ld_leaving *leaving = g_new0(struct ld_leaving, 1);

    set_up(leaving);
    return leaving;
}

void ld_leaving_free(struct ld_leaving *leaving)
{
    if (!leaving)
        return;
    clear(leaving);
    g_free(leaving);
}

void ld_leaving_forget(struct ld_leaving *leaving)
{
    clear(leaving);
    set_up(leaving);
}

static struct leaver *find(const struct ld_leaving *leaving, const struct ld_service_id *id,
                           const struct ld_dest *dest)
{
    struct leaver key;

    memset(&key, 0, sizeof(key));
    key.service = *id;
    key.dest.addr = dest->addr;
    key.dest.port = dest->port;
    return g_hash_table_lookup(leaving->leavers, &key);
}

bool ld_leaving_has(const struct ld_leaving *leaving, const struct ld_service_id *id)
{
    return g_hash_table_contains(leaving->homes, id);
}

/* ---- a reload ---- */

static bool is_fallback(const struct ld_slot *slot, const struct ld_dest *dest)
{
    const struct ld_fallback *fallback = &slot->service->fallback;

    return fallback->set && ha_addr_equal(&fallback->addr, &dest->addr) &&
           ld_dest_port(slot->service, fallback->method, fallback->port) == dest->port;
}

static void add(struct ld_leaving *leaving, const struct ld_vs *vs, const struct ld_dest *dest,
                uint64_t draintime_ms, uint64_t since_ns)
{
    struct home *home = g_hash_table_lookup(leaving->homes, &vs->id);
    struct leaver *leaver = g_new0(struct leaver, 1);

    if (!home) {
        home = g_new0(struct home, 1);
        home->vs = *vs;
        home->vs.dests = NULL;
        home->draintime_ms = draintime_ms;
        g_hash_table_insert(leaving->homes, &home->vs.id, home);
    }
    home->leavers++;
    leaver->service = vs->id;
    leaver->dest.addr = dest->addr;
    leaver->dest.port = dest->port;
    leaver->dest.method = dest->method;
    leaver->dest.keep_absent = true;
    leaver->since_ns = since_ns;
    leaver->until_ns = ha_after_ns(since_ns, ha_ms_to_ns(draintime_ms));
    g_ptr_array_add(leaving->list, leaver);
    g_hash_table_add(leaving->leavers, leaver);
}

/* Who is who to one service: in the last configuration, among those who left before it, and now. */
struct reload {
    struct ld_leaving *to;
    const struct ld_leaving *from;
    const struct ld_model *old, *model;
    struct ld_slot *before, *now;
    uint64_t draintime_ms, now_ns;
    unsigned too_many;
};

static void reload_dest(struct reload *reload, const struct ld_vs *vs, const struct ld_dest *dest)
{
    const struct leaver *left = find(reload->from, &vs->id, dest);
    struct ld_slot *before = reload->before, *now = reload->now;
    const struct ld_server *was =
        before ? ld_model_server(reload->old, before, &dest->addr, dest->port) : NULL;
    struct ld_server *is = now ? ld_model_server(reload->model, now, &dest->addr, dest->port) : NULL;
    uint64_t since_ns = left                              ? left->since_ns
                        : was && was->course.drained_ns > 0 ? was->course.drained_ns
                                                            : MAX(reload->now_ns, 1);

    if (is) {
        if (left)
            is->course.drained_ns = since_ns;
        return;
    }
    if (!left && !was && !(before && is_fallback(before, dest)))
        return; /* a stranger */
    if ((now && is_fallback(now, dest)) ||
        ha_after_ns(since_ns, ha_ms_to_ns(reload->draintime_ms)) <= reload->now_ns)
        return;
    if (reload->to->list->len >= LD_LEAVING_MAX)
        reload->too_many++;
    else
        add(reload->to, vs, dest, reload->draintime_ms, since_ns);
}

unsigned ld_leaving_reload(struct ld_leaving *leaving, const struct ld_model *old,
                           const struct ld_model *model, const struct ld_table *actual,
                           uint64_t now_ns)
{
    struct ld_leaving from = *leaving;
    struct reload reload = {.to = leaving, .from = &from, .old = old, .model = model,
                            .now_ns = now_ns};

    set_up(leaving);
    for (guint i = 0; old && actual && i < actual->services->len; i++) {
        const struct ld_vs *vs = actual->services->pdata[i];
        const struct home *home = g_hash_table_lookup(from.homes, &vs->id);

        reload.before = ld_model_slot(old, &vs->id);
        reload.now = ld_model_slot(model, &vs->id);
        if (!reload.before && !home)
            continue;
        reload.draintime_ms = reload.now      ? reload.now->service->draintime_ms
                              : reload.before ? reload.before->service->draintime_ms
                                              : home->draintime_ms;
        for (guint j = 0; j < vs->dests->len; j++)
            reload_dest(&reload, vs, &g_array_index(vs->dests, struct ld_dest, j));
    }
    clear(&from);
    return reload.too_many;
}

/* ---- the table ---- */

/* The ids of a portion, for looking up; NULL: all are in it. */
static GHashTable *ids_of(const struct ld_portion *portion)
{
    GHashTable *ids;

    if (!portion || portion->whole)
        return NULL;
    ids = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    for (guint i = 0; i < portion->ids->len; i++)
        g_hash_table_add(ids, portion->ids->pdata[i]);
    return ids;
}

static void ids_end(GHashTable *ids)
{
    if (ids)
        g_hash_table_destroy(ids);
}

void ld_leaving_place(const struct ld_leaving *leaving, const struct ld_portion *portion,
                      struct ld_table *wanted)
{
    GHashTable *ids = leaving->list->len > 0 ? ids_of(portion) : NULL;

    for (guint i = 0; i < leaving->list->len; i++) {
        const struct leaver *leaver = leaving->list->pdata[i];
        struct ld_vs *vs;

        if (ids && !g_hash_table_contains(ids, &leaver->service))
            continue;
        vs = ld_table_find(wanted, &leaver->service);
        if (!vs) {
            const struct home *home = g_hash_table_lookup(leaving->homes, &leaver->service);
            GArray *dests;

            vs = ld_table_add(wanted, &leaver->service);
            dests = vs->dests;
            *vs = home->vs;
            vs->dests = dests;
        }
        g_array_append_val(vs->dests, leaver->dest);
    }
    ids_end(ids);
}

/* The one at that place of the list. */
static void end(struct ld_leaving *leaving, guint place, struct ld_due *due)
{
    struct leaver *leaver = leaving->list->pdata[place];
    struct home *home = g_hash_table_lookup(leaving->homes, &leaver->service);

    ld_due_add(due, LD_DUE_CHANGED, &leaver->service);
    if (--home->leavers == 0)
        g_hash_table_remove(leaving->homes, &leaver->service);
    g_hash_table_remove(leaving->leavers, leaver);
    g_ptr_array_remove_index(leaving->list, place);
}

static void look_at(struct ld_leaving *leaving, const struct ld_vs *vs)
{
    for (guint i = 0; ld_leaving_has(leaving, &vs->id) && i < vs->dests->len; i++) {
        const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, i);
        struct leaver *leaver = find(leaving, &vs->id, dest);

        if (leaver)
            leaver->stays = !dest->counted || dest->connections > 0 || dest->weight > 0;
    }
}

void ld_leaving_look(struct ld_leaving *leaving, const struct ld_portion *portion,
                     const struct ld_table *actual, struct ld_due *due)
{
    GHashTable *ids;

    if (leaving->list->len == 0)
        return;
    ids = ids_of(portion);
    for (guint i = 0; i < leaving->list->len; i++) {
        struct leaver *leaver = leaving->list->pdata[i];

        leaver->stays = ids && !g_hash_table_contains(ids, &leaver->service);
    }
    for (guint i = 0; i < actual->services->len; i++)
        look_at(leaving, actual->services->pdata[i]);
    for (guint i = leaving->list->len; i-- > 0;)
        if (!((const struct leaver *)leaving->list->pdata[i])->stays)
            end(leaving, i, due);
    ids_end(ids);
}

void ld_leaving_pass(struct ld_leaving *leaving, uint64_t now_ns, struct ld_due *due)
{
    for (guint i = leaving->list->len; i-- > 0;) {
        const struct leaver *leaver = leaving->list->pdata[i];

        if (leaver->until_ns <= now_ns)
            end(leaving, i, due);
        else
            ld_due_add(due, LD_DUE_CHANGED, &leaver->service);
    }
}

void ld_leaving_services(const struct ld_leaving *leaving, GHFunc fn, void *ctx)
{
    g_hash_table_foreach(leaving->homes, fn, ctx);
}

uint64_t ld_leaving_next_ns(const struct ld_leaving *leaving, uint64_t now_ns)
{
    uint64_t next_ns = leaving->list->len > 0 ? ha_after_ns(now_ns, LD_DRAIN_LOOK_NS) : HA_NEVER;

    for (guint i = 0; i < leaving->list->len; i++)
        next_ns = MIN(next_ns, ((const struct leaver *)leaving->list->pdata[i])->until_ns);
    return next_ns;
}

void ld_leaving_view(const struct ld_leaving *leaving, ld_leaver_fn fn, void *ctx)
{
    for (guint i = 0; i < leaving->list->len; i++) {
        const struct leaver *leaver = leaving->list->pdata[i];

        fn(ctx, &(struct ld_leaver_view){.service = &leaver->service, .addr = &leaver->dest.addr,
                                         .port = leaver->dest.port, .since_ns = leaver->since_ns,
                                         .until_ns = leaver->until_ns});
    }
}
