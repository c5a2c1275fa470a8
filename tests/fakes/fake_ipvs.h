/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's IPVS table without a kernel, behind the ops of
 * ldirectord/ipvs/ipvs.h. Refuses what the kernel refuses (twice the same, what
 * is not there, a gate server with another port than its service, thresholds
 * the wrong way round), fails on request, and counts what must not happen.
 */
#ifndef FAKE_IPVS_H
#define FAKE_IPVS_H

#include "ldirectord/ipvs/ipvs.h"

struct fake_ipvs {
    struct ld_ipvs ipvs; /* first */
    struct ld_table *table;
    const char *missing_scheduler; /* services with it are refused with -ENOENT; NULL: none */
    unsigned fail_next;            /* so many of the next operations fail with -ENOMEM */
    struct ld_sync sync;           /* as last wanted */
    unsigned syncs;                /* times it was */
    unsigned handovers;            /* times connections were handed over */
    int handed;                    /* the last time: how many that were named; -1: those of the kernel's list */
    int untaken;                   /* what it was told and has not taken in: one less with each look */
    bool stuck;                    /* no, it stays */
    unsigned looks;                /* times somebody looked at that */
    int sync_error;                /* what to answer */
    GString *switches;             /* "name=1 name=0 " as told */
    unsigned operations;           /* accepted, ever */
    unsigned services_read;        /* ever */
    unsigned replaced;             /* entries deleted and added again in one apply */
};

void fake_ipvs_init(struct fake_ipvs *fake);
void fake_ipvs_clear(struct fake_ipvs *fake);

/* Same services with the same servers, in any order, without regard to entries
 * that `wanted` says may be absent. On false *why says the first difference; g_free() it. */
bool fake_ipvs_equal(const struct ld_table *actual, const struct ld_table *wanted,
                     GHashTable *ours, char **why);

#endif
