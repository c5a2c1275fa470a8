/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules (rules.h). A program is compared word for word with what the files
 * say would be run: the daemon's message only chooses.
 */
#include "heartbeatd/power/rules.h"

#include <string.h>
#include <sys/stat.h>

#include "heartbeatd/act/fence.h"
#include "heartbeatd/daemon/paths.h"

#define WORD_END "\x1f"

struct hb_rules {
    struct hb_act_paths paths;
    struct hb_config *config; /* NULL: nothing learnt yet */
    GHashTable *agents;       /* of "name WORD_END argument…" */
    GHashTable *logs;         /* paths */
    char **environment;
};

struct hb_rules *hb_rules_new(const struct hb_act_paths *paths)
{
    struct hb_rules *rules = g_new0(struct hb_rules, 1);

    rules->paths = *paths;
    rules->agents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    rules->logs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return rules;
}

void hb_rules_free(struct hb_rules *rules)
{
    if (rules == NULL)
        return;
    hb_config_free(rules->config);
    g_hash_table_destroy(rules->agents);
    g_hash_table_destroy(rules->logs);
    g_strfreev(rules->environment);
    g_free(rules);
}

/* ---- learning ---- */

static char *join(const char *name, char *const *words, guint count)
{
    GString *key = g_string_new(name);

    for (guint i = 0; i < count; i++) {
        g_string_append(key, WORD_END);
        g_string_append(key, words[i]);
    }
    return g_string_free(key, FALSE);
}

static void learn_resource(struct hb_rules *rules, const struct hb_resource *resource)
{
    g_hash_table_add(rules->agents,
                     join(resource->name, (char *const *)resource->args->pdata, resource->args->len));
}

void hb_rules_learn(struct hb_rules *rules, struct hb_config *config,
                    const struct hb_haresources *resources, const char *node)
{
    hb_config_free(rules->config);
    rules->config = config;
    for (guint i = 0; resources != NULL && i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++)
            learn_resource(rules, g_ptr_array_index(group->resources, j));
    }
    if (config->logfile != NULL)
        g_hash_table_add(rules->logs, g_strdup(config->logfile));
    if (config->debugfile != NULL)
        g_hash_table_add(rules->logs, g_strdup(config->debugfile));
    g_strfreev(rules->environment);
    rules->environment = hb_agent_environment(&rules->paths, config, node);
}

/* ---- programs ---- */

static const char *word(const struct hb_power_start *start, guint i)
{
    return g_ptr_array_index(start->argv, i);
}

static guint words(const struct hb_power_start *start)
{
    return start->argv->len - 1; /* without the NULL */
}

/* A name of a file in a folder: no path. */
static bool is_plain(const char *name)
{
    return *name != '\0' && *name != '.' && strchr(name, '/') == NULL;
}

/* The name that path has in dir (below hadir or initdir); NULL if it is not there. */
static const char *name_in(const char *path, const char *parent, const char *folder)
{
    size_t length = strlen(parent);

    if (strncmp(path, parent, length) != 0 || path[length] != '/')
        return NULL;
    path += length + 1;
    length = strlen(folder);
    if (length > 0 && (strncmp(path, folder, length) != 0 || path[length] != '/'))
        return NULL;
    path += length > 0 ? length + 1 : 0;
    return is_plain(path) ? path : NULL;
}

/* PATH argument… start|stop|status */
static bool is_agent(const struct hb_rules *rules, const struct hb_power_start *start)
{
    static const char *const ops[] = {"start", "stop", "status", NULL};
    const char *name = name_in(start->path, rules->paths.hadir, "resource.d");
    char *key;
    bool known;

    if (name == NULL)
        name = name_in(start->path, rules->paths.initdir, "");
    if (name == NULL || words(start) < 2 || start->input != NULL ||
        !g_strv_contains(ops, word(start, words(start) - 1)))
        return false;
    key = join(name, (char *const *)start->argv->pdata + 1, words(start) - 2);
    known = g_hash_table_contains(rules->agents, key);
    g_free(key);
    return known;
}

/* harc TYPE, or rc.d/TYPE TYPE */
static bool is_rcd(const struct hb_rules *rules, const struct hb_power_start *start)
{
    const char *name = name_in(start->path, rules->paths.hadir, "rc.d");
    char *harc = g_build_filename(rules->paths.hadir, "harc", NULL);
    bool by_harc = strcmp(start->path, harc) == 0;

    g_free(harc);
    if (words(start) != 2 || start->input != NULL || !is_plain(word(start, 1)))
        return false;
    return by_harc || (name != NULL && strcmp(name, word(start, 1)) == 0);
}

/* ldirectord FILE start|standby */
static bool is_director(const struct hb_rules *rules, const struct hb_power_start *start)
{
    static const char *const ops[] = {"start", "standby", NULL};
    char *key;
    bool known;

    if (rules->paths.ldirectord == NULL || strcmp(start->path, rules->paths.ldirectord) != 0 ||
        words(start) != 3 || start->input != NULL || !g_strv_contains(ops, word(start, 2)))
        return false;
    key = join("ldirectord", (char *const *)start->argv->pdata + 1, 1);
    known = g_hash_table_contains(rules->agents, key) ||
            (strcmp(word(start, 1), "ldirectord.cf") == 0 &&
             g_hash_table_contains(rules->agents, "ldirectord"));
    g_free(key);
    return known;
}

const char *hb_rules_start(const struct hb_rules *rules, const struct hb_power_start *start)
{
    if (rules->config == NULL)
        return "there is no configuration";
    if (strcmp(word(start, 0), start->path) != 0 || start->cwd != NULL)
        return "not as it would be run";
    if (is_agent(rules, start) || is_rcd(rules, start) || is_director(rules, start) ||
        hb_fence_allows(rules->config, start->path, (char *const *)start->argv->pdata, start->input))
        return NULL;
    return "neither haresources nor ha.cf has it";
}

const char *hb_rules_program(const struct hb_rules *rules, const char *user, const char *command)
{
    for (guint i = 0; rules->config != NULL && i < rules->config->programs->len; i++) {
        const struct hb_program *program = g_ptr_array_index(rules->config->programs, i);

        if (strcmp(program->user, user) == 0 && strcmp(program->command, command) == 0)
            return NULL;
    }
    return "ha.cf has no such client";
}

/* ---- files ---- */

static bool is_conf(const struct hb_rules *rules, const char *path)
{
    static const char *const names[] = {"ha.cf", "haresources", "authkeys", "nodeinfo", NULL};
    const char *name = name_in(path, rules->paths.hadir, "");

    return name != NULL && g_strv_contains(names, name);
}

static bool is_serial(const struct hb_config *config, const char *path)
{
    for (guint i = 0; i < config->media->len; i++) {
        const struct hb_medium *medium = g_ptr_array_index(config->media, i);

        if (medium->kind == HB_SERIAL && strcmp(medium->interface, path) == 0)
            return true;
    }
    return false;
}

const char *hb_rules_open(const struct hb_rules *rules, enum hb_power_file kind, const char *path)
{
    const struct hb_config *config = rules->config;
    bool may = false;

    switch (kind) {
    case HB_POWER_CONF:
        may = is_conf(rules, path);
        break;
    case HB_POWER_LOG:
        may = g_hash_table_contains(rules->logs, path);
        break;
    case HB_POWER_WATCHDOG:
        may = config != NULL && config->watchdog != NULL && strcmp(config->watchdog, path) == 0;
        break;
    case HB_POWER_FIFO:
        may = strcmp(path, HB_FIFO_PATH) == 0;
        break;
    case HB_POWER_GUARDED:
        may = strcmp(path, HB_GUARD_PATH) == 0;
        break;
    case HB_POWER_SERIAL:
        may = config != NULL && is_serial(config, path);
        break;
    default:
        break;
    }
    return may ? NULL : "ha.cf does not name it";
}

const char *hb_rules_guardian(const struct hb_rules *rules, int priority, const char *logfile)
{
    if (priority < 0 || priority > 99)
        return "no such priority";
    if (strcmp(logfile, "-") != 0 && !g_hash_table_contains(rules->logs, logfile))
        return "ha.cf does not name that log file";
    return NULL;
}

/* ---- variables ---- */

static bool is_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(text[i]) && text[i] != '_')
            return false;
    }
    return length > 3 && strncmp(text, "HA_", 3) == 0;
}

/* One that is set here already is not for the daemon to change, apart from the state of the node. */
static char **add_extra(char **environment, const char *extra)
{
    const char *equals = strchr(extra, '=');
    char *name;

    if (equals == NULL || !is_name(extra, (size_t)(equals - extra)))
        return environment;
    name = g_strndup(extra, (gsize)(equals - extra));
    if (strcmp(name, "HA_OSTATUS") == 0 || g_environ_getenv(environment, name) == NULL)
        environment = g_environ_setenv(environment, name, equals + 1, TRUE);
    g_free(name);
    return environment;
}

char **hb_rules_environment(const struct hb_rules *rules, char *const *extra)
{
    char **environment = g_strdupv(rules->environment);

    for (guint i = 0; extra != NULL && extra[i] != NULL; i++)
        environment = add_extra(environment, extra[i]);
    return environment;
}

bool hb_rules_owner(const struct hb_owner *daemon, const struct hb_owner *owner, mode_t mode)
{
    return (owner->uid == 0 || owner->uid != daemon->uid) && (mode & S_IWOTH) == 0 &&
           ((mode & S_IWGRP) == 0 || owner->gid == 0 || owner->gid != daemon->gid);
}
