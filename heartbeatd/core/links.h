/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The links of one node: by which of our media it was heard, and when. A link
 * is up from the first message on it until the node's dead time has passed
 * without another. Says nothing about the node itself (node.h does).
 */
#ifndef HB_CORE_LINKS_H
#define HB_CORE_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heartbeatd/core/absence.h"
#include "heartbeatd/core/config.h"

struct hb_link {
    const char *name; /* the configuration's */
    bool up;
    bool excused; /* absence.h */
    uint64_t heard_ns;
};

struct hb_links {
    struct hb_link list[HB_MEDIA_MAX];
    size_t count;
};

/* One link for each interface in the configuration, all down; none for ping lines. */
void hb_links_init(struct hb_links *links, const struct hb_config *config);
struct hb_link *hb_links_find(struct hb_links *links, const char *name);
/* True if that brought the link up. Unknown names are ignored. */
bool hb_links_heard(struct hb_links *links, const char *name, uint64_t now_ns);
/* Takes the next link silent for dead_ns down and returns it, or NULL. */
const struct hb_link *hb_links_expire(struct hb_links *links, uint64_t now_ns, uint64_t dead_ns);
/* When the next link that is up would go down; HA_NEVER if none is up. */
uint64_t hb_links_next_ns(const struct hb_links *links, uint64_t dead_ns);
/* We were away: what is up, and would go down dead_ns after it was heard, counts as heard later. */
void hb_links_excuse(struct hb_links *links, const struct hb_absence *absence, uint64_t dead_ns);

#endif
