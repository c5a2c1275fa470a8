/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's process: one epoll loop over all connections, so that thousands
 * of them can be kept waiting. Ends with its parent.
 */
#include "tests/fakes/fake_server.h"

#include <sys/epoll.h>
#include <sys/resource.h>

#include "tests/fakes/fake_process.h"

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

static void live(void *ctx, int log_fd)
{
    struct life *life = ctx;
    struct epoll_event event = {.events = EPOLLIN}, events[64];
    struct rlimit files;
    int count;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    life->log_fd = log_fd;
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

/* A queue of one is full after two; some more, in case the kernel is generous. */
static void fill_queue(struct fake_server *server, int family)
{
    struct sockaddr_storage at;
    socklen_t length = fake_loopback(family, server->port, &at);

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

    memset(server, 0, sizeof(*server));
    memset(server->fillers, -1, sizeof(server->fillers));
    life.listen_fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    MUST(life.listen_fd >= 0);
    server->port = fake_bind_loopback(life.listen_fd, family, 0);
    MUST(listen(life.listen_fd, manner == FAKE_DEAF ? 0 : 4096) == 0);
    server->pid = fake_process_start(live, &life, &server->log_fd);
    close(life.listen_fd);
    if (manner == FAKE_DEAF)
        fill_queue(server, family);
}

void fake_server_stop(struct fake_server *server)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(server->fillers); i++)
        if (server->fillers[i] >= 0)
            close(server->fillers[i]);
    fake_process_stop(server->pid, server->log_fd);
}

char *fake_server_heard(struct fake_server *server)
{
    return fake_process_heard(server->log_fd);
}

uint16_t fake_server_closed_port(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint16_t port = fake_bind_loopback(fd, family, 0);

    close(fd);
    return port;
}
