/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The links of one node. A short array searched from the front: a cluster has
 * one to three.
 */
#include "heartbeatd/core/links.h"

#include <string.h>

#include "common/base/time.h"

void hb_links_init(struct hb_links *links, const struct hb_config *config)
{
    links->count = 0;
    for (guint i = 0; i < config->media->len; i++) {
        const struct hb_medium *medium = g_ptr_array_index(config->media, i);

        if (medium->kind == HB_PING) /* the link of its own node, and of no other */
            continue;
        if (links->count < HB_MEDIA_MAX && hb_links_find(links, medium->interface) == NULL)
            links->list[links->count++] = (struct hb_link){.name = medium->interface};
    }
}

struct hb_link *hb_links_find(struct hb_links *links, const char *name)
{
    for (size_t i = 0; i < links->count; i++) {
        if (strcmp(links->list[i].name, name) == 0)
            return &links->list[i];
    }
    return NULL;
}

bool hb_links_heard(struct hb_links *links, const char *name, uint64_t now_ns)
{
    struct hb_link *link = name != NULL ? hb_links_find(links, name) : NULL;
    bool came_up;

    if (link == NULL)
        return false;
    came_up = !link->up;
    link->up = true;
    link->excused = false;
    link->heard_ns = now_ns;
    return came_up;
}

const struct hb_link *hb_links_expire(struct hb_links *links, uint64_t now_ns, uint64_t dead_ns)
{
    for (size_t i = 0; i < links->count; i++) {
        struct hb_link *link = &links->list[i];

        if (link->up && ha_after_ns(link->heard_ns, dead_ns) <= now_ns) {
            link->up = false;
            return link;
        }
    }
    return NULL;
}

uint64_t hb_links_next_ns(const struct hb_links *links, uint64_t dead_ns)
{
    uint64_t next_ns = HA_NEVER;

    for (size_t i = 0; i < links->count; i++) {
        const struct hb_link *link = &links->list[i];

        if (link->up)
            next_ns = MIN(next_ns, ha_after_ns(link->heard_ns, dead_ns));
    }
    return next_ns;
}

void hb_links_excuse(struct hb_links *links, const struct hb_absence *absence, uint64_t dead_ns)
{
    for (size_t i = 0; i < links->count; i++) {
        struct hb_link *link = &links->list[i];

        if (link->up)
            link->heard_ns = hb_absence_excuse(absence, ha_after_ns(link->heard_ns, dead_ns), dead_ns,
                                               &link->excused) - dead_ns;
    }
}
