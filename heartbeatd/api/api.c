/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients as they come, speak, hear and go. A client that breaks the rules is
 * sent away, with a line in the log and without harm to the others.
 */
#include <stdarg.h>
#include <string.h>
#include <syslog.h>

#include "heartbeatd/api/api_inside.h"
#include "heartbeatd/api/rights.h"

/* ---- acts ---- */

static void act_clear(void *item)
{
    struct hb_api_act *act = item;

    hb_msg_unref(act->msg);
    g_free(act->text);
}

void hb_api_acts_init(GArray **acts)
{
    *acts = g_array_new(FALSE, TRUE, sizeof(struct hb_api_act));
    g_array_set_clear_func(*acts, act_clear);
}

void hb_api_acts_reset(GArray *acts)
{
    g_array_set_size(acts, 0);
}

void hb_api_acts_clear(GArray **acts)
{
    g_array_unref(*acts);
    *acts = NULL;
}

struct hb_api_act *hb_api_act(GArray *acts, enum hb_api_kind kind, unsigned client)
{
    struct hb_api_act act = {.kind = kind, .client = client};

    g_array_append_val(acts, act);
    return &g_array_index(acts, struct hb_api_act, acts->len - 1);
}

void hb_api_tell(GArray *acts, const struct hb_api_client *client, struct hb_msg *msg)
{
    struct hb_api_act *act = hb_api_act(acts, HB_API_TELL, client->id);

    act->msg = msg;
    act->signal = client->signal;
}

void hb_api_log(GArray *acts, int level, const char *format, ...)
{
    struct hb_api_act *act = hb_api_act(acts, HB_API_LOG, 0);
    va_list args;

    act->level = level;
    va_start(args, format);
    act->text = g_strdup_vprintf(format, args);
    va_end(args);
}

/* ---- who is there ---- */

static void client_free(void *item)
{
    struct hb_api_client *client = item;

    g_free(client->name);
    g_free(client);
}

struct hb_api *hb_api_new(void)
{
    struct hb_api *api = g_new0(struct hb_api, 1);

    api->clients = g_ptr_array_new_with_free_func(client_free);
    return api;
}

void hb_api_free(struct hb_api *api)
{
    if (!api)
        return;
    g_ptr_array_unref(api->clients);
    g_free(api);
}

static struct hb_api_client *client_at(const struct hb_api *api, guint i)
{
    return api->clients->pdata[i];
}

static struct hb_api_client *by_id(const struct hb_api *api, unsigned id)
{
    for (guint i = 0; i < api->clients->len; i++) {
        if (client_at(api, i)->id == id)
            return client_at(api, i);
    }
    return NULL;
}

struct hb_api_client *hb_api_find(const struct hb_api *api, const char *name)
{
    for (guint i = 0; i < api->clients->len; i++) {
        struct hb_api_client *client = client_at(api, i);

        if (client->signed_on && strcmp(client->name, name) == 0)
            return client;
    }
    return NULL;
}

bool hb_api_has(const struct hb_api *api, const char *name)
{
    return hb_api_find(api, name) != NULL;
}

bool hb_api_signed_on(const struct hb_api *api, unsigned client)
{
    const struct hb_api_client *found = by_id(api, client);

    return found && found->signed_on;
}

bool hb_api_listens(const struct hb_api *api)
{
    for (guint i = 0; i < api->clients->len; i++) {
        if (client_at(api, i)->signed_on)
            return true;
    }
    return false;
}

void hb_api_connected(struct hb_api *api, unsigned client, uid_t uid, gid_t gid, pid_t pid)
{
    struct hb_api_client *fresh = g_new0(struct hb_api_client, 1);

    *fresh = (struct hb_api_client){
        .id = client, .uid = uid, .gid = gid, .pid = pid, .mask = HB_HEARD_NEWS};
    g_ptr_array_add(api->clients, fresh);
}

/* ---- what they say ---- */

void hb_api_announce(const struct hb_api_world *world, const struct hb_api_client *client,
                     const char *st, const char *info, GArray *acts)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", "hbapi-clstat");
    hb_msg_add_text(msg, "st", st);
    hb_msg_add_text(msg, "from_id", client->name);
    hb_msg_add_text(msg, "to_id", client->name);
    hb_msg_add_text(msg, "src", world->node);
    hb_msg_add_text(msg, "info", info);
    hb_msg_add_uint(msg, "client_gen", client->generation);
    hb_api_act(acts, HB_API_CAST, client->id)->msg = msg;
}

/* Types that only daemons send: from a client they could be a lie about its node. */
static bool is_reserved(const char *type)
{
    static const char *const reserved[] = {
        "status",     "starting", "resource",     "shutdone",      "reqnodes",        "repnodes",
        "ip-request", "stonith",  "ip-request-resp", "query-cstatus", "respond-cstatus", "addnode",
        "delnode",    "ifstat"};

    for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++) {
        if (strcmp(type, reserved[i]) == 0)
            return true;
    }
    return strncmp(type, "NS_", 3) == 0 || strncmp(type, "hbapi-", 6) == 0;
}

/* What clients may not say of themselves. */
static bool is_stamp(const char *name)
{
    return strcmp(name, "from_id") == 0 || strcmp(name, "to_id") == 0 ||
           strcmp(name, "client_gen") == 0;
}

static void cast(const struct hb_api_client *client, const struct hb_msg *msg, GArray *acts)
{
    const char *type = hb_msg_text(msg, "t");
    struct hb_msg *stamped;

    if (is_reserved(type)) {
        hb_api_log(acts, LOG_WARNING, "client %s: a message of a type that is the daemon's own; "
                   "not sent", client->name);
        return;
    }
    stamped = hb_msg_new();
    for (size_t i = 0; i < hb_msg_count(msg); i++) {
        const struct hb_field *field = hb_msg_at(msg, i);

        if (!is_stamp(field->name))
            hb_msg_add(stamped, field->type, field->name, field->value, field->length);
    }
    hb_msg_add_text(stamped, "from_id", client->name);
    hb_msg_add_text(stamped, "to_id", client->name);
    hb_msg_add_uint(stamped, "client_gen", client->generation);
    hb_api_act(acts, HB_API_CAST, client->id)->msg = stamped;
}

void hb_api_message(struct hb_api *api, const struct hb_api_world *world, unsigned id,
                    const struct hb_msg *msg, GArray *acts)
{
    struct hb_api_client *client = by_id(api, id);
    const char *type = hb_msg_text(msg, "t");

    if (!client)
        return;
    if (type == NULL || *type == '\0') {
        hb_api_log(acts, LOG_WARNING, "client %s (pid %d): a message without a type",
                   client->name ? client->name : "?", (int)client->pid);
        hb_api_act(acts, HB_API_CLOSE, id);
    } else if (strcmp(type, "hbapi-req") == 0) {
        hb_api_request(api, world, client, msg, acts);
    } else if (!client->signed_on || client->casual) {
        hb_api_log(acts, LOG_WARNING, "client %s (pid %d) has no name and may not speak in the "
                   "cluster: sent away", client->name ? client->name : "?", (int)client->pid);
        hb_api_act(acts, HB_API_CLOSE, id);
    } else {
        cast(client, msg, acts);
    }
}

void hb_api_closed(struct hb_api *api, const struct hb_api_world *world, unsigned id,
                   GArray *acts)
{
    struct hb_api_client *client = by_id(api, id);

    if (!client)
        return;
    if (client->signed_on && !client->casual)
        hb_api_announce(world, client, "leave", "died", acts);
    g_ptr_array_remove(api->clients, client);
}

/* ---- what they hear ---- */

static void tell_all(struct hb_api *api, const struct hb_msg *msg, unsigned heard, GArray *acts)
{
    const char *to = hb_msg_text(msg, "to_id");

    for (guint i = 0; i < api->clients->len; i++) {
        struct hb_api_client *client = client_at(api, i);

        if (client->signed_on && (client->mask & heard) != 0 &&
            (to == NULL || strcmp(to, client->name) == 0))
            hb_api_tell(acts, client, hb_msg_ref((struct hb_msg *)msg));
    }
}

/* Another node's daemon asks for one of its clients. */
static void answer_query(struct hb_api *api, const struct hb_msg *query, GArray *acts)
{
    const char *name = hb_msg_text(query, "cn"), *from = hb_msg_text(query, "from_id");
    const char *node = hb_msg_text(query, "src");
    struct hb_msg *msg;

    if (name == NULL || from == NULL || node == NULL)
        return;
    msg = hb_msg_new();
    hb_msg_add_text(msg, "t", "respond-cstatus");
    hb_msg_add_text(msg, "dest", node);
    hb_msg_add_text(msg, "result", "OK");
    hb_msg_add_text(msg, "cn", name);
    hb_msg_add_text(msg, "to_id", from);
    hb_msg_add_text(msg, "cs", hb_api_has(api, name) ? "online" : "offline");
    hb_api_act(acts, HB_API_CAST, 0)->msg = msg;
}

void hb_api_heard(struct hb_api *api, const struct hb_api_world *world, const struct hb_msg *msg,
                  enum hb_heard heard, GArray *acts)
{
    const char *type = hb_msg_text(msg, "t"), *src = hb_msg_text(msg, "src");

    if (strcmp(type, "query-cstatus") == 0 && src != NULL &&
        g_ascii_strcasecmp(src, world->node) != 0)
        answer_query(api, msg, acts);
    tell_all(api, msg, heard, acts);
}

void hb_api_node_dead(struct hb_api *api, const char *node, uint64_t wall_s, GArray *acts)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", "status");
    hb_msg_add_text(msg, "seq", "1");
    hb_msg_add_hex(msg, "ts", wall_s);
    hb_msg_add_text(msg, "src", node);
    hb_msg_add_text(msg, "st", "dead");
    tell_all(api, msg, HB_HEARD_NEWS, acts);
    hb_msg_unref(msg);
}

void hb_api_link(struct hb_api *api, const char *node, const char *link, bool up, GArray *acts)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", "ifstat");
    hb_msg_add_text(msg, "node", node);
    hb_msg_add_text(msg, "ifname", link);
    hb_msg_add_text(msg, "st", up ? "up" : "dead");
    tell_all(api, msg, HB_HEARD_NEWS, acts);
    hb_msg_unref(msg);
}
