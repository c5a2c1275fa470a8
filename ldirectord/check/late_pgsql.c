/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we use of libpq, passed on to it (late.h). */
#include "ldirectord/check/late.h"

#include "config.h"

#include <glib.h>
#include <libpq-fe.h>

#define FUNCTIONS(F)                                                                               \
    F(PGconn *, PQconnectStartParams,                                                              \
      (const char *const *names, const char *const *values, int expand), (names, values, expand))  \
    F(PostgresPollingStatusType, PQconnectPoll, (PGconn *connection), (connection))                \
    F(ConnStatusType, PQstatus, (const PGconn *connection), (connection))                          \
    F(char *, PQerrorMessage, (const PGconn *connection), (connection))                            \
    F(int, PQsocket, (const PGconn *connection), (connection))                                     \
    F(void, PQfinish, (PGconn *connection), (connection))                                          \
    F(PQnoticeProcessor, PQsetNoticeProcessor,                                                     \
      (PGconn *connection, PQnoticeProcessor fn, void *ctx), (connection, fn, ctx))                \
    F(int, PQsetnonblocking, (PGconn *connection, int yes), (connection, yes))                     \
    F(int, PQsetSingleRowMode, (PGconn *connection), (connection))                                 \
    F(int, PQsendQueryParams,                                                                      \
      (PGconn *connection, const char *statement, int count, const Oid *types,                     \
       const char *const *values, const int *lengths, const int *formats, int format),             \
      (connection, statement, count, types, values, lengths, formats, format))                     \
    F(int, PQflush, (PGconn *connection), (connection))                                            \
    F(int, PQconsumeInput, (PGconn *connection), (connection))                                     \
    F(int, PQisBusy, (PGconn *connection), (connection))                                           \
    F(PGresult *, PQgetResult, (PGconn *connection), (connection))                                 \
    F(ExecStatusType, PQresultStatus, (const PGresult *result), (result))                          \
    F(char *, PQresultErrorMessage, (const PGresult *result), (result))                            \
    F(char *, PQresultErrorField, (const PGresult *result, int field), (result, field))            \
    F(char *, PQcmdTuples, (PGresult *result), (result))                                           \
    F(void, PQclear, (PGresult *result), (result))

static struct {
    FUNCTIONS(LD_LATE_POINTER)
} real;

static const struct ld_late_function functions[] = {FUNCTIONS(LD_LATE_ENTRY)};

struct ld_late ld_late_pgsql = {
    .file = LD_LATE_PGSQL,
    .functions = functions,
    .count = G_N_ELEMENTS(functions),
};

FUNCTIONS(LD_LATE_DEFINE)
