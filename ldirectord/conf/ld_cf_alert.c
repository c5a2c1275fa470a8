/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directives about mails, monitor files, maintenance and commands: what
 * the daemon does beside the table. Whether a file can be opened or a folder is
 * there is not looked at here (ldirectord/config_file.c does).
 */
#include <string.h>

#include "ldirectord/conf/ld_cf_inside.h"

#define EXECUTE_MAX 64

/* Takes text over. */
static bool put(struct ld_cf *cf, const struct ld_cf_row *row, char *text)
{
    char **slot = (char **)((char *)ld_cf_scope(cf) + row->offset);

    g_free(*slot);
    *slot = text;
    return true;
}

static bool put_given(struct ld_cf *cf, const struct ld_cf_row *row, char *text)
{
    if (*text)
        return put(cf, row, text);
    g_free(text);
    ld_cf_error(cf, NULL, "%s: expected a value after the \"=\"", row->wrong);
    return false;
}

bool ld_cf_set_words(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    return put(cf, row, g_strchomp(g_strdup(value)));
}

bool ld_cf_set_given_words(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    return put_given(cf, row, g_strchomp(g_strdup(value)));
}

/* Without the quotes around it, if the first and the last character are quotes. */
static char *unquoted(const char *value)
{
    char *text = g_strchomp(g_strdup(value));
    size_t length = strlen(text);

    if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
        memmove(text, text + 1, length - 2);
        text[length - 2] = '\0';
    }
    return text;
}

/* In a block what follows the last quote never counted; a quote never closed is part of the text. */
bool ld_cf_set_line(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    bool quoted = cf->block && *value == '"' && strchr(value + 1, '"');
    char *text = quoted ? ld_cf_quoted(value) : unquoted(value);

    return text && put_given(cf, row, text);
}

bool ld_cf_set_emailalert(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char *text = unquoted(value);

    if (*text)
        return put(cf, row, text);
    g_free(text);
    ld_cf_wrong(cf, row->wrong, "a list of addresses", value);
    return false;
}

bool ld_cf_set_emailalertfreq(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct ld_cf_settings *settings = ld_cf_scope(cf);

    if (!g_ascii_isdigit(*value) ||
        !ld_cf_bounded(cf, row, value, 0, LD_CF_TIME_MAX, " seconds", &settings->emailalertfreq)) {
        ld_cf_wrong(cf, row->wrong, "a number of seconds, 0 or more", value);
        return false;
    }
    settings->emailalertfreq_set = true;
    return true;
}

bool ld_cf_set_emailalertstatus(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    struct ld_cf_settings *settings = ld_cf_scope(cf);
    char **words = g_strsplit(value, ",", -1);
    const char *other = NULL;
    bool none = false, ok = true;
    unsigned phases = 0, phase;

    for (char **word = words; *word && ok; word++) {
        if (!*g_strstrip(*word) && !word[1])
            continue; /* a comma at the end never counted, nor did nothing at all */
        ok = ld_phase_find(*word, &phase);
        if (!ok)
            ld_cf_error(cf, value, "invalid email alert status at: \"%s\": expected a list of all, "
                                   "none, starting, running, stopping or reloading", *word);
        else if (phase == 0)
            none = true;
        else
            other = *word;
        phases |= ok ? phase : 0;
    }
    if (ok && none && other) {
        ld_cf_error(cf, value, "%s: \"%s\" specified with \"none\"", row->wrong, other);
        ok = false;
    }
    settings->emailalertstatus = phases;
    settings->emailalertstatus_set = true;
    g_strfreev(words);
    return ok;
}

/* [ADDRESS]; 0: it is none. */
static size_t ipv6_length(const char *value)
{
    size_t length = *value == '[' ? strcspn(value, "]") + 1 : 0;
    char *text = g_strndup(value, length);
    struct ha_addr addr;
    bool good = ha_addr_parse(&addr, text) && addr.family == AF_INET6;

    g_free(text);
    return good ? length : 0;
}

/* What follows the name was never looked at. */
bool ld_cf_set_smtp(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    size_t length = ld_cf_span(value, "._+-");

    if (length == 0)
        length = ipv6_length(value);
    if (length > 0 && value[length] == ':')
        ld_cf_warning(cf, value + length, "passed over: expected a host name, an IPv4 address or "
                                          "[ADDRESS] alone, found \"%s\" behind it", value + length);
    if (length > 0)
        return put(cf, row, g_strndup(value, length));
    ld_cf_wrong(cf, row->wrong, "a host name or address, without quotes", value);
    return false;
}

bool ld_cf_set_monitorfile(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    ld_cf_scope(cf)->monitorfile_line = cf->line;
    return ld_cf_set_line(cf, row, value);
}

bool ld_cf_set_maintenancedir(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    cf->global.maintenancedir_line = cf->line;
    return ld_cf_set_line(cf, row, value);
}

bool ld_cf_set_checkuser(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    cf->global.checkuser_line = cf->line;
    return ld_cf_set_line(cf, row, value);
}

bool ld_cf_set_scriptuser(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    cf->global.scriptuser_line = cf->line;
    return ld_cf_set_line(cf, row, value);
}

bool ld_cf_set_execute(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    GPtrArray *all = cf->config->execute;
    char *name = unquoted(value);

    if (!*name) {
        ld_cf_error(cf, NULL, "%s: expected a value after the \"=\"", row->wrong);
    } else if (all->len >= EXECUTE_MAX) {
        ld_cf_error(cf, value, "%s: expected at most %d of them", row->wrong, EXECUTE_MAX);
    } else {
        for (guint i = 0; i < all->len; i++)
            if (strcmp(all->pdata[i], name) == 0) {
                g_free(name); /* once is enough */
                return true;
            }
        g_ptr_array_add(all, name);
        return true;
    }
    g_free(name);
    return false;
}

/* ---- the end of the file ---- */

static char *own_or_global(const char *own, const char *global)
{
    return g_strdup(own ? own : global);
}

void ld_cf_finish_alerts(struct ld_cf *cf, struct ld_cf_block *block)
{
    const struct ld_cf_settings *own = &block->settings, *global = &cf->global;
    struct ld_service *service = block->service;

    service->fallbackcommand = own_or_global(own->fallbackcommand, global->fallbackcommand);
    service->emailalert = own_or_global(own->emailalert, global->emailalert);
    service->smtp = own_or_global(own->smtp, global->smtp);
    service->servicename = own->servicename && *own->servicename ? g_strdup(own->servicename) : NULL;
    service->comment = own->comment && *own->comment ? g_strdup(own->comment) : NULL;
    service->monitorfile = g_strdup(own->monitorfile);
    service->monitorfile_line = own->monitorfile_line;
    service->emailalertfreq_ms =
        1000ull * (own->emailalertfreq_set ? own->emailalertfreq : global->emailalertfreq);
    service->emailalertstatus = own->emailalertstatus_set      ? own->emailalertstatus
                                : global->emailalertstatus_set ? global->emailalertstatus
                                                               : LD_PHASES;
}

static bool is_person(const char *name)
{
    name += *name == '@';
    return *name != '\0' && name[ld_cf_span(name, "_.-$")] == '\0';
}

bool ld_cf_set_people(struct ld_cf *cf, const struct ld_cf_row *row, const char *value)
{
    char **slot = (char **)(void *)((char *)&cf->global + row->offset);
    char **names = g_strsplit_set(value, ", \t\r", -1);
    unsigned good = 0;
    bool bad = false;

    for (char **name = names; *name; name++) {
        good += is_person(*name);
        bad |= **name != '\0' && !is_person(*name);
    }
    g_strfreev(names);
    if (bad || good == 0) {
        ld_cf_wrong(cf, row->wrong, "names of users, and of groups as @NAME, with commas between", value);
        return false;
    }
    g_free(*slot);
    *slot = g_strchomp(g_strdup(value));
    return true;
}

void ld_cf_finish_global_alerts(struct ld_cf *cf)
{
    struct ld_config *config = cf->config;

    config->emailalertfrom = g_steal_pointer(&cf->global.emailalertfrom);
    config->maintenancedir = g_steal_pointer(&cf->global.maintenancedir);
    config->maintenancedir_line = cf->global.maintenancedir_line;
    config->operators = g_steal_pointer(&cf->global.operators);
    config->readers = g_steal_pointer(&cf->global.readers);
    config->checkuser = g_steal_pointer(&cf->global.checkuser);
    config->checkuser_line = cf->global.checkuser_line;
    config->scriptuser = g_steal_pointer(&cf->global.scriptuser);
    config->scriptuser_line = cf->global.scriptuser_line;
    if (cf->global.callback && *cf->global.callback)
        config->callback = g_steal_pointer(&cf->global.callback);
}

void ld_cf_free_alerts(struct ld_cf_settings *settings)
{
    char *texts[] = {settings->callback,    settings->emailalertfrom, settings->maintenancedir,
                     settings->emailalert,  settings->smtp,           settings->fallbackcommand,
                     settings->monitorfile, settings->servicename,    settings->comment,
                     settings->operators,   settings->readers,        settings->checkuser,
                     settings->scriptuser};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}
