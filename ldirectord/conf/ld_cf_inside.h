/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the ldirectord.cf parser share; nobody else includes it.
 *
 *   ld_cf.c         lines and blocks: which line belongs where
 *   ld_cf_again.c   what stands as it stood when the file was read before
 *   ld_cf_table.c   the directives: name, where allowed, rule
 *   ld_cf_value.c   value rules: numbers, yes and no, quoted strings
 *   ld_cf_block.c   the directives of a block that have rules of their own
 *   ld_cf_terms.c   on what terms a server is asked: certificates, statuses, bytes
 *   ld_cf_sync.c    syncdaemon: interface, number, role
 *   ld_cf_addr.c    virtual, real and fallback: addresses, ports, ranges
 *   ld_cf_health.c  directives on health, weight and fallback beyond the classic ones
 *   ld_cf_alert.c   mails, files and commands: what the daemon does beside the table
 *   ld_cf_finish.c  defaults and precedence, once everything has been read
 *   ld_cf_traps.c   what is right, but does something else than it seems to
 */
#ifndef LD_CONF_LD_CF_INSIDE_H
#define LD_CONF_LD_CF_INSIDE_H

#include <glib.h>

#include "common/conf/lines.h"
#include "ldirectord/conf/ld_cf.h"

/* Longest accepted line, in bytes. */
#define LD_CF_LINE_MAX ((size_t)64 << 10)
/* What is beyond is a typing mistake: in classic directives cut down with a warning, since it was
 * taken for twenty years, in others refused. Small enough for any product of them. */
#define LD_CF_NUM_MAX   1000000u
#define LD_CF_TRIES_MAX 1000u /* of a ping */
#define LD_CF_TIME_MAX  (31u * 24 * 3600) /* seconds; the kernel's bound for persistence, too */
/* A quorum may count weights. */
#define LD_CF_SUM_MAX   1000000000u
/* Shorter than this no server can be asked sensibly. */
#define LD_CF_DURATION_MIN_MS 10

enum ld_cf_tri { LD_CF_UNSET, LD_CF_NO, LD_CF_YES };

/* Where something stands in the file, for what is judged later. */
struct ld_cf_place {
    unsigned line, column;
};

struct ld_cf_fallback {
    bool set;
    struct ld_cf_place at;
    struct ha_addr addr;
    bool has_port;
    uint16_t port;
    enum ld_method method;
};

/* A time of which 0 says something, too. */
struct ld_cf_span {
    uint64_t ms;
    unsigned line; /* 0: nothing said */
};

/* What a directive can say, globally or in a block; 0 and NULL: nothing said. */
struct ld_cf_settings {
    uint64_t checktimeout_ms, negotiatetimeout_ms, checkinterval_ms;
    unsigned checkcount, failurecount, risecount;
    struct ld_cf_span recheckinterval, slowstart, draintime, agentinterval;
    unsigned agentport;
    bool agentport_set;
    enum ld_cf_tri checkweight;
    unsigned quorum, quorum_line, hysteresis;
    bool quorum_by_weight, hysteresis_set;
    unsigned checkport;
    struct ld_cf_place checkinterval_at, logfile_at;
    enum ld_cf_tri quiescent, cleanstop, ops;
    enum ld_cf_tri autoreload, supervised, fork, readdquiescent; /* global */
    enum ld_cf_tri keeporders, expire_nodest_conn, expire_quiescent_template; /* global */
    uint64_t tablecheck_ms; /* global */
    struct ld_sync sync;    /* global */
    struct ld_cf_fallback fallback;  /* the family of the block; global: IPv4 */
    struct ld_cf_fallback fallback6; /* global only */
    char *logfile, *callback, *emailalertfrom, *maintenancedir; /* global */
    char *operators, *readers, *checkuser, *scriptuser; /* global */
    unsigned maintenancedir_line, checkuser_line, scriptuser_line;
    char *emailalert, *smtp, *fallbackcommand;
    bool emailalertfreq_set, emailalertstatus_set;
    unsigned emailalertfreq, emailalertstatus;
    char *monitorfile, *servicename, *comment; /* block */
    unsigned monitorfile_line;
    char *request, *receive, *checkcommand, *scheduler, *schedflags, *virtualhost;
    struct ld_cf_place receive_at, schedflags_at, scheduler_at;
    char *login, *passwd, *database, *secret;
    enum ld_cf_tri checkvip;
    struct ld_terms terms; /* globally: verify and cafile */
};

/* A block being read, or read. */
struct ld_cf_block {
    struct ld_service *service; /* id, reals and what has no default elsewhere */
    struct ld_cf_settings settings;
    int family;            /* of the keyword: AF_INET or AF_INET6 */
    const char *keyword;   /* "" or "6" */
    bool located;          /* the virtual's address was understood */
    bool taken_over;       /* service is the prior reading's: all else is settled */
    bool real_tried;       /* there is a line of a real server, whether it was understood or not */
    char *port_text;       /* as written; NULL for a mark */
    unsigned port_column;
    bool protocol_set, checktype_set, app_set, persistent_set, netmask_set;
    struct ld_cf_place at, app_at, netmask_at, ops_at, method_at; /* at: the virtual's value */
    unsigned last_line;
};

/* Which part of a text is other than in the prior reading. */
struct ld_cf_again {
    const struct ld_config *prior; /* NULL: all is to be read */
    const char *from, *to;         /* in the text: lines before from, and from to on, stand as they stood */
    guint next;                    /* of prior's services: all before it are passed */
};

struct ld_cf {
    const char *file;
    const struct ld_names *names;
    struct ha_diags *diags;
    struct ld_config *config;
    struct ld_cf_settings global;
    GPtrArray *blocks;         /* of struct ld_cf_block *, owned */
    struct ld_cf_block *block; /* the one being read; NULL: global lines */
    unsigned reals;            /* in the whole file */
    bool asked;                /* a name */
    struct ld_cf_again again;

    unsigned line;
    const char *raw;  /* the line as it stands in the file */
    char *text;       /* the same as it is understood: line_text's */
    GString *line_text;
    bool expanded;    /* in text, tabs are blanks */
};

enum { LD_CF_GLOBAL = 1, LD_CF_BLOCK = 2 };

struct ld_cf_row {
    const char *name;
    unsigned where;
    /* True: understood. False: an error was added, or, with nothing added, the
     * line is no command at all (a quoted string without quotes). */
    bool (*set)(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
    size_t offset;     /* of its place in struct ld_cf_settings, if set is one of the rules */
    const char *wrong; /* the classic words for a value that is none */
    bool quoted;       /* may contain "#" in its quotes */
};

/* ---- ld_cf.c ---- */
/* at points into cf->text, or is NULL: where the line's first word stands. */
void ld_cf_error(struct ld_cf *cf, const char *at, const char *format, ...) G_GNUC_PRINTF(3, 4);
void ld_cf_warning(struct ld_cf *cf, const char *at, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* 'WRONG: expected EXPECTED, found "VALUE"' */
void ld_cf_wrong(struct ld_cf *cf, const char *wrong, const char *expected, const char *value);
/* The value, or as much of it as may be shown. */
const char *ld_cf_shown(const struct ld_cf *cf, const char *value);
/* How many letters and digits, and bytes of others, text begins with. (strspn() makes a table of so many bytes
 * anew each time: a quarter of all there was to do in a file of 40,000 servers.) */
size_t ld_cf_span(const char *text, const char *others);
struct ld_cf_settings *ld_cf_scope(struct ld_cf *cf);
struct ld_cf_place ld_cf_here(const struct ld_cf *cf, const char *at);
/* The same for a place passed by. */
void ld_cf_error_there(struct ld_cf *cf, struct ld_cf_place there, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void ld_cf_warning_there(struct ld_cf *cf, struct ld_cf_place there, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* ---- ld_cf_again.c ---- */
/* prior: with its text. What that is compared with must stay as long as again is used. */
void ld_cf_again_init(struct ld_cf_again *again, const struct ld_config *prior, const char *text, size_t length);
/* The service of the block that begins in this line, which stands at `at` in the text; NULL: it is to be
 * read. Lines are to be asked for in their order. Not the caller's. */
struct ld_service *ld_cf_again_find(struct ld_cf_again *again, const char *at, unsigned line);

/* ---- ld_cf_table.c ---- */
const struct ld_cf_row *ld_cf_row_find(const char *name, size_t length);
/* Whether the value of a line that begins so may be a password; true also for what only looks like such a
 * directive, in any spelling. */
bool ld_cf_is_secret(const char *line);

/* ---- ld_cf_value.c ---- */
/* The first run of digits anywhere in the text. */
bool ld_cf_number(const char *text, unsigned min, unsigned max, unsigned *out);
/* The same, but more than max is max, with a warning. unit: " seconds", or "". */
bool ld_cf_bounded(struct ld_cf *cf, const struct ld_cf_row *row, const char *value, unsigned min,
                   unsigned max, const char *unit, unsigned *out);
/* From the first quote, which must come first, to the last one; NULL: not quoted. g_free() it. */
char *ld_cf_quoted(const char *value);
/* The first word. g_free() it. */
char *ld_cf_first_word(const char *value);
/* The first run of letters, digits and "_" (and "-") anywhere; rest is behind it. g_free() it. */
char *ld_cf_lax_word(const char *value, bool with_dashes, const char **rest);
/* What follows that word has never counted. */
void ld_cf_warn_of_rest(struct ld_cf *cf, const struct ld_cf_row *row, const char *word,
                        const char *rest);
/* Rules a row may name. */
/* Into a uint64_t of milliseconds: seconds as lax as ever, or "500ms". */
bool ld_cf_set_duration(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_count(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_yes_no(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_quoted(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_quoted_or_empty(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_logfile(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_string(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);

/* ---- ld_cf_block.c ---- */
bool ld_cf_set_checktype(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_service(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_checkport(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_request(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_receive(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_httpmethod(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_virtualhost(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_scheduler(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_persistent(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_netmask(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_schedflags(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_protocol(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
/* A request as the checks want it: with its leading "/", or absolute. */
char *ld_cf_request_of(const char *text, bool may_be_absolute);

/* ---- ld_cf_terms.c ---- */
bool ld_cf_set_verify(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_cafile(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_sni(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_expectstatus(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_header(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_escaped(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
/* After the service of the block is known. */
void ld_cf_finish_terms(struct ld_cf *cf, struct ld_cf_block *block);

/* ---- ld_cf_sync.c ---- */
bool ld_cf_set_syncdaemon(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);

/* ---- ld_cf_addr.c ---- */
bool ld_cf_set_virtual(struct ld_cf *cf, const char *value);
bool ld_cf_set_real(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_fallback(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
/* A number 0…65535, or a name known for protocol (NULL: for any). */
bool ld_cf_port(struct ld_cf *cf, const char *text, const char *protocol, uint16_t *out);

/* ---- ld_cf_health.c ---- */
bool ld_cf_set_span(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_quorum(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_agentport(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_hysteresis(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
/* After reals, fallback and quiescent are known. */
void ld_cf_finish_health(struct ld_cf *cf, const struct ld_cf_block *block);
/* ---- ld_cf_alert.c ---- */
bool ld_cf_set_emailalert(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_emailalertfreq(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_emailalertstatus(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_smtp(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
/* The rest of the line; blanks at its end do not count. */
bool ld_cf_set_words(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_given_words(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
/* The same, and quotes around it do not belong to it. */
bool ld_cf_set_line(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_execute(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
/* Users, and groups as "@NAME". */
bool ld_cf_set_people(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_monitorfile(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_checkuser(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_scriptuser(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
bool ld_cf_set_maintenancedir(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
/* Once everything has been read: what stands in the block, else what stands globally. */
void ld_cf_finish_alerts(struct ld_cf *cf, struct ld_cf_block *block);
void ld_cf_finish_global_alerts(struct ld_cf *cf);
void ld_cf_free_alerts(struct ld_cf_settings *settings);

/* ---- ld_cf_finish.c ---- */
/* After the last line of a block: what only it could say. */
void ld_cf_end_block(struct ld_cf *cf);
/* After the last line of the file: defaults, precedence, what this build lacks. */
void ld_cf_finish(struct ld_cf *cf);

/* ---- ld_cf_traps.c ---- */
/* Warnings about a finished block. */
void ld_cf_warn_of_traps(struct ld_cf *cf, const struct ld_cf_block *block);
/* A number that is not only digits: what it is read as. */
void ld_cf_warn_of_number(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);
/* A text behind the last quote. */
void ld_cf_warn_behind_quotes(struct ld_cf *cf, const struct ld_cf_row *row, const char *value);

#endif
