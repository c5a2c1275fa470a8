/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words between ldirectord and who gives it orders (director.h). Text only, no socket. */
#include "common/run/director.h"

#include <limits.h>
#include <string.h>

void ha_director_socket(const char *instance, char name[HA_DIRECTOR_SOCKET_MAX])
{
    g_snprintf(name, HA_DIRECTOR_SOCKET_MAX, "ldirectord.%s", instance);
}

const char *ha_director_instance(const char *config)
{
    const char *slash = strrchr(config, '/');

    return slash != NULL ? slash + 1 : config;
}

void ha_director_state_print(const struct ha_director_state *state, GString *out)
{
    g_string_append_printf(out, "mode %s\npid %d\nservices %u\nservers %u\nup %u\nunchecked %u\n"
                                "hands-over %u\n",
                           state->standby ? "standby" : "active", (int)state->pid, state->services,
                           state->servers, state->up, state->unchecked, state->hands_over);
}

static void take_line(const char *word, const char *value, struct ha_director_state *out,
                      bool *mode)
{
    struct {
        const char *word;
        unsigned *count;
    } counts[] = {{"services", &out->services},
                  {"servers", &out->servers},
                  {"up", &out->up},
                  {"unchecked", &out->unchecked},
                  {"hands-over", &out->hands_over}};
    guint64 number;

    if (strcmp(word, "mode") == 0) {
        *mode = true;
        out->standby = strcmp(value, "standby") == 0;
    }
    if (!g_ascii_string_to_unsigned(value, 10, 0, INT_MAX, &number, NULL))
        return;
    if (strcmp(word, "pid") == 0)
        out->pid = (pid_t)number;
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        if (strcmp(word, counts[i].word) == 0)
            *counts[i].count = (unsigned)number;
}

bool ha_director_state_read(const char *text, struct ha_director_state *out)
{
    char **lines = g_strsplit(text, "\n", 64);
    bool mode = false;

    *out = (struct ha_director_state){0};
    for (char **line = lines; *line != NULL; line++) {
        char *value = strchr(*line, ' ');

        if (value == NULL)
            continue;
        *value = '\0';
        take_line(*line, value + 1, out, &mode);
    }
    g_strfreev(lines);
    return mode && out->pid > 0;
}
