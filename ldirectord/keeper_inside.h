/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper from within: what its files share. Nobody else includes it. */
#ifndef LD_KEEPER_INSIDE_H
#define LD_KEEPER_INSIDE_H

#include "common/run/behind.h"
#include "common/run/log.h"
#include "common/run/loop.h"
#include "ldirectord/door/allowed.h"
#include "ldirectord/door/words.h"
#include "ldirectord/keeper.h"

struct ld_keeper {
    struct ha_loop *loop;
    struct ld_keeper_settings set;
    int ask_fd, run_fd;
    struct ha_watch asks, orders;
    struct ld_allowed *allowed;
    struct ld_config *prepared;    /* NULL: none */
    struct ld_ipvs *ipvs;          /* NULL: not opened yet */
    int route_fd;                  /* for neighbours; -1: none yet */
    int tap_fd;                    /* connections that begin (door/tap.h); -1: nobody asks for them */
    struct ha_timer tap_end;
    struct ha_behind *kept;        /* NULL: nothing was kept yet */
    GHashTable *programs;          /* number -> struct program *, owned */
    struct ha_identity script;     /* name "": who we are */
    struct ha_log_limit limit;
    unsigned refusals;
    bool bye;                      /* the other half's end is meant */
    uint8_t space[HA_FRAME_BYTES_MAX];
};

/* Says so in the log, and counts it. */
void ld_keeper_refuse(struct ld_keeper *keeper, const char *what);
/* After each change of the configuration: as whom scripts run. */
void ld_keeper_take_script_user(struct ld_keeper *keeper);

#endif
