/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cl_status: asks the heartbeat of this machine and prints the answer as the
 * original's command does; -m makes a sentence of it. Knows nothing itself.
 */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/run/control.h"
#include "heartbeatd/answers.h"

#define ASK_TIMEOUT_MS 5000
#define CONTROL_NAME   "heartbeat"

struct call {
    bool human, verbose, normal, ping;
    const char *parameter;
    const char *argument; /* NULL: none */
    bool extra;           /* more arguments than that */
};

static const char usage_text[] =
    "usage: cl_status hbstatus [-v]              does heartbeat run on this machine?\n"
    "       cl_status listnodes [-m] [-n] [-p] [-v]   the nodes of the cluster\n"
    "       cl_status nodestatus [-m] NODE       up, active, dead, init\n"
    "       cl_status rscstatus [-m]             which resources this node holds\n"
    "       cl_status hbparameter [-m] -p NAME   a parameter of ha.cf\n"
    "-m print sentences, -n only normal nodes, -p only ping nodes, -v tell more\n";

static int signon_failed(int error)
{
    if (error == -ETIMEDOUT) {
        fprintf(stderr, "Heartbeat does not answer\n");
        return HB_ANSWER_TIMEOUT;
    }
    fprintf(stderr, "Cannot signon with heartbeat\n");
    if (error != -ECONNREFUSED) {
        fprintf(stderr, "REASON: %s\n", strerror(-error));
    }
    return HB_ANSWER_NO;
}

/* The answer, or NULL after a message; *status is the exit status. */
static GString *ask(const char *word, const char *argument, int *status)
{
    char *words[] = {(char *)word, (char *)argument, NULL};
    GString *answer = g_string_new(NULL);
    int error = ha_control_ask(CONTROL_NAME, words, ASK_TIMEOUT_MS, status, answer);

    if (error < 0) {
        *status = signon_failed(error);
    } else if (*status == HB_ANSWER_OK ||
               (*status == HB_ANSWER_NO && strcmp(word, "nodestatus") == 0)) {
        return answer; /* dead is an answer, too */
    } else {
        fputs(answer->str, stderr);
    }
    g_string_free(answer, TRUE);
    return NULL;
}

/* Prints the answer, with text around it if -m was given. */
static int print(const struct call *call, const char *before, GString *answer, const char *after,
                 int status)
{
    if (answer) {
        if (call->human) {
            g_string_truncate(answer, strcspn(answer->str, "\n"));
            printf("%s%s%s\n", before, answer->str, after);
        } else {
            fputs(answer->str, stdout);
        }
        g_string_free(answer, TRUE);
    }
    return status;
}

static void print_nodes(const GString *answer, bool verbose)
{
    char **lines = g_strsplit(answer->str, "\n", -1);

    for (char **line = lines; *line; line++) {
        char **fields = g_strsplit(*line, "\t", -1);

        if (g_strv_length(fields) < 3) {
            /* the end */
        } else if (!fields[0][0]) {
            printf("%s\n", *line);
        } else if (verbose) {
            printf("\n%s\t%s\t(nodetype: %s)\n", fields[0], fields[1], fields[2]);
        } else {
            printf("%s\n", fields[0]);
        }
        g_strfreev(fields);
    }
    g_strfreev(lines);
}

static int listnodes(const struct call *call)
{
    int status;
    GString *answer = ask(call->verbose ? "links" : "nodes", NULL, &status);

    if (!answer) {
        return status;
    }
    if (call->human) {
        printf("The nodes are as follow:\n");
    }
    if (call->normal || !call->ping) {
        print_nodes(answer, call->verbose); /* there are no ping nodes yet */
    }
    g_string_free(answer, TRUE);
    return status;
}

static int hbstatus(const struct call *call)
{
    char *words[] = {(char *)(call->verbose ? "describe" : "hbstatus"), NULL};
    GString *answer = g_string_new(NULL);
    int status, error = ha_control_ask(CONTROL_NAME, words, ASK_TIMEOUT_MS, &status, answer);

    if (error == 0) {
        printf("Heartbeat is running on this machine.\n%s", answer->str);
        status = call->verbose ? listnodes(call) : HB_ANSWER_OK;
    } else if (error == -ETIMEDOUT) {
        status = signon_failed(error);
    } else {
        printf("Heartbeat is stopped on this machine.\n");
        status = HB_ANSWER_NO;
    }
    g_string_free(answer, TRUE);
    return status;
}

static int nodestatus(const struct call *call)
{
    char *before;
    GString *answer;
    int status;

    if (!call->argument) {
        fprintf(stderr, "cl_status nodestatus: expected the name of a node\n");
        return HB_ANSWER_PARAMETER;
    }
    before = g_strdup_printf("The cluster node %s is ", call->argument);
    answer = ask("nodestatus", call->argument, &status);
    status = print(call, before, answer, "", status);
    g_free(before);
    return status;
}

static int rscstatus(const struct call *call)
{
    int status;
    GString *answer = ask("rscstatus", NULL, &status);

    return print(call, "This node is holding ", answer, " resources.", status);
}

static int hbparameter(const struct call *call)
{
    char *before;
    GString *answer;
    int status;

    if (!call->parameter) {
        fprintf(stderr, "cl_status hbparameter: expected -p NAME\n");
        return HB_ANSWER_PARAMETER;
    }
    before = g_strdup_printf("Heartbeat parameter %s's value: ", call->parameter);
    answer = ask("parameter", call->parameter, &status);
    status = print(call, before, answer, "", status);
    g_free(before);
    return status;
}

static const struct command {
    const char *name;
    const char *options;
    int (*fn)(const struct call *call);
} commands[] = {
    {"hbstatus", "mv", hbstatus},     {"listnodes", "mnpv", listnodes},
    {"nodestatus", "m", nodestatus},  {"rscstatus", "m", rscstatus},
    {"hbparameter", "mp:", hbparameter},
    /* The original's, which this version does not answer. */
    {"nodetype", NULL, NULL},         {"nodeweight", NULL, NULL},
    {"nodesite", NULL, NULL},         {"listhblinks", NULL, NULL},
    {"hblinkstatus", NULL, NULL},     {"clientstatus", NULL, NULL},
};

static bool read_call(struct call *call, const struct command *command, int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, command->options)) != -1) {
        switch (option) {
        case 'm':
            call->human = true;
            break;
        case 'v':
            call->verbose = true;
            break;
        case 'n':
            call->normal = true;
            break;
        case 'p':
            call->ping = true;
            call->parameter = optarg;
            break;
        default:
            return false;
        }
    }
    call->argument = optind < argc ? argv[optind] : NULL;
    return optind + (command->fn == nodestatus) >= argc;
}

int main(int argc, char **argv)
{
    struct call call = {0};

    if (argc < 2 || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
        fputs(usage_text, stdout);
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, argv[1]) != 0) {
            continue;
        }
        if (!commands[i].fn) {
            fprintf(stderr, "cl_status: %s is not answered by this version\n", argv[1]);
            return HB_ANSWER_OTHER;
        }
        if (!read_call(&call, &commands[i], argc - 1, argv + 1)) {
            fputs(usage_text, stderr);
            return HB_ANSWER_PARAMETER;
        }
        return commands[i].fn(&call);
    }
    fprintf(stderr, "cl_status: unknown command %s\n%s", argv[1], usage_text);
    return HB_ANSWER_PARAMETER;
}
