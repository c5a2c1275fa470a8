/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes that come and go by name: addnode, delnode, the lists of reqnodes and
 * repnodes, and each node's weight and site, which mean nothing here and are
 * kept for who asks. A change is made at the end of a step, when nobody holds a
 * pointer to a node, nor an action its number. Nobody alive is deleted, nor are we.
 */
#include "heartbeatd/core/roster.h"

#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

#define WEIGHT_STANDARD 100

void hb_roster_init(struct hb_core *core)
{
    struct hb_roster *roster = &core->roster;

    roster->names = g_ptr_array_new_with_free_func(g_free);
    roster->coming = g_ptr_array_new_with_free_func(g_free);
    roster->going = g_ptr_array_new_with_free_func(g_free);
    roster->deleted = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < core->node_count; i++)
        core->nodes[i].weight = WEIGHT_STANDARD;
}

void hb_roster_clear(struct hb_core *core)
{
    g_ptr_array_unref(core->roster.names);
    g_ptr_array_unref(core->roster.coming);
    g_ptr_array_unref(core->roster.going);
    g_ptr_array_unref(core->roster.deleted);
    for (size_t i = 0; i < core->node_count; i++)
        g_free(core->nodes[i].site);
}

/* ---- names ---- */

static struct hb_node *find(const struct hb_core *core, const char *name)
{
    for (size_t i = 0; i < core->node_count; i++) {
        if (g_ascii_strcasecmp(core->nodes[i].name, name) == 0)
            return &core->nodes[i];
    }
    return NULL;
}

static size_t number_of(const struct hb_core *core, const char *name)
{
    const struct hb_node *node = find(core, name);

    return node != NULL ? (size_t)(node - core->nodes) : core->node_count;
}

static bool listed(const GPtrArray *names, const char *name, guint *at)
{
    for (guint i = 0; i < names->len; i++) {
        if (strcmp(names->pdata[i], name) == 0) {
            *at = i;
            return true;
        }
    }
    return false;
}

static void put(GPtrArray *names, const char *name)
{
    guint at;

    if (!listed(names, name, &at) && names->len < HB_NODES_MAX)
        g_ptr_array_add(names, g_strdup(name));
}

/* What the wire and the word can carry. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);

    for (const char *at = name; *at != '\0'; at++) {
        if (!g_ascii_isgraph(*at) || strchr(":,=#", *at) != NULL)
            return false;
    }
    return length > 0 && length <= HB_NAME_MAX;
}

/* ---- at the end of a step ---- */

/* Nodes have other numbers now: moved from `from` on by one, up or down. gone: none had from. */
static void renumber(struct hb_core *core, size_t from, bool gone)
{
    if (gone && core->self > from)
        core->self--;
    if (gone && core->asked_node >= from)
        core->asked_node = core->self;
    if (gone && core->standby.peer >= from && core->standby.peer > 0)
        core->standby.peer--;
    for (size_t i = 0; i < core->group_count; i++) {
        struct hb_owned *owned = &core->groups[i];

        owned->home_node = number_of(core, owned->run.group->home);
        if (gone && owned->lent_to == from + 1)
            owned->lent_to = 0;
        else if (gone && owned->lent_to > from + 1)
            owned->lent_to--;
    }
}

/* It counts as one that left in good order until it is heard: nobody has to take over from it. */
static void add(struct hb_core *core, char *name)
{
    struct hb_node *node;
    guint at;

    if (find(core, name) != NULL || core->node_count >= HB_NODES_MAX) {
        g_free(name);
        return;
    }
    g_ptr_array_add(core->roster.names, name);
    core->nodes = g_renew(struct hb_node, core->nodes, core->node_count + 1);
    node = &core->nodes[core->node_count++];
    hb_node_init(node, name, core->config, core->group_count, &core->rand);
    node->status = node->heard = HB_STATUS_DEAD;
    node->view.stage = HB_STAGE_GONE;
    node->weight = WEIGHT_STANDARD;
    hb_fence_node_added(core);
    if (listed(core->roster.deleted, name, &at))
        g_ptr_array_remove_index(core->roster.deleted, at);
    renumber(core, core->node_count, false);
    hb_say(core, LOG_NOTICE, "node %s was added", name);
}

static void remove_node(struct hb_core *core, const char *name)
{
    struct hb_node *node = find(core, name);
    size_t at;

    if (node == NULL || node->self || hb_node_alive(node) || hb_fence_pending(core))
        return;
    at = (size_t)(node - core->nodes);
    hb_say(core, LOG_NOTICE, "node %s was deleted", node->name);
    put(core->roster.deleted, node->name);
    hb_standby_lost(core, node);
    hb_fence_node_goes(core, at);
    g_free(node->site);
    hb_node_clear(node);
    core->node_count--;
    memmove(node, node + 1, (core->node_count - at) * sizeof *node);
    renumber(core, at, true);
}

/* Actions that name nodes by their numbers are carried out after this step. */
static bool numbers_are_out(const struct hb_core *core)
{
    for (guint i = 0; i < core->out->list->len; i++) {
        enum hb_action_kind kind = g_array_index(core->out->list, struct hb_action, i).kind;

        if (kind == HB_ACT_NODE || kind == HB_ACT_LINK || kind == HB_ACT_FENCE)
            return true;
    }
    return false;
}

void hb_roster_settle(struct hb_core *core)
{
    struct hb_roster *roster = &core->roster;

    if ((roster->coming->len == 0 && roster->going->len == 0) || numbers_are_out(core))
        return;
    for (guint i = 0; i < roster->going->len; i++)
        remove_node(core, roster->going->pdata[i]);
    for (guint i = 0; i < roster->coming->len; i++)
        add(core, g_strdup(roster->coming->pdata[i]));
    g_ptr_array_set_size(roster->going, 0);
    g_ptr_array_set_size(roster->coming, 0);
    hb_actions_add(core->out, HB_ACT_NODES);
    hb_actions_add(core->out, HB_ACT_STATUS);
}

uint64_t hb_roster_next_ns(const struct hb_core *core)
{
    return core->roster.coming->len > 0 || core->roster.going->len > 0 ? hb_mono(core) : HA_NEVER;
}

/* ---- what is asked for ---- */

static void wish_add(struct hb_core *core, const char *name)
{
    char *lower = g_ascii_strdown(name, -1);

    if (!is_name(lower))
        hb_say(core, LOG_ERR, "a node cannot be added: it has no name that a node can have");
    else if (core->node_count + core->roster.coming->len >= HB_NODES_MAX)
        hb_say(core, LOG_ERR, "node %s cannot be added: there are %d nodes", lower, HB_NODES_MAX);
    else if (find(core, lower) == NULL)
        put(core->roster.coming, lower);
    g_free(lower);
}

static void wish_delete(struct hb_core *core, const char *name)
{
    const struct hb_node *node = find(core, name);

    if (node == NULL)
        return;
    if (node->self)
        hb_say(core, LOG_ERR, "node %s is not deleted: it is this one", node->name);
    else if (hb_node_alive(node))
        hb_say(core, LOG_ERR, "node %s is not deleted: it is alive", node->name);
    else if (hb_fence_pending(core))
        hb_say(core, LOG_ERR, "node %s is not deleted: a node is being switched off", node->name);
    else
        put(core->roster.going, node->name);
}

/* Words of a list, separated by blanks; fn for each. */
static void each(struct hb_core *core, const char *list,
                 void (*fn)(struct hb_core *core, const char *name))
{
    char **names = g_strsplit_set(list != NULL ? list : "", " \t", -1);

    for (char **name = names; *name != NULL; name++) {
        if (**name != '\0')
            fn(core, *name);
    }
    g_strfreev(names);
}

static bool in_list(const char *list, const char *name)
{
    char **names = g_strsplit_set(list, " \t", -1);
    bool found = false;

    for (char **at = names; *at != NULL && !found; at++)
        found = g_ascii_strcasecmp(*at, name) == 0;
    g_strfreev(names);
    return found;
}

void hb_roster_addnode(struct hb_core *core, const struct hb_msg *msg)
{
    each(core, hb_msg_text(msg, "nodelist"), wish_add);
}

/* A node that is away would bring what it does not know to be deleted back: as 3.0.6, not then. */
void hb_roster_delnode(struct hb_core *core, const struct hb_msg *msg)
{
    const char *list = hb_msg_text(msg, "nodelist");

    for (size_t i = 0; list != NULL && i < core->node_count; i++) {
        const struct hb_node *node = &core->nodes[i];

        if (!node->self && !hb_node_alive(node) && !in_list(list, node->name)) {
            hb_say(core, LOG_ERR, "no node is deleted: node %s, which would stay, is dead",
                   node->name);
            return;
        }
    }
    each(core, list, wish_delete);
}

void hb_roster_describe(const struct hb_core *core, struct hb_msg *msg)
{
    GString *list = g_string_new(NULL);

    for (size_t i = 0; i < core->node_count; i++)
        g_string_append_printf(list, "%s ", core->nodes[i].name);
    hb_msg_add_text(msg, "nodelist", list->str);
    g_string_truncate(list, 0);
    for (guint i = 0; i < core->roster.deleted->len; i++)
        g_string_append_printf(list, "%s ", (const char *)core->roster.deleted->pdata[i]);
    hb_msg_add_text(msg, "delnodelist", list->len > 0 ? list->str : " ");
    g_string_free(list, TRUE);
}

void hb_roster_learn(struct hb_core *core, const struct hb_node *node, const struct hb_msg *msg)
{
    const char *list = hb_msg_text(msg, "nodelist");

    if (list == NULL || !in_list(list, core->nodes[core->self].name))
        return; /* no list of a cluster that we are in */
    for (size_t i = 0; i < core->node_count; i++) {
        if (in_list(list, core->nodes[i].name))
            continue;
        hb_say(core, LOG_WARNING, "node %s does not know node %s: check its ha.cf", node->name,
               core->nodes[i].name);
        wish_delete(core, core->nodes[i].name);
    }
    each(core, list, wish_add);
}

/* ---- what nodes are worth, and where they are ---- */

void hb_roster_setweight(struct hb_core *core, const struct hb_msg *msg)
{
    const char *name = hb_msg_text(msg, "node");
    struct hb_node *node = name != NULL ? find(core, name) : NULL;
    uint64_t weight;

    if (node == NULL || !hb_msg_uint(msg, "weight", &weight) || weight > INT32_MAX)
        hb_say(core, LOG_ERR, "setweight: expected a node of this cluster and a number");
    else
        node->weight = weight;
}

void hb_roster_setsite(struct hb_core *core, const struct hb_msg *msg)
{
    const char *name = hb_msg_text(msg, "node"), *site = hb_msg_text(msg, "site");
    struct hb_node *node = name != NULL ? find(core, name) : NULL;

    if (node == NULL || site == NULL || strlen(site) > HB_SITE_MAX ||
        strpbrk(site, "\t\r\n") != NULL) {
        hb_say(core, LOG_ERR, "setsite: expected a node of this cluster and a name");
        return;
    }
    g_free(node->site);
    node->site = g_strdup(site);
}

/* ---- what is shown ---- */

uint64_t hb_core_node_weight(const struct hb_core *core, size_t index)
{
    return index < core->node_count ? core->nodes[index].weight : WEIGHT_STANDARD;
}

const char *hb_core_node_site(const struct hb_core *core, size_t index)
{
    return index < core->node_count && core->nodes[index].site != NULL ? core->nodes[index].site
                                                                      : "";
}

const GPtrArray *hb_core_deleted(const struct hb_core *core)
{
    return core->roster.deleted;
}
