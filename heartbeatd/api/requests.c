/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests of the interface for programs, a row each. An answer has the
 * request's name, its fields, and the result; lists come as a message per item,
 * all but the last with the result "ok/more". Only reads.
 */
#include <string.h>
#include <syslog.h>

#include "heartbeatd/api/api_inside.h"
#include "heartbeatd/api/rights.h"

#define SIGNAL_MAX 64
#define MASK_MAX   0x3f

/* One request on its way. */
struct request {
    struct hb_api *api;
    const struct hb_api_world *world;
    struct hb_api_client *client;
    const struct hb_msg *msg;
    const char *type; /* reqtype */
    GArray *acts;
};

static struct hb_msg *begin(const struct request *in)
{
    struct hb_msg *answer = hb_msg_new();

    hb_msg_add_text(answer, "t", "hbapi-resp");
    hb_msg_add_text(answer, "reqtype", in->type);
    return answer;
}

static void finish(const struct request *in, struct hb_msg *answer, const char *result)
{
    hb_msg_add_text(answer, "result", result);
    hb_api_tell(in->acts, in->client, answer);
}

static void answer_field(const struct request *in, const char *name, const char *text)
{
    struct hb_msg *answer = begin(in);

    if (text != NULL)
        hb_msg_add_text(answer, name, text);
    finish(in, answer, "OK");
}

static void refuse(const struct request *in, const char *info)
{
    struct hb_msg *answer = begin(in);

    hb_msg_add_text(answer, "result", "badreq");
    if (info != NULL)
        hb_msg_add_text(answer, "info", info);
    hb_api_tell(in->acts, in->client, answer);
}

static const char invalid[] = "EINVAL";

/* ---- nodes and links ---- */

static const char *type_of(const struct hb_core *core, size_t node)
{
    return hb_core_node_is_ping(core, node) ? "ping" : "normal";
}

static bool find_named(const struct hb_core *core, const char *name, size_t *index)
{
    for (size_t i = 0; name != NULL && i < hb_core_node_count(core); i++) {
        if (g_ascii_strcasecmp(hb_core_node_name(core, i), name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* The node that the request names; refuses if there is none. */
static bool find_node(const struct request *in, size_t *index)
{
    if (find_named(in->world->core, hb_msg_text(in->msg, "node"), index))
        return true;
    refuse(in, invalid);
    return false;
}

static void nodelist(const struct request *in)
{
    const struct hb_core *core = in->world->core;
    size_t count = hb_core_node_count(core);

    for (size_t i = 0; i < count; i++) {
        struct hb_msg *answer = begin(in);

        hb_msg_add_text(answer, "node", hb_core_node_name(core, i));
        hb_msg_add_text(answer, "nodetype", type_of(core, i));
        hb_msg_add_text(answer, "st", hb_status_name(hb_core_node_status(core, i)));
        finish(in, answer, i + 1 < count ? "ok/more" : "OK");
    }
}

static void nodestatus(const struct request *in)
{
    size_t node;

    if (find_node(in, &node))
        answer_field(in, "st", hb_status_name(hb_core_node_status(in->world->core, node)));
}

static void nodetype(const struct request *in)
{
    size_t node;

    if (find_node(in, &node))
        answer_field(in, "nodetype", type_of(in->world->core, node));
}

/* Weight and site mean nothing with haresources, but are kept for who asks. */
static void nodeweight(const struct request *in)
{
    size_t node;
    char text[24];

    if (!find_node(in, &node))
        return;
    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, hb_core_node_weight(in->world->core, node));
    answer_field(in, "weight", text);
}

static void nodesite(const struct request *in)
{
    size_t node;

    if (find_node(in, &node))
        answer_field(in, "site", hb_core_node_site(in->world->core, node));
}

/* Ping nodes are not counted. */
static void numnodes(const struct request *in)
{
    const struct hb_core *core = in->world->core;
    struct hb_msg *answer = begin(in);
    uint64_t count = 0;

    for (size_t i = 0; i < hb_core_node_count(core); i++)
        count += hb_core_node_is_ping(core, i) ? 0 : 1;
    hb_msg_add_uint(answer, "numnodes", count);
    finish(in, answer, "OK");
}

static void iflist(const struct request *in)
{
    const struct hb_core *core = in->world->core;
    const char *name;
    size_t node;
    bool up;

    if (!find_node(in, &node))
        return;
    if (hb_core_link_name(core, node, 0) == NULL)
        refuse(in, NULL);
    for (size_t i = 0; (name = hb_core_link_name(core, node, i)) != NULL; i++) {
        struct hb_msg *answer = begin(in);

        hb_core_link_status(core, node, name, &up);
        hb_msg_add_text(answer, "ifname", name);
        hb_msg_add_text(answer, "st", up ? "up" : "dead");
        finish(in, answer, hb_core_link_name(core, node, i + 1) != NULL ? "ok/more" : "OK");
    }
}

static void ifstatus(const struct request *in)
{
    const char *name = hb_msg_text(in->msg, "ifname");
    size_t node;
    bool up;

    if (!find_node(in, &node))
        return;
    if (name == NULL || !hb_core_link_status(in->world->core, node, name, &up))
        refuse(in, invalid);
    else
        answer_field(in, "st", up ? "up" : "dead");
}

/* ---- what this node is ---- */

static void getparm(const struct request *in)
{
    const char *name = hb_msg_text(in->msg, "pname");

    if (name == NULL)
        refuse(in, invalid);
    else
        answer_field(in, "pvalue", hb_config_parameter(in->world->config, name, in->world->version));
}

static void getrsc(const struct request *in)
{
    answer_field(in, "rsc_hold", hb_hold_name(hb_core_holding(in->world->core)));
}

#define UUID_BYTES 16

static void getuuid(const struct request *in)
{
    const char *name = hb_msg_text(in->msg, "queryname");
    const uint8_t *uuid = NULL;
    struct hb_msg *answer;
    size_t node;

    if (name == NULL) {
        refuse(in, "no query node name found");
        return;
    }
    if (find_named(in->world->core, name, &node))
        uuid = hb_core_node_uuid(in->world->core, node);
    answer = begin(in);
    if (uuid != NULL)
        hb_msg_add(answer, HB_FIELD_BINARY, "queryuuid", uuid, UUID_BYTES);
    finish(in, answer, "OK");
}

static void getnodename(const struct request *in)
{
    const struct hb_field *query = hb_msg_find(in->msg, "queryuuid");
    const struct hb_core *core = in->world->core;
    const char *name = NULL;

    if (query == NULL || query->type != HB_FIELD_BINARY || query->length != UUID_BYTES) {
        refuse(in, "no query node name found");
        return;
    }
    for (size_t i = 0; i < hb_core_node_count(core); i++) {
        const uint8_t *uuid = hb_core_node_uuid(core, i);

        if (uuid != NULL && memcmp(uuid, query->value, UUID_BYTES) == 0)
            name = hb_core_node_name(core, i);
    }
    answer_field(in, "queryname", name);
}

/* Another node has to be asked: what it says goes to the client itself, by its to_id. */
static void ask_node(const struct request *in, const char *node, const char *name)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", "query-cstatus");
    hb_msg_add_text(msg, "dest", node);
    hb_msg_add_text(msg, "cn", name);
    hb_msg_add_text(msg, "from_id", in->client->name);
    hb_api_act(in->acts, HB_API_CAST, in->client->id)->msg = msg;
}

static void clientstatus(const struct request *in)
{
    const struct hb_core *core = in->world->core;
    const char *name = hb_msg_text(in->msg, "cn");
    struct hb_msg *answer;
    bool here, known;
    size_t node;

    if (!find_node(in, &node))
        return;
    if (name == NULL) {
        refuse(in, invalid);
        return;
    }
    here = strcmp(hb_core_node_name(core, node), in->world->node) == 0;
    known = here || hb_core_node_is_ping(core, node) ||
            hb_core_node_status(core, node) == HB_STATUS_DEAD;
    if (!known) {
        ask_node(in, hb_core_node_name(core, node), name);
        return;
    }
    answer = begin(in);
    hb_msg_add_text(answer, "subt", "respond-cstatus");
    hb_msg_add_text(answer, "cs", here && hb_api_has(in->api, name) ? "online" : "offline");
    finish(in, answer, "OK");
}

/* ---- how the client wants to be told ---- */

static void setfilter(const struct request *in)
{
    uint64_t mask;

    if (!hb_msg_hex(in->msg, "fmask", &mask) || mask == 0 || mask > MASK_MAX) {
        refuse(in, invalid);
        return;
    }
    in->client->mask = (unsigned)mask;
    answer_field(in, NULL, NULL);
}

static void setsignal(const struct request *in)
{
    uint64_t number;

    if (!hb_msg_uint(in->msg, "signal", &number) || number > SIGNAL_MAX) {
        refuse(in, invalid);
        return;
    }
    in->client->signal = (int)number;
    answer_field(in, NULL, NULL);
}

/* The one request that is not answered. */
static void set_sendqlen(const struct request *in)
{
    uint64_t length;

    if (hb_msg_uint(in->msg, "sendqlen", &length) && length > 0)
        hb_api_act(in->acts, HB_API_QUEUE, in->client->id)->queue =
            (unsigned)MIN(length, HB_API_QUEUE_MAX);
}

/* ---- coming and going ---- */

static bool is_name(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length > HB_API_NAME_MAX)
        return false;
    for (; *text != '\0'; text++) {
        if (!g_ascii_isgraph(*text))
            return false;
    }
    return true;
}

static void describe(const struct request *in, struct hb_msg *answer)
{
    const struct hb_config *config = in->world->config;
    char *facility = g_strdup_printf("%d", config->logfacility);

    hb_msg_add_hex(answer, "deadtime", config->deadtime_ms);
    hb_msg_add_hex(answer, "keepalive", config->keepalive_ms);
    hb_msg_add_text(answer, "node", in->world->node);
    hb_msg_add_text(answer, "hbversion", in->world->version);
    hb_msg_add_text(answer, "pacemaker", "false");
    hb_msg_add_text(answer, "logfacility", facility);
    g_free(facility);
    hb_api_tell(in->acts, in->client, answer);
}

static void send_away(const struct request *in, const char *name, const char *why)
{
    struct hb_msg *answer = begin(in);

    hb_api_log(in->acts, LOG_WARNING, "Client [%s] pid %d failed authorization [%s]", name,
               (int)in->client->pid, why);
    hb_msg_add_text(answer, "info", why);
    hb_msg_add_text(answer, "result", "badreq");
    describe(in, answer);
    hb_api_act(in->acts, HB_API_CLOSE, in->client->id);
}

static void signon(const struct request *in)
{
    const char *pid = hb_msg_text(in->msg, "pid"), *name = hb_msg_text(in->msg, "from_id");
    struct hb_api_client *client = in->client;
    struct hb_msg *answer;
    const char *why;
    uint64_t number;
    bool casual;

    if (client->signed_on) {
        refuse(in, NULL);
        return;
    }
    if (!hb_msg_uint(in->msg, "pid", &number) || (name != NULL && !is_name(name))) {
        send_away(in, "?", "bad message");
        return;
    }
    casual = name == NULL || strcmp(name, pid) == 0;
    name = name != NULL ? name : pid;
    client->generation = in->api->signons++;
    why = hb_rights_refusal(in->world->rights, casual ? NULL : name, client->uid, client->gid);
    if (why == NULL && hb_api_has(in->api, name))
        why = "duplicate add request";
    if (why != NULL) {
        send_away(in, name, why);
        return;
    }
    client->name = g_strdup(name);
    client->signed_on = true;
    client->casual = casual;
    answer = begin(in);
    hb_msg_add_text(answer, "result", "OK");
    describe(in, answer);
    if (!casual)
        hb_api_announce(in->world, client, "join", "signon", in->acts);
}

static void signoff(const struct request *in)
{
    if (!in->client->casual)
        hb_api_announce(in->world, in->client, "leave", "signoff", in->acts);
    in->client->signed_on = false;
    hb_api_act(in->acts, HB_API_CLOSE, in->client->id);
}

static const struct {
    const char *type;
    void (*answer)(const struct request *in);
} requests[] = {
    {"signon", signon},         {"signoff", signoff},           {"setfilter", setfilter},
    {"setsignal", setsignal},   {"nodelist", nodelist},         {"nodestatus", nodestatus},
    {"nodetype", nodetype},     {"nodeweight", nodeweight},     {"nodesite", nodesite},
    {"numnodes", numnodes},     {"iflist", iflist},             {"ifstatus", ifstatus},
    {"getparm", getparm},       {"getrsc", getrsc},             {"getuuid", getuuid},
    {"getnodename", getnodename}, {"clientstatus", clientstatus}, {"set_sendqlen", set_sendqlen},
};

void hb_api_request(struct hb_api *api, const struct hb_api_world *world,
                    struct hb_api_client *client, const struct hb_msg *msg, GArray *acts)
{
    struct request in = {.api = api,
                         .world = world,
                         .client = client,
                         .msg = msg,
                         .type = hb_msg_text(msg, "reqtype"),
                         .acts = acts};

    if (in.type == NULL || (!client->signed_on && strcmp(in.type, "signon") != 0)) {
        hb_api_log(acts, LOG_WARNING, "a client (pid %d) asks before it signs on: sent away",
                   (int)client->pid);
        hb_api_act(acts, HB_API_CLOSE, client->id);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (strcmp(requests[i].type, in.type) == 0) {
            requests[i].answer(&in);
            return;
        }
    }
    refuse(&in, NULL);
}
