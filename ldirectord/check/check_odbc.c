/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * odbc, and oracle by way of it: logs in to a data source, runs request as one
 * statement, and wants a row of it, or one changed by it.
 *
 * A driver is somebody else's code, loaded when first asked, that waits as long
 * as it likes: so it lives in a process of its own (odbc_ask.c), which has the
 * time and the memory that one check may take. It is told on its standard input,
 * where no other user can read the password.
 */
#include <errno.h>
#include <string.h>

#include "common/run/child.h"
#include "ldirectord/check/odbc_text.h"
#include "ldirectord/check/wire.h"

#define SAYS_MAX 1024

struct odbc_state {
    struct ha_child *child;
};

/* What a driver's or the driver manager's SQLSTATE says about the server. */
static enum ld_verdict verdict_of(const char *sqlstate)
{
    static const struct {
        const char *begins;
        enum ld_verdict verdict;
    } rows[] = {
        {"08S01", LD_L7RSP},  /* the link broke after it stood */
        {"08", LD_L4CON},
        {"HYT", LD_L4TOUT},
        {"HY001", LD_L7RSP}, /* an answer too large for the memory it may take */
        {"IM", LD_INTERNAL},  /* no such data source or driver on this machine */
        {"01000", LD_INTERNAL}, /* the driver manager: a driver that cannot be loaded */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_has_prefix(sqlstate, rows[i].begins))
            return rows[i].verdict;
    return LD_L7STS;
}

static void odbc_ended(void *ctx, const struct ha_child_result *result)
{
    struct ld_check *check = ctx;
    struct odbc_state *state = ld_check_state(check);
    char shown[LD_SHOWN_MAX + 1];

    state->child = NULL;
    ld_wire_shown(result->output, result->output_len, shown);
    if (result->end == HA_CHILD_EXITED && result->code == 0) {
        ld_check_done(check, LD_L7OK, NULL);
    } else if (result->end == HA_CHILD_EXITED && result->code == 1) {
        ld_check_done(check, verdict_of(shown), shown);
    } else if (result->end == HA_CHILD_TIMED_OUT) {
        ld_check_done(check, LD_L7TOUT, NULL);
    } else {
        char *why = ha_child_result_text(result);
        char *whole = g_strdup_printf("the ODBC driver ended: %s", why);

        /* A program that is not there says nothing about the server; a driver that the server's
         * answer kills does. */
        ld_check_done(check, result->end == HA_CHILD_FAILED ? LD_INTERNAL : LD_L7RSP, whole);
        g_free(whole);
        g_free(why);
    }
}

static bool is_complete(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    bool login = probe->login != NULL && probe->login[0] != '\0';

    if (ld_wire_request(probe)[0] == '\0')
        ld_check_done(check, LD_L7STS, "request must be set for this check");
    else if (probe->app == LD_APP_ORACLE && !login)
        ld_check_done(check, LD_L7STS, "login must be set for this check");
    else
        return true;
    return false;
}

static int odbc_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct odbc_state *state = ld_check_state(check);
    const char *other = g_getenv("HEARTH_ODBC_ASK");
    char *argv[] = {(char *)(other != NULL ? other : LD_ODBC_ASK), NULL};
    struct ha_child_spec spec = {.path = argv[0], .argv = argv, .cwd = "/",
                                 .deadline_ms = probe->timeout_ms, .output_max = SAYS_MAX};
    char *connection, *input;

    if (!is_complete(check))
        return 0;
    connection = ld_odbc_connection(probe);
    if (connection == NULL) {
        ld_check_done(check, LD_INTERNAL, "the connection string has more than one line");
        return 0;
    }
    spec.input = input = g_strdup_printf("%s\n%s", connection, ld_wire_request(probe));
    state->child = ha_child_start(ld_check_loop(check), &spec, odbc_ended, check);
    memset(input, 0, strlen(input));
    memset(connection, 0, strlen(connection));
    g_free(input);
    g_free(connection);
    return state->child == NULL ? -errno : 0;
}

static void odbc_stop(struct ld_check *check)
{
    struct odbc_state *state = ld_check_state(check);

    if (state->child != NULL)
        ha_child_abandon(state->child);
}

const struct ld_check_ops ld_check_odbc = {
    .name = "odbc",
    .state_size = sizeof(struct odbc_state),
    .start = odbc_start,
    .stop = odbc_stop,
};
