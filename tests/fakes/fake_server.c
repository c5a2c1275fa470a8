/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's process: one epoll loop over all connections, so that thousands
 * of them can be kept waiting. Ends with its parent.
 */
#include "tests/fakes/fake_server.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRIP_MS 200

struct connection {
    int fd;
    size_t sent;
    bool asked;
    char tail[4]; /* the last bytes heard */
};

struct life {
    enum fake_manner manner;
    const char *text;
    size_t length;
    int listen_fd, log_fd, epoll_fd;
    GPtrArray *dripping;
};

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            g_error("fake server: %s: %s", #condition, g_strerror(errno));                         \
    } while (0)

static void connection_close(struct life *life, struct connection *connection)
{
    g_ptr_array_remove_fast(life->dripping, connection);
    close(connection->fd);
    g_free(connection);
}

static void say(struct life *life, struct connection *connection)
{
    char filler[16384];
    size_t left = life->length - connection->sent;
    ssize_t sent;

    if (left > 0) {
        sent = send(connection->fd, life->text + connection->sent, left, MSG_NOSIGNAL);
        connection->sent += sent > 0 ? (size_t)sent : 0;
    } else if (life->manner == FAKE_FLOODS) {
        memset(filler, 'x', sizeof(filler));
        sent = send(connection->fd, filler, sizeof(filler), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            connection_close(life, connection);
    } else if (life->manner == FAKE_ANSWERS) {
        connection_close(life, connection);
    }
}

static void drip(struct life *life)
{
    for (guint i = 0; i < life->dripping->len; i++) {
        struct connection *connection = g_ptr_array_index(life->dripping, i);
        if (connection->sent < life->length &&
            send(connection->fd, life->text + connection->sent, 1, MSG_NOSIGNAL) == 1)
            connection->sent++;
    }
}

static void asked(struct life *life, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = connection};

    connection->asked = true;
    switch (life->manner) {
    case FAKE_HANGS_UP:
        connection_close(life, connection);
        return;
    case FAKE_DRIPS:
        g_ptr_array_add(life->dripping, connection);
        return;
    case FAKE_ANSWERS:
    case FAKE_FLOODS:
    case FAKE_STALLS:
        epoll_ctl(life->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event);
        return;
    default:
        return;
    }
}

static void hear(struct life *life, struct connection *connection)
{
    char bytes[4096];
    ssize_t length = recv(connection->fd, bytes, sizeof(bytes), 0);

    if (length <= 0) {
        if (length == 0 || errno != EAGAIN)
            connection_close(life, connection);
        return;
    }
    (void)!write(life->log_fd, bytes, (size_t)length);
    for (ssize_t i = 0; i < length && !connection->asked; i++) {
        memmove(connection->tail, connection->tail + 1, 3);
        connection->tail[3] = bytes[i];
        if (memcmp(connection->tail, "\r\n\r\n", 4) == 0) {
            asked(life, connection);
            return;
        }
    }
}

static void welcome(struct life *life)
{
    int fd;

    while ((fd = accept4(life->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = g_new0(struct connection, 1);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

        connection->fd = fd;
        epoll_ctl(life->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    }
}

static void live(struct life *life)
{
    struct epoll_event event = {.events = EPOLLIN}, events[64];
    int count;

    life->dripping = g_ptr_array_new();
    life->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (life->manner != FAKE_DEAF)
        epoll_ctl(life->epoll_fd, EPOLL_CTL_ADD, life->listen_fd, &event);
    for (;;) {
        count = epoll_wait(life->epoll_fd, events, 1, life->dripping->len > 0 ? DRIP_MS : -1);
        if (count == 0)
            drip(life);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL)
                welcome(life);
            else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                hear(life, events[i].data.ptr);
            else
                say(life, events[i].data.ptr);
        }
    }
}

static socklen_t loopback(int family, uint16_t port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    out->ss_family = (sa_family_t)family;
    if (family == AF_INET6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
        v6->sin6_addr = in6addr_loopback;
        v6->sin6_port = htons(port);
        return sizeof(*v6);
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v4->sin_port = htons(port);
    return sizeof(*v4);
}

static uint16_t bind_loopback(int fd, int family)
{
    struct sockaddr_storage at;
    socklen_t length = loopback(family, 0, &at);

    MUST(bind(fd, (struct sockaddr *)&at, length) == 0);
    MUST(getsockname(fd, (struct sockaddr *)&at, &length) == 0);
    return ntohs(family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                    : ((struct sockaddr_in *)&at)->sin_port);
}

/* A queue of one is full after two; some more, in case the kernel is generous. */
static void fill_queue(struct fake_server *server, int family)
{
    struct sockaddr_storage at;
    socklen_t length = loopback(family, server->port, &at);

    for (unsigned i = 0; i < G_N_ELEMENTS(server->fillers); i++) {
        server->fillers[i] = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(server->fillers[i], (struct sockaddr *)&at, length);
        g_usleep(1000);
    }
}

void fake_server_start(struct fake_server *server, int family, enum fake_manner manner,
                       const char *text)
{
    struct life life = {.manner = manner, .text = text, .length = text != NULL ? strlen(text) : 0};
    struct rlimit files;
    int ends[2];

    memset(server, 0, sizeof(*server));
    memset(server->fillers, -1, sizeof(server->fillers));
    life.listen_fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    MUST(life.listen_fd >= 0);
    server->port = bind_loopback(life.listen_fd, family);
    MUST(listen(life.listen_fd, manner == FAKE_DEAF ? 0 : 4096) == 0);
    MUST(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    server->pid = fork();
    MUST(server->pid >= 0);
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        life.log_fd = ends[1];
        live(&life);
    }
    close(life.listen_fd);
    close(ends[1]);
    server->log_fd = ends[0];
    if (manner == FAKE_DEAF)
        fill_queue(server, family);
}

void fake_server_stop(struct fake_server *server)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(server->fillers); i++)
        if (server->fillers[i] >= 0)
            close(server->fillers[i]);
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    close(server->log_fd);
}

char *fake_server_heard(struct fake_server *server)
{
    GString *out = g_string_new(NULL);
    char bytes[4096];
    ssize_t length;

    while ((length = read(server->log_fd, bytes, sizeof(bytes))) > 0)
        g_string_append_len(out, bytes, length);
    return g_string_free(out, FALSE);
}

uint16_t fake_server_closed_port(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint16_t port = bind_loopback(fd, family);

    close(fd);
    return port;
}
