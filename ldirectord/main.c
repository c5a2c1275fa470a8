/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldirectord(8): the command line's orders, with the exit statuses that init
 * scripts, heartbeat and cluster managers know.
 *
 *   0    done; start: it runs (already); stop: it runs no more
 *   1    no configuration file; start failed; reload of what does not run; a stale pid file
 *   2    the configuration has errors (stop works all the same)
 *   3    status: not running
 *   4    status: it runs, but this user may not ask for more
 *   255  usage
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/run/daemon.h"
#include "common/run/log.h"
#include "common/run/secret.h"
#include "config.h"
#include "ldirectord/args.h"
#include "ldirectord/config_file.h"
#include "ldirectord/daemon_run.h"
#include "ldirectord/instances.h"
#include "ldirectord/logging.h"
#include "ldirectord/orders.h"

#define USAGE_STATUS   255
#define NOT_FOR_YOU_STATUS 4
#define STOP_WAIT_MS   60000

struct command {
    struct ld_args args;
    char *const *argv;
    char *path;     /* of the configuration; NULL: not found */
    char *pid_file;
    struct ld_config *config; /* NULL: has errors */
    struct ld_content content;
};

static void print_usage(void)
{
    printf("Usage: ldirectord [-d] [--] [CONFIG] ACTION\n"
           "       ldirectord configtest [CONFIG]\n"
           "       ldirectord [CONFIG] status [--text|--json]\n"
           "       ldirectord [CONFIG] enable|disable|drain|weight SERVER [N] [SERVICE]\n"
           "       ldirectord -h | -v\n"
           "\n"
           "Checks real servers and keeps the kernel's IPVS table as CONFIG says.\n"
           "CONFIG is looked for in %s, %s/conf and as it is (default: ldirectord.cf).\n"
           "\n"
           "Actions:\n"
           "  start                 begin, in the background; returns when the table is in place\n"
           "  standby               check the servers, but leave the table alone until told to start\n"
           "  stop                  end, and take the table's entries away (see cleanstop)\n"
           "  restart               stop, then start\n"
           "  try-restart           restart if it runs\n"
           "  reload, force-reload  read CONFIG again; one with errors changes nothing\n"
           "  status                say whether it runs: exit 0, or 3\n"
           "                        (and how each server is: always without CONFIG)\n"
           "  configtest            say what is wrong with CONFIG: exit 0, or 2\n"
           "  disable SERVER        take a real server out, as if it had failed\n"
           "  drain SERVER          give it no new clients\n"
           "  weight SERVER N       give it another weight\n"
           "  enable SERVER         withdraw what was ordered\n"
           "SERVER is ADDRESS[:PORT], in every virtual service or only in SERVICE (tcp:ADDRESS:PORT, fwm:N).\n"
           "\n"
           "Options:\n"
           "  -d, --debug           stay in the foreground, log to standard error\n"
           "  -h, -?, --help        show this\n"
           "  -v, --version         show the version\n"
           "\n"
           "More in ldirectord(8) and ldirectord.cf(5).\n",
           HA_HADIR, HA_HADIR);
}

static void print_version(void)
{
    printf("Linux Director of Hearth %s\n"
           "A new implementation of ldirectord for Heartbeat clusters.\n"
           "\n"
           "This is free software: you may share and change it under the terms of the GNU\n"
           "General Public License, version 2 or later. There is no warranty of any kind.\n",
           PACKAGE_VERSION);
}

/* ---- what all orders begin with ---- */

static char *invocation(char *const *argv)
{
    GString *words = g_string_new(NULL);
    char *clean;

    for (; *argv != NULL; argv++)
        g_string_append_printf(words, "%s ", *argv);
    clean = ha_log_clean(words->str, words->len, 1024);
    g_string_free(words, TRUE);
    return clean;
}

static enum ld_logging logging_of(const struct command *command)
{
    if (command->args.debug)
        return LD_LOG_DEBUG;
    if (command->config != NULL && command->config->supervised)
        return LD_LOG_SUPERVISED;
    return LD_LOG_CONFIGURED;
}

static void open_log(const struct command *command)
{
    const char *logfile = command->config != NULL ? command->config->logfile : NULL;
    char *words;

    if (!ld_logging_setup(logging_of(command), logfile, command->args.instance))
        fprintf(stderr, "ldirectord: logfile: expected a path or a syslog facility, found \"%s\"; "
                "logging to the facility daemon\n", logfile);
    words = invocation(command->argv);
    ha_log(HA_LOG_INFO, "Invoking ldirectord invoked as: %s", words);
    g_free(words);
}

static void print_diags(const struct ha_diags *diags)
{
    for (guint i = 0; i < diags->list->len; i++) {
        char *text = ld_diag_classic(g_ptr_array_index(diags->list, i));

        fprintf(stderr, "%s\n", text);
        g_free(text);
    }
}

/* Who only asks leaves no trace in the log, and need not be able to write it. */
static bool only_asks(const struct command *command)
{
    return command->args.order == LD_ORDER_STATUS;
}

/* The daemon's pid; 0: none; -ESRCH: a pid file that was left behind, whatever is in it. */
static int running(const struct command *command)
{
    int pid = ha_pidfile_check(command->pid_file, "ldirectord");

    return pid == -EINVAL ? -ESRCH : pid;
}

/* The log has to be writable before anything is done that it should tell of. Client libraries are opened
 * here only for a daemon that is to be: to load them is most of a start. */
static unsigned looks_of(const struct command *command)
{
    unsigned looks = LD_LOOK_FILES;

    if (only_asks(command))
        return 0;
    if (command->args.order == LD_ORDER_STOP)
        return looks;
    if (command->args.order == LD_ORDER_RELOAD || running(command) <= 0)
        looks |= LD_LOOK_CLIENTS;
    if (command->args.debug)
        return looks;
    return looks | LD_LOOK_LOG | (command->args.order == LD_ORDER_RELOAD ? LD_LOOK_ONLY : 0);
}

/* A file with passwords in it may be root's alone; what runs can be asked all the same. */
static bool is_secret(const struct command *command)
{
    if (!only_asks(command) || access(command->path, R_OK) == 0 || errno != EACCES)
        return false;
    fprintf(stderr, "ldirectord: %s cannot be read by this user: nothing is said of the instances "
            "it executes\n", command->path);
    return true;
}

/* 0, or the exit status for what is wrong with the file. */
static int load(struct command *command)
{
    struct ha_diags diags;
    int status = 0;

    command->path = ld_config_find(command->args.config);
    if (command->path == NULL && only_asks(command)) {
        fprintf(stderr, "Config file %s not found\n", command->args.config);
        return 1;
    }
    if (command->path == NULL) {
        open_log(command);
        ha_log(HA_LOG_ERROR, "Exiting with exit_status 1: Config file %s not found",
               command->args.config);
        fprintf(stderr, "Config file %s not found\n", command->args.config);
        return 1;
    }
    if (is_secret(command))
        return 0;
    ha_diags_init(&diags);
    command->config = ld_config_load(command->path, &command->content, looks_of(command), &diags);
    print_diags(&diags);
    if (diags.errors > 0)
        status = 2;
    else if (!only_asks(command))
        open_log(command);
    ha_diags_clear(&diags);
    return status;
}

static int leave(int status, const struct command *command, const char *what)
{
    if (status != 0)
        ha_log(HA_LOG_INFO, "Exiting with exit_status %d: %s %s", status, what, command->path);
    return status;
}

/* ---- orders ---- */

/* One that runs is told what to be. Another maker's does not listen: it is as active as it can be. */
static int order(const struct command *command, const char *word)
{
    GString *answer = g_string_new(NULL);
    int status = ld_orders_give(command->args.instance, word, answer);

    if (status == -ECONNREFUSED && strcmp(word, HA_DIRECTOR_ACTIVATE) == 0)
        status = 0;
    else if (status != 0)
        fprintf(stderr, "ldirectord: instance %s runs, but cannot be told to %s: %s\n",
                command->args.instance,
                strcmp(word, HA_DIRECTOR_STANDBY) == 0 ? "stand by" : word,
                status < 0 ? g_strerror(-status) : g_strchomp(answer->str));
    g_string_free(answer, TRUE);
    return status == 0 ? 0 : leave(1, command, "ldirectord cannot be given orders for");
}

static int start(struct command *command)
{
    bool standby = command->args.order == LD_ORDER_STANDBY;
    struct ld_run run = {.path = command->path, .instance = command->args.instance,
                         .pid_file = command->pid_file, .logging = logging_of(command),
                         .content = command->content, .standby = standby};
    int status;

    if (running(command) > 0)
        return order(command, standby ? HA_DIRECTOR_STANDBY : HA_DIRECTOR_ACTIVATE);
    run.config = g_steal_pointer(&command->config);
    run.orders_file = g_strdup_printf("%s/ldirectord.%s.orders", HA_VARLIB, command->args.instance);
    status = ld_daemon_run(&run);
    ld_config_free(run.config);
    g_free(run.orders_file);
    return status;
}

/* Waits for the end: a caller that starts again, or takes the address away, needs to know. */
static int stop_and_wait(int pid)
{
    struct pollfd ended = {.events = POLLIN};
    int status;

    ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (ended.fd < 0)
        return errno == ESRCH ? 0 : -errno;
    if (syscall(SYS_pidfd_send_signal, ended.fd, SIGTERM, NULL, 0) != 0)
        status = errno == ESRCH ? 0 : -errno;
    else
        status = poll(&ended, 1, STOP_WAIT_MS) > 0 ? 0 : -ETIMEDOUT;
    close(ended.fd);
    return status;
}

static int stop(struct command *command)
{
    int pid = running(command);
    int error = pid > 0 ? stop_and_wait(pid) : 0;

    if (error == 0)
        return 0;
    fprintf(stderr, "ldirectord: cannot stop process %d: %s\n", pid, g_strerror(-error));
    return leave(1, command, "ldirectord does not end for");
}

/* A new process image, so that /proc/PID/cmdline says "start", by which it is known to others. */
static int start_afresh(struct command *command)
{
    char *word = (char *)ld_order_name(command->args.order);
    char *argv[] = {command->argv[0], (char *)command->args.config, word, NULL};
    char *short_argv[] = {command->argv[0], word, NULL};
    bool is_default = strcmp(command->args.instance, "ldirectord") == 0;

    if (!command->args.debug)
        execv("/proc/self/exe", is_default ? short_argv : argv);
    return start(command);
}

/* What stood by does so again. */
static int restart(struct command *command)
{
    struct ha_director_state state = {0};
    int status = 0;

    if (running(command) > 0)
        ld_orders_state(command->args.instance, &state);
    else if (command->args.order == LD_ORDER_TRY_RESTART)
        return 0;
    command->args.order = state.standby ? LD_ORDER_STANDBY : LD_ORDER_START;
    status = stop(command);
    return status != 0 ? status : start_afresh(command);
}

static int reload(struct command *command)
{
    int pid = running(command);

    if (pid <= 0)
        return leave(1, command, "ldirectord is stopped for");
    if (kill(pid, SIGHUP) != 0) {
        fprintf(stderr, "ldirectord: cannot signal process %d: %s\n", pid, g_strerror(errno));
        return leave(1, command, "ldirectord cannot be signalled for");
    }
    return 0;
}

/* The words watchers know, and for one in standby how ready it is. */
static char *running_line(const struct command *command, int pid)
{
    struct ha_director_state state;
    int error = ld_orders_state(command->args.instance, &state);

    if (error != 0 || !state.standby)
        return g_strdup_printf("ldirectord for %s is running with pid: %d%s", command->path, pid,
                               error == -ETIMEDOUT ? ", but does not answer" : "");
    return g_strdup_printf("ldirectord for %s is running with pid: %d, in standby: %u virtual servers, "
                           "%u real servers, %u up, %u not checked yet", command->path, pid,
                           state.services, state.servers, state.up, state.unchecked);
}

/* Behind the classic line, on standard output alone. False: this user may not ask. */
static bool show_report(const struct command *command)
{
    const char *form = command->args.form == LD_FORM_JSON ? "json" : "text";
    GString *report;
    int error;

    if (command->args.form == LD_FORM_CLASSIC)
        return true;
    report = g_string_new(NULL);
    error = ld_orders_report(command->args.instance, form, report);
    if (error == 0)
        fputs(report->str, stdout);
    else if (error == HA_DIRECTOR_NOT_YOU)
        fprintf(stderr, "ldirectord: %s", report->str);
    else
        fprintf(stderr, "ldirectord: instance %s does not say more: %s\n", command->args.instance,
                g_strerror(-error));
    g_string_free(report, TRUE);
    return error != HA_DIRECTOR_NOT_YOU;
}

static int show_status(struct command *command)
{
    FILE *stopped = command->args.form == LD_FORM_JSON ? stderr : stdout;
    int pid = running(command);
    bool allowed;
    char *line;

    if (pid > 0) {
        line = running_line(command, pid);
        fprintf(stderr, "%s\n", line);
        g_free(line);
        allowed = show_report(command);
        if (command->config != NULL)
            ld_instances_status(command->config->execute);
        return allowed ? 0 : NOT_FOR_YOU_STATUS;
    }
    if (pid == -ESRCH) {
        line = g_strdup_printf("ldirectord stale pid file %s for %s", command->pid_file,
                               command->path);
        fprintf(stderr, "%s\n", line);
        g_free(line);
    }
    fprintf(stopped, "ldirectord is stopped for %s\n", command->path);
    return pid == -ESRCH ? 1 : 3;
}

static int configtest(struct command *command)
{
    GString *report = g_string_new(NULL);
    struct ha_diags diags;
    guint reals = 0;
    bool good;

    command->path = ld_config_find(command->args.config);
    if (command->path == NULL) {
        fprintf(stderr, "Config file %s not found\n", command->args.config);
        g_string_free(report, TRUE);
        return 1;
    }
    ha_diags_init(&diags);
    command->config = ld_config_load(command->path, &command->content,
                                     LD_LOOK_FILES | LD_LOOK_LOG | LD_LOOK_CLIENTS | LD_LOOK_ONLY, &diags);
    good = diags.errors == 0;
    ha_diags_print(&diags, report);
    if (report->len > 0)
        printf("%s\n", g_strchomp(report->str));
    if (good) {
        for (guint i = 0; i < command->config->services->len; i++) {
            const struct ld_service *service = g_ptr_array_index(command->config->services, i);
            reals += service->reals->len;
        }
        printf("%s: good: %u virtual servers, %u real servers\n", command->path,
               command->config->services->len, reals);
    }
    ha_diags_clear(&diags);
    g_string_free(report, TRUE);
    return good ? 0 : 2;
}

/* An operator's order goes to the instance that runs, whatever its file looks like by now. */
static int give_order(struct command *command)
{
    GString *answer = g_string_new(NULL);
    int status = -ECONNREFUSED;

    if (running(command) > 0)
        status = ld_orders_say(command->args.instance, command->args.words, answer);
    if (status == 0)
        fputs(answer->str, stdout);
    else if (status > 0)
        fprintf(stderr, "ldirectord: %s", answer->str);
    else if (status == -ECONNREFUSED)
        fprintf(stderr, "ldirectord: no instance %s runs here that takes orders (of one started with a "
                "CONFIG, say: ldirectord CONFIG %s ...)\n", command->args.instance,
                command->args.words[0]);
    else
        fprintf(stderr, "ldirectord: instance %s does not answer: %s\n", command->args.instance,
                g_strerror(-status));
    g_string_free(answer, TRUE);
    return status == 0 ? 0 : 1;
}

static int (*const orders[LD_ORDER_COUNT])(struct command *) = {
    [LD_ORDER_START] = start,           [LD_ORDER_STANDBY] = start,
    [LD_ORDER_STOP] = stop,
    [LD_ORDER_RESTART] = restart,       [LD_ORDER_TRY_RESTART] = restart,
    [LD_ORDER_RELOAD] = reload,         [LD_ORDER_STATUS] = show_status,
    [LD_ORDER_CONFIGTEST] = configtest, [LD_ORDER_WISH] = give_order,
};

/* Stopping must work whatever has become of the file meanwhile. */
static bool goes_on(const struct command *command, int status)
{
    return command->args.order == LD_ORDER_STOP && (status == 2 || running(command) > 0);
}

static int obey(struct command *command)
{
    int status = 0;

    command->pid_file = g_strdup_printf("%s/ldirectord.%s.pid", HA_RUNDIR, command->args.instance);
    if (command->args.order != LD_ORDER_CONFIGTEST && command->args.order != LD_ORDER_WISH)
        status = load(command);
    if (status == 0 || goes_on(command, status))
        status = orders[command->args.order](command);
    ld_config_free(command->config);
    g_free(command->path);
    g_free(command->pid_file);
    return status;
}

int main(int argc, char **argv)
{
    struct command command = {.argv = argv};
    int status;

    ha_secret_one_heap();
    ha_daemon_fill_standard();
    ld_args_parse(&command.args, argc, argv);
    if (command.args.version) {
        print_version();
        return 0;
    }
    if (command.args.help || command.args.usage) {
        if (command.args.unknown[0] != '\0')
            fprintf(stderr, "Unknown option: %s\n", command.args.unknown);
        print_usage();
        return command.args.help ? 0 : USAGE_STATUS;
    }
    status = obey(&command);
    ha_log_close();
    return status;
}
