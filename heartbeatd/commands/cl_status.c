/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cl_status: asks the heartbeat of this machine and prints the answer as the
 * original's command does, word for word; -m makes a sentence of it. Knows
 * nothing itself.
 */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/run/clock.h"
#include "common/run/control.h"
#include "common/base/time.h"
#include "heartbeatd/daemon/answers.h"

#define ASK_TIMEOUT_MS    5000
#define CLIENT_TIMEOUT_MS 500 /* of clientstatus, if none is given */
#define CLIENT_LOOK_MS    10
#define CONTROL_NAME      "heartbeat"

struct call {
    bool human, verbose, normal, ping, wrong;
    unsigned verbosity;
    const char *parameter;
    char **arguments;
    int count;
};

static const char usage_text[] =
    "Usage: cl_status <sub-command> [<options>] [<parameters>]\n"
    "\n"
    "Sub-commands:\n"
    "clientstatus <node-name> <client-id> [<timeout>]\n"
    "\tShow the status of heartbeat clients.\n"
    "hblinkstatus <node-name> <link-name>\n"
    "\tShow the status of a heartbeat link\n"
    "hbstatus\n"
    "\tIndicate if heartbeat is running on the local system.\n"
    "\tOptions:\n"
    "\t\t-v\tverbose: also add \"listnodes -v\" output\n"
    "\t\t-vv\tmore: what was received, sent and refused\n"
    "listnodes [<option>]\n"
    "\tList the nodes in the cluster.\n"
    "\tOptions:\n"
    "\t\t-p\tlist only 'ping' type nodes\n"
    "\t\t-n\tlist only 'normal' type nodes\n"
    "\t\t-v\tverbose: also list type and status,\n"
    "\t\t\tthen add \"listhblinks -v\" output\n"
    "listhblinks <node-name>\n"
    "\tList the network interfaces used as heartbeat links.\n"
    "\tOptions:\n"
    "\t\t-v\tverbose: list link status as well\n"
    "nodestatus <node-name>\n"
    "\tShow the status of a node.\n"
    "nodeweight <node-name>\n"
    "\tShow the weight of a node.\n"
    "nodesite <node-name>\n"
    "\tShow the site of a node.\n"
    "nodetype <node-name>\n"
    "\tShow the type of a node.\n"
    "rscstatus\n"
    "\tShow the status of cluster resources.\n"
    "hbparameter -p <parameter-name>\n"
    "\tShow the value of a parameter of ha.cf.\n"
    "With -m the answers are sentences.\n";

/* ---- asking ---- */

static int signon_failed(int error)
{
    if (error == -ETIMEDOUT) {
        fprintf(stderr, "cl_status: heartbeat does not answer\n");
        return HB_ANSWER_TIMEOUT;
    }
    fprintf(stderr, "cl_status: Cannot signon with heartbeat\n");
    if (error != -ECONNREFUSED) {
        fprintf(stderr, "cl_status: REASON: %s\n", strerror(-error));
    }
    return HB_ANSWER_NO;
}

/* The answer, which the caller frees; or NULL after a message. *status is the exit status. */
static GString *ask(const char *word, const char *argument, int *status)
{
    char *words[] = {(char *)word, (char *)argument, NULL};
    GString *answer = g_string_new(NULL);
    int error = ha_control_ask(CONTROL_NAME, words, ASK_TIMEOUT_MS, status, answer);

    if (error == 0 && *status == HB_ANSWER_OK) {
        return answer;
    }
    if (error < 0) {
        *status = signon_failed(error);
    } else {
        fprintf(stderr, "cl_status: %s", answer->str);
    }
    g_string_free(answer, TRUE);
    return NULL;
}

/* A mistake of the caller, unless there is nobody to ask anyway: that is told first. */
static int mistake(const char *format, ...) G_GNUC_PRINTF(1, 2);
static int mistake(const char *format, ...)
{
    int status;
    GString *answer = ask("hbstatus", NULL, &status);
    va_list args;

    if (!answer) {
        return status;
    }
    g_string_free(answer, TRUE);
    fputs("cl_status: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return HB_ANSWER_PARAMETER;
}

/* ---- nodes and their links ---- */

/* One line of the table: a node, or (name "") a link of the node above. */
struct line {
    char **fields;
};

/* Lines of at least three fields; the last is {NULL}. */
static struct line *read_table(const GString *answer)
{
    char **lines = g_strsplit(answer->str, "\n", -1);
    struct line *table = g_new0(struct line, g_strv_length(lines) + 1);
    guint used = 0;

    for (char **line = lines; *line; line++) {
        char **fields = g_strsplit(*line, "\t", -1);

        if (g_strv_length(fields) >= 3) {
            table[used++].fields = fields;
        } else {
            g_strfreev(fields);
        }
    }
    g_strfreev(lines);
    return table;
}

static void free_table(struct line *table)
{
    for (struct line *line = table; line->fields; line++) {
        g_strfreev(line->fields);
    }
    g_free(table);
}

static bool is_link(const struct line *line)
{
    return line->fields[0][0] == '\0';
}

static struct line *ask_table(int *status)
{
    GString *answer = ask("links", NULL, status);
    struct line *table = answer ? read_table(answer) : NULL;

    if (answer) {
        g_string_free(answer, TRUE);
    }
    return table;
}

static const struct line *find_node(const struct line *table, const char *name)
{
    for (; table->fields; table++) {
        if (!is_link(table) && !g_ascii_strcasecmp(table->fields[0], name)) {
            return table;
        }
    }
    return NULL;
}

/* node: its line; prints the links below it. */
static void print_links(const struct call *call, const struct line *node, bool status)
{
    if (call->human) {
        printf("\tthis node has the following heartbeat links:\n");
    }
    for (const struct line *line = node + 1; line->fields && is_link(line); line++) {
        if (status) {
            printf("\t%s\t%s\n", line->fields[1], line->fields[2]);
        } else {
            printf("\t%s\n", line->fields[1]);
        }
    }
}

static int print_nodes(const struct call *call, bool verbose)
{
    int status;
    struct line *table = ask_table(&status);

    if (!table) {
        return status;
    }
    if (call->human) {
        printf("The nodes are as follow:\n");
    }
    for (const struct line *line = table; line->fields; line++) {
        bool ping = !is_link(line) && !strcmp(line->fields[2], "ping");

        if (is_link(line) || (call->normal != call->ping && ping != call->ping)) {
            continue;
        }
        if (verbose) {
            printf("\n%s\t%s\t(nodetype: %s)\n", line->fields[0], line->fields[1],
                   line->fields[2]);
            print_links(call, line, true);
        } else {
            printf("%s\n", line->fields[0]);
        }
    }
    free_table(table);
    return HB_ANSWER_OK;
}

static int listnodes(const struct call *call)
{
    return call->wrong ? mistake("listnodes: unknown option") : print_nodes(call, call->verbose);
}

/* The table and the node that the first argument names; or a message and *status. */
static struct line *ask_node(const struct call *call, const struct line **node, int *status,
                             const char *what)
{
    struct line *table;

    if (call->wrong || call->count < 1) {
        *status = mistake("%s: expected the name of a node", what);
        return NULL;
    }
    table = ask_table(status);
    *node = table ? find_node(table, call->arguments[0]) : NULL;
    if (table && !*node) {
        fprintf(stderr, "cl_status: there is no node %s in this cluster\n", call->arguments[0]);
        *status = HB_ANSWER_PARAMETER;
        free_table(table);
        return NULL;
    }
    return table;
}

static int nodestatus(const struct call *call)
{
    static const char *const good[] = {"up", "active", "ping", NULL};
    const struct line *node;
    int status;
    struct line *table = ask_node(call, &node, &status, "nodestatus");

    if (!table) {
        return status;
    }
    if (call->human) {
        printf("The cluster node %s is ", call->arguments[0]);
    }
    printf("%s\n", node->fields[1]);
    status = g_strv_contains(good, node->fields[1]) ? HB_ANSWER_OK : HB_ANSWER_NO;
    free_table(table);
    return status;
}

/* before and after: around the name of the node, with -m. */
/* column: of the answer to "nodes". */
static int print_of_node(const struct call *call, const char *what, const char *before,
                         const char *after, guint column)
{
    const struct line *node;
    int status;
    struct line *table = ask_node(call, &node, &status, what);

    if (!table) {
        return status;
    }
    if (call->human) {
        printf("%s%s%s", before, call->arguments[0], after);
    }
    printf("%s\n", g_strv_length(node->fields) > column ? node->fields[column] : "");
    free_table(table);
    return HB_ANSWER_OK;
}

static int nodetype(const struct call *call)
{
    return print_of_node(call, "nodetype", "The node ", "'s type: ", 2);
}

static int nodeweight(const struct call *call)
{
    return print_of_node(call, "nodeweight", "The weight of the cluster node ", " is ", 3);
}

static int nodesite(const struct call *call)
{
    return print_of_node(call, "nodesite", "The site of the cluster node ", " is ", 4);
}

static int listhblinks(const struct call *call)
{
    const struct line *node;
    int status;
    struct line *table = ask_node(call, &node, &status, "listhblinks");

    if (!table) {
        return status == HB_ANSWER_PARAMETER && call->count > 0 && !call->wrong ? HB_ANSWER_OTHER
                                                                                : status;
    }
    print_links(call, node, call->verbose);
    free_table(table);
    return HB_ANSWER_OK;
}

static int hblinkstatus(const struct call *call)
{
    const struct line *node, *line;
    struct line *table;
    int status;

    if (call->wrong || call->count < 2) {
        return mistake("hblinkstatus: expected the names of a node and of a link");
    }
    table = ask_node(call, &node, &status, "hblinkstatus");
    if (!table) {
        return status == HB_ANSWER_PARAMETER ? HB_ANSWER_OTHER : status;
    }
    for (line = node + 1; line->fields && is_link(line); line++) {
        if (!strcmp(line->fields[1], call->arguments[1])) {
            break;
        }
    }
    if (!line->fields || !is_link(line)) {
        fprintf(stderr, "cl_status: %s has no link %s\n", call->arguments[0], call->arguments[1]);
        status = HB_ANSWER_OTHER;
    } else {
        if (call->human) {
            printf("The node %s's heartbeat link %s is ", call->arguments[0], call->arguments[1]);
        }
        printf("%s\n", line->fields[2]);
        status = strcmp(line->fields[2], "up") != 0 ? HB_ANSWER_NO : HB_ANSWER_OK;
    }
    free_table(table);
    return status;
}

/* ---- the rest ---- */

static int hbstatus(const struct call *call)
{
    char *words[] = {(char *)"version", NULL};
    GString *answer = g_string_new(NULL), *counters;
    int status, error = ha_control_ask(CONTROL_NAME, words, ASK_TIMEOUT_MS, &status, answer);

    if (error == -ETIMEDOUT) {
        status = signon_failed(error);
    } else if (error < 0) {
        printf("Heartbeat is stopped on this machine.\n");
        if (call->verbose) {
            printf("(hb_api_signon: Can't initiate connection to heartbeat)\n");
        }
        status = HB_ANSWER_NO;
    } else if (!call->verbose) {
        printf("Heartbeat is running on this machine.\n");
        status = HB_ANSWER_OK;
    } else {
        printf(call->human ? "Heartbeat version %s" : "version:\t%s", answer->str);
        printf(call->human ? "Resources controlled by \"haresources\"\n"
                           : "managed by:\t\"haresources\"\n");
        status = print_nodes(call, true);
        counters = call->verbosity > 1 ? ask("describe", NULL, &status) : NULL;
        if (counters) {
            printf("\n%s", counters->str);
            g_string_free(counters, TRUE);
        }
    }
    g_string_free(answer, TRUE);
    return status;
}

static int rscstatus(const struct call *call)
{
    int status;
    GString *answer = ask("rscstatus", NULL, &status);

    if (!answer) {
        return status;
    }
    g_string_truncate(answer, strcspn(answer->str, "\n"));
    printf(call->human ? "This node is holding %s resources.\n" : "%s\n", answer->str);
    g_string_free(answer, TRUE);
    return status;
}

static int hbparameter(const struct call *call)
{
    GString *answer;
    int status;

    if (call->wrong || !call->parameter) {
        return mistake("hbparameter: expected -p NAME");
    }
    answer = ask("parameter", call->parameter, &status);
    if (!answer) {
        return status;
    }
    if (call->human) {
        printf("Heartbeat parameter %s's value: ", call->parameter);
    }
    fputs(answer->str, stdout);
    g_string_free(answer, TRUE);
    return status;
}

/* Another node may have to be asked, which takes a moment: look again until it is known. */
static int clientstatus(const struct call *call)
{
    uint64_t limit_ms = CLIENT_TIMEOUT_MS, until_ns;
    GString *answer = NULL;
    int status;

    if (call->wrong || call->count < 2) {
        return mistake("clientstatus: expected the names of a node and of a client");
    }
    if (call->count > 2) {
        limit_ms = g_ascii_strtoull(call->arguments[2], NULL, 10);
    }
    until_ns = ha_clock_ns() + MIN(limit_ms, 3600000) * HA_NS_PER_MS;
    for (const char *word = "ask";; word = "again") {
        char *argument = g_strjoin(" ", call->arguments[0], call->arguments[1], word, NULL);

        answer = ask("client", argument, &status);
        g_free(argument);
        if (!answer || strcmp(answer->str, "wait\n") != 0) {
            break;
        }
        g_string_free(answer, TRUE);
        if (ha_clock_ns() >= until_ns) {
            fprintf(stderr, "cl_status: Cannot get heartbeat client %s's status\n"
                            "cl_status: REASON: No timely response.\n", call->arguments[1]);
            return HB_ANSWER_OTHER;
        }
        poll(NULL, 0, CLIENT_LOOK_MS);
    }
    if (answer) {
        fputs(answer->str, stdout);
        status = strcmp(answer->str, "online\n") != 0 ? HB_ANSWER_NO : HB_ANSWER_OK;
        g_string_free(answer, TRUE);
    }
    return status;
}

static const struct command {
    const char *name;
    const char *options;
    int (*fn)(const struct call *call);
} commands[] = {
    {"hbstatus", "mv", hbstatus},         {"listnodes", "mnpv", listnodes},
    {"nodestatus", "m", nodestatus},      {"nodetype", "m", nodetype},
    {"nodeweight", "m", nodeweight},      {"nodesite", "m", nodesite},
    {"listhblinks", "mv", listhblinks},   {"hblinkstatus", "m", hblinkstatus},
    {"clientstatus", "m", clientstatus},  {"rscstatus", "m", rscstatus},
    {"hbparameter", "mp:", hbparameter},
};

static void read_call(struct call *call, const struct command *command, int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, command->options)) != -1) {
        switch (option) {
        case 'm':
            call->human = true;
            break;
        case 'v':
            call->verbose = true;
            call->verbosity++;
            break;
        case 'n':
            call->normal = true;
            break;
        case 'p':
            call->ping = true;
            call->parameter = optarg;
            break;
        default:
            call->wrong = true;
        }
    }
    call->arguments = argv + optind;
    call->count = argc - optind;
}

int main(int argc, char **argv)
{
    struct call call = {0};

    if (argc < 2 || !strcmp(argv[1], "-h")) {
        fputs(usage_text, stdout);
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, argv[1]) == 0) {
            read_call(&call, &commands[i], argc - 1, argv + 1);
            return commands[i].fn(&call);
        }
    }
    fprintf(stderr, "cl_status: %s: invalid sub-command (cl_status -h lists them)\n", argv[1]);
    return HB_ANSWER_PARAMETER;
}
