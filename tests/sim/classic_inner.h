/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the model of a 3.0.6 node share (classic.h). */
#ifndef SIM_CLASSIC_INNER_H
#define SIM_CLASSIC_INNER_H

#include "common/base/rand.h"
#include "common/base/time.h"
#include "heartbeatd/core/group.h"
#include "heartbeatd/core/history.h"
#include "heartbeatd/core/seq.h"
#include "tests/sim/classic.h"

#define SETTLING_MS 5000
#define BOTH_MS     10000
#define HEAL_MS     2000
#define FAREWELL_MS 1000
#define ANSWER_MS   10000
#define STANDBY_MS  3600000
#define LOCAL       1
#define FOREIGN     2

enum stage { INIT, STARTING, BOTH, RCVD, STABLE, SHUTDOWN, GONE };
enum standby { NONE, ME_SENT, GIVING, GIVEN, PROMISED, TAKING };

struct classic {
    const struct hb_config *config;
    const struct hb_haresources *resources;
    size_t self, group_count;
    uint8_t uuid[16];
    uint64_t generation, number, started_ns, beat_ns, ask_ns, wait_ns, heal_ns, standby_ns,
        failback_ns, wake_ns;
    struct ha_rand rand;
    struct hb_history history;
    struct hb_group_run *runs;
    enum hb_status status;
    enum stage stage;
    enum standby standby;
    unsigned given; /* LOCAL, FOREIGN: from the giver's view */
    unsigned holds; /* what it says it holds */
    bool comm_up, restarting, stop_wished, mach_down, over;
    /* the other */
    enum hb_status peer;
    uint64_t peer_generation, peer_status_number, peer_dead_ns, peer_deadline_ns;
    struct hb_seq seq;
    unsigned peer_holds;
    bool peer_stable, failback_due;
    /* for the length of a step */
    const struct hb_now *now;
    struct hb_actions *out;
};

/* ---- classic.c ---- */
unsigned classic_hold_of(const char *text);
uint64_t classic_in_ms(const struct classic *node, uint64_t ms);
const char *classic_name_of(const struct classic *node, bool peer);
void classic_report(struct classic *node, unsigned what, const char *info);
void classic_say_standby(struct classic *node, const char *info);

/* ---- classic_groups.c ---- */
void classic_become_stable(struct classic *node);
void classic_begin_standby(struct classic *node, unsigned what);
void classic_hear_standby(struct classic *node, const struct hb_msg *msg);
bool classic_is_busy(struct classic *node);
void classic_reported(struct classic *node);
void classic_settle_standby(struct classic *node);
void classic_take_all(struct classic *node);
bool classic_want(struct classic *node, unsigned which, bool wanted);

#endif
