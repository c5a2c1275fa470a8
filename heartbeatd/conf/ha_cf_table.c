/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every directive of Heartbeat 3.0.6's ha.cf, a row each. Holds no logic: a
 * directive that this version learns to act on changes its row here, gets a
 * setter in ha_cf_set.c and its paragraph in ha.cf(5).
 */
#include "heartbeatd/conf/ha_cf_table.h"

#include <string.h>

#include "heartbeatd/conf/ha_cf_set.h"

#define DURATION "a duration above 0 such as 2, 500ms or 1.5"
#define BOOLEAN  "on or off (also yes, no, true, false, 1, 0)"

/* A row for each kind, so that a row shows only what is special about it. */
#define OPTION(NAME, DEFAULT, EXPECTED, EXPLANATION, SETTER)                                       \
    {.name = NAME, .use = HB_CF_ACTED, .option = true, .standard = DEFAULT,                        \
     .expected = EXPECTED, .explanation = EXPLANATION, .set = SETTER}
#define MEMBER(NAME, WHOLE_LINE, EXPECTED, EXPLANATION, SETTER)                                    \
    {.name = NAME, .use = HB_CF_ACTED, .whole_line = WHOLE_LINE,                                   \
     .expected = EXPECTED, .explanation = EXPLANATION, .set = SETTER}
#define IDLE(NAME, DEFAULT, EXPECTED, EXPLANATION, SETTER)                                         \
    {.name = NAME, .use = HB_CF_NO_EFFECT, .option = true, .standard = DEFAULT,                    \
     .expected = EXPECTED, .explanation = EXPLANATION, .set = SETTER}
#define ONCE(NAME, USE, DEFAULT, EXPECTED, EXPLANATION, SETTER)                                    \
    {.name = NAME, .use = USE, .once = true, .option = true, .standard = DEFAULT,                  \
     .expected = EXPECTED, .explanation = EXPLANATION, .set = SETTER}
#define NOT_YET(NAME, EXPLANATION)                                                                 \
    {.name = NAME, .use = HB_CF_NOT_YET, .whole_line = true, .expected = "",                       \
     .explanation = EXPLANATION}

const struct hb_cf_directive hb_cf_directives[] = {
    /* Who is in the cluster, and on which ways they talk. */
    MEMBER("node", false, "the name of a node (uname -n), at most 99 printable bytes",
           "the nodes of the cluster", hb_cf_set_node),
    OPTION("udpport", "694", "a port from 1 to 65535",
           "UDP port of the bcast and ucast lines below it", hb_cf_set_udpport),
    MEMBER("bcast", false, "the name of an interface",
           "heartbeats go to the broadcast address of this interface", hb_cf_set_bcast),
    MEMBER("udp", false, "the name of an interface", "old name of bcast", hb_cf_set_udp),
    MEMBER("ucast", true, "an interface and the IPv4 address or name of the peer",
           "heartbeats go to this address", hb_cf_set_ucast),
    MEMBER("mcast", true,
           "an interface, a group (224.0.0.0 to 239.255.255.255), a port from 1 to 65535, a TTL "
           "from 0 to 255, and 0 or 1 for loop",
           "heartbeats go to this multicast group", hb_cf_set_mcast),
    MEMBER("ucast6", true, "an interface and the IPv6 address of the peer",
           "heartbeats go to this address", hb_cf_set_ucast6),
    MEMBER("mcast6", true,
           "an interface, a group (ff00::/8), a port from 1 to 65535, a hop limit from 0 to 255, "
           "and 0 or 1 for loop",
           "heartbeats go to this multicast group", hb_cf_set_mcast6),
    ONCE("baud", HB_CF_ACTED, "19200",
         "9600, 19200, 38400, 57600, 115200, 230400 or 460800", "speed of the serial lines below it",
         hb_cf_set_baud),
    MEMBER("serial", false, "the path of a device such as /dev/ttyS0",
           "heartbeats go over this line", hb_cf_set_serial),
    MEMBER("ping", false, "an IPv4 address or the name of a host",
           "hosts outside the cluster that tell whether the network works", hb_cf_set_ping),
    MEMBER("ping6", false, "an IPv6 address", "the same over IPv6", hb_cf_set_ping6),
    MEMBER("ping_group", true, "a name for the group and at least one host",
           "a group of such hosts that counts as one: any of them will do",
           hb_cf_set_ping_group),
    OPTION("hopfudge", "1", "a number from 0 to 255",
           "how many hops a message may make beyond the number of nodes", hb_cf_set_hopfudge),

    /* When a node is late, dead, or not expected yet. */
    OPTION("keepalive", "1000ms", DURATION, "time between two heartbeats", hb_cf_set_keepalive),
    OPTION("deadtime", "30000ms", DURATION, "silence after which a node is dead", hb_cf_set_deadtime),
    OPTION("warntime", NULL, DURATION, "silence after which a heartbeat is late",
           hb_cf_set_warntime),
    OPTION("initdead", NULL, DURATION, "silence after which a node is dead, right after the start",
           hb_cf_set_initdead),
    OPTION("deadping", NULL, DURATION, "silence after which a ping node is dead",
           hb_cf_set_deadping),

    /* What happens to resources. */
    OPTION("auto_failback", "legacy", "on, off or legacy (also yes, no, true, false, 1, 0)",
           "resources return to their home node when it returns",
           hb_cf_set_auto_failback),
    MEMBER("stonith", true, "a type of stonith(8) and the absolute path of a file of parameters",
           "how a dead node is switched off", hb_cf_set_stonith),
    MEMBER("stonith_host", true, "a node or *, a type of stonith(8), and its parameters",
           "how a dead node is switched off by that node", hb_cf_set_stonith_host),
    MEMBER("fence", true, "a node or *, a program fence_..., and its parameters key=value",
           "how that node is switched off when it is dead", hb_cf_set_fence),
    MEMBER("fence_timeout", false, DURATION, "time a device has to switch a node off",
           hb_cf_set_fence_timeout),
    MEMBER("fence_retry", false, DURATION, "pause before the devices are tried again",
           hb_cf_set_fence_retry),
    MEMBER("stop_failure", false, "keep, reboot or fence", "what a resource that will not stop "
           "leads to", hb_cf_set_stop_failure),
    MEMBER("monitor", true, "a duration above 0, or off; before it may stand the name of a script or a "
           "resource as in haresources",
           "how often a held resource is asked whether it runs", hb_cf_set_monitor),
    MEMBER("contested", false, "a duration of at most 5 s, or leave",
           "how long an address is waited for that another machine still answers for",
           hb_cf_set_contested),
    MEMBER("monitor_timeout", false, DURATION, "time a resource has to say whether it runs",
           hb_cf_set_monitor_timeout),
    MEMBER("carrier", false, "a duration above 0, or off",
           "how long an interface may be without link before what needs it moves",
           hb_cf_set_carrier),
    MEMBER("restart_limit", true, "a number from 0 to 100 and a duration above 0",
           "restarts of a resource that died, before its group moves", hb_cf_set_restart_limit),
    MEMBER("restart_delay", false, "a duration", "pause before the second restart",
           hb_cf_set_restart_delay),
    OPTION("warm_standby", NULL, BOOLEAN,
           "ldirectord runs in standby where its group is not held", hb_cf_set_warm_standby),
    ONCE("pacemaker", HB_CF_ACTED, "false", "no", "whether pacemaker manages the resources",
         hb_cf_set_pacemaker),
    ONCE("crm", HB_CF_ACTED, NULL, "no", "old name of pacemaker", hb_cf_set_pacemaker),
    MEMBER("env", false, "NAME=value", "a variable HA_NAME for the scripts", hb_cf_set_env),

    /* Programs beside the daemon. */
    MEMBER("respawn", true, "a user and a command that begins with an absolute path",
           "program that runs while this node is active", hb_cf_set_respawn),
    MEMBER("failfast", true, "a user and a command that begins with an absolute path",
           "the same, and the machine restarts if it dies", hb_cf_set_failfast),
    MEMBER("apiauth", true, "a client and uid=USER[,USER...] or gid=GROUP[,GROUP...], or both",
           "who may be a client of that name", hb_cf_set_apiauth),

    /* What is written where. */
    OPTION("logfile", NULL, "an absolute path", "file for the log", hb_cf_set_logfile),
    OPTION("debugfile", NULL, "an absolute path", "file for the log with debug messages",
           hb_cf_set_debugfile),
    OPTION("logfacility", NULL, "a syslog facility such as local0 or daemon, or none",
           "syslog facility of the log", hb_cf_set_logfacility),
    OPTION("syslogmsgfmt", "true", BOOLEAN, "lines in the files look like those of syslog",
           hb_cf_set_syslogmsgfmt),
    OPTION("use_logd", NULL, BOOLEAN, "log through the logging daemon", hb_cf_set_use_logd),
    OPTION("coreroot", NULL, "an absolute path", "directory for core files", hb_cf_set_coreroot),
    OPTION("log_badpack", "true", BOOLEAN, "log refused messages", hb_cf_set_log_badpack),
    OPTION("debug", NULL, "a number from 0 to 255", "how much is logged", hb_cf_set_debug),
    OPTION("coredumps", "true", BOOLEAN, "leave a core file behind after a crash",
           hb_cf_set_coredumps),

    /* How the daemon runs, and how it speaks. */
    OPTION("realtime", "true", BOOLEAN, "run before other processes, with memory locked",
           hb_cf_set_realtime),
    OPTION("rtprio", NULL, "a number from 1 to 99", "realtime priority", hb_cf_set_rtprio),
    OPTION("memreserve", "4096", "a number of KiB, at least 1", "memory to reserve and lock",
           hb_cf_set_memreserve),
    ONCE("watchdog", HB_CF_ACTED, NULL, "the absolute path of a device such as /dev/watchdog",
         "device that restarts the machine when the daemon hangs", hb_cf_set_watchdog),
    OPTION("hbgenmethod", "file", "file or time", "where the generation number comes from",
           hb_cf_set_hbgenmethod),
    OPTION("msgfmt", "classic", "classic or netstring",
           "classic messages carry a second digest inside", hb_cf_set_msgfmt),
    OPTION("max_rexmit_delay", "250", "a number of milliseconds, at least 1",
           "longest wait before a lost message is asked for", hb_cf_set_max_rexmit_delay),
    OPTION("autojoin", "none", "none (with haresources, nodes are named)",
           "whether nodes that are not named may join", hb_cf_set_autojoin),
    OPTION("uuidfrom", "file", "file or nodename", "where the node's uuid comes from",
           hb_cf_set_uuidfrom),
    OPTION("compression", "zlib", "zlib or bz2", "how messages are compressed",
           hb_cf_set_compression),
    OPTION("compression_threshold", "2", "a number of KiB, at least 1",
           "size from which on traditional_compression compresses", hb_cf_set_compression_threshold),
    OPTION("traditional_compression", "no", BOOLEAN, "compress messages from a size on",
           hb_cf_set_traditional_compression),

    /* Accepted: nothing changes with haresources. */
    IDLE("cluster", "linux-ha", "a name", "name of the cluster", hb_cf_set_any_text),
    IDLE("conn_logd_time", "60", DURATION, "pause before the logging daemon is tried again",
         hb_cf_set_any_duration),
    IDLE("nice_failback", NULL, BOOLEAN, "obsolete form of auto_failback",
         hb_cf_set_nice_failback),
    IDLE("quorum_server", NULL, "a host", "who decides which half of a split cluster goes on",
         hb_cf_set_quorum_server),
    IDLE("use_apphbd", NULL, BOOLEAN, "register with the application heartbeat daemon",
         hb_cf_set_use_apphbd),
    IDLE("crm_daemon_dir", NULL, "an absolute path", "where pacemaker's daemons are",
         hb_cf_set_any_path),
    IDLE("crmd_spawns_pengine", NULL, BOOLEAN, "who starts pacemaker's policy engine",
         hb_cf_set_any_boolean),
    IDLE("record_config_changes", "on", BOOLEAN, "pacemaker records configuration changes",
         hb_cf_set_any_boolean),
    IDLE("record_pengine_inputs", "on", BOOLEAN, "pacemaker records what it decides on",
         hb_cf_set_any_boolean),
    IDLE("enable_config_writes", "on", BOOLEAN, "pacemaker writes its configuration to disk",
         hb_cf_set_any_boolean),

    /* Refused with a sentence that says so. */
    NOT_YET("hbaping", "hosts that are reached over fibre channel"),
    {.name = NULL},
};

const struct hb_cf_directive *hb_cf_directive_find(const char *name)
{
    for (const struct hb_cf_directive *row = hb_cf_directives; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}
