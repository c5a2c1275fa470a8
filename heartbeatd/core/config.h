/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ha.cf and haresources say, as values. Filled by heartbeatd/conf, read
 * by the core, the media and the shell. Owns all it points to.
 */
#ifndef HB_CORE_CONFIG_H
#define HB_CORE_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "heartbeatd/core/compress.h"

#define HB_NODES_MAX      100
#define HB_MEDIA_MAX      64
#define HB_PING_GROUP_MAX 64 /* hosts */
#define HB_GROUPS_MAX     4096
#define HB_RESOURCES_MAX  4096 /* in one group */
#define HB_NAME_MAX       99   /* bytes in a node name */
#define HB_RESTARTS_MAX   100  /* in one window */
#define HB_RULES_MAX      1024
#define HB_DEVICES_MAX    256

enum hb_failback { HB_FAILBACK_LEGACY, HB_FAILBACK_ON, HB_FAILBACK_OFF, HB_FAILBACK_COUNT };
enum hb_medium_kind { HB_UCAST, HB_BCAST, HB_MCAST, HB_PING, HB_SERIAL, HB_MEDIUM_KIND_COUNT };

/* One media line. Several lines with the same interface share one link (doc/protocol.md). A ping
 * line makes a node of its own, which has only that link, of the same name. */
struct hb_medium {
    enum hb_medium_kind kind;
    char *interface;   /* also the link's name; ping: the host as written, or the group's name;
                          serial: the device */
    GPtrArray *hosts;  /* ping: of char *, as written, one unless it is a group; else NULL */
    bool group;        /* ping_group */
    char *peer;        /* ucast: address or host name as written */
    struct ha_addr to; /* ucast: numeric peer if peer is numeric (else resolved by the shell); mcast: group */
    uint16_t port;     /* mcast has its own; else udpport as it stood at that line */
    unsigned baud;     /* serial: as it stood at that line */
    uint8_t ttl;       /* mcast */
    bool loop;         /* mcast */
    unsigned line;     /* in ha.cf, for messages */
};

/* A directive as recorded, for HA_<name>=<text> in the scripts' environment. */
struct hb_directive {
    char *name;
    char *text;
    unsigned line;
};

/* How held resources are watched (doc/states.md, "Monitor"). */
struct hb_monitor_rule {
    char *name;           /* of a script, or a whole resource as in haresources */
    uint64_t interval_ms; /* 0: not watched */
};
struct hb_monitor_config {
    uint64_t interval_ms; /* for what no rule names; 0: not watched */
    uint64_t timeout_ms;  /* of one question */
    unsigned restarts;    /* in place, within window_ms; then the group moves */
    uint64_t window_ms;
    uint64_t delay_ms;    /* before the second restart in the window; doubled for each further one */
    GPtrArray *rules;     /* of struct hb_monitor_rule *, in file order; the last that fits counts */
};

/* How a node is switched off (doc/states.md, "Fencing"). */
enum hb_device_kind {
    HB_DEVICE_STONITH, /* a plugin of cluster-glue's stonith command */
    HB_DEVICE_AGENT,   /* a fence_* program */
    HB_DEVICE_KIND_COUNT
};
struct hb_fence_device {
    enum hb_device_kind kind;
    char *host;  /* STONITH: who may use it; AGENT: whom it switches off; lower case, or "*" */
    char *type;  /* STONITH: the plugin; AGENT: the program, with or without a path */
    char *input; /* STONITH: its parameters, one line; AGENT: lines of key=value; secret */
    char *file;  /* STONITH: a file with the parameters instead; else NULL */
    unsigned line;
};
/* What a resource that will not stop leads to. */
enum hb_stop_failure {
    HB_STOP_KEEP,   /* it stays claimed here and is tried again */
    HB_STOP_REBOOT, /* this machine is rebooted at once */
    HB_STOP_FENCE,  /* the other node is asked to switch this one off */
    HB_STOP_FAILURE_COUNT
};
struct hb_fence_config {
    GPtrArray *devices; /* of struct hb_fence_device *, in file order */
    uint64_t timeout_ms, retry_ms;
    enum hb_stop_failure stop_failure;
};

struct hb_config {
    GPtrArray *nodes; /* of char *, lower case, in file order, no duplicates */
    GPtrArray *media; /* of struct hb_medium *, in file order */
    uint64_t keepalive_ms, deadtime_ms, warntime_ms, initdead_ms;
    uint64_t deadping_ms;   /* deadtime of ping nodes */
    uint64_t max_rexmit_delay_ms;
    enum hb_failback auto_failback;
    bool warm_standby;      /* keep ldirectord::FILE of other nodes' groups in standby */
    uint16_t udpport;
    unsigned baud;
    uint8_t hopfudge;
    bool unmanaged;         /* heartbeat -M: takes part, and holds nothing ever */
    bool msgfmt_netstring;  /* inner auth field left out */
    bool generation_by_time; /* hbgenmethod time */
    bool uuid_from_name;     /* uuidfrom nodename */
    enum hb_compression compression;
    uint64_t compression_threshold; /* bytes from which on traditional_compression compresses */
    bool traditional_compression;
    bool log_badpack;
    bool realtime;
    int rtprio;             /* 1…99 */
    uint64_t memreserve_kib;
    char *logfile, *debugfile; /* NULL: none */
    int logfacility;        /* LOG_LOCAL0…; -1: none */
    bool syslog_format;     /* syslogmsgfmt: lines of the files look like syslog's */
    bool coredumps;
    char *coreroot;         /* NULL: below the daemon's own directory */
    int debug;
    struct hb_monitor_config monitor;
    uint64_t contested_ms;  /* how long an address that another answers for is waited for */
    bool contested_leave;   /* and not taken then, but left to the other */
    struct hb_fence_config fence;
    char *watchdog;         /* path of the device; NULL: none */
    GPtrArray *programs;    /* of struct hb_program *, in file order */
    GPtrArray *api_lines;   /* of struct hb_api_line *, one per client */
    uint64_t carrier_ms;    /* how long an interface may be without link; 0: for ever */
    GPtrArray *lines;       /* of struct hb_directive *: each line of ha.cf, one blank between words */
    GPtrArray *directives;  /* of struct hb_directive *, in order, the defaults included */
    GPtrArray *variables;   /* of struct hb_directive *: what env lines say, in order */
};

/* A respawn or failfast line: a program that runs while we are active. */
struct hb_program {
    char *user;
    char *command; /* the rest of the line, for the shell */
    bool failfast; /* the machine goes down with it */
    unsigned line;
};

/* An apiauth line: who may be a client of that name. Names as written. */
struct hb_api_line {
    char *client;
    GPtrArray *users, *groups; /* of char * */
    unsigned line;
};

/* name[::arg]… of haresources. */
struct hb_resource {
    char *name;       /* script name; "IPaddr" for a bare address */
    GPtrArray *args;  /* of char * */
    char *text;       /* as written: the key if it is the first of its group */
    bool native;      /* done by the daemon itself; set by the shell, false from the parser */
};

/* One logical line of haresources. */
struct hb_group {
    char *home;           /* node name, lower case */
    GPtrArray *resources; /* of struct hb_resource *, at least one */
    unsigned line;
};

struct hb_haresources {
    GPtrArray *groups; /* of struct hb_group *, in file order */
};

struct hb_config *hb_config_new(void); /* with the defaults of ha.cf(5) */
void hb_config_free(struct hb_config *config);
/* The text of an option as cl_status sees it; NULL if it is not set. Three have an answer there that scripts are not
 * told of: crm and debug where no line sets them, and hbversion, which is version. */
const char *hb_config_parameter(const struct hb_config *config, const char *name, const char *version);
struct hb_haresources *hb_haresources_new(void);
void hb_haresources_free(struct hb_haresources *resources);
/* A group without resources yet and a resource without arguments yet; each is
 * owned by the array it is added to. The texts are copied. */
struct hb_group *hb_group_new(const char *home, unsigned line);
struct hb_resource *hb_resource_new(const char *name, const char *text);
struct hb_group *hb_group_copy(const struct hb_group *group);
void hb_group_free(struct hb_group *group); /* only while no array owns it */
/* The same resources in the same order; the home may be another. */
bool hb_group_same(const struct hb_group *a, const struct hb_group *b);
/* Whether a resource of that text is in it. */
bool hb_group_has(const struct hb_group *group, const char *text);

/* The key of a group: the text of its first resource. */
const char *hb_group_key(const struct hb_group *group);

#endif
