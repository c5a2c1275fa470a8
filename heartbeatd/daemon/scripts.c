/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripts and the daemon (scripts.h). Decides nothing: what a message from the
 * fifo does is the core's business, and which script runs is a matter of names.
 */
#include "heartbeatd/daemon/scripts.h"

#include <string.h>

#include "common/run/clock.h"
#include "heartbeatd/act/power.h"

#define DELETED_FILE HB_VARLIB "/delhostcache"

static void said(void *ctx, struct hb_msg *msg)
{
    struct hb_daemon *daemon = ctx;

    if (daemon->core)
        hb_daemon_step(daemon, &(struct hb_event){.kind = HB_EV_INJECT, .msg = msg});
}

static void not_written(void *ctx, int error)
{
    (void)ctx;
    ha_log(HA_LOG_WARNING, "cannot write %s: %s", DELETED_FILE, strerror(-error));
}

struct ha_behind *hb_scripts_deleted(struct ha_loop *loop)
{
    return ha_behind_new(loop, DELETED_FILE, 0644, not_written, NULL);
}

/* As the original's file: name, uuid, weight, site. What is not known of a deleted node any more
 * is as that of a node that was never heard. */
static void write_deleted(const struct hb_daemon *daemon)
{
    const GPtrArray *names = daemon->core ? hb_core_deleted(daemon->core) : NULL;
    GString *text = g_string_new(NULL);

    for (guint i = 0; names && i < names->len; i++)
        g_string_append_printf(text, "%s\t00000000-0000-0000-0000-000000000000\t100\t\n",
                               (const char *)names->pdata[i]);
    ha_behind_write(daemon->deleted, text->str, text->len);
    g_string_free(text, TRUE);
}

static void open_again(void *ctx, uint64_t now_ns);

static int have_fifo(struct hb_daemon *daemon)
{
    int fd;

    if (!hb_power_away())
        return hb_fifo_open(&daemon->fifo, daemon->loop, HB_FIFO_PATH, said, daemon);
    fd = hb_power_open(HB_POWER_FIFO, HB_FIFO_PATH);
    return fd < 0 ? fd : hb_fifo_take(&daemon->fifo, daemon->loop, fd, said, daemon);
}

/* Told the first time only. */
static void open_fifo(struct hb_daemon *daemon, bool first)
{
    int status = have_fifo(daemon);

    if (status < 0)
        ha_timer_set(daemon->loop, &daemon->refifo, ha_clock_ns() + HB_PART_AGAIN_NS, open_again,
                     daemon);
    if (status < 0 && first)
        ha_log(HA_LOG_ERROR, "cannot have the fifo %s, so scripts cannot send messages until it is "
               "there: %s", HB_FIFO_PATH, strerror(-status));
    else if (status == 0 && !first)
        ha_log(HA_LOG_NOTICE, "the fifo %s is there now", HB_FIFO_PATH);
}

static void open_again(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    open_fifo(ctx, false);
}

void hb_scripts_start(struct hb_daemon *daemon)
{
    open_fifo(daemon, true);
    write_deleted(daemon); /* ha.cf counts at a start */
    daemon->rcd = hb_rcd_new(daemon->loop, HA_HADIR, hb_act_environment(daemon->act));
}

void hb_scripts_stop(struct hb_daemon *daemon)
{
    ha_timer_cancel(daemon->loop, &daemon->refifo);
    hb_fifo_close(daemon->fifo);
    hb_rcd_free(daemon->rcd);
    daemon->fifo = NULL;
    daemon->rcd = NULL;
}

/* The local status, as HA_OSTATUS has it. */
static const char *our_status(const struct hb_daemon *daemon)
{
    for (size_t i = 0; i < hb_core_node_count(daemon->core); i++) {
        if (!strcmp(hb_core_node_name(daemon->core, i), daemon->setup.node))
            return hb_status_name(hb_core_node_status(daemon->core, i));
    }
    return hb_status_name(HB_STATUS_INIT);
}

static bool being_released(const struct hb_daemon *daemon, const char *key)
{
    size_t group = hb_core_find_group(daemon->core, key);

    return group < daemon->setup.resources->groups->len &&
           hb_core_group_state(daemon->core, group) == HB_GROUP_STOPPING;
}

static void run(struct hb_daemon *daemon, const struct hb_msg *msg)
{
    const char *type = hb_msg_text(msg, "t");

    /* An administrator's step before a group goes to a node that asks for it. */
    if (type && !strcmp(type, "ip-request") && being_released(daemon, hb_msg_text(msg, "ipaddr")))
        hb_rcd_run(daemon->rcd, "local_giveip", msg, our_status(daemon));
    hb_rcd_run(daemon->rcd, type, msg, our_status(daemon));
}

/* Another node has another status: the message that says so, or one that stands for it. */
static void node_changed(struct hb_daemon *daemon, const struct hb_action *action)
{
    const char *name = hb_core_node_name(daemon->core, action->node);
    struct hb_msg *msg;

    if (!hb_rcd_wants(daemon->rcd, "status") || !name || !strcmp(name, daemon->setup.node))
        return;
    if (action->msg && hb_msg_text(action->msg, "t") &&
        !strcmp(hb_msg_text(action->msg, "t"), "status")) {
        run(daemon, action->msg);
        return;
    }
    msg = hb_msg_new();
    hb_msg_add_text(msg, "t", "status");
    hb_msg_add_text(msg, "st", hb_status_name(action->status));
    hb_msg_add_text(msg, "src", name);
    if (hb_core_node_is_ping(daemon->core, action->node))
        hb_msg_add_text(msg, "info", "ping");
    hb_msg_add_hex(msg, "ts", ha_clock_wall_s());
    run(daemon, msg);
    hb_msg_unref(msg);
}

static void link_changed(struct hb_daemon *daemon, const struct hb_action *action)
{
    const char *name = hb_core_node_name(daemon->core, action->node);
    struct hb_msg *msg;

    if (!hb_rcd_wants(daemon->rcd, "ifstat") || !name)
        return;
    msg = hb_msg_new();
    hb_msg_add_text(msg, "t", "ifstat");
    hb_msg_add_text(msg, "node", name);
    hb_msg_add_text(msg, "ifname", action->link);
    hb_msg_add_text(msg, "st", action->up ? "up" : "dead");
    run(daemon, msg);
    hb_msg_unref(msg);
}

void hb_scripts_heard(struct hb_daemon *daemon, const struct hb_action *action)
{
    if (action->kind == HB_ACT_NODES) {
        write_deleted(daemon);
        return;
    }
    if (action->kind == HB_ACT_NODE)
        node_changed(daemon, action);
    else if (action->kind == HB_ACT_LINK)
        link_changed(daemon, action);
    else
        run(daemon, action->msg);
}
