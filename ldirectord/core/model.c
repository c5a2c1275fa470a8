/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots and servers: made whole from a configuration, found through two
 * hashes. Draws no conclusions.
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

static void fill_slot(struct ld_model *model, struct ld_slot *slot, struct ld_service *service,
                      struct ld_server *servers)
{
    slot->service = service;
    slot->servers = servers;
    slot->count = service->reals->len;
    if (!g_hash_table_contains(model->by_id, &service->id))
        g_hash_table_insert(model->by_id, &service->id, slot);
    for (guint i = 0; i < slot->count; i++) {
        struct ld_server *server = &servers[i];

        server->slot = slot;
        server->real = service->reals->pdata[i];
        server->port = ld_dest_port(service, server->real->method, server->real->port);
        if (!g_hash_table_contains(model->by_dest, server))
            g_hash_table_add(model->by_dest, server);
    }
}

struct ld_model *ld_model_new(const struct ld_config *config)
{
    struct ld_model *model = g_new0(struct ld_model, 1);
    struct ld_server *servers;

    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = config->services->pdata[i];

        model->server_count += service->reals->len;
    }
    model->config = config;
    /* One more than needed: an array of none would be NULL. */
    model->slots = g_new0(struct ld_slot, config->services->len + 1);
    model->servers = servers = g_new0(struct ld_server, model->server_count + 1);
    model->by_id = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);
    model->by_dest = g_hash_table_new(server_hash, server_equal);
    for (guint i = 0; i < config->services->len; i++) {
        fill_slot(model, &model->slots[i], config->services->pdata[i], servers);
        model->slots[i].emailalertfrom = config->emailalertfrom;
        servers += model->slots[i].count;
    }
    return model;
}

void ld_model_free(struct ld_model *model)
{
    if (!model)
        return;
    for (guint i = 0; i < model->server_count; i++) {
        ld_health_clear(&model->servers[i].health);
        ld_turns_free(model->servers[i].turns);
    }
    g_hash_table_destroy(model->by_dest);
    g_hash_table_destroy(model->by_id);
    g_free(model->servers);
    g_free(model->slots);
    g_free(model);
}

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
