/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node as seen from here: its life (generation), its beats and when it will
 * be dead without another, its links, its sequence numbers, and what it last
 * said about resources. Judges arrivals by generation (doc/states.md,
 * "Generation"); what follows from a judgement is the core's business.
 */
#ifndef HB_CORE_NODE_H
#define HB_CORE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "heartbeatd/core/core.h"
#include "heartbeatd/core/links.h"
#include "heartbeatd/core/proof.h"
#include "heartbeatd/core/seq.h"

/* Where a node stands in the exchange about resources (doc/states.md, "Dialogue"). */
enum hb_stage {
    HB_STAGE_INIT,
    HB_STAGE_STARTING,
    HB_STAGE_BOTH_STARTING,
    HB_STAGE_RSC_RCVD,
    HB_STAGE_STABLE,
    HB_STAGE_SHUTDOWN, /* releasing, about to leave */
    HB_STAGE_GONE,     /* has released everything */
    HB_STAGE_COUNT
};
const char *hb_stage_name(enum hb_stage stage);
/* Leaves *stage alone and returns false for a word it does not know. */
bool hb_stage_find(const char *text, size_t length, enum hb_stage *stage);

/* The parts in a handover (doc/states.md, "Standby"). */
enum hb_handover {
    HB_HANDOVER_NONE,
    HB_HANDOVER_ASKED,    /* giver: waits for "other" */
    HB_HANDOVER_GIVING,   /* giver: groups on their way down */
    HB_HANDOVER_GIVEN,    /* giver: waits for "done" */
    HB_HANDOVER_PROMISED, /* taker: waits for "done" */
    HB_HANDOVER_TAKING,   /* taker: groups on their way up */
    HB_HANDOVER_COUNT
};
const char *hb_handover_name(enum hb_handover handover);
bool hb_handover_find(const char *text, size_t length, enum hb_handover *handover);

/* A group on a node: bits of one hexadecimal digit (doc/states.md, "Word"). */
#define HB_G_CLAIMED 1 /* something of it may be up there */
#define HB_G_WANTED  2 /* and it means to keep it */
#define HB_G_TOOK    4 /* taken from a node it believed dead, and not agreed since */
#define HB_G_FAILED  8 /* it could not be started there */
/* Never on the wire: a 3.0.6 node in legacy mode has answered that it has it not. */
#define HB_G_YIELDED 16
#define HB_G_NO_CARRIER 32 /* no link on an interface that it needs; said apart from the digit */
#define HB_G_NOT_READY  64 /* what is kept warm for it is not ready; said apart from the digit */

/* What a node last told about resources. */
struct hb_view {
    bool known;           /* it told something in this life, since we last lost it */
    uint64_t number;      /* of the newest message that told */
    uint64_t told_ns;
    enum hb_stage stage;
    enum hb_handover handover;
    bool failback;        /* its auto_failback is on */
    bool other_resources; /* its haresources is not ours */
    bool told_resources;  /* ... and the log says so */
    unsigned other_config; /* its ha.cf does not agree with ours: 1 << enum hb_topic */
    bool fence_me;        /* its resources do not stop: it asks to be switched off */
    bool sees_us;         /* it counts us alive, in this life of ours */
    uint64_t saw;         /* the newest of our messages it knew of */
    uint64_t blind_ns;    /* since when it has not seen us; HA_NEVER: it does */
    uint64_t trust;       /* it waits until all have seen this message of its own */
    uint8_t *groups;      /* HB_G_ bits, one per group of ours */
};

struct hb_node {
    const char *name;
    bool self;
    bool hearth;          /* speaks our additions */
    bool apart;           /* a 3.0.6 node that may become active without having heard us */
    bool uuid_known;
    uint8_t uuid[16];
    uint64_t weight;      /* roster.c */
    char *site;           /* NULL: none */
    enum hb_status status;
    enum hb_status heard; /* what clients last heard of it */
    uint64_t generation;  /* 0: never heard */
    uint64_t status_number; /* sequence number of its newest beat */
    uint64_t beats;       /* accepted in all its lives */
    uint64_t beat_ns;     /* when the newest came; 0: none that a gap counts from */
    uint64_t dead_ns;     /* its own dead time; 0: not told yet */
    uint64_t probed_ns;   /* deadline_ns when its addresses were asked for */
    uint64_t deadline_ns; /* dead then; HA_NEVER: dead already */
    bool excused;         /* absence.h */
    uint64_t acked;       /* of ours */
    struct hb_links links;
    struct hb_seq seq;
    struct hb_proof proof;
    struct hb_view view;
    struct hb_said *said; /* word.c: its newest word; one block */
};

enum hb_arrival {
    HB_ARRIVAL_PLAIN,   /* goes on to the sequence numbers */
    HB_ARRIVAL_FIRST,   /* never heard before */
    HB_ARRIVAL_RESTART, /* a new life */
    HB_ARRIVAL_RETURN,  /* a beat of a node counted dead: a partition healed */
    HB_ARRIVAL_STALE,   /* an old beat of a node counted dead */
    HB_ARRIVAL_ABSENT,  /* another message of a node counted dead: wait for its beat */
    HB_ARRIVAL_REPLAY,  /* of an earlier life */
    HB_ARRIVAL_COUNT
};

void hb_node_init(struct hb_node *node, const char *name, const struct hb_config *config,
                  size_t groups, struct ha_rand *rand);
void hb_node_clear(struct hb_node *node);

/* beat: it is a status message. Changes nothing. */
enum hb_arrival hb_node_judge(const struct hb_node *node, uint64_t generation, uint64_t number,
                              bool beat);
/* A new life begins. from_start: ask for its messages from the first on. */
void hb_node_begin(struct hb_node *node, uint64_t generation, bool from_start, size_t groups);
/* It is counted dead from now on. Its stage stays GONE if it had left. */
void hb_node_die(struct hb_node *node, size_t groups);
/* True when number is newer than the newest beat, which it then becomes. */
bool hb_node_beat(struct hb_node *node, uint64_t number, uint64_t now_ns);
static inline bool hb_node_alive(const struct hb_node *node)
{
    return node->status != HB_STATUS_DEAD;
}
/* Dead, and it did not take leave: it may be alive beyond a broken network. */
static inline bool hb_node_lost(const struct hb_node *node)
{
    return node->status == HB_STATUS_DEAD && node->view.stage != HB_STAGE_GONE;
}
/* Dead, or it has released everything and is about to exit. */
static inline bool hb_node_out(const struct hb_node *node)
{
    return node->status == HB_STATUS_DEAD || node->view.stage == HB_STAGE_GONE;
}
/* Alive, stable, and it knows of us: somebody to hand over to. */
static inline bool hb_node_stable(const struct hb_node *node)
{
    return hb_node_alive(node) && node->view.stage == HB_STAGE_STABLE &&
           (!node->hearth || node->view.sees_us);
}
/* Nothing it said counts any more. Keeps what groups it claimed if keep_claims. */
void hb_view_reset(struct hb_view *view, size_t groups, bool keep_claims);

#endif
