/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sendexpect: says the bytes of send, and waits until those of expect are in what
 * it hears; for any byte at all if there is no expect. Over UDP expect must be in
 * one datagram, and ours is sent again after 1, 2, 4... s.
 *
 * redis and memcached are the same with words of their own:
 *
 *   redis      PING (after AUTH, with passwd and perhaps login): +PONG; an error
 *              of its protocol is a status and not waited out
 *   memcached  version: VERSION
 */
#include <string.h>

#include "ldirectord/check/wire.h"

#define ANSWER_MAX_BYTES ((size_t)64 << 10)

struct sendexpect_state {
    struct ld_wire wire;
    char *send, *expect;
    size_t send_length, expect_length;
    const char *error; /* a line that begins so says no; NULL: none does */
    bool heard;
};

/* ---- recipes ---- */

/* A command as redis reads it whatever is in its words. */
static void append_words(GString *out, const char *const *words)
{
    g_string_append_printf(out, "*%u\r\n", g_strv_length((char **)(void *)words));
    for (; *words != NULL; words++)
        g_string_append_printf(out, "$%zu\r\n%s\r\n", strlen(*words), *words);
}

static void redis_recipe(struct sendexpect_state *state, const struct ld_probe *probe)
{
    const char *login = probe->login, *passwd = probe->passwd;
    bool named = login != NULL && login[0] != '\0';
    const char *const auth[] = {"AUTH", named ? login : passwd, named ? passwd : NULL, NULL};
    GString *out = g_string_new(NULL);

    if (passwd != NULL && passwd[0] != '\0')
        append_words(out, auth);
    append_words(out, (const char *const[]){"PING", NULL});
    state->send_length = out->len;
    state->send = g_string_free(out, FALSE);
    state->expect = g_strdup("+PONG\r\n");
    state->expect_length = 7;
    state->error = "-";
}

static void memcached_recipe(struct sendexpect_state *state)
{
    state->send = g_strdup("version\r\n");
    state->send_length = 9;
    state->expect = g_strdup("VERSION ");
    state->expect_length = 8;
    state->error = "ERROR";
}

static void configured_recipe(struct sendexpect_state *state, const struct ld_probe *probe)
{
    const char *send = probe->terms.send, *expect = probe->terms.expect;

    state->send = ld_terms_bytes(send != NULL ? send : "", &state->send_length);
    state->expect = ld_terms_bytes(expect != NULL ? expect : "", &state->expect_length);
}

/* ---- the exchange ---- */

static void missed(struct ld_check *check, const void *bytes, size_t length)
{
    struct sendexpect_state *state = ld_check_state(check);
    char shown[LD_SHOWN_MAX + 1];
    char *detail = g_strdup_printf("not expected: %s", ld_wire_shown(bytes, length, shown));

    ld_wire_done(&state->wire, LD_L7MATCH, detail);
    g_free(detail);
}

/* The first whole line that says no; NULL: none. */
static const char *error_in(const struct sendexpect_state *state, const char *text, size_t length)
{
    const char *end = text + length, *feed;
    size_t begins = state->error != NULL ? strlen(state->error) : 0;

    for (; begins > 0 && (feed = memchr(text, '\n', (size_t)(end - text))) != NULL; text = feed + 1)
        if ((size_t)(feed - text) >= begins && memcmp(text, state->error, begins) == 0)
            return text;
    return NULL;
}

static void sendexpect_heard(struct ld_check *check, const uint8_t *bytes, size_t length, bool end)
{
    struct sendexpect_state *state = ld_check_state(check);
    const char *error = error_in(state, (const char *)bytes, length);
    char shown[LD_SHOWN_MAX + 1];

    state->heard |= length > 0;
    if (length > 0 && memmem(bytes, length, state->expect, state->expect_length) != NULL)
        ld_wire_done(&state->wire, LD_L7OK, NULL);
    else if (error != NULL)
        ld_wire_done(&state->wire, LD_L7STS,
                     ld_wire_shown(error, length - (size_t)(error - (const char *)bytes), shown));
    else if (!state->wire.datagrams && (length > ANSWER_MAX_BYTES || (end && length > 0)))
        missed(check, bytes, length);
}

static void sendexpect_ready(struct ld_check *check)
{
    struct sendexpect_state *state = ld_check_state(check);

    if (state->send_length > 0)
        ld_wire_say(&state->wire, state->send, state->send_length, LD_SAY_REPEAT);
}

static const struct ld_talk sendexpect_talk = {
    .waiting_max = SIZE_MAX, .ready = sendexpect_ready, .heard = sendexpect_heard};

static int sendexpect_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct sendexpect_state *state = ld_check_state(check);

    if (probe->app == LD_APP_REDIS)
        redis_recipe(state, probe);
    else if (probe->app == LD_APP_MEMCACHED)
        memcached_recipe(state);
    else
        configured_recipe(state, probe);
    if (state->send == NULL || state->expect == NULL) {
        ld_check_done(check, LD_INTERNAL, "send or expect has an escape that there is not");
        return 0;
    }
    return ld_wire_open(&state->wire, check,
                        probe->app == LD_APP_SENDEXPECT ? probe->protocol : LD_TCP,
                        &sendexpect_talk);
}

static void sendexpect_stop(struct ld_check *check)
{
    struct sendexpect_state *state = ld_check_state(check);

    ld_wire_close(&state->wire);
    if (state->send != NULL)
        memset(state->send, 0, state->send_length); /* it may have been a password */
    g_free(state->send);
    g_free(state->expect);
}

static enum ld_verdict sendexpect_deadline(struct ld_check *check)
{
    struct sendexpect_state *state = ld_check_state(check);

    return state->heard && state->wire.datagrams ? LD_L7MATCH : ld_wire_deadline(check);
}

const struct ld_check_ops ld_check_sendexpect = {
    .name = "sendexpect",
    .state_size = sizeof(struct sendexpect_state),
    .start = sendexpect_start,
    .stop = sendexpect_stop,
    .deadline = sendexpect_deadline,
};
