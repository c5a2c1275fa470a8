/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What heartbeat -D and -v print. The facts are the table's (ha_cf_table.h) and
 * the config's; here is only the layout.
 */
#include "heartbeatd/daemon/show_config.h"

#include <stdio.h>
#include <string.h>

#include "heartbeatd/conf/ha_cf_table.h"

static const char rule[] = "#---------------------------------------------------\n";

/* "auto_failback" is the page AutoFailbackDirective. */
static void append_page(GString *out, const char *name)
{
    bool upper = true;

    for (; *name; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        g_string_append_c(out, upper ? g_ascii_toupper(*name) : *name);
        upper = false;
    }
    g_string_append(out, "Directive");
}

void hb_show_defaults(bool wiki, const char *version, GString *out)
{
    if (wiki) {
        g_string_append_printf(out,
                               "##Put this output in the ha.cf/DefaultValues page\n"
                               "The [wiki:ha.cf ha.cf] directives with their default values, as "
                               "{{{heartbeat -DW}}} prints them ''# (version %s)''\n\n"
                               "||''Directive''||''Default''||''Description''||\n",
                               version);
    } else {
        g_string_append_printf(out, "%-24s %-9s Description\n%.80s\n", "Directive", "Default",
                               "----------------------------------------"
                               "----------------------------------------");
    }
    for (const struct hb_cf_directive *row = hb_cf_directives; row->name; row++) {
        if (!row->standard) {
            continue;
        }
        if (wiki) {
            g_string_append(out, "||[wiki:ha.cf/");
            append_page(out, row->name);
            g_string_append_printf(out, " %s]||%s||%s||\n", row->name, row->standard,
                                   row->explanation);
        } else {
            g_string_append_printf(out, "%-24s %-9s %s\n", row->name, row->standard,
                                   row->explanation);
        }
    }
}

static void append_medium(const struct hb_medium *medium, GString *out)
{
    char text[HA_ADDR_TEXT];

    switch (medium->kind) {
    case HB_UCAST:
        g_string_append_printf(out, "ucast %s %s\n", medium->interface, medium->peer);
        break;
    case HB_MCAST:
        g_string_append_printf(out, "mcast %s %s %u %u %d\n", medium->interface,
                               ha_addr_text(&medium->to, text), medium->port, medium->ttl,
                               medium->loop);
        break;
    default:
        g_string_append_printf(out, "bcast %s\n", medium->interface);
        break;
    }
}

void hb_show_setup(const struct hb_setup *setup, GString *out)
{
    const struct hb_config *config = setup->config;

    g_string_append_printf(out, "#\n#\tLinux-HA heartbeat configuration (on %s)\n#\n\n%s",
                           setup->node, rule);
    g_string_append(out, "#\n#\tHA configuration and status\n#\n");
    for (guint i = 0; i < config->directives->len; i++) {
        const struct hb_directive *directive = config->directives->pdata[i];
        const struct hb_cf_directive *row = hb_cf_directive_find(directive->name);

        g_string_append_printf(out, "%s\t%s\t#\t%s\n", directive->name, directive->text,
                               row->explanation);
    }
    for (guint i = 0; i < config->variables->len; i++) {
        const struct hb_directive *variable = config->variables->pdata[i];

        g_string_append_printf(out, "env %s=%s\n", variable->name, variable->text);
    }
    if (config->debug == 0) {
        g_string_append(out, "debug\t0\t#\thow much is logged\n");
    }
    g_string_append(out, "#\n#\tHA Cluster nodes:\n#\n");
    for (guint i = 0; i < config->nodes->len; i++) {
        g_string_append_printf(out, "node %s\n", (const char *)config->nodes->pdata[i]);
    }
    g_string_append(out, "#\n#\tCommunications media:\n#\n");
    for (guint i = 0; i < config->media->len; i++) {
        append_medium(config->media->pdata[i], out);
    }
    g_string_append(out, rule);
}

int hb_show_print(const struct hb_setup *setup)
{
    GString *text = g_string_new(NULL);
    int status;

    hb_show_setup(setup, text);
    status = fputs(text->str, stdout) < 0 || fflush(stdout) < 0 ? -1 : 0;
    g_string_free(text, TRUE);
    return status;
}
