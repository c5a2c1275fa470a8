/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ipfail: a client of heartbeat that gives the resources up where fewer ping
 * nodes answer. Hears, counts, and sends what ipfail_core.c decides. Exits 100
 * (not wanted here) where it cannot be of use, so that respawn lets it be.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/api/client.h"
#include "heartbeatd/api/ipfail_core.h"

#define SOCKET      HA_RUNDIR "/heartbeat/register"
#define NAME        "ipfail"
#define NOT_WANTED  100
#define IDLE_MS     60000

struct program {
    struct hb_client *client;
    struct ipfail core;
    char *self, *peer; /* node names */
    uint64_t keepalive_ms;
};

static volatile sig_atomic_t ending;

static void end(int signo)
{
    (void)signo;
    ending = 1;
}

static uint64_t now_ms(void)
{
    return ha_clock_ns() / HA_NS_PER_MS;
}

/* ---- what is known ---- */

/* Ping nodes that answer; also finds the other node: the last normal one that is not this one. */
static int look_around(struct program *program, uint64_t *count)
{
    GPtrArray *nodes;
    int status = hb_client_ask(program->client, "nodelist", NULL, NULL, &nodes);

    *count = 0;
    for (guint i = 0; status == 0 && i < nodes->len; i++) {
        const char *name = hb_msg_text(nodes->pdata[i], "node");
        const char *type = hb_msg_text(nodes->pdata[i], "nodetype");
        const char *st = hb_msg_text(nodes->pdata[i], "st");

        if (!name || !type || !st) {
            continue;
        }
        if (!strcmp(type, "ping")) {
            *count += strcmp(st, "ping") == 0;
        } else if (g_ascii_strcasecmp(name, program->self) != 0) {
            g_free(program->peer);
            program->peer = g_strdup(name);
        }
    }
    g_ptr_array_unref(nodes);
    return status;
}

/* The field of the one answer (g_free() it), or NULL. */
static char *ask(struct program *program, const char *request, const char *field,
                 const char *text, const char *wanted)
{
    GPtrArray *answers;
    char *found = NULL;

    if (hb_client_ask(program->client, request, field, text, &answers) == 0) {
        found = g_strdup(hb_msg_text(answers->pdata[answers->len - 1], wanted));
    }
    g_ptr_array_unref(answers);
    return found;
}

static enum hb_hold hold_of(const char *text)
{
    static const char *const words[HB_HOLD_COUNT] = {
        [HB_HOLD_NONE] = "none", [HB_HOLD_LOCAL] = "local", [HB_HOLD_FOREIGN] = "foreign",
        [HB_HOLD_ALL] = "all", [HB_HOLD_TRANSITION] = "transition"};

    for (int i = 0; text && i < HB_HOLD_COUNT; i++) {
        if (!strcmp(words[i], text)) {
            return (enum hb_hold)i;
        }
    }
    return HB_HOLD_TRANSITION;
}

/* ---- speaking ---- */

static int say(struct program *program, enum ipfail_say what, uint64_t ours)
{
    static const char *const types[IPFAIL_SAY_KIND_COUNT] = {
        [IPFAIL_SAY_COUNT] = "num_ping_nodes", [IPFAIL_SAY_BEHIND] = "you_are_dead",
        [IPFAIL_SAY_EQUAL] = "abort_giveup",   [IPFAIL_GIVE_ALL] = "ask_resources",
        [IPFAIL_GIVE_FOREIGN] = "ask_resources"};
    bool give = what == IPFAIL_GIVE_ALL || what == IPFAIL_GIVE_FOREIGN;
    struct hb_msg *msg;
    int status;

    if (!give && !program->peer) {
        return 0;
    }
    msg = hb_msg_new();
    hb_msg_add_text(msg, "t", types[what]);
    if (give) {
        hb_msg_add_text(msg, "rsc_hold", what == IPFAIL_GIVE_ALL ? "all" : "foreign");
    }
    hb_msg_add_text(msg, "src", program->self);
    if (what == IPFAIL_SAY_COUNT) {
        hb_msg_add_uint(msg, "num_ping", ours);
    }
    hb_msg_add_text(msg, give ? "info" : "dest", give ? "me" : program->peer);
    if (give) {
        ha_log(HA_LOG_INFO, "giving up %s resources",
               what == IPFAIL_GIVE_ALL ? "all" : "foreign");
    } else {
        ha_log(HA_LOG_INFO, "%s to %s (%llu ping nodes answer here)", types[what], program->peer,
               (unsigned long long)ours);
    }
    status = hb_client_send(program->client, msg);
    hb_msg_unref(msg);
    return status;
}

static int step(struct program *program, struct ipfail_event *event)
{
    enum ipfail_say says[IPFAIL_SAYS_MAX];
    char *hold = ask(program, "getrsc", NULL, NULL, "rsc_hold");
    int status = look_around(program, &event->ours);
    unsigned count;

    event->holding = hold_of(hold);
    g_free(hold);
    if (status < 0) {
        return status;
    }
    count = ipfail_step(&program->core, now_ms(), event, says);
    for (unsigned i = 0; i < count && status == 0; i++) {
        status = say(program, says[i], event->ours);
    }
    return status;
}

/* ---- hearing ---- */

/* What a message means to us; false: nothing. */
static bool understand(const struct program *program, const struct hb_msg *msg,
                       struct ipfail_event *event)
{
    const char *type = hb_msg_text(msg, "t"), *st = hb_msg_text(msg, "st");
    const char *src = hb_msg_text(msg, "src"), *from = hb_msg_text(msg, "from_id");
    bool of_peer = src && g_ascii_strcasecmp(src, program->self) != 0;

    if (!type) {
        return false;
    }
    if (!strcmp(type, "ifstat")) {
        event->kind = IPFAIL_LINK_DEAD;
        return st && !strcmp(st, "dead");
    }
    if (!strcmp(type, "NS_st")) {
        event->kind = IPFAIL_PING_UP;
        return st && !strcmp(st, "ping");
    }
    if (!of_peer || !from || strcmp(from, NAME) != 0) {
        return false;
    }
    if (!strcmp(type, "hbapi-clstat")) {
        event->kind = IPFAIL_PEER_CAME;
        return st && !strcmp(st, "join");
    }
    event->kind = !strcmp(type, "num_ping_nodes") ? IPFAIL_COUNT
                  : !strcmp(type, "you_are_dead") ? IPFAIL_BEHIND
                  : !strcmp(type, "abort_giveup") ? IPFAIL_EQUAL
                                                  : IPFAIL_KIND_COUNT;
    if (event->kind != IPFAIL_KIND_COUNT) {
        ha_log(HA_LOG_DEBUG, "%s from %s", type, src);
    }
    return event->kind == IPFAIL_COUNT ? hb_msg_uint(msg, "num_ping", &event->count)
                                       : event->kind != IPFAIL_KIND_COUNT;
}

static int live(struct program *program)
{
    int status = 0;

    while (!ending && status >= 0) {
        uint64_t now = now_ms(), due = program->core.due_ms;
        int wait_ms = due <= now ? 0 : (int)MIN(due - now, IDLE_MS);
        struct ipfail_event event = {.kind = IPFAIL_TIMER};
        struct hb_msg *msg;

        status = hb_client_next(program->client, wait_ms, &msg);
        if (status == 0) {
            bool news = understand(program, msg, &event);

            hb_msg_unref(msg);
            status = news ? step(program, &event) : 0;
        } else if (status == -EAGAIN) {
            status = program->core.due_ms <= now_ms() ? step(program, &event) : 0;
        }
    }
    return ending ? 0 : status;
}

/* ---- start ---- */

/* 0, or the exit status. */
static int get_ready(struct program *program)
{
    char *hold = ask(program, "getrsc", NULL, NULL, "rsc_hold");
    char *failback = ask(program, "getparm", "pname", "auto_failback", "pvalue");
    uint64_t count;
    int status = 0;

    if (!hold || !failback || !g_ascii_strcasecmp(failback, "legacy")) {
        ha_log(HA_LOG_ERROR, hold ? "auto_failback is legacy: there is no handing over, so ipfail "
                                    "is of no use"
                                  : "heartbeat does not manage resources: ipfail is of no use");
        status = NOT_WANTED;
    } else {
        ipfail_init(&program->core, program->keepalive_ms,
                    g_ascii_strcasecmp(failback, "off") != 0 &&
                        g_ascii_strcasecmp(failback, "no") != 0 &&
                        g_ascii_strcasecmp(failback, "false") != 0 &&
                        g_ascii_strcasecmp(failback, "n") != 0 && strcmp(failback, "0") != 0);
        hb_client_ask(program->client, "setfilter", "fmask", "1", NULL);
        if (look_around(program, &count) < 0) {
            status = 1;
        } else {
            ha_log(HA_LOG_INFO, "%s watches over %s and %s; %llu ping nodes answer", NAME,
                   program->self, program->peer ? program->peer : "nobody",
                   (unsigned long long)count);
        }
    }
    g_free(hold);
    g_free(failback);
    return status;
}

static void log_line(void *ctx, enum ha_level level, time_t said_s, const char *message, GString *out)
{
    (void)ctx;
    (void)said_s;
    g_string_append_printf(out, "%s[%d]: %s: %s\n", NAME, (int)getpid(),
                           level == HA_LOG_ERROR ? "ERROR" : level == HA_LOG_WARNING ? "WARN"
                                                                                     : "info",
                           message);
}

static void open_log(bool debug)
{
    ha_log_setup(&(struct ha_log_settings){.ident = NAME,
                                           .syslog_facility = LOG_DAEMON,
                                           .to_stderr = isatty(STDERR_FILENO) == 1,
                                           .level = debug ? HA_LOG_DEBUG : HA_LOG_INFO,
                                           .format = log_line});
}

int main(int argc, char **argv)
{
    struct program program = {0};
    struct sigaction action = {.sa_handler = end};
    char *why = NULL;
    int option, status;
    bool debug = false;

    while ((option = getopt(argc, argv, "d")) != -1) {
        if (option != 'd') {
            fprintf(stderr, "usage: ipfail [-d]\n");
            return NOT_WANTED;
        }
        debug = true;
    }
    open_log(debug);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    status = hb_client_open(&program.client, SOCKET, NAME, &why);
    if (status < 0) {
        ha_log(HA_LOG_ERROR, "cannot sign on with heartbeat: %s", why ? why : strerror(-status));
        if (isatty(STDERR_FILENO) != 1) {
            fprintf(stderr, "ipfail: cannot sign on with heartbeat: %s\n",
                    why ? why : strerror(-status));
        }
        g_free(why);
        return 1;
    }
    program.self = hb_client_node(program.client, &program.keepalive_ms);
    status = get_ready(&program);
    if (status == 0) {
        status = live(&program) < 0 ? 1 : 0;
    }
    if (status == 1) {
        ha_log(HA_LOG_ERROR, "heartbeat has gone");
    }
    hb_client_close(program.client);
    g_free(program.self);
    g_free(program.peer);
    ha_log_close();
    return status;
}
