/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Named outcomes of a check: one table of code, sentence and whether the
 * server passed, read by logs, status and tests alike. Checks produce them,
 * health.c is the only one to draw conclusions.
 */
#ifndef LD_CORE_VERDICT_H
#define LD_CORE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum ld_verdict {
    LD_UNKNOWN,   /* not asked yet */
    LD_L3OK,      /* echo reply */
    LD_L3TOUT,    /* no echo reply in time */
    LD_L3UNR,     /* no route, host or network unreachable */
    LD_L4OK,      /* connected */
    LD_L4TOUT,    /* no connection in time */
    LD_L4CON,     /* connection refused or reset */
    LD_L6OK,      /* TLS handshake done */
    LD_L6TOUT,    /* TLS handshake not done in time */
    LD_L6RSP,     /* TLS handshake failed, certificate not accepted */
    LD_L7OK,      /* the right answer */
    LD_L7TOUT,    /* no complete answer in time */
    LD_L7RSP,     /* an answer that is not one (protocol error, closed early) */
    LD_L7STS,     /* a status that is not success */
    LD_L7MATCH,   /* the answer does not match receive */
    LD_EXTOK,     /* external check: exit status 0 */
    LD_EXTERR,    /* external check: another exit status, or killed by a signal */
    LD_EXTTOUT,   /* external check: still running at its deadline */
    LD_EXTRUN,    /* external check: cannot be executed */
    LD_AGENTDOWN, /* its agent says that it is not to be used */
    LD_ON,        /* checktype on */
    LD_OFF,       /* checktype off */
    LD_MAINT,     /* in maintenance, not checked */
    LD_INTERNAL,  /* our own want of sockets or memory: says nothing about the server */
    LD_VERDICT_COUNT
};

const char *ld_verdict_code(enum ld_verdict verdict); /* "L4CON" */
const char *ld_verdict_text(enum ld_verdict verdict); /* "connection refused or reset" */
bool ld_verdict_passed(enum ld_verdict verdict);

/* What a check may say beside its verdict: how much of its weight the server can bear. */
struct ld_advice {
    bool given;       /* false: all of it */
    uint32_t percent; /* of what is configured, 0 to 100 */
};

#endif
