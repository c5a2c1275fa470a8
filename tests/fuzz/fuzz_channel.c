/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks that libcurl keeps the connection for (smtp, pop, imap, ftp, ldap, tls),
 * and the mailer's dialogue with a mail server, whole: from the start to the end.
 * The first byte says which; each piece of the input up to a byte of 255
 * arrives by itself, one that begins with a byte of 1 on the newest connection, any other
 * on the first.
 */
#include <errno.h>

#include "common/run/clock.h"
#include "ldirectord/act/smtp.h"
#include "ldirectord/check/channel.h"
#include "tests/fuzz/fuzz.h"

#define CHANNELS_MAX 4
#define PIECES_MAX   256

static struct ha_loop *loop;
static struct ld_channel *channels[CHANNELS_MAX];
static unsigned opened, told;

/* ---- channel.c, but for the connection ---- */

static int open_it(struct ld_channel *channel, const struct ld_channel_ops *ops, void *ctx)
{
    if (opened == CHANNELS_MAX)
        return -EMFILE;
    channel->ops = ops;
    channel->ctx = ctx;
    channels[opened++] = channel;
    return 0;
}

int ld_channel_open(struct ld_channel *channel, struct ld_check *check, const struct ha_addr *addr,
                    uint16_t port, enum ld_channel_tls tls, const struct ld_channel_ops *ops,
                    void *ctx)
{
    (void)check, (void)addr, (void)tls;
    fuzz_must(port > 0);
    return open_it(channel, ops, ctx);
}

int ld_channel_open_to(struct ld_channel *channel, struct ld_http *http, struct ha_loop *its_loop,
                       const char *host_and_port, uint64_t give_up_ms,
                       const struct ld_channel_ops *ops, void *ctx)
{
    (void)http, (void)its_loop, (void)host_and_port, (void)give_up_ms;
    return open_it(channel, ops, ctx);
}

void ld_channel_send(struct ld_channel *channel, const char *bytes, size_t length)
{
    (void)channel;
    fuzz_must(length == 0 || bytes != NULL);
}

bool ld_channel_local(const struct ld_channel *channel, struct ha_addr *addr)
{
    (void)channel;
    return ha_addr_parse(addr, "10.0.0.9");
}

enum ld_verdict ld_channel_overdue(const struct ld_channel *channel)
{
    (void)channel;
    return LD_L7TOUT;
}

void ld_channel_close(struct ld_channel *channel)
{
    channel->open = false;
    for (unsigned i = 0; i < opened; i++)
        if (channels[i] == channel)
            channels[i] = NULL;
}

/* ---- what the server says ---- */

static void stand(void)
{
    for (unsigned i = 0; i < opened; i++)
        if (channels[i] != NULL && !channels[i]->open) {
            channels[i]->open = true;
            channels[i]->ops->opened(channels[i]->ctx);
        }
}

static struct ld_channel *newest(void)
{
    for (unsigned i = opened; i > 1; i--)
        if (channels[i - 1] != NULL)
            return channels[i - 1];
    return NULL;
}

static void speak(struct fuzz_rest rest)
{
    struct fuzz_rest piece;
    struct ld_channel *channel;

    for (unsigned i = 0; i < PIECES_MAX && fuzz_until(&rest, 0xff, &piece); i++) {
        bool to_newest = piece.left > 0 && piece.at[0] == 1;

        stand();
        channel = to_newest ? newest() : channels[0];
        if (channel == NULL)
            continue;
        if (to_newest && piece.left == 1)
            channel->ops->closed(channel->ctx);
        else if (piece.left > 0)
            channel->ops->heard(channel->ctx, (const char *)piece.at + to_newest, piece.left - to_newest);
    }
    stand();
    while ((channel = newest()) != NULL) {
        channel->ops->closed(channel->ctx);
        ld_channel_close(channel);
    }
    if (channels[0] != NULL)
        channels[0]->ops->closed(channels[0]->ctx);
}

static void verdict(void *ctx, uint32_t check_id, enum ld_verdict is, const char *detail,
                    const struct ld_advice *advice, uint64_t took_ns, uint64_t now_ns)
{
    (void)ctx, (void)check_id, (void)advice, (void)took_ns, (void)now_ns;
    fuzz_must(++told == 1 && is < LD_VERDICT_COUNT && (detail == NULL || strlen(detail) < 4096));
    ha_loop_stop(loop, 0);
}

static void check_it(enum ld_app app, struct fuzz_rest rest)
{
    struct ld_probe probe = {.type = LD_CHECK_NEGOTIATE, .app = app, .protocol = LD_TCP, .port = 25,
                             .timeout_ms = 600000, .login = "login", .passwd = "secret",
                             .request = "/cn=hearth", .receive = "hearth"};
    struct ld_checks *checks = NULL;

    fuzz_must(ha_addr_parse(&probe.addr, "10.0.0.1"));
    fuzz_must(ld_checks_new(&checks, loop, verdict, NULL) == 0);
    ld_checks_start(checks, 1, &probe, ha_clock_ns());
    speak(rest);
    ha_loop_run(loop);
    fuzz_must(told == 1);
    ld_checks_free(checks);
}

static void mailed(void *ctx, const char *why, bool for_good)
{
    (void)ctx, (void)for_good;
    fuzz_must(++told == 1 && (why == NULL || strlen(why) < 4096));
}

static void mail(struct fuzz_rest rest)
{
    static char one[] = "admin@example.com", two[] = "oncall@example.com", text[] = "Subject: x\n\n.\n";
    char *to[] = {one, two, NULL};
    struct ld_letter letter = {.from = one, .to = to, .text = text};
    struct ld_smtp smtp = {0};

    fuzz_must(ld_smtp_start(&smtp, NULL, loop, "10.0.0.1:25", &letter, "lb1", 600000, mailed, NULL) == 0);
    speak(rest);
    fuzz_must(told == 1);
    ld_smtp_stop(&smtp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum ld_app apps[] = {LD_APP_SMTP, LD_APP_POP, LD_APP_IMAP, LD_APP_FTP, LD_APP_LDAP,
                                       LD_APP_TLS};
    struct fuzz_rest rest = {data, size};
    uint8_t which = fuzz_byte(&rest);

    memset(channels, 0, sizeof(channels));
    opened = told = 0;
    loop = ha_loop_new();
    fuzz_must(loop != NULL);
    if (which % 7 == 6)
        mail(rest);
    else
        check_it(apps[which % 7], rest);
    ha_loop_free(loop);
    return 0;
}
