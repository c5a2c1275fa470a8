/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helper does for the daemon and what it refuses: decided by root's own
 * files and by nothing that the daemon says. What a file once allowed stays
 * allowed for this life of the helper: a resource that has left haresources is
 * still to be stopped. Opens, starts and looks up nothing, apart from names of
 * programs that switch nodes off.
 */
#ifndef HB_POWER_RULES_H
#define HB_POWER_RULES_H

#include <stdbool.h>
#include <sys/types.h>

#include "heartbeatd/act/agents.h"
#include "heartbeatd/act/power_msg.h"
#include "heartbeatd/core/config.h"

struct hb_rules;

/* paths: hadir, initdir and ldirectord count; their texts outlive the rules. */
struct hb_rules *hb_rules_new(const struct hb_act_paths *paths);
void hb_rules_free(struct hb_rules *rules);

/* What the files say now. config becomes the rules' own; resources (NULL: none) stay the caller's. */
void hb_rules_learn(struct hb_rules *rules, struct hb_config *config,
                    const struct hb_haresources *resources, const char *node);
/* Each of these: NULL if it may be, or what is wrong with it. */
const char *hb_rules_start(const struct hb_rules *rules, const struct hb_power_start *start);
const char *hb_rules_program(const struct hb_rules *rules, const char *user, const char *command);
const char *hb_rules_open(const struct hb_rules *rules, enum hb_power_file kind, const char *path);
const char *hb_rules_guardian(const struct hb_rules *rules, int priority, const char *logfile);

/* The variables for a program: what is set for all of them here, and of the daemon's what may be in a
 * message (extra, NULL-terminated or NULL). g_strfreev() it. */
char **hb_rules_environment(const struct hb_rules *rules, char *const *extra);

/* May a file of that owner and mode be run, or a folder of that be where it lies? Not if everybody may
 * write it, or the daemon may. What root has given to somebody else was told at the start. */
struct hb_owner {
    uid_t uid;
    gid_t gid;
};
bool hb_rules_owner(const struct hb_owner *daemon, const struct hb_owner *owner, mode_t mode);

#endif
