/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directives of ldirectord.cf(5), one row each.
 */
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

#define AT(field) offsetof(struct ld_cf_settings, field)
#define BOTH (LD_CF_GLOBAL | LD_CF_BLOCK)

/* A test load nobody makes any more: it has been accepted and ignored for long. */
static bool take_load(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *text = ld_cf_quoted(value);
    const char *rest;
    char *word = ld_cf_lax_word(text ? text : "", false, &rest);
    bool given = *word;

    g_free(word);
    if (text && !given)
        ld_cf_wrong(cf, row->wrong, "a word", value);
    g_free(text);
    return given;
}

static bool refuse_old(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    (void)value;
    ld_cf_error(cf, NULL, "%s", row->wrong);
    return false;
}

/* name, where, rule, place, classic words, quoted */
static const struct ld_cf_row rows[] = {
    {"real", LD_CF_BLOCK, ld_cf_set_real, 0, "", true},
    {"real6", LD_CF_BLOCK, ld_cf_set_real, 0, "", true},
    {"checktype", LD_CF_BLOCK, ld_cf_set_checktype, 0, "", false},
    {"service", LD_CF_BLOCK, ld_cf_set_service, 0, "", false},
    {"checkcommand", LD_CF_BLOCK, ld_cf_set_string, AT(checkcommand),
     "invalid check command", true},
    {"checkport", LD_CF_BLOCK, ld_cf_set_checkport, 0,
     "checkport must be in range 1..65536", false},
    {"request", LD_CF_BLOCK, ld_cf_set_request, AT(request), "no request string specified",
     true},
    {"receive", LD_CF_BLOCK, ld_cf_set_receive, AT(receive), "invalid receive string", true},
    {"httpmethod", LD_CF_BLOCK, ld_cf_set_httpmethod, 0, "httpmethod must be GET or HEAD",
     false},
    {"virtualhost", LD_CF_BLOCK, ld_cf_set_virtualhost, 0, "", false},
    {"login", LD_CF_BLOCK, ld_cf_set_quoted, AT(login), "invalid login string", true},
    {"passwd", LD_CF_BLOCK, ld_cf_set_quoted, AT(passwd), "invalid password", true},
    {"database", LD_CF_BLOCK, ld_cf_set_quoted, AT(database), "invalid database", true},
    {"secret", LD_CF_BLOCK, ld_cf_set_quoted, AT(secret), "invalid secret", true},
    {"checkvip", LD_CF_BLOCK, ld_cf_set_yes_no, AT(checkvip), "", false},
    {"verify", BOTH, ld_cf_set_verify, 0, "invalid verify", false},
    {"cafile", BOTH, ld_cf_set_cafile, 0, "invalid cafile", true},
    {"sni", LD_CF_BLOCK, ld_cf_set_sni, 0, "invalid sni", false},
    {"expectstatus", LD_CF_BLOCK, ld_cf_set_expectstatus, 0, "invalid expectstatus", false},
    {"header", LD_CF_BLOCK, ld_cf_set_header, 0, "invalid header", true},
    {"body", LD_CF_BLOCK, ld_cf_set_escaped, AT(terms.body), "invalid body", true},
    {"send", LD_CF_BLOCK, ld_cf_set_escaped, AT(terms.send), "invalid send", true},
    {"expect", LD_CF_BLOCK, ld_cf_set_escaped, AT(terms.expect), "invalid expect", true},
    {"load", LD_CF_BLOCK, take_load, 0, "invalid string for load testing", true},
    {"scheduler", LD_CF_BLOCK, ld_cf_set_scheduler, 0,
     "invalid scheduler, should be only lowercase letters (a-z)", false},
    {"persistent", LD_CF_BLOCK, ld_cf_set_persistent, 0, "invalid persistent timeout",
     false},
    {"netmask", LD_CF_BLOCK, ld_cf_set_netmask, 0, "invalid netmask", false},
    {"schedflags", LD_CF_BLOCK, ld_cf_set_schedflags, 0, "invalid sched-flags", false},
    {"protocol", LD_CF_BLOCK, ld_cf_set_protocol, 0, "", false},
    {"ops", LD_CF_BLOCK, ld_cf_set_yes_no, AT(ops), "", false},

    {"checktimeout", BOTH, ld_cf_set_duration, AT(checktimeout_ms),
     "invalid check timeout value", false},
    {"negotiatetimeout", BOTH, ld_cf_set_duration, AT(negotiatetimeout_ms),
     "invalid negotiate timeout value", false},
    {"checkinterval", BOTH, ld_cf_set_duration, AT(checkinterval_ms),
     "invalid check interval value", false},
    {"checkcount", BOTH, ld_cf_set_count, AT(checkcount), "invalid check count value",
     false},
    {"failurecount", BOTH, ld_cf_set_count, AT(failurecount), "invalid failure count value",
     false},
    {"risecount", BOTH, ld_cf_set_count, AT(risecount), "invalid rise count value", false},
    {"recheckinterval", BOTH, ld_cf_set_span, AT(recheckinterval),
     "invalid recheck interval value", false},
    {"slowstart", BOTH, ld_cf_set_span, AT(slowstart), "invalid slow start value", false},
    {"draintime", BOTH, ld_cf_set_span, AT(draintime), "invalid drain time value", false},
    {"agentport", BOTH, ld_cf_set_agentport, 0, "invalid agent port", false},
    {"agentinterval", BOTH, ld_cf_set_span, AT(agentinterval), "invalid agent interval value",
     false},
    {"checkweight", BOTH, ld_cf_set_yes_no, AT(checkweight), "", false},
    {"quorum", BOTH, ld_cf_set_quorum, 0, "invalid quorum", false},
    {"hysteresis", BOTH, ld_cf_set_hysteresis, 0, "invalid hysteresis", false},
    {"fallback", BOTH, ld_cf_set_fallback, 0, "", false},
    {"fallback6", BOTH, ld_cf_set_fallback, 0, "", false},
    {"quiescent", BOTH, ld_cf_set_yes_no, AT(quiescent), "", false},
    {"cleanstop", BOTH, ld_cf_set_yes_no, AT(cleanstop), "", false},

    {"autoreload", LD_CF_GLOBAL, ld_cf_set_yes_no, AT(autoreload), "", false},
    {"logfile", LD_CF_GLOBAL, ld_cf_set_logfile, AT(logfile), "invalid logfile", true},
    {"supervised", LD_CF_GLOBAL, ld_cf_set_yes_no, AT(supervised), "", false},
    {"fork", LD_CF_GLOBAL, ld_cf_set_yes_no, AT(fork), "", false},
    {"keeporders", LD_CF_GLOBAL, ld_cf_set_yes_no, AT(keeporders), "", false},
    {"tablecheck", LD_CF_GLOBAL, ld_cf_set_duration, AT(tablecheck_ms),
     "invalid table check interval", false},
    {"expire_nodest_conn", LD_CF_GLOBAL, ld_cf_set_yes_no, AT(expire_nodest_conn), "", false},
    {"expire_quiescent_template", LD_CF_GLOBAL, ld_cf_set_yes_no,
     AT(expire_quiescent_template), "", false},
    {"syncdaemon", LD_CF_GLOBAL, ld_cf_set_syncdaemon, 0, "invalid syncdaemon", false},
    {"readdquiescent", LD_CF_GLOBAL, ld_cf_set_yes_no, AT(readdquiescent), "", false},

    {"emailalert", BOTH, ld_cf_set_emailalert, AT(emailalert),
     "no email address specified", false},
    {"emailalertfrom", LD_CF_GLOBAL, ld_cf_set_given_words, AT(emailalertfrom),
     "no email from address specified", false},
    {"emailalertfreq", BOTH, ld_cf_set_emailalertfreq, 0, "invalid email alert frequency",
     false},
    {"emailalertstatus", BOTH, ld_cf_set_emailalertstatus, 0, "invalid email alert status",
     false},
    {"smtp", BOTH, ld_cf_set_smtp, AT(smtp), "invalid SMTP server address", false},
    {"servicename", LD_CF_BLOCK, ld_cf_set_words, AT(servicename), "", false},
    {"comment", LD_CF_BLOCK, ld_cf_set_words, AT(comment), "", false},
    {"monitorfile", LD_CF_BLOCK, ld_cf_set_monitorfile, AT(monitorfile),
     "invalid monitorfile", true},
    {"operators", LD_CF_GLOBAL, ld_cf_set_people, AT(operators), "invalid operators", false},
    {"readers", LD_CF_GLOBAL, ld_cf_set_people, AT(readers), "invalid readers", false},
    {"maintenancedir", LD_CF_GLOBAL, ld_cf_set_maintenancedir, AT(maintenancedir),
     "maintenance directory not specified", false},
    {"checkuser", LD_CF_GLOBAL, ld_cf_set_checkuser, AT(checkuser), "invalid checkuser", false},
    {"scriptuser", LD_CF_GLOBAL, ld_cf_set_scriptuser, AT(scriptuser), "invalid scriptuser", false},
    {"execute", LD_CF_GLOBAL, ld_cf_set_execute, 0, "invalid execute", false},
    {"callback", LD_CF_GLOBAL, ld_cf_set_quoted_or_empty, AT(callback), "", true},
    {"fallbackcommand", BOTH, ld_cf_set_line, AT(fallbackcommand),
     "invalid fallback command", true},

    {"connecttimeout", BOTH, refuse_old, 0,
     "connecttimeout directive deprecated in favour of negotiatetimeout", false},
    {"timeout", LD_CF_GLOBAL, refuse_old, 0,
     "timeout directive deprecated in favour of checktimeout and negotiatetimeout", false},
};

const struct ld_cf_row *ld_cf_row_find(const char *name, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strlen(rows[i].name) == length && strncmp(rows[i].name, name, length) == 0)
            return &rows[i];
    return NULL;
}

bool ld_cf_is_secret(const char *line)
{
    static const char *const words[] = {"pass", "pwd", "secret", "header", "body", "send"};
    const char *word = line + strspn(line, " \t\r\f\v");
    char *lower = g_ascii_strdown(word, (gssize)strcspn(word, "= \t\r\f\v"));
    bool secret = false;

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        secret |= strstr(lower, words[i]) != NULL;
    g_free(lower);
    return secret;
}

const char *ld_cf_directive(size_t number)
{
    return number < G_N_ELEMENTS(rows) ? rows[number].name : NULL;
}
