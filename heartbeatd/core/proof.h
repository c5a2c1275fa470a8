/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is what a Hearth node says said now? Every message of ours carries a number
 * drawn at random for this life of our daemon, and repeats the numbers of the
 * lives we hear together with the newest of their messages. So a message that
 * repeats ours was made after that message of ours was sent, and cannot be a
 * recording of another day, whoever has forgotten what (doc/states.md, "Proof
 * of life"). Generations order the lives of nodes that do not do this.
 *
 * Keeps what is known of one node and judges; what follows is receive.c's.
 */
#ifndef HB_CORE_PROOF_H
#define HB_CORE_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "heartbeatd/core/msg.h"

struct hb_core;
struct hb_node;

/* Lives of one node that were heard and not proven yet, remembered to be answered. */
#define HB_CALLERS_MAX 4

struct hb_caller {
    uint64_t nonce;  /* 0: none */
    uint64_t number; /* its newest message */
    uint64_t first_ns, last_ns;
};

/* One node, as far as its messages prove anything. */
struct hb_proof {
    bool proven;          /* its present life has answered ours */
    uint64_t nonce;       /* of that life */
    uint64_t heard;       /* its newest message, believed or not */
    uint64_t unnumbered;  /* its newest message without a sequence number */
    uint64_t echoed;      /* the newest of our messages that any of its lives has repeated */
    int64_t offset_ns;    /* our clock less the age of its life, by what answered in time */
    uint64_t floor;       /* without proof, no life of a lower generation is believed */
    bool doubted;         /* that nothing proves it has been logged */
    struct hb_caller callers[HB_CALLERS_MAX];
};

/* What a message says of its own time. */
struct hb_proof_words {
    uint64_t nonce;  /* of the sender's life; 0: a node that does not prove anything */
    uint64_t age_ns; /* of that life when it was made */
    uint64_t count;  /* of its messages without a sequence number, this one included */
    uint64_t echo;   /* the newest of our messages that the sender had heard; 0: none */
    bool known;      /* and it believed that it was from us */
};

enum hb_standing {
    HB_STANDING_BARE,     /* proves nothing: 3.0.6, or an earlier Hearth */
    HB_STANDING_KNOWN,    /* of the life we know, and of now */
    HB_STANDING_NEWBORN,  /* of a life that is proven by this message */
    HB_STANDING_OLD,      /* of the life we know, but of some time ago */
    HB_STANDING_STRANGER, /* of a life that nothing proves */
    HB_STANDING_COUNT
};

/* False: it has the fields, but they are no good. */
bool hb_proof_read(const struct hb_core *core, const struct hb_msg *msg,
                   struct hb_proof_words *words);
/* number: 0 for a message that has none. Changes nothing. */
enum hb_standing hb_proof_judge(const struct hb_core *core, const struct hb_node *node,
                                const struct hb_proof_words *words, uint64_t number);
/* Of the life we know: has it come in time? What was missing may come late, and is then taken for
 * come, and not acted on. True for what proves nothing. */
bool hb_proof_in_time(const struct hb_core *core, const struct hb_node *node,
                      const struct hb_proof_words *words);
/* It was believed. */
void hb_proof_believed(struct hb_core *core, struct hb_node *node,
                       const struct hb_proof_words *words, uint64_t number);
/* Its life begins, with the proof in words, or without any. */
void hb_proof_begin(struct hb_core *core, struct hb_node *node,
                    const struct hb_proof_words *words, uint64_t generation);
/* It was not believed: sees to an answer, so that the next one may be. */
void hb_proof_call(struct hb_core *core, struct hb_node *node, const struct hb_proof_words *words,
                   uint64_t number);
/* Adds our own words to a message; count as in hb_proof_words, 0 for a numbered one. */
void hb_proof_add(const struct hb_core *core, struct hb_msg *msg, uint64_t count);

#endif
