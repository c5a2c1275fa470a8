/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as a value: the words for its enums, made with the
 * defaults of ldirectord.cf(5), freed whole; and the identity of a virtual
 * service, by which everything else finds it. Reads no text.
 */
#include "ldirectord/core/config.h"

#include <stdlib.h>
#include <string.h>

#include <linux/ip_vs.h>

#include "common/base/name.h"

static const struct ha_name protocols[] = {
    {LD_TCP, "tcp"}, {LD_UDP, "udp"}, {LD_FWM, "fwm"}, HA_NAME_END,
};

static const struct ha_name methods[] = {
    {LD_GATE, "gate"}, {LD_MASQ, "masq"}, {LD_IPIP, "ipip"}, HA_NAME_END,
};

static const struct ha_name checktypes[] = {
    {LD_CHECK_NEGOTIATE, "negotiate"},
    {LD_CHECK_CONNECT, "connect"},
    {LD_CHECK_PING, "ping"},
    {LD_CHECK_EXTERNAL, "external"},
    {LD_CHECK_EXTERNAL_PERL, "external-perl"},
    {LD_CHECK_ON, "on"},
    {LD_CHECK_OFF, "off"},
    {LD_CHECK_COMBINED, "combined"},
    {LD_CHECK_AGENT, "agent"},
    HA_NAME_END,
};

static const struct ha_name phases[] = {
    {LD_STARTING, "starting"}, {LD_RUNNING, "running"}, {LD_STOPPING, "stopping"},
    {LD_RELOADING, "reloading"}, {LD_PHASES, "all"}, {0, "none"}, HA_NAME_END,
};

/* The well-known port of a service, both ways: what is asked where nothing is
 * said, and where it is asked if the real server has no port of its own. */
static const struct {
    enum ld_app app;
    const char *name;
    uint16_t port;
} apps[] = {
    {LD_APP_NONE, "none", 0},
    {LD_APP_DNS, "dns", 53},
    {LD_APP_FTP, "ftp", 21},
    {LD_APP_HTTP, "http", 80},
    {LD_APP_HTTPS, "https", 443},
    {LD_APP_HTTP_PROXY, "http_proxy", 3128},
    {LD_APP_IMAP, "imap", 143},
    {LD_APP_IMAPS, "imaps", 993},
    {LD_APP_LDAP, "ldap", 389},
    {LD_APP_LDAPS, "ldaps", 636},
    {LD_APP_MYSQL, "mysql", 3306},
    {LD_APP_NNTP, "nntp", 119},
    {LD_APP_ORACLE, "oracle", 1521},
    {LD_APP_PGSQL, "pgsql", 5432},
    {LD_APP_POP, "pop", 110},
    {LD_APP_POPS, "pops", 995},
    {LD_APP_RADIUS, "radius", 1812},
    {LD_APP_SIMPLETCP, "simpletcp", 0},
    {LD_APP_SIP, "sip", 5060},
    {LD_APP_SMTP, "smtp", 25},
    {LD_APP_SUBMISSION, "submission", 587},
    {LD_APP_GRPC, "grpc", 0},
    {LD_APP_GRPCS, "grpcs", 0},
    {LD_APP_MEMCACHED, "memcached", 11211},
    {LD_APP_ODBC, "odbc", 0},
    {LD_APP_REDIS, "redis", 6379},
    {LD_APP_SENDEXPECT, "sendexpect", 0},
    {LD_APP_TLS, "tls", 0},
};
G_STATIC_ASSERT(G_N_ELEMENTS(apps) == LD_APP_COUNT);

/* The kernel's three scheduler flags have a name per scheduler that reads them. */
static const struct {
    const char *name;
    const char *scheduler; /* NULL: any */
    uint32_t bit;
} schedflags[] = {
    {"flag-1", NULL, IP_VS_SVC_F_SCHED1},
    {"flag-2", NULL, IP_VS_SVC_F_SCHED2},
    {"flag-3", NULL, IP_VS_SVC_F_SCHED3},
    {"sh-fallback", "sh", IP_VS_SVC_F_SCHED1},
    {"sh-port", "sh", IP_VS_SVC_F_SCHED2},
    {"mh-fallback", "mh", IP_VS_SVC_F_SCHED1},
    {"mh-port", "mh", IP_VS_SVC_F_SCHED2},
};

static const struct ha_name sync_roles[] = {
    {LD_SYNC_NONE, "none"},     {LD_SYNC_BY_MODE, "auto"}, {LD_SYNC_MASTER, "master"},
    {LD_SYNC_BACKUP, "backup"}, {LD_SYNC_BOTH, "both"},    HA_NAME_END,
};

const char *ld_sync_role_name(enum ld_sync_role role)
{
    return ha_name_of(sync_roles, (int)role);
}

bool ld_sync_role_find(const char *name, enum ld_sync_role *role)
{
    int value;

    if (!ha_name_find(sync_roles, name, &value))
        return false;
    *role = (enum ld_sync_role)value;
    return true;
}

const char *ld_protocol_name(enum ld_protocol protocol)
{
    return ha_name_of(protocols, (int)protocol);
}

const char *ld_method_name(enum ld_method method)
{
    return ha_name_of(methods, (int)method);
}

const char *ld_checktype_name(enum ld_checktype type)
{
    return ha_name_of(checktypes, (int)type);
}

const char *ld_app_name(enum ld_app app)
{
    return (unsigned)app < LD_APP_COUNT ? apps[app].name : "?";
}

const char *ld_phase_name(unsigned phase)
{
    return phase == 0 || phase == LD_PHASES ? "standby" : ha_name_of(phases, (int)phase);
}

bool ld_phase_find(const char *name, unsigned *phase)
{
    int value;

    if (!ha_name_find(phases, name, &value))
        return false;
    *phase = (unsigned)value;
    return true;
}

bool ld_method_find(const char *name, enum ld_method *method)
{
    int value;

    if (!ha_name_find(methods, name, &value))
        return false;
    *method = (enum ld_method)value;
    return true;
}

bool ld_checktype_find(const char *name, enum ld_checktype *type)
{
    int value;

    if (!ha_name_find(checktypes, name, &value) || value == LD_CHECK_COMBINED ||
        value == LD_CHECK_AGENT)
        return false;
    *type = (enum ld_checktype)value;
    return true;
}

bool ld_app_find(const char *name, enum ld_app *app)
{
    for (size_t i = 0; i < G_N_ELEMENTS(apps); i++) {
        if (strcmp(apps[i].name, name) == 0) {
            *app = apps[i].app;
            return true;
        }
    }
    return false;
}

uint16_t ld_app_port(enum ld_app app)
{
    return (unsigned)app < LD_APP_COUNT ? apps[app].port : 0;
}

enum ld_app ld_app_of_port(uint16_t port)
{
    for (size_t i = 0; port != 0 && i < LD_APP_CLASSIC_COUNT; i++)
        if (apps[i].port == port)
            return apps[i].app;
    return LD_APP_NONE;
}

unsigned ld_app_terms(enum ld_app app)
{
    switch (app) {
    case LD_APP_HTTP:
    case LD_APP_HTTPS:
    case LD_APP_HTTP_PROXY:
        return LD_TERMS_HTTP | LD_TERMS_TLS; /* a redirect, or a real's own URL, may lead to https */
    case LD_APP_GRPCS:
    case LD_APP_IMAPS:
    case LD_APP_LDAPS:
    case LD_APP_POPS:
    case LD_APP_TLS:
        return LD_TERMS_TLS;
    case LD_APP_SENDEXPECT:
        return LD_TERMS_TALK;
    default:
        return 0;
    }
}

static uint32_t schedflag_bit(const char *scheduler, const char *word, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(schedflags); i++)
        if (strlen(schedflags[i].name) == length &&
            strncmp(schedflags[i].name, word, length) == 0 &&
            (!schedflags[i].scheduler || strcmp(schedflags[i].scheduler, scheduler) == 0))
            return schedflags[i].bit;
    return 0;
}

bool ld_schedflags_parse(const char *scheduler, const char *text, uint32_t *flags)
{
    uint32_t bits = 0;

    while (*text) {
        size_t length = strcspn(text, ",");

        if (length > 0) {
            uint32_t bit = schedflag_bit(scheduler, text, length);

            if (bit == 0)
                return false;
            bits |= bit;
        }
        text += length;
        text += *text == ',';
    }
    *flags = bits;
    return true;
}

bool ld_service_id_equal(const struct ld_service_id *a, const struct ld_service_id *b)
{
    if (a->protocol != b->protocol || a->addr.family != b->addr.family)
        return false;
    if (a->protocol == LD_FWM)
        return a->fwmark == b->fwmark;
    return a->port == b->port && ha_addr_equal(&a->addr, &b->addr);
}

uint32_t ld_service_id_hash(const struct ld_service_id *id)
{
    uint32_t hash = (uint32_t)id->protocol * UINT32_C(2654435761) + id->addr.family;

    if (id->protocol == LD_FWM)
        return hash ^ id->fwmark * UINT32_C(2246822519);
    return hash ^ ha_addr_hash(&id->addr) ^ id->port * UINT32_C(2246822519);
}

guint ld_service_id_key_hash(gconstpointer id)
{
    return ld_service_id_hash(id);
}

gboolean ld_service_id_key_equal(gconstpointer a, gconstpointer b)
{
    return ld_service_id_equal(a, b);
}

char *ld_service_id_text(const struct ld_service_id *id)
{
    char text[HA_ADDR_TEXT];

    if (id->protocol == LD_FWM)
        return g_strdup_printf("fwm%s:%u", id->addr.family == AF_INET6 ? "6" : "", id->fwmark);
    return g_strdup_printf("%s:%s", ld_protocol_name(id->protocol),
                           ha_addr_port_text(&id->addr, id->port, text));
}

char *ld_service_id_short(const struct ld_service_id *id)
{
    char text[HA_ADDR_TEXT];

    if (id->protocol == LD_FWM)
        return g_strdup_printf("%u", id->fwmark);
    return g_strdup(ha_addr_port_text(&id->addr, id->port, text));
}

struct ld_real *ld_real_new(void)
{
    struct ld_real *real = g_new0(struct ld_real, 1);

    real->weight = 1;
    return real;
}

void ld_real_free(struct ld_real *real)
{
    if (!real)
        return;
    g_free(real->request);
    g_free(real->receive);
    g_free(real);
}

struct ld_service *ld_service_new(void)
{
    struct ld_service *service = g_new0(struct ld_service, 1);

    service->scheduler = g_strdup("wrr");
    service->cleanstop = true;
    service->checktype = LD_CHECK_NEGOTIATE;
    service->app = LD_APP_NONE;
    service->checktimeout_ms = 5000;
    service->negotiatetimeout_ms = 30000;
    service->checkinterval_ms = 10000;
    service->checkcount = 1;
    service->failurecount = 1;
    service->risecount = 1;
    service->quorum.quorum = 1;
    service->checkcommand = g_strdup("/bin/true");
    service->reals = g_ptr_array_new_with_free_func((GDestroyNotify)ld_real_free);
    g_atomic_ref_count_init(&service->holders);
    return service;
}

struct ld_service *ld_service_hold(struct ld_service *service)
{
    g_atomic_ref_count_inc(&service->holders);
    return service;
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

void ld_service_free(struct ld_service *service)
{
    if (!service || !g_atomic_ref_count_dec(&service->holders))
        return;
    g_free(service->scheduler);
    g_free(service->schedflags);
    g_free(service->checkcommand);
    g_free(service->virtualhost);
    g_free(service->login);
    wipe(service->passwd);
    g_free(service->database);
    wipe(service->secret);
    g_free(service->fallbackcommand);
    g_free(service->emailalert);
    g_free(service->smtp);
    g_free(service->servicename);
    g_free(service->comment);
    g_free(service->monitorfile);
    ld_terms_clear(&service->terms);
    g_ptr_array_free(service->reals, TRUE);
    g_free(service);
}

struct ld_config *ld_config_new(void)
{
    struct ld_config *config = g_new0(struct ld_config, 1);

    config->services = g_ptr_array_new_with_free_func((GDestroyNotify)ld_service_free);
    config->logfile = g_strdup(LD_LOGFILE);
    config->execute = g_ptr_array_new_with_free_func(g_free);
    return config;
}

static gpointer copy_text(gconstpointer text, gpointer ctx)
{
    (void)ctx;
    return g_strdup(text);
}

struct ld_config *ld_config_copy(const struct ld_config *config)
{
    struct ld_config *copy = g_memdup2(config, sizeof(*config));

    copy->services = g_ptr_array_new_full(config->services->len, (GDestroyNotify)ld_service_free);
    for (guint i = 0; i < config->services->len; i++)
        g_ptr_array_add(copy->services, ld_service_hold(config->services->pdata[i]));
    copy->logfile = g_strdup(config->logfile);
    copy->emailalertfrom = g_strdup(config->emailalertfrom);
    copy->maintenancedir = g_strdup(config->maintenancedir);
    copy->callback = g_strdup(config->callback);
    copy->operators = g_strdup(config->operators);
    copy->readers = g_strdup(config->readers);
    copy->checkuser = g_strdup(config->checkuser);
    copy->scriptuser = g_strdup(config->scriptuser);
    copy->execute = g_ptr_array_copy(config->execute, copy_text, NULL);
    g_ptr_array_set_free_func(copy->execute, g_free);
    copy->text = config->text ? g_bytes_ref(config->text) : NULL;
    return copy;
}

void ld_config_free(struct ld_config *config)
{
    if (!config)
        return;
    g_ptr_array_free(config->services, TRUE);
    g_free(config->logfile);
    g_free(config->emailalertfrom);
    g_free(config->maintenancedir);
    g_free(config->callback);
    g_free(config->operators);
    g_free(config->readers);
    g_free(config->checkuser);
    g_free(config->scriptuser);
    g_ptr_array_free(config->execute, TRUE);
    g_clear_pointer(&config->text, g_bytes_unref);
    g_free(config);
}
