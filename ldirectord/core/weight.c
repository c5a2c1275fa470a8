/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much a server is given, and what becomes of its entry with time: slow
 * start after it came up, drain after it went down. Pure functions of what is
 * known of the server and of the time; nothing here remembers what it said.
 */
#include "common/base/time.h"
#include "ldirectord/core/model.h"

/* Slow start: at most so many steps from 1 to the whole weight. */
#define SLOW_STEPS 10

bool ld_server_up(const struct ld_server *server)
{
    return server->health.up && !server->agent_down;
}

bool ld_server_stands(const struct ld_server *server)
{
    return ld_server_up(server) && !ld_wish_takes_away(server);
}

uint32_t ld_server_share(const struct ld_server *server)
{
    uint32_t weight = server->real->weight;

    if (server->advice.given && server->advice.percent == 0)
        weight = 0;
    else if (server->advice.given && weight > 0) /* a little is not nothing */
        weight = MAX((uint32_t)((uint64_t)weight * server->advice.percent / 100), 1);
    return ld_wish_weight(server, weight);
}

static uint64_t slowstart_ns(const struct ld_server *server)
{
    return ha_ms_to_ns(server->slot->service->slowstart_ms);
}

/* Of so many steps; 0: it has its whole weight. A small weight cannot grow in many. */
static uint32_t steps_of(const struct ld_server *server, uint64_t now_ns)
{
    uint32_t share = ld_server_share(server);

    if (server->course.rising_ns == 0 || share <= 1 ||
        now_ns - server->course.rising_ns >= slowstart_ns(server))
        return 0;
    return MIN(share, SLOW_STEPS);
}

static uint64_t step_at(const struct ld_server *server, uint32_t steps, uint64_t now_ns)
{
    return (now_ns - server->course.rising_ns) * steps / slowstart_ns(server);
}

uint32_t ld_server_weight(const struct ld_server *server, uint64_t now_ns)
{
    uint64_t share = ld_server_share(server);
    uint32_t steps = steps_of(server, now_ns);

    if (!ld_server_stands(server) || server->left_at_zero || ld_wants_fallback(server->slot))
        return 0;
    if (steps > 0)
        share = MAX(share * step_at(server, steps, now_ns) / steps, 1);
    return (uint32_t)share;
}

static uint64_t drain_end_ns(const struct ld_server *server)
{
    const struct ld_service *service = server->slot->service;

    if (server->course.drained_ns == 0 || service->quiescent || ld_server_stands(server))
        return 0;
    return ha_after_ns(server->course.drained_ns, ha_ms_to_ns(service->draintime_ms));
}

bool ld_server_drains(const struct ld_server *server, uint64_t now_ns)
{
    return now_ns < drain_end_ns(server);
}

uint64_t ld_server_next_ns(const struct ld_server *server, uint64_t now_ns)
{
    uint32_t steps = steps_of(server, now_ns);

    if (ld_server_drains(server, now_ns))
        return MIN(drain_end_ns(server), ha_after_ns(now_ns, LD_DRAIN_LOOK_NS));
    if (!ld_server_stands(server) || steps == 0)
        return HA_NEVER;
    return ha_after_ns(server->course.rising_ns,
                       ((step_at(server, steps, now_ns) + 1) * slowstart_ns(server) + steps - 1) /
                           steps);
}

void ld_server_weigh(struct ld_server *server, uint64_t now_ns)
{
    const struct ld_service *service = server->slot->service;
    bool stands = ld_server_stands(server);

    if (stands != server->counted.stands) {
        server->course.rising_ns = stands && service->slowstart_ms > 0 ? MAX(now_ns, 1) : 0;
        server->course.drained_ns = !stands && service->draintime_ms > 0 ? MAX(now_ns, 1) : 0;
    }
    ld_server_count(server);
}

void ld_model_weigh(struct ld_model *model, uint64_t now_ns)
{
    for (guint i = 0; i < model->server_count; i++)
        ld_server_weigh(model->servers[i], now_ns);
    for (guint i = 0; i < model->slot_count; i++)
        ld_slot_judge(model->slots[i], false);
}
