/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the core share; nobody else includes it. */
#ifndef LD_CORE_CORE_INSIDE_H
#define LD_CORE_CORE_INSIDE_H

#include "ldirectord/core/core.h"
#include "ldirectord/core/due.h"
#include "ldirectord/core/model.h"
#include "ldirectord/core/schedule.h"

struct ld_core {
    const struct ld_config *config; /* not owned */
    struct ld_model *model;         /* NULL until LD_EV_START */
    GHashTable *questions;          /* set of struct ld_question *, owned */
    GPtrArray *retired;             /* questions kept until the next step: their probes may be read */
    struct ld_schedule schedule;
    struct ld_alerts *alerts;
    const struct ld_maintenance *maintenance; /* not owned; NULL: nobody */
    GHashTable *ours;               /* set of struct ld_service_id *, owned */
    struct ld_wishes wishes;
    struct ld_leaving *leaving;     /* who has left the file and is in the table yet */
    struct ld_due *due;
    struct ld_portion portion;      /* given out last, until LD_EV_APPLIED */
    GHashTable *refused;            /* set of struct ld_service_id *, owned: due again at retry_at_ns */
    uint64_t retry_at_ns, retry_after_ns;
    uint64_t as_of_ns;              /* the time for which the wanted table is computed */
    uint64_t change_at_ns;          /* when it next changes by time alone; HA_NEVER */
    bool standby;
    bool stopped;
    bool talkative;
};

/* ---- load.c ---- */
/* Brings core->config into force: at start, and at each reload. actual: as in LD_EV_START. */
void ld_core_load(struct ld_core *core, const struct ld_table *actual, uint64_t now_ns,
                  struct ld_actions *actions);
/* Nobody is asked any more. */
void ld_core_unask(struct ld_core *core, struct ld_actions *actions);
/* What may be deleted: all that is configured; on the way out, and in standby, all with cleanstop. */
void ld_core_claim(struct ld_core *core, bool leaving);

/* ---- written.c ---- */
/* All that is configured, or ours. */
void ld_core_due_all(struct ld_core *core, enum ld_due_kind kind);
/* Something about the slot may be other than the table has it; nothing in standby. */
void ld_core_touch(struct ld_core *core, const struct ld_slot *slot);
/* Of a portion those services of which something else was wanted before. */
void ld_core_touch_difference(struct ld_core *core, const struct ld_table *before,
                              const struct ld_portion *portion);
void ld_core_on_applied(struct ld_core *core, uint64_t now_ns, const struct ld_event *event);
/* What was refused is due again, if it is time. */
void ld_core_retry(struct ld_core *core, uint64_t now_ns);

/* ---- actions.c ---- */
void ld_act(struct ld_actions *actions, enum ld_action_kind kind, uint32_t check_id,
            const struct ld_probe *probe);

/* ---- telling.c ---- */
/* After a start, a reload and a change of mode (alert.h). */
void ld_core_begin_telling(struct ld_core *core, unsigned phase);
void ld_core_answered(struct ld_core *core, struct ld_question *question);
/* True: nobody is there to ask this for, it is due again later. */
bool ld_core_rest(struct ld_core *core, struct ld_question *question, uint64_t now_ns,
                  struct ld_actions *actions);
void ld_core_on_maintenance(struct ld_core *core, uint64_t now_ns,
                            const struct ld_maintenance *maintenance, struct ld_actions *actions);
/* At the end of each step. */
void ld_core_told(struct ld_core *core, const struct ld_event *event, struct ld_actions *actions);

/* ---- view.c ---- */
void ld_core_on_wish(struct ld_core *core, uint64_t now_ns, const struct ld_wish *wish,
                     struct ld_actions *actions);

#endif
