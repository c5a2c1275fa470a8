/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Brings the core, the interface for programs and the programs together. Opens
 * both when the node has become active, and ends them when it has released all.
 */
#include "heartbeatd/daemon/clients.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/act/agents.h"
#include "heartbeatd/api/rights.h"
#include "heartbeatd/api/server.h"
#include "heartbeatd/daemon/heartbeat.h"
#include "heartbeatd/daemon/respawn.h"

#define SOCKET HB_API_SOCKET
/* Clients that stand for commands: who may order, who may ask. */
#define ORDERS "hactl"
/* The group that cl_status of 3.0.6 runs with, whoever calls it. */
#define EVERYBODYS_GROUP "haclient"
/* The name under which the daemon itself asks other nodes for clients. */
#define ASKER "cl_status"
#define ASKED_MAX 64

/* One client of another node that cl_status wants to know about. */
struct asked {
    char *node, *client;
    bool known, online;
};

struct hb_clients {
    struct hb_daemon *daemon;
    GPtrArray *rights;
    GPtrArray *control; /* the same, of commands; a name that is not there has no line */
    struct hb_api_server *server; /* NULL until active */
    struct hb_respawn *respawn;
    struct ha_timer start;
    bool started, stopping, ended;
    bool begun, refused; /* programs of respawn; the socket, the last time */
    GPtrArray *asked; /* of struct asked *, oldest first */
};

/* ---- rights ---- */

static bool number_of(const char *text, uint64_t *number)
{
    char *end;

    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    *number = g_ascii_strtoull(text, &end, 10);
    return *end == '\0' && *number < UINT32_MAX;
}

static bool add_user(struct hb_right *right, const char *name)
{
    const struct passwd *user = getpwnam(name);
    uint64_t number;
    uid_t uid;

    if (!user && !number_of(name, &number)) {
        return false;
    }
    uid = user ? user->pw_uid : (uid_t)number;
    g_array_append_val(right->uids, uid);
    return true;
}

static bool add_group(struct hb_right *right, const char *name)
{
    const struct group *group = getgrnam(name);
    uint64_t number;
    gid_t gid;

    if (!group && !number_of(name, &number)) {
        return false;
    }
    gid = group ? group->gr_gid : (gid_t)number;
    g_array_append_val(right->gids, gid);
    return true;
}

/* Each name that is not known here gets a diagnostic; diags NULL: they have been checked. */
static void add_line(GPtrArray *rights, const struct hb_api_line *line, struct ha_diags *diags)
{
    struct hb_right *right = hb_rights_add(rights, line->client);

    for (guint i = 0; i < line->users->len; i++) {
        if (!add_user(right, line->users->pdata[i]) && diags) {
            ha_diag_add(diags, HA_ERROR, "ha.cf", line->line, 0,
                        "apiauth: there is no user \"%s\" on this machine",
                        (const char *)line->users->pdata[i]);
        }
    }
    for (guint i = 0; i < line->groups->len; i++) {
        if (!add_group(right, line->groups->pdata[i]) && diags) {
            ha_diag_add(diags, HA_ERROR, "ha.cf", line->line, 0,
                        "apiauth: there is no group \"%s\" on this machine",
                        (const char *)line->groups->pdata[i]);
        }
    }
}

/* The lines of ha.cf, and what counts without one. */
static GPtrArray *rights_of(const struct hb_config *config, struct ha_diags *diags)
{
    static const struct {
        const char *client, *user, *group;
    } standard[] = {{"ipfail", "hacluster", NULL},   {"ccm", "hacluster", NULL},
                    {"ping", NULL, "haclient"},      {"lha-snmpagent", "root", NULL},
                    {HB_RIGHT_ANON, "root", "haclient"}};
    GPtrArray *rights = hb_rights_new();

    for (guint i = 0; i < config->api_lines->len; i++) {
        add_line(rights, config->api_lines->pdata[i], diags);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(standard); i++) {
        if (!hb_rights_find(rights, standard[i].client)) {
            struct hb_right *right = hb_rights_add(rights, standard[i].client);

            if (standard[i].user) {
                add_user(right, standard[i].user);
            }
            if (standard[i].group) {
                add_group(right, standard[i].group);
            }
        }
    }
    return rights;
}

/* Whoever is in a group as one of several, too: nobody types commands with another group in force. */
static void add_members(struct hb_right *right, const struct hb_api_line *line)
{
    for (guint i = 0; i < line->groups->len; i++) {
        const struct group *group = getgrnam(line->groups->pdata[i]);
        char **members = group ? g_strdupv(group->gr_mem) : NULL;

        for (char **member = members; member && *member; member++) {
            (void)add_user(right, *member);
        }
        g_strfreev(members);
    }
}

/* Of the lines of ha.cf, those that are about commands. The original's cl_status asks as one of its
 * group, so a line for clients without a name that has this group keeps nobody out. */
static GPtrArray *control_of(const struct hb_config *config)
{
    GPtrArray *rights = hb_rights_new();

    for (guint i = 0; i < config->api_lines->len; i++) {
        const struct hb_api_line *line = config->api_lines->pdata[i];
        bool everybody = g_ptr_array_find_with_equal_func(line->groups, EVERYBODYS_GROUP,
                                                          g_str_equal, NULL);

        if (!strcmp(line->client, ORDERS) || (!strcmp(line->client, HB_RIGHT_ANON) && !everybody)) {
            add_line(rights, line, NULL);
            add_members(rights->pdata[rights->len - 1], line);
        }
    }
    return rights;
}

bool hb_clients_may(const struct hb_clients *clients, bool order, uid_t uid, gid_t gid)
{
    const char *name = order ? ORDERS : HB_RIGHT_ANON;

    if (uid == 0) {
        return true;
    }
    if (!clients || !hb_rights_find(clients->control, name)) {
        return !order;
    }
    return hb_rights_refusal(clients->control, name, uid, gid) == NULL;
}

void hb_clients_check(const struct hb_config *config, struct ha_diags *diags)
{
    g_ptr_array_unref(rights_of(config, diags));
    hb_respawn_check(config, diags);
}

/* ---- the interface for programs ---- */

static void world_of(void *ctx, struct hb_api_world *world)
{
    const struct hb_clients *clients = ctx;
    const struct hb_daemon *daemon = clients->daemon;

    *world = (struct hb_api_world){.config = daemon->setup.config,
                                   .core = daemon->core,
                                   .node = daemon->setup.node,
                                   .version = HB_VERSION " (Hearth)",
                                   .rights = clients->rights};
}

static void cast(void *ctx, struct hb_msg *msg)
{
    const struct hb_clients *clients = ctx;

    hb_daemon_step(clients->daemon, &(struct hb_event){.kind = HB_EV_INJECT, .msg = msg});
}

static void listening(void *ctx, bool somebody)
{
    const struct hb_clients *clients = ctx;

    hb_core_listen(clients->daemon->core, somebody);
}

static void before_start(void *ctx)
{
    const struct hb_clients *clients = ctx;

    hb_daemon_step(clients->daemon, &(struct hb_event){.kind = HB_EV_CLIENT_START});
}

/* ---- up and down ---- */

static void asked_free(void *item)
{
    struct asked *asked = item;

    g_free(asked->node);
    g_free(asked->client);
    g_free(asked);
}

struct hb_clients *hb_clients_new(struct hb_daemon *daemon)
{
    static const struct hb_act_paths paths = {
        .hadir = HA_HADIR, .initdir = HA_INITDIR, .rundir = HA_RUNDIR "/heartbeat"};
    struct hb_clients *clients = g_new0(struct hb_clients, 1);

    clients->daemon = daemon;
    clients->rights = rights_of(daemon->setup.config, NULL);
    clients->control = control_of(daemon->setup.config);
    clients->asked = g_ptr_array_new_with_free_func(asked_free);
    clients->respawn = hb_respawn_new(
        daemon->loop, daemon->setup.config,
        hb_agent_environment(&paths, daemon->setup.config, daemon->setup.node), before_start,
        clients);
    return clients;
}

void hb_clients_free(struct hb_clients *clients)
{
    if (!clients) {
        return;
    }
    hb_api_server_close(clients->server);
    ha_timer_cancel(clients->daemon->loop, &clients->start);
    hb_respawn_free(clients->respawn);
    g_ptr_array_unref(clients->rights);
    g_ptr_array_unref(clients->control);
    g_ptr_array_unref(clients->asked);
    g_free(clients);
}

static void start(void *ctx, uint64_t now_ns)
{
    struct hb_clients *clients = ctx;
    const struct hb_api_host host = {
        .world = world_of, .cast = cast, .listening = listening, .ctx = clients};
    int status = hb_api_server_open(&clients->server, clients->daemon->loop, SOCKET, &host);

    if (status < 0) {
        if (!clients->refused) {
            ha_log(HA_LOG_ERROR, "programs cannot be clients yet: cannot open %s: %s", SOCKET,
                   strerror(-status));
        }
        ha_timer_set(clients->daemon->loop, &clients->start, now_ns + HB_PART_AGAIN_NS, start, clients);
    } else if (clients->refused) {
        ha_log(HA_LOG_NOTICE, "%s is there now", SOCKET);
    }
    if (!clients->begun) {
        hb_respawn_start(clients->respawn);
    }
    clients->begun = true;
    clients->refused = status < 0;
}

static void all_ended(void *ctx)
{
    struct hb_clients *clients = ctx;

    if (clients->ended) {
        ha_loop_stop(clients->daemon->loop, 0);
    }
}

static void stop(struct hb_clients *clients)
{
    ha_timer_cancel(clients->daemon->loop, &clients->start);
    clients->stopping = true;
    hb_respawn_stop(clients->respawn, all_ended);
}

void hb_clients_end(struct hb_clients *clients)
{
    clients->ended = true;
    stop(clients);
    if (!hb_respawn_any(clients->respawn)) {
        ha_loop_stop(clients->daemon->loop, 0);
    }
}

static void status_changed(struct hb_clients *clients)
{
    const struct hb_core *core = clients->daemon->core;

    if (hb_core_leaving(core) && !clients->stopping) {
        stop(clients);
    }
}

/* Not in the middle of a step. */
static void start_soon(struct hb_clients *clients, const struct hb_action *action)
{
    const char *name = hb_core_node_name(clients->daemon->core, action->node);

    if (!clients->started && action->status == HB_STATUS_ACTIVE &&
        strcmp(name, clients->daemon->setup.node) == 0) {
        clients->started = true;
        ha_timer_set(clients->daemon->loop, &clients->start, 1, start, clients);
    }
}

/* ---- clients of other nodes ---- */

static struct asked *find_asked(const struct hb_clients *clients, const char *node,
                                const char *client)
{
    for (guint i = 0; i < clients->asked->len; i++) {
        struct asked *asked = clients->asked->pdata[i];

        if (!strcmp(asked->node, node) && !strcmp(asked->client, client)) {
            return asked;
        }
    }
    return NULL;
}

static void note_answer(struct hb_clients *clients, const struct hb_msg *msg)
{
    const char *to = hb_msg_text(msg, "to_id"), *src = hb_msg_text(msg, "src");
    const char *client = hb_msg_text(msg, "cn"), *cs = hb_msg_text(msg, "cs");
    struct asked *asked;

    if (!to || strcmp(to, ASKER) != 0 || !src || !client || !cs) {
        return;
    }
    asked = find_asked(clients, src, client);
    if (asked) {
        asked->known = true;
        asked->online = !strcmp(cs, "online");
    }
}

static void ask(struct hb_clients *clients, const char *node, const char *client)
{
    struct hb_msg *msg = hb_msg_new();
    struct asked *asked = find_asked(clients, node, client);

    if (asked) {
        asked->known = false;
    } else {
        if (clients->asked->len >= ASKED_MAX) {
            g_ptr_array_remove_index(clients->asked, 0);
        }
        asked = g_new0(struct asked, 1);
        asked->node = g_strdup(node);
        asked->client = g_strdup(client);
        g_ptr_array_add(clients->asked, asked);
    }
    hb_msg_add_text(msg, "t", "query-cstatus");
    hb_msg_add_text(msg, "dest", node);
    hb_msg_add_text(msg, "cn", client);
    hb_msg_add_text(msg, "from_id", ASKER);
    cast(clients, msg);
    hb_msg_unref(msg);
}

static bool find_node(const struct hb_core *core, const char *name, size_t *index)
{
    for (*index = 0; *index < hb_core_node_count(core); ++*index) {
        if (!g_ascii_strcasecmp(hb_core_node_name(core, *index), name)) {
            return true;
        }
    }
    return false;
}

bool hb_clients_status(struct hb_clients *clients, const char *node, const char *client,
                       bool first, GString *answer)
{
    const struct hb_core *core = clients->daemon->core;
    const char *name, *word = "offline";
    struct asked *asked;
    size_t index;

    if (!find_node(core, node, &index)) {
        return false;
    }
    name = hb_core_node_name(core, index);
    if (!strcmp(name, clients->daemon->setup.node)) {
        word = clients->server && hb_api_server_has(clients->server, client) ? "online"
                                                                             : "offline";
    } else if (!hb_core_node_is_ping(core, index) &&
               hb_core_node_status(core, index) != HB_STATUS_DEAD) {
        if (first) {
            ask(clients, name, client);
        }
        asked = find_asked(clients, name, client);
        word = !asked || !asked->known ? "wait" : asked->online ? "online" : "offline";
    }
    g_string_append_printf(answer, "%s\n", word);
    return true;
}

/* ---- what the core does ---- */

static void heard(struct hb_clients *clients, const struct hb_action *action)
{
    if (!strcmp(hb_msg_text(action->msg, "t"), "respond-cstatus")) {
        note_answer(clients, action->msg);
    }
    if (clients->server) {
        hb_api_server_heard(clients->server, action->msg, action->heard);
    }
}

void hb_clients_action(struct hb_clients *clients, const struct hb_action *action)
{
    const struct hb_core *core = clients->daemon->core;

    switch (action->kind) {
    case HB_ACT_TELL:
        heard(clients, action);
        break;
    case HB_ACT_STATUS:
        status_changed(clients);
        break;
    case HB_ACT_NODE:
        start_soon(clients, action);
        if (clients->server && action->msg && action->status == HB_STATUS_PING) {
            hb_api_server_heard(clients->server, action->msg, HB_HEARD_NEWS);
        }
        if (clients->server && action->status == HB_STATUS_DEAD) {
            hb_api_server_node_dead(clients->server, hb_core_node_name(core, action->node));
        }
        break;
    case HB_ACT_LINK:
        if (clients->server) {
            hb_api_server_link(clients->server, hb_core_node_name(core, action->node),
                               action->link, action->up);
        }
        break;
    default:
        break;
    }
}
