/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions: what is asked of a real server again and again. Built from the
 * configuration; two servers of different services that would be asked the
 * very same thing share one question, and one answer serves both.
 *
 * A question is one probe, or two where cheap and thorough checks alternate
 * (checktype = N): a negotiate that succeeded is followed by N connects; a
 * failure of either makes the next one a negotiate.
 */
#ifndef LD_CORE_PROBE_H
#define LD_CORE_PROBE_H

#include <glib.h>

#include "ldirectord/core/core.h"

struct ld_question {
    struct ld_probe probe;   /* its strings are held by the question */
    struct ld_probe connect; /* combined only */
    bool combined;
    unsigned connects;       /* combined: after each negotiate */
    unsigned connects_left;
    uint64_t interval_ns;
    uint64_t recheck_ns;     /* while an asker is unsettled; 0: as ever */
    GPtrArray *askers;       /* of struct ld_server *, not owned; all are told the answer */
    enum ld_verdict verdict; /* the last that said something */
    bool answered;           /* once at least */
    bool silent;             /* an agent that does not say anything */
    bool unable;             /* the last one was LD_INTERNAL */

    /* schedule.c's */
    uint64_t due_ns;   /* when it is asked next, or was asked if in flight */
    guint place;       /* in the heap; valid while not in flight */
    uint32_t check_id; /* in flight; 0: not */
    uint64_t place_ns; /* in the interval; HA_NEVER: none yet */
    bool settled;      /* is asked there */
};

/* Whether its servers are sent echo requests: checktype ping, and connect over udp. */
bool ld_service_pings(const struct ld_service *service);

/* NULL where nothing is asked: checktype on and off, service none. */
struct ld_question *ld_question_new(const struct ld_service *service, const struct ld_real *real);
/* What the agent on the server is asked; NULL: there is none. */
struct ld_question *ld_question_new_agent(const struct ld_service *service,
                                          const struct ld_real *real);
void ld_question_free(struct ld_question *question);
/* For a GHashTable: whether both ask the same, as often and on the same terms. */
guint ld_question_hash(gconstpointer question);
gboolean ld_question_equal(gconstpointer one, gconstpointer other);
/* What to ask now; valid until the question is freed. */
const struct ld_probe *ld_question_probe(const struct ld_question *question);
/* Moves a combined question on. */
void ld_question_answered(struct ld_question *question, enum ld_verdict verdict);

#endif
