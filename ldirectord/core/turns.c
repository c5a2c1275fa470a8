/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of transitions (turns.h). */
#include "ldirectord/core/turns.h"

#include <glib.h>

struct ld_turns {
    unsigned count; /* ever */
    struct ld_turn ring[LD_TURNS_MAX];
};

void ld_turns_add(struct ld_turns **turns, const struct ld_turn *turn)
{
    struct ld_turn *place;

    if (!*turns)
        *turns = g_new0(struct ld_turns, 1);
    place = &(*turns)->ring[(*turns)->count % LD_TURNS_MAX];
    g_free(place->detail);
    *place = *turn;
    place->detail = turn->detail ? g_strndup(turn->detail, LD_TURN_DETAIL_MAX) : NULL;
    /* Only the remainder and "full or not" matter; it must not wrap to an odd place. */
    if (++(*turns)->count == 2 * LD_TURNS_MAX)
        (*turns)->count = LD_TURNS_MAX;
}

const struct ld_turn *ld_turns_at(const struct ld_turns *turns, unsigned i)
{
    if (!turns || i >= LD_TURNS_MAX || i >= turns->count)
        return NULL;
    return &turns->ring[(turns->count - 1 - i) % LD_TURNS_MAX];
}

void ld_turns_free(struct ld_turns *turns)
{
    if (!turns)
        return;
    for (unsigned i = 0; i < LD_TURNS_MAX; i++)
        g_free(turns->ring[i].detail);
    g_free(turns);
}
