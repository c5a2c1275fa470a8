/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heart of ldirectord: which checks are due, what their verdicts mean for
 * each real server, and what the IPVS table should be. Pure: events and a time
 * in, actions out (see heartbeatd/core/core.h, the same shape). Knows nothing
 * of sockets and nothing of the kernel.
 *
 *   verdict.c   named outcomes of a check
 *   health.c    one real server: failures, up or down, why
 *   healthlog.c what the log says of that
 *   schedule.c  when each check is next due, how many are in flight
 *   probe.c     what to ask; identical questions are asked once for all
 *   model.c     the servers of a configuration, and how to find them
 *   weight.c    how much a server is given: slow start, drain
 *   agent.c     how much a check or an agent says that a server can bear
 *   quorum.c    whether enough servers are up, or the fallback serves
 *   wanted.c    config, health and time -> wanted table (pure function)
 *   table.c     tables and their difference
 *   due.c       which services of the table are to be looked at next
 *   written.c   what follows from a portion that was written or refused
 *   wish.c      what an operator wishes of servers: disabled, drained, another weight
 *   drift.c     what somebody else did to the kernel's table
 *   turns.c     the last transitions of a server
 *   maintain.c  servers in maintenance; maintenance.c: who that is
 *   alert.c     which mail is due when
 *   fallback.c  when the fallback command is run
 *   monitor.c   the line of a check in a monitor file
 *   oplog.c     what the log says of an operation the kernel accepted
 *   load.c      a configuration comes into force; reload carries health over
 *   alike.c     what of it is as it was, and is left alone
 *   leaving.c   servers whose line has left the file, and that still have clients
 *   core.c      events in, actions out
 *
 * The first events are LD_EV_START, then whatever comes. After LD_ACT_TABLE:
 * take a portion (ld_core_portion()), read it from the kernel, ld_core_look() at it, ld_table_diff()
 * it with ld_core_wanted() and ld_core_ours(), apply, ld_core_op_done() or ld_core_op_refused() for
 * each operation, and LD_EV_APPLIED at the end, which says LD_ACT_TABLE again if more is due.
 *
 * In standby everything goes on but the table: nothing of ours is wanted in the
 * kernel, and no verdict changes that. Leaving it is one LD_ACT_TABLE, from
 * what is known by then.
 */
#ifndef LD_CORE_CORE_H
#define LD_CORE_CORE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "ldirectord/core/config.h"
#include "ldirectord/core/maintenance.h"
#include "ldirectord/core/table.h"
#include "ldirectord/core/turns.h"
#include "ldirectord/core/verdict.h"
#include "ldirectord/core/wish.h"

/* Checks in flight at once; the rest wait in order. */
#define LD_IN_FLIGHT_MAX 1024

/* Which way a question takes. */
enum ld_path {
    LD_PATH_REAL, /* to the real server's own address */
    LD_PATH_GATE, /* to the virtual one, by the real server's link address */
    LD_PATH_IPIP, /* to the virtual one, in packets for the real server */
    LD_PATH_COUNT
};

/* One question to one server; valid while its check is in flight (after LD_ACT_CANCEL: until
 * the next step). A check that is in flight at a reload and still wanted goes on. */
struct ld_probe {
    enum ld_checktype type;  /* not ON, OFF, COMBINED */
    enum ld_app app;         /* NEGOTIATE */
    enum ld_protocol protocol;
    struct ha_addr addr;     /* where to ask */
    uint16_t port;           /* after checkport and the well-known ports */
    uint64_t timeout_ms;     /* final deadline of this question */
    unsigned attempts;       /* PING: timeout_ms / attempts each */
    const char *request, *receive, *virtualhost, *command;
    const char *login, *passwd, *database, *secret; /* NEGOTIATE, not http and its like; NULL: unset */
    bool http_head;
    struct ld_terms terms;   /* NEGOTIATE; those that ld_app_terms() names */
    enum ld_path path;            /* CONNECT over tcp and IPv4: service is the virtual one */
    struct ld_service_id service; /* EXTERNAL: the virtual service's address and port are arguments */
    uint16_t real_port;           /* EXTERNAL */
    bool weighs;                  /* EXTERNAL: its exit status may say a weight */
};

enum ld_event_kind {
    LD_EV_START,     /* actual: the kernel's table, read just now: what is there and not at weight 0 starts up;
                      * standby: in standby, where what is there says nothing and is taken away (cleanstop) */
    LD_EV_TIMER,
    LD_EV_VERDICT,   /* check_id, verdict, detail, took_ns, advice */
    LD_EV_CONFIG,    /* a new, checked configuration (not owned; stays valid until the next one is in
                      * force); actual as in START, for servers that are new (NULL: they start down);
                      * of the services that ld_core_unlike() names is enough */
    LD_EV_APPLIED,   /* a portion was written. What was refused comes again, ever more seldom, with an
                      * LD_ACT_TABLE of the core's own. actual: as it was read for that (NULL: it could
                      * not be, and nothing was written); wanted: what was wanted then */
    LD_EV_LOOK,      /* look at the whole table without a reason of our own, but for what was refused,
                      * which comes again at its time; nothing in standby */
    LD_EV_MODE,      /* standby or not from here on; LD_ACT_TABLE in any case, also if it was so before */
    LD_EV_WISH,      /* wish: an operator's; may come before START, too */
    LD_EV_MAINTENANCE, /* who is in maintenance from here on (not owned; stays valid until the next
                        * one; NULL: nobody); may come before START */
    LD_EV_STOP,      /* cancels all; LD_ACT_TABLE then takes away what cleanstop says; no checks after */
    LD_EV_KIND_COUNT
};

struct ld_event {
    enum ld_event_kind kind;
    const struct ld_table *actual;  /* START, CONFIG, APPLIED */
    const struct ld_table *wanted;  /* APPLIED */
    const struct ld_config *config; /* CONFIG */
    uint32_t check_id;              /* VERDICT */
    enum ld_verdict verdict;
    const char *detail;             /* e.g. "HTTP status 503"; may be NULL */
    uint64_t took_ns;
    struct ld_advice advice;        /* VERDICT */
    bool standby;                   /* START, MODE */
    const struct ld_wish *wish;     /* WISH; copied */
    const struct ld_maintenance *maintenance; /* MAINTENANCE */
};

enum ld_action_kind {
    LD_ACT_CHECK,    /* start asking probe; answer with LD_EV_VERDICT check_id */
    LD_ACT_CANCEL,   /* forget check_id; no answer wanted */
    LD_ACT_TABLE,    /* a portion of the table is due: ld_core_portion() */
    LD_ACT_LOG,
    LD_ACT_MAIL,
    LD_ACT_RUN,      /* a command of the configuration, by the shell; of those with the same key one
                      * after the other, and of those that wait only the last */
    LD_ACT_MONITOR,  /* append a line to the monitor file */
    LD_ACT_KIND_COUNT
};

struct ld_mail {
    char *to;      /* addresses as they were written */
    char *from;    /* NULL: whoever we are */
    char *smtp;    /* host to give it to; NULL: sendmail */
    char *subject;
    char *body;    /* all but the line that names this machine */
};
void ld_mail_free(struct ld_mail *mail);

struct ld_action {
    enum ld_action_kind kind;
    uint32_t check_id;
    const struct ld_probe *probe; /* CHECK */
    int level;                    /* LOG: syslog level */
    char *text;                   /* LOG, RUN, MONITOR; owned by the list */
    char *key;                    /* RUN: the service; MONITOR: the file; owned */
    struct ld_mail *mail;         /* MAIL; owned */
};

struct ld_actions {
    GArray *list; /* of struct ld_action */
};
void ld_actions_init(struct ld_actions *actions);
void ld_actions_reset(struct ld_actions *actions);
void ld_actions_clear(struct ld_actions *actions);

struct ld_core;
/* config must stay valid until replaced by LD_EV_CONFIG or the core is freed. The same seed
 * and events give the same life. Does nothing before LD_EV_START. */
struct ld_core *ld_core_new(const struct ld_config *config, uint64_t seed);
void ld_core_free(struct ld_core *core);
void ld_core_step(struct ld_core *core, uint64_t now_ns, const struct ld_event *event,
                  struct ld_actions *actions);
/* No more than so many checks in flight at once (1 to LD_IN_FLIGHT_MAX, which it begins with). */
void ld_core_limit(struct ld_core *core, unsigned in_flight);
/* From here on each answer of a server is told, with LOG_DEBUG. */
void ld_core_talk(struct ld_core *core);
uint64_t ld_core_wake_ns(const struct ld_core *core);
bool ld_core_standby(const struct ld_core *core);
/* LD_STARTING …; 0 in standby. */
unsigned ld_core_phase(const struct ld_core *core);

/* What is to be looked at now, no more than max services; belongs to the core, until LD_EV_APPLIED. */
const struct ld_portion *ld_core_portion(struct ld_core *core, unsigned max);
/* That portion (NULL: the whole) of the table the kernel should have, as of the last LD_ACT_TABLE;
 * caller frees with ld_table_free(). */
struct ld_table *ld_core_wanted(const struct ld_core *core, const struct ld_portion *portion);
/* The services that have other real servers in config than in force, and those that servers leave:
 * to be read from the kernel for LD_EV_CONFIG. ld_portion_clear() it. */
void ld_core_unlike(const struct ld_core *core, const struct ld_config *config,
                    struct ld_portion *out);
/* Ids (struct ld_service_id *) of services this core has or had and may delete; owned by the core. */
GHashTable *ld_core_ours(const struct ld_core *core);

/* The kernel's table, as it was read before the wanted one is asked for: what somebody else did to
 * it and is to be left so (drift.h) is part of what is wanted from here on. */
void ld_core_look(struct ld_core *core, const struct ld_table *actual, struct ld_actions *actions);
/* The classic log lines for an operation, as LD_ACT_LOG, and its mails. To be called when the kernel has
 * accepted it, never before, while the tables it points into exist. */
void ld_core_op_done(struct ld_core *core, const struct ld_op *op, struct ld_actions *actions);
/* The kernel has refused it: its service comes again. */
void ld_core_op_refused(struct ld_core *core, const struct ld_op *op);
/* Everything wanted has been written, as far as this core knows: a difference now is not ours. */
bool ld_core_settled(const struct ld_core *core);

/* ---- what is shown ---- */
struct ld_real_view {
    const struct ld_service *service;
    const struct ld_real *real;
    bool up;
    unsigned failures;       /* in a row */
    unsigned successes;      /* in a row, while it is not yet up */
    bool agent_down;         /* its agent says so, whatever its checks do */
    struct ld_advice advice; /* its check's or its agent's */
    bool draining;           /* out, but its connections are let end */
    enum ld_verdict verdict; /* last */
    const char *detail;
    uint64_t took_ns;
    uint64_t since_ns;       /* of the last transition */
    uint64_t answered_ns;    /* of the last verdict; 0: none */
    uint32_t weight;         /* it should have in the table; 0 also if it should not be there */
    bool left_at_zero;       /* by somebody else (drift.h) */
    const struct ld_wish *wish;   /* that counts for it; NULL: none */
    const struct ld_turns *turns; /* NULL: none yet */
    unsigned service_up;     /* servers up in its service */
    bool fallback;           /* its service's clients go to the fallback server */
};
typedef void (*ld_view_fn)(void *ctx, const struct ld_real_view *view);
/* In the order of the file. */
void ld_core_view(const struct ld_core *core, ld_view_fn fn, void *ctx);
/* One whose line has left the file, and who keeps the clients it has (leaving.h). */
struct ld_leaver_view {
    const struct ld_service_id *service;
    const struct ha_addr *addr;
    uint16_t port; /* in the table */
    uint64_t since_ns, until_ns;
};
typedef void (*ld_leaver_fn)(void *ctx, const struct ld_leaver_view *view);
void ld_core_leavers(const struct ld_core *core, ld_leaver_fn fn, void *ctx);
const struct ld_wishes *ld_core_wishes(const struct ld_core *core);
/* As ld_wish_parse(), with the servers of this core; false before LD_EV_START. */
bool ld_core_wish_parse(const struct ld_core *core, char *const *words, struct ld_wish *out,
                        char **why);
/* False: LD_EV_WISH would find too many there already. */
bool ld_core_wish_room(const struct ld_core *core, const struct ld_wish *wish);
/* How many servers it means. */
unsigned ld_core_wish_count(const struct ld_core *core, const struct ld_wish *wish);

#endif
