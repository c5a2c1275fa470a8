/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper's life (keeper.h): listens at the door, and ends with the other half. */
#include "ldirectord/keeper.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/run/clock.h"
#include "common/run/file.h"
#include "common/run/secret.h"
#include "ldirectord/keeper_inside.h"

#define REFUSALS_A_MINUTE 10

void ld_keeper_refuse(struct ld_keeper *keeper, const char *what)
{
    unsigned dropped = 0;

    keeper->refusals++;
    if (ha_log_allowed(&keeper->limit, ha_clock_ns(), REFUSALS_A_MINUTE, &dropped))
        ha_log(HA_LOG_ERROR, "refused to the process that checks (pid %d): %s (%u refusals so far)",
               (int)keeper->set.daemon, what, keeper->refusals);
}

unsigned ld_keeper_refusals(const struct ld_keeper *keeper)
{
    return keeper->refusals;
}

/* The configuration was looked at with this user in it, so he was there a moment ago. */
void ld_keeper_take_script_user(struct ld_keeper *keeper)
{
    const char *name = ld_allowed_now(keeper->allowed)->scriptuser;

    memset(&keeper->script, 0, sizeof(keeper->script));
    if (name == NULL || geteuid() != 0)
        return;
    if (ha_identity_find(&keeper->script, name) == 0)
        return;
    ha_log(HA_LOG_ERROR, "scriptuser: there is no user \"%s\" any more: scripts run as nobody", name);
    if (ha_identity_find(&keeper->script, "nobody") != 0)
        keeper->script = (struct ha_identity){.uid = 65534, .gid = 65534, .name = "nobody",
                                              .groups = {65534}, .group_count = 1};
}

/* ---- the door ---- */

static void other_half_gone(struct ld_keeper *keeper)
{
    if (!keeper->bye)
        ha_log(HA_LOG_ERROR, "the process that checks (pid %d) has ended without a word: the kernel's table "
               "stays as it is", (int)keeper->set.daemon);
    ha_loop_stop(keeper->loop, keeper->bye ? 0 : 1);
}

static void hear(struct ld_keeper *keeper, int fd, void (*heard)(struct ld_keeper *, struct ha_frame *))
{
    struct ha_frame frame;
    int error = ha_frame_receive(fd, &frame, keeper->space, 0);

    if (error == 0) {
        heard(keeper, &frame);
        ha_frame_close(&frame);
        ha_secret_heap();
    } else if (error == -EBADMSG) {
        ld_keeper_refuse(keeper, "what it sent is no message");
    } else if (error == -EPIPE) {
        other_half_gone(keeper);
    } else if (error != -EAGAIN) { /* it is there still, and comes again */
        ha_log(HA_LOG_WARNING, "cannot hear the process that checks (pid %d): %s", (int)keeper->set.daemon,
               g_strerror(-error));
    }
}

static void question_comes(void *ctx, uint32_t events)
{
    struct ld_keeper *keeper = ctx;

    (void)events;
    hear(keeper, keeper->ask_fd, ld_keeper_asked);
}

static void order_comes(void *ctx, uint32_t events)
{
    struct ld_keeper *keeper = ctx;

    (void)events;
    hear(keeper, keeper->run_fd, ld_keeper_ordered);
}

/* ---- life ---- */

static const char *odbc_program(void)
{
    const char *other = g_getenv("HEARTH_ODBC_ASK");

    return other != NULL ? other : LD_ODBC_ASK;
}

int ld_keeper_new(struct ld_keeper **out, struct ha_loop *loop, const struct ld_keeper_settings *settings,
                  int ask_fd, int run_fd)
{
    struct ld_keeper *keeper = g_new0(struct ld_keeper, 1);
    int error;

    keeper->loop = loop;
    keeper->set = *settings;
    keeper->ask_fd = ask_fd;
    keeper->run_fd = run_fd;
    keeper->asks.fd = keeper->orders.fd = keeper->route_fd = keeper->tap_fd = -1;
    keeper->programs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    keeper->allowed = ld_allowed_new(settings->program, odbc_program(), settings->path);
    ld_allowed_config(keeper->allowed, settings->config);
    ld_keeper_take_script_user(keeper);
    if (settings->orders_file != NULL)
        ha_file_sweep(settings->orders_file);
    error = ha_watch_start(loop, &keeper->asks, ask_fd, EPOLLIN, question_comes, keeper);
    if (error == 0)
        error = ha_watch_start(loop, &keeper->orders, run_fd, EPOLLIN, order_comes, keeper);
    if (error != 0) {
        ld_keeper_free(keeper);
        return error;
    }
    *out = keeper;
    return 0;
}

void ld_keeper_free(struct ld_keeper *keeper)
{
    if (keeper == NULL)
        return;
    ha_watch_stop(keeper->loop, &keeper->asks);
    ha_watch_stop(keeper->loop, &keeper->orders);
    ha_behind_free(keeper->kept, HA_BEHIND_END_MS);
    if (keeper->ipvs != NULL)
        keeper->ipvs->ops->close(keeper->ipvs);
    if (keeper->route_fd >= 0)
        close(keeper->route_fd);
    ha_timer_cancel(keeper->loop, &keeper->tap_end);
    if (keeper->tap_fd >= 0)
        close(keeper->tap_fd);
    ld_config_free(keeper->prepared);
    ld_allowed_free(keeper->allowed);
    g_hash_table_destroy(keeper->programs);
    g_free(keeper);
}
