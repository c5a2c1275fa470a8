/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One core held by hand.
 */
#include "tests/unit/hand_core.h"

#include <string.h>

#include "common/base/time.h"

static void add_group(struct hand *hand, const char *home, const char *address, bool script)
{
    struct hb_group *group = hb_group_new(home, 1);
    struct hb_resource *resource = hb_resource_new("IPaddr", address);

    resource->native = true;
    g_ptr_array_add(group->resources, resource);
    if (script)
        g_ptr_array_add(group->resources, hb_resource_new("httpd", "httpd"));
    g_ptr_array_add(hand->resources->groups, group);
}

static struct hb_haresources *read_lines(const char *lines)
{
    struct hb_haresources *resources = hb_haresources_new();
    char **line = g_strsplit(lines, "\n", -1);

    for (char **at = line; *at != NULL && **at != '\0'; at++) {
        char **word = g_strsplit(*at, " ", -1);
        struct hb_group *group = hb_group_new(word[0], 1);

        for (char **text = word + 1; *text != NULL; text++) {
            struct hb_resource *resource =
                hb_resource_new(g_ascii_isdigit(**text) ? "IPaddr" : *text, *text);

            resource->native = g_ascii_isdigit(**text);
            g_ptr_array_add(group->resources, resource);
        }
        g_ptr_array_add(resources->groups, group);
        g_strfreev(word);
    }
    g_strfreev(line);
    return resources;
}

static void add_ping(struct hb_config *config, const char *name)
{
    struct hb_medium *medium = g_new0(struct hb_medium, 1);

    medium->kind = HB_PING;
    medium->interface = g_strdup(name);
    medium->hosts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(medium->hosts, g_strdup(name));
    g_ptr_array_add(config->media, medium);
    config->deadping_ms = 3000;
}

struct hand *hand_new(enum hb_failback failback)
{
    return hand_new_pinging(failback, NULL);
}

struct hand *hand_new_pinging(enum hb_failback failback, const char *ping)
{
    struct hand *hand = g_new0(struct hand, 1);
    struct hb_medium *medium = g_new0(struct hb_medium, 1);
    struct hb_identity self = {.node = "node1", .uuid = {1}, .generation = 100};

    hand->config = hb_config_new();
    hand->config->keepalive_ms = 1000;
    hand->config->deadtime_ms = 5000;
    hand->config->warntime_ms = 2500;
    hand->config->initdead_ms = 15000;
    hand->config->carrier_ms = 1000;
    hand->config->auto_failback = failback;
    g_ptr_array_add(hand->config->nodes, g_strdup("node1"));
    g_ptr_array_add(hand->config->nodes, g_strdup("node2"));
    medium->interface = g_strdup("eth0");
    g_ptr_array_add(hand->config->media, medium);
    if (ping != NULL)
        add_ping(hand->config, ping);
    hand->resources = hb_haresources_new();
    add_group(hand, "node1", "10.0.0.1", true);
    add_group(hand, "node2", "10.0.0.2", false);
    hand->core = hb_core_new(hand->config, hand->resources, &self, 1);
    hand->now_ms = 1000;
    hand->wall_s = hand->peer_wall_s = 1700000000;
    hand->peer_generation = 500;
    hand->answer_ops = true;
    hand->sent = g_ptr_array_new_with_free_func((GDestroyNotify)hb_msg_unref);
    hand->log = g_string_new(NULL);
    hand->told = g_string_new(NULL);
    hand->did = g_string_new(NULL);
    hand->ops = g_array_new(FALSE, FALSE, sizeof(struct hb_action));
    return hand;
}

void hand_free(struct hand *hand)
{
    hb_core_free(hand->core);
    hb_config_free(hand->config);
    hb_haresources_free(hand->resources);
    g_ptr_array_unref(hand->sent);
    g_string_free(hand->log, TRUE);
    g_string_free(hand->told, TRUE);
    g_string_free(hand->did, TRUE);
    g_array_unref(hand->ops);
    g_free(hand->reboot);
    g_free(hand);
}

static void note_op(struct hand *hand, const struct hb_action *action)
{
    static const char *const words[HB_OP_COUNT] = {"status", "start", "stop"};

    g_string_append(hand->did, words[action->op]);
    for (unsigned i = action->first; i <= action->last; i++) {
        const struct hb_resource *resource = g_ptr_array_index(action->of->resources, i);

        g_string_append_printf(hand->did, " %s", resource->text);
    }
    g_string_append(hand->did, "; ");
}

static void keep(struct hand *hand, const struct hb_action *action)
{
    switch (action->kind) {
    case HB_ACT_SEND:
        g_ptr_array_add(hand->sent, hb_msg_ref(action->msg));
        break;
    case HB_ACT_OP:
        g_array_append_val(hand->ops, *action);
        note_op(hand, action);
        break;
    case HB_ACT_HEARD:
        g_string_append_printf(hand->told, "heard %s; ", hb_msg_text(action->msg, "t"));
        break;
    case HB_ACT_NODE:
        g_string_append_printf(hand->told, "%s is %s; ", hb_core_node_name(hand->core, action->node),
                               hb_status_name(action->status));
        break;
    case HB_ACT_LINK:
        g_string_append_printf(hand->told, "%s:%s %s; ", hb_core_node_name(hand->core, action->node),
                               action->link, action->up ? "up" : "dead");
        break;
    case HB_ACT_LOG:
        g_string_append_printf(hand->log, "%s\n", action->text);
        break;
    case HB_ACT_FENCE:
        hand->fence = *action;
        hand->fences++;
        break;
    case HB_ACT_FENCE_END:
        if (hand->fence.op_id == action->op_id)
            hand->fence.op_id = 0;
        break;
    case HB_ACT_REBOOT:
        g_free(hand->reboot);
        hand->reboot = g_strdup(action->text);
        break;
    default:
        hand->stopped |= action->kind == HB_ACT_STOPPED;
        hand->restart |= action->kind == HB_ACT_RESTART;
        break;
    }
}

static void step(struct hand *hand, const struct hb_event *event)
{
    struct hb_now now = {.mono_ns = ha_ms_to_ns(hand->now_ms), .wall_s = hand->wall_s, .load = "0"};
    struct hb_actions actions;

    hb_actions_init(&actions);
    hb_core_step(hand->core, &now, event, &actions);
    for (guint i = 0; i < actions.list->len; i++)
        keep(hand, &g_array_index(actions.list, struct hb_action, i));
    hb_actions_clear(&actions);
    while (hand->answer_ops && hand->ops->len > 0)
        hand_op_done(hand, 0, g_array_index(hand->ops, struct hb_action, 0).op == HB_OP_STATUS
                                  ? HB_OP_STOPPED
                                  : HB_OP_OK);
}

void hand_op_done(struct hand *hand, guint index, enum hb_op_result result)
{
    struct hb_event event = {.kind = HB_EV_OP_DONE, .result = result};

    event.op_id = g_array_index(hand->ops, struct hb_action, index).op_id;
    g_array_remove_index(hand->ops, index);
    step(hand, &event);
}

void hand_add_device(struct hand *hand, const char *host, const char *type)
{
    struct hb_identity self = {.node = "node1", .uuid = {1}, .generation = 100};
    struct hb_fence_device *device = g_new0(struct hb_fence_device, 1);

    device->kind = g_str_has_prefix(type, "fence_") ? HB_DEVICE_AGENT : HB_DEVICE_STONITH;
    device->host = g_strdup(host);
    device->type = g_strdup(type);
    g_ptr_array_add(hand->config->fence.devices, device);
    hb_core_free(hand->core);
    hand->core = hb_core_new(hand->config, hand->resources, &self, 1);
}

void hand_fenced(struct hand *hand, enum hb_fence_result result, const char *detail)
{
    struct hb_event event = {.kind = HB_EV_FENCED, .op_id = hand->fence.op_id, .fenced = result,
                             .detail = detail};

    hand->fence.op_id = 0;
    step(hand, &event);
}

void hand_confirm(struct hand *hand, size_t node)
{
    step(hand, &(struct hb_event){.kind = HB_EV_CONFIRMED, .node = node});
}

void hand_lost(struct hand *hand, unsigned group, unsigned resource, const char *detail)
{
    step(hand, &(struct hb_event){.kind = HB_EV_RESOURCE_LOST,
                                  .group = group,
                                  .resource = resource,
                                  .detail = detail});
}

void hand_start(struct hand *hand)
{
    step(hand, &(struct hb_event){.kind = HB_EV_START});
}

void hand_reload(struct hand *hand, const char *lines)
{
    struct hb_haresources *before = hand->resources;

    hand->resources = read_lines(lines);
    step(hand, &(struct hb_event){.kind = HB_EV_CONFIG, .resources = hand->resources});
    hb_haresources_free(before);
}

void hand_restart(struct hand *hand, const char *lines)
{
    struct hb_identity self = {.node = "node1", .uuid = {1}, .generation = 101};
    struct hb_haresources *before = hand->resources;
    struct hb_core *old = hand->core;

    hand->resources = read_lines(lines);
    hand->core = hb_core_new(hand->config, hand->resources, &self, 2);
    hb_core_inherit(hand->core, old);
    hb_core_free(old);
    hb_haresources_free(before);
    hand_start(hand);
}

void hand_operator(struct hand *hand, enum hb_event_kind kind, enum hb_what what)
{
    step(hand, &(struct hb_event){.kind = kind, .what = what});
}

void hand_wish(struct hand *hand, unsigned group, enum hb_wish wish)
{
    step(hand, &(struct hb_event){.kind = HB_EV_WISH, .group = group, .wish = wish});
}

void hand_inject(struct hand *hand, const char *fields)
{
    char **parts = g_strsplit(fields, "|", -1);
    struct hb_msg *msg = hb_msg_new();

    for (char **part = parts; *part != NULL; part++) {
        char *equals = strchr(*part, '=');

        *equals = '\0';
        hb_msg_add_text(msg, *part, equals + 1);
    }
    step(hand, &(struct hb_event){.kind = HB_EV_INJECT, .msg = msg});
    hb_msg_unref(msg);
    g_strfreev(parts);
}

void hand_pass(struct hand *hand, uint64_t ms)
{
    uint64_t until_ms = hand->now_ms + ms;

    for (;;) {
        uint64_t wake_ns = hb_core_wake_ns(hand->core);
        uint64_t wake_ms = wake_ns == HA_NEVER ? UINT64_MAX : (wake_ns + 999999) / HA_NS_PER_MS;

        if (wake_ms > until_ms)
            break;
        hand->now_ms = MAX(hand->now_ms, wake_ms);
        step(hand, &(struct hb_event){.kind = HB_EV_TIMER});
    }
    hand->now_ms = until_ms;
}

void hand_pass_beating(struct hand *hand, uint64_t ms)
{
    for (; ms >= 1000; ms -= 1000) {
        hand_pass(hand, 1000);
        hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    }
    hand_pass(hand, ms);
}

void hand_hear_numbered(struct hand *hand, const char *fields, uint64_t number)
{
    static const uint8_t uuid[HB_UUID_BYTES] = {2};
    char **parts = g_strsplit(fields, "|", -1);
    struct hb_msg *msg = hb_msg_new();

    for (char **part = parts; *part != NULL; part++) {
        char *equals = strchr(*part, '=');

        *equals = '\0';
        hb_msg_add_text(msg, *part, equals + 1);
    }
    hb_msg_add_text(msg, "src", "node2");
    hb_msg_add(msg, HB_FIELD_BINARY, "srcuuid", uuid, sizeof uuid);
    if (number > 0)
        hb_msg_add_hex(msg, "seq", number);
    hb_msg_add_hex(msg, "hg", hand->peer_generation);
    hb_msg_add_hex(msg, "ts", hand->peer_wall_s);
    hb_msg_add_text(msg, "ttl", "3");
    step(hand, &(struct hb_event){.kind = HB_EV_MESSAGE, .msg = msg, .link = "eth0"});
    hb_msg_unref(msg);
    g_strfreev(parts);
}

void hand_carrier(struct hand *hand, unsigned group, bool up)
{
    step(hand, &(struct hb_event){
                   .kind = HB_EV_CARRIER, .group = group, .up = up, .detail = "eth1"});
}

void hand_ready(struct hand *hand, unsigned group, enum hb_ready ready)
{
    step(hand, &(struct hb_event){.kind = HB_EV_READY, .group = group, .ready = ready});
}

void hand_answer_ping(struct hand *hand, const char *src, const char *link)
{
    struct hb_msg *msg = hb_msg_new();

    hb_msg_add_text(msg, "t", "NS_st");
    hb_msg_add_text(msg, "st", "ping");
    hb_msg_add_text(msg, "info", "ping");
    hb_msg_add_text(msg, "src", src);
    hb_msg_add_hex(msg, "ts", 1700000000);
    step(hand, &(struct hb_event){.kind = HB_EV_MESSAGE, .msg = msg, .link = link});
    hb_msg_unref(msg);
}

void hand_hear(struct hand *hand, const char *fields)
{
    hand_hear_numbered(hand, fields, strncmp(fields, "t=NS_", 5) == 0 ? 0 : ++hand->peer_number);
}

void hand_forget(struct hand *hand)
{
    g_ptr_array_set_size(hand->sent, 0);
    g_string_set_size(hand->log, 0);
    g_string_set_size(hand->told, 0);
    g_string_set_size(hand->did, 0);
}

const struct hb_msg *hand_sent(const struct hand *hand, const char *type)
{
    for (guint i = hand->sent->len; i > 0; i--) {
        const struct hb_msg *msg = g_ptr_array_index(hand->sent, i - 1);

        if (strcmp(hb_msg_text(msg, "t"), type) == 0)
            return msg;
    }
    return NULL;
}

guint hand_count(const struct hand *hand, const char *type)
{
    guint count = 0;

    for (guint i = 0; i < hand->sent->len; i++)
        count += strcmp(hb_msg_text(g_ptr_array_index(hand->sent, i), "t"), type) == 0;
    return count;
}

bool hand_logged(const struct hand *hand, const char *text)
{
    return strstr(hand->log->str, text) != NULL;
}

enum hb_group_state hand_group(const struct hand *hand, size_t group)
{
    return hb_core_group_state(hand->core, group);
}

void hand_join(struct hand *hand, const char *peer_hold)
{
    char *report = g_strdup_printf("t=resource|rsc_hold=%s|rtype=full|isstable=1", peer_hold);

    hand_start(hand);
    hand_hear(hand, "t=status|st=active|dt=1388|protocol=1");
    hand_hear(hand, "t=repnodes|dest=node1|nodelist=node1 node2 |delnodelist= ");
    hand_hear(hand, report);
    hand_pass_beating(hand, 6000);
    g_free(report);
}
