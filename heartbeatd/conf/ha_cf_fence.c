/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setters of ha.cf for what is done to a node that cannot be trusted to be
 * dead, or must not be late itself: devices that switch it off, the watchdog, a
 * stop that fails, memory. Whether a device can be used is found out when it is.
 */
#include <string.h>

#include "common/base/name.h"
#include "common/conf/lines.h"
#include "common/conf/value.h"
#include "heartbeatd/conf/ha_cf_set.h"

#define BLANKS " \t"

/* NULL (and told) if there is no room for one more. Takes all texts over. */
static struct hb_fence_device *add_device(struct hb_cf *cf, enum hb_device_kind kind,
                                          const char *host, const char *type)
{
    GPtrArray *devices = cf->config->fence.devices;
    struct hb_fence_device *device;

    if (devices->len >= HB_DEVICES_MAX) {
        hb_cf_tell(cf, HA_ERROR, "expected at most %d devices, found one more", HB_DEVICES_MAX);
        return NULL;
    }
    device = g_new0(struct hb_fence_device, 1);
    device->kind = kind;
    device->host = g_ascii_strdown(host, -1);
    device->type = g_strdup(type);
    device->line = cf->line;
    g_ptr_array_add(devices, device);
    return device;
}

/* The name of a plugin goes into a command line: no option, no way out of its directory. */
static bool is_plugin(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && strchr("_-./", *at) == NULL)
            return false;
    }
    return g_ascii_isalnum(text[0]) && strstr(text, "..") == NULL;
}

enum hb_cf_result hb_cf_set_stonith(struct hb_cf *cf, char *value)
{
    char *rest = value, *type = ha_word(&rest, BLANKS), *file = ha_word(&rest, BLANKS);
    struct hb_fence_device *device;

    if (!type || !file || ha_word(&rest, BLANKS) || !is_plugin(type) || file[0] != '/')
        return HB_CF_BAD;
    device = add_device(cf, HB_DEVICE_STONITH, "*", type);
    if (!device)
        return HB_CF_TOLD;
    device->file = g_strdup(file);
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_stonith_host(struct hb_cf *cf, char *value)
{
    char *rest = value, *host = ha_word(&rest, BLANKS), *type = ha_word(&rest, BLANKS);
    struct hb_fence_device *device;

    if (!host || !type || !is_plugin(type))
        return HB_CF_BAD;
    device = add_device(cf, HB_DEVICE_STONITH, host, type);
    if (!device)
        return HB_CF_TOLD;
    device->input = g_strconcat(rest ? ha_strip(rest) : "", "\n", NULL);
    return HB_CF_OK;
}

static bool is_key(const char *word)
{
    const char *equals = strchr(word, '=');

    if (!equals || equals == word)
        return false;
    for (; word < equals; word++) {
        if (!g_ascii_isalnum(*word) && *word != '_' && *word != '-')
            return false;
    }
    return true;
}

enum hb_cf_result hb_cf_set_fence(struct hb_cf *cf, char *value)
{
    char *rest = value, *node = ha_word(&rest, BLANKS), *agent = ha_word(&rest, BLANKS), *word;
    const char *slash = agent ? strrchr(agent, '/') : NULL;
    struct hb_fence_device *device;
    GString *input;

    if (!node || !agent || !g_str_has_prefix(slash ? slash + 1 : agent, "fence_") ||
        (slash && agent[0] != '/'))
        return HB_CF_BAD;
    input = g_string_new(NULL);
    while ((word = ha_word(&rest, BLANKS)) && is_key(word))
        g_string_append_printf(input, "%s\n", word);
    device = word ? NULL : add_device(cf, HB_DEVICE_AGENT, node, agent);
    if (!device) {
        g_string_free(input, TRUE);
        return word ? HB_CF_BAD : HB_CF_TOLD;
    }
    device->input = g_string_free(input, FALSE);
    return HB_CF_OK;
}

static enum hb_cf_result set_duration(const char *value, uint64_t *out_ms)
{
    uint64_t ms;

    if (!ha_value_duration_ms(value, &ms) || ms == 0)
        return HB_CF_BAD;
    *out_ms = ms;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_fence_timeout(struct hb_cf *cf, char *value)
{
    return set_duration(value, &cf->config->fence.timeout_ms);
}

enum hb_cf_result hb_cf_set_fence_retry(struct hb_cf *cf, char *value)
{
    return set_duration(value, &cf->config->fence.retry_ms);
}

enum hb_cf_result hb_cf_set_stop_failure(struct hb_cf *cf, char *value)
{
    static const struct ha_name choices[] = {
        {HB_STOP_KEEP, "keep"}, {HB_STOP_REBOOT, "reboot"}, {HB_STOP_FENCE, "fence"}, HA_NAME_END,
    };
    int choice;

    if (!ha_name_find(choices, value, &choice))
        return HB_CF_BAD;
    cf->config->fence.stop_failure = (enum hb_stop_failure)choice;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_watchdog(struct hb_cf *cf, char *value)
{
    if (value[0] != '/')
        return HB_CF_BAD;
    g_free(cf->config->watchdog);
    cf->config->watchdog = g_strdup(value);
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_memreserve(struct hb_cf *cf, char *value)
{
    return ha_value_uint(value, 1, INT32_MAX, &cf->config->memreserve_kib) ? HB_CF_OK : HB_CF_BAD;
}

void hb_cf_check_fence(struct hb_cf *cf)
{
    const GPtrArray *devices = cf->config->fence.devices, *nodes = cf->config->nodes;

    for (guint i = 0; i < devices->len; i++) {
        const struct hb_fence_device *device = devices->pdata[i];
        bool known = device->kind == HB_DEVICE_STONITH || strcmp(device->host, "*") == 0;

        for (guint j = 0; !known && j < nodes->len; j++)
            known = strcmp(device->host, nodes->pdata[j]) == 0;
        if (!known)
            ha_diag_add(cf->diags, HA_ERROR, cf->file, device->line, 0,
                        "fence: expected * or a node of this cluster, found \"%s\"", device->host);
    }
}
