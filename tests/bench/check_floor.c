/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor under a checker: one epoll loop that asks N servers, each once an interval, with the fewest
 * system calls that do the job, and judges nothing. What it costs is the kernel's; a checker that
 * does more is compared with it.
 *
 *   connect   socket, connect, epoll_ctl, close                and its share of an epoll_wait
 *   http      socket, connect, epoll_ctl, write, read, close   and its share of two
 *   curl      the same with libcurl, one easy handle kept for each server
 *   once      as http, but each server once and all at the same time; ends when all have answered
 *
 * What falls due within 20 ms is begun together. Servers are the addresses from 127.1.0.1 on. Runs until it is killed.
 * usage: check_floor connect|http|curl|once SERVERS INTERVAL_MS PORT
 */
#include <arpa/inet.h>
#include <curl/curl.h>
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

/* What is due within so long is begun together. */
#define TICK_NS      20000000u
#define FIRST_SERVER 0x7f010001u
#define REQUEST      "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: floor\r\nConnection: close\r\n\r\n"

struct server {
    struct sockaddr_in to;
    char request[128];
    size_t length;
    int fd;
    bool asked;
    CURL *easy;
};

static struct server *servers;
static unsigned count;
static uint64_t interval_ns;
static unsigned in_flight;
static int epoll_fd;
static bool asks;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- bare ---- */

static void begin(struct server *server)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = server};

    if (server->fd >= 0)
        return; /* not yet done with the last one */
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->fd < 0)
        bench_die("socket");
    if (connect(server->fd, (struct sockaddr *)&server->to, sizeof(server->to)) != 0 &&
        errno != EINPROGRESS)
        bench_die("connect");
    server->asked = false;
    in_flight++;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, server->fd, &event) != 0)
        bench_die("epoll_ctl");
}

static void end(struct server *server)
{
    close(server->fd);
    server->fd = -1;
    in_flight--;
}

static void go_on(struct server *server, uint32_t events)
{
    char answer[16384];

    if (!asks || events & (EPOLLERR | EPOLLHUP)) {
        end(server);
    } else if (!server->asked) {
        server->asked = true;
        if (write(server->fd, server->request, server->length) < 0)
            end(server);
    } else if (read(server->fd, answer, sizeof(answer)) >= 0) {
        end(server);
    }
}

/* A server has its place in the interval, all evenly apart. */
static void run_bare(void)
{
    struct epoll_event events[256];
    uint64_t begun_ns = now_ns(), asked = 0, tick_ns = 0;

    for (;;) {
        uint64_t now = now_ns(), next_ns;
        int ready;

        if (now >= tick_ns) {
            while (begun_ns + asked * interval_ns / count <= now)
                begin(&servers[asked++ % count]);
            tick_ns = now + TICK_NS;
        }
        next_ns = begun_ns + asked * interval_ns / count;
        next_ns = next_ns > tick_ns ? next_ns : tick_ns;
        ready = epoll_pwait2(epoll_fd, events, 256,
                             &(struct timespec){.tv_nsec = (long)((next_ns - now) % 1000000000u),
                                                .tv_sec = (time_t)((next_ns - now) / 1000000000u)},
                             NULL);
        for (int i = 0; i < ready; i++)
            go_on(events[i].data.ptr, events[i].events);
    }
}

static void run_once(void)
{
    struct epoll_event events[256];

    for (unsigned i = 0; i < count; i++)
        begin(&servers[i]);
    while (in_flight > 0) {
        int ready = epoll_wait(epoll_fd, events, 256, -1);

        for (int i = 0; i < ready; i++)
            go_on(events[i].data.ptr, events[i].events);
    }
}

/* ---- libcurl ---- */

static long curl_wait_ms = -1;

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known)
{
    struct epoll_event event = {.events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
                                          (what & CURL_POLL_OUT ? EPOLLOUT : 0),
                                .data.fd = fd};
    CURLM *multi = ctx;

    (void)easy;
    epoll_ctl(epoll_fd, what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL
                        : known != NULL          ? EPOLL_CTL_MOD
                                                 : EPOLL_CTL_ADD, fd, &event);
    if (known == NULL)
        curl_multi_assign(multi, fd, multi);
    return 0;
}

static int want_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi;
    (void)ctx;
    curl_wait_ms = timeout_ms;
    return 0;
}

static size_t swallow(char *bytes, size_t size, size_t number, void *ctx)
{
    (void)bytes;
    (void)ctx;
    return size * number;
}

static void make_easy(struct server *server)
{
    char url[64];

    snprintf(url, sizeof(url), "http://%s:%u/", inet_ntoa(server->to.sin_addr),
             ntohs(server->to.sin_port));
    server->easy = curl_easy_init();
    curl_easy_setopt(server->easy, CURLOPT_URL, url);
    curl_easy_setopt(server->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(server->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(server->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(server->easy, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(server->easy, CURLOPT_PRIVATE, server);
}

static void gather(CURLM *multi)
{
    struct server *server;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&server);
        curl_multi_remove_handle(multi, server->easy);
        server->asked = false;
    }
}

static void run_curl(void)
{
    struct epoll_event events[256];
    uint64_t begun_ns = now_ns(), asked = 0, tick_ns = 0;
    CURLM *multi = curl_multi_init();
    int ready, running;

    for (unsigned i = 0; i < count; i++)
        make_easy(&servers[i]);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, want_timer);
    for (;;) {
        uint64_t now = now_ns(), next_ns, wait_ns;

        for (; now >= tick_ns && begun_ns + asked * interval_ns / count <= now; asked++) {
            struct server *server = &servers[asked % count];

            if (!server->asked)
                curl_multi_add_handle(multi, server->easy);
            server->asked = true;
        }
        tick_ns = now >= tick_ns ? now + TICK_NS : tick_ns;
        next_ns = begun_ns + asked * interval_ns / count;
        wait_ns = (next_ns > tick_ns ? next_ns : tick_ns) - now;
        if (curl_wait_ms >= 0 && (uint64_t)curl_wait_ms * 1000000u < wait_ns)
            wait_ns = (uint64_t)curl_wait_ms * 1000000u;
        ready = epoll_pwait2(epoll_fd, events, 256,
                             &(struct timespec){.tv_nsec = (long)(wait_ns % 1000000000u),
                                                .tv_sec = (time_t)(wait_ns / 1000000000u)}, NULL);
        for (int i = 0; i < ready; i++)
            curl_multi_socket_action(multi, events[i].data.fd,
                                     (events[i].events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
                                     (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0), &running);
        if (ready == 0)
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        gather(multi);
    }
}

int main(int argc, char **argv)
{
    struct rlimit files;

    if (argc != 5 || (count = (unsigned)atoi(argv[2])) == 0 || atoi(argv[3]) <= 0) {
        fprintf(stderr, "usage: check_floor connect|http|curl|once SERVERS INTERVAL_MS PORT\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    interval_ns = (uint64_t)atoi(argv[3]) * 1000000u;
    asks = strcmp(argv[1], "connect") != 0;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    servers = calloc(count, sizeof(*servers));
    if (servers == NULL || epoll_fd < 0)
        bench_die("check_floor");
    for (unsigned i = 0; i < count; i++) {
        struct server *server = &servers[i];

        server->fd = -1;
        server->to = (struct sockaddr_in){.sin_family = AF_INET,
                                          .sin_port = htons((uint16_t)atoi(argv[4])),
                                          .sin_addr.s_addr = htonl(FIRST_SERVER + i)};
        server->length = (size_t)snprintf(server->request, sizeof(server->request), REQUEST,
                                          inet_ntoa(server->to.sin_addr));
    }
    if (strcmp(argv[1], "curl") == 0)
        run_curl();
    else if (strcmp(argv[1], "once") == 0)
        run_once();
    else
        run_bare();
    return 0;
}
