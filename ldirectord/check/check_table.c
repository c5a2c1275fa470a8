/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which check answers which question: one table, read by the daemon and, to
 * say what is not there yet, by the parser. Also home of the one check that
 * asks nothing.
 */
#include "ldirectord/check/check_inside.h"
#include "ldirectord/check/late.h"

static int none_start(struct ld_check *check)
{
    ld_check_done(check, LD_ON, NULL);
    return 0;
}

static void none_stop(struct ld_check *check)
{
    (void)check;
}

/* Service "none": nothing is sent, the server counts as up. */
const struct ld_check_ops ld_check_none = {
    .name = "none",
    .state_size = 0,
    .start = none_start,
    .stop = none_stop,
};

static const struct ld_check_ops *const by_app[LD_APP_COUNT] = {
    [LD_APP_NONE] = &ld_check_none,
    [LD_APP_DNS] = &ld_check_dns,
    [LD_APP_HTTP] = &ld_check_http,
    [LD_APP_HTTPS] = &ld_check_http,
    [LD_APP_FTP] = &ld_check_ftp,
    [LD_APP_HTTP_PROXY] = &ld_check_http,
    [LD_APP_IMAP] = &ld_check_imap,
    [LD_APP_IMAPS] = &ld_check_imap,
    [LD_APP_LDAP] = &ld_check_ldap,
    [LD_APP_LDAPS] = &ld_check_ldap,
    [LD_APP_MYSQL] = &ld_check_mysql,
    [LD_APP_NNTP] = &ld_check_nntp,
    [LD_APP_GRPC] = &ld_check_grpc,
    [LD_APP_GRPCS] = &ld_check_grpc,
    [LD_APP_MEMCACHED] = &ld_check_sendexpect,
    [LD_APP_ODBC] = &ld_check_odbc,
    [LD_APP_ORACLE] = &ld_check_odbc,
    [LD_APP_PGSQL] = &ld_check_pgsql,
    [LD_APP_POP] = &ld_check_pop,
    [LD_APP_POPS] = &ld_check_pop,
    [LD_APP_RADIUS] = &ld_check_radius,
    [LD_APP_REDIS] = &ld_check_sendexpect,
    [LD_APP_SENDEXPECT] = &ld_check_sendexpect,
    [LD_APP_SIMPLETCP] = &ld_check_simpletcp,
    [LD_APP_SIP] = &ld_check_sip,
    [LD_APP_SMTP] = &ld_check_smtp,
    [LD_APP_SUBMISSION] = &ld_check_smtp,
    [LD_APP_TLS] = &ld_check_tls,
};

static const struct ld_check_ops *const by_type[LD_CHECKTYPE_COUNT] = {
    [LD_CHECK_AGENT] = &ld_check_agent,
    [LD_CHECK_CONNECT] = &ld_check_connect,
    [LD_CHECK_PING] = &ld_check_ping,
    [LD_CHECK_EXTERNAL] = &ld_check_external,
    [LD_CHECK_EXTERNAL_PERL] = &ld_check_external_perl,
};

/* NULL too where this build has no client library for it. */
static const struct ld_check_ops *ops_of_app(enum ld_app app)
{
    const struct ld_check_ops *ops = (unsigned)app < LD_APP_COUNT ? by_app[app] : NULL;

    return ops != NULL && ops->start != NULL ? ops : NULL;
}

const struct ld_check_ops *ld_check_ops_for(const struct ld_probe *probe)
{
    if (probe->type == LD_CHECK_NEGOTIATE)
        return ops_of_app(probe->app);
    if (probe->type == LD_CHECK_CONNECT && probe->path != LD_PATH_REAL)
        return &ld_check_vip;
    /* UDP has no connections to try: the host is asked instead. */
    if (probe->type == LD_CHECK_CONNECT && probe->protocol == LD_UDP)
        return &ld_check_ping;
    return (unsigned)probe->type < LD_CHECKTYPE_COUNT ? by_type[probe->type] : NULL;
}

bool ld_check_supported(enum ld_checktype type, enum ld_app app)
{
    switch (type) {
    case LD_CHECK_ON:
    case LD_CHECK_OFF:
        return true;
    case LD_CHECK_NEGOTIATE:
    case LD_CHECK_COMBINED:
        return ops_of_app(app) != NULL;
    default:
        return (unsigned)type < LD_CHECKTYPE_COUNT && by_type[type] != NULL;
    }
}

/* Everyday http goes over sockets of our own; what it does not understand is libcurl's, but that may never
 * come. */
static struct ld_late *late_for(const struct ld_service *service)
{
    const struct ld_check_ops *ops = ops_of_app(service->app);

    if (service->checktype != LD_CHECK_NEGOTIATE && service->checktype != LD_CHECK_COMBINED)
        return NULL;
    if (ops != &ld_check_http)
        return ops != NULL ? ops->late : NULL;
    return service->app == LD_APP_HTTP && service->terms.body == NULL && service->terms.headers == NULL
               ? NULL
               : &ld_late_curl;
}

int ld_check_prepare(const struct ld_service *service, char **why)
{
    struct ld_late *late = late_for(service);

    return late != NULL ? ld_late_open(late, why) : 0;
}
