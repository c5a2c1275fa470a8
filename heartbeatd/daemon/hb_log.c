/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Nov 21 12:00:00 node1 heartbeat: [4711]: info: text": log watchers parse
 * this. Without any log directive in ha.cf the log goes to syslog, facility
 * daemon, where the original would look for its logging daemon.
 */
#include "heartbeatd/daemon/hb_log.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#include "common/base/name.h"
#include "common/run/log.h"

static const struct ha_name levels[] = {
    {LOG_EMERG, "EMERG"},   {LOG_ALERT, "ALERT"},     {LOG_CRIT, "CRIT"}, {LOG_ERR, "ERROR"},
    {LOG_WARNING, "WARN"},  {LOG_NOTICE, "notice"},   {LOG_INFO, "info"}, {LOG_DEBUG, "debug"},
    HA_NAME_END,
};

static bool on_stderr;

static void format_line(void *ctx, enum ha_level level, time_t said_s, const char *message, GString *out)
{
    struct utsname system;
    struct tm now;
    char stamp[32];

    (void)ctx;
    localtime_r(&said_s, &now);
    strftime(stamp, sizeof(stamp), "%b %d %H:%M:%S", &now);
    uname(&system);
    g_string_append_printf(out, "%s %s heartbeat: [%d]: %s: %s\n", stamp, system.nodename,
                           (int)ha_log_pid(), ha_name_of(levels, (int)level), message);
}

/* Syslog puts time and host before it. */
static void format_syslog(void *ctx, enum ha_level level, time_t said_s, const char *message, GString *out)
{
    (void)ctx;
    (void)said_s;
    g_string_append_printf(out, "heartbeat: [%d]: %s: %s", (int)ha_log_pid(),
                           ha_name_of(levels, (int)level), message);
}

void hb_log_setup(const struct hb_config *config, bool to_stderr, int debug)
{
    struct ha_log_settings settings = {.ident = "heartbeat",
                                       .syslog_facility = LOG_DAEMON,
                                       .to_stderr = to_stderr,
                                       .level = HA_LOG_INFO,
                                       .format = format_line,
                                       .syslog_format = format_syslog};

    if (config) {
        settings.file = config->logfile;
        settings.debug_file = config->debugfile;
        settings.syslog_facility = config->logfacility;
        if (config->logfacility < 0 && !config->logfile && !config->debugfile) {
            settings.syslog_facility = LOG_DAEMON;
        }
        debug += config->debug;
    }
    if (debug > 0) {
        settings.level = HA_LOG_DEBUG;
    }
    on_stderr = to_stderr;
    ha_log_setup(&settings);
}

void hb_log_say(int level, const char *format, ...)
{
    char *text;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (!on_stderr) {
        fprintf(stderr, "heartbeat: %s: %s\n", ha_name_of(levels, level), text);
    }
    ha_log((enum ha_level)level, "%s", text);
    g_free(text);
}

void hb_log_diags(const struct ha_diags *diags)
{
    for (guint i = 0; i < diags->list->len; i++) {
        const struct ha_diag *diag = diags->list->pdata[i];
        int level = diag->severity == HA_WARNING ? LOG_WARNING : LOG_ERR;

        if (diag->line) {
            hb_log_say(level, "%s:%u: %s", diag->file, diag->line, diag->text);
        } else {
            hb_log_say(level, "%s: %s", diag->file, diag->text);
        }
    }
}
