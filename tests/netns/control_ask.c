/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says anything to a control socket, which the commands would not:
 *
 *   control_ask SOCKET WORD...    prints the answer; exit status: the answer's, or 99
 */
#include <stdio.h>
#include <string.h>

#include "common/run/control.h"

int main(int argc, char **argv)
{
    GString *answer = g_string_new(NULL);
    int status = 0, error = argc > 2 ? ha_control_ask(argv[1], argv + 2, 5000, &status, answer) : -1;

    fputs(answer->str, stdout);
    if (error < 0)
        fprintf(stderr, "control_ask: %s\n", strerror(-error));
    g_string_free(answer, TRUE);
    return error < 0 ? 99 : status;
}
