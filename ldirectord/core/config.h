/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ldirectord.cf says, as values, with every default and precedence rule
 * already applied: what a check or the table needs is read off the service or
 * real server itself. Filled by ldirectord/conf, read by the core. Owns all it
 * points to, but services may be in several configurations: nobody changes one
 * that has been read, and any thread may let go of it.
 */
#ifndef LD_CORE_CONFIG_H
#define LD_CORE_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/addr.h"
#include "ldirectord/core/terms.h"

/* What receive is, for g_regex_new(): of bytes, and a line ends with a line feed, as to Perl. */
#define LD_RECEIVE_FLAGS (G_REGEX_RAW | G_REGEX_NEWLINE_LF)

#define LD_SERVICES_MAX 65536
#define LD_REALS_MAX    262144 /* in a whole configuration, after ranges */

enum ld_protocol { LD_TCP, LD_UDP, LD_FWM, LD_PROTOCOL_COUNT };
enum ld_method { LD_GATE, LD_MASQ, LD_IPIP, LD_METHOD_COUNT };
enum ld_checktype { LD_CHECK_NEGOTIATE, LD_CHECK_CONNECT, LD_CHECK_PING, LD_CHECK_EXTERNAL,
                    LD_CHECK_EXTERNAL_PERL, LD_CHECK_ON, LD_CHECK_OFF,
                    LD_CHECK_COMBINED, /* one negotiate, then combined_connects connects */
                    LD_CHECK_AGENT,    /* beside any of the others: ld_service.agentport */
                    LD_CHECKTYPE_COUNT };
enum ld_app { LD_APP_NONE, LD_APP_DNS, LD_APP_FTP, LD_APP_HTTP, LD_APP_HTTPS, LD_APP_HTTP_PROXY,
              LD_APP_IMAP, LD_APP_IMAPS, LD_APP_LDAP, LD_APP_LDAPS, LD_APP_MYSQL, LD_APP_NNTP,
              LD_APP_ORACLE, LD_APP_PGSQL, LD_APP_POP, LD_APP_POPS, LD_APP_RADIUS, LD_APP_SIMPLETCP,
              LD_APP_SIP, LD_APP_SMTP, LD_APP_SUBMISSION,
              LD_APP_CLASSIC_COUNT, /* from here on ours: never chosen by a port */
              LD_APP_GRPC = LD_APP_CLASSIC_COUNT, LD_APP_GRPCS, LD_APP_MEMCACHED, LD_APP_ODBC,
              LD_APP_REDIS, LD_APP_SENDEXPECT, LD_APP_TLS, LD_APP_COUNT };

const char *ld_protocol_name(enum ld_protocol protocol);   /* tcp, udp, fwm */
const char *ld_method_name(enum ld_method method);         /* gate, masq, ipip */
const char *ld_checktype_name(enum ld_checktype type);
const char *ld_app_name(enum ld_app app);
/* Exact, case-sensitive; "combined" and "agent" are no words of the file. */
bool ld_method_find(const char *name, enum ld_method *method);
bool ld_checktype_find(const char *name, enum ld_checktype *type);
bool ld_app_find(const char *name, enum ld_app *app);
/* The well-known port of an app (0: it has none), and what is asked on a port by default. */
uint16_t ld_app_port(enum ld_app app);
enum ld_app ld_app_of_port(uint16_t port);
/* LD_TERMS_…: which terms have a meaning for it. */
unsigned ld_app_terms(enum ld_app app);
/* "sh-port,flag-3" to IP_VS_SVC_F_SCHED bits; false: a word that scheduler does not know. */
bool ld_schedflags_parse(const char *scheduler, const char *text, uint32_t *flags);

/* Who a virtual service is: the key in the table, in logs ("tcp:10.0.0.1:80", "fwm:1", "fwm6:1"). */
struct ld_service_id {
    enum ld_protocol protocol;
    struct ha_addr addr;  /* fwm: only the family is set */
    uint16_t port;
    uint32_t fwmark;
};
bool ld_service_id_equal(const struct ld_service_id *a, const struct ld_service_id *b);
uint32_t ld_service_id_hash(const struct ld_service_id *id);
/* The same two as GHashTable wants them. */
guint ld_service_id_key_hash(gconstpointer id);
gboolean ld_service_id_key_equal(gconstpointer a, gconstpointer b);
/* "tcp:10.0.0.1:80"; g_free() it. */
char *ld_service_id_text(const struct ld_service_id *id);
/* As in the classic log lines: "10.0.0.1:80", or the mark; g_free() it. */
char *ld_service_id_short(const struct ld_service_id *id);

/* What the daemon is about; mails are filtered by it. */
enum { LD_STARTING = 1, LD_RUNNING = 2, LD_STOPPING = 4, LD_RELOADING = 8, LD_PHASES = 15 };
const char *ld_phase_name(unsigned phase); /* one of them; anything else: "standby" */
bool ld_phase_find(const char *name, unsigned *phase); /* also "all" and "none" */

struct ld_real {
    struct ha_addr addr;
    uint16_t port;        /* 0: the service's */
    enum ld_method method;
    uint32_t weight;
    uint32_t lower, upper; /* connection thresholds; 0: none */
    char *request;        /* always starts with "/" or is absolute; the effective one */
    char *receive;        /* regular expression; NULL: anything */
    unsigned line, column; /* in the file */
};

struct ld_fallback {
    bool set;
    struct ha_addr addr;
    uint16_t port;
    enum ld_method method;
};

/* The real servers serve while so many of them do, or so much weight; else the fallback. */
struct ld_quorum {
    bool by_weight;
    uint32_t quorum;     /* at least 1 */
    uint32_t hysteresis; /* so much above the quorum before they serve again */
};

struct ld_service {
    struct ld_service_id id;
    char *scheduler;
    char *schedflags;     /* NULL: none */
    bool persistent;
    uint32_t persistent_s;
    uint32_t netmask;     /* IPv4: host order, 0xffffffff by default; IPv6: prefix length, 128 */
    bool ops;
    bool quiescent, cleanstop;

    enum ld_checktype checktype;
    unsigned combined_connects;
    enum ld_app app;      /* after the default by port */
    unsigned app_line, app_column; /* in the file: of its word, else of the virtual's value */
    uint16_t checkport;   /* 0: the real's, else the app's well-known one */
    uint64_t checktimeout_ms, negotiatetimeout_ms, checkinterval_ms;
    unsigned checkcount;  /* ping attempts */
    unsigned failurecount, risecount;
    uint64_t recheckinterval_ms; /* while it is not settled whether up or down; 0: as ever */
    uint64_t slowstart_ms;       /* 0: at full weight at once */
    uint64_t draintime_ms;       /* at weight 0 before it is removed; 0: removed at once */
    struct ld_quorum quorum;
    uint16_t agentport;          /* 0: there is no agent to be asked */
    uint64_t agentinterval_ms;
    bool checkweight;            /* the exit status of an external check says a weight */
    char *checkcommand;
    char *virtualhost;    /* NULL: unset */
    bool http_head;
    char *login, *passwd, *database, *secret; /* NULL: unset */
    struct ld_terms terms;
    bool checkvip;        /* connect checks go to the virtual address, by way of the real server */

    struct ld_fallback fallback; /* the service's own or the global one of its family */
    char *fallbackcommand;     /* for the shell; NULL: none */
    char *emailalert;          /* addresses as they were written; NULL: no mails */
    uint64_t emailalertfreq_ms; /* 0: nothing is repeated */
    unsigned emailalertstatus; /* phases in which mails are sent */
    char *smtp;                /* host; NULL: through sendmail */
    char *servicename, *comment; /* words for mails; NULL: unset */
    char *monitorfile;         /* path; NULL: none */
    unsigned monitorfile_line;
    GPtrArray *reals;     /* of struct ld_real *, ranges expanded, in file order */
    unsigned line, last_line; /* of its block in the file */
    gatomicrefcount holders;
};

/* The kernel's connection synchronisation. */
#define LD_INTERFACE_MAX 16 /* the kernel's IFNAMSIZ */
enum ld_sync_role { LD_SYNC_NONE, LD_SYNC_BY_MODE, /* master while active, backup in standby */
                    LD_SYNC_MASTER, LD_SYNC_BACKUP, LD_SYNC_BOTH, LD_SYNC_ROLE_COUNT };
struct ld_sync {
    enum ld_sync_role role;
    char interface[LD_INTERFACE_MAX]; /* the group's datagrams go through */
    unsigned id;                      /* 0…255 */
    struct ha_addr group;             /* multicast; none: the kernel's own, 224.0.0.81 */
    unsigned port, ttl, maxlen;       /* 0: the kernel's: 8848, 1, and what fits the interface */
};
const char *ld_sync_role_name(enum ld_sync_role role); /* none, auto, master, backup, both */
bool ld_sync_role_find(const char *name, enum ld_sync_role *role);

/* A switch of the kernel's that is left as it is unless the file says something of it. */
enum ld_switch { LD_SWITCH_KEEP, LD_SWITCH_OFF, LD_SWITCH_ON };

struct ld_config {
    GPtrArray *services;  /* of struct ld_service *, in file order */
    bool autoreload, supervised, fork;
    bool readdquiescent;
    char *logfile;        /* path or syslog facility name; NULL: the default */
    unsigned logfile_line, logfile_column; /* in the file */
    bool keeporders;      /* an operator's orders outlive a restart */
    uint64_t tablecheck_ms; /* the kernel's table is looked at so often; 0: only when it is written */
    enum ld_switch expire_nodest_conn, expire_quiescent_template;
    struct ld_sync sync;
    char *emailalertfrom; /* NULL: unset, as the next two */
    char *maintenancedir;
    char *callback;       /* path of a program */
    char *operators, *readers; /* users and @groups: who may order beside root; NULL: nobody; who may ask;
                                * NULL: everybody */
    char *checkuser;      /* whom the process that checks becomes; NULL: the usual one */
    char *scriptuser;     /* as whom scripts run; NULL: as who started ldirectord */
    unsigned maintenancedir_line, checkuser_line, scriptuser_line;
    GPtrArray *execute;   /* of char *: other configurations, as they were written */
    GBytes *text;         /* that alone made it; NULL: names, say, did, too */
};

struct ld_config *ld_config_new(void); /* the defaults */
/* Another one that says the same, with the same services. */
struct ld_config *ld_config_copy(const struct ld_config *config);
void ld_config_free(struct ld_config *config);
struct ld_service *ld_service_new(void); /* held once */
struct ld_service *ld_service_hold(struct ld_service *service);
void ld_service_free(struct ld_service *service); /* lets go of it; the last one frees it */
/* Both say the same, wherever they stand in their files (alike.c). */
bool ld_service_alike(const struct ld_service *one, const struct ld_service *other);
bool ld_fallback_equal(const struct ld_fallback *a, const struct ld_fallback *b);
struct ld_real *ld_real_new(void);
void ld_real_free(struct ld_real *real);

#endif
