/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of the kernel's table that are not ours (drift.h). */
#include "ldirectord/core/drift.h"

#include <syslog.h>

static void log_left(const struct ld_server *server, struct ld_actions *actions)
{
    char *service = ld_service_id_short(&server->slot->service->id);
    char real[HA_ADDR_TEXT];

    ha_addr_port_text(&server->real->addr, server->real->port, real);
    if (server->left_at_zero)
        ld_log(actions, LOG_NOTICE, "Real server set to weight 0 by somebody else, left so: %s (%s)",
               real, service);
    else
        ld_log(actions, LOG_NOTICE, "Real server no longer left at weight 0: %s (%s)", real,
               service);
    g_free(service);
}

static unsigned look_at(struct ld_server *server, const struct ld_dest *dest,
                        struct ld_actions *actions)
{
    bool was = server->left_at_zero;

    if (dest->weight > 0)
        server->left_at_zero = false;
    else if (server->health.up && server->written > 0)
        server->left_at_zero = true;
    if (server->left_at_zero == was)
        return 0;
    log_left(server, actions);
    return 1;
}

unsigned ld_drift_look(struct ld_model *model, const struct ld_table *actual,
                       struct ld_actions *actions)
{
    unsigned changed = 0;

    for (guint i = 0; i < actual->services->len; i++) {
        const struct ld_vs *vs = actual->services->pdata[i];
        struct ld_slot *slot = ld_model_slot(model, &vs->id);

        for (guint j = 0; slot && j < vs->dests->len; j++) {
            const struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);
            struct ld_server *server = ld_model_server(model, slot, &dest->addr, dest->port);

            if (server)
                changed += look_at(server, dest, actions);
        }
    }
    return changed;
}

static void wrote(struct ld_model *model, const struct ld_vs *vs, const struct ld_dest *dest,
                  uint32_t weight)
{
    struct ld_slot *slot = ld_model_slot(model, &vs->id);
    struct ld_server *server =
        slot ? ld_model_server(model, slot, &dest->addr, dest->port) : NULL;

    if (server)
        server->written = weight;
}

void ld_drift_op_done(struct ld_model *model, const struct ld_op *op)
{
    if (op->kind == LD_OP_ADD_DEST || op->kind == LD_OP_EDIT_DEST)
        wrote(model, op->vs, op->dest, op->dest->weight);
    else if (op->kind == LD_OP_DEL_DEST)
        wrote(model, op->vs, op->dest, 0);
}

void ld_drift_stands(struct ld_model *model, const struct ld_vs *wanted)
{
    for (guint i = 0; i < wanted->dests->len; i++) {
        const struct ld_dest *dest = &g_array_index(wanted->dests, struct ld_dest, i);

        wrote(model, wanted, dest, dest->weight);
    }
}
