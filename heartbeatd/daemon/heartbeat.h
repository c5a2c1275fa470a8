/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon: wiring and nothing else. Files become a setup, the setup becomes
 * media, act and core; datagrams, timers, results and wishes go into the core,
 * and what comes out of it is done in order.
 */
#ifndef HB_HEARTBEAT_H
#define HB_HEARTBEAT_H

#include <stdbool.h>

#include "common/base/time.h"
#include "common/run/behind.h"
#include "common/run/control.h"
#include "common/run/daemon.h"
#include "common/run/log.h"
#include "heartbeatd/act/act.h"
#include "heartbeatd/act/rcd.h"
#include "heartbeatd/core/core.h"
#include "heartbeatd/core/wire.h"
#include "heartbeatd/daemon/fifo.h"
#include "heartbeatd/media/media.h"
#include "heartbeatd/daemon/nics.h"
#include "heartbeatd/daemon/paths.h"
#include "heartbeatd/daemon/setup.h"

#define HB_PIDFILE_WORD "heartbeat"
#define HB_CONTROL_NAME "heartbeat"

struct hb_options {
    bool foreground;
    bool log_to_stderr;
    bool no_realtime;
    bool unmanaged; /* resources are nobody's business here: haresources is not read */
    bool show;      /* print the configuration before the start */
    int debug;
};

/* signing.c */
struct hb_signing {
    int ours;          /* authkeys' auth line */
    int theirs;        /* a 3.0.6 node's, at heard_ns */
    uint64_t heard_ns; /* 0: never */
};

/* Until a part that could not be had is tried again. */
#define HB_PART_AGAIN_NS (5 * HA_NS_PER_S)

struct hb_daemon {
    struct hb_options options;
    struct ha_daemon parent;
    struct ha_loop *loop;
    struct ha_control *control;

    struct hb_setup setup;
    struct hb_signing signing;
    struct hb_media *media;
    struct hb_act *act;
    struct hb_rcd *rcd;
    struct hb_guard *guard;
    struct hb_fifo *fifo; /* NULL: could not be had */
    struct hb_clients *clients;
    struct hb_nics *nics; /* NULL: not watched */
    struct hb_safety *safety;
    struct hb_core *core; /* NULL while waiting to start anew */
    uint64_t generation;
    struct ha_behind *peers, *deleted; /* peers.c, scripts.c */

    struct hb_actions actions;
    GByteArray *datagram;
    struct ha_timer wake;
    struct ha_timer restart;
    struct ha_timer reopen; /* media: neither the new nor the old ones could be had */
    /* A part that could not be had for want of memory or descriptors is tried again. */
    struct ha_timer refifo, rewatch;

    int loadavg_fd;
    uint64_t loadavg_ns;
    char loadavg[64];

    uint64_t refused[HB_REFUSAL_COUNT]; /* [HB_ACCEPTED]: those that were not */
    struct ha_log_limit refusals;
};

/* Returns the exit status. In the background the starting process has exited with it already. */
int hb_daemon_run(const struct hb_options *options);

/* ---- for the other files of this room ---- */
/* Hands the core an event now. */
void hb_daemon_step(struct hb_daemon *daemon, const struct hb_event *event);
/* renew.c. What changed in HA_HADIR since it was read is taken over, with resources going on: under
 * way, or by hb_life_replace() if it takes that (anew: in any case). A fault in a file, and nothing
 * is. Appends a line per finding to out. */
bool hb_daemon_reload(struct hb_daemon *daemon, bool anew, GString *out);
/* What a reload would change, a line each. */
void hb_daemon_compare(struct hb_daemon *daemon, GString *out);
/* The control socket's questions (ctx: the daemon). */
int hb_answer(void *ctx, const struct ha_control_peer *peer, char *const *words, GString *answer);

#endif
