/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up world for the core of heartbeat: nodes, a network that loses,
 * delays, doubles and cuts, agents that are slow or fail, and a clock that only
 * moves when something is due. The cores are the daemon's own. The same seed
 * gives the same life.
 *
 *   world.c      time, the queue of what is to come, nodes
 *   agents.c     operations on resources, and what is up where
 *   net.c        messages on their way, through the real wire codec if asked
 *   classic.c    a model of a 3.0.6 node, for a peer; classic_groups.c: what it holds
 *   audit.c      what must hold after every step and at the end
 *   fate.c       what may happen to whom
 *   carrier.c    and to the cables of its service interfaces
 *   reload.c     another haresources while they run
 *   life.c       a random life from a seed
 *   scenarios.c  lives written by hand, each with what it must lead to
 *   sim.c        the command
 */
#ifndef SIM_H
#define SIM_H

struct sim;

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "authkeys/authkeys.h"
#include "common/base/rand.h"
#include "heartbeatd/core/state.h"
#include "tests/sim/classic.h"

#define SIM_NODES     4
#define SIM_LINKS     2
#define SIM_GROUPS    4
#define SIM_RESOURCES 6
#define SIM_KEYS      3    /* sets of keys: two that know each other, one that is a stranger */
#define SIM_TAPE      4096 /* messages an attacker keeps */
#define SIM_BACKLOG   512 /* messages a paused node's sockets hold */
#define SIM_MS        HA_NS_PER_MS
#define SIM_S         HA_NS_PER_S

#include "common/base/time.h"

/* One direction between two nodes. */
struct sim_path {
    bool cut;
    unsigned loss;           /* per mille */
    unsigned twice;          /* per mille */
    unsigned delay_min_us, delay_max_us;
    bool link_cut[SIM_LINKS];
    /* what audit.c knows of it */
    uint64_t beat_ns;        /* when a beat last got through */
    unsigned life;           /* and of which life of the sender's, */
    uint64_t number;         /* and its number */
    unsigned good;           /* beats in a row that did, of a sender that had heard the receiver */
    uint64_t good_ns;        /* when it had become reliable again */
};

struct sim_agent {
    unsigned slow_max_ms;    /* of scripts */
    unsigned start_fails, stop_fails, hangs; /* per mille, scripts and natives alike */
    unsigned fence_fails;    /* per mille */
};

struct sim_node {
    struct hb_core *core;    /* NULL: not running, or a model of a 3.0.6 node */
    struct classic *classic;
    bool is_classic;         /* which of the two it is, running or not */
    unsigned life;           /* counts starts; what belongs to an earlier one is void */
    uint64_t generation;
    uint64_t floors[SIM_NODES]; /* what it keeps of the others over its lives */
    uint64_t boot_ns;        /* its monotonic clock started that long before ours */
    int64_t wall_off_s;
    bool paused, stopping;
    uint64_t wake_ns;        /* in sim time */
    GPtrArray *backlog;      /* of struct sim_due *, while paused */
    struct sim_agent agent;
    unsigned up[SIM_GROUPS];                /* the truth: 1 << resource */
    bool rising[SIM_GROUPS];                /* a start is under way */
    unsigned orphan[SIM_GROUPS];            /* up since an earlier life whose daemon died alone */
    bool left[SIM_GROUPS];   /* claimed by a life whose daemon died alone, as the guardian's table says */
    uint64_t beat_sent_ns, guard_ns; /* its newest beat; when its guardian acts */
    unsigned keys;           /* which set it signs and checks with */
    uint64_t died_ns[SIM_GROUPS][SIM_RESOURCES]; /* of itself, when; 0: it did not */
    const struct hb_haresources *file; /* what it has been told; NULL: sim->resources */
    unsigned file_number;
    const struct hb_group *left_as[SIM_GROUPS]; /* how its file had what is left */
    bool down[SIM_GROUPS], told_down[SIM_GROUPS]; /* no link for it; as the core was told */
    unsigned losses;         /* of links, in this episode */
    uint64_t ready_ns[SIM_GROUPS]; /* what is kept warm is ready then; 0: nothing is (warmth.c) */
    /* audit.c */
    unsigned heard_life[SIM_NODES];  /* the newest life of each that reached it in this one, */
    uint64_t heard_ns[SIM_NODES];    /* by a message sent when */
    unsigned met_life[SIM_NODES];    /* the newest that has shown it that it hears it */
    uint64_t beats[SIM_NODES], beat_number[SIM_NODES], beat_ns[SIM_NODES];
    unsigned beat_life[SIM_NODES];   /* whose beat was the newest it believed */
    unsigned away[SIM_NODES];        /* since then it was held up so often, */
    uint64_t away_ns[SIM_NODES];     /* and for so long altogether */
    enum hb_status seen[SIM_NODES];
    uint64_t sent;           /* number of its newest message */
    uint64_t upset_ns;       /* last time it was started or held up */
    uint64_t paused_ns;      /* when; and for how long it was, the last time */
    uint64_t pause_ns;
    unsigned pauses;
    bool taken_off;          /* its guardian took its addresses off meanwhile */
    enum hb_group_state state[SIM_GROUPS];
    bool wanted[SIM_GROUPS];
    uint64_t lost;           /* messages it gave up, of all senders */
};

enum sim_due_kind { SIM_DUE_MESSAGE, SIM_DUE_OP, SIM_DUE_FENCE, SIM_DUE_FATE };

/* The truth about a message, whoever delivers it. */
struct sim_origin {
    bool beat;
    bool played;                 /* delivered by an attacker */
    unsigned keys;               /* what it is signed with */
    unsigned life;               /* of its sender */
    unsigned heard[SIM_NODES];   /* which lives of the others had reached that one */
    uint64_t heard_ns[SIM_NODES]; /* by messages sent when */
    uint64_t number;             /* 0: none */
    bool again;                  /* it was sent before: what it says is of then */
    uint64_t sent_ns;
};

struct sim_due {
    uint64_t at_ns, order;
    enum sim_due_kind kind;
    unsigned node, life;
    /* MESSAGE */
    unsigned from, link;
    struct hb_msg *msg;
    GByteArray *bytes;
    struct sim_origin origin;
    /* OP */
    struct hb_action op;
    unsigned group, slots;   /* what of sim->resources it works on; slots: 1 << resource */
    enum hb_op_result result;
    /* FATE */
    void (*fate)(struct sim *sim, unsigned node, unsigned other);
    unsigned other;
};

/* A message that was sent, for an attacker to send again. */
struct sim_record {
    struct hb_msg *msg;
    GByteArray *bytes;
    unsigned from;
    struct sim_origin origin;
};

struct sim {
    uint64_t seed;
    struct ha_rand rand;
    struct ha_rand carrier_rand, reload_rand;
    uint64_t now_ns, order;
    unsigned node_count, group_count, link_count;
    unsigned resource_count[SIM_GROUPS];
    struct hb_config *config[SIM_NODES];
    struct hb_haresources *resources; /* all there may be */
    GPtrArray *files;        /* of struct hb_haresources *, by number; NULL: there are no others */
    struct sim_draft *draft; /* the newest */
    struct sim_node nodes[SIM_NODES];
    struct sim_path paths[SIM_NODES][SIM_NODES];
    GPtrArray *queue;        /* a heap of struct sim_due * */
    GPtrArray *spare;        /* of struct sim_due *, to be used again */
    struct ak_keys *keys;    /* SIM_KEYS sets: through the wire codec; NULL: messages as they are */
    uint64_t trouble_ns;     /* until then things happen */
    bool loopback;           /* own messages come back, as with bcast */
    bool fencing;            /* nodes can switch each other off */
    uint64_t fenced;         /* how often one did */
    uint64_t death_ns;       /* when a node last counted another dead */
    bool keep_up;            /* what stops is started again */
    bool guarded;            /* guardians take the addresses off of a daemon that stands still */
    bool mixed;              /* one of the nodes is a 3.0.6 one */
    uint64_t twice_ns[SIM_GROUPS]; /* since when two nodes want it; 0: they do not */
    struct sim_record *tape; /* what an attacker recorded; NULL: there is none */
    unsigned recorded;
    bool trace;
    bool failed;
    char failure[256];
    uint64_t steps, sends;
    struct hb_actions actions;
};

/* ---- world.c ---- */
/* homes: a node's number for each group, as a digit. agents: n or s for each resource of a group. */
void sim_init(struct sim *sim, uint64_t seed, unsigned nodes, unsigned links);
void sim_add_group(struct sim *sim, unsigned home, const char *resources);
/* 'n' or 's', to the right of the others. */
void sim_add_resource(struct sim *sim, unsigned group, char kind);
void sim_clear(struct sim *sim);
void sim_run(struct sim *sim, uint64_t for_ms);
void sim_start(struct sim *sim, unsigned node);
void sim_crash(struct sim *sim, unsigned node); /* the machine */
void sim_kill(struct sim *sim, unsigned node);  /* the daemon alone; a guardian lets go of addresses */
/* What is left running on a machine without a daemon goes. */
void sim_machine_off(struct sim *sim, unsigned node);
void sim_stop(struct sim *sim, unsigned node);
void sim_pause(struct sim *sim, unsigned node);
void sim_resume(struct sim *sim, unsigned node);
void sim_standby(struct sim *sim, unsigned node, enum hb_what what);
void sim_takeover(struct sim *sim, unsigned node, enum hb_what what);
void sim_later(struct sim *sim, uint64_t in_ms, unsigned node, unsigned other,
               void (*fate)(struct sim *sim, unsigned node, unsigned other));
struct sim_due *sim_due_new(struct sim *sim, enum sim_due_kind kind); /* the rest zero */
void sim_push(struct sim *sim, struct sim_due *due);
uint64_t sim_due_ns(const struct sim *sim); /* of the first; HA_NEVER: there is none */
struct sim_due *sim_pop(struct sim *sim);   /* only where there is one */
void sim_due_done(struct sim *sim, struct sim_due *due);
void sim_due_list_free(struct sim *sim, GPtrArray *list);
void sim_step(struct sim *sim, unsigned node, const struct hb_event *event);
const char *sim_name(unsigned node);
void sim_say(struct sim *sim, const char *format, ...) G_GNUC_PRINTF(2, 3);
void sim_fail(struct sim *sim, const char *format, ...) G_GNUC_PRINTF(2, 3);
static inline bool sim_runs(const struct sim *sim, unsigned node)
{
    return sim->nodes[node].core != NULL || sim->nodes[node].classic != NULL;
}
static inline unsigned sim_below(struct sim *sim, unsigned bound)
{
    return (unsigned)ha_rand_below(&sim->rand, bound);
}
static inline bool sim_chance(struct sim *sim, unsigned per_mille)
{
    return per_mille > 0 && sim_below(sim, 1000) < per_mille;
}

/* ---- agents.c ---- */
void sim_orphans(struct sim *sim, unsigned node); /* what is up there has lost its daemon */
void sim_guardian(struct sim *sim, unsigned node, unsigned life);
void sim_guardian_looks(struct sim *sim, unsigned node, unsigned pauses);
/* The daemon does it itself, not a child: not while it stands still. */
bool sim_op_is_native(const struct sim *sim, const struct sim_due *due);
void sim_op_begin(struct sim *sim, unsigned node, const struct hb_action *op);
void sim_op_cancel(struct sim *sim, unsigned node, uint32_t op_id);
void sim_op_end(struct sim *sim, struct sim_due *due);    /* the truth changes */
void sim_op_report(struct sim *sim, struct sim_due *due); /* and the core is told */

/* A node switches another off: it is gone when that ends well, and comes back by itself. */
void sim_fence_begin(struct sim *sim, unsigned node, const struct hb_action *action);
void sim_fence_cancel(struct sim *sim, unsigned node, uint32_t op_id);
void sim_fence_end(struct sim *sim, struct sim_due *due);
void sim_fence_report(struct sim *sim, struct sim_due *due);
void sim_add_fence(struct sim *sim);
/* A script of the group that is up there dies, if there is one. */
void sim_resource_dies(struct sim *sim, unsigned node, unsigned group);

/* ---- net.c ---- */
void sim_send(struct sim *sim, unsigned from, struct hb_msg *msg);
void sim_deliver(struct sim *sim, struct sim_due *due);
void sim_cut(struct sim *sim, unsigned from, unsigned to, bool cut); /* one direction */
void sim_partition(struct sim *sim, unsigned a, unsigned b, bool cut);
void sim_keys_init(struct sim *sim);
/* From here on somebody records everything. */
void sim_attacker(struct sim *sim);
void sim_tape_clear(struct sim *sim);
/* Sends some of that once more: count messages by chance, or in a row at their own pace. */
void sim_replay(struct sim *sim, unsigned count, bool in_a_row);

/* ---- carrier.c ---- */
void sim_carrier_begin(struct sim *sim); /* for some seeds: links of service interfaces fail */
void sim_carrier_mend(struct sim *sim);
void sim_warmth_begin(struct sim *sim, unsigned node); /* it was started */
void sim_carrier_tell(struct sim *sim, unsigned node); /* it was started, or is awake again */

/* ---- reload.c ---- */
void sim_reload_init(struct sim *sim);  /* in this life files change: after the groups were added */
void sim_reload_clear(struct sim *sim);
void sim_reload_begin(struct sim *sim);
void sim_reload_agree(struct sim *sim); /* all have the newest file */
/* Which group and resource of sim->resources that is. The line of a group is 1 + its number, wherever
 * it stands in a file. */
unsigned sim_group(const struct hb_group *group);
unsigned sim_slot(const struct hb_resource *resource);
unsigned sim_listed(const struct hb_group *group); /* 1 << slot of each of its resources */
bool sim_lists(const struct hb_group *group, unsigned slot);
/* The group as its core has it; NULL: its haresources does not. */
const struct hb_owned *sim_owned(const struct sim *sim, unsigned node, unsigned group);
/* The resource is being stopped there for good. */
bool sim_leaves(const struct sim *sim, unsigned node, unsigned group, unsigned slot);
bool sim_leaves_any(const struct sim *sim, unsigned node, unsigned group);
const struct hb_haresources *sim_file(const struct sim *sim, unsigned node);
const struct hb_group *sim_in_file(const struct sim *sim, unsigned node, unsigned group);

/* ---- audit.c ---- */
void audit_step(struct sim *sim, unsigned node);
void audit_op(struct sim *sim, unsigned node, const struct hb_action *op);
void audit_send(struct sim *sim, unsigned node, const struct hb_msg *msg,
                const struct sim_origin *origin);
void audit_delivered(struct sim *sim, const struct sim_due *due);
void audit_believed(struct sim *sim, const struct sim_due *due); /* after the step it caused */
void audit_upset(struct sim *sim, unsigned node); /* started, crashed, paused, resumed */
void audit_resumed(struct sim *sim, unsigned node);
void audit_truth(struct sim *sim);                /* what is up where has changed, or time passed */
void audit_settled(struct sim *sim);              /* from here on nothing may be lost */
void audit_end(struct sim *sim);                  /* quiet since long: everything in order? */
bool sim_owns(const struct sim *sim, unsigned node, unsigned group);
int sim_owner(const struct sim *sim, unsigned group); /* -1: none or more than one */

/* ---- fate.c ---- */
void fate_begin(struct sim *sim, uint64_t for_ms); /* from now on things happen */
void fate_quiet(struct sim *sim);                  /* no more, and everything is mended */
void fate_attack(struct sim *sim, unsigned node, unsigned other);
void fate_start(struct sim *sim, unsigned node, unsigned other);
void fate_late(struct sim *sim, unsigned node, unsigned other); /* held up again and again from now on */

/* ---- life.c, scenarios.c ---- */
enum life_kind { LIFE_HOUR, LIFE_DENSE, LIFE_MIXED, LIFE_LATE, LIFE_KIND_COUNT };
void life_play(struct sim *sim, uint64_t seed, enum life_kind kind);
uint64_t life_ms(enum life_kind kind);
unsigned scenarios_play(bool trace, const char *only); /* number that failed */

#endif
