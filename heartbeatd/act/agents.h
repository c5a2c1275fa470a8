/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resource.d scripts: found as Heartbeat finds them, run directly as
 * `script [args…] start|stop|status`, one process with a deadline. Start and
 * stop are judged by the exit status, status by what the script says on its
 * standard output (haresources(5)).
 */
#ifndef HB_ACT_AGENTS_H
#define HB_ACT_AGENTS_H

#include "common/run/child.h"
#include "heartbeatd/core/config.h"
#include "heartbeatd/core/core.h"

/* Where things are; all absolute, borrowed. */
struct hb_act_paths {
    const char *hadir;   /* etc/ha.d */
    const char *initdir; /* etc/init.d */
    const char *rundir;  /* run/heartbeat */
    /* Both may be NULL: nothing is kept warm. */
    const char *ldirectord; /* the program */
    const char *piddir;     /* where its pid files are */
};

/* Where they are on this machine. What must outlive the daemon, and the daemon writes, has a folder of
 * its own. */
#define HB_ACT_RUNDIR HA_RUNDIR "/heartbeat/hidden"
const struct hb_act_paths *hb_act_installed(void);

/* resource.d/<name>, then init.d/<name>: the first that is a regular executable
 * file. g_free() it. NULL: none, and *why (if not NULL; g_free()) says what is
 * in the way. A name with a slash is found nowhere. */
char *hb_agent_find(const struct hb_act_paths *paths, const char *name, char **why);

/* Is there a script of that name that an administrator put there himself? A
 * thin one of ours carries HB_AGENT_MARKER within its first lines, and one of
 * Heartbeat's own does nothing but call the stock OCF agent. */
#define HB_AGENT_MARKER "hearth: done by the daemon itself"
bool hb_agent_overrides(const struct hb_act_paths *paths, const char *name);

/* The environment that scripts of Heartbeat expect, on top of ours. g_strfreev() it. */
char **hb_agent_environment(const struct hb_act_paths *paths, const struct hb_config *config,
                            const char *node);

/* What a status says: not running, running or OK, else not running. */
bool hb_agent_says_running(const char *output);

typedef void (*hb_agent_fn)(void *ctx, enum hb_op_result result, const char *detail);
struct hb_agent_run;
/* fn comes exactly once, later, from the loop. NULL: no memory or descriptors (errno). */
struct hb_agent_run *hb_agent_start(struct ha_loop *loop, const struct hb_act_paths *paths,
                                    char *const *environment, const struct hb_resource *resource,
                                    enum hb_op op, uint64_t deadline_ms, hb_agent_fn fn, void *ctx);
/* The script is ended; fn does not come. */
void hb_agent_abandon(struct hb_agent_run *run);

#endif
