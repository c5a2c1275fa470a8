/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other files for a daemon that runs: read and checked whole first, compared
 * with what is in use, and then taken over in the gentlest way that does. Never
 * lets go of a resource that the new haresources has; that and what becomes of
 * the rest is the core's business.
 */
#include "heartbeatd/daemon/guard.h"
#include "heartbeatd/daemon/heartbeat.h"

#include <string.h>

#include "common/run/secret.h"
#include "heartbeatd/conf/ha_cf_change.h"
#include "heartbeatd/daemon/cores.h"
#include "heartbeatd/daemon/hb_log.h"
#include "heartbeatd/daemon/life.h"
#include "heartbeatd/daemon/privilege.h"
#include "heartbeatd/daemon/realtime.h"
#include "heartbeatd/daemon/safety.h"
#include "heartbeatd/daemon/signing.h"

static bool same_group(const struct hb_group *a, const struct hb_group *b)
{
    if (strcmp(a->home, b->home) != 0 || a->resources->len != b->resources->len) {
        return false;
    }
    for (guint i = 0; i < a->resources->len; i++) {
        const struct hb_resource *one = a->resources->pdata[i], *other = b->resources->pdata[i];

        if (strcmp(one->text, other->text) != 0) {
            return false;
        }
    }
    return true;
}

static bool same_resources(const struct hb_haresources *a, const struct hb_haresources *b)
{
    if (a->groups->len != b->groups->len) {
        return false;
    }
    for (guint i = 0; i < a->groups->len; i++) {
        if (!same_group(a->groups->pdata[i], b->groups->pdata[i])) {
            return false;
        }
    }
    return true;
}

static void take_keys(struct hb_daemon *daemon, struct hb_setup *fresh, GString *out)
{
    struct ak_keys before = daemon->setup.keys;

    if (hb_stamp_equal(&fresh->authkeys, &daemon->setup.authkeys)) {
        return;
    }
    daemon->setup.keys = fresh->keys;
    fresh->keys = before; /* wiped with the rest */
    explicit_bzero(&before, sizeof(before));
    g_string_append_printf(out, "authkeys has been reread: signing with key %d\n",
                           daemon->setup.keys.sending);
    hb_signing_renew(daemon);
}

static void settle_in(struct hb_daemon *daemon)
{
    hb_log_setup(daemon->setup.config, daemon->options.log_to_stderr, daemon->options.debug);
    hb_cores_enter(daemon->setup.config);
    hb_privilege_dumpable(daemon->setup.config);
}

/* Values of ha.cf, and haresources, with the core and the media that run. */
static void take_over(struct hb_daemon *daemon, struct hb_setup *fresh, const char *names,
                      bool resources, GString *out)
{
    struct hb_haresources *before = daemon->setup.resources;

    take_keys(daemon, fresh, out);
    if (*names) {
        hb_ha_cf_take(daemon->setup.config, fresh->config);
        g_string_append_printf(out, "ha.cf has been reread: %s\n", names);
    }
    if (resources) {
        daemon->setup.resources = fresh->resources;
        fresh->resources = before;
        g_string_append_printf(out, "haresources has been reread: %u groups\n",
                               daemon->setup.resources->groups->len);
    }
    daemon->setup.ha_cf = fresh->ha_cf;
    daemon->setup.haresources = fresh->haresources;
    daemon->setup.authkeys = fresh->authkeys;
    if (*names || resources) {
        settle_in(daemon);
        hb_safety_follow(daemon->safety);
        hb_act_renew(daemon->act, daemon->setup.config, daemon->setup.resources,
                     daemon->setup.node);
        hb_daemon_step(daemon,
                       &(struct hb_event){.kind = HB_EV_CONFIG,
                                          .resources = resources ? daemon->setup.resources : NULL});
    }
    if (*names || resources) {
        hb_act_renew_warm(daemon->act, daemon->core);
    }
    if (resources) {
        hb_guard_attach(daemon);
        hb_life_watch_nics(daemon); /* it looks at those of before */
    }
}

static bool start_anew(struct hb_daemon *daemon, struct hb_setup *fresh, const char *names,
                       GString *out)
{
    const char *hold = hb_hold_name(hb_core_holding(daemon->core));

    if (hb_life_replace(daemon, fresh, out) < 0) {
        g_string_append(out, "that cannot be had: going on as before\n");
        return false;
    }
    settle_in(daemon);
    if (daemon->setup.config->realtime && !daemon->options.no_realtime) {
        hb_realtime_keep_memory(daemon->setup.config->memreserve_kib);
        hb_realtime_hurry(daemon->setup.config->rtprio);
    }
    g_string_append_printf(out, "started anew as generation %llu, holding on to %s resources%s%s\n",
                           (unsigned long long)daemon->generation, hold,
                           *names ? "; changed in ha.cf: " : "", names);
    return true;
}

static bool apply(struct hb_daemon *daemon, struct hb_setup *fresh, bool anew, GString *out)
{
    GString *names = g_string_new(NULL);
    enum hb_cf_change change = hb_ha_cf_compare(daemon->setup.config, fresh->config, names);
    bool resources = !same_resources(daemon->setup.resources, fresh->resources), good = true;

    if (strcmp(fresh->node, daemon->setup.node) != 0) {
        g_string_append_printf(out, "this node is called %s now: that takes effect when heartbeat is "
                                    "stopped and started\n",
                               fresh->node);
        good = false;
    } else if (anew || change == HB_CF_RESTART) {
        good = start_anew(daemon, fresh, names->str, out);
    } else {
        take_over(daemon, fresh, names->str, resources, out);
    }
    g_string_free(names, TRUE);
    return good;
}

static const struct hb_group *find_group(const struct hb_haresources *resources, const char *key)
{
    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = resources->groups->pdata[i];

        if (strcmp(hb_group_key(group), key) == 0) {
            return group;
        }
    }
    return NULL;
}

static void compare_resources(const struct hb_haresources *running,
                              const struct hb_haresources *fresh, GString *out)
{
    for (guint i = 0; i < fresh->groups->len; i++) {
        const struct hb_group *group = fresh->groups->pdata[i];
        const struct hb_group *before = find_group(running, hb_group_key(group));

        if (!before) {
            g_string_append_printf(out, "haresources:%u: group %s is new\n", group->line,
                                   hb_group_key(group));
        } else if (!same_group(before, group)) {
            g_string_append_printf(out, "haresources:%u: group %s changes\n", group->line,
                                   hb_group_key(group));
        }
    }
    for (guint i = 0; i < running->groups->len; i++) {
        const struct hb_group *group = running->groups->pdata[i];

        if (!find_group(fresh, hb_group_key(group))) {
            g_string_append_printf(out, "haresources: group %s goes\n", hb_group_key(group));
        }
    }
}

void hb_daemon_compare(struct hb_daemon *daemon, GString *out)
{
    size_t before = out->len;
    struct hb_setup fresh;
    struct ha_diags diags;

    ha_diags_init(&diags);
    if (hb_setup_load(&fresh, daemon->options.unmanaged, &diags) == 0) {
        GString *names = g_string_new(NULL);
        enum hb_cf_change change = hb_ha_cf_compare(daemon->setup.config, fresh.config, names);

        if (change != HB_CF_SAME) {
            g_string_append_printf(out, "ha.cf: changes in %s%s\n", names->str,
                                   change == HB_CF_RESTART ? ", which takes a new life" : "");
        }
        compare_resources(daemon->setup.resources, fresh.resources, out);
        if (!hb_stamp_equal(&fresh.authkeys, &daemon->setup.authkeys)) {
            g_string_append(out, "authkeys: is another file\n");
        }
        g_string_append(out, out->len == before ? "The running heartbeat uses these files.\n"
                                                : "heartbeat -r takes that over.\n");
        g_string_free(names, TRUE);
        hb_setup_clear(&fresh);
    }
    ha_diags_clear(&diags);
}

static void log_lines(const char *text)
{
    char **lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (**line) {
            ha_log(HA_LOG_NOTICE, "%s", *line);
        }
    }
    g_strfreev(lines);
}

/* As a start would: nothing is taken over that anybody may write. */
static bool load_trusted(struct hb_setup *fresh, bool unmanaged, struct ha_diags *diags)
{
    if (hb_setup_load(fresh, unmanaged, diags) != 0) {
        return false;
    }
    hb_act_verify(fresh->config, fresh->resources, false, HA_WARNING, diags);
    if (diags->errors > 0) {
        hb_setup_clear(fresh);
    }
    return diags->errors == 0;
}

bool hb_daemon_reload(struct hb_daemon *daemon, bool anew, GString *out)
{
    size_t before = out->len;
    struct hb_setup fresh;
    struct ha_diags diags;
    bool good = false;

    if (!daemon->core || hb_core_going(daemon->core)) {
        g_string_append(out, "heartbeat is on its way down: nothing is reread\n");
        log_lines(out->str + before);
        return false;
    }
    ha_diags_init(&diags);
    if (load_trusted(&fresh, daemon->options.unmanaged, &diags)) {
        good = apply(daemon, &fresh, anew, out);
        hb_setup_clear(&fresh);
    } else {
        ha_diags_print(&diags, out);
        g_string_append(out, "nothing is taken over: keys and configuration of before stay in use\n");
    }
    ha_diags_clear(&diags);
    ha_secret_stack();
    if (out->len == before) {
        g_string_append(out, "Configuration unchanged.\n");
    }
    log_lines(out->str + before);
    return good;
}
