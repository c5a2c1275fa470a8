/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, a line a case: what is typed, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "ldirectord/args.h"

/* "usage" with the unknown option, "help", "version", or "[debug ]ORDER CONFIG INSTANCE". */
static char *outcome(const char *line)
{
    char **argv = g_strsplit(line, " ", -1);
    static const char *const forms[] = {"", " --text", " --json"};
    struct ld_args args;
    char *text;

    ld_args_parse(&args, (int)g_strv_length(argv), argv);
    if (args.help || args.version) /* as main() asks */
        text = g_strdup(args.help ? "help" : "version");
    else if (args.usage)
        text = g_strconcat("usage", args.unknown[0] != '\0' ? " " : "", args.unknown, NULL);
    else
        text = g_strdup_printf("%s%s%s %s %s", args.debug ? "debug " : "",
                               args.order == LD_ORDER_WISH ? "wish " : ld_order_name(args.order),
                               args.order == LD_ORDER_WISH ? args.words[0] : forms[args.form],
                               args.config, args.instance);
    g_strfreev(argv);
    return text;
}

static void the_command_line_means_what_it_always_did(void **state)
{
    static const struct {
        const char *line, *expected;
    } cases[] = {
        {"ldirectord start", "start ldirectord.cf ldirectord"},
        {"ldirectord ldirectord.cf standby", "standby ldirectord.cf ldirectord.cf"},
        {"ldirectord ldirectord.cf start", "start ldirectord.cf ldirectord.cf"},
        {"ldirectord /etc/ha.d/web.cf stop", "stop /etc/ha.d/web.cf web.cf"},
        {"ldirectord web restart", "restart web web"},
        {"ldirectord try-restart", "try-restart ldirectord.cf ldirectord"},
        {"ldirectord reload", "reload ldirectord.cf ldirectord"},
        {"ldirectord force-reload", "reload ldirectord.cf ldirectord"},
        {"ldirectord web status more words", "status web web"},
        {"ldirectord status", "status --text ldirectord.cf ldirectord"},
        {"ldirectord status --json", "status --json ldirectord.cf ldirectord"},
        {"ldirectord web status --json", "status --json web web"},
        {"ldirectord web status --text", "status --text web web"},
        {"ldirectord status --xml", "usage --xml"},
        {"ldirectord status status", "status status status"},
        {"ldirectord drain 10.0.0.1", "wish drain ldirectord.cf ldirectord"},
        {"ldirectord web drain 10.0.0.1 fwm:1", "wish drain web web"},
        {"ldirectord weight 10.0.0.1 5", "wish weight ldirectord.cf ldirectord"},
        {"ldirectord /etc/ha.d/web.cf enable [fd00::1]:80", "wish enable /etc/ha.d/web.cf web.cf"},
        {"ldirectord disable status", "status disable disable"}, /* a file of that name */
        {"ldirectord disable", "usage"},
        {"ldirectord web disable", "usage"},
        {"ldirectord -d start", "debug start ldirectord.cf ldirectord"},
        {"ldirectord --debug -- web start", "debug start web web"},
        {"ldirectord configtest", "configtest ldirectord.cf ldirectord"},
        {"ldirectord configtest web", "configtest web ldirectord"},
        {"ldirectord web configtest", "configtest web web"},
        {"ldirectord -v", "version"},
        {"ldirectord -dv", "version"},
        {"ldirectord --version nonsense", "version"},
        {"ldirectord -h", "help"},
        {"ldirectord -?", "help"},
        {"ldirectord --help", "help"},
        {"ldirectord", "usage"},
        {"ldirectord -d", "usage"},
        {"ldirectord begin", "usage"},
        {"ldirectord web begin", "usage"},
        {"ldirectord start -d", "usage"},
        {"ldirectord -x start", "usage x"},
        {"ldirectord --deb start", "usage deb"},
        {"ldirectord -dx start", "usage x"},
        {"ldirectord -x -v", "usage x"},
        {"ldirectord -h --deb", "usage deb"},
    };

    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *found = outcome(cases[i].line);

        if (strcmp(found, cases[i].expected) != 0)
            fail_msg("%s: expected \"%s\", found \"%s\"", cases[i].line, cases[i].expected, found);
        g_free(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_line_means_what_it_always_did),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
