/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's process: plain blocking calls, one client at a time. Ends with its parent. */
#include "tests/fakes/fake_script.h"

#include <poll.h>
#include <stdbool.h>

#include "tests/fakes/fake_process.h"

#define WAIT_MS 10000

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
        for (size_t i = 0; i < length; i++, g_usleep(300000))
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

struct life {
    int listen_fd;
    const struct fake_turn *script;
};

static void live(void *ctx, int log_fd)
{
    const struct life *life = ctx;
    int fd;

    while ((fd = accept(life->listen_fd, NULL, NULL)) >= 0) {
        serve(fd, life->script, log_fd);
        (void)!write(log_fd, "", 1);
        close(fd);
    }
}

void fake_script_start_at(struct fake_script *server, int family, const struct fake_turn *script)
{
    struct life life = {.listen_fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0),
                        .script = script};

    MUST(life.listen_fd >= 0);
    server->port = fake_bind_loopback(life.listen_fd, family, 0);
    MUST(listen(life.listen_fd, 128) == 0);
    server->pid = fake_process_start(live, &life, &server->log_fd);
    close(life.listen_fd);
}

void fake_script_start(struct fake_script *server, const struct fake_turn *script)
{
    fake_script_start_at(server, AF_INET, script);
}

void fake_script_stop(struct fake_script *server)
{
    fake_process_stop(server->pid, server->log_fd);
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
