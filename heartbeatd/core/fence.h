/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fencing (doc/states.md, "Fencing"): before anything is taken that a silently
 * dead node may still hold, that node is switched off, by the devices of ha.cf
 * in their order, again and again until one succeeds, an operator says that it
 * is down, or it is heard again. Decides; the shell runs the devices.
 */
#ifndef HB_CORE_FENCE_H
#define HB_CORE_FENCE_H

#include "heartbeatd/core/group.h"

struct hb_node;

enum hb_fence_state {
    HB_FENCE_NONE,    /* nothing to do: it lives, or left in good order, or there is no device */
    HB_FENCE_RUNNING, /* a device is at work */
    HB_FENCE_WAITING, /* all of them failed; tried again soon */
    HB_FENCE_DONE,    /* it is down */
    HB_FENCE_STATE_COUNT
};
const char *hb_fence_state_name(enum hb_fence_state state);

/* What is done about one node. */
struct hb_fence {
    enum hb_fence_state state;
    GPtrArray *devices;   /* of const struct hb_fence_device *: those that may be used, in order */
    guint at;             /* the one at work, or next */
    uint32_t op_id;       /* 0: none at work */
    uint64_t retry_ns;    /* WAITING until then */
    uint64_t since_ns;    /* of the state */
    uint64_t tries;       /* of this time */
    bool by_hand;         /* DONE: an operator said so */
    char reason[HB_REASON_MAX]; /* why the last try failed, "" if none did */
};

#endif
