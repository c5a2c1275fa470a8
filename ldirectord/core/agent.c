/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a check, or an agent on the server, says beside up and down: how much of
 * its weight the server can bear. An agent may also say down; its silence says
 * nothing, and what it said last stands. Each answer stands for itself.
 */
#include <syslog.h>

#include "ldirectord/core/core_inside.h"

static void log_server(const struct ld_server *server, int level, const char *before,
                       const char *after, struct ld_actions *actions)
{
    char *id = ld_service_id_text(&server->slot->service->id);
    char real[HA_ADDR_TEXT];

    ld_log(actions, level, "%s: %s (%s): %s", before,
           ha_addr_port_text(&server->real->addr, server->real->port, real), id, after);
    g_free(id);
}

static bool same_advice(const struct ld_advice *a, const struct ld_advice *b)
{
    return a->given == b->given && (!a->given || a->percent == b->percent);
}

bool ld_server_advise(struct ld_server *server, const struct ld_advice *advice,
                      struct ld_actions *actions)
{
    char *text;

    if (same_advice(&server->advice, advice))
        return false;
    server->advice = *advice;
    text = advice->given ? g_strdup_printf("%u%% of it", advice->percent)
                         : g_strdup("as configured");
    log_server(server, LOG_INFO, "Weight of real server advised", text, actions);
    g_free(text);
    return true;
}

bool ld_server_hear(struct ld_server *server, const struct ld_event *event,
                    struct ld_actions *actions)
{
    const char *detail = event->detail ? event->detail : ld_verdict_text(event->verdict);
    bool down = event->verdict == LD_AGENTDOWN, turned;
    char *text;

    if (!down && !ld_verdict_passed(event->verdict))
        return false;
    turned = down != server->agent_down;
    server->agent_down = down;
    if (turned && server->health.up) {
        text = g_strdup_printf("%s, its agent: %s", ld_verdict_code(event->verdict), detail);
        log_server(server, LOG_NOTICE, down ? "Real server down" : "Real server up", text,
                   actions);
        g_free(text);
    }
    if (!down && ld_server_advise(server, &event->advice, actions))
        turned = true;
    return turned;
}

void ld_log_agent(struct ld_question *question, const struct ld_event *event,
                  struct ld_actions *actions)
{
    bool silent = event->verdict != LD_AGENTDOWN && !ld_verdict_passed(event->verdict);
    char text[HA_ADDR_TEXT];

    if (silent && !question->silent)
        ld_log(actions, LOG_WARNING, "agent %s says nothing: %s, %s; its last word stands",
               ha_addr_port_text(&question->probe.addr, question->probe.port, text),
               ld_verdict_code(event->verdict),
               event->detail ? event->detail : ld_verdict_text(event->verdict));
    question->silent = silent;
}

/* Who advises on its weight; NULL: nobody. */
static const struct ld_question *adviser(const struct ld_server *server)
{
    if (server->agent)
        return server->agent;
    return server->slot->service->checkweight ? server->question : NULL;
}

void ld_server_inherit_advice(struct ld_server *server, const struct ld_server *before)
{
    if (adviser(server) && adviser(server) == adviser(before))
        server->advice = before->advice;
    server->agent_down = before->agent_down && server->agent == before->agent;
}
