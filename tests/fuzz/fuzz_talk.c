/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks over sockets of ours, whole: from the start to the verdict, with the
 * input as all that the server says before it closes. The first byte says which
 * check; over UDP each piece up to a byte of 255 is a datagram. Instead of a connection there is a
 * socket pair, and what libcurl would be asked to do again fails.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/run/clock.h"
#include "ldirectord/check/check.h"
#include "ldirectord/check/dial.h"
#include "ldirectord/check/http_multi.h"
#include "tests/fuzz/fuzz.h"

/* Where nothing more can come: a check that still waits then waits for its deadline. */
#define ROUNDS_MAX 300

int __wrap_ld_transfer_run(struct ld_http *http, struct ld_transfer *transfer);
ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned flags);
int __wrap_getsockname(int fd, struct sockaddr *addr, socklen_t *size);

static struct fuzz_rest says;
static struct ha_loop *loop;
static int other_end = -1;
static unsigned told, rounds;

int __wrap_ld_transfer_run(struct ld_http *http, struct ld_transfer *transfer)
{
    (void)http, (void)transfer;
    return -ECONNREFUSED;
}

/* What is random is known to the server, who answers to it. */
ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned flags)
{
    (void)flags;
    memset(bytes, 'A', length);
    return (ssize_t)length;
}

int __wrap_getsockname(int fd, struct sockaddr *addr, socklen_t *size)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(5060)};

    (void)fd;
    inet_pton(AF_INET, "10.0.0.9", &here.sin_addr);
    *size = sizeof(here);
    memcpy(addr, &here, sizeof(here));
    return 0;
}

static void speak(int fd, bool datagrams)
{
    struct fuzz_rest piece;

    if (!datagrams) {
        while (says.left > 0) {
            ssize_t sent = send(fd, says.at, says.left, MSG_DONTWAIT | MSG_NOSIGNAL);

            if (sent <= 0)
                break;
            says.at += sent;
            says.left -= (size_t)sent;
        }
        shutdown(fd, SHUT_WR);
        return;
    }
    while (fuzz_until(&says, 0xff, &piece))
        if (send(fd, piece.at, piece.left, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            break;
}

int ld_dial(struct ld_check *check, int type, struct ha_watch *watch, uint32_t events,
            ha_watch_fn fn, void *ctx)
{
    int fds[2], error;

    *watch = (struct ha_watch)HA_WATCH_INIT;
    if (other_end >= 0)
        close(other_end); /* a second connection: there is nothing left to say */
    if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        return -errno;
    other_end = fds[1];
    speak(other_end, type == SOCK_DGRAM);
    error = ha_watch_start(ld_check_loop(check), watch, fds[0], events, fn, ctx);
    if (error != 0)
        close(fds[0]);
    return error;
}

int ld_dial_error(const struct ha_watch *watch, uint32_t events)
{
    (void)watch, (void)events;
    return 0;
}

static void verdict(void *ctx, uint32_t check_id, enum ld_verdict is, const char *detail,
                    const struct ld_advice *advice, uint64_t took_ns, uint64_t now_ns)
{
    (void)ctx, (void)took_ns, (void)now_ns;
    fuzz_must(check_id == 1 && ++told == 1 && is < LD_VERDICT_COUNT && advice->percent <= 100);
    fuzz_must(detail == NULL || strlen(detail) < 4096);
    ha_loop_stop(loop, 0);
}

static void next_round(void *ctx, uint64_t now_ns)
{
    struct ha_timer *timer = ctx;

    if (++rounds >= ROUNDS_MAX)
        ha_loop_stop(loop, 0);
    else
        ha_timer_set(loop, timer, now_ns, next_round, timer);
}

static const struct ld_probe *probe_of(uint8_t which)
{
    static const struct {
        enum ld_app app;
        enum ld_protocol protocol;
        const char *request, *receive;
    } kinds[] = {
        {LD_APP_HTTP, LD_TCP, "/", "hello"},        {LD_APP_HTTP, LD_TCP, "/", NULL},
        {LD_APP_NNTP, LD_TCP, NULL, NULL},          {LD_APP_SIMPLETCP, LD_TCP, "hi\\n", "^he(l+)o\\s"},
        {LD_APP_SIMPLETCP, LD_UDP, "hi", "hello"},  {LD_APP_SENDEXPECT, LD_TCP, NULL, NULL},
        {LD_APP_SENDEXPECT, LD_UDP, NULL, NULL},    {LD_APP_REDIS, LD_TCP, NULL, NULL},
        {LD_APP_MEMCACHED, LD_TCP, NULL, NULL},     {LD_APP_DNS, LD_UDP, "www.example.com", "10.0.0.1"},
        {LD_APP_SIP, LD_UDP, NULL, NULL},           {LD_APP_SIP, LD_TCP, NULL, NULL},
        {LD_APP_RADIUS, LD_UDP, NULL, NULL},        {LD_APP_NONE, LD_TCP, NULL, NULL},
    };
    static char send_word[] = "hi", expect_word[] = "hello";
    static struct ld_probe probe;

    which %= G_N_ELEMENTS(kinds);
    probe = (struct ld_probe){.type = kinds[which].app == LD_APP_NONE ? LD_CHECK_AGENT : LD_CHECK_NEGOTIATE,
                              .app = kinds[which].app,
                              .protocol = kinds[which].protocol,
                              .request = kinds[which].request,
                              .receive = kinds[which].receive,
                              .login = "hearth@10.0.0.9",
                              .passwd = "secret",
                              .secret = "secret",
                              .port = 80,
                              .timeout_ms = 600000,
                              .terms = {.send = send_word, .expect = expect_word}};
    fuzz_must(ha_addr_parse(&probe.addr, "10.0.0.1"));
    return &probe;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ld_checks *checks = NULL;
    struct ha_timer timer = {0};
    const struct ld_probe *probe;

    says = (struct fuzz_rest){data, size};
    probe = probe_of(fuzz_byte(&says));
    told = rounds = 0;
    loop = ha_loop_new();
    fuzz_must(loop != NULL && ld_checks_new(&checks, loop, verdict, NULL) == 0);
    ld_checks_start(checks, 1, probe, ha_clock_ns());
    next_round(&timer, ha_clock_ns());
    ha_loop_run(loop);
    /* A stream has ended by now, and so must its check. */
    fuzz_must(told == 1 || probe->protocol == LD_UDP || probe->app == LD_APP_DNS ||
              probe->app == LD_APP_RADIUS || says.left > 0);
    ld_checks_free(checks);
    ha_timer_cancel(loop, &timer);
    ha_loop_free(loop);
    if (other_end >= 0)
        close(other_end);
    other_end = -1;
    return 0;
}
