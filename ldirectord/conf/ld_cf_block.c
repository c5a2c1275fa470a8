/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directives of a block that have rules of their own, except those with
 * addresses. Each reads its value and stores it; how they fit together is
 * judged at the end (ld_cf_finish.c).
 */
#include <stdio.h>
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

static void replace(char **slot, char *text)
{
    g_free(*slot);
    *slot = text;
}

/* Any digits anywhere make it the combined type; that is how "checktimeout3"
 * of the old manual came to be understood. */
bool ld_cf_set_checktype(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct ld_service *service = cf->block->service;
    const char *rest;
    char *word;
    bool known;

    if (value[strcspn(value, "0123456789")]) {
        ld_cf_bounded(cf, row, value, 0, LD_CF_NUM_MAX, "", &service->combined_connects);
        ld_cf_warn_of_number(cf, row, value);
        service->checktype = LD_CHECK_COMBINED;
        return true;
    }
    word = ld_cf_lax_word(value, true, &rest);
    known = ld_checktype_find(word, &service->checktype);
    if (known)
        ld_cf_warn_of_rest(cf, row, word, rest);
    g_free(word);
    if (!known)
        ld_cf_error(cf, value, "checktype must be \"connect\", \"negotiate\", \"on\", \"off\", "
                               "\"ping\", \"external\", \"external-perl\" or a positive number: "
                               "found \"%s\"", value);
    return known;
}

bool ld_cf_set_service(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    const char *rest;
    char *word = ld_cf_lax_word(value, false, &rest);
    bool known = ld_app_find(word, &cf->block->service->app);

    if (known)
        ld_cf_warn_of_rest(cf, row, word, rest);
    g_free(word);
    if (!known) {
        ld_cf_error(cf, value, "service must be dns, ftp, http, https, http_proxy, imap, imaps, "
                               "ldap, ldaps, mysql, nntp, none, oracle, pop, pops, radius, pgsql, "
                               "simpletcp, sip, smtp or submission (or, of ours, grpc, "
                               "grpcs, memcached, odbc, redis, sendexpect or tls): found \"%s\"",
                    value);
        return false;
    }
    cf->block->app_set = true;
    cf->block->app_at = ld_cf_here(cf, value);
    return true;
}

bool ld_cf_set_checkport(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    if (ld_cf_number(value, 1, 65535, &cf->block->settings.checkport)) {
        ld_cf_warn_of_number(cf, row, value);
        return true;
    }
    ld_cf_error(cf, value, "%s: expected a port from 1 to 65535, found \"%s\"", row->wrong, value);
    return false;
}

char *ld_cf_request_of(const char *text, bool may_be_absolute)
{
    if (*text == '/')
        return g_strdup(text);
    if (may_be_absolute && (g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://")))
        return g_strdup(text);
    return g_strconcat("/", text, NULL);
}

bool ld_cf_set_request(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char **request = &cf->block->settings.request;

    if (!ld_cf_set_quoted(cf, row, value))
        return false;
    replace(request, ld_cf_request_of(*request, false));
    return true;
}

bool ld_cf_set_receive(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    cf->block->settings.receive_at = ld_cf_here(cf, value);
    return ld_cf_set_quoted(cf, row, value);
}

bool ld_cf_set_httpmethod(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    const char *rest;
    char *word = ld_cf_lax_word(value, false, &rest);
    bool head = g_ascii_strcasecmp(word, "HEAD") == 0;
    bool known = head || g_ascii_strcasecmp(word, "GET") == 0;

    if (known)
        ld_cf_warn_of_rest(cf, row, word, rest);
    g_free(word);
    if (!known)
        ld_cf_error(cf, value, "%s: found \"%s\"", row->wrong, value);
    cf->block->service->http_head = head;
    cf->block->method_at = ld_cf_here(cf, value);
    return known;
}

/* With or without quotes, up to the next one; empty means none. */
bool ld_cf_set_virtualhost(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *text;

    (void)row;
    value += *value == '"';
    text = g_strchomp(g_strndup(value, strcspn(value, "\"")));
    if (!*text) {
        g_free(text);
        text = NULL;
    }
    replace(&cf->block->settings.virtualhost, text);
    return true;
}

bool ld_cf_set_scheduler(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    const char *start = value + strcspn(value, letters);
    size_t length = strspn(start, letters);

    if (length == 0) {
        ld_cf_error(cf, value, "%s: found \"%s\"", row->wrong, value);
        return false;
    }
    if (length > 15) {
        ld_cf_wrong(cf, "invalid scheduler", "a name of at most 15 letters", value);
        return false;
    }
    replace(&cf->block->settings.scheduler, g_strndup(start, length));
    ld_cf_warn_of_rest(cf, row, cf->block->settings.scheduler, start + length);
    cf->block->settings.scheduler_at = ld_cf_here(cf, value);
    return true;
}

bool ld_cf_set_persistent(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct ld_service *service = cf->block->service;
    unsigned seconds;

    if (!ld_cf_bounded(cf, row, value, 0, LD_CF_TIME_MAX, " seconds", &seconds)) {
        ld_cf_wrong(cf, row->wrong, "a number of seconds", value);
        return false;
    }
    ld_cf_warn_of_number(cf, row, value);
    service->persistent = seconds > 0;
    service->persistent_s = seconds;
    if (seconds == 0)
        ld_cf_warning(cf, value, "persistent = 0: clients are not bound to a server");
    return true;
}

static bool mask_v4(struct ld_cf *cf, const char *value, uint32_t *out)
{
    unsigned octets[4];
    int end = 0;

    if (sscanf(value, "%3u.%3u.%3u.%3u%n", &octets[0], &octets[1], &octets[2], &octets[3], &end) !=
            4 || value[end + (int)strspn(value + end, " ")]) {
        ld_cf_error(cf, value, "invalid netmask: dotted quad notation is required: found \"%s\"",
                    value);
        return false;
    }
    *out = 0;
    for (int i = 0; i < 4; i++) {
        if (octets[i] > 255) {
            ld_cf_wrong(cf, "invalid netmask", "four numbers from 0 to 255", value);
            return false;
        }
        *out = *out << 8 | octets[i];
    }
    return true;
}

bool ld_cf_set_netmask(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    unsigned bits = 0;
    size_t digits = strspn(value, "0123456789");

    (void)row;
    cf->block->netmask_set = true;
    cf->block->netmask_at = ld_cf_here(cf, value);
    if (cf->block->family == AF_INET)
        return mask_v4(cf, value, &cf->block->service->netmask);
    if (digits == 0 || value[digits + strspn(value + digits, " ")] ||
        !ld_cf_number(value, 1, 128, &bits)) {
        ld_cf_error(cf, value, "invalid netmask: a prefix length between 1 and 128 is required: "
                               "found \"%s\"", value);
        return false;
    }
    cf->block->service->netmask = bits;
    return true;
}

bool ld_cf_set_schedflags(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    if (!*value) {
        ld_cf_wrong(cf, row->wrong, "a word such as sh-port", value);
        return false;
    }
    cf->block->settings.schedflags_at = ld_cf_here(cf, value);
    replace(&cf->block->settings.schedflags, ld_cf_first_word(value));
    return true;
}

bool ld_cf_set_protocol(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct ld_service_id *id = &cf->block->service->id;
    const char *rest;
    char *word = ld_cf_lax_word(value, false, &rest);
    bool udp = strcmp(word, "udp") == 0;
    bool address = udp || strcmp(word, "tcp") == 0, mark = strcmp(word, "fwm") == 0;

    if (address || mark)
        ld_cf_warn_of_rest(cf, row, word, rest);
    g_free(word);
    if (!cf->block->located)
        return true; /* whether it is a mark, nobody knows */
    if (id->protocol == LD_FWM && !mark) {
        ld_cf_error(cf, value, "protocol must be fwm if the virtual service is a fwmark (a "
                               "number): found \"%s\"", value);
        return false;
    }
    if (id->protocol != LD_FWM && !address) {
        ld_cf_error(cf, value, "protocol must be tcp or udp if the virtual service is an address "
                               "and port: found \"%s\"", value);
        return false;
    }
    if (id->protocol != LD_FWM)
        id->protocol = udp ? LD_UDP : LD_TCP;
    cf->block->protocol_set = true;
    return true;
}
