/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terms of a check: certificates, statuses, headers, bytes. What is wrong in
 * them is found here and not by the first check.
 */
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

#define NAME_MAX_BYTES 253

static void replace(char **slot, char *text)
{
    g_free(*slot);
    *slot = text;
}

bool ld_cf_set_verify(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *word = ld_cf_first_word(value);
    bool known = ld_verify_find(word, &ld_cf_scope(cf)->terms.verify);

    g_free(word);
    if (!known)
        ld_cf_wrong(cf, row->wrong, "none, chain or name", value);
    return known;
}

bool ld_cf_set_cafile(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *path = *value == '"' ? ld_cf_quoted(value) : g_strchomp(g_strdup(value));

    if (path && *path == '/') {
        replace(&ld_cf_scope(cf)->terms.cafile, path);
        return true;
    }
    g_free(path);
    ld_cf_wrong(cf, row->wrong, "an absolute path", value);
    return false;
}

/* With or without quotes, as virtualhost. */
bool ld_cf_set_sni(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *name = g_strchomp(g_strndup(value + (*value == '"'),
                                      strcspn(value + (*value == '"'), "\"")));
    size_t length = ld_cf_span(name, ".-_");
    bool letters = name[strcspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")];

    if (letters && name[length] == '\0' && length <= NAME_MAX_BYTES) {
        replace(&cf->block->settings.terms.sni, name);
        return true;
    }
    g_free(name);
    ld_cf_wrong(cf, row->wrong, "a host name", value);
    return false;
}

bool ld_cf_set_expectstatus(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *list = ld_terms_statuses(value);

    if (!list) {
        ld_cf_wrong(cf, row->wrong, "numbers and ranges from 100 to 599, as 200-299,302", value);
        return false;
    }
    replace(&cf->block->settings.terms.expectstatus, list);
    return true;
}

static bool is_header(const char *text)
{
    size_t name = ld_cf_span(text, "!#$%&'*+-.^_`|~");

    if (name == 0 || text[name] != ':')
        return false;
    for (; *text; text++)
        if (g_ascii_iscntrl(*text))
            return false;
    return true;
}

/* One line each; they add up. */
bool ld_cf_set_header(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char **headers = &cf->block->settings.terms.headers;
    char *text = ld_cf_quoted(value);
    bool good = text && is_header(text);

    if (good)
        replace(headers, g_strconcat(*headers ? *headers : "", text, "\n", NULL));
    else if (text)
        ld_cf_wrong(cf, row->wrong, "\"NAME: VALUE\"", value);
    g_free(text);
    return good;
}

/* A text with escapes; only body may be empty. */
bool ld_cf_set_escaped(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char **slot = (char **)(void *)((char *)&cf->block->settings + row->offset);
    char *text = ld_cf_quoted(value), *bytes;
    bool may_be_empty = slot == &cf->block->settings.terms.body;
    size_t length;

    if (!text)
        return false;
    bytes = ld_terms_bytes(text, &length);
    if (!bytes || (length == 0 && !may_be_empty)) {
        ld_cf_wrong(cf, row->wrong,
                    bytes ? "a text that is not empty"
                          : "\\\\, \\\", \\n, \\r, \\t, \\0 or \\xHH behind a backslash", value);
        g_free(bytes);
        g_free(text);
        return false;
    }
    g_free(bytes);
    replace(slot, text);
    return true;
}

/* ---- the end of the file ---- */

static void warn_if(struct ld_cf *cf, const struct ld_cf_block *block, bool useless,
                    const char *what)
{
    if (useless)
        ha_diag_add(cf->diags, HA_WARNING, cf->file, block->service->line, 0,
                    "%s without effect: no part of a check of service %s", what,
                    ld_app_name(block->service->app));
}

void ld_cf_finish_terms(struct ld_cf *cf, struct ld_cf_block *block)
{
    struct ld_terms *own = &block->settings.terms;
    struct ld_service *service = block->service;
    unsigned groups = ld_app_terms(service->app);

    warn_if(cf, block, !(groups & LD_TERMS_TLS) && (own->verify || own->cafile || own->sni),
            "verify, cafile or sni");
    warn_if(cf, block, !(groups & LD_TERMS_HTTP) && (own->expectstatus || own->headers || own->body),
            "expectstatus, header or body");
    warn_if(cf, block, !(groups & LD_TERMS_TALK) && (own->send || own->expect), "send or expect");
    if (own->body && service->http_head)
        ha_diag_add(cf->diags, HA_WARNING, cf->file, service->line, 0,
                    "httpmethod = HEAD without effect: a body is sent with POST");
    if (service->app == LD_APP_SENDEXPECT && service->id.protocol == LD_UDP && !own->send)
        ha_diag_add(cf->diags, HA_ERROR, cf->file, service->line, 0,
                    "service = sendexpect: expected send, for over udp nobody speaks first");
    service->checkvip = block->settings.checkvip == LD_CF_YES;
    if (service->checkvip && (service->checktype != LD_CHECK_CONNECT &&
                              service->checktype != LD_CHECK_COMBINED))
        ha_diag_add(cf->diags, HA_ERROR, cf->file, service->line, 0,
                    "checkvip: expected checktype = connect or a number");
    else if (service->checkvip && service->id.protocol != LD_TCP)
        ha_diag_add(cf->diags, HA_ERROR, cf->file, service->line, 0,
                    "checkvip: expected a service of tcp at an address");
    ld_terms_inherit(&service->terms, own, groups);
    ld_terms_inherit(&service->terms, &cf->global.terms, groups & LD_TERMS_TLS);
}
