/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether enough servers of a service are up for it to be served by them: the
 * count of those that are, and the verdict on it, with hysteresis. What the
 * table then looks like is wanted.c's.
 */
#include "ldirectord/core/model.h"

/* One that was taken out of service, by whomever, does not serve; configured with weight 0 it always
 * counted as one that does. */
static bool is_live(const struct ld_server *server)
{
    return ld_server_stands(server) && (ld_server_share(server) > 0 || server->real->weight == 0);
}

void ld_server_count(struct ld_server *server)
{
    struct ld_slot *slot = server->slot;
    struct ld_counted *was = &server->counted;
    struct ld_counted is = {.up = ld_server_up(server), .stands = ld_server_stands(server),
                            .live = is_live(server)};

    is.weight = is.live ? ld_server_share(server) : 0;
    slot->up += (guint)is.up - (guint)was->up;
    slot->live += (guint)is.live - (guint)was->live;
    slot->weight += (uint64_t)is.weight - was->weight;
    *was = is;
}

void ld_slot_judge(struct ld_slot *slot, bool anew)
{
    const struct ld_quorum *quorum = &slot->service->quorum;
    uint64_t strength = quorum->by_weight ? slot->weight : slot->live;
    uint64_t needed = quorum->quorum;

    if (!anew && !slot->serving)
        needed += quorum->hysteresis;
    slot->serving = strength >= needed;
}
