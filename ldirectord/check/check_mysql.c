/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mysql: logs in, runs request as one statement, and wants a row of it, or one
 * changed by it. receive does not count, and never did.
 *
 * libmariadb runs each call on a small stack of its own and comes back whenever
 * it would have to wait. What it holds at such a moment is on that stack: a call
 * cannot be dropped half way but must be told that its time is up, and run to
 * its end; with the socket shut down it has nothing left to wait for.
 */
#include <errno.h>
#include <limits.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "ldirectord/check/late.h"
#include "ldirectord/check/sql.h"
#include "ldirectord/check/wire.h"

/* Of one packet, and so of a row. */
#define PACKET_MAX (1 << 20)
/* A result is read to its end, so that the server need not log a client that was cut off; but
 * not for more rows than these. */
#define ROWS_MAX   16
/* No plugin that would ask somebody at a terminal, or tell the password to whoever asks. */
#define AUTH       "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password"

enum stage { CONNECT, ASK, FETCH };

struct mysql_state {
    struct ld_sql sql; /* first */
    MYSQL *connection;
    MYSQL_RES *result;
    enum stage stage;
    bool suspended; /* inside the call of this stage */
    bool finished;  /* nothing more is due from the server */
    unsigned rows;
    MYSQL *returned_connection; /* what the calls return, once they do */
    int returned_status;
    MYSQL_ROW returned_row;
};

static void run(struct ld_check *check, int ready);

/* ---- one call after the other ---- */

/* Begins the call of the stage, or goes on with it; what it waits for, 0: it has returned. */
static int call(struct ld_check *check, int ready)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct mysql_state *state = ld_check_state(check);
    const char *request = ld_wire_request(probe);
    char address[HA_ADDR_TEXT];

    switch (state->stage) {
    case CONNECT:
        if (ready != 0)
            return mysql_real_connect_cont(&state->returned_connection, state->connection, ready);
        return mysql_real_connect_start(&state->returned_connection, state->connection,
                                        ha_addr_text(&probe->addr, address), probe->login,
                                        probe->passwd, probe->database, probe->port, NULL, 0);
    case ASK:
        if (ready != 0)
            return mysql_real_query_cont(&state->returned_status, state->connection, ready);
        return mysql_real_query_start(&state->returned_status, state->connection, request,
                                      strlen(request));
    default:
        if (ready != 0)
            return mysql_fetch_row_cont(&state->returned_row, state->result, ready);
        return mysql_fetch_row_start(&state->returned_row, state->result);
    }
}

/* The kernel's reason stands at the end of libmariadb's words, and nowhere else: "... (111)". */
static enum ld_verdict unconnected(const char *words)
{
    const char *number = strrchr(words, '(');
    long error = number != NULL ? strtol(number + 1, NULL, 10) : 0;

    return error > 0 && error < INT_MAX ? ld_check_errno((int)error) : LD_L4CON;
}

/* Numbers from 2000 are libmariadb's own: the server said nothing, or nothing that could be read. */
static void fail(struct ld_check *check)
{
    struct mysql_state *state = ld_check_state(check);
    unsigned number = mysql_errno(state->connection);
    bool ours = number >= 2000 && number < 3000;

    state->finished = !ours;
    ld_sql_done(check,
                !state->sql.connected ? unconnected(mysql_error(state->connection))
                : ours                ? LD_L7RSP
                                      : LD_L7STS,
                mysql_error(state->connection));
}

static void succeed_if(struct ld_check *check, bool rows)
{
    ld_check_done(check, rows ? LD_L7OK : LD_L7STS, rows ? NULL : "no rows");
}

/* The statement has been answered. True: by rows, which now come. */
static bool take_result(struct ld_check *check)
{
    struct mysql_state *state = ld_check_state(check);

    state->result = mysql_use_result(state->connection);
    if (state->result != NULL)
        return true;
    if (mysql_field_count(state->connection) != 0) {
        fail(check);
        return false;
    }
    state->finished = true;
    succeed_if(check, mysql_affected_rows(state->connection) > 0);
    return false;
}

/* True: there may be another. */
static bool take_row(struct ld_check *check)
{
    struct mysql_state *state = ld_check_state(check);

    if (state->returned_row != NULL && ++state->rows < ROWS_MAX)
        return true;
    if (state->returned_row == NULL && mysql_errno(state->connection) != 0) {
        fail(check);
        return false;
    }
    state->finished = state->returned_row == NULL;
    succeed_if(check, state->rows > 0);
    return false;
}

/* The call of the stage has returned. True: the next one is to be made. */
static bool advance(struct ld_check *check)
{
    struct mysql_state *state = ld_check_state(check);

    switch (state->stage) {
    case CONNECT:
        if (state->returned_connection == NULL)
            break;
        state->stage = ASK;
        return true;
    case ASK:
        if (state->returned_status != 0)
            break;
        state->stage = FETCH;
        return take_result(check);
    default:
        return take_row(check);
    }
    fail(check);
    return false;
}

/* ---- on the loop ---- */

static void mysql_ready(void *ctx, uint32_t events)
{
    struct ld_check *check = ctx;
    struct mysql_state *state = ld_check_state(check);

    if (ld_sql_woken(&state->sql, check))
        run(check, (events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? MYSQL_WAIT_READ : 0) |
                       (events & EPOLLOUT ? MYSQL_WAIT_WRITE : 0) |
                       (events & EPOLLPRI ? MYSQL_WAIT_EXCEPT : 0));
}

static void run(struct ld_check *check, int ready)
{
    struct mysql_state *state = ld_check_state(check);
    uint32_t events;
    int waits, error;

    do {
        waits = call(check, ready);
        ready = 0;
        state->suspended = waits != 0;
    } while (!state->suspended && advance(check));
    if (!state->suspended)
        return;
    events = (waits & MYSQL_WAIT_READ ? EPOLLIN : 0) | (waits & MYSQL_WAIT_WRITE ? EPOLLOUT : 0) |
             (waits & MYSQL_WAIT_EXCEPT ? EPOLLPRI : 0);
    error = ld_sql_wait(&state->sql, check, mysql_get_socket(state->connection), events,
                        mysql_ready);
    if (error != 0)
        ld_check_done(check, ld_check_errno(-error), g_strerror(-error));
}

static void set_options(MYSQL *connection)
{
    const unsigned no = 0, tcp = MYSQL_PROTOCOL_TCP;
    const size_t packet_max = PACKET_MAX;

    mysql_options(connection, MYSQL_OPT_NONBLOCK, NULL);
    mysql_options(connection, MYSQL_OPT_PROTOCOL, &tcp);
    mysql_options(connection, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_max);
    /* A server could ask for any file of ours. */
    mysql_options(connection, MYSQL_OPT_LOCAL_INFILE, &no);
    mysql_options(connection, MARIADB_OPT_RESTRICTED_AUTH, AUTH);
}

static int mysql_check_start(struct ld_check *check)
{
    struct mysql_state *state = ld_check_state(check);

    if (!ld_sql_begin(&state->sql, check))
        return 0;
    state->connection = mysql_init(NULL);
    if (state->connection == NULL)
        return -ENOMEM;
    set_options(state->connection);
    run(check, 0);
    return 0;
}

static void mysql_check_stop(struct ld_check *check)
{
    struct mysql_state *state = ld_check_state(check);

    ha_watch_stop(ld_check_loop(check), &state->sql.watch);
    if (state->connection == NULL)
        return;
    if (!state->finished)
        shutdown(mysql_get_socket(state->connection), SHUT_RDWR);
    while (state->suspended)
        state->suspended = call(check, MYSQL_WAIT_TIMEOUT) != 0;
    if (state->result != NULL)
        mysql_free_result(state->result);
    mysql_close(state->connection);
}

const struct ld_check_ops ld_check_mysql = {
    .name = "mysql",
    .late = &ld_late_mysql,
    .state_size = sizeof(struct mysql_state),
    .start = mysql_check_start,
    .stop = mysql_check_stop,
    .deadline = ld_sql_deadline,
};
