/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What changed in ha.cf. A directive counts as changed when its lines are
 * others; those that are only numbers and texts which are looked at anew each
 * time may change under way, and they are listed here. Whatever is not listed
 * needs a new start: so a directive that somebody adds is safe before it is
 * quick.
 */
#include "heartbeatd/conf/ha_cf_change.h"

#include <string.h>

#include "heartbeatd/conf/ha_cf_table.h"

static const char *const under_way[] = {
    "keepalive", "deadtime", "warntime", "initdead", "deadping", "max_rexmit_delay", "hopfudge",
    "auto_failback", "env", "msgfmt",
    "compression", "compression_threshold", "traditional_compression",
    "logfile", "debugfile", "logfacility", "syslogmsgfmt", "log_badpack", "debug", "use_logd",
    "conn_logd_time", "coredumps", "coreroot",
    "cluster", "memreserve", "nice_failback", "quorum_server", "use_apphbd", "crm_daemon_dir",
    "crmd_spawns_pengine", "record_config_changes", "record_pengine_inputs",
    "enable_config_writes",
};

/* All lines of one directive as one text. */
static char *lines_of(const struct hb_config *config, const char *name)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < config->lines->len; i++) {
        const struct hb_directive *line = config->lines->pdata[i];

        if (strcmp(line->name, name) == 0)
            g_string_append_printf(text, "%s\n", line->text);
    }
    return g_string_free(text, FALSE);
}

static bool may_change(const struct hb_config *running, const struct hb_config *fresh,
                       const char *name)
{
    /* Between legacy and the others lies another protocol. */
    if (strcmp(name, "auto_failback") == 0 &&
        (running->auto_failback == HB_FAILBACK_LEGACY || fresh->auto_failback == HB_FAILBACK_LEGACY))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(under_way); i++) {
        if (strcmp(under_way[i], name) == 0)
            return true;
    }
    return false;
}

enum hb_cf_change hb_ha_cf_compare(const struct hb_config *running, const struct hb_config *fresh,
                                   GString *names)
{
    enum hb_cf_change change = HB_CF_SAME;

    for (const struct hb_cf_directive *row = hb_cf_directives; row->name; row++) {
        char *before = lines_of(running, row->name), *after = lines_of(fresh, row->name);

        if (strcmp(before, after) != 0) {
            g_string_append_printf(names, "%s%s", names->len > 0 ? " " : "", row->name);
            change = MAX(change, may_change(running, fresh, row->name) ? HB_CF_VALUES
                                                                       : HB_CF_RESTART);
        }
        g_free(before);
        g_free(after);
    }
    return change;
}

static void swap(void *a, void *b)
{
    void *one, *other;

    memcpy(&one, a, sizeof one);
    memcpy(&other, b, sizeof other);
    memcpy(a, &other, sizeof other);
    memcpy(b, &one, sizeof one);
}

void hb_ha_cf_take(struct hb_config *running, struct hb_config *fresh)
{
    running->keepalive_ms = fresh->keepalive_ms;
    running->deadtime_ms = fresh->deadtime_ms;
    running->warntime_ms = fresh->warntime_ms;
    running->initdead_ms = fresh->initdead_ms;
    running->deadping_ms = fresh->deadping_ms;
    running->max_rexmit_delay_ms = fresh->max_rexmit_delay_ms;
    running->hopfudge = fresh->hopfudge;
    running->auto_failback = fresh->auto_failback;
    running->msgfmt_netstring = fresh->msgfmt_netstring;
    running->compression = fresh->compression;
    running->compression_threshold = fresh->compression_threshold;
    running->traditional_compression = fresh->traditional_compression;
    running->log_badpack = fresh->log_badpack;
    running->logfacility = fresh->logfacility;
    running->syslog_format = fresh->syslog_format;
    running->debug = fresh->debug;
    running->coredumps = fresh->coredumps;
    swap(&running->logfile, &fresh->logfile);
    swap(&running->debugfile, &fresh->debugfile);
    swap(&running->coreroot, &fresh->coreroot);
    swap(&running->directives, &fresh->directives);
    swap(&running->variables, &fresh->variables);
    swap(&running->lines, &fresh->lines);
}
