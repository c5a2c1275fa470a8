/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wiring of the last resorts (safety.h). Decides one thing: whether the end
 * was orderly, which is when nothing that the core manages may still be up.
 */
#include "heartbeatd/daemon/safety.h"

#include <string.h>

#include "heartbeatd/act/fence.h"
#include "heartbeatd/act/watchdog.h"
#include "heartbeatd/daemon/answers.h"
#include "heartbeatd/core/show.h"

struct hb_safety {
    struct hb_daemon *daemon;
    struct hb_fencer *fencer;
    int watchdog;  /* -1: none */
    char *device;  /* its path */
    uint64_t deadtime_ms; /* that it was set by */
    bool rebooting;
    bool orderly;  /* nothing of ours may be up */
};

static void fenced(void *ctx, uint32_t op_id, enum hb_fence_result result, const char *detail)
{
    struct hb_safety *safety = ctx;

    hb_daemon_step(safety->daemon, &(struct hb_event){.kind = HB_EV_FENCED,
                                                      .op_id = op_id,
                                                      .fenced = result,
                                                      .detail = detail});
}

static void open_watchdog(struct hb_safety *safety)
{
    const struct hb_config *config = safety->daemon->setup.config;

    g_free(safety->device);
    safety->device = g_strdup(config->watchdog);
    safety->deadtime_ms = config->deadtime_ms;
    safety->watchdog =
        safety->device ? hb_watchdog_open(safety->device, config->deadtime_ms) : -1;
}

struct hb_safety *hb_safety_new(struct hb_daemon *daemon)
{
    struct hb_safety *safety = g_new0(struct hb_safety, 1);

    safety->daemon = daemon;
    safety->fencer = hb_fencer_new(daemon->loop, fenced, safety);
    safety->orderly = true;
    open_watchdog(safety);
    return safety;
}

void hb_safety_follow(struct hb_safety *safety)
{
    uint64_t deadtime_ms = safety->daemon->setup.config->deadtime_ms;

    if (safety->watchdog >= 0 && deadtime_ms != safety->deadtime_ms) {
        hb_watchdog_set(safety->watchdog, safety->device, deadtime_ms);
    }
    safety->deadtime_ms = deadtime_ms;
}

void hb_safety_renew(struct hb_safety *safety)
{
    const struct hb_config *config = safety->daemon->setup.config;

    hb_fencer_free(safety->fencer);
    safety->fencer = hb_fencer_new(safety->daemon->loop, fenced, safety);
    if (g_strcmp0(safety->device, config->watchdog) == 0 && safety->watchdog >= 0) {
        hb_safety_follow(safety);
        return;
    }
    hb_watchdog_close(safety->watchdog, true); /* another one watches from here on, or none */
    open_watchdog(safety);
}

static void close_watchdog(struct hb_safety *safety)
{
    if (safety->watchdog >= 0 && !safety->orderly) {
        ha_log(HA_LOG_ERROR, "watchdog: left armed, for resources may still be up here");
    }
    hb_watchdog_close(safety->watchdog, safety->orderly);
    safety->watchdog = -1;
}

void hb_safety_free(struct hb_safety *safety)
{
    if (!safety) {
        return;
    }
    close_watchdog(safety);
    hb_fencer_free(safety->fencer);
    g_free(safety->device);
    g_free(safety);
}

static bool all_down(const struct hb_core *core)
{
    for (size_t i = 0; i < hb_show_group_count(core); i++) {
        enum hb_group_state state = hb_core_group_state(core, i);

        if (state != HB_GROUP_STOPPED && state != HB_GROUP_FAILED) {
            return false;
        }
    }
    return true;
}

static bool is_status(const struct hb_action *action)
{
    const char *type = hb_msg_text(action->msg, "t");

    return !action->link && type && strcmp(type, "status") == 0;
}

void hb_safety_action(struct hb_safety *safety, const struct hb_action *action)
{
    switch (action->kind) {
    case HB_ACT_SEND:
        if (safety->watchdog >= 0 && !safety->rebooting && is_status(action)) {
            hb_watchdog_pet(safety->watchdog);
        }
        break;
    case HB_ACT_OP:
        safety->orderly = false;
        break;
    case HB_ACT_FENCE:
        hb_fencer_run(safety->fencer, action,
                      hb_core_node_name(safety->daemon->core, action->node));
        break;
    case HB_ACT_FENCE_END:
        hb_fencer_end(safety->fencer, action->op_id);
        break;
    case HB_ACT_REBOOT:
        hb_reboot_now(action->text);
        safety->rebooting = true; /* not allowed to: the watchdog will do it, if there is one */
        break;
    case HB_ACT_STOPPED:
    case HB_ACT_RESTART: /* no more statuses: who runs beside us may take its time to end */
        safety->orderly = all_down(safety->daemon->core) && !safety->rebooting;
        close_watchdog(safety);
        break;
    default:
        break;
    }
}

int hb_safety_confirm(struct hb_daemon *daemon, const char *node, GString *answer)
{
    for (size_t i = 0; i < hb_core_node_count(daemon->core); i++) {
        if (g_ascii_strcasecmp(hb_core_node_name(daemon->core, i), node) != 0 ||
            hb_core_node_is_ping(daemon->core, i)) {
            continue;
        }
        if (!hb_core_confirmable(daemon->core, i)) {
            g_string_append_printf(answer, "node %s is %s here, not dead\n", node,
                                   hb_status_name(hb_core_node_status(daemon->core, i)));
            return HB_ANSWER_NO;
        }
        hb_daemon_step(daemon, &(struct hb_event){.kind = HB_EV_CONFIRMED, .node = i});
        return HB_ANSWER_OK;
    }
    g_string_append_printf(answer, "no node %s in this cluster\n", node);
    return HB_ANSWER_PARAMETER;
}
