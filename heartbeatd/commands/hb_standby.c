/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hb_standby and hb_takeover, told apart by the name they are called by: an
 * operator's wish, handed to the daemon of this machine. Exits with 0 when the
 * wish was handed over; what became of it is in the log.
 */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/run/control.h"

#define ASK_TIMEOUT_MS 5000

static int usage(const char *called, const char *fault, const char *what)
{
    if (what != NULL)
        printf("%s: %s(%s).\n", called, fault, what);
    else if (fault != NULL)
        printf("%s: %s\n", called, fault);
    printf("usage:\n");
    fflush(stdout);
    fprintf(stderr, "%s [all|foreign|local|failback]\n", called);
    return 1;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    bool takeover = strstr(name, "takeover") != NULL;
    const char *what = argc > 1 ? argv[1] : "all";
    char *words[] = {(char *)(takeover ? "takeover" : "standby"), NULL, NULL};
    GString *answer;
    int error, status = 0;

    if (argc > 2)
        return usage(argv[0], "too many arguments", NULL);
    if (strcmp(what, "--help") == 0)
        return usage(argv[0], NULL, NULL);
    if (strcmp(what, "all") != 0 && strcmp(what, "local") != 0 && strcmp(what, "foreign") != 0 &&
        strcmp(what, "failback") != 0)
        return usage(argv[0], "wrong resources", what);
    words[1] = (char *)(strcmp(what, "failback") == 0 ? "foreign" : what);
    answer = g_string_new(NULL);
    error = ha_control_ask("heartbeat", words, ASK_TIMEOUT_MS, &status, answer);
    if (error == -ETIMEDOUT) {
        fprintf(stderr, "Heartbeat does not answer\n");
    } else if (error < 0) {
        fprintf(stderr, "Cannot signon with heartbeat\n");
    } else if (status != 0) {
        fputs(answer->str, stderr);
    } else if (!takeover) {
        fprintf(stderr, "Going standby [%s].\n", words[1]);
    }
    g_string_free(answer, TRUE);
    return error < 0 || status != 0;
}
