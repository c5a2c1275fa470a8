/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every check against every bad server: one that refuses, is deaf, silent, says a byte at a time,
 * hangs up, says rubbish without end, or a line of it and no more. Never up, never late, and not at the
 * cost of memory. And where the fault is not the server's: no socket, no memory, no port, no route. All checks of a kind of server are asked at once; that none waits for another shows
 * as well. What depends on the address is asked over IPv6, too.
 */
#include "tests/unit/check_manners.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where the deadline is what is waited for; and where it must not matter. */
#define SHORT_MS 2000
#define LONG_MS  30000
/* Far more than any check may keep of an answer, all of them together. */
#define MEMORY_MAX_KIB (384 << 10)

static const struct {
    enum ld_app app;
    enum ld_protocol protocol;
    bool tls;
    bool greets;   /* the server speaks first */
    bool any_line; /* a line of rubbish is an answer to it */
} rows[] = {
    {LD_APP_DNS, LD_UDP, false, false, false},
    {LD_APP_DNS, LD_TCP, false, false, false},
    {LD_APP_FTP, LD_TCP, false, true, false},
    {LD_APP_HTTP, LD_TCP, false, false, true},
    {LD_APP_HTTPS, LD_TCP, true, false, false},
    {LD_APP_HTTP_PROXY, LD_TCP, false, false, true},
    {LD_APP_IMAP, LD_TCP, false, true, false},
    {LD_APP_IMAPS, LD_TCP, true, false, false},
    {LD_APP_LDAP, LD_TCP, false, false, false},
    {LD_APP_LDAPS, LD_TCP, true, false, false},
    {LD_APP_MYSQL, LD_TCP, false, true, false},
    {LD_APP_NNTP, LD_TCP, false, true, false},
    {LD_APP_PGSQL, LD_TCP, false, false, false},
    {LD_APP_POP, LD_TCP, false, true, false},
    {LD_APP_POPS, LD_TCP, true, false, false},
    {LD_APP_RADIUS, LD_UDP, false, false, false},
    {LD_APP_SIMPLETCP, LD_TCP, false, false, false},
    {LD_APP_SIMPLETCP, LD_UDP, false, false, false},
    {LD_APP_SIP, LD_UDP, false, false, false},
    {LD_APP_SIP, LD_TCP, false, false, false},
    {LD_APP_SMTP, LD_TCP, false, true, false},
    {LD_APP_SUBMISSION, LD_TCP, false, true, false},
    {LD_APP_GRPC, LD_TCP, false, false, false},
    {LD_APP_GRPCS, LD_TCP, true, false, false},
    {LD_APP_MEMCACHED, LD_TCP, false, false, false},
    {LD_APP_REDIS, LD_TCP, false, false, false},
    {LD_APP_SENDEXPECT, LD_TCP, false, false, false},
    {LD_APP_SENDEXPECT, LD_UDP, false, false, false},
    {LD_APP_TLS, LD_TCP, true, false, false},
};
#define ROWS G_N_ELEMENTS(rows)

static int family = AF_INET;

static bool is_stream(size_t i)
{
    return rows[i].protocol == LD_TCP;
}

static struct ld_probe probe_of(size_t i, uint64_t timeout_ms)
{
    struct ld_probe probe = negotiate_probe(rows[i].app, rows[i].protocol);

    probe.addr = loopback_of(family);
    /* Over UDP nobody can tell that a wrong answer was the last one. */
    probe.timeout_ms = is_stream(i) ? timeout_ms : SHORT_MS;
    probe.request = rows[i].app == LD_APP_DNS ? "/www.lab.test" : "/select 1";
    probe.receive = "the right answer";
    probe.login = "l";
    probe.passwd = "p";
    probe.secret = "s";
    probe.terms.send = (char *)"hello";
    probe.terms.expect = (char *)"the right answer";
    return probe;
}

/* ---- all at once ---- */

struct round {
    struct trial trial;
    enum ld_verdict verdicts[ROWS];
    char *details[ROWS];
};

static void told(void *ctx, uint32_t check_id, enum ld_verdict verdict, const char *detail,
                 const struct ld_advice *advice, uint64_t took_ns, uint64_t now_ns)
{
    (void)now_ns;
    struct round *round = ctx;

    (void)advice;
    round->verdicts[check_id] = verdict;
    round->details[check_id] = g_strdup(detail);
    if (took_ns > ha_ms_to_ns(LONG_MS + 10000))
        fail_msg("%s took %u ms", ld_app_name(rows[check_id].app), (unsigned)(took_ns / HA_NS_PER_MS));
    if (--round->trial.wanted == 0)
        ha_loop_stop(round->trial.loop, 0);
}

/* Asks each row at its port; those without a port are left out. */
static void ask_all(struct round *round, const uint16_t *ports, uint64_t timeout_ms)
{
    struct ld_probe probes[ROWS];
    unsigned before = open_descriptors();

    memset(round, 0, sizeof(*round));
    round->trial.loop = ha_loop_new();
    assert_non_null(round->trial.loop);
    assert_int_equal(ld_checks_new(&round->trial.checks, round->trial.loop, told, round), 0);
    for (size_t i = 0; i < ROWS; i++) {
        probes[i] = probe_of(i, timeout_ms);
        probes[i].port = ports[i];
        round->trial.wanted += ports[i] != 0;
    }
    for (size_t i = 0; i < ROWS; i++)
        if (ports[i] != 0)
            ld_checks_start(round->trial.checks, (uint32_t)i, &probes[i], ha_clock_ns());
    ha_loop_run(round->trial.loop);
    trial_end(&round->trial);
    assert_int_equal(open_descriptors(), before);
}

static void assert_verdicts(struct round *round, const uint16_t *ports, const char *server,
                            bool (*expected)(size_t row, enum ld_verdict verdict))
{
    unsigned wrong = 0;

    for (size_t i = 0; i < ROWS; i++) {
        if (ports[i] != 0 && !expected(i, round->verdicts[i])) {
            print_error("%s over %s, a server that %s: %s (%s)\n", ld_app_name(rows[i].app),
                        ld_protocol_name(rows[i].protocol), server,
                        ld_verdict_code(round->verdicts[i]),
                        round->details[i] != NULL ? round->details[i] : "-");
            wrong++;
        }
        g_free(round->details[i]);
    }
    assert_int_equal(wrong, 0);
}

/* One server a row, each in this manner. */
static void try_manner(const struct fake_talk *manner, uint64_t timeout_ms, const char *server,
                       bool (*expected)(size_t row, enum ld_verdict verdict))
{
    struct fake_talker talkers[ROWS];
    uint16_t ports[ROWS];
    struct round round;

    for (size_t i = 0; i < ROWS; i++) {
        struct fake_talk talk = *manner;

        talk.family = family;
        talk.type = is_stream(i) ? SOCK_STREAM : SOCK_DGRAM;
        talk.greets = rows[i].greets;
        fake_talker_start(&talkers[i], &talk);
        if (talk.tone == FLOODS) /* so many of them leave no processor for us */
            setpriority(PRIO_PROCESS, (id_t)talkers[i].pid, 19);
        ports[i] = talkers[i].port;
    }
    ask_all(&round, ports, timeout_ms);
    for (size_t i = 0; i < ROWS; i++)
        fake_talker_stop(&talkers[i]);
    assert_verdicts(&round, ports, server, expected);
}

/* ---- what this machine lacks ---- */

static int no_socket, no_connection; /* an errno: what the kernel would say */

/* In place of the C library's, for us and for the libraries that we ask by. */
int socket(int domain, int type, int protocol)
{
    if (no_socket != 0 && domain == family) {
        errno = no_socket;
        return -1;
    }
    return (int)syscall(SYS_socket, domain, type, protocol);
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
    if (no_connection != 0 && address.__sockaddr__->sa_family == family) {
        errno = no_connection;
        return -1;
    }
    return (int)syscall(SYS_connect, fd, address.__sockaddr__, length);
}

/* All of them at a port where nobody listens, which is not what they are to say. */
static void ask_in_vain(const char *what, int at_socket, int at_connect,
                        bool (*expected)(size_t row, enum ld_verdict verdict))
{
    uint16_t ports[ROWS];
    struct round round;

    for (size_t i = 0; i < ROWS; i++)
        ports[i] = fake_server_closed_port(family);
    no_socket = at_socket;
    no_connection = at_connect;
    ask_all(&round, ports, LONG_MS);
    no_socket = no_connection = 0;
    assert_verdicts(&round, ports, what, expected);
}

static bool is_nothing_about_the_server(size_t row, enum ld_verdict verdict)
{
    (void)row;
    return verdict == LD_INTERNAL;
}

static bool is_no_route(size_t row, enum ld_verdict verdict)
{
    (void)row;
    return verdict == LD_L3UNR;
}

static void no_socket_says_nothing_about_the_server(void **state)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++)
        ask_in_vain("we have no socket for", errors[i], 0, is_nothing_about_the_server);
}

static void no_memory_and_no_port_say_nothing_about_the_server(void **state)
{
    static const int errors[] = {ENOMEM, ENOBUFS, EADDRNOTAVAIL};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++)
        ask_in_vain("this machine cannot reach", 0, errors[i], is_nothing_about_the_server);
}

static void no_route_is_said_as_what_it_is(void **state)
{
    static const int errors[] = {ENETUNREACH, EHOSTUNREACH};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++)
        ask_in_vain("there is no route to", 0, errors[i], is_no_route);
}

/* ---- the kinds of servers ---- */

static bool is_refused(size_t row, enum ld_verdict verdict)
{
    (void)row;
    return verdict == LD_L4CON;
}

static void one_that_refuses(void **state)
{
    uint16_t ports[ROWS];
    struct round round;

    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        ports[i] = fake_server_closed_port(family);
    ask_all(&round, ports, LONG_MS);
    assert_verdicts(&round, ports, "refuses", is_refused);
}

static bool is_no_connection(size_t row, enum ld_verdict verdict)
{
    (void)row;
    return verdict == LD_L4TOUT;
}

static void one_that_is_deaf(void **state)
{
    struct fake_server deaf;
    uint16_t ports[ROWS];
    struct round round;

    (void)state;
    fake_server_start(&deaf, family, FAKE_DEAF, NULL);
    for (size_t i = 0; i < ROWS; i++)
        ports[i] = is_stream(i) ? deaf.port : 0;
    ask_all(&round, ports, SHORT_MS);
    fake_server_stop(&deaf);
    assert_verdicts(&round, ports, "is deaf", is_no_connection);
}

static bool is_silence(size_t row, enum ld_verdict verdict)
{
    return verdict == (rows[row].tls ? LD_L6TOUT : LD_L7TOUT);
}

static void one_that_accepts_and_stays_silent(void **state)
{
    const struct fake_talk talk = {.tone = MUTE};

    (void)state;
    try_manner(&talk, SHORT_MS, "stays silent", is_silence);
}

/* What it has said until then may be enough to see that it is rubbish. */
static bool is_no_answer(size_t row, enum ld_verdict verdict)
{
    (void)row;
    return verdict == LD_L7TOUT || verdict == LD_L6TOUT || verdict == LD_L7RSP ||
           verdict == LD_L6RSP || verdict == LD_L7STS || verdict == LD_L7MATCH;
}

static void one_that_says_a_byte_at_a_time(void **state)
{
    const struct fake_talk zeros = {.tone = DRIPS, .text = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                    .length = 20};

    (void)state;
    try_manner(&zeros, SHORT_MS, "says zeros at a time", is_no_answer);
}

static bool is_hung_up(size_t row, enum ld_verdict verdict)
{
    if (!is_stream(row)) /* there, saying nothing is all a server can do */
        return verdict == LD_L7TOUT;
    return verdict == (rows[row].tls ? LD_L6RSP : LD_L7RSP);
}

static void one_that_closes_early(void **state)
{
    const struct fake_talk talk = {.tone = HANGS_UP};

    (void)state;
    try_manner(&talk, LONG_MS, "closes early", is_hung_up);
}

static bool is_wrong(size_t row, enum ld_verdict verdict)
{
    if (rows[row].any_line)
        return verdict == LD_L7MATCH;
    return is_no_answer(row, verdict);
}

static void one_with_a_wrong_answer(void **state)
{
    const struct fake_talk talk = {.text = "no: this is not it\r\n"};

    (void)state;
    try_manner(&talk, LONG_MS, "says something else", is_wrong);
}

static void one_that_never_ends(void **state)
{
    const struct fake_talk lines = {.tone = FLOODS, .text = "no: this is not it\r\n"};
    const struct fake_talk bytes = {.tone = FLOODS, .text = "\x16\3\3\xff\xff", .length = 5};
    struct rusage before, after;

    (void)state;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    try_manner(&lines, SHORT_MS, "says lines without end", is_no_answer);
    try_manner(&bytes, SHORT_MS, "says bytes without end", is_no_answer);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_true(after.ru_maxrss - before.ru_maxrss < MEMORY_MAX_KIB);
}

static int begin_ipv6(void **state)
{
    (void)state;
    family = AF_INET6;
    return 0;
}

static int end_ipv6(void **state)
{
    (void)state;
    family = AF_INET;
    return 0;
}

#define over_ipv6(test) \
    {#test "_over_ipv6", test, begin_ipv6, end_ipv6, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_refuses),
        cmocka_unit_test(one_that_is_deaf),
        cmocka_unit_test(one_that_accepts_and_stays_silent),
        cmocka_unit_test(one_that_says_a_byte_at_a_time),
        cmocka_unit_test(one_that_closes_early),
        cmocka_unit_test(one_with_a_wrong_answer),
        cmocka_unit_test(one_that_never_ends),
        cmocka_unit_test(no_socket_says_nothing_about_the_server),
        cmocka_unit_test(no_memory_and_no_port_say_nothing_about_the_server),
        cmocka_unit_test(no_route_is_said_as_what_it_is),
        over_ipv6(one_that_refuses),
        over_ipv6(one_that_is_deaf),
        over_ipv6(one_that_accepts_and_stays_silent),
        over_ipv6(one_that_closes_early),
        over_ipv6(one_with_a_wrong_answer),
    };

    alarm(240);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
