/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequence numbers of one sender in one of its lives: which arrived, which are
 * missing, when to ask for them again, what to acknowledge (doc/states.md,
 * "Sequence"). Every number is accepted at most once. Delivery is at once and
 * unordered, as Heartbeat does it: who cares for order compares numbers.
 */
#ifndef HB_CORE_SEQ_H
#define HB_CORE_SEQ_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/rand.h"

#define HB_SEQ_GAP_MAX     250 /* a wider gap is given up, not filled */
#define HB_SEQ_MISSING_MAX 500
#define HB_SEQ_ASKS_MAX    40  /* for one number; Heartbeat asks for ever */
#define HB_SEQ_RANGE_MAX   50  /* resent per request by a 3.0.6 peer */
#define HB_SEQ_ACK_EVERY   10

struct hb_missing {
    uint64_t number;
    uint64_t ask_ns;
    unsigned asks;
};

struct hb_seq {
    bool any;
    uint64_t last;    /* highest accepted */
    uint64_t acked;   /* what we told the sender */
    unsigned trigger; /* acknowledge numbers with this remainder, 0…9 */
    uint64_t lost;    /* given up, for good */
    GArray *missing;  /* of struct hb_missing, ascending */
};

enum hb_seq_verdict {
    HB_SEQ_NEXT,    /* accept: in order, or the first one */
    HB_SEQ_GAP,     /* accept: something before it is missing now */
    HB_SEQ_JUMP,    /* accept: too much is missing, given up */
    HB_SEQ_FILLED,  /* accept: was missing */
    HB_SEQ_AGAIN,   /* the newest once more: another link, or the network's doing */
    HB_SEQ_OLD,     /* had before, or never to be accepted */
    HB_SEQ_VERDICT_COUNT
};

void hb_seq_init(struct hb_seq *seq, struct ha_rand *rand);
void hb_seq_clear(struct hb_seq *seq);

/* A new life of the sender. from_start: it is known to begin here, so that
 * numbers from 1 on will be missed; else the first number to come is the first. */
void hb_seq_restart(struct hb_seq *seq, bool from_start);
/* The sender was away: ask for nothing any more, but accept nothing older. */
void hb_seq_forget(struct hb_seq *seq);
/* It is back at number: what lies between is gone. */
void hb_seq_resume(struct hb_seq *seq, uint64_t number);

/* max_delay_ms: max_rexmit_delay; the first request waits 50 to max_delay_ms. */
enum hb_seq_verdict hb_seq_take(struct hb_seq *seq, uint64_t number, uint64_t now_ns,
                                struct ha_rand *rand, uint64_t max_delay_ms);
static inline bool hb_seq_accepts(enum hb_seq_verdict verdict)
{
    return verdict <= HB_SEQ_FILLED;
}

/* The next run of neighbours to ask for now; false when there is none. Numbers
 * asked for too often are given up and counted in lost. */
bool hb_seq_ask(struct hb_seq *seq, uint64_t now_ns, uint64_t max_delay_ms, uint64_t *first,
                uint64_t *last);
/* The sender cannot resend number. True if we were waiting for it. */
bool hb_seq_refused(struct hb_seq *seq, uint64_t number);
/* Whether to acknowledge now, and up to where. */
bool hb_seq_ack(struct hb_seq *seq, uint64_t *number);
uint64_t hb_seq_next_ns(const struct hb_seq *seq);

#endif
