/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper's acts: what is on the list (act/power_msg.h) and no more. A
 * request goes in, an answer comes out; a request that is not understood, or
 * that root's files do not allow (rules.h), is refused, counted and logged.
 */
#ifndef HB_POWER_ACTS_H
#define HB_POWER_ACTS_H

#include <sys/types.h>

#include "heartbeatd/act/power_msg.h"
#include "heartbeatd/power/children.h"
#include "heartbeatd/power/rules.h"

struct hb_acts {
    struct hb_rules *rules;
    struct hb_children *children;
    struct hb_rtnl *rtnl; /* NULL: not open yet */
    /* Reads the files again if they are others now; false: they are not. */
    bool (*learn)(struct hb_acts *acts);
    const struct hb_act_paths *paths;
    uid_t uid; /* who the daemon is; 0: root */
    gid_t gid;
    unsigned refused;
};

struct hb_request {
    struct hb_power_head head;
    struct hb_power_body body;
    int fds[HB_POWER_FDS_MAX]; /* -1: none; the caller's to close */
};

/* Begins an answer in out, with what belongs to it, and does what is asked for. *fd: what goes with it,
 * -1: nothing; the caller's to close. */
void hb_acts_do(struct hb_acts *acts, struct hb_request *request, GByteArray *out, int *fd);

#endif
