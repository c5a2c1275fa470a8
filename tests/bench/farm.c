/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A farm of servers in one process, for the benches: answers HTTP on given ports of every address of
 * this network namespace (all of 127/8 to begin with) and counts what comes. It is told on its
 * standard input, a line a command, and answers with a line:
 *
 *   count           ACCEPTED ANSWERED: connections and requests since it began
 *   forget          ok: arrivals at the first port from here on
 *   arrivals        COUNT BINS MEAN WORST: arrivals, full bins of 100 ms, their mean and their largest
 *   intervals       SERVERS MEAN WORST: of the time between two arrivals at one server, in ms
 *   seen            ADDRESSES: how many servers were asked since "forget"
 *   refuse PORT     NOW: nobody listens there any more; CLOCK_MONOTONIC, in ns
 *   listen PORT     NOW: somebody does again
 *
 * Ends with its standard input. usage: farm PORT...
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/netspace.h"

#define PORTS_MAX    16
#define ARRIVALS_MAX (4u << 20)
#define BIN_NS       100000000ull
#define SERVERS_MAX  (1u << 17)

static const char answer[] = "HTTP/1.1 200 OK\r\nServer: farm\r\nContent-Type: text/html\r\n"
                             "Content-Length: 11\r\nConnection: close\r\n\r\nstill here\n";

struct arrival {
    uint64_t at_ns;
    uint32_t address;
};

static struct {
    int epoll, listener[PORTS_MAX];
    unsigned port[PORTS_MAX], ports;
    uint64_t accepted, answered;
    struct arrival *arrivals;
    unsigned arrived;
} farm;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- serving ---- */

static void watch(int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};

    if (epoll_ctl(farm.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        bench_die("epoll_ctl");
}

static void start_listening(unsigned i)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)farm.port[i])};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0 || listen(fd, 65535) != 0)
        bench_die("listen");
    farm.listener[i] = fd;
    watch(fd, EPOLLIN, i);
}

/* Arrivals are those at the first port: of the others' interruptions there is nothing to learn. */
static void take_all(unsigned which)
{
    int listener = farm.listener[which];

    for (int budget = 256; budget > 0; budget--) {
        struct sockaddr_in here;
        socklen_t size = sizeof(here);
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0)
            return;
        farm.accepted++;
        if (which == 0 && farm.arrived < ARRIVALS_MAX && getsockname(fd, (struct sockaddr *)&here, &size) == 0)
            farm.arrivals[farm.arrived++] =
                (struct arrival){.at_ns = now_ns(), .address = ntohl(here.sin_addr.s_addr)};
        watch(fd, EPOLLIN | EPOLLET, PORTS_MAX + (uint64_t)fd);
    }
}

/* A request is small here: it comes in one piece. */
static void serve(int fd)
{
    char request[4096];
    ssize_t length = read(fd, request, sizeof(request));

    if (length < 0 && errno == EAGAIN)
        return;
    if (length > 0 && write(fd, answer, sizeof(answer) - 1) > 0)
        farm.answered++;
    close(fd);
}

/* ---- what is asked about it ---- */

static void say_arrivals(void)
{
    uint64_t first = farm.arrived ? farm.arrivals[0].at_ns : 0;
    unsigned bins = farm.arrived
                        ? (unsigned)((farm.arrivals[farm.arrived - 1].at_ns - first) / BIN_NS)
                        : 0;
    unsigned worst = 0, in_bin = 0, bin = 0, full = 0;

    for (unsigned i = 0; i < farm.arrived; i++) {
        unsigned its = (unsigned)((farm.arrivals[i].at_ns - first) / BIN_NS);

        if (its >= bins)
            break; /* the last is not full */
        if (its != bin)
            in_bin = 0;
        bin = its;
        full++;
        if (++in_bin > worst)
            worst = in_bin;
    }
    printf("%u %u %.1f %u\n", farm.arrived, bins, bins ? (double)full / bins : 0.0, worst);
}

static int by_server(const void *a, const void *b)
{
    const struct arrival *one = a, *other = b;

    if (one->address != other->address)
        return one->address < other->address ? -1 : 1;
    return one->at_ns < other->at_ns ? -1 : one->at_ns > other->at_ns;
}

static void say_intervals(bool only_count)
{
    uint64_t sum = 0, worst = 0;
    unsigned servers = farm.arrived > 0, gaps = 0;

    qsort(farm.arrivals, farm.arrived, sizeof(*farm.arrivals), by_server);
    for (unsigned i = 1; i < farm.arrived; i++) {
        uint64_t gap = farm.arrivals[i].at_ns - farm.arrivals[i - 1].at_ns;

        if (farm.arrivals[i].address != farm.arrivals[i - 1].address) {
            servers++;
            continue;
        }
        sum += gap;
        gaps++;
        if (gap > worst)
            worst = gap;
    }
    if (only_count)
        printf("%u\n", servers);
    else
        printf("%u %.3f %.3f\n", servers, gaps ? (double)sum / gaps / 1e6 : 0.0, (double)worst / 1e6);
    farm.arrived = 0;
}

static void set_port(unsigned port, bool open)
{
    for (unsigned i = 0; i < farm.ports; i++) {
        if (farm.port[i] != port)
            continue;
        if (open && farm.listener[i] < 0) {
            start_listening(i);
        } else if (!open && farm.listener[i] >= 0) {
            close(farm.listener[i]);
            farm.listener[i] = -1;
        }
    }
    printf("%llu\n", (unsigned long long)now_ns());
}

static void obey(const char *line)
{
    unsigned port;

    if (strcmp(line, "count\n") == 0)
        printf("%llu %llu\n", (unsigned long long)farm.accepted, (unsigned long long)farm.answered);
    else if (strcmp(line, "forget\n") == 0)
        puts((farm.arrived = 0, "ok"));
    else if (strcmp(line, "arrivals\n") == 0)
        say_arrivals();
    else if (strcmp(line, "intervals\n") == 0)
        say_intervals(false);
    else if (strcmp(line, "seen\n") == 0)
        say_intervals(true);
    else if (sscanf(line, "refuse %u", &port) == 1)
        set_port(port, false);
    else if (sscanf(line, "listen %u", &port) == 1)
        set_port(port, true);
    else
        puts("what?");
    fflush(stdout);
}

/* Commands come whole: who tells us writes a line at a time and waits for the answer. */
static bool hear(void)
{
    char line[256];
    ssize_t length = read(STDIN_FILENO, line, sizeof(line) - 1);

    if (length <= 0)
        return false;
    line[length] = '\0';
    obey(line);
    return true;
}

int main(int argc, char **argv)
{
    struct rlimit files = {1048576, 1048576};
    struct epoll_event events[256];

    if (argc < 2 || argc - 1 > PORTS_MAX) {
        fprintf(stderr, "usage: farm PORT...\n");
        return 2;
    }
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) {
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    farm.epoll = epoll_create1(EPOLL_CLOEXEC);
    farm.arrivals = malloc(ARRIVALS_MAX * sizeof(*farm.arrivals));
    if (farm.epoll < 0 || farm.arrivals == NULL)
        bench_die("farm");
    for (int i = 1; i < argc; i++) {
        farm.port[farm.ports] = (unsigned)atoi(argv[i]);
        start_listening(farm.ports++);
    }
    watch(STDIN_FILENO, EPOLLIN, UINT64_MAX);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int count = epoll_wait(farm.epoll, events, 256, -1);

        for (int i = 0; i < count; i++) {
            uint64_t data = events[i].data.u64;

            if (data == UINT64_MAX && !hear())
                return 0;
            else if (data < PORTS_MAX)
                take_all((unsigned)data);
            else if (data != UINT64_MAX)
                serve((int)(data - PORTS_MAX));
        }
    }
}
