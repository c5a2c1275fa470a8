/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldap and ldaps: a bind (with login and passwd where there are both, else
 * anonymous), then the entry whose DN is the request: there must be exactly
 * one, and `receive` must be found in its DN as the server writes it. Asks for
 * no attribute. Certificates of ldaps are not verified, as ever.
 */
#include <string.h>

#include "ldirectord/check/channel.h"
#include "ldirectord/check/late.h"
#include "ldirectord/check/ldap_message.h"
#include "ldirectord/check/wire.h"

/* Of all answers together: entries and references that nobody asked for. */
#define HEARD_MAX_BYTES ((size_t)4 << 20)

enum { BIND_ID = 1, SEARCH_ID, UNBIND_ID };

struct ldap_state {
    struct ld_check *check;
    struct ld_channel channel;
    GByteArray *heard;
    size_t heard_in_all;
    bool bound;
    unsigned entries;
    char *dn; /* of the first one */
};

/* ---- the end ---- */

static void finish(struct ldap_state *state, enum ld_verdict verdict, const char *detail)
{
    ld_channel_close(&state->channel);
    ld_check_done(state->check, verdict, detail);
}

static void finish_refused(struct ldap_state *state, const char *what,
                           const struct ld_ldap_answer *answer)
{
    char words[LD_SHOWN_MAX + 1], *detail;

    ld_wire_shown(answer->text, answer->length, words);
    detail = g_strdup_printf("%s: LDAP result %u%s%s", what, answer->result,
                             words[0] != '\0' ? ", " : "", words);
    finish(state, LD_L7STS, detail);
    g_free(detail);
}

static void send_message(struct ldap_state *state, GByteArray *message)
{
    ld_channel_send(&state->channel, (const char *)message->data, message->len);
    memset(message->data, 0, message->len);
    g_byte_array_free(message, TRUE);
}

/* A goodbye has no answer in this protocol, so it costs nothing to be polite. */
static void say_goodbye(struct ldap_state *state)
{
    GByteArray *message = g_byte_array_new();

    ld_ldap_unbind(message, UNBIND_ID);
    send_message(state, message);
}

static void judge(struct ldap_state *state)
{
    const char *receive = ld_check_probe(state->check)->receive, *why = NULL;
    char *detail;
    int found = 1;

    say_goodbye(state);
    if (state->entries != 1) {
        detail = g_strdup_printf("%u entries, not one", state->entries);
        finish(state, LD_L7MATCH, detail);
        g_free(detail);
        return;
    }
    if (receive != NULL && receive[0] != '\0')
        found = ld_checks_match(ld_check_room(state->check), receive, state->dn, strlen(state->dn),
                                &why);
    if (found > 0)
        finish(state, LD_L7OK, NULL);
    else
        finish(state, LD_L7MATCH, found == 0 ? "not found in the DN" : why);
}

/* ---- the dialogue ---- */

static void ldap_bound(struct ldap_state *state, const struct ld_ldap_answer *answer)
{
    GByteArray *message;

    if (state->bound) {
        finish(state, LD_L7RSP, "a second answer to our bind");
        return;
    }
    if (answer->result != 0) {
        finish_refused(state, "bind", answer);
        return;
    }
    state->bound = true;
    message = g_byte_array_new();
    ld_ldap_search(message, SEARCH_ID, ld_wire_request(ld_check_probe(state->check)));
    send_message(state, message);
}

static void ldap_answered(struct ldap_state *state, const struct ld_ldap_answer *answer)
{
    if (answer->kind == LD_LDAP_BIND_RESPONSE) {
        ldap_bound(state, answer);
    } else if (answer->kind == LD_LDAP_NOTICE) {
        finish_refused(state, "goodbye", answer);
    } else if (!state->bound) {
        finish(state, LD_L7RSP, "an answer to what was not asked");
    } else if (answer->kind == LD_LDAP_ENTRY) {
        if (state->entries++ == 0)
            state->dn = g_strndup(answer->text, answer->length);
    } else if (answer->kind == LD_LDAP_DONE) {
        if (answer->result == 0)
            judge(state);
        else
            finish_refused(state, "search", answer);
    }
}

/* ---- the connection ---- */

static void ldap_opened(void *ctx)
{
    struct ldap_state *state = ctx;
    const struct ld_probe *probe = ld_check_probe(state->check);
    const char *login = probe->login != NULL ? probe->login : "";
    const char *passwd = probe->passwd != NULL ? probe->passwd : "";
    bool both = login[0] != '\0' && passwd[0] != '\0';
    GByteArray *message = g_byte_array_new();

    ld_ldap_bind(message, BIND_ID, both ? login : "", both ? passwd : "");
    send_message(state, message);
}

static void ldap_heard(void *ctx, const char *bytes, size_t length)
{
    struct ldap_state *state = ctx;
    struct ld_ldap_answer answer;
    size_t used = 0, taken = 0;
    int complete = 0;

    g_byte_array_append(state->heard, (const guint8 *)bytes, (guint)length);
    state->heard_in_all += length;
    while (state->channel.open &&
           (complete = ld_ldap_read(state->heard->data + taken, state->heard->len - taken, &answer,
                                    &used)) == 1) {
        taken += used;
        ldap_answered(state, &answer);
    }
    g_byte_array_remove_range(state->heard, 0, (guint)taken);
    if (!state->channel.open)
        return;
    if (complete < 0)
        finish(state, LD_L7RSP, "not LDAP");
    else if (state->heard_in_all > HEARD_MAX_BYTES)
        finish(state, LD_L7RSP, "an answer without end");
}

static void ldap_closed(void *ctx)
{
    finish(ctx, LD_L7RSP, "the server hung up");
}

static void ldap_failed(void *ctx, enum ld_verdict verdict, const char *why)
{
    finish(ctx, verdict, why);
}

static const struct ld_channel_ops channel_ops = {
    .opened = ldap_opened,
    .heard = ldap_heard,
    .closed = ldap_closed,
    .failed = ldap_failed,
};

static int ldap_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct ldap_state *state = ld_check_state(check);

    state->check = check;
    if (probe->port == 0) {
        ld_check_done(check, LD_L4CON, "no port is configured for this check");
        return 0;
    }
    state->heard = g_byte_array_new();
    return ld_channel_open(&state->channel, check, &probe->addr, probe->port,
                           probe->app == LD_APP_LDAPS ? LD_CHANNEL_TLS : LD_CHANNEL_PLAIN,
                           &channel_ops, state);
}

static void ldap_stop(struct ld_check *check)
{
    struct ldap_state *state = ld_check_state(check);

    ld_channel_close(&state->channel);
    if (state->heard != NULL)
        g_byte_array_free(state->heard, TRUE);
    g_free(state->dn);
}

static enum ld_verdict ldap_deadline(struct ld_check *check)
{
    const struct ldap_state *state = ld_check_state(check);

    return ld_channel_overdue(&state->channel);
}

const struct ld_check_ops ld_check_ldap = {
    .name = "ldap",
    .late = &ld_late_curl,
    .state_size = sizeof(struct ldap_state),
    .start = ldap_start,
    .stop = ldap_stop,
    .deadline = ldap_deadline,
};
