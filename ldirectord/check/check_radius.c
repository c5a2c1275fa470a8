/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * radius: login and passwd in an Access-Request, and an Access-Accept that is
 * signed with secret. An answer with a bad signature is passed over, as it may
 * be anybody's; if nothing better comes it is the reason of the failure. Always
 * over UDP.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "ldirectord/check/radius_message.h"
#include "ldirectord/check/wire.h"

struct radius_state {
    struct ld_wire wire;
    struct ld_radius_ask ask;
    bool forged;
};

static void radius_heard(struct ld_check *check, const uint8_t *bytes, size_t length, bool end)
{
    struct radius_state *state = ld_check_state(check);

    (void)end;
    switch (ld_radius_read(bytes, length, &state->ask)) {
    case LD_RADIUS_ACCEPT:
        ld_wire_done(&state->wire, LD_L7OK, NULL);
        return;
    case LD_RADIUS_REJECT:
        ld_wire_done(&state->wire, LD_L7STS, "Access-Reject");
        return;
    case LD_RADIUS_CHALLENGE:
        ld_wire_done(&state->wire, LD_L7STS, "Access-Challenge");
        return;
    case LD_RADIUS_BROKEN:
        ld_wire_done(&state->wire, LD_L7RSP, "the answer cannot be read");
        return;
    case LD_RADIUS_FORGED:
        state->forged = true;
        return;
    default:
        return;
    }
}

static void radius_ready(struct ld_check *check)
{
    struct radius_state *state = ld_check_state(check);
    uint8_t request[LD_RADIUS_MAX];
    size_t length;

    ld_wire_local(&state->wire, &state->ask.nas, NULL);
    length = ld_radius_request(&state->ask, request);
    if (length == 0)
        ld_wire_done(&state->wire, LD_INTERNAL, "login or passwd are too long for RADIUS");
    else
        ld_wire_say(&state->wire, request, length, LD_SAY_REPEAT);
}

static const struct ld_talk radius_talk = {.ready = radius_ready, .heard = radius_heard};

static int radius_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct radius_state *state = ld_check_state(check);
    uint8_t random[sizeof(state->ask.authenticator) + 1];

    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return -errno;
    memcpy(state->ask.authenticator, random, sizeof(state->ask.authenticator));
    state->ask.id = random[sizeof(random) - 1];
    state->ask.login = probe->login != NULL ? probe->login : "";
    state->ask.passwd = probe->passwd != NULL ? probe->passwd : "";
    state->ask.secret = probe->secret != NULL ? probe->secret : "";
    return ld_wire_open(&state->wire, check, LD_UDP, &radius_talk);
}

static enum ld_verdict radius_deadline(struct ld_check *check)
{
    struct radius_state *state = ld_check_state(check);

    if (state->forged)
        ld_wire_done(&state->wire, LD_L7RSP, "the answer is not signed with our secret");
    return ld_wire_deadline(check);
}

const struct ld_check_ops ld_check_radius = {
    .name = "radius",
    .state_size = sizeof(struct radius_state),
    .start = radius_start,
    .stop = ld_wire_stop,
    .deadline = radius_deadline,
};
