/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots and servers: made from a configuration, or taken over from the model
 * before; found through two hashes. Draws no conclusions.
 */
#include "ldirectord/core/model.h"

static guint server_hash(gconstpointer key)
{
    const struct ld_server *server = key;

    return g_direct_hash(server->slot) * 31 ^ ha_addr_hash(&server->real->addr) ^
           server->port * UINT32_C(2654435761);
}

static gboolean server_equal(gconstpointer a, gconstpointer b)
{
    const struct ld_server *one = a, *other = b;

    return one->slot == other->slot && one->port == other->port &&
           ha_addr_equal(&one->real->addr, &other->real->addr);
}

uint16_t ld_dest_port(const struct ld_service *service, enum ld_method method, uint16_t port)
{
    return method == LD_MASQ || service->id.protocol == LD_FWM ? port : service->id.port;
}

/* ---- in the hashes ---- */

/* Of several with the same name the first counts. */
static void index_slot(struct ld_model *model, struct ld_slot *slot)
{
    if (!g_hash_table_contains(model->by_id, &slot->service->id))
        g_hash_table_insert(model->by_id, (gpointer)&slot->service->id, slot);
    for (guint i = 0; i < slot->count; i++)
        if (!g_hash_table_contains(model->by_dest, &slot->servers[i]))
            g_hash_table_add(model->by_dest, &slot->servers[i]);
}

static void unindex_slot(struct ld_model *model, struct ld_slot *slot)
{
    if (g_hash_table_lookup(model->by_id, &slot->service->id) == slot)
        g_hash_table_remove(model->by_id, &slot->service->id);
    for (guint i = 0; i < slot->count; i++) /* the slot is part of the key: they are its own */
        g_hash_table_remove(model->by_dest, &slot->servers[i]);
}

/* ---- slots ---- */

static struct ld_slot *slot_new(const struct ld_service *service)
{
    struct ld_slot *slot = g_new0(struct ld_slot, 1);

    slot->service = service;
    slot->count = service->reals->len;
    slot->servers = g_new0(struct ld_server, slot->count);
    for (guint i = 0; i < slot->count; i++) {
        struct ld_server *server = &slot->servers[i];

        server->slot = slot;
        server->real = service->reals->pdata[i];
        server->port = ld_dest_port(service, server->real->method, server->real->port);
    }
    return slot;
}

static void slot_free(struct ld_slot *slot)
{
    for (guint i = 0; i < slot->count; i++) {
        ld_health_clear(&slot->servers[i].health);
        ld_turns_free(slot->servers[i].turns);
    }
    g_free(slot->servers);
    g_free(slot);
}

/* The service is alike: from here on it is that of the new configuration. */
static void renew_slot(struct ld_model *model, struct ld_slot *slot, const struct ld_service *service)
{
    /* The key is the service's, too. */
    g_hash_table_replace(model->by_id, (gpointer)&service->id, slot);
    slot->service = service;
    slot->touched = false;
    for (guint i = 0; i < slot->count; i++) {
        slot->servers[i].real = service->reals->pdata[i];
        slot->servers[i].placed = false;
    }
}

/* ---- models ---- */

/* One more than needed, each: an array of none would be NULL. */
static void list_slots(struct ld_model *model, struct ld_slot **slots, guint count)
{
    guint next = 0;

    g_free(model->slots);
    g_free(model->servers);
    model->slots = slots;
    model->slot_count = count;
    model->server_count = 0;
    for (guint i = 0; i < count; i++)
        model->server_count += slots[i]->count;
    model->servers = g_new(struct ld_server *, model->server_count + 1);
    for (guint i = 0; i < count; i++)
        for (guint j = 0; j < slots[i]->count; j++)
            model->servers[next++] = &slots[i]->servers[j];
}

static struct ld_model *model_new(const struct ld_config *config)
{
    struct ld_model *model = g_new0(struct ld_model, 1);

    model->config = config;
    model->by_id = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    model->by_dest = g_hash_table_new(server_hash, server_equal);
    return model;
}

/* Takes those slots out of `old` whose services are alike, each at its place in the configuration; the
 * places of the others are NULL. */
static struct ld_slot **take_alike(struct ld_model *old, const struct ld_config *config)
{
    struct ld_slot **slots = g_new0(struct ld_slot *, config->services->len + 1);

    for (guint i = 0; i < old->slot_count; i++)
        old->slots[i]->stayed = false;
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = config->services->pdata[i];
        struct ld_slot *slot = ld_model_slot(old, &service->id);

        if (!slot || slot->stayed || !ld_service_alike(slot->service, service))
            continue;
        slot->stayed = true;
        slots[i] = slot;
    }
    return slots;
}

/* The hashes, too, are the new model's from here on; what is left to the old one is put into ones of
 * its own. */
static void leave_the_rest(struct ld_model *old, struct ld_model *model)
{
    struct ld_slot **rest = g_new(struct ld_slot *, old->slot_count + 1);
    GHashTable *by_id, *by_dest;
    guint count = 0;

    for (guint i = 0; i < old->slot_count; i++)
        if (!old->slots[i]->stayed)
            rest[count++] = old->slots[i];
    list_slots(old, rest, count);
    for (guint i = 0; i < count; i++)
        unindex_slot(old, rest[i]);
    by_id = old->by_id;
    by_dest = old->by_dest;
    old->by_id = model->by_id;
    old->by_dest = model->by_dest;
    model->by_id = by_id;
    model->by_dest = by_dest;
    for (guint i = 0; i < count; i++)
        index_slot(old, rest[i]);
}

struct ld_model *ld_model_succeed(struct ld_model *old, const struct ld_config *config)
{
    struct ld_model *model = model_new(config);
    struct ld_slot **slots;

    if (old) {
        slots = take_alike(old, config);
        leave_the_rest(old, model);
    } else {
        slots = g_new0(struct ld_slot *, config->services->len + 1);
    }
    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = config->services->pdata[i];

        if (slots[i]) {
            renew_slot(model, slots[i], service);
        } else {
            slots[i] = slot_new(service);
            index_slot(model, slots[i]);
        }
        slots[i]->emailalertfrom = config->emailalertfrom;
    }
    list_slots(model, slots, config->services->len);
    return model;
}

struct ld_model *ld_model_new(const struct ld_config *config)
{
    return ld_model_succeed(NULL, config);
}

void ld_model_free(struct ld_model *model)
{
    if (!model)
        return;
    for (guint i = 0; i < model->slot_count; i++)
        slot_free(model->slots[i]);
    g_hash_table_destroy(model->by_dest);
    g_hash_table_destroy(model->by_id);
    g_free(model->servers);
    g_free(model->slots);
    g_free(model);
}

/* ---- found ---- */

struct ld_slot *ld_model_slot(const struct ld_model *model, const struct ld_service_id *id)
{
    return g_hash_table_lookup(model->by_id, id);
}

struct ld_server *ld_model_server(const struct ld_model *model, struct ld_slot *slot,
                                  const struct ha_addr *addr, uint16_t port)
{
    const struct ld_real real = {.addr = *addr};
    const struct ld_server key = {.slot = slot, .real = &real, .port = port};

    return g_hash_table_lookup(model->by_dest, &key);
}
