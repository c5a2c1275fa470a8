/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two answers with a port in them; in the older one nobody ever agreed on the parentheses. */
#include "ldirectord/check/ftp_reply.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

static bool six_numbers(const char *text, uint16_t *port)
{
    unsigned n[6];

    text += strcspn(text, "0123456789");
    if (sscanf(text, "%3u,%3u,%3u,%3u,%3u,%3u", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]) != 6 ||
        n[4] > 255 || n[5] > 255)
        return false;
    *port = (uint16_t)(n[4] << 8 | n[5]);
    return true;
}

static bool between_bars(const char *text, uint16_t *port)
{
    const char *open = strchr(text, '(');
    guint64 value;
    char bar, *end;

    if (open == NULL || open[1] == '\0')
        return false;
    bar = open[1];
    if (open[2] != bar || open[3] != bar || !g_ascii_isdigit(open[4]))
        return false;
    value = g_ascii_strtoull(open + 4, &end, 10);
    if (*end != bar || value > 65535)
        return false;
    *port = (uint16_t)value;
    return true;
}

bool ld_ftp_passive_port(const char *line, uint16_t *port)
{
    bool found = false;

    if (strncmp(line, "227", 3) == 0)
        found = six_numbers(line + 3, port);
    else if (strncmp(line, "229", 3) == 0)
        found = between_bars(line + 3, port);
    return found && *port != 0;
}
