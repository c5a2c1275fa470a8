/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hactl: what Hearth can tell and be told beyond what Heartbeat had commands
 * for. Asks the heartbeat of this machine over its control socket and prints
 * the answer; knows nothing itself. A subcommand is a row of the table.
 */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "common/run/control.h"
#include "heartbeatd/daemon/answers.h"

#define ASK_TIMEOUT_MS 5000
#define CONTROL_NAME   "heartbeat"
#define EXIT_USAGE     2

struct command {
    const char *name, *arguments, *help;
    int (*fn)(int argc, char **argv); /* its own arguments; -EINVAL: wrong use */
};

/* Prints the answer and returns the exit status. */
static int ask(const char *word, const char *argument)
{
    char *words[] = {(char *)word, (char *)argument, NULL};
    GString *answer = g_string_new(NULL);
    int status = HB_ANSWER_OTHER;
    int error = ha_control_ask(CONTROL_NAME, words, ASK_TIMEOUT_MS, &status, answer);

    if (error == -ECONNREFUSED) {
        fprintf(stderr, "hactl: heartbeat does not run on this machine\n");
        status = HB_ANSWER_NO;
    } else if (error < 0) {
        fprintf(stderr, "hactl: heartbeat does not answer: %s\n", strerror(-error));
        status = error == -ETIMEDOUT ? HB_ANSWER_TIMEOUT : HB_ANSWER_OTHER;
    } else {
        fputs(answer->str, status == HB_ANSWER_OK ? stdout : stderr);
    }
    g_string_free(answer, TRUE);
    return status;
}

static int status(int argc, char **argv)
{
    if (argc == 0)
        return ask("status", "text");
    if (argc == 1 && strcmp(argv[0], "--json") == 0)
        return ask("status", "json");
    return -EINVAL;
}

/* Of one group, named by its first resource. */
static int group(int argc, char **argv)
{
    return argc == 1 ? ask("group", argv[0]) : -EINVAL;
}

static int take(int argc, char **argv)
{
    return argc == 1 ? ask("take", argv[0]) : -EINVAL;
}

static int give(int argc, char **argv)
{
    return argc == 1 ? ask("give", argv[0]) : -EINVAL;
}

static int seek(int argc, char **argv)
{
    return argc == 1 ? ask("seek", argv[0]) : -EINVAL;
}

static int confirm_down(int argc, char **argv)
{
    return argc == 1 ? ask("confirm-down", argv[0]) : -EINVAL;
}

static const struct command commands[] = {
    {"status", "[--json]", "nodes, links, groups and counters, as this node sees them", status},
    {"group", "KEY", "what a group of resources does here, and who else has it", group},
    {"take", "KEY", "take a group that no other node has", take},
    {"give", "KEY", "stop a group and leave it stopped", give},
    {"seek", "KEY", "ask the node that has a group to release it, and take it", seek},
    {"confirm-down", "NODE", "you have made sure that the dead NODE is down: take what it had",
     confirm_down},
};

static int usage(FILE *to)
{
    fprintf(to, "usage:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(to, "  hactl %-12s %-8s %s\n", commands[i].name, commands[i].arguments,
                commands[i].help);
    return to == stdout ? 0 : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
        return usage(stdout);
    for (size_t i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++) {
        int result;

        if (strcmp(commands[i].name, argv[1]) != 0)
            continue;
        result = commands[i].fn(argc - 2, argv + 2);
        return result == -EINVAL ? usage(stderr) : result;
    }
    return usage(stderr);
}
