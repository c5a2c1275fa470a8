/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration, health and time in, table out: a pure function. Nothing here
 * knows what the table was before, so nothing can drift.
 */
#include <string.h>

#include <linux/ip_vs.h>

#include "ldirectord/core/model.h"

void ld_vs_fill(struct ld_vs *vs, const struct ld_service *service)
{
    uint32_t flags = 0;

    g_strlcpy(vs->scheduler, service->scheduler, sizeof(vs->scheduler));
    if (service->schedflags && ld_schedflags_parse(service->scheduler, service->schedflags, &flags))
        vs->flags |= flags;
    if (service->ops && service->id.protocol == LD_UDP)
        vs->flags |= IP_VS_SVC_F_ONEPACKET;
    if (service->persistent) {
        vs->flags |= IP_VS_SVC_F_PERSISTENT;
        vs->timeout_s = service->persistent_s;
        vs->netmask = service->netmask;
    }
}

/* Puts dest where the table has an entry of that address and port already, if
 * it is the better claim: one that takes clients wins over one that does not.
 * The array was made large enough before: its entries are the index's keys. */
static void place(struct ld_vs *vs, GHashTable *places, const struct ld_dest *dest)
{
    struct ld_dest *there = g_hash_table_lookup(places, dest);

    if (!there) {
        g_array_append_val(vs->dests, *dest);
        there = &g_array_index(vs->dests, struct ld_dest, vs->dests->len - 1);
        g_hash_table_add(places, there);
    } else if (dest->weight > 0 && there->weight == 0) {
        *there = *dest;
    }
}

/* What the entry of a server is to be; false: none. One that is down is not in
 * the table, or, quiescent, stands in it at weight 0 and without thresholds (as
 * it always did), or, draining, the same for a while. */
static bool fill_dest(struct ld_dest *dest, const struct ld_server *server, bool readdquiescent,
                      uint64_t now_ns)
{
    const struct ld_real *real = server->real;

    *dest = (struct ld_dest){.addr = real->addr, .port = server->port, .method = real->method};
    if (ld_server_stands(server)) {
        dest->weight = ld_server_weight(server, now_ns);
        dest->lower = real->lower;
        dest->upper = real->upper;
        dest->keep_absent = server->left_at_zero && !readdquiescent;
        return true;
    }
    if (server->slot->service->quiescent) {
        dest->keep_absent = server->placed && !readdquiescent;
        return true;
    }
    dest->keep_absent = true; /* who took it out has ended its connections */
    return ld_server_drains(server, now_ns);
}

bool ld_nobody_serves(const struct ld_slot *slot)
{
    return !slot->serving && slot->service->checktype != LD_CHECK_OFF;
}

bool ld_wants_fallback(const struct ld_slot *slot)
{
    return slot->service->fallback.set && ld_nobody_serves(slot);
}

static void place_fallback(struct ld_vs *vs, GHashTable *places, const struct ld_service *service)
{
    const struct ld_fallback *fallback = &service->fallback;
    struct ld_dest dest = {.addr = fallback->addr, .method = fallback->method, .weight = 1};

    dest.port = ld_dest_port(service, fallback->method, fallback->port);
    place(vs, places, &dest);
}

static void place_servers(struct ld_vs *vs, GHashTable *places, const struct ld_slot *slot,
                          bool readdquiescent)
{
    struct ld_dest dest;

    for (guint i = 0; i < slot->count; i++)
        if (fill_dest(&dest, &slot->servers[i], readdquiescent, slot->as_of_ns))
            place(vs, places, &dest);
}

static void add_slot(struct ld_table *table, const struct ld_slot *slot, bool readdquiescent)
{
    struct ld_vs *vs = ld_table_add(table, &slot->service->id);
    GHashTable *places;

    if (!vs) /* the same service twice: the parser refuses that; the first counts */
        return;
    ld_vs_fill(vs, slot->service);
    g_array_set_size(vs->dests, slot->count + 1);
    g_array_set_size(vs->dests, 0);
    places = g_hash_table_new(ld_dest_place_hash, ld_dest_place_equal);
    place_servers(vs, places, slot, readdquiescent);
    if (ld_wants_fallback(slot))
        place_fallback(vs, places, slot->service);
    g_hash_table_destroy(places);
}

struct ld_table *ld_wanted(const struct ld_model *model, const struct ld_portion *portion)
{
    bool whole = !portion || portion->whole;
    guint count = whole ? model->slot_count : portion->ids->len;
    struct ld_table *table = ld_table_new();

    for (guint i = 0; i < count; i++) {
        const struct ld_slot *slot =
            whole ? model->slots[i] : ld_model_slot(model, portion->ids->pdata[i]);

        if (slot)
            add_slot(table, slot, model->config->readdquiescent);
    }
    return table;
}
