/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A director without network, kernel or clock: the real core, the fake kernel
 * table, time moved by hand, and checks answered by the test. Does with the
 * core's actions what the daemon does, and audits after each of them that the
 * table is the wanted one.
 */
#ifndef FAKE_DIRECTOR_H
#define FAKE_DIRECTOR_H

#include "ldirectord/core/core.h"
#include "tests/fakes/fake_ipvs.h"

struct fake_check {
    uint32_t id;
    const struct ld_probe *probe;
    uint64_t asked_ns;
};

struct fake_director {
    struct ld_config *config; /* in force; owned */
    struct ld_core *core;
    struct fake_ipvs ipvs;
    uint64_t now_ns;
    GArray *flying;  /* of struct fake_check */
    GString *log;    /* a line each */
    GString *told;   /* the same for mails, commands and lines of monitor files: "mail to a@b: SUBJECT",
                      * "run COMMAND", "FILE: LINE" */
    char *body;      /* of the last mail */
    struct ld_maintenance *maintenance;
    unsigned asked;  /* checks ever started */
    unsigned tables; /* times the table was written */
    unsigned failed; /* more than 0: operations were refused, and have not been accepted since */
    unsigned portion_max; /* services looked at together; LD_PORTION_ALL to begin with */
    struct ld_advice advice; /* what comes with each verdict */
    char *broken;    /* what an audit found, the first time; NULL: nothing */
    void (*audit)(void *ctx); /* after each step and what it led to; NULL: none */
    void *audit_ctx;
};

/* config is owned from here on. Nothing runs until fake_director_start(). */
void fake_director_init(struct fake_director *director, struct ld_config *config, uint64_t seed);
void fake_director_clear(struct fake_director *director);

void fake_director_start(struct fake_director *director);
void fake_director_start_standby(struct fake_director *director);
void fake_director_mode(struct fake_director *director, bool standby);
void fake_director_reload(struct fake_director *director, struct ld_config *config);
/* "disable 10.1.0.1:80 tcp:10.0.0.1:80": as an operator orders it; false: it makes no sense, the log
 * has why. */
bool fake_director_wish(struct fake_director *director, const char *line);
/* What somebody else does: the weight of addr wherever it stands; below 0 it is removed. */
void fake_director_ipvsadm(struct fake_director *director, const char *addr, int weight);
/* Looks at the table without a reason of its own. */
void fake_director_repair(struct fake_director *director);
/* "10.1.0.1 web2:80": these servers are in maintenance from now on. */
void fake_director_maintain(struct fake_director *director, const char *names);
void fake_director_stop(struct fake_director *director);
/* Answers what is asked of addr ("10.1.0.1"; NULL: of all) now; returns how many. */
unsigned fake_director_answer(struct fake_director *director, const char *addr,
                              enum ld_verdict verdict);
/* Answers one check by its number. */
void fake_director_verdict(struct fake_director *director, uint32_t id, enum ld_verdict verdict);
/* Moves time, waking the core whenever it asked for it; nothing is answered. */
void fake_director_pass(struct fake_director *director, uint64_t ns);
/* The table as text: "10.0.0.1:80 wrr > 10.1.0.1:80 1, 10.1.0.2:80 0; …". g_free() it. */
char *fake_director_table(const struct fake_director *director);

/* ---- configurations by hand ---- */
struct ld_service *fake_service(struct ld_config *config, const char *addr, uint16_t port);
struct ld_service *fake_mark(struct ld_config *config, int family, uint32_t mark);
struct ld_real *fake_real(struct ld_service *service, const char *addr, uint16_t port,
                          enum ld_method method, uint32_t weight);
void fake_fallback(struct ld_service *service, const char *addr, uint16_t port,
                   enum ld_method method);

#endif
