/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setters of ha.cf. Each knows one value: its range and its place in the
 * config. What was expected is said by the table, so most answer only yes or
 * no. Rules between directives are not here: ha_cf.c checks them at the end.
 */
#include "heartbeatd/conf/ha_cf_set.h"

#include <stdarg.h>
#include <string.h>
#include <syslog.h>

#include "common/base/name.h"
#include "common/conf/lines.h"
#include "common/conf/value.h"

/* Options and env lines together. */
#define RECORDS_MAX 512

void hb_cf_tell(struct hb_cf *cf, enum ha_severity severity, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    ha_diag_add(cf->diags, severity, cf->file, cf->line, 0, "%s: %s", cf->directive->name, text);
    g_free(text);
}

static enum hb_cf_result result(bool ok)
{
    return ok ? HB_CF_OK : HB_CF_BAD;
}

/* ---- times and numbers ---- */

static enum hb_cf_result set_time(const char *value, uint64_t *out_ms)
{
    uint64_t ms;

    if (!ha_value_duration_ms(value, &ms) || ms == 0)
        return HB_CF_BAD;
    *out_ms = ms;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_keepalive(struct hb_cf *cf, char *value)
{
    return set_time(value, &cf->config->keepalive_ms);
}

enum hb_cf_result hb_cf_set_deadtime(struct hb_cf *cf, char *value)
{
    return set_time(value, &cf->config->deadtime_ms);
}

enum hb_cf_result hb_cf_set_warntime(struct hb_cf *cf, char *value)
{
    return set_time(value, &cf->config->warntime_ms);
}

enum hb_cf_result hb_cf_set_initdead(struct hb_cf *cf, char *value)
{
    return set_time(value, &cf->config->initdead_ms);
}

enum hb_cf_result hb_cf_set_deadping(struct hb_cf *cf, char *value)
{
    return set_time(value, &cf->config->deadping_ms);
}

enum hb_cf_result hb_cf_set_any_duration(struct hb_cf *cf, char *value)
{
    uint64_t ms;

    (void)cf;
    return set_time(value, &ms);
}

static enum hb_cf_result set_number(const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
    return result(ha_value_uint(value, min, max, out));
}

enum hb_cf_result hb_cf_set_hopfudge(struct hb_cf *cf, char *value)
{
    uint64_t number = cf->config->hopfudge;
    enum hb_cf_result set = set_number(value, 0, 255, &number);

    cf->config->hopfudge = (uint8_t)number;
    return set;
}

static void warn_of_earlier_media(struct hb_cf *cf)
{
    const GPtrArray *media = cf->config->media;

    for (guint i = 0; i < media->len; i++) {
        const struct hb_medium *medium = media->pdata[i];

        if ((medium->kind == HB_UCAST || medium->kind == HB_BCAST) &&
            medium->port != cf->config->udpport) {
            hb_cf_tell(cf, HA_WARNING, "comes after the medium of line %u, which keeps port %u",
                       medium->line, medium->port);
            return;
        }
    }
}

enum hb_cf_result hb_cf_set_udpport(struct hb_cf *cf, char *value)
{
    uint64_t number;

    if (!ha_value_uint(value, 1, 65535, &number))
        return HB_CF_BAD;
    cf->config->udpport = (uint16_t)number;
    warn_of_earlier_media(cf);
    return HB_CF_OK;
}

static void warn_of_earlier_lines(struct hb_cf *cf)
{
    const GPtrArray *media = cf->config->media;

    for (guint i = 0; i < media->len; i++) {
        const struct hb_medium *medium = media->pdata[i];

        if (medium->kind == HB_SERIAL && medium->baud != cf->config->baud)
            hb_cf_tell(cf, HA_WARNING, "comes after the serial line of line %u, which keeps %u baud",
                       medium->line, medium->baud);
    }
}

enum hb_cf_result hb_cf_set_baud(struct hb_cf *cf, char *value)
{
    static const unsigned rates[] = {9600, 19200, 38400, 57600, 115200, 230400, 460800};
    uint64_t number;

    if (!ha_value_uint(value, 0, 460800, &number))
        return HB_CF_BAD;
    for (size_t i = 0; i < G_N_ELEMENTS(rates) && cf->config->baud != number; i++)
        if (rates[i] == number)
            cf->config->baud = rates[i];
    if (cf->config->baud != number)
        return HB_CF_BAD;
    warn_of_earlier_lines(cf);
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_max_rexmit_delay(struct hb_cf *cf, char *value)
{
    return set_number(value, 1, INT32_MAX, &cf->config->max_rexmit_delay_ms);
}

enum hb_cf_result hb_cf_set_debug(struct hb_cf *cf, char *value)
{
    uint64_t number = (uint64_t)cf->config->debug;
    enum hb_cf_result set = set_number(value, 0, 255, &number);

    cf->config->debug = (int)number;
    return set;
}

enum hb_cf_result hb_cf_set_rtprio(struct hb_cf *cf, char *value)
{
    uint64_t number = (uint64_t)cf->config->rtprio;
    enum hb_cf_result set = set_number(value, 1, 99, &number);

    cf->config->rtprio = (int)number;
    return set;
}

enum hb_cf_result hb_cf_set_any_count(struct hb_cf *cf, char *value)
{
    uint64_t number;

    (void)cf;
    return set_number(value, 1, INT32_MAX, &number);
}

/* ---- yes and no ---- */

enum hb_cf_result hb_cf_set_realtime(struct hb_cf *cf, char *value)
{
    return result(ha_value_bool(value, &cf->config->realtime));
}

enum hb_cf_result hb_cf_set_warm_standby(struct hb_cf *cf, char *value)
{
    return result(ha_value_bool(value, &cf->config->warm_standby));
}

enum hb_cf_result hb_cf_set_log_badpack(struct hb_cf *cf, char *value)
{
    return result(ha_value_bool(value, &cf->config->log_badpack));
}

enum hb_cf_result hb_cf_set_syslogmsgfmt(struct hb_cf *cf, char *value)
{
    return result(ha_value_bool(value, &cf->config->syslog_format));
}

enum hb_cf_result hb_cf_set_coredumps(struct hb_cf *cf, char *value)
{
    return result(ha_value_bool(value, &cf->config->coredumps));
}

enum hb_cf_result hb_cf_set_any_boolean(struct hb_cf *cf, char *value)
{
    bool answer;

    (void)cf;
    return result(ha_value_bool(value, &answer));
}

enum hb_cf_result set_idle(struct hb_cf *cf, const char *value, const char *why)
{
    bool answer;

    if (!ha_value_bool(value, &answer))
        return HB_CF_BAD;
    if (answer)
        hb_cf_tell(cf, HA_WARNING, "%s", why);
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_use_logd(struct hb_cf *cf, char *value)
{
    return set_idle(cf, value, "there is no logging daemon here; the log goes where logfile, "
                               "debugfile and logfacility say, or to syslog");
}

enum hb_cf_result hb_cf_set_traditional_compression(struct hb_cf *cf, char *value)
{
    return result(ha_value_bool(value, &cf->config->traditional_compression));
}

enum hb_cf_result hb_cf_set_use_apphbd(struct hb_cf *cf, char *value)
{
    return set_idle(cf, value, "there is no application heartbeat daemon here");
}

/* 3.0.6 complains and passes over it, whatever it says. */
enum hb_cf_result hb_cf_set_nice_failback(struct hb_cf *cf, char *value)
{
    bool answer;

    if (!ha_value_bool(value, &answer))
        return HB_CF_BAD;
    hb_cf_tell(cf, HA_WARNING, "is obsolete and passed over; \"nice_failback on\" was what "
                               "\"auto_failback off\" is now");
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_quorum_server(struct hb_cf *cf, char *value)
{
    (void)value;
    hb_cf_tell(cf, HA_WARNING, "is not asked: with haresources nobody counts votes");
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_auto_failback(struct hb_cf *cf, char *value)
{
    bool on;

    if (g_ascii_strcasecmp(value, "legacy") == 0) {
        cf->config->auto_failback = HB_FAILBACK_LEGACY;
        return HB_CF_OK;
    }
    if (!ha_value_bool(value, &on)) {
        cf->config->auto_failback = HB_FAILBACK_ON;
        return HB_CF_BAD;
    }
    cf->config->auto_failback = on ? HB_FAILBACK_ON : HB_FAILBACK_OFF;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_pacemaker(struct hb_cf *cf, char *value)
{
    static const char *const others[] = {"minimal", "manual", "respawn"};
    bool answer = false;
    bool known = ha_value_bool(value, &answer);

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (g_ascii_strcasecmp(value, others[i]) == 0)
            known = answer = true;
    if (!known)
        return HB_CF_BAD;
    if (!answer)
        return HB_CF_OK;
    hb_cf_tell(cf, HA_UNSUPPORTED,
               "%s: this version manages resources with haresources only; write \"%s no\"", value,
               cf->directive->name);
    return HB_CF_TOLD;
}

/* ---- words ---- */

static enum hb_cf_result set_choice(const char *value, const char *no, const char *yes, bool *out)
{
    bool is_yes = strcmp(value, yes) == 0;

    if (!is_yes && strcmp(value, no) != 0)
        return HB_CF_BAD;
    *out = is_yes;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_hbgenmethod(struct hb_cf *cf, char *value)
{
    return set_choice(value, "file", "time", &cf->config->generation_by_time);
}

enum hb_cf_result hb_cf_set_msgfmt(struct hb_cf *cf, char *value)
{
    return set_choice(value, "classic", "netstring", &cf->config->msgfmt_netstring);
}

enum hb_cf_result hb_cf_set_uuidfrom(struct hb_cf *cf, char *value)
{
    return set_choice(value, "file", "nodename", &cf->config->uuid_from_name);
}

enum hb_cf_result hb_cf_set_compression(struct hb_cf *cf, char *value)
{
    return result(hb_compression_find(value, &cf->config->compression));
}

enum hb_cf_result hb_cf_set_compression_threshold(struct hb_cf *cf, char *value)
{
    uint64_t kib = 0;
    enum hb_cf_result set = set_number(value, 1, INT32_MAX, &kib);

    if (set == HB_CF_OK)
        cf->config->compression_threshold = kib * 1024;
    return set;
}

enum hb_cf_result hb_cf_set_autojoin(struct hb_cf *cf, char *value)
{
    (void)cf;
    return result(strcmp(value, "none") == 0);
}

enum hb_cf_result hb_cf_set_any_path(struct hb_cf *cf, char *value)
{
    (void)cf;
    return result(value[0] == '/');
}

enum hb_cf_result hb_cf_set_any_text(struct hb_cf *cf, char *value)
{
    (void)cf;
    (void)value;
    return HB_CF_OK;
}

static enum hb_cf_result set_path(const char *value, char **out)
{
    if (value[0] != '/')
        return HB_CF_BAD;
    g_free(*out);
    *out = g_strdup(value);
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_logfile(struct hb_cf *cf, char *value)
{
    return set_path(value, &cf->config->logfile);
}

enum hb_cf_result hb_cf_set_debugfile(struct hb_cf *cf, char *value)
{
    return set_path(value, &cf->config->debugfile);
}

enum hb_cf_result hb_cf_set_coreroot(struct hb_cf *cf, char *value)
{
    return set_path(value, &cf->config->coreroot);
}

enum hb_cf_result hb_cf_set_logfacility(struct hb_cf *cf, char *value)
{
    static const struct ha_name facilities[] = {
        {-1, "none"},           {LOG_AUTH, "auth"},     {LOG_AUTHPRIV, "authpriv"},
        {LOG_CRON, "cron"},     {LOG_DAEMON, "daemon"}, {LOG_FTP, "ftp"},
        {LOG_KERN, "kern"},     {LOG_LPR, "lpr"},       {LOG_MAIL, "mail"},
        {LOG_NEWS, "news"},     {LOG_AUTH, "security"}, {LOG_SYSLOG, "syslog"},
        {LOG_USER, "user"},     {LOG_UUCP, "uucp"},     {LOG_LOCAL0, "local0"},
        {LOG_LOCAL1, "local1"}, {LOG_LOCAL2, "local2"}, {LOG_LOCAL3, "local3"},
        {LOG_LOCAL4, "local4"}, {LOG_LOCAL5, "local5"}, {LOG_LOCAL6, "local6"},
        {LOG_LOCAL7, "local7"}, HA_NAME_END,
    };

    return result(ha_name_find_nocase(facilities, value, &cf->config->logfacility));
}

enum hb_cf_result hb_cf_set_env(struct hb_cf *cf, char *value)
{
    char *text = strchr(value, '=');

    if (!text || text == value || g_ascii_isdigit(value[0]))
        return HB_CF_BAD;
    for (const char *letter = value; letter < text; letter++)
        if (!g_ascii_isalnum(*letter) && *letter != '_')
            return HB_CF_BAD;
    if (cf->config->variables->len >= RECORDS_MAX) {
        hb_cf_tell(cf, HA_ERROR, "expected at most %d variables, found one more", RECORDS_MAX);
        return HB_CF_TOLD;
    }
    *text = '\0';
    hb_cf_record(cf->config->variables, value, text + 1, cf->line);
    *text = '=';
    return HB_CF_OK;
}
