/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under a start of ldirectord: every server is asked once by HTTP, all at the same time, with the
 * fewest system calls that do the job (those of check_floor.c); those with the right answer are written
 * into the kernel's table in one batch. No configuration is read, nothing is logged, nothing is looked
 * at again. Servers are those of benches/service.sh: 10.1.0.2 and on. Runs until it is killed, and
 * takes its service out of the table then.
 * usage: service_floor SERVERS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ldirectord/ipvs/ipvs.h"
#include "tests/bench/netspace.h"

#define SERVICE   "10.0.0.100"
#define PORT      80
#define PER_NET   250
#define REQUEST   "GET / HTTP/1.1\r\nHost: floor\r\nUser-Agent: floor\r\nConnection: close\r\n\r\n"
#define EXPECTED  "still here"

struct server {
    struct in_addr addr;
    int fd;
    bool asked, good;
};

static struct server *servers;
static unsigned count, open_count;
static int epoll_fd;

static void begin(struct server *server)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = server};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = server->addr};

    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->fd < 0)
        bench_die("socket");
    if (connect(server->fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)
        bench_die("connect");
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, server->fd, &event) != 0)
        bench_die("epoll_ctl");
    open_count++;
}

static void end(struct server *server)
{
    close(server->fd);
    server->fd = -1;
    open_count--;
}

static void go_on(struct server *server, uint32_t events)
{
    char answer[16384];
    ssize_t got;

    if (server->fd < 0)
        return;
    if (!server->asked && !(events & EPOLLERR)) {
        server->asked = true;
        if (write(server->fd, REQUEST, strlen(REQUEST)) < 0)
            end(server);
        return;
    }
    got = read(server->fd, answer, sizeof(answer) - 1);
    if (got < 0 && errno == EAGAIN)
        return;
    answer[got > 0 ? got : 0] = '\0';
    server->good = strstr(answer, EXPECTED) != NULL;
    end(server);
}

static void ask_all(void)
{
    struct epoll_event events[256];

    for (unsigned i = 0; i < count; i++)
        begin(&servers[i]);
    while (open_count > 0) {
        int ready = epoll_wait(epoll_fd, events, 256, -1);

        for (int i = 0; i < ready; i++)
            go_on(events[i].data.ptr, events[i].events);
    }
}

static struct ld_table *table_of_the_good(const struct ld_service_id *id)
{
    struct ld_table *table = ld_table_new();
    struct ld_vs *vs = ld_table_add(table, id);

    g_strlcpy(vs->scheduler, "rr", sizeof(vs->scheduler));
    for (unsigned i = 0; i < count; i++) {
        struct ld_dest dest = {.port = PORT, .method = LD_MASQ, .weight = 1};

        if (!servers[i].good)
            continue;
        ha_addr_parse(&dest.addr, inet_ntoa(servers[i].addr));
        g_array_append_val(vs->dests, dest);
    }
    return table;
}

static void turn(struct ld_ipvs *ipvs, const struct ld_table *from, const struct ld_table *to,
                 GHashTable *ours)
{
    GArray *ops = g_array_new(FALSE, FALSE, sizeof(struct ld_op));

    ld_table_diff(from, to, ours, ops);
    if (ipvs->ops->apply(ipvs, ops, NULL, NULL) != 0)
        bench_die("the table could not be written");
    g_array_free(ops, TRUE);
}

static guint id_hash(gconstpointer id) { return ld_service_id_hash(id); }
static gboolean id_equal(gconstpointer a, gconstpointer b) { return ld_service_id_equal(a, b); }

int main(int argc, char **argv)
{
    struct rlimit files;
    struct ld_service_id id = {.protocol = LD_TCP, .port = PORT};
    struct ld_table *empty = ld_table_new(), *wanted;
    GHashTable *ours = g_hash_table_new(id_hash, id_equal);
    struct ld_ipvs *ipvs;
    sigset_t signals;
    char *why;
    int got;

    if (argc != 2 || (count = (unsigned)atoi(argv[1])) == 0) {
        fprintf(stderr, "usage: service_floor SERVERS\n");
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    servers = calloc(count, sizeof(*servers));
    if (servers == NULL || epoll_fd < 0)
        bench_die("service_floor");
    for (unsigned i = 0; i < count; i++)
        servers[i].addr.s_addr = htonl(0x0a010000u + ((i + 1) / PER_NET << 8) + (i + 1) % PER_NET + 1);
    if (ld_ipvs_netlink_open(&ipvs, &why) != 0)
        bench_die(why);
    ask_all();
    ha_addr_parse(&id.addr, SERVICE);
    wanted = table_of_the_good(&id);
    g_hash_table_add(ours, &id);
    turn(ipvs, empty, wanted, ours);
    sigwait(&signals, &got);
    turn(ipvs, wanted, empty, ours);
    return 0;
}
