/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events in, mails out. A server that is down is remembered by its name in the
 * table, so that a reload loses nobody; what became of it is looked up in the
 * model when a mail is due. Sends nothing itself.
 */
#include "ldirectord/core/alert.h"

#include <string.h>
#include <syslog.h>

#include "common/base/time.h"

struct down {
    struct ld_service_id service;
    struct ha_addr addr;
    uint16_t port;
    uint64_t told_ns;
};

struct ld_alerts {
    unsigned phase, unanswered;
    bool writing;
    uint64_t now_ns, wake_ns;
    GHashTable *down; /* set of struct down *, owned */
};

static guint down_hash(gconstpointer key)
{
    const struct down *down = key;

    return ld_service_id_hash(&down->service) * 31 ^ ha_addr_hash(&down->addr) ^
           down->port * UINT32_C(2654435761);
}

static gboolean down_equal(gconstpointer a, gconstpointer b)
{
    const struct down *one = a, *other = b;

    return one->port == other->port && ha_addr_equal(&one->addr, &other->addr) &&
           ld_service_id_equal(&one->service, &other->service);
}

struct ld_alerts *ld_alerts_new(void)
{
    struct ld_alerts *alerts = g_new0(struct ld_alerts, 1);

    alerts->wake_ns = HA_NEVER;
    alerts->down = g_hash_table_new_full(down_hash, down_equal, g_free, NULL);
    return alerts;
}

void ld_alerts_free(struct ld_alerts *alerts)
{
    if (!alerts)
        return;
    g_hash_table_destroy(alerts->down);
    g_free(alerts);
}

/* ---- the phase ---- */

void ld_alerts_begin(struct ld_alerts *alerts, unsigned phase, unsigned unanswered)
{
    alerts->phase = phase;
    alerts->unanswered = unanswered;
    if (phase != 0 && phase != LD_STOPPING)
        return;
    g_hash_table_remove_all(alerts->down);
    alerts->wake_ns = HA_NEVER;
}

void ld_alerts_answered(struct ld_alerts *alerts)
{
    if (alerts->unanswered > 0)
        alerts->unanswered--;
}

void ld_alerts_writing(struct ld_alerts *alerts, bool writing)
{
    alerts->writing = writing;
}

void ld_alerts_settle(struct ld_alerts *alerts)
{
    bool passing = alerts->phase == LD_STARTING || alerts->phase == LD_RELOADING;

    if (passing && alerts->unanswered == 0 && !alerts->writing)
        alerts->phase = LD_RUNNING;
}

unsigned ld_alerts_phase(const struct ld_alerts *alerts)
{
    return alerts->phase;
}

/* ---- a mail ---- */

static char *body_of(const struct ld_alerts *alerts, const struct ld_service *service,
                     const char *subject)
{
    GString *body = g_string_new(NULL);

    g_string_append_printf(body, "Log-Message: %s\nDaemon-Status: %s\n", subject,
                           ld_phase_name(alerts->phase));
    if (service->servicename || service->comment)
        g_string_append_c(body, '\n');
    if (service->servicename)
        g_string_append_printf(body, "Service name: %s\n", service->servicename);
    if (service->comment)
        g_string_append_printf(body, "Comment: %s\n", service->comment);
    if (service->servicename || service->comment)
        g_string_append_c(body, '\n');
    return g_string_free(body, FALSE);
}

static void mail(const struct ld_alerts *alerts, const struct ld_slot *slot, const char *text,
                 struct ld_actions *actions)
{
    const struct ld_service *service = slot->service;
    struct ld_action action = {.kind = LD_ACT_MAIL};

    if (!service->emailalert || !(alerts->phase & service->emailalertstatus))
        return;
    ld_log(actions, LOG_INFO, "emailalert: %s", text);
    action.mail = g_new0(struct ld_mail, 1);
    action.mail->to = g_strdup(service->emailalert);
    action.mail->from = g_strdup(slot->emailalertfrom);
    action.mail->smtp = g_strdup(service->smtp);
    action.mail->subject = service->servicename
                               ? g_strdup_printf("[%s] %s", service->servicename, text)
                               : g_strdup(text);
    action.mail->body = body_of(alerts, service, action.mail->subject);
    g_array_append_val(actions->list, action);
}

static void mail_inaccessible(const struct ld_alerts *alerts, const struct ld_server *server,
                              struct ld_actions *actions)
{
    char *service = ld_service_id_short(&server->slot->service->id), *text;
    char real[HA_ADDR_TEXT];

    ha_addr_port_text(&server->real->addr, server->real->port, real);
    text = g_strdup_printf("Inaccessible real server: %s (%s)", real, service);
    mail(alerts, server->slot, text, actions);
    g_free(text);
    g_free(service);
}

/* ---- who is down ---- */

static struct down name_of(const struct ld_server *server)
{
    struct down down;

    memset(&down, 0, sizeof(down));
    down.service = server->slot->service->id;
    down.addr = server->real->addr;
    down.port = server->port;
    return down;
}

static void wake_for(struct ld_alerts *alerts, const struct ld_service *service, uint64_t told_ns)
{
    if (service->emailalert && service->emailalertfreq_ms > 0)
        alerts->wake_ns = MIN(alerts->wake_ns,
                              ha_after_ns(told_ns, ha_ms_to_ns(service->emailalertfreq_ms)));
}

static void set_down(struct ld_alerts *alerts, const struct ld_server *server)
{
    struct down down = name_of(server);

    if (alerts->phase == 0 || alerts->phase == LD_STOPPING)
        return;
    down.told_ns = alerts->now_ns;
    g_hash_table_replace(alerts->down, g_memdup2(&down, sizeof(down)), NULL);
    wake_for(alerts, server->slot->service, down.told_ns);
}

static bool set_up(struct ld_alerts *alerts, const struct ld_server *server)
{
    struct down down = name_of(server);

    return g_hash_table_remove(alerts->down, &down);
}

/* ---- events ---- */

/* What is told of a real server that the table has at a weight, or not at all. */
static bool worth_a_mail(struct ld_alerts *alerts, const struct ld_server *server,
                         const struct ld_op *op)
{
    bool was_down, grows;

    if (op->kind == LD_OP_DEL_DEST) {
        set_down(alerts, server);
        return true;
    }
    if (op->dest->weight == 0 && server->real->weight > 0) {
        set_down(alerts, server);
        return !ld_health_unjudged(&server->health); /* else nothing is known of it yet */
    }
    was_down = set_up(alerts, server);
    grows = op->was && op->was->weight > 0 && op->dest->weight != ld_server_share(server);
    return op->kind == LD_OP_ADD_DEST || was_down || (alerts->phase != LD_RUNNING && !grows);
}

void ld_alert_op(struct ld_alerts *alerts, const struct ld_slot *slot,
                 const struct ld_server *server, const struct ld_op *op, const char *text,
                 struct ld_actions *actions)
{
    static const char readd[] = "Readd ";

    if (!slot || (server && !worth_a_mail(alerts, server, op)))
        return;
    mail(alerts, slot, g_str_has_prefix(text, readd) ? text + strlen(readd) : text, actions);
}

void ld_alert_found_down(struct ld_alerts *alerts, const struct ld_server *server,
                         struct ld_actions *actions)
{
    set_down(alerts, server);
    mail_inaccessible(alerts, server, actions);
}

void ld_alert_all_down(struct ld_alerts *alerts, const struct ld_model *model,
                       struct ld_actions *actions)
{
    for (guint i = 0; i < model->server_count; i++) {
        const struct ld_server *server = model->servers[i];

        if (!server->health.up && !server->maintained && server->question &&
            !ld_health_unjudged(&server->health))
            ld_alert_found_down(alerts, server, actions);
    }
}

/* ---- time ---- */

void ld_alerts_now(struct ld_alerts *alerts, uint64_t now_ns)
{
    alerts->now_ns = now_ns;
}

/* False: nothing to be remembered any more. */
static bool repeat(struct ld_alerts *alerts, const struct ld_model *model, struct down *down,
                   struct ld_actions *actions)
{
    struct ld_slot *slot = ld_model_slot(model, &down->service);
    const struct ld_server *server =
        slot ? ld_model_server(model, slot, &down->addr, down->port) : NULL;
    uint64_t freq_ns;

    if (!server)
        return false;
    if (server->health.up || ld_health_unjudged(&server->health))
        return true; /* an operator took it out, or it has yet to rise: nothing to repeat */
    freq_ns = ha_ms_to_ns(slot->service->emailalertfreq_ms);
    if (freq_ns == 0 || !slot->service->emailalert)
        return true;
    if (alerts->now_ns - down->told_ns >= freq_ns) {
        down->told_ns = alerts->now_ns;
        if (!server->maintained)
            mail_inaccessible(alerts, server, actions);
    }
    wake_for(alerts, slot->service, down->told_ns);
    return true;
}

void ld_alerts_due(struct ld_alerts *alerts, const struct ld_model *model,
                   struct ld_actions *actions)
{
    GHashTableIter iter;
    gpointer down;

    if (!model || alerts->now_ns < alerts->wake_ns)
        return;
    alerts->wake_ns = HA_NEVER;
    g_hash_table_iter_init(&iter, alerts->down);
    while (g_hash_table_iter_next(&iter, &down, NULL))
        if (!repeat(alerts, model, down, actions))
            g_hash_table_iter_remove(&iter);
}

uint64_t ld_alerts_wake_ns(const struct ld_alerts *alerts)
{
    return alerts->wake_ns;
}

void ld_alerts_reloaded(struct ld_alerts *alerts)
{
    alerts->wake_ns = g_hash_table_size(alerts->down) > 0 ? alerts->now_ns : HA_NEVER;
}
