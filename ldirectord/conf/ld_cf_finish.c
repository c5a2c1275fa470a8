/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be told only when everything has been read: ports whose name
 * depends on the protocol, defaults, precedence of block over file, and what
 * this version does not act on yet.
 */
#include <string.h>

#include "config.h"
#include "ldirectord/conf/ld_cf_inside.h"

#define CHECKTIMEOUT_MS     5000
#define NEGOTIATETIMEOUT_MS 30000
#define CHECKINTERVAL_MS    10000

/* ---- the end of a block ---- */

static void resolve_port(struct ld_cf *cf, struct ld_cf_block *block)
{
    struct ld_service_id *id = &block->service->id;

    if (!block->port_text ||
        ld_cf_port(cf, block->port_text, ld_protocol_name(id->protocol), &id->port))
        return;
    ld_cf_error_there(cf, (struct ld_cf_place){block->service->line, block->port_column},
                      "invalid address for virtual service: expected a port from 0 to 65535 or the "
                      "name of a %s service, found \"%s\"", ld_protocol_name(id->protocol),
                      block->port_text);
    block->located = false;
}

/* The old program let ipvsadm refuse the whole service. */
static void check_schedflags(struct ld_cf *cf, struct ld_cf_block *block)
{
    const char *scheduler =
        block->settings.scheduler ? block->settings.scheduler : block->service->scheduler;
    uint32_t flags;

    if (!block->settings.schedflags ||
        ld_schedflags_parse(scheduler, block->settings.schedflags, &flags))
        return;
    ld_cf_warning_there(cf, block->settings.schedflags_at,
                "schedflags ignored: scheduler %s knows flag-1, flag-2, flag-3%s, found \"%s\"",
                scheduler,
                strcmp(scheduler, "sh") == 0   ? ", sh-fallback, sh-port"
                : strcmp(scheduler, "mh") == 0 ? ", mh-fallback, mh-port"
                                               : "",
                block->settings.schedflags);
}

static guint real_hash(gconstpointer key)
{
    const struct ld_real *real = key;

    return ha_addr_hash(&real->addr) ^ real->port * UINT32_C(2654435761);
}

static gboolean real_equal(gconstpointer a, gconstpointer b)
{
    const struct ld_real *one = a, *other = b;

    return one->port == other->port && ha_addr_equal(&one->addr, &other->addr);
}

/* With gate and ipip the port is the service's, whatever the line says. */
static void warn_of_twins(struct ld_cf *cf, struct ld_cf_block *block)
{
    const struct ld_service *service = block->service;
    struct ld_real *places = g_new0(struct ld_real, service->reals->len + 1);
    GHashTable *seen = g_hash_table_new(real_hash, real_equal);
    char text[HA_ADDR_TEXT];

    for (guint i = 0; i < service->reals->len; i++) {
        const struct ld_real *real = service->reals->pdata[i];
        bool keeps_port = real->method == LD_MASQ || service->id.protocol == LD_FWM;

        places[i].addr = real->addr;
        places[i].port = keeps_port ? real->port : service->id.port;
        if (!g_hash_table_add(seen, &places[i]))
            ld_cf_warning_there(cf, (struct ld_cf_place){real->line, real->column},
                        "real server %s stands in this block already: it can be in the table once",
                        ha_addr_port_text(&places[i].addr, places[i].port, text));
    }
    g_hash_table_destroy(seen);
    g_free(places);
}

void ld_cf_end_block(struct ld_cf *cf)
{
    struct ld_cf_block *block = cf->block;

    resolve_port(cf, block);
    check_schedflags(cf, block);
    warn_of_twins(cf, block);
}

/* ---- the end of the file ---- */

static uint64_t first_set(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t otherwise)
{
    return a ? a : b ? b : c ? c : d ? d : otherwise;
}

static unsigned count_of(unsigned own, unsigned global)
{
    return (unsigned)first_set(own, global, 0, 0, 1);
}

static bool yes(enum ld_cf_tri own, enum ld_cf_tri global, bool otherwise)
{
    enum ld_cf_tri tri = own != LD_CF_UNSET ? own : global;

    return tri == LD_CF_UNSET ? otherwise : tri == LD_CF_YES;
}

static void finish_times(struct ld_cf *cf, const struct ld_cf_block *block, bool forks)
{
    const struct ld_cf_settings *own = &block->settings, *global = &cf->global;
    struct ld_service *service = block->service;

    service->checktimeout_ms =
        first_set(own->checktimeout_ms, own->negotiatetimeout_ms, global->checktimeout_ms,
                  global->negotiatetimeout_ms, CHECKTIMEOUT_MS);
    service->negotiatetimeout_ms =
        first_set(own->negotiatetimeout_ms, own->checktimeout_ms, global->negotiatetimeout_ms,
                  global->checktimeout_ms, NEGOTIATETIMEOUT_MS);
    service->checkinterval_ms = first_set(forks ? own->checkinterval_ms : 0,
                                          global->checkinterval_ms, 0, 0, CHECKINTERVAL_MS);
    service->checkcount = count_of(own->checkcount, global->checkcount);
    service->failurecount = count_of(own->failurecount, global->failurecount);
    if (own->checkinterval_ms && !forks) {
        char *id = ld_service_id_text(&service->id);

        ld_cf_warning_there(cf, own->checkinterval_at,
                    "checkinterval in virtual service %s ignored when fork=no", id);
        g_free(id);
    }
}

/* Without a port the fallback takes the clients where they came in. */
static void finish_fallback(const struct ld_cf *cf, const struct ld_cf_block *block)
{
    const struct ld_cf_fallback *from = &block->settings.fallback;
    struct ld_service *service = block->service;

    if (!from->set)
        from = block->family == AF_INET6 ? &cf->global.fallback6 : &cf->global.fallback;
    service->fallback.set = from->set;
    service->fallback.addr = from->addr;
    service->fallback.method = from->method;
    service->fallback.port = from->has_port ? from->port : service->id.port;
}

static void finish_requests(const struct ld_cf_block *block)
{
    for (guint i = 0; i < block->service->reals->len; i++) {
        struct ld_real *real = block->service->reals->pdata[i];

        if (real->request)
            continue; /* its own pair counts, together */
        real->request = g_strdup(block->settings.request ? block->settings.request : "/");
        real->receive = g_strdup(block->settings.receive);
    }
}

static void take(char **slot, char **from)
{
    if (!*from)
        return;
    g_free(*slot);
    *slot = *from;
    *from = NULL;
}

static void finish_service(struct ld_cf *cf, struct ld_cf_block *block, bool forks)
{
    struct ld_service *service = block->service;
    struct ld_cf_settings *own = &block->settings;

    if (!block->app_set)
        service->app = service->id.protocol == LD_FWM ? LD_APP_NONE
                                                      : ld_app_of_port(service->id.port);
    if (!block->netmask_set)
        service->netmask = block->family == AF_INET6 ? 128 : 0xffffffffu;
    service->quiescent = yes(own->quiescent, cf->global.quiescent, false);
    service->cleanstop = yes(own->cleanstop, cf->global.cleanstop, true);
    service->ops = yes(own->ops, LD_CF_UNSET, false);
    service->checkport = (uint16_t)own->checkport;
    finish_times(cf, block, forks);
    finish_fallback(cf, block);
    finish_requests(block);
    ld_cf_finish_health(cf, block);
    take(&service->scheduler, &own->scheduler);
    take(&service->schedflags, &own->schedflags);
    take(&service->checkcommand, &own->checkcommand);
    take(&service->virtualhost, &own->virtualhost);
    take(&service->login, &own->login);
    take(&service->passwd, &own->passwd);
    take(&service->database, &own->database);
    take(&service->secret, &own->secret);
    ld_cf_finish_alerts(cf, block);
    ld_cf_finish_terms(cf, block);
}

/* ---- what is judged at the end ---- */

static bool negotiates(const struct ld_service *service)
{
    return service->checktype == LD_CHECK_NEGOTIATE || service->checktype == LD_CHECK_COMBINED;
}

bool ld_cf_acts_on(enum ld_app app)
{
    switch (app) {
    case LD_APP_MYSQL:
        return LD_HAVE_MYSQL;
    case LD_APP_PGSQL:
        return LD_HAVE_PGSQL;
    case LD_APP_ODBC:
    case LD_APP_ORACLE:
        return LD_HAVE_ODBC;
    default:
        return (unsigned)app < LD_APP_COUNT;
    }
}

static void check_app(struct ld_cf *cf, const struct ld_cf_block *block)
{
    struct ld_service *service = block->service;
    struct ld_cf_place there = block->app_set ? block->app_at : block->at;

    service->app_line = there.line;
    service->app_column = there.column;
    if (!negotiates(service) || ld_cf_acts_on(service->app))
        return;
    ha_diag_add(cf->diags, HA_UNSUPPORTED, cf->file, there.line, there.column,
                "service = %s%s: this version was built without the client library it takes for that",
                ld_app_name(service->app), block->app_set ? "" : " (chosen by the port)");
}

static void check_pattern(struct ld_cf *cf, const char *pattern, struct ld_cf_place there,
                          GHashTable *checked)
{
    GError *error = NULL;
    GRegex *regex;

    if (!pattern || !g_hash_table_add(checked, (gpointer)pattern))
        return;
    regex = g_regex_new(pattern, LD_RECEIVE_FLAGS, 0, &error);
    if (regex) {
        g_regex_unref(regex);
        return;
    }
    ld_cf_error_there(cf, there,
                "invalid receive string: expected a regular expression, found \"%s\": %s", pattern,
                error->message);
    g_error_free(error);
}

/* A pattern that no check could use stopped the old program dead, later. */
static void check_patterns(struct ld_cf *cf, const struct ld_cf_block *block)
{
    GHashTable *checked;

    if (!negotiates(block->service) || block->service->app == LD_APP_NONE)
        return;
    checked = g_hash_table_new(g_str_hash, g_str_equal);
    check_pattern(cf, block->settings.receive, block->settings.receive_at, checked);
    for (guint i = 0; i < block->service->reals->len; i++) {
        const struct ld_real *real = block->service->reals->pdata[i];

        check_pattern(cf, real->receive, (struct ld_cf_place){real->line, real->column}, checked);
    }
    g_hash_table_destroy(checked);
}

static void check_reals(struct ld_cf *cf, const struct ld_cf_block *block)
{
    if (block->located && !block->real_tried)
        ld_cf_warning_there(cf, block->at, "virtual service without real servers");
}

static bool check_twice(struct ld_cf *cf, const struct ld_cf_block *block, GHashTable *seen)
{
    gpointer first;

    if (!block->located)
        return false;
    first = g_hash_table_lookup(seen, &block->service->id);
    if (!first) {
        g_hash_table_insert(seen, &block->service->id, GUINT_TO_POINTER(block->at.line));
        return true;
    }
    /* the classic place is the last line of the block */
    ld_cf_error_there(cf, (struct ld_cf_place){block->last_line, 1},
                      "duplicate virtual server: expected each once, found the one of line %u again in "
                      "line %u", GPOINTER_TO_UINT(first), block->at.line);
    return false;
}

static enum ld_switch kernel_switch(enum ld_cf_tri tri)
{
    return tri == LD_CF_UNSET ? LD_SWITCH_KEEP : tri == LD_CF_YES ? LD_SWITCH_ON : LD_SWITCH_OFF;
}

static void finish_globals(struct ld_cf *cf)
{
    struct ld_config *config = cf->config;

    config->autoreload = yes(cf->global.autoreload, LD_CF_UNSET, false);
    config->supervised = yes(cf->global.supervised, LD_CF_UNSET, false);
    config->fork = yes(cf->global.fork, LD_CF_UNSET, false);
    config->readdquiescent = yes(cf->global.readdquiescent, LD_CF_UNSET, false);
    config->keeporders = yes(cf->global.keeporders, LD_CF_UNSET, false);
    config->tablecheck_ms = cf->global.tablecheck_ms;
    config->expire_nodest_conn = kernel_switch(cf->global.expire_nodest_conn);
    config->expire_quiescent_template = kernel_switch(cf->global.expire_quiescent_template);
    config->sync = cf->global.sync;
    take(&config->logfile, &cf->global.logfile);
    config->logfile_line = cf->global.logfile_at.line;
    config->logfile_column = cf->global.logfile_at.column;
    ld_cf_finish_global_alerts(cf);
}

static void finish_block(struct ld_cf *cf, struct ld_cf_block *block)
{
    block->service->last_line = block->last_line;
    finish_service(cf, block, cf->config->fork);
    if (block->located)
        check_app(cf, block);
    check_patterns(cf, block);
    check_reals(cf, block);
    if (block->located)
        ld_cf_warn_of_traps(cf, block);
}

void ld_cf_finish(struct ld_cf *cf)
{
    GHashTable *seen = g_hash_table_new(ld_service_id_key_hash, ld_service_id_key_equal);

    finish_globals(cf);
    if (cf->blocks->len > LD_SERVICES_MAX)
        ha_diag_add(cf->diags, HA_ERROR, cf->file, 0, 0,
                    "expected at most %u virtual services, found %u", (unsigned)LD_SERVICES_MAX,
                    cf->blocks->len);
    for (guint i = 0; i < cf->blocks->len; i++) {
        struct ld_cf_block *block = cf->blocks->pdata[i];
        bool alone = check_twice(cf, block, seen);

        if (!block->taken_over)
            finish_block(cf, block);
        if (alone) {
            g_ptr_array_add(cf->config->services, block->service);
            block->service = NULL;
        }
    }
    g_hash_table_destroy(seen);
}
