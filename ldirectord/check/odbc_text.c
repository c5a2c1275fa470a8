/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a probe to a connection string. A value in braces may hold anything; a
 * closing brace in it is written twice. Not every driver takes the braces off
 * again, so only a value that needs them gets them.
 */
#include "ldirectord/check/odbc_text.h"

#include <string.h>

static void append_value(GString *out, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    if (out->len > 0 && out->str[out->len - 1] != ';')
        g_string_append_c(out, ';');
    if (value[strcspn(value, "[]{}(),;?*=!@ ")] == '\0') {
        g_string_append_printf(out, "%s=%s", name, value);
        return;
    }
    g_string_append_printf(out, "%s={", name);
    for (; *value != '\0'; value++) {
        g_string_append_c(out, *value);
        if (*value == '}')
            g_string_append_c(out, '}');
    }
    g_string_append_c(out, '}');
}

/* %h the address, %p the port, %% a percent sign; any other stays as it is. */
static void append_filled(GString *out, const char *text, const struct ld_probe *probe)
{
    char address[HA_ADDR_TEXT];

    for (; *text != '\0'; text++) {
        if (text[0] != '%' || text[1] == '\0' || strchr("hp%", text[1]) == NULL) {
            g_string_append_c(out, *text);
            continue;
        }
        text++;
        if (*text == 'h')
            g_string_append(out, ha_addr_text(&probe->addr, address));
        else if (*text == 'p')
            g_string_append_printf(out, "%u", (unsigned)probe->port);
        else
            g_string_append_c(out, '%');
    }
}

char *ld_odbc_connection(const struct ld_probe *probe)
{
    const char *database = probe->database != NULL ? probe->database : "";
    GString *out = g_string_new(NULL);

    if (strchr(database, '=') != NULL) {
        append_filled(out, database, probe);
    } else if (probe->app == LD_APP_ORACLE) {
        char where[HA_ADDR_TEXT];

        g_string_append_printf(out, "Driver={Oracle};DBQ=//%s/%s",
                               ha_addr_port_text(&probe->addr, probe->port, where), database);
    } else {
        g_string_append_printf(out, "DSN=%s", database);
    }
    append_value(out, "UID", probe->login);
    append_value(out, "PWD", probe->passwd);
    if (strpbrk(out->str, "\r\n") != NULL)
        g_string_assign(out, "");
    return g_string_free(out, out->len == 0);
}
