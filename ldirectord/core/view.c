/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's side of the core: what is shown of it, and what is wished of
 * it. Changes nothing but the wishes.
 */
#include <syslog.h>

#include "common/base/time.h"
#include "ldirectord/core/core_inside.h"
#include "ldirectord/core/leaving.h"

/* An "enable" also ends what somebody else did with the table. */
void ld_core_on_wish(struct ld_core *core, uint64_t now_ns, const struct ld_wish *wish,
                     struct ld_actions *actions)
{
    char *text = ld_wish_text(wish);

    if (!ld_wishes_take(&core->wishes, wish))
        ld_log(actions, LOG_ERR, "Not taken, there are %d orders already: %s", LD_WISHES_MAX, text);
    else if (core->model)
        ld_log(actions, LOG_NOTICE, "Ordered by %s: %s", wish->by, text);
    g_free(text);
    if (!core->model)
        return;
    ld_wishes_apply(&core->wishes, core->model);
    if (wish->will == LD_WILL_ENABLE)
        ld_wish_end_left(wish, core->model);
    ld_model_weigh(core->model, now_ns);
    core->change_at_ns = now_ns;
    for (guint i = 0; i < core->model->server_count; i++)
        if (ld_wish_means(wish, core->model->servers[i]))
            ld_core_touch(core, core->model->servers[i]->slot);
}

bool ld_core_settled(const struct ld_core *core)
{
    return core->model && core->retry_at_ns == HA_NEVER && !ld_due_any(core->due);
}

void ld_core_leavers(const struct ld_core *core, ld_leaver_fn fn, void *ctx)
{
    ld_leaving_view(core->leaving, fn, ctx);
}

const struct ld_wishes *ld_core_wishes(const struct ld_core *core)
{
    return &core->wishes;
}

bool ld_core_wish_parse(const struct ld_core *core, char *const *words, struct ld_wish *out,
                        char **why)
{
    *why = NULL;
    return core->model && ld_wish_parse(out, words, core->model, why);
}

bool ld_core_wish_room(const struct ld_core *core, const struct ld_wish *wish)
{
    return wish->will == LD_WILL_ENABLE || core->wishes.list->len < LD_WISHES_MAX;
}

unsigned ld_core_wish_count(const struct ld_core *core, const struct ld_wish *wish)
{
    return core->model ? ld_wish_count(wish, core->model) : 0;
}

void ld_core_view(const struct ld_core *core, ld_view_fn fn, void *ctx)
{
    for (guint i = 0; core->model && i < core->model->server_count; i++) {
        const struct ld_server *server = core->model->servers[i];
        const struct ld_real_view view = {
            .service = server->slot->service,
            .real = server->real,
            .up = ld_server_up(server),
            .failures = server->health.failures,
            .successes = server->health.successes,
            .verdict = server->health.verdict,
            .detail = server->health.detail,
            .took_ns = server->health.took_ns,
            .since_ns = server->health.since_ns,
            .answered_ns = server->answered_ns,
            .weight = ld_server_weight(server, server->slot->as_of_ns),
            .agent_down = server->agent_down,
            .advice = server->advice,
            .draining = ld_server_drains(server, server->slot->as_of_ns),
            .left_at_zero = server->left_at_zero,
            .wish = server->wish,
            .turns = server->turns,
            .service_up = server->slot->up,
            .fallback = ld_wants_fallback(server->slot),
        };

        fn(ctx, &view);
    }
}
