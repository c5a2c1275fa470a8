/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration as a value: made with the defaults of ha.cf(5), freed
 * whole. Knows nothing of files; heartbeatd/conf fills it.
 */
#include "heartbeatd/core/config.h"

#include <string.h>

static void medium_free(void *item)
{
    struct hb_medium *medium = item;

    g_free(medium->interface);
    g_free(medium->peer);
    if (medium->hosts)
        g_ptr_array_free(medium->hosts, TRUE);
    g_free(medium);
}

static void directive_free(void *item)
{
    struct hb_directive *directive = item;

    g_free(directive->name);
    g_free(directive->text);
    g_free(directive);
}

static void rule_free(void *item)
{
    struct hb_monitor_rule *rule = item;

    g_free(rule->name);
    g_free(rule);
}

static void program_free(void *item)
{
    struct hb_program *program = item;

    g_free(program->user);
    g_free(program->command);
    g_free(program);
}

static void api_line_free(void *item)
{
    struct hb_api_line *line = item;

    g_free(line->client);
    g_ptr_array_unref(line->users);
    g_ptr_array_unref(line->groups);
    g_free(line);
}

static void device_free(void *item)
{
    struct hb_fence_device *device = item;

    if (device->input != NULL)
        explicit_bzero(device->input, strlen(device->input));
    g_free(device->host);
    g_free(device->type);
    g_free(device->input);
    g_free(device->file);
    g_free(device);
}

static void resource_free(void *item)
{
    struct hb_resource *resource = item;

    g_free(resource->name);
    g_ptr_array_free(resource->args, TRUE);
    g_free(resource->text);
    g_free(resource);
}

struct hb_config *hb_config_new(void)
{
    struct hb_config *config = g_new0(struct hb_config, 1);

    config->nodes = g_ptr_array_new_with_free_func(g_free);
    config->media = g_ptr_array_new_with_free_func(medium_free);
    config->lines = g_ptr_array_new_with_free_func(directive_free);
    config->directives = g_ptr_array_new_with_free_func(directive_free);
    config->variables = g_ptr_array_new_with_free_func(directive_free);
    config->programs = g_ptr_array_new_with_free_func(program_free);
    config->api_lines = g_ptr_array_new_with_free_func(api_line_free);
    config->keepalive_ms = 1000;
    config->deadtime_ms = 30000;
    config->warntime_ms = 15000;
    config->initdead_ms = 30000;
    config->deadping_ms = 30000;
    config->carrier_ms = 2000;
    config->max_rexmit_delay_ms = 250;
    config->auto_failback = HB_FAILBACK_LEGACY;
    config->warm_standby = true;
    config->udpport = 694;
    config->baud = 19200;
    config->hopfudge = 1;
    config->compression = HB_COMPRESS_ZLIB;
    config->compression_threshold = 2048;
    config->log_badpack = true;
    config->realtime = true;
    config->rtprio = 1;
    config->memreserve_kib = 4096;
    config->logfacility = -1;
    config->syslog_format = true;
    config->coredumps = true;
    config->fence.devices = g_ptr_array_new_with_free_func(device_free);
    config->fence.timeout_ms = 60000;
    config->fence.retry_ms = 5000;
    config->contested_ms = 200;
    config->monitor.timeout_ms = 20000;
    config->monitor.restarts = 3;
    config->monitor.window_ms = 600000;
    config->monitor.delay_ms = 1000;
    config->monitor.rules = g_ptr_array_new_with_free_func(rule_free);
    return config;
}

void hb_config_free(struct hb_config *config)
{
    if (!config)
        return;
    g_ptr_array_free(config->nodes, TRUE);
    g_ptr_array_free(config->media, TRUE);
    g_ptr_array_free(config->directives, TRUE);
    g_ptr_array_free(config->variables, TRUE);
    g_ptr_array_free(config->lines, TRUE);
    g_ptr_array_free(config->monitor.rules, TRUE);
    g_ptr_array_free(config->programs, TRUE);
    g_ptr_array_free(config->api_lines, TRUE);
    g_ptr_array_free(config->fence.devices, TRUE);
    g_free(config->watchdog);
    g_free(config->logfile);
    g_free(config->debugfile);
    g_free(config->coreroot);
    g_free(config);
}

struct hb_resource *hb_resource_new(const char *name, const char *text)
{
    struct hb_resource *resource = g_new0(struct hb_resource, 1);

    resource->name = g_strdup(name);
    resource->text = g_strdup(text);
    resource->args = g_ptr_array_new_with_free_func(g_free);
    return resource;
}

struct hb_group *hb_group_new(const char *home, unsigned line)
{
    struct hb_group *group = g_new0(struct hb_group, 1);

    group->home = g_strdup(home);
    group->line = line;
    group->resources = g_ptr_array_new_with_free_func(resource_free);
    return group;
}

static void copy_resource(struct hb_group *to, const struct hb_resource *resource)
{
    struct hb_resource *copy = hb_resource_new(resource->name, resource->text);

    for (guint i = 0; i < resource->args->len; i++)
        g_ptr_array_add(copy->args, g_strdup(resource->args->pdata[i]));
    copy->native = resource->native;
    g_ptr_array_add(to->resources, copy);
}

struct hb_group *hb_group_copy(const struct hb_group *group)
{
    struct hb_group *copy = hb_group_new(group->home, group->line);

    for (guint i = 0; i < group->resources->len; i++)
        copy_resource(copy, group->resources->pdata[i]);
    return copy;
}

bool hb_group_has(const struct hb_group *group, const char *text)
{
    for (guint i = 0; i < group->resources->len; i++) {
        const struct hb_resource *resource = group->resources->pdata[i];

        if (strcmp(resource->text, text) == 0)
            return true;
    }
    return false;
}

bool hb_group_same(const struct hb_group *a, const struct hb_group *b)
{
    if (a->resources->len != b->resources->len)
        return false;
    for (guint i = 0; i < a->resources->len; i++) {
        const struct hb_resource *one = a->resources->pdata[i], *other = b->resources->pdata[i];

        if (strcmp(one->text, other->text) != 0 || one->native != other->native)
            return false;
    }
    return true;
}

void hb_group_free(struct hb_group *group)
{
    g_free(group->home);
    g_ptr_array_free(group->resources, TRUE);
    g_free(group);
}

static void group_free(void *item)
{
    hb_group_free(item);
}

static const char *set_to(const struct hb_config *config, const char *name)
{
    const char *text = NULL;

    for (guint i = 0; i < config->directives->len; i++) {
        const struct hb_directive *directive = config->directives->pdata[i];

        if (strcmp(directive->name, name) == 0)
            text = directive->text; /* the last one counts */
    }
    return text;
}

const char *hb_config_parameter(const struct hb_config *config, const char *name, const char *version)
{
    const char *text = set_to(config, name);

    if (text == NULL && strcmp(name, "crm") == 0)
        return set_to(config, "pacemaker");
    if (text == NULL && strcmp(name, "debug") == 0)
        return "0";
    return strcmp(name, "hbversion") == 0 ? version : text;
}

struct hb_haresources *hb_haresources_new(void)
{
    struct hb_haresources *resources = g_new0(struct hb_haresources, 1);

    resources->groups = g_ptr_array_new_with_free_func(group_free);
    return resources;
}

void hb_haresources_free(struct hb_haresources *resources)
{
    if (!resources)
        return;
    g_ptr_array_free(resources->groups, TRUE);
    g_free(resources);
}

const char *hb_group_key(const struct hb_group *group)
{
    const struct hb_resource *first = group->resources->pdata[0];

    return first->text;
}
