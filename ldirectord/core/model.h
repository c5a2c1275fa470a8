/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model: a configuration joined with what is known of its servers. A slot
 * per virtual service, a server per real server in it, both found by what the
 * kernel calls them. A reload makes a new model, into which goes over what is as
 * it was; for what has changed, what is known of the servers does.
 */
#ifndef LD_CORE_MODEL_H
#define LD_CORE_MODEL_H

#include <glib.h>

#include "common/base/time.h"
#include "ldirectord/core/config.h"
#include "ldirectord/core/health.h"
#include "ldirectord/core/maintenance.h"
#include "ldirectord/core/probe.h"
#include "ldirectord/core/table.h"
#include "ldirectord/core/turns.h"
#include "ldirectord/core/wish.h"

/* While one drains, the kernel's count of its connections is looked at so often. */
#define LD_DRAIN_LOOK_NS HA_NS_PER_S

/* Since when its weight is under way; 0: it is not. */
struct ld_course {
    uint64_t rising_ns;  /* it came up, and grows into its weight */
    uint64_t drained_ns; /* it went down, and keeps its connections for a while */
};

struct ld_counted {
    bool up, stands, live;
    uint32_t weight;
};

struct ld_server {
    struct ld_slot *slot;
    const struct ld_real *real;
    uint16_t port;                /* its port in the table */
    struct ld_health health;
    struct ld_course course;
    struct ld_question *question; /* not owned; NULL: not checked */
    struct ld_question *agent;    /* the same; NULL: no agent */
    bool agent_down;              /* it says so */
    struct ld_advice advice;      /* the check's or the agent's */
    struct ld_counted counted;    /* what the slot's sums have of it */
    bool maintained, up_before;   /* in maintenance; what it was when that began */
    bool placed;                  /* a table with it was written whole since the last (re)load */
    uint32_t written;             /* its weight in the kernel's table as we wrote it; 0: none, too */
    bool left_at_zero;            /* somebody else set its weight to 0 (drift.h) */
    const struct ld_wish *wish;   /* the operator's that counts; NULL: none */
    struct ld_turns *turns;       /* NULL: none yet */
    bool known;                   /* load.c's: from before the reload */
    uint64_t answered_ns;         /* the last verdict that said something; 0: none yet */
};

enum ld_ran { LD_RAN_NOTHING, LD_RAN_START, LD_RAN_STOP };

struct ld_slot {
    const struct ld_service *service;
    const char *emailalertfrom; /* the configuration's; NULL: unset */
    struct ld_server *servers; /* owned */
    guint count;
    bool stayed;               /* it went over from the model before */
    guint up;                  /* how many of them */
    guint live;                /* how many of them are up and take clients */
    uint64_t weight;           /* of those, when all have grown into theirs */
    bool serving;              /* enough of them are live; else the fallback serves */
    uint64_t as_of_ns;         /* the time for which its part of the table was computed last */
    bool touched;              /* maintain.c's: what it did last concerns this one */
    guint asked;               /* fallback.c's: so many from the first on have been asked once */
    enum ld_ran fallback_ran;  /* what the fallback command was told last */
};

struct ld_model {
    const struct ld_config *config; /* not owned */
    struct ld_slot **slots;         /* in the order of the file; owned */
    struct ld_server **servers;     /* the same; the slots' */
    guint slot_count, server_count;
    GHashTable *by_id;              /* struct ld_service_id * -> struct ld_slot * */
    GHashTable *by_dest;            /* set of struct ld_server *, equal by slot, address, port */
};

struct ld_model *ld_model_new(const struct ld_config *config);
/* The model that follows `old` (which may be NULL). Services that are alike in both configurations go over
 * into it as they are, with all that is known of their servers; the others are new. What has changed
 * or gone is left in `old`, as it was; it must still be freed. Both configurations must be there. */
struct ld_model *ld_model_succeed(struct ld_model *old, const struct ld_config *config);
void ld_model_free(struct ld_model *model);
struct ld_slot *ld_model_slot(const struct ld_model *model, const struct ld_service_id *id);
/* port as in the table. Of several with the same address and port, the first. */
struct ld_server *ld_model_server(const struct ld_model *model, struct ld_slot *slot,
                                  const struct ha_addr *addr, uint16_t port);

/* The port of a destination in the table: for gate and ipip in a service that is an address
 * the kernel insists on the service's. */
uint16_t ld_dest_port(const struct ld_service *service, enum ld_method method, uint16_t port);

/* ---- weight.c ---- */
/* Whether it is up, as far as its checks say; and whether it is to be in the table as such. */
bool ld_server_up(const struct ld_server *server);
bool ld_server_stands(const struct ld_server *server);
/* The weight it is to have in the end, if it stands. */
uint32_t ld_server_share(const struct ld_server *server);
/* What it should have now; 0 also for one that should not be in the table. */
uint32_t ld_server_weight(const struct ld_server *server, uint64_t now_ns);
/* Whether it, standing no longer, is in the table at weight 0 for its connections' sake. */
bool ld_server_drains(const struct ld_server *server, uint64_t now_ns);
/* When its entry next changes by time alone, or its drain is to be looked at; HA_NEVER. */
uint64_t ld_server_next_ns(const struct ld_server *server, uint64_t now_ns);
/* What is known of it may have changed: counts it, and begins slow start or drain. */
void ld_server_weigh(struct ld_server *server, uint64_t now_ns);
/* The same for all servers, and judges all slots. */
void ld_model_weigh(struct ld_model *model, uint64_t now_ns);

/* ---- agent.c ---- */
/* The check said so. True: it is another than before. */
bool ld_server_advise(struct ld_server *server, const struct ld_advice *advice,
                      struct ld_actions *actions);
/* Its agent answered. True: something is other than before. */
bool ld_server_hear(struct ld_server *server, const struct ld_event *event,
                    struct ld_actions *actions);
/* Once per spell of silence. */
void ld_log_agent(struct ld_question *question, const struct ld_event *event,
                  struct ld_actions *actions);
/* Before a reload it was `before`: what was said stands if the same still say it. */
void ld_server_inherit_advice(struct ld_server *server, const struct ld_server *before);

/* ---- quorum.c ---- */
/* Brings the slot's sums up to date with the server. */
void ld_server_count(struct ld_server *server);
/* Brings slot->serving up to date with the sums; anew: whatever it was before. */
void ld_slot_judge(struct ld_slot *slot, bool anew);

/* ---- wanted.c ---- */
/* That portion (NULL: the whole) of the table for this model, each service as of its slot's time, in
 * normal form; caller frees. */
struct ld_table *ld_wanted(const struct ld_model *model, const struct ld_portion *portion);
/* Its servers do not serve: none is there, or not enough; never so with checktype off. */
bool ld_nobody_serves(const struct ld_slot *slot);
/* Whether the service should send its clients to the fallback server now; those of its servers
 * that are up then keep the clients they have and get no more. */
bool ld_wants_fallback(const struct ld_slot *slot);

/* ---- fallback.c: each may append LD_ACT_RUN ---- */
/* After a change of the slot's servers; not to be called in standby or after a stop. */
void ld_fallback_consider(struct ld_slot *slot, struct ld_actions *actions);
void ld_fallback_consider_all(struct ld_model *model, struct ld_actions *actions);
/* Into standby: whoever is active next runs it anew. */
void ld_fallback_forget(struct ld_model *model);
/* What was run before the reload need not be run again, unless the command is another one. */
void ld_fallback_inherit(struct ld_model *model, const struct ld_model *old);

/* ---- monitor.c: LD_ACT_MONITOR, if the service has a monitor file ---- */
/* text: NULL for "-". */
void ld_monitor(const struct ld_server *server, bool up, const char *text,
                struct ld_actions *actions);
void ld_monitor_verdict(const struct ld_server *server, enum ld_verdict verdict, const char *detail,
                        struct ld_actions *actions);

/* ---- maintain.c ---- */
/* Marks who is in maintenance (NULL: nobody), puts them down, and those up again that nobody will
 * check. True: the table changes by it. */
bool ld_maintain(struct ld_model *model, const struct ld_maintenance *maintenance, uint64_t now_ns,
                 struct ld_actions *actions);
/* Whether nobody is there to ask the question for. */
bool ld_question_rests(const struct ld_question *question);
/* What the monitor files say of such a question when it is due. */
void ld_question_rested(const struct ld_question *question, struct ld_actions *actions);

/* ---- oplog.c ---- */
struct ld_alerts;
/* The classic lines for an accepted operation, and its mails. stopping: on the way out. */
void ld_oplog(const struct ld_model *model, const struct ld_op *op, bool stopping,
              struct ld_alerts *alerts, struct ld_actions *actions);

/* ---- healthlog.c ---- */
/* before: its failures until then. */
void ld_log_change(const struct ld_server *server, enum ld_change change, unsigned before,
                   struct ld_actions *actions);
/* What came of a check, before anything is concluded from it. */
void ld_log_answer(const struct ld_question *question, const struct ld_event *event,
                   struct ld_actions *actions);
/* The question could not be asked. To be called once per spell of it, not once per check. */
void ld_log_unable(const struct ld_question *question, const struct ld_event *event,
                   struct ld_actions *actions);

/* ---- logging ---- */
/* Appends LD_ACT_LOG. */
void ld_log(struct ld_actions *actions, int level, const char *format, ...) G_GNUC_PRINTF(3, 4);

#endif
