/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ping nodes: hosts outside the cluster, or groups of them, that answer echo
 * requests and so tell whether the network works. Each counts for "everybody
 * heard" and for the hops of a message, has a status and one link, and that is
 * all: it owns nothing, is asked nothing, and nothing is decided by it here
 * (ipfail does). An answer is our own message come back, so it says nothing
 * that we did not know but that the way there and back is open.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

static uint64_t dead_after_ns(const struct hb_core *core)
{
    uint64_t dead_ms = core->config->deadping_ms;

    return ha_ms_to_ns(core->comm_up || core->inherited ? dead_ms : MAX(dead_ms, core->config->initdead_ms));
}

static size_t index_of(const struct hb_core *core, const struct hb_ping *ping)
{
    return core->node_count + (size_t)(ping - core->pings);
}

void hb_pings_init(struct hb_core *core)
{
    const GPtrArray *media = core->config->media;

    core->pings = g_new0(struct hb_ping, MAX(media->len, 1));
    for (guint i = 0; i < media->len; i++) {
        const struct hb_medium *medium = g_ptr_array_index(media, i);
        struct hb_ping *ping = &core->pings[core->ping_count];

        if (medium->kind != HB_PING)
            continue;
        *ping = (struct hb_ping){.medium = medium, .deadline_ns = HA_NEVER};
        ping->links.list[ping->links.count++].name = medium->interface;
        core->ping_count++;
    }
}

void hb_pings_start(struct hb_core *core)
{
    for (size_t i = 0; i < core->ping_count; i++)
        core->pings[i].deadline_ns = ha_after_ns(hb_mono(core), dead_after_ns(core));
}

void hb_pings_ask(struct hb_core *core)
{
    for (size_t i = 0; i < core->ping_count; i++) {
        const struct hb_medium *medium = core->pings[i].medium;
        struct hb_msg *msg = hb_compose("NS_st");

        hb_msg_add_text(msg, "st", hb_status_name(HB_STATUS_PING));
        hb_msg_add_text(msg, "info", medium->group ? "ping_group" : "ping");
        hb_msg_add_text(msg, "src", medium->interface);
        hb_msg_add_hex(msg, "ts", core->now->wall_s);
        hb_actions_send_on(core->out, msg, medium->interface);
        hb_msg_unref(msg);
    }
}

static void set_status(struct hb_core *core, struct hb_ping *ping, enum hb_status status,
                       const struct hb_msg *msg)
{
    if (ping->status == status)
        return;
    ping->status = status;
    if (status == HB_STATUS_DEAD)
        hb_say(core, LOG_WARNING, "node %s: is dead", ping->medium->interface);
    else
        hb_say(core, LOG_INFO, "Status update for node %s: status %s", ping->medium->interface,
               hb_status_name(status));
    hb_actions_node(core->out, index_of(core, ping), status, msg);
    hb_actions_add(core->out, HB_ACT_STATUS);
}

void hb_pings_receive(struct hb_core *core, const struct hb_msg *msg, const char *link)
{
    const char *src = hb_msg_text(msg, "src"), *st = hb_msg_text(msg, "st");

    if (src == NULL || st == NULL || strcmp(st, hb_status_name(HB_STATUS_PING)) != 0) {
        core->counters.malformed++;
        return;
    }
    for (size_t i = 0; i < core->ping_count; i++) {
        struct hb_ping *ping = &core->pings[i];

        if (strcmp(ping->medium->interface, src) != 0)
            continue;
        if (link == NULL || strcmp(link, src) != 0) /* the same, but on another way */
            break;
        ping->deadline_ns = ha_after_ns(hb_mono(core), dead_after_ns(core));
        ping->excused = false;
        if (hb_links_heard(&ping->links, link, hb_mono(core))) {
            hb_say(core, LOG_INFO, "Link %s:%s up.", src, src);
            hb_actions_link(core->out, index_of(core, ping), ping->medium->interface, true);
        }
        set_status(core, ping, HB_STATUS_PING, msg);
        return;
    }
    core->counters.unknown_node++;
}

void hb_pings_excuse(struct hb_core *core, const struct hb_absence *absence)
{
    uint64_t dead_ns = ha_ms_to_ns(core->config->deadping_ms);

    for (size_t i = 0; i < core->ping_count; i++) {
        struct hb_ping *ping = &core->pings[i];

        ping->deadline_ns = hb_absence_excuse(absence, ping->deadline_ns, dead_ns, &ping->excused);
        hb_links_excuse(&ping->links, absence, dead_ns);
    }
}

void hb_pings_timers(struct hb_core *core)
{
    for (size_t i = 0; i < core->ping_count; i++) {
        struct hb_ping *ping = &core->pings[i];
        const struct hb_link *link;

        if (ping->deadline_ns > hb_mono(core))
            continue;
        ping->deadline_ns = HA_NEVER;
        set_status(core, ping, HB_STATUS_DEAD, NULL);
        /* One silence, one verdict: the link does not outlive its node. */
        while ((link = hb_links_expire(&ping->links, hb_mono(core), 0)) != NULL) {
            hb_say(core, LOG_WARNING, "Link %s:%s dead.", link->name, link->name);
            hb_actions_link(core->out, index_of(core, ping), link->name, false);
        }
    }
}

uint64_t hb_pings_next_ns(const struct hb_core *core)
{
    uint64_t next_ns = HA_NEVER;

    for (size_t i = 0; i < core->ping_count; i++)
        next_ns = MIN(next_ns, core->pings[i].deadline_ns);
    return next_ns;
}

bool hb_pings_known(const struct hb_core *core)
{
    for (size_t i = 0; i < core->ping_count; i++) {
        if (core->pings[i].status == HB_STATUS_INIT)
            return false;
    }
    return true;
}

void hb_pings_communication_up(struct hb_core *core)
{
    for (size_t i = 0; i < core->ping_count; i++) {
        struct hb_ping *ping = &core->pings[i];

        if (ping->deadline_ns != HA_NEVER)
            ping->deadline_ns = ha_after_ns(ping->links.list[0].heard_ns, dead_after_ns(core));
    }
}
