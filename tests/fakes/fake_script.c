/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's process: plain blocking calls, one client at a time. Ends with its parent. */
#include "tests/fakes/fake_script.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 10000

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            g_error("fake server: %s: %s", #condition, g_strerror(errno));                         \
    } while (0)

static bool say(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* False: the connection is over. */
static bool take_turn(int fd, const struct fake_turn *turn)
{
    size_t length = turn->length > 0 ? turn->length : strlen(turn->says);
    const char *last = turn->says;

    if (turn->way == FAKE_SPELLS) {
        for (size_t i = 0; i < length; i++, g_usleep(100000))
            if (!say(fd, turn->says + i, 1))
                return false;
        return true;
    }
    if (!say(fd, turn->says, length))
        return false;
    for (size_t i = 0; i + 1 < length; i++)
        if (turn->says[i] == '\n')
            last = turn->says + i + 1;
    while (turn->way == FAKE_RAVES)
        if (!say(fd, last, (size_t)(turn->says + length - last)))
            return false;
    return turn->way != FAKE_LEAVES;
}

static bool answer(int fd, const struct fake_turn *script, const char *line)
{
    for (; script->says != NULL; script++)
        if (script->hears != NULL && g_str_has_prefix(line, script->hears))
            return take_turn(fd, script);
    return true;
}

static void serve(int fd, const struct fake_turn *script, int log_fd)
{
    GString *line = g_string_new(NULL);
    bool on = script->hears != NULL || script->says == NULL || take_turn(fd, script);
    char bytes[1024];
    ssize_t length;

    while (on && (length = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        (void)!write(log_fd, bytes, (size_t)length);
        for (ssize_t i = 0; i < length && on; i++) {
            g_string_append_c(line, bytes[i]);
            if (bytes[i] != '\n')
                continue;
            on = answer(fd, script, line->str);
            g_string_truncate(line, 0);
        }
        /* What has no lines, as a message of ldap, is answered as it comes. */
        if (on && line->len > 1 && line->str[0] == '0' && line->str[1] != ' ') {
            on = answer(fd, script, line->str);
            g_string_truncate(line, 0);
        }
    }
    g_string_free(line, TRUE);
}

static void live(int listen_fd, const struct fake_turn *script, int log_fd)
{
    int fd;

    while ((fd = accept(listen_fd, NULL, NULL)) >= 0) {
        serve(fd, script, log_fd);
        (void)!write(log_fd, "", 1);
        close(fd);
    }
}

void fake_script_start(struct fake_script *server, const struct fake_turn *script)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ends[2];

    MUST(fd >= 0 && bind(fd, (struct sockaddr *)&at, length) == 0 && listen(fd, 128) == 0);
    MUST(getsockname(fd, (struct sockaddr *)&at, &length) == 0);
    MUST(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    server->port = ntohs(at.sin_port);
    server->log_fd = ends[0];
    server->pid = fork();
    MUST(server->pid >= 0);
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        live(fd, script, ends[1]);
        _exit(0);
    }
    close(fd);
    close(ends[1]);
}

void fake_script_stop(struct fake_script *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    close(server->log_fd);
}

char *fake_script_heard(struct fake_script *server)
{
    struct pollfd log = {.fd = server->log_fd, .events = POLLIN};
    GString *heard = g_string_new(NULL);
    char bytes[4096];
    ssize_t length;

    while (strlen(heard->str) == heard->len && poll(&log, 1, WAIT_MS) == 1 &&
           (length = read(server->log_fd, bytes, sizeof(bytes))) > 0)
        g_string_append_len(heard, bytes, length);
    return g_string_free(heard, FALSE);
}
