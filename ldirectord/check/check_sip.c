/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sip: one OPTIONS request for login, and a final answer of 2xx to it. What is
 * said before (1xx) is not the answer yet. Over UDP the request is sent again
 * until the server says something.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "ldirectord/check/sip_message.h"
#include "ldirectord/check/wire.h"

struct sip_state {
    struct ld_wire wire;
    struct ld_sip_ask ask;
    char *login;
};

/* True: the next message is to be looked at. */
static bool judge_message(struct ld_check *check, const uint8_t *bytes, size_t length, size_t *size)
{
    struct sip_state *state = ld_check_state(check);
    char shown[LD_SHOWN_MAX + 1];
    unsigned status;

    switch (ld_sip_read(bytes, length, &state->ask, &status, size)) {
    case LD_SIP_ANSWER:
        if (status < 200)
            return *size <= length;
        ld_wire_done(&state->wire, status < 300 ? LD_L7OK : LD_L7STS,
                     ld_wire_shown(bytes, length, shown));
        return false;
    case LD_SIP_OTHER:
        return *size <= length;
    case LD_SIP_NONE:
        ld_wire_done(&state->wire, LD_L7RSP, ld_wire_shown(bytes, length, shown));
        return false;
    default:
        if (state->wire.datagrams)
            ld_wire_done(&state->wire, LD_L7RSP, "half an answer in a datagram");
        return false;
    }
}

static void sip_heard(struct ld_check *check, const uint8_t *bytes, size_t length, bool end)
{
    struct sip_state *state = ld_check_state(check);
    size_t taken = 0, size = 0;

    (void)end;
    while (taken < length && judge_message(check, bytes + taken, length - taken, &size)) {
        taken += size;
        if (state->wire.datagrams)
            return;
    }
    if (!state->wire.datagrams)
        ld_wire_take(&state->wire, taken);
}

static void sip_ready(struct ld_check *check)
{
    struct sip_state *state = ld_check_state(check);
    char *request;

    ld_wire_local(&state->wire, &state->ask.local, &state->ask.local_port);
    request = ld_sip_options(&state->ask);
    ld_wire_say(&state->wire, request, strlen(request), LD_SAY_REPEAT);
    g_free(request);
}

static const struct ld_talk sip_talk = {
    .waiting_max = 2 * LD_SIP_MAX, .ready = sip_ready, .heard = sip_heard};

/* As in the classic file: ldirectord@ and the name of this machine. */
static char *login_of(const struct ld_probe *probe)
{
    const char *name = g_getenv("HOSTNAME");

    if (probe->login != NULL && probe->login[0] != '\0')
        return g_strdup(probe->login);
    return g_strconcat("ldirectord@", name != NULL && *name != '\0' ? name : g_get_host_name(),
                       NULL);
}

static int sip_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct sip_state *state = ld_check_state(check);
    uint64_t random;

    if (getrandom(&random, sizeof(random), 0) != sizeof(random))
        return -errno;
    g_snprintf(state->ask.token, sizeof(state->ask.token), "%016" G_GINT64_MODIFIER "x", random);
    state->ask.login = state->login = login_of(probe);
    state->ask.tcp = probe->protocol != LD_UDP;
    return ld_wire_open(&state->wire, check, probe->protocol, &sip_talk);
}

static void sip_stop(struct ld_check *check)
{
    struct sip_state *state = ld_check_state(check);

    ld_wire_stop(check);
    g_free(state->login);
}

const struct ld_check_ops ld_check_sip = {
    .name = "sip",
    .state_size = sizeof(struct sip_state),
    .start = sip_start,
    .stop = sip_stop,
    .deadline = ld_wire_deadline,
};
