/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The setters of ha.cf for what Heartbeat never had: asking held resources
 * whether they run, and what to do with one that does not.
 */
#include <string.h>

#include "common/conf/lines.h"
#include "common/conf/value.h"
#include "heartbeatd/conf/ha_cf_set.h"

#define BLANKS " \t"

/* "off", or a duration above 0. */
static bool read_interval(const char *text, uint64_t *out_ms)
{
    if (g_ascii_strcasecmp(text, "off") == 0) {
        *out_ms = 0;
        return true;
    }
    return ha_value_duration_ms(text, out_ms) && *out_ms > 0;
}

static enum hb_cf_result add_rule(struct hb_cf *cf, const char *name, uint64_t interval_ms)
{
    GPtrArray *rules = cf->config->monitor.rules;
    struct hb_monitor_rule *rule;

    if (rules->len >= HB_RULES_MAX) {
        hb_cf_tell(cf, HA_ERROR, "expected at most %d resources, found one more", HB_RULES_MAX);
        return HB_CF_TOLD;
    }
    rule = g_new0(struct hb_monitor_rule, 1);
    rule->name = g_strdup(name);
    rule->interval_ms = interval_ms;
    g_ptr_array_add(rules, rule);
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_monitor(struct hb_cf *cf, char *value)
{
    char *rest = value, *first = ha_word(&rest, BLANKS), *second = ha_word(&rest, BLANKS);
    uint64_t interval_ms;

    if (!first || ha_word(&rest, BLANKS) || !read_interval(second ? second : first, &interval_ms))
        return HB_CF_BAD;
    if (second)
        return add_rule(cf, first, interval_ms);
    cf->config->monitor.interval_ms = interval_ms;
    return HB_CF_OK;
}

/* A takeover has ten seconds for its addresses. */
#define CONTESTED_MAX_MS 5000

enum hb_cf_result hb_cf_set_contested(struct hb_cf *cf, char *value)
{
    uint64_t ms;

    if (g_ascii_strcasecmp(value, "leave") == 0) {
        cf->config->contested_leave = true;
        return HB_CF_OK;
    }
    if (!ha_value_duration_ms(value, &ms) || ms > CONTESTED_MAX_MS)
        return HB_CF_BAD;
    cf->config->contested_ms = ms;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_monitor_timeout(struct hb_cf *cf, char *value)
{
    uint64_t ms;

    if (!ha_value_duration_ms(value, &ms) || ms == 0)
        return HB_CF_BAD;
    cf->config->monitor.timeout_ms = ms;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_restart_limit(struct hb_cf *cf, char *value)
{
    char *rest = value, *count = ha_word(&rest, BLANKS), *window = ha_word(&rest, BLANKS);
    uint64_t number, ms;

    if (!count || !window || ha_word(&rest, BLANKS) ||
        !ha_value_uint(count, 0, HB_RESTARTS_MAX, &number) || !ha_value_duration_ms(window, &ms) ||
        ms == 0)
        return HB_CF_BAD;
    cf->config->monitor.restarts = (unsigned)number;
    cf->config->monitor.window_ms = ms;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_restart_delay(struct hb_cf *cf, char *value)
{
    uint64_t ms;

    if (!ha_value_duration_ms(value, &ms))
        return HB_CF_BAD;
    cf->config->monitor.delay_ms = ms;
    return HB_CF_OK;
}

enum hb_cf_result hb_cf_set_carrier(struct hb_cf *cf, char *value)
{
    uint64_t ms;

    if (!read_interval(value, &ms))
        return HB_CF_BAD;
    cf->config->carrier_ms = ms;
    return HB_CF_OK;
}
