/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is to know about this heartbeat, part by part. Asks the core, the
 * media and the counters; decides nothing and words nothing that has a name
 * elsewhere.
 */
#include "heartbeatd/daemon/status.h"

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/daemon/answers.h"
#include "heartbeatd/core/show.h"

/* Beyond this many groups their resources are left out: an answer has its bound. */
#define GROUPS_WITH_RESOURCES 512

/* A moment of the monotonic clock, as wall time. */
static void show_moment(struct ha_writer *writer, const char *key, uint64_t at_ns)
{
    uint64_t now_ns = ha_clock_ns();

    if (at_ns > 0 && at_ns != HA_NEVER)
        ha_show_time(writer, key,
                     (uint64_t)((int64_t)ha_clock_wall_s() +
                                ((int64_t)at_ns - (int64_t)now_ns) / (int64_t)HA_NS_PER_S));
}

static void show_links(const struct hb_daemon *daemon, size_t node, struct ha_writer *writer)
{
    const char *link;
    bool up;

    ha_show_list(writer, "links");
    for (size_t i = 0; (link = hb_core_link_name(daemon->core, node, i)) != NULL; i++) {
        if (!hb_core_link_status(daemon->core, node, link, &up))
            continue;
        ha_show_object(writer, NULL);
        ha_show_text(writer, "name", link);
        ha_show_text(writer, "status", up ? "up" : "dead");
        ha_show_end(writer);
    }
    ha_show_end(writer);
}

static void show_fencing(const struct hb_show_node *node, struct ha_writer *writer)
{
    ha_show_count(writer, "fence_devices", node->devices);
    if (node->fencing == NULL)
        return;
    ha_show_text(writer, "fencing", node->fencing);
    show_moment(writer, "fencing_since", node->fencing_ns);
    ha_show_flag(writer, "confirmed_by_hand", node->fenced_by_hand);
    ha_show_count(writer, "fence_tries", node->fence_tries);
    ha_show_text(writer, "fence_trouble", node->fence_trouble);
}

/* What of ha.cf does not agree with ours there. */
static void show_ha_cf(const struct hb_daemon *daemon, size_t node, struct ha_writer *writer)
{
    struct hb_files files;

    if (!hb_core_node_files(daemon->core, node, &files) || files.other_config == 0)
        return;
    ha_show_list(writer, "ha_cf_differs");
    for (int topic = 0; topic < HB_TOPIC_COUNT; topic++) {
        if (files.other_config & 1U << topic)
            ha_show_text(writer, NULL, hb_topic_name((enum hb_topic)topic));
    }
    ha_show_end(writer);
}

static void show_nodes(const struct hb_daemon *daemon, struct ha_writer *writer)
{
    struct hb_show_node node;

    ha_show_list(writer, "nodes");
    for (size_t i = 0; hb_show_node(daemon->core, i, &node); i++) {
        ha_show_object(writer, NULL);
        ha_show_text(writer, "name", node.name);
        ha_show_text(writer, "type", node.ping ? "ping" : "normal");
        ha_show_text(writer, "status", hb_status_name(node.status));
        if (!node.ping) {
            ha_show_flag(writer, "this_node", node.self);
            ha_show_flag(writer, "hearth", node.hearth);
            ha_show_text(writer, "resources", node.stage);
            ha_show_flag(writer, "haresources_differ", node.haresources_differ);
            show_ha_cf(daemon, i, writer);
        }
        if (!node.self)
            show_moment(writer, "last_beat", node.beat_ns);
        if (!node.self && !node.ping)
            show_fencing(&node, writer);
        if (!node.self)
            show_links(daemon, i, writer);
        ha_show_end(writer);
    }
    ha_show_end(writer);
}

/* An ldirectord that is kept warm. */
static void show_warm(const struct hb_daemon *daemon, size_t group, size_t at,
                      struct ha_writer *writer)
{
    pid_t pid;
    const char *state = hb_act_warm_state(daemon->act, group, at, &pid);

    ha_show_text(writer, "ldirectord", state);
    if (state != NULL && pid > 0)
        ha_show_count(writer, "pid", (uint64_t)pid);
}

static void show_resources(const struct hb_daemon *daemon, size_t group, struct ha_writer *writer)
{
    struct hb_show_resource resource;

    ha_show_list(writer, "resources");
    for (size_t i = 0; hb_show_resource(daemon->core, group, i, &resource); i++) {
        ha_show_object(writer, NULL);
        ha_show_text(writer, "name", resource.text);
        ha_show_text(writer, "done_by", resource.native ? "heartbeat" : "script");
        if (resource.interval_ms > 0)
            ha_show_count(writer, "monitor_ms", resource.interval_ms);
        show_warm(daemon, group, i, writer);
        ha_show_end(writer);
    }
    ha_show_end(writer);
}

static void show_groups(const struct hb_daemon *daemon, struct ha_writer *writer)
{
    size_t count = hb_show_group_count(daemon->core);
    struct hb_show_group group;

    ha_show_list(writer, "groups");
    for (size_t i = 0; i < count && hb_show_group(daemon->core, i, &group); i++) {
        ha_show_object(writer, NULL);
        ha_show_text(writer, "name", group.key);
        ha_show_text(writer, "home", group.home);
        ha_show_count(writer, "line", group.line);
        ha_show_text(writer, "state", hb_group_state_name(group.state));
        show_moment(writer, "since", group.since_ns);
        ha_show_text(writer, "held_by", group.holder != NULL ? group.holder : "nobody");
        ha_show_text(writer, "why", group.why);
        ha_show_text(writer, "last_trouble", group.trouble);
        show_moment(writer, "last_trouble_at", group.trouble_ns);
        show_moment(writer, "not_tried_here_before", group.retry_ns);
        ha_show_count(writer, "restarts", group.restarts);
        if (count <= GROUPS_WITH_RESOURCES)
            show_resources(daemon, i, writer);
        ha_show_end(writer);
    }
    ha_show_end(writer);
}

static void show_datagrams(const struct hb_daemon *daemon, struct ha_writer *writer)
{
    uint64_t refused = 0;

    for (int i = HB_ACCEPTED + 1; i < HB_REFUSAL_COUNT; i++)
        refused += daemon->refused[i];
    ha_show_object(writer, "datagrams");
    ha_show_count(writer, "accepted", daemon->refused[HB_ACCEPTED]);
    ha_show_count(writer, "refused", refused);
    ha_show_object(writer, "refused_because");
    for (int i = HB_ACCEPTED + 1; i < HB_REFUSAL_COUNT; i++) {
        if (daemon->refused[i] > 0)
            ha_show_count(writer, hb_refusal_name((enum hb_refusal)i), daemon->refused[i]);
    }
    ha_show_end(writer);
    ha_show_end(writer);
}

static void show_messages(const struct hb_daemon *daemon, struct ha_writer *writer)
{
    const struct hb_counters *counters = hb_core_counters(daemon->core);

    ha_show_object(writer, "messages_not_acted_on");
    ha_show_count(writer, "malformed", counters->malformed);
    ha_show_count(writer, "unknown_node", counters->unknown_node);
    ha_show_count(writer, "replayed", counters->replayed);
    ha_show_count(writer, "stale", counters->stale);
    ha_show_count(writer, "duplicate", counters->duplicate);
    ha_show_end(writer);
}

void hb_status_show(const struct hb_daemon *daemon, struct ha_writer *writer)
{
    ha_show_text(writer, "node", daemon->setup.node);
    ha_show_text(writer, "version", HB_VERSION " (Hearth)");
    ha_show_count(writer, "generation", daemon->generation);
    ha_show_text(writer, "holding", hb_hold_name(hb_core_holding(daemon->core)));
    ha_show_text(writer, "resources", hb_show_stage(daemon->core));
    ha_show_text(writer, "standby", hb_show_handover(daemon->core));
    show_nodes(daemon, writer);
    show_groups(daemon, writer);
    show_datagrams(daemon, writer);
    show_messages(daemon, writer);
}

int hb_status_answer(struct hb_daemon *daemon, const char *form, GString *answer)
{
    const struct ha_writer_ops *ops = ha_writer_find(form);
    struct ha_writer writer;

    if (ops == NULL) {
        g_string_append_printf(answer, "expected text or json, found %s\n", form);
        return HB_ANSWER_PARAMETER;
    }
    ha_writer_begin(&writer, ops, answer);
    hb_status_show(daemon, &writer);
    ha_writer_finish(&writer);
    return HB_ANSWER_OK;
}
