/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wishes: taken, replaced by later ones, matched with servers (wish.h). Their
 * words and their text are wish_text.c's.
 */
#include "ldirectord/core/wish.h"

#include "ldirectord/core/model.h"

bool ld_wish_means(const struct ld_wish *wish, const struct ld_server *server)
{
    if (!ha_addr_equal(&wish->addr, &server->real->addr))
        return false;
    if (wish->port != 0 && wish->port != server->port && wish->port != server->real->port)
        return false;
    return wish->everywhere || ld_service_id_equal(&wish->service, &server->slot->service->id);
}

unsigned ld_wish_count(const struct ld_wish *wish, const struct ld_model *model)
{
    unsigned count = 0;

    for (guint i = 0; i < model->server_count; i++)
        count += ld_wish_means(wish, model->servers[i]);
    return count;
}

/* Whatever `inner` means, `outer` means, too. */
static bool covers(const struct ld_wish *outer, const struct ld_wish *inner)
{
    if (!ha_addr_equal(&outer->addr, &inner->addr))
        return false;
    if (outer->port != 0 && outer->port != inner->port)
        return false;
    if (outer->everywhere)
        return true;
    return !inner->everywhere && ld_service_id_equal(&outer->service, &inner->service);
}

/* There may be a server that both mean. */
static bool meet(const struct ld_wish *a, const struct ld_wish *b)
{
    if (!ha_addr_equal(&a->addr, &b->addr))
        return false;
    if (a->port != 0 && b->port != 0 && a->port != b->port)
        return false;
    return a->everywhere || b->everywhere || ld_service_id_equal(&a->service, &b->service);
}

void ld_wishes_init(struct ld_wishes *wishes)
{
    wishes->list = g_ptr_array_new_with_free_func(g_free);
}

void ld_wishes_clear(struct ld_wishes *wishes)
{
    g_ptr_array_free(wishes->list, TRUE);
    wishes->list = NULL;
}

bool ld_wishes_take(struct ld_wishes *wishes, const struct ld_wish *wish)
{
    bool exception = false;

    for (guint i = wishes->list->len; i-- > 0;) {
        if (covers(wish, wishes->list->pdata[i]))
            g_ptr_array_remove_index(wishes->list, i);
        else if (meet(wish, wishes->list->pdata[i]))
            exception = true;
    }
    if (wish->will == LD_WILL_ENABLE && !exception)
        return true;
    if (wishes->list->len >= LD_WISHES_MAX)
        return false;
    g_ptr_array_add(wishes->list, g_memdup2(wish, sizeof(*wish)));
    return true;
}

void ld_wishes_apply(const struct ld_wishes *wishes, struct ld_model *model)
{
    for (guint i = 0; i < model->server_count; i++)
        model->servers[i]->wish = NULL;
    for (guint i = 0; i < wishes->list->len; i++) {
        const struct ld_wish *wish = wishes->list->pdata[i];

        for (guint j = 0; j < model->server_count; j++) {
            struct ld_server *server = model->servers[j];

            if (ld_wish_means(wish, server))
                server->wish = wish;
        }
    }
}

static bool is_wished(const struct ld_server *server, enum ld_will will)
{
    return server->wish && server->wish->will == will;
}

bool ld_wish_takes_away(const struct ld_server *server)
{
    return is_wished(server, LD_WILL_DISABLE);
}

uint32_t ld_wish_weight(const struct ld_server *server, uint32_t weight)
{
    if (is_wished(server, LD_WILL_DRAIN))
        return 0;
    return is_wished(server, LD_WILL_WEIGHT) ? server->wish->weight : weight;
}

void ld_wish_end_left(const struct ld_wish *wish, struct ld_model *model)
{
    for (guint i = 0; i < model->server_count; i++)
        if (ld_wish_means(wish, model->servers[i]))
            model->servers[i]->left_at_zero = false;
}
