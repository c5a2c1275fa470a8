/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heartbeat command: reads its options, which are the original's, and hands
 * over to the daemon or to what manages a running one. An option that is known
 * but not acted on is an error that says so.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/run/daemon.h"
#include "heartbeatd/daemon/heartbeat.h"
#include "heartbeatd/daemon/manage.h"
#include "heartbeatd/daemon/show_config.h"

#define EXIT_USAGE 2

static const char usage_text[] =
    "Usage: heartbeat [-dflMv]   start, in the background unless -f\n"
    "       heartbeat -k         stop, and wait until it has ended\n"
    "       heartbeat -r         check the files, and take over what has changed\n"
    "       heartbeat -R         start anew within, holding on to resources\n"
    "       heartbeat -s         say whether it runs\n"
    "       heartbeat -t         check files, scripts, addresses and interfaces\n"
    "       heartbeat -D [-W]    print the defaults of ha.cf, -W for a wiki\n"
    "       heartbeat -V         print the version\n"
    "-d more in the log, -f foreground, -l no real-time priority, -M no resources,\n"
    "-v print the configuration; -C none|local|foreign|all with -R only, and without effect\n";

static int usage(void)
{
    fputs(usage_text, stderr);
    return EXIT_USAGE;
}

static int defaults(bool wiki)
{
    GString *text = g_string_new(NULL);

    hb_show_defaults(wiki, HB_VERSION, text);
    fputs(text->str, stdout);
    g_string_free(text, TRUE);
    return 0;
}

/* What the original calls what a restarted daemon holds. Ours knows by itself. */
static bool is_state(const char *text)
{
    static const char *const states[] = {"none", "local", "foreign", "all"};

    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
        if (strcmp(states[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static int start(const struct hb_options *options)
{
    int pid = hb_manage_pid();

    if (pid > 0) {
        int status = hb_manage_check();

        fprintf(stderr, "heartbeat: already running [pid %d].\n", pid);
        return status;
    }
    return hb_daemon_run(options);
}

/* What the command line asks for. */
struct wish {
    int mode; /* the option that names it; 0: start */
    const char *state;
    bool wiki;
    bool version; /* and nothing that comes after it counts */
    struct hb_options options;
};

/* False: it is none that we know, or two things at once. */
static bool take_mode(struct wish *wish, int option)
{
    if (wish->mode == 'D') {
        return true; /* whatever else there is */
    }
    if (option != 'D' && wish->mode && wish->mode != option) {
        return false;
    }
    wish->mode = option;
    return true;
}

static bool take_option(struct wish *wish, int option)
{
    switch (option) {
    case 'd':
        wish->options.debug++;
        return true;
    case 'f':
        wish->options.foreground = true;
        /* The journal has our syslog lines already. */
        wish->options.log_to_stderr = getenv("JOURNAL_STREAM") == NULL;
        return true;
    case 'l':
        wish->options.no_realtime = true;
        return true;
    case 'M':
        wish->options.unmanaged = true;
        return true;
    case 'v':
        wish->options.show = true;
        return true;
    case 'W':
        wish->wiki = true;
        return true;
    case 'V':
        wish->version = true;
        return true;
    case 'C':
        wish->state = optarg;
        return true;
    case 'D':
    case 'k':
    case 'r':
    case 'R':
    case 's':
    case 't':
        return take_mode(wish, option);
    default:
        return false;
    }
}

static int reload(const struct hb_options *options)
{
    bool wanted;
    int status = hb_manage_reload(&wanted);

    return wanted ? start(options) : status;
}

int main(int argc, char **argv)
{
    struct wish wish = {0};
    int option;

    ha_daemon_fill_standard();
    while (!wish.version && (option = getopt(argc, argv, "dfklrstvDMRVWC:")) != -1) {
        if (!take_option(&wish, option)) {
            return usage();
        }
    }
    if (wish.version) {
        printf("%s (Hearth)\n", HB_VERSION);
        return 0;
    }
    if (optind < argc || (wish.state && (wish.mode != 'R' || !is_state(wish.state)))) {
        return usage();
    }
    switch (wish.mode) {
    case 'D':
        return defaults(wish.wiki);
    case 's':
        return hb_manage_status();
    case 'k':
        return hb_manage_stop();
    case 't':
        return hb_manage_test();
    case 'R':
        return hb_manage_restart();
    case 'r':
        return reload(&wish.options);
    default:
        return start(&wish.options);
    }
}
