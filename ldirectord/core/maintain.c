/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers in maintenance: down at once, whatever failurecount says, and not
 * asked for as long as it lasts; then down until their next good check, like
 * any other. Servers that are never checked are what they were before.
 */
#include <syslog.h>

#include "ldirectord/core/model.h"

static void log_server(const struct ld_server *server, const char *what,
                       struct ld_actions *actions)
{
    char *id = ld_service_id_text(&server->slot->service->id);
    char real[HA_ADDR_TEXT];

    ld_log(actions, LOG_NOTICE, "Real server %s: %s (%s)", what,
           ha_addr_port_text(&server->real->addr, server->real->port, real), id);
    g_free(id);
}

static void set(struct ld_server *server, bool up, enum ld_verdict verdict, uint64_t now_ns)
{
    ld_health_set(&server->health, up, verdict, now_ns);
    ld_server_weigh(server, now_ns);
}

static void begin(struct ld_server *server, uint64_t now_ns, struct ld_actions *actions)
{
    server->maintained = true;
    server->up_before = server->health.up;
    set(server, false, LD_MAINT, now_ns);
    log_server(server, "in maintenance", actions);
    if (!server->question)
        ld_monitor(server, false, "Server in maintenance", actions);
}

static void end(struct ld_server *server, uint64_t now_ns, struct ld_actions *actions)
{
    bool off = server->slot->service->checktype == LD_CHECK_OFF;

    server->maintained = false;
    if (server->question)
        set(server, false, LD_UNKNOWN, now_ns);
    else
        set(server, off ? server->up_before : true, off ? LD_OFF : LD_ON, now_ns);
    log_server(server, "no more in maintenance", actions);
}

bool ld_maintain(struct ld_model *model, const struct ld_maintenance *maintenance, uint64_t now_ns,
                 struct ld_actions *actions)
{
    bool changed = false;

    for (guint i = 0; i < model->server_count; i++) {
        struct ld_server *server = model->servers[i];
        bool was_up = server->health.up;
        bool wanted = ld_maintenance_has(maintenance, &server->real->addr, server->real->port);

        if (wanted == server->maintained)
            continue;
        if (wanted)
            begin(server, now_ns, actions);
        else
            end(server, now_ns, actions);
        ld_slot_judge(server->slot, false);
        if (server->health.up != was_up)
            changed = server->slot->touched = true;
    }
    return changed;
}

bool ld_question_rests(const struct ld_question *question)
{
    for (guint i = 0; i < question->askers->len; i++) {
        const struct ld_server *server = question->askers->pdata[i];

        if (!server->maintained)
            return false;
    }
    return true;
}

void ld_question_rested(const struct ld_question *question, struct ld_actions *actions)
{
    for (guint i = 0; question->probe.type != LD_CHECK_AGENT && i < question->askers->len; i++)
        ld_monitor(question->askers->pdata[i], false, "Server in maintenance", actions);
}
