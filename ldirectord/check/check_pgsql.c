/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pgsql: logs in, runs request as one statement, and wants a row of it, or one
 * changed by it. The first row is enough; TLS if the server offers it, without
 * a look at its certificate, as libpq does by default. receive does not count,
 * and never did.
 */
#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "ldirectord/check/late.h"
#include "ldirectord/check/sql.h"
#include "ldirectord/check/wire.h"

struct pgsql_state {
    struct ld_sql sql; /* first */
    PGconn *connection;
};

static void pgsql_connecting(void *ctx, uint32_t events);
static void pgsql_asking(void *ctx, uint32_t events);

static void wait_for(struct ld_check *check, uint32_t events, ha_watch_fn fn)
{
    struct pgsql_state *state = ld_check_state(check);
    int error = ld_sql_wait(&state->sql, check, PQsocket(state->connection), events, fn);

    if (error != 0)
        ld_check_done(check, ld_check_errno(-error), g_strerror(-error));
}

/* libpq's words begin with whom it spoke to, which is known here. */
static void fail(struct ld_check *check, enum ld_verdict verdict, const char *words)
{
    const char *said = strstr(words, " failed: ");

    ld_sql_done(check, verdict, said != NULL ? said + strlen(" failed: ") : words);
}

/* ---- the statement ---- */

/* True: there is more to come. */
static bool judge(struct ld_check *check, const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        ld_check_done(check, LD_L7OK, NULL);
        return false;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (atol(PQcmdTuples((PGresult *)result)) > 0)
            ld_check_done(check, LD_L7OK, NULL);
        else
            ld_check_done(check, LD_L7STS, "no rows");
        return false;
    case PGRES_BAD_RESPONSE:
        fail(check, LD_L7RSP, PQresultErrorMessage(result));
        return false;
    case PGRES_FATAL_ERROR:
        /* With a code it is the server's, else the connection is gone. */
        fail(check, PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL ? LD_L7STS : LD_L7RSP,
             PQresultErrorMessage(result));
        return false;
    case PGRES_NONFATAL_ERROR:
        return true;
    default:
        ld_check_done(check, LD_L7STS, "request asks for no rows");
        return false;
    }
}

static void take_results(struct ld_check *check)
{
    struct pgsql_state *state = ld_check_state(check);
    bool more = true;

    while (more && !PQisBusy(state->connection)) {
        PGresult *result = PQgetResult(state->connection);

        if (result == NULL) {
            ld_check_done(check, LD_L7RSP, "no result");
            return;
        }
        more = judge(check, result);
        PQclear(result);
    }
    if (more)
        wait_for(check, EPOLLIN, pgsql_asking);
}

static void pgsql_asking(void *ctx, uint32_t events)
{
    struct ld_check *check = ctx;
    struct pgsql_state *state = ld_check_state(check);
    int left;

    (void)events;
    if (!ld_sql_woken(&state->sql, check))
        return;
    if (!PQconsumeInput(state->connection)) {
        fail(check, LD_L7RSP, PQerrorMessage(state->connection));
        return;
    }
    left = PQflush(state->connection);
    if (left < 0)
        fail(check, LD_L7RSP, PQerrorMessage(state->connection));
    else if (left > 0)
        wait_for(check, EPOLLIN | EPOLLOUT, pgsql_asking);
    else if (ld_sql_bears(check, PQsocket(state->connection)))
        take_results(check);
}

static void send_statement(struct ld_check *check)
{
    struct pgsql_state *state = ld_check_state(check);
    PGconn *connection = state->connection;

    if (PQsetnonblocking(connection, 1) != 0 ||
        !PQsendQueryParams(connection, ld_wire_request(ld_check_probe(check)), 0, NULL, NULL, NULL,
                           NULL, 0) ||
        !PQsetSingleRowMode(connection))
        fail(check, LD_L7RSP, PQerrorMessage(connection));
    else
        wait_for(check, EPOLLIN | EPOLLOUT, pgsql_asking);
}

/* ---- the connection ---- */

static void go_on(struct ld_check *check, PostgresPollingStatusType status)
{
    struct pgsql_state *state = ld_check_state(check);
    const char *words;

    switch (status) {
    case PGRES_POLLING_READING:
        wait_for(check, EPOLLIN, pgsql_connecting);
        return;
    case PGRES_POLLING_WRITING:
        wait_for(check, EPOLLOUT, pgsql_connecting);
        return;
    case PGRES_POLLING_OK:
        send_statement(check);
        return;
    default:
        words = PQerrorMessage(state->connection);
        fail(check, strstr(words, "FATAL") != NULL ? LD_L7STS : LD_L7RSP, words);
        return;
    }
}

static void pgsql_connecting(void *ctx, uint32_t events)
{
    struct ld_check *check = ctx;
    struct pgsql_state *state = ld_check_state(check);

    (void)events;
    if (ld_sql_woken(&state->sql, check))
        go_on(check, PQconnectPoll(state->connection));
}

/* The kernel's reason comes as its sentence only. What is not known says nothing about the server. */
static enum ld_verdict unconnected(const char *words)
{
    static const int errors[] = {ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN};

    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++)
        if (strstr(words, g_strerror(errors[i])) != NULL)
            return ld_check_errno(errors[i]);
    return LD_INTERNAL;
}

/* Notices are for somebody at a terminal. */
static void no_notice(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

static int pgsql_start(struct ld_check *check)
{
    static const char *const names[] = {"hostaddr", "port",     "dbname",           "user",
                                        "password", "gssencmode", "application_name", NULL};
    const struct ld_probe *probe = ld_check_probe(check);
    struct pgsql_state *state = ld_check_state(check);
    char address[HA_ADDR_TEXT], port[8];
    /* Without "gssencmode" libpq would look for a Kerberos server first, and wait for it. */
    const char *values[] = {address,       port,      probe->database, probe->login,
                            probe->passwd, "disable", "ldirectord",    NULL};

    if (!ld_sql_begin(&state->sql, check))
        return 0;
    ha_addr_text(&probe->addr, address);
    g_snprintf(port, sizeof(port), "%u", probe->port);
    state->connection = PQconnectStartParams(names, values, 0);
    if (state->connection == NULL)
        return -ENOMEM;
    PQsetNoticeProcessor(state->connection, no_notice, NULL);
    if (PQstatus(state->connection) == CONNECTION_BAD)
        fail(check, unconnected(PQerrorMessage(state->connection)), PQerrorMessage(state->connection));
    else
        go_on(check, PGRES_POLLING_WRITING);
    return 0;
}

static void pgsql_stop(struct ld_check *check)
{
    struct pgsql_state *state = ld_check_state(check);

    ha_watch_stop(ld_check_loop(check), &state->sql.watch);
    if (state->connection != NULL)
        PQfinish(state->connection);
}

const struct ld_check_ops ld_check_pgsql = {
    .name = "pgsql",
    .late = &ld_late_pgsql,
    .state_size = sizeof(struct pgsql_state),
    .start = pgsql_start,
    .stop = pgsql_stop,
    .deadline = ld_sql_deadline,
};
