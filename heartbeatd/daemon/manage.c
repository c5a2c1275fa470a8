/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heartbeat -s, -k, -r: the pid file, a signal, a question. Changes nothing
 * itself. Outputs and exit statuses are the original's (heartbeat(8)).
 */
#include "heartbeatd/daemon/manage.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "heartbeatd/daemon/answers.h"
#include "heartbeatd/daemon/heartbeat.h"

#define ASK_TIMEOUT_MS 5000

/* The exit statuses that init scripts know. */
enum { STATUS_DEAD_PIDFILE = 1, STATUS_STOPPED = 3 };

int hb_manage_pid(void)
{
    int pid = ha_pidfile_check(HB_PIDFILE, HB_PIDFILE_WORD);

    return pid >= 0 ? pid : -1;
}

int hb_manage_status(void)
{
    int pid = hb_manage_pid();
    struct ha_diags diags;
    char *node;

    if (pid <= 0) {
        printf("heartbeat is stopped. No process\n");
        return pid < 0 ? STATUS_DEAD_PIDFILE : STATUS_STOPPED;
    }
    ha_diags_init(&diags);
    node = hb_local_node(&diags);
    printf("heartbeat OK [pid %d et al] is running on %s [%s]...\n", pid, node ? node : "?",
           node ? node : "?");
    g_free(node);
    ha_diags_clear(&diags);
    return 0;
}

int hb_manage_stop(void)
{
    struct pollfd ended = {.events = POLLIN};
    int pid = hb_manage_pid();

    if (pid <= 0) {
        fprintf(stderr, "INFO: Heartbeat already stopped.\n");
        return 0;
    }
    ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
    /* The number is held by the descriptor now: see that it is still ours. */
    if (ended.fd < 0 || hb_manage_pid() != pid) {
        if (ended.fd >= 0) {
            close(ended.fd);
        }
        return 0;
    }
    if (syscall(SYS_pidfd_send_signal, ended.fd, SIGTERM, NULL, 0) < 0 && errno != ESRCH) {
        fprintf(stderr, "heartbeat: cannot stop process %d: %s\n", pid, strerror(errno));
        close(ended.fd);
        return errno == EPERM ? HB_EXIT_PERMISSION : 1;
    }
    while (poll(&ended, 1, -1) < 0 && errno == EINTR) {
    }
    close(ended.fd);
    return 0;
}

/* Faults in the files count; what they name and this machine does not have is told, and counts only
 * if it is to. */
static int check_files(bool machine)
{
    enum ha_severity severity = machine ? HA_ERROR : HA_WARNING;
    struct hb_setup setup;
    struct ha_diags diags;
    GString *text = g_string_new(NULL);
    int status;

    ha_diags_init(&diags);
    status = hb_setup_load(&setup, false, &diags);
    if (status == 0) {
        hb_media_verify(setup.config, severity, &diags);
        hb_act_verify(setup.config, setup.resources, true, severity, &diags);
        status = diags.errors > 0 ? HB_EXIT_CONFIG : 0;
    }
    ha_diags_print(&diags, text);
    fputs(text->str, stderr);
    hb_setup_clear(&setup);
    ha_diags_clear(&diags);
    g_string_free(text, TRUE);
    return status;
}

int hb_manage_check(void)
{
    return check_files(false);
}

static int not_restarted(int status)
{
    fprintf(stderr, "Configuration error, heartbeat NOT restarted.\n");
    return status == HB_EXIT_PERMISSION ? status : 1;
}

/* HB_EXIT_CONFIG: it does not answer. */
static int ask(const char *word)
{
    char *words[] = {(char *)word, NULL};
    GString *answer = g_string_new(NULL);
    int told = 0, status = ha_control_ask(HB_CONTROL_NAME, words, ASK_TIMEOUT_MS, &told, answer);

    if (status == 0) {
        fputs(answer->str, told ? stderr : stdout);
    }
    g_string_free(answer, TRUE);
    return status < 0 ? HB_EXIT_CONFIG : told ? 1 : 0;
}

int hb_manage_reload(bool *start)
{
    int status = check_files(false), pid = hb_manage_pid();

    *start = pid <= 0 && status == 0;
    if (status) {
        return not_restarted(status);
    }
    if (pid <= 0) {
        return 0;
    }
    status = ask("reload");
    if (status == HB_EXIT_CONFIG && kill(pid, SIGHUP) < 0) {
        fprintf(stderr, "heartbeat: cannot signal process %d: %s\n", pid, strerror(errno));
        return errno == EPERM ? HB_EXIT_PERMISSION : 1;
    }
    return status == HB_EXIT_CONFIG ? 0 : status;
}

int hb_manage_test(void)
{
    int status = check_files(true);

    if (status) {
        fprintf(stderr, "There are faults: heartbeat would %s.\n",
                hb_manage_pid() > 0 ? "not take them over, or trip over them" : "not start, or trip over them");
        return status;
    }
    printf("The files are right, and this machine has what they name.\n");
    if (hb_manage_pid() > 0 && ask("compare") == HB_EXIT_CONFIG) {
        fprintf(stderr, "The running heartbeat does not say what it would change.\n");
    }
    return 0;
}

int hb_manage_restart(void)
{
    int status = check_files(false);

    if (status) {
        return not_restarted(status);
    }
    if (hb_manage_pid() <= 0) {
        fprintf(stderr, "ERROR: heartbeat is not running.\n");
        return HB_EXIT_CONFIG;
    }
    status = ask("restart");
    if (status == HB_EXIT_CONFIG) {
        fprintf(stderr, "ERROR: heartbeat does not answer.\n");
    }
    return status;
}
