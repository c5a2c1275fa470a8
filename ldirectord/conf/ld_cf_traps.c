/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is right in ldirectord.cf, and has always been accepted, but does
 * something else than it seems to. Warns only: a file that has worked for years
 * goes on working.
 */
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

/* ---- values ---- */

/* Seconds have always been the first digits found, whatever stands around them. */
void ld_cf_warn_of_number(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    const char *digits = value + strcspn(value, "0123456789");
    size_t length = strspn(digits, "0123456789");
    const char *rest = digits + length;

    if (strncmp(rest, "ms", 2) == 0)
        rest += 2;
    else if (*rest == 's' && !g_ascii_isalnum(rest[1]))
        rest++; /* what else would they be */
    rest += strspn(rest, " \t\r\f\v");
    if (digits != value || (*rest && *rest != '#'))
        ld_cf_warning(cf, value, "%s: read as %.*s: expected a whole number, found \"%s\"", row->name,
                      (int)length, digits, value);
}

void ld_cf_warn_behind_quotes(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    const char *last = strrchr(value, '"');
    const char *rest;

    if (*value != '"' || last == value)
        return;
    rest = last + 1 + strspn(last + 1, " \t\r\f\v");
    if (*rest)
        ld_cf_warning(cf, rest, "%s: the text ends with its last quote; \"%s\" after it is passed over",
                      row->name, ld_cf_shown(cf, rest));
}

/* ---- blocks ---- */

static bool negotiates(const struct ld_service *service)
{
    return service->checktype == LD_CHECK_NEGOTIATE || service->checktype == LD_CHECK_COMBINED;
}

/* "none" is what a firewall mark or an unknown port gets, and it is content with everything. */
static void warn_of_no_check(struct ld_cf *cf, const struct ld_cf_block *block)
{
    const struct ld_service *service = block->service;
    char *id;

    if (block->app_set || service->app != LD_APP_NONE || !negotiates(service) ||
        service->reals->len == 0)
        return;
    id = ld_service_id_text(&service->id);
    ld_cf_warning_there(cf, block->at, "real servers of %s are not checked, but taken to be up: expected "
                                       "service = NAME or checktype = connect, found neither, and no "
                                       "service has this %s", id,
                        service->id.protocol == LD_FWM ? "mark" : "port");
    g_free(id);
}

/* A mark has no port that a check could ask. */
static void warn_of_no_port(struct ld_cf *cf, const struct ld_cf_block *block)
{
    const struct ld_service *service = block->service;
    bool connects = service->checktype == LD_CHECK_CONNECT || service->checktype == LD_CHECK_COMBINED ||
                    (service->checktype == LD_CHECK_NEGOTIATE && service->app != LD_APP_NONE);

    if (service->id.protocol != LD_FWM || !connects || service->checkport != 0 ||
        ld_app_port(service->app) != 0)
        return;
    for (guint i = 0; i < service->reals->len; i++) {
        const struct ld_real *real = service->reals->pdata[i];

        if (real->port == 0)
            ld_cf_warning_there(cf, (struct ld_cf_place){real->line, real->column},
                                "a firewall mark says no port, and a check needs one: expected "
                                "ADDRESS:PORT, or checkport in the block; the server cannot come up");
    }
}

/* Only address translation changes a port; the others deliver to the service's own. */
static void warn_of_lost_ports(struct ld_cf *cf, const struct ld_cf_block *block)
{
    const struct ld_service *service = block->service;

    if (service->id.protocol == LD_FWM)
        return;
    for (guint i = 0; i < service->reals->len; i++) {
        const struct ld_real *real = service->reals->pdata[i];

        if (real->method == LD_MASQ || real->port == 0 || real->port == service->id.port)
            continue;
        ld_cf_warning_there(cf, (struct ld_cf_place){real->line, real->column},
                            "%s leaves the port as it is: clients reach port %u, found %u, which is "
                            "only checked; masq could change it", ld_method_name(real->method),
                            service->id.port, real->port);
    }
}

static void warn_of_scheduler(struct ld_cf *cf, const struct ld_cf_block *block)
{
    static const char *const known[] = {"rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh",
                                        "sh", "mh", "sed", "nq", "twos", NULL};
    const char *scheduler = block->service->scheduler;

    if (!g_strv_contains(known, scheduler))
        ld_cf_warning_there(cf, block->settings.scheduler_at,
                            "scheduler \"%s\" is none of Linux's own: expected rr, wrr, lc, wlc, fo, "
                            "ovf, lblc, lblcr, dh, sh, mh, sed, nq or twos; the service is not there "
                            "if the kernel does not know it", scheduler);
}

static void warn_of_idle(struct ld_cf *cf, const struct ld_cf_block *block)
{
    const struct ld_service *service = block->service;

    if (block->netmask_set && !service->persistent)
        ld_cf_warning_there(cf, block->netmask_at, "netmask has no effect: expected persistent = SECONDS "
                                                   "in the same block, found none");
    if (service->ops && service->id.protocol != LD_UDP)
        ld_cf_warning_there(cf, block->ops_at, "ops has no effect: expected protocol = udp, found %s",
                            ld_protocol_name(service->id.protocol));
}

/* An answer to HEAD has no body to search. */
static void warn_of_head(struct ld_cf *cf, const struct ld_cf_block *block)
{
    const struct ld_service *service = block->service;
    bool http = service->app == LD_APP_HTTP || service->app == LD_APP_HTTPS ||
                service->app == LD_APP_HTTP_PROXY;

    if (negotiates(service) && http && service->http_head && block->settings.receive)
        ld_cf_warning_there(cf, block->settings.receive_at,
                            "no answer to HEAD has what receive looks for: expected httpmethod = GET, "
                            "found HEAD in line %u", block->method_at.line);
}

static uint16_t port_in_table(const struct ld_service *service, enum ld_method method, uint16_t port)
{
    return method == LD_MASQ || service->id.protocol == LD_FWM ? port : service->id.port;
}

/* The table can hold an address and port once; each would take the other away. */
static void warn_of_fallback(struct ld_cf *cf, const struct ld_cf_block *block)
{
    const struct ld_service *service = block->service;
    const struct ld_fallback *fallback = &service->fallback;
    struct ld_cf_place there = block->settings.fallback.at;

    if (!block->settings.fallback.set)
        return;
    for (guint i = 0; i < service->reals->len; i++) {
        const struct ld_real *real = service->reals->pdata[i];

        if (ha_addr_equal(&real->addr, &fallback->addr) &&
            port_in_table(service, real->method, real->port) ==
                port_in_table(service, fallback->method, fallback->port)) {
            ld_cf_warning_there(cf, there, "the fallback is also the real server of line %u: expected "
                                           "another, for it comes in when that one has failed",
                                real->line);
            return;
        }
    }
}

void ld_cf_warn_of_traps(struct ld_cf *cf, const struct ld_cf_block *block)
{
    warn_of_no_check(cf, block);
    warn_of_no_port(cf, block);
    warn_of_lost_ports(cf, block);
    warn_of_scheduler(cf, block);
    warn_of_idle(cf, block);
    warn_of_head(cf, block);
    warn_of_fallback(cf, block);
}
