/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the log says of an operation that the kernel accepted: the phrases that
 * log watchers have matched for twenty years. Called after the fact only, so
 * that nothing is called added that was refused.
 */
#include <stdarg.h>
#include <syslog.h>

#include "ldirectord/core/alert.h"

void ld_log(struct ld_actions *actions, int level, const char *format, ...)
{
    struct ld_action action = {.kind = LD_ACT_LOG, .level = level};
    va_list args;

    va_start(args, format);
    action.text = g_strdup_vprintf(format, args);
    va_end(args);
    g_array_append_val(actions->list, action);
}

/* What a destination is to the configuration: that decides the words. */
struct role {
    bool growing;  /* a real server on its way to its weight */
    const char *noun;
    bool known;    /* configured, as a real server or as the fallback */
    uint16_t port; /* as configured */
    const struct ld_slot *slot;     /* NULL: no such service (any more) */
    const struct ld_server *server; /* NULL: the fallback, or not configured */
};

static struct role role_of(const struct ld_model *model, const struct ld_op *op)
{
    struct ld_slot *slot = ld_model_slot(model, &op->vs->id);
    struct role role = {.noun = "real server", .port = op->dest->port, .slot = slot};
    const struct ld_fallback *fallback;
    const struct ld_server *server;
    bool is_fallback;

    if (!slot)
        return role;
    fallback = &slot->service->fallback;
    server = ld_model_server(model, slot, &op->dest->addr, op->dest->port);
    is_fallback = fallback->set && ha_addr_equal(&fallback->addr, &op->dest->addr) &&
                  ld_dest_port(slot->service, fallback->method, fallback->port) == op->dest->port;
    role.known = server || is_fallback;
    if (is_fallback && (!server || ld_wants_fallback(slot))) {
        role.noun = "fallback server";
        role.port = fallback->port;
    } else if (server) {
        role.port = server->real->port;
        role.growing = ld_server_stands(server) && op->dest->weight != ld_server_share(server);
        role.server = server;
    }
    return role;
}

static char *dest_text(const struct role *role, const struct ld_op *op)
{
    const char *verb = "Restored";
    char *service = ld_service_id_short(&op->vs->id), *text;
    char server[HA_ADDR_TEXT];

    ha_addr_port_text(&op->dest->addr, role->port, server);
    if (op->kind == LD_OP_DEL_DEST && !role->known) {
        text = g_strdup_printf("Purged %s (start): %s (%s)", role->noun, server, service);
    } else if (op->kind == LD_OP_DEL_DEST) {
        text = g_strdup_printf("Deleted %s: %s (%s)", role->noun, server, service);
    } else {
        if (op->kind == LD_OP_ADD_DEST)
            verb = op->dest->weight == 0 ? "Readd Quiescent" : "Added";
        else if (op->dest->weight == 0)
            verb = "Quiescent";
        else if (role->growing && op->was && op->was->weight > 0)
            verb = "Changed weight of";
        text = g_strdup_printf("%s %s: %s (%s) (Weight set to %u)", verb, role->noun, server,
                               service, op->dest->weight);
    }
    g_free(service);
    return text;
}

static void log_dest(const struct ld_model *model, const struct ld_op *op,
                     struct ld_alerts *alerts, struct ld_actions *actions)
{
    struct role role = role_of(model, op);
    char *text = dest_text(&role, op);

    ld_log(actions, LOG_INFO, "%s", text);
    ld_alert_op(alerts, role.slot, role.server, op, text, actions);
    g_free(text);
}

/* On the way out the real servers in service are named, too; not the fallback, nor who is not ours. */
static void log_purged(const struct ld_model *model, const struct ld_op *op, bool stopping,
                       struct ld_alerts *alerts, struct ld_actions *actions)
{
    struct ld_slot *slot = ld_model_slot(model, &op->vs->id);
    char *service = ld_service_id_short(&op->vs->id);
    char text[HA_ADDR_TEXT];

    for (guint i = 0; stopping && slot && i < op->vs->dests->len; i++) {
        const struct ld_dest *dest = &g_array_index(op->vs->dests, struct ld_dest, i);
        const struct ld_server *server = ld_model_server(model, slot, &dest->addr, dest->port);
        char *line;

        if (!server || (dest->weight == 0 && server->real->weight > 0))
            continue;
        line = g_strdup_printf("Purged real server (stop): %s (%s)",
                               ha_addr_port_text(&dest->addr, server->real->port, text), service);
        ld_log(actions, LOG_INFO, "%s", line);
        ld_alert_op(alerts, slot, NULL, op, line, actions);
        g_free(line);
    }
    ld_log(actions, LOG_INFO, "Purged virtual server (%s): %s", stopping ? "stop" : "start",
           service);
    g_free(service);
}

void ld_oplog(const struct ld_model *model, const struct ld_op *op, bool stopping,
              struct ld_alerts *alerts, struct ld_actions *actions)
{
    char *service;

    switch (op->kind) {
    case LD_OP_ADD_SERVICE:
    case LD_OP_EDIT_SERVICE:
        service = ld_service_id_short(&op->vs->id);
        ld_log(actions, LOG_INFO, "%s virtual server: %s",
               op->kind == LD_OP_ADD_SERVICE ? "Added" : "Changed", service);
        g_free(service);
        break;
    case LD_OP_DEL_SERVICE:
        log_purged(model, op, stopping, alerts, actions);
        break;
    case LD_OP_ADD_DEST:
    case LD_OP_EDIT_DEST:
    case LD_OP_DEL_DEST:
        log_dest(model, op, alerts, actions);
        break;
    case LD_OP_KIND_COUNT:
        break;
    }
}
