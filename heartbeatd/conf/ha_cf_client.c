/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setters of what has to do with programs beside the daemon: respawn,
 * failfast, apiauth. Whether users, groups and files exist is not known here:
 * clients.c asks the system.
 */
#include <string.h>

#include "common/conf/lines.h"
#include "heartbeatd/conf/ha_cf_set.h"

#define BLANKS " \t"

#define PROGRAMS_MAX 64
#define CLIENTS_MAX  64
#define NAMES_MAX    64

static enum hb_cf_result add_program(struct hb_cf *cf, char *value, bool failfast)
{
    char *rest = value, *user = ha_word(&rest, BLANKS), *command;
    struct hb_program *program;

    command = user ? ha_strip(rest) : NULL;
    if (!command || *command != '/')
        return HB_CF_BAD;
    if (cf->config->programs->len >= PROGRAMS_MAX) {
        hb_cf_tell(cf, HA_ERROR, "expected at most %d programs, found one more", PROGRAMS_MAX);
        return HB_CF_TOLD;
    }
    program = g_new0(struct hb_program, 1);
    program->user = g_strdup(user);
    program->command = g_strdup(command);
    program->failfast = failfast;
    program->line = cf->line;
    g_ptr_array_add(cf->config->programs, program);
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_respawn(struct hb_cf *cf, char *value)
{
    return add_program(cf, value, false);
}

enum hb_cf_result hb_cf_set_failfast(struct hb_cf *cf, char *value)
{
    return add_program(cf, value, true);
}

/* NAME[,NAME...] or nothing; false when a name is empty or there are too many. */
static bool add_names(GPtrArray *out, const char *text)
{
    char **names = g_strsplit(text, ",", -1);
    bool good = g_strv_length(names) + out->len <= NAMES_MAX;

    for (char **name = names; good && *name; name++) {
        good = **name != '\0';
        if (good)
            g_ptr_array_add(out, g_strdup(*name));
    }
    g_strfreev(names);
    return good;
}

static bool read_lists(struct hb_api_line *line, char *rest)
{
    char *word;
    bool any = false;

    while ((word = ha_word(&rest, BLANKS))) {
        GPtrArray *list = g_str_has_prefix(word, "uid=")   ? line->users
                          : g_str_has_prefix(word, "gid=") ? line->groups
                                                           : NULL;

        if (!list || !add_names(list, word + strlen("uid=")))
            return false;
        any = any || list->len > 0;
    }
    return any;
}

enum hb_cf_result hb_cf_set_apiauth(struct hb_cf *cf, char *value)
{
    GPtrArray *lines = cf->config->api_lines;
    char *rest = value, *client = ha_word(&rest, BLANKS);
    struct hb_api_line *line;

    if (!client)
        return HB_CF_BAD;
    for (guint i = 0; i < lines->len; i++) {
        const struct hb_api_line *earlier = lines->pdata[i];

        if (strcmp(earlier->client, client) == 0) {
            hb_cf_tell(cf, HA_ERROR, "expected one line per client, found %s on line %u as well",
                       client, earlier->line);
            return HB_CF_TOLD;
        }
    }
    if (lines->len >= CLIENTS_MAX) {
        hb_cf_tell(cf, HA_ERROR, "expected at most %d clients, found one more", CLIENTS_MAX);
        return HB_CF_TOLD;
    }
    line = g_new0(struct hb_api_line, 1);
    line->client = g_strdup(client);
    line->users = g_ptr_array_new_with_free_func(g_free);
    line->groups = g_ptr_array_new_with_free_func(g_free);
    line->line = cf->line;
    g_ptr_array_add(lines, line);
    return read_lists(line, rest) ? HB_CF_OK : HB_CF_BAD;
}
