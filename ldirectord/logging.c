/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chooses the log's target from `logfile` and shapes its lines. Writes nothing itself. */
#include "ldirectord/logging.h"

#include <glib.h>
#include <time.h>
#include <unistd.h>

#include "common/base/name.h"
#include "common/run/log.h"

static const struct ha_name facilities[] = {
    {LOG_AUTH, "auth"},     {LOG_AUTHPRIV, "authpriv"}, {LOG_CRON, "cron"},
    {LOG_DAEMON, "daemon"}, {LOG_FTP, "ftp"},           {LOG_KERN, "kern"},
    {LOG_LPR, "lpr"},       {LOG_MAIL, "mail"},         {LOG_NEWS, "news"},
    {LOG_SYSLOG, "syslog"}, {LOG_USER, "user"},         {LOG_UUCP, "uucp"},
    {LOG_LOCAL0, "local0"}, {LOG_LOCAL1, "local1"},     {LOG_LOCAL2, "local2"},
    {LOG_LOCAL3, "local3"}, {LOG_LOCAL4, "local4"},     {LOG_LOCAL5, "local5"},
    {LOG_LOCAL6, "local6"}, {LOG_LOCAL7, "local7"},     HA_NAME_END,
};

bool ld_logging_facility(const char *name)
{
    int facility;

    return ha_name_find(facilities, name, &facility);
}

static void append_date(GString *out, time_t now)
{
    static time_t written;
    static char text[64];
    struct tm local;

    if (now != written) { /* a thousand servers are told of in one second */
        localtime_r(&now, &local);
        strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &local);
        written = now;
    }
    g_string_append(out, text);
}

static void format_file(void *ctx, enum ha_level level, time_t said_s, const char *message, GString *out)
{
    (void)level;
    g_string_append_c(out, '[');
    append_date(out, said_s);
    g_string_append_printf(out, "|%s|%d] %s\n", (const char *)ctx, (int)ha_log_pid(), message);
}

static void format_supervised(void *ctx, enum ha_level level, time_t said_s, const char *message, GString *out)
{
    (void)ctx;
    (void)level;
    g_string_append_c(out, '[');
    append_date(out, said_s);
    g_string_append_printf(out, "] %s\n", message);
}

static void format_plain(void *ctx, enum ha_level level, time_t said_s, const char *message, GString *out)
{
    (void)ctx;
    (void)level;
    (void)said_s;
    g_string_append_printf(out, "%s\n", message);
}

bool ld_logging_setup(enum ld_logging kind, const char *logfile, const char *instance)
{
    struct ha_log_settings settings = {.ident = "ldirectord", .syslog_facility = -1,
                                       .level = HA_LOG_INFO, .ctx = (void *)instance};
    bool understood = true;

    if (logfile == NULL)
        logfile = LD_LOGFILE;
    if (kind == LD_LOG_DEBUG) {
        settings.to_stderr = true;
        settings.level = HA_LOG_DEBUG;
        settings.format = format_plain;
    } else if (kind == LD_LOG_SUPERVISED) {
        /* A supervisor reads standard output: both are one from now on. */
        dup2(STDOUT_FILENO, STDERR_FILENO);
        settings.to_stderr = true;
        settings.format = format_supervised;
    } else if (logfile[0] == '/') {
        settings.file = logfile;
        settings.format = format_file;
    } else {
        understood = ha_name_find(facilities, logfile, &settings.syslog_facility);
        if (!understood)
            settings.syslog_facility = LOG_DAEMON;
        settings.format = format_file;
    }
    ha_log_setup(&settings);
    return understood;
}
