/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging (allowed.h). An act that no line of the configuration asks for is none that is done. */
#include "ldirectord/door/allowed.h"

#include <string.h>

#include "ldirectord/core/model.h"
#include "ldirectord/core/probe.h"

/* What is remembered of earlier configurations is forgotten beyond so many. */
#define REMEMBERED_MAX (2 * LD_REALS_MAX)

struct service {
    struct ld_service_id id;
    const struct ld_service *now; /* NULL: of an earlier configuration */
    bool found;                   /* in the configuration that is being taken */
    GHashTable *places;           /* set of struct ld_dest *, by address and port */
};

struct ld_allowed {
    const char *program, *odbc, *path;
    struct ld_config *config;
    GHashTable *services; /* struct ld_service_id * -> struct service * */
    GHashTable *commands; /* set of texts for the shell */
    GHashTable *instances; /* set of names */
    guint remembered;
    bool synchronised;    /* it was ever configured */
};

static void service_free(gpointer item)
{
    struct service *service = item;

    g_hash_table_destroy(service->places);
    g_free(service);
}

static void forget(struct ld_allowed *allowed)
{
    g_hash_table_remove_all(allowed->services);
    g_hash_table_remove_all(allowed->commands);
    g_hash_table_remove_all(allowed->instances);
    allowed->remembered = 0;
}

struct ld_allowed *ld_allowed_new(const char *program, const char *odbc, const char *path)
{
    struct ld_allowed *allowed = g_new0(struct ld_allowed, 1);

    allowed->program = program;
    allowed->odbc = odbc;
    allowed->path = path;
    allowed->services = g_hash_table_new_full(ld_service_id_key_hash, ld_service_id_key_equal, NULL,
                                              service_free);
    allowed->commands = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    allowed->instances = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return allowed;
}

void ld_allowed_free(struct ld_allowed *allowed)
{
    if (allowed == NULL)
        return;
    g_hash_table_destroy(allowed->services);
    g_hash_table_destroy(allowed->commands);
    g_hash_table_destroy(allowed->instances);
    ld_config_free(allowed->config);
    g_free(allowed);
}

/* ---- a configuration ---- */

static void add_place(struct ld_allowed *allowed, struct service *service, const struct ha_addr *addr,
                      uint16_t port)
{
    struct ld_dest dest = {.addr = *addr, .port = port};

    if (g_hash_table_contains(service->places, &dest))
        return;
    g_hash_table_add(service->places, g_memdup2(&dest, sizeof(dest)));
    allowed->remembered++;
}

static void add_commands(struct ld_allowed *allowed, const struct ld_service *service)
{
    static const char *const words[] = {"start", "stop"};
    char *id = ld_service_id_short(&service->id);

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        g_hash_table_add(allowed->commands,
                         g_strdup_printf("%s %s %s %s", service->fallbackcommand, words[i], id,
                                         ld_protocol_name(service->id.protocol)));
    allowed->remembered += G_N_ELEMENTS(words);
    g_free(id);
}

static void add_service(struct ld_allowed *allowed, const struct ld_service *service)
{
    struct service *known = g_hash_table_lookup(allowed->services, &service->id);
    bool alike = known != NULL && known->now != NULL && ld_service_alike(known->now, service);

    if (known == NULL) {
        known = g_new0(struct service, 1);
        known->id = service->id;
        known->places = g_hash_table_new_full(ld_dest_place_hash, ld_dest_place_equal, g_free, NULL);
        g_hash_table_insert(allowed->services, &known->id, known);
        allowed->remembered++;
    }
    known->now = service;
    known->found = true;
    if (alike) /* all of it is remembered already */
        return;
    for (guint i = 0; i < service->reals->len; i++) {
        const struct ld_real *real = service->reals->pdata[i];

        add_place(allowed, known, &real->addr, ld_dest_port(service, real->method, real->port));
    }
    if (service->fallback.set)
        add_place(allowed, known, &service->fallback.addr,
                  ld_dest_port(service, service->fallback.method, service->fallback.port));
    if (service->fallbackcommand != NULL)
        add_commands(allowed, service);
}

static void add_config(struct ld_allowed *allowed, const struct ld_config *config)
{
    GHashTableIter iter;
    gpointer service;

    for (guint i = 0; i < config->services->len; i++)
        add_service(allowed, config->services->pdata[i]);
    g_hash_table_iter_init(&iter, allowed->services);
    while (g_hash_table_iter_next(&iter, NULL, &service)) {
        if (!((struct service *)service)->found)
            ((struct service *)service)->now = NULL;
        ((struct service *)service)->found = false;
    }
    for (guint i = 0; i < config->execute->len; i++)
        g_hash_table_add(allowed->instances, g_strdup(config->execute->pdata[i]));
}

void ld_allowed_config(struct ld_allowed *allowed, struct ld_config *config)
{
    if (allowed->remembered > REMEMBERED_MAX) {
        forget(allowed);
        if (allowed->config != NULL) /* what it leaves behind is cleared away now */
            add_config(allowed, allowed->config);
    }
    add_config(allowed, config);
    allowed->synchronised |= config->sync.role != LD_SYNC_NONE;
    ld_config_free(allowed->config);
    allowed->config = config;
}

const struct ld_config *ld_allowed_now(const struct ld_allowed *allowed)
{
    return allowed->config;
}

/* ---- the kernel ---- */

static bool is_as_configured(const struct ld_vs *vs, const struct ld_service *service)
{
    struct ld_vs wanted = {.id = service->id};

    ld_vs_fill(&wanted, service);
    return strcmp(vs->scheduler, wanted.scheduler) == 0 && vs->flags == wanted.flags &&
           vs->timeout_s == wanted.timeout_s && vs->netmask == wanted.netmask;
}

bool ld_allowed_op(const struct ld_allowed *allowed, const struct ld_op *op)
{
    const struct service *service = g_hash_table_lookup(allowed->services, &op->vs->id);

    if (service == NULL)
        return false;
    switch (op->kind) {
    case LD_OP_ADD_SERVICE:
    case LD_OP_EDIT_SERVICE:
        return service->now != NULL && is_as_configured(op->vs, service->now);
    case LD_OP_ADD_DEST:
    case LD_OP_EDIT_DEST:
        return g_hash_table_contains(service->places, op->dest);
    case LD_OP_DEL_SERVICE:
    case LD_OP_DEL_DEST:
        return true;
    default:
        return false;
    }
}

bool ld_allowed_sync(const struct ld_allowed *allowed, const struct ld_sync *wanted)
{
    const struct ld_sync *sync = &allowed->config->sync;
    bool role = sync->role == wanted->role || (sync->role == LD_SYNC_BY_MODE &&
                (wanted->role == LD_SYNC_MASTER || wanted->role == LD_SYNC_BACKUP ||
                 wanted->role == LD_SYNC_BOTH)); /* active since a moment */

    if (wanted->role == LD_SYNC_NONE)
        return allowed->synchronised;
    return role && strcmp(wanted->interface, sync->interface) == 0 && wanted->id == sync->id &&
           ha_addr_equal(&wanted->group, &sync->group) && wanted->port == sync->port &&
           wanted->ttl == sync->ttl && wanted->maxlen == sync->maxlen;
}

bool ld_allowed_switch(const struct ld_allowed *allowed, const char *name, bool on)
{
    enum ld_switch wanted = LD_SWITCH_KEEP;

    if (strcmp(name, "expire_nodest_conn") == 0)
        wanted = allowed->config->expire_nodest_conn;
    else if (strcmp(name, "expire_quiescent_template") == 0)
        wanted = allowed->config->expire_quiescent_template;
    return wanted == (on ? LD_SWITCH_ON : LD_SWITCH_OFF);
}

/* ---- files and sockets ---- */

static const char *monitor_file(const struct ld_config *config, const char *path)
{
    for (guint i = 0; path != NULL && i < config->services->len; i++) {
        const struct ld_service *service = config->services->pdata[i];

        if (g_strcmp0(service->monitorfile, path) == 0)
            return service->monitorfile;
    }
    return NULL;
}

const char *ld_allowed_file(const struct ld_allowed *allowed, enum ld_file file, const char *path)
{
    const struct ld_config *config = allowed->config;

    switch (file) {
    case LD_FILE_LOG:
        if (config->logfile == NULL)
            return LD_LOGFILE;
        return config->logfile[0] == '/' ? config->logfile : NULL;
    case LD_FILE_MONITOR:
        return monitor_file(config, path);
    case LD_FILE_MAINTENANCE:
        return config->maintenancedir;
    default:
        return NULL;
    }
}

bool ld_allowed_socket(const struct ld_allowed *allowed, enum ld_socket kind)
{
    const struct ld_config *config = allowed->config;

    for (guint i = 0; i < config->services->len; i++) {
        const struct ld_service *service = config->services->pdata[i];

        if (kind == LD_SOCKET_PING ? ld_service_pings(service) : service->checkvip)
            return true;
    }
    return false;
}

bool ld_allowed_tap(const struct ld_allowed *allowed)
{
    return allowed->config->sync.role != LD_SYNC_NONE && allowed->config->sync.role != LD_SYNC_BACKUP;
}

bool ld_allowed_neighbour(const struct ld_allowed *allowed, const struct ha_addr *host)
{
    for (guint i = 0; i < allowed->config->services->len; i++) {
        const struct ld_service *service = allowed->config->services->pdata[i];

        for (guint j = 0; service->checkvip && j < service->reals->len; j++)
            if (ha_addr_equal(&((const struct ld_real *)service->reals->pdata[j])->addr, host))
                return true;
    }
    return false;
}

/* ---- programs ---- */

static guint words(char *const *argv)
{
    guint count = 0;

    while (argv[count] != NULL)
        count++;
    return count;
}

/* "10.0.0.1", or "[2001:db8::1]" as scripts are given it. */
static bool take_address(const char *text, struct ha_addr *out)
{
    return (text[0] == '[') == (strchr(text, ':') != NULL) && ha_addr_parse(out, text);
}

static bool take_port(const char *text, uint16_t *out)
{
    guint64 port;

    if (!g_ascii_string_to_unsigned(text, 10, 0, 65535, &port, NULL))
        return false;
    *out = (uint16_t)port;
    return true;
}

static bool has_server(const struct service *service, enum ld_checktype type, const char *command,
                       const struct ha_addr *addr, uint16_t port)
{
    if (service == NULL || service->now == NULL || service->now->checktype != type ||
        g_strcmp0(service->now->checkcommand, command) != 0)
        return false;
    for (guint i = 0; i < service->now->reals->len; i++) {
        const struct ld_real *real = service->now->reals->pdata[i];

        if (real->port == port && ha_addr_equal(&real->addr, addr))
            return true;
    }
    return false;
}

/* The four arguments of an external check name a server of a service that has this command. */
static bool is_check(const struct ld_allowed *allowed, enum ld_checktype type, const char *command,
                     char *const *arguments)
{
    struct ld_service_id id = {.protocol = LD_TCP};
    struct ha_addr addr;
    uint16_t port;
    guint64 mark;

    if (words(arguments) != 4 || !take_port(arguments[1], &id.port) ||
        !take_address(arguments[2], &addr) || !take_port(arguments[3], &port))
        return false;
    if (take_address(arguments[0], &id.addr)) {
        static const enum ld_protocol both[] = {LD_TCP, LD_UDP};

        for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
            id.protocol = both[i];
            if (has_server(g_hash_table_lookup(allowed->services, &id), type, command, &addr, port))
                return true;
        }
        return false;
    }
    if (id.port != 0 || !g_ascii_string_to_unsigned(arguments[0], 10, 0, UINT32_MAX, &mark, NULL))
        return false;
    for (int six = 0; six < 2; six++) {
        id = (struct ld_service_id){.protocol = LD_FWM, .fwmark = (uint32_t)mark};
        id.addr.family = six ? AF_INET6 : AF_INET;
        if (has_server(g_hash_table_lookup(allowed->services, &id), type, command, &addr, port))
            return true;
    }
    return false;
}

static bool is_external(const struct ld_allowed *allowed, char *const *argv)
{
    static const char *const perl[] = {LD_PERL, "-e", LD_PERL_PROGRAM, "--"};

    if (words(argv) == 5 && is_check(allowed, LD_CHECK_EXTERNAL, argv[0], argv + 1))
        return true;
    if (words(argv) != G_N_ELEMENTS(perl) + 5)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(perl); i++)
        if (strcmp(argv[i], perl[i]) != 0)
            return false;
    return is_check(allowed, LD_CHECK_EXTERNAL_PERL, argv[4], argv + 5);
}

static bool is_instance(const struct ld_allowed *allowed, char *const *argv)
{
    static const char *const orders[] = {"start", "standby", "stop", "reload"};

    if (words(argv) != 3 || strcmp(argv[0], allowed->program) != 0 ||
        !g_hash_table_contains(allowed->instances, argv[1]))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++)
        if (strcmp(argv[2], orders[i]) == 0)
            return true;
    return false;
}

static bool is_sendmail(const struct ld_allowed *allowed, char *const *argv)
{
    static const char *const before[] = {"-t", "-i", "-f"};
    bool mails = false;

    if (words(argv) != 5 || argv[4][0] == '-' || argv[4][0] == '\0' ||
        (strcmp(argv[0], "/usr/sbin/sendmail") != 0 && strcmp(argv[0], "/usr/lib/sendmail") != 0))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(before); i++)
        if (strcmp(argv[i + 1], before[i]) != 0)
            return false;
    for (guint i = 0; i < allowed->config->services->len && !mails; i++)
        mails = ((const struct ld_service *)allowed->config->services->pdata[i])->emailalert != NULL;
    return mails;
}

static bool is_resolver(const struct ld_allowed *allowed, char *const *argv)
{
    struct ha_addr addr;

    if (allowed->config->maintenancedir == NULL || words(argv) < 3 || strcmp(argv[0], LD_RESOLVER) != 0 ||
        strcmp(argv[1], "hosts") != 0)
        return false;
    for (argv += 2; *argv != NULL; argv++)
        if (!ha_addr_parse(&addr, *argv))
            return false;
    return true;
}

static bool is_odbc(const struct ld_allowed *allowed, char *const *argv)
{
    if (words(argv) != 1 || g_strcmp0(argv[0], allowed->odbc) != 0)
        return false;
    for (guint i = 0; i < allowed->config->services->len; i++) {
        const struct ld_service *service = allowed->config->services->pdata[i];

        if (service->app == LD_APP_ODBC || service->app == LD_APP_ORACLE)
            return true;
    }
    return false;
}

enum ld_as ld_allowed_run(const struct ld_allowed *allowed, const struct ha_child_spec *spec)
{
    char *const *argv = spec->argv;
    guint count = words(argv);

    if (count == 0 || strcmp(spec->path, argv[0]) != 0)
        return LD_AS_NOBODY;
    if (is_instance(allowed, argv))
        return LD_AS_OURS;
    if (is_resolver(allowed, argv) || is_odbc(allowed, argv))
        return LD_AS_CHECK;
    if (is_external(allowed, argv) || is_sendmail(allowed, argv))
        return LD_AS_SCRIPT;
    if (count == 3 && strcmp(argv[0], "/bin/sh") == 0 && strcmp(argv[1], "-c") == 0 &&
        g_hash_table_contains(allowed->commands, argv[2]))
        return LD_AS_SCRIPT;
    if (count == 2 && g_strcmp0(argv[0], allowed->config->callback) == 0 &&
        strcmp(argv[1], allowed->path) == 0)
        return LD_AS_SCRIPT;
    return LD_AS_NOBODY;
}
