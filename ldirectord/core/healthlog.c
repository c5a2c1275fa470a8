/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the log says of a server's health: a line per transition, in the words
 * that log watchers know, with the verdict that they never had. Decides nothing.
 */
#include <syslog.h>

#include "common/base/time.h"
#include "ldirectord/core/model.h"

void ld_log_change(const struct ld_server *server, enum ld_change change, unsigned before,
                   struct ld_actions *actions)
{
    const struct ld_service *service = server->slot->service;
    const struct ld_health *health = &server->health;
    char *id = ld_service_id_text(&service->id);
    char real[HA_ADDR_TEXT];
    const char *detail = health->detail ? health->detail : ld_verdict_text(health->verdict);
    double took_ms = (double)health->took_ns / (double)HA_NS_PER_MS;

    ha_addr_port_text(&server->real->addr, server->real->port, real);
    if (before > 0 && (change == LD_CHANGE_RESET || change == LD_CHANGE_UP))
        ld_log(actions, LOG_INFO, "Resetting soft failure count: %s (%s)", real, id);
    switch (change) {
    case LD_CHANGE_SOFT:
        ld_log(actions, LOG_INFO, "Soft failure real server: %s (%s) failure %u/%u", real, id,
               health->failures, service->failurecount);
        break;
    case LD_CHANGE_RISING:
        ld_log(actions, LOG_INFO, "Rising real server: %s (%s) success %u/%u", real, id,
               health->successes, service->risecount);
        break;
    case LD_CHANGE_UP:
        if (server->agent_down) {
            ld_log(actions, LOG_NOTICE, "Real server passes its checks, but its agent says down: "
                   "%s (%s)", real, id);
            break;
        }
        ld_log(actions, LOG_NOTICE, "Real server up: %s (%s): %s, %s (%.1f ms)", real, id,
               ld_verdict_code(health->verdict), detail, took_ms);
        break;
    case LD_CHANGE_DOWN:
    case LD_CHANGE_FOUND_DOWN:
        ld_log(actions, LOG_NOTICE, "Real server down: %s (%s): %s, %s (%.1f ms)", real, id,
               ld_verdict_code(health->verdict), detail, took_ms);
        break;
    case LD_CHANGE_NONE:
    case LD_CHANGE_RESET:
    case LD_CHANGE_COUNT:
        break;
    }
    g_free(id);
}

/* The original's mark for what it says with -d alone. */
void ld_log_answer(const struct ld_question *question, const struct ld_event *event,
                   struct ld_actions *actions)
{
    const struct ld_probe *probe = ld_question_probe(question);
    bool talks = probe->type == LD_CHECK_NEGOTIATE;
    char text[HA_ADDR_TEXT];

    ld_log(actions, LOG_DEBUG, "DEBUG2: Checked %s: %s%s%s: %s, %s (%.1f ms)",
           ha_addr_port_text(&probe->addr, probe->port, text), ld_checktype_name(probe->type),
           talks ? " " : "", talks ? ld_app_name(probe->app) : "", ld_verdict_code(event->verdict),
           event->detail ? event->detail : ld_verdict_text(event->verdict),
           (double)event->took_ns / (double)HA_NS_PER_MS);
}

void ld_log_unable(const struct ld_question *question, const struct ld_event *event,
                   struct ld_actions *actions)
{
    char text[HA_ADDR_TEXT];

    ld_log(actions, LOG_WARNING, "cannot check %s: %s, %s",
           ha_addr_port_text(&question->probe.addr, question->probe.port, text),
           ld_verdict_code(event->verdict),
           event->detail ? event->detail : ld_verdict_text(event->verdict));
}
