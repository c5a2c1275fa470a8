/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running daemon from within: what ldirectord.c wires, and what the files
 * beside it that answer operators need of it. Nobody else includes it.
 */
#ifndef LD_DIRECTOR_INSIDE_H
#define LD_DIRECTOR_INSIDE_H

#include "ldirectord/check/check.h"
#include "ldirectord/config_watch.h"
#include "ldirectord/core/core.h"
#include "ldirectord/ldirectord.h"

struct ld_act;

struct ld_director {
    struct ha_loop *loop;
    const char *path, *instance;
    enum ld_logging logging;
    struct ld_config *config;
    struct ld_content content;
    struct ld_config_watch *watch;
    struct ld_reload *reload; /* NULL before the first and after the last */
    struct ld_ipvs *ipvs;
    struct ld_core *core;
    struct ld_checks *checks;
    struct ld_act *act;
    struct ld_actions actions;
    struct ha_timer wake, table;
    uint64_t woke_ns;         /* by the first of them, last */
    bool table_wanted, stopped;
    bool log_held;            /* until the table is written */
    uint64_t rest_until_ns;   /* the table is not written before */
    struct ha_timer look;     /* at the kernel's table, without a reason of our own */
    uint64_t look_cost_ns;    /* of the last whole look, or of the one under way so far */
    unsigned look_changes;    /* that it found */
    bool unreadable;          /* the last reading of the table failed */
    bool drifting;            /* the last look found another hand's changes */
    uint64_t drifts;          /* looks that found some, ever */
    enum ld_sync_role sync_role; /* as it was last wanted of the kernel */
    int sync_error;           /* what came of it; 0 or negative errno */
    uint64_t active_ns;       /* when standby ended; 0: never */
    uint64_t handed_ns;       /* when connections were handed over last; 0: never */
    uint64_t ready_ns;        /* when it got ready to hand them over; 0: it is not */
    GArray *neighbours;       /* of struct ld_neighbour, with that; NULL: none */
    unsigned sync_maxlen;     /* the same; 0: nothing said of it */
    uint64_t voice_next_ns;   /* own_voice.c looks again */
    bool voice_told;          /* what it found */
    char *orders_file;        /* NULL: nothing is kept */
    struct ha_behind *kept;   /* writes it; NULL: not yet */
    char *kept_text;          /* as read, or last given to that; NULL: neither yet */
    struct ha_timer keep_again; /* what the keeper could not be given */
    struct ld_report *report; /* being fetched; NULL: none */
    GHashTable *complaints;   /* sentences (owned) -> struct ld_service_id * (owned; NULL: of all): what
                               * was refused last, so that each is logged once */
};

/* ---- ldirectord.c ---- */
void ld_director_step(struct ld_director *director, const struct ld_event *event);
/* What the core said beside. */
void ld_director_log(struct ld_director *director);

/* ---- kernel_table.c ---- */
/* Writes all of the table that is due now. How many operations failed; negative errno if it cannot
 * be read. */
int ld_director_write(struct ld_director *director);
/* The same in portions, from the end of this round on. What is logged until then is written to the log
 * file behind it. */
void ld_table_soon(struct ld_director *director);
/* The next look without a reason of our own, by the configuration in force. */
void ld_table_look_later(struct ld_director *director);
void ld_table_end(struct ld_director *director);

/* ---- reload.c ---- */
/* Heeds edits from now on; until the end. */
void ld_reload_watch(struct ld_director *director);
void ld_reload_end(struct ld_director *director);

/* ---- kernel_set.c ---- */
/* After each reading of the file. */
void ld_kernel_set_switches(struct ld_director *director);
/* The same, after each change of the mode, and now and then. stopping: ends it. */
void ld_kernel_sync(struct ld_director *director, bool stopping);
/* There is a synchronisation of which we are the master while active. */
bool ld_kernel_hands_over(const struct ld_director *director);
/* It listens, though active, for what the last director hands over. */
bool ld_kernel_sync_taking(const struct ld_director *director);

/* ---- kernel_handover.c ---- */
void ld_handover_forget(struct ld_director *director);

/* ---- own_voice.c ---- */
/* After each verdict: warns, once, if it may come of the address that Linux speaks from. */
void ld_director_mind_voice(struct ld_director *director, enum ld_verdict verdict);

/* ---- kept.c ---- */
/* Before LD_EV_START: the orders of an earlier life, if they are to be kept. */
void ld_kept_read(struct ld_director *director);
/* After an order, and after a reload. */
void ld_kept_write(struct ld_director *director);
/* Waits a moment for what is being written. */
void ld_kept_end(struct ld_director *director);

/* ---- report.c ---- */
void ld_report_free(struct ld_report *report);

#endif
