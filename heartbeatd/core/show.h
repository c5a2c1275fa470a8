/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the core has to show of itself, as values (hactl status). Texts are the
 * core's and live until its next step. Times are of the monotonic clock; 0
 * where there is none.
 */
#ifndef HB_CORE_SHOW_H
#define HB_CORE_SHOW_H

#include "heartbeatd/core/core.h"

struct hb_show_node {
    const char *name;
    bool self, ping;
    bool hearth;             /* runs Hearth, as far as is known */
    enum hb_status status;
    const char *stage;       /* NULL: not known (ping nodes) */
    uint64_t beat_ns;        /* its newest beat */
    bool haresources_differ;
    const char *fencing;     /* hb_fence_state_name(); NULL: nothing to do about it */
    uint64_t fencing_ns;     /* since when */
    uint64_t fence_tries;
    bool fenced_by_hand;
    const char *fence_trouble; /* why the last try failed; NULL: none did */
    size_t devices;          /* that may switch it off from here */
};

struct hb_show_group {
    const char *key, *home;
    unsigned line;             /* of haresources */
    enum hb_group_state state;
    uint64_t since_ns;
    const char *why;           /* a sentence: why it is held here, or why not */
    const char *holder;        /* the node that has it, NULL: nobody we know of */
    const char *trouble;       /* what last went wrong here; NULL: nothing did */
    uint64_t trouble_ns;
    uint64_t restarts;         /* in place */
    uint64_t retry_ns;         /* failed here: not tried again before then */
};

struct hb_show_resource {
    const char *text;
    bool native;
    uint64_t interval_ms;      /* asked for its status that often; 0: not asked */
};

/* index as hb_core_node_name() counts. */
bool hb_show_node(const struct hb_core *core, size_t index, struct hb_show_node *out);
size_t hb_show_group_count(const struct hb_core *core);
bool hb_show_group(const struct hb_core *core, size_t group, struct hb_show_group *out);
bool hb_show_resource(const struct hb_core *core, size_t group, size_t at,
                      struct hb_show_resource *out);
const char *hb_show_stage(const struct hb_core *core);
const char *hb_show_handover(const struct hb_core *core);

#endif
