/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setters of ha.cf: each takes the text of one value and stores it. Private
 * to this room: ha_cf_table.c names them, ha_cf.c calls them through the table.
 */
#ifndef HB_CONF_HA_CF_SET_H
#define HB_CONF_HA_CF_SET_H

#include "common/conf/diag.h"
#include "heartbeatd/conf/ha_cf_table.h"
#include "heartbeatd/core/config.h"

/* A file being read. */
struct hb_cf {
    struct hb_config *config;
    struct ha_diags *diags;
    const char *file;
    unsigned line;
    const struct hb_cf_directive *directive; /* the one being set */
};

/* A diagnostic at the current line, "<directive>: <text>". */
void hb_cf_tell(struct hb_cf *cf, enum ha_severity severity, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Records what a line says, for the scripts' environment, among the directives or the variables of
 * cf->config; a later one replaces an earlier one of the same name. line 0: the default. */
void hb_cf_record(GPtrArray *directives, const char *name, const char *text, unsigned line);

typedef enum hb_cf_result hb_cf_setter(struct hb_cf *cf, char *value);

hb_cf_setter hb_cf_set_node;
hb_cf_setter hb_cf_set_keepalive, hb_cf_set_deadtime, hb_cf_set_warntime, hb_cf_set_initdead,
    hb_cf_set_deadping;
hb_cf_setter hb_cf_set_hopfudge, hb_cf_set_udpport, hb_cf_set_baud, hb_cf_set_max_rexmit_delay;
hb_cf_setter hb_cf_set_bcast, hb_cf_set_udp, hb_cf_set_ucast, hb_cf_set_mcast;
hb_cf_setter hb_cf_set_ucast6, hb_cf_set_mcast6;
hb_cf_setter hb_cf_set_carrier, hb_cf_set_serial;
hb_cf_setter hb_cf_set_ping, hb_cf_set_ping6, hb_cf_set_ping_group;
hb_cf_setter hb_cf_set_auto_failback, hb_cf_set_nice_failback, hb_cf_set_quorum_server;
hb_cf_setter hb_cf_set_warm_standby;
hb_cf_setter hb_cf_set_logfile, hb_cf_set_debugfile, hb_cf_set_logfacility, hb_cf_set_use_logd,
    hb_cf_set_syslogmsgfmt, hb_cf_set_log_badpack, hb_cf_set_debug, hb_cf_set_coredumps, hb_cf_set_coreroot;
hb_cf_setter hb_cf_set_realtime, hb_cf_set_rtprio;
hb_cf_setter hb_cf_set_hbgenmethod, hb_cf_set_msgfmt, hb_cf_set_uuidfrom, hb_cf_set_autojoin,
    hb_cf_set_pacemaker, hb_cf_set_env;
hb_cf_setter hb_cf_set_compression, hb_cf_set_compression_threshold,
    hb_cf_set_traditional_compression, hb_cf_set_use_apphbd;
/* ha_cf_monitor.c */
hb_cf_setter hb_cf_set_contested;
hb_cf_setter hb_cf_set_monitor, hb_cf_set_monitor_timeout, hb_cf_set_restart_limit,
    hb_cf_set_restart_delay;
/* ha_cf_client.c */
hb_cf_setter hb_cf_set_apiauth, hb_cf_set_respawn, hb_cf_set_failfast;
/* ha_cf_fence.c */
hb_cf_setter hb_cf_set_memreserve;
hb_cf_setter hb_cf_set_stonith, hb_cf_set_stonith_host, hb_cf_set_fence, hb_cf_set_fence_timeout,
    hb_cf_set_fence_retry, hb_cf_set_stop_failure, hb_cf_set_watchdog;
/* Devices for nodes that are not in the cluster; after the last line. */
void hb_cf_check_fence(struct hb_cf *cf);
/* Values that are checked and then change nothing. */
hb_cf_setter hb_cf_set_any_path, hb_cf_set_any_text, hb_cf_set_any_boolean, hb_cf_set_any_duration, hb_cf_set_any_count;

#endif
