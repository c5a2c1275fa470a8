/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of ha.cf must be the same on all nodes, as a digest per topic, so that a
 * difference can be named. Counted is what the files mean, not how they are
 * written, and not what may well differ: addresses of peers, interfaces, logs.
 * Tells; decides nothing.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/name.h"
#include "heartbeatd/core/state.h"

static const struct ha_name topics[] = {
    {HB_TOPIC_NODES, "node"},
    {HB_TOPIC_TIMES, "keepalive, deadtime, initdead or deadping"},
    {HB_TOPIC_FAILBACK, "auto_failback"},
    {HB_TOPIC_PORTS, "udpport, or group and port of mcast"},
    {HB_TOPIC_PINGS, "ping or ping_group"},
    HA_NAME_END,
};

const char *hb_topic_name(enum hb_topic topic)
{
    return ha_name_of(topics, (int)topic);
}

static void add_number(uint32_t *digest, uint64_t number)
{
    for (int i = 0; i < 8; i++, number >>= 8)
        *digest = (*digest ^ (uint8_t)number) * UINT32_C(16777619);
}

static void add_text(uint32_t *digest, const char *text)
{
    for (; *text != '\0'; text++)
        *digest = (*digest ^ (uint8_t)*text) * UINT32_C(16777619);
    add_number(digest, UINT64_MAX);
}

/* The order of media lines does not matter, and one line twice is one line: so they are not
 * hashed one after the other. */
static uint32_t medium_mark(const struct hb_medium *medium)
{
    uint32_t mark = UINT32_C(2166136261);

    if (medium->kind == HB_PING) {
        add_text(&mark, medium->interface);
        for (guint i = 0; medium->hosts != NULL && i < medium->hosts->len; i++)
            add_text(&mark, medium->hosts->pdata[i]);
        return mark;
    }
    if (medium->kind == HB_MCAST) {
        for (size_t i = 0; i < sizeof medium->to.bytes; i++)
            add_number(&mark, medium->to.bytes[i]);
    }
    add_number(&mark, medium->port);
    return mark;
}

static uint32_t media_digest(const struct hb_config *config, bool pings)
{
    GHashTable *seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    uint32_t digest = 0;

    for (guint i = 0; i < config->media->len; i++) {
        const struct hb_medium *medium = config->media->pdata[i];
        uint32_t mark = medium_mark(medium);

        if ((medium->kind == HB_PING) == pings && g_hash_table_add(seen, GUINT_TO_POINTER(mark)))
            digest += mark;
    }
    g_hash_table_destroy(seen);
    return digest;
}

static uint32_t digest_of(const struct hb_config *config, enum hb_topic topic)
{
    uint32_t digest = UINT32_C(2166136261);

    switch (topic) {
    case HB_TOPIC_NODES:
        for (guint i = 0; i < config->nodes->len; i++)
            add_text(&digest, config->nodes->pdata[i]);
        break;
    case HB_TOPIC_TIMES:
        add_number(&digest, config->keepalive_ms);
        add_number(&digest, config->deadtime_ms);
        add_number(&digest, config->initdead_ms);
        add_number(&digest, config->deadping_ms);
        break;
    case HB_TOPIC_FAILBACK:
        add_number(&digest, config->auto_failback);
        break;
    case HB_TOPIC_PORTS:
        return media_digest(config, false);
    default:
        return media_digest(config, true);
    }
    return digest;
}

/* "0123456789abcdef0123", four digits a topic. */
void hb_agree_digest(const struct hb_config *config, char out[HB_AGREE_TEXT])
{
    for (int topic = 0; topic < HB_TOPIC_COUNT; topic++) {
        uint32_t digest = digest_of(config, (enum hb_topic)topic);

        g_snprintf(out + topic * 4, 5, "%04x", (digest ^ digest >> 16) & 0xffff);
    }
}

void hb_agree_read(struct hb_core *core, struct hb_node *node, const char *text, size_t length)
{
    GString *names;
    unsigned differ = 0;

    for (int topic = 0; topic < HB_TOPIC_COUNT && (size_t)topic * 4 + 4 <= length; topic++) {
        if (memcmp(core->agreed + topic * 4, text + topic * 4, 4) != 0)
            differ |= 1u << topic;
    }
    if (differ == node->view.other_config)
        return;
    node->view.other_config = differ;
    names = g_string_new(NULL);
    for (int topic = 0; topic < HB_TOPIC_COUNT; topic++) {
        if (differ & 1u << topic)
            g_string_append_printf(names, "%s%s", names->len > 0 ? "; " : "",
                                   hb_topic_name((enum hb_topic)topic));
    }
    if (differ != 0)
        hb_say(core, LOG_ERR, "ha.cf on node %s is not the same as here: %s", node->name,
               names->str);
    else
        hb_say(core, LOG_NOTICE, "ha.cf on node %s agrees with ours again", node->name);
    g_string_free(names, TRUE);
}

bool hb_core_node_files(const struct hb_core *core, size_t index, struct hb_files *out)
{
    const struct hb_node *node = index < core->node_count ? &core->nodes[index] : NULL;

    if (node == NULL || node->self || !node->hearth || !hb_node_alive(node) || !node->view.known)
        return false;
    *out = (struct hb_files){.other_resources = node->view.other_resources,
                             .other_config = node->view.other_config};
    return true;
}
