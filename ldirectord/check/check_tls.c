/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls: a handshake with the right certificate, and nothing said after it; for
 * what speaks TLS and a protocol that we do not know. The certificate must be
 * good unless verify says otherwise; SNI is sni, else virtualhost.
 */
#include <errno.h>

#include "ldirectord/check/channel.h"
#include "ldirectord/check/late.h"

struct tls_state {
    struct ld_channel channel;
};

/* Nothing is read any more: a server with much to say would keep us listening. */
static void tls_opened(void *ctx)
{
    struct tls_state *state = ld_check_state(ctx);

    ld_channel_close(&state->channel);
    ld_check_done(ctx, LD_L6OK, NULL);
}

static void tls_failed(void *ctx, enum ld_verdict verdict, const char *why)
{
    ld_check_done(ctx, verdict, why); /* the first word counts */
}

static const struct ld_channel_ops channel_ops = {
    .opened = tls_opened, .failed = tls_failed};

static int tls_start(struct ld_check *check)
{
    const struct ld_probe *probe = ld_check_probe(check);
    struct tls_state *state = ld_check_state(check);

    if (probe->port == 0) {
        ld_check_done(check, LD_L4CON, "no port is configured for this check");
        return 0;
    }
    return ld_channel_open(&state->channel, check, &probe->addr, probe->port, LD_CHANNEL_CHAIN,
                           &channel_ops, check);
}

static void tls_stop(struct ld_check *check)
{
    struct tls_state *state = ld_check_state(check);

    ld_channel_close(&state->channel);
}

static enum ld_verdict tls_deadline(struct ld_check *check)
{
    struct tls_state *state = ld_check_state(check);

    return ld_channel_overdue(&state->channel);
}

const struct ld_check_ops ld_check_tls = {
    .name = "tls",
    .late = &ld_late_curl,
    .state_size = sizeof(struct tls_state),
    .start = tls_start,
    .stop = tls_stop,
    .deadline = tls_deadline,
};
