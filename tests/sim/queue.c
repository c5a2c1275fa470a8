/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is due in the simulator, the soonest first, and of the same time what
 * was put in first: a binary heap. Things that are done are used again.
 */
#include "tests/sim/sim.h"

#include <string.h>

static bool sooner(const struct sim_due *a, const struct sim_due *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static struct sim_due **heap(const struct sim *sim)
{
    return (struct sim_due **)sim->queue->pdata;
}

void sim_push(struct sim *sim, struct sim_due *due)
{
    guint at = sim->queue->len;

    due->order = ++sim->order;
    g_ptr_array_add(sim->queue, due);
    while (at > 0 && sooner(due, heap(sim)[(at - 1) / 2])) {
        heap(sim)[at] = heap(sim)[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap(sim)[at] = due;
}

uint64_t sim_due_ns(const struct sim *sim)
{
    return sim->queue->len > 0 ? heap(sim)[0]->at_ns : HA_NEVER;
}

struct sim_due *sim_pop(struct sim *sim)
{
    struct sim_due *first = heap(sim)[0], *moved;
    guint at = 0, length = --sim->queue->len;

    moved = heap(sim)[length];
    while (2 * at + 1 < length) {
        guint child = 2 * at + 1;

        if (child + 1 < length && sooner(heap(sim)[child + 1], heap(sim)[child]))
            child++;
        if (!sooner(heap(sim)[child], moved))
            break;
        heap(sim)[at] = heap(sim)[child];
        at = child;
    }
    if (length > 0)
        heap(sim)[at] = moved;
    return first;
}

struct sim_due *sim_due_new(struct sim *sim, enum sim_due_kind kind)
{
    struct sim_due *due;

    if (sim->spare->len == 0) {
        due = g_new0(struct sim_due, 1);
    } else {
        due = g_ptr_array_index(sim->spare, --sim->spare->len);
        memset(due, 0, sizeof *due);
    }
    due->kind = kind;
    return due;
}

void sim_due_done(struct sim *sim, struct sim_due *due)
{
    hb_msg_unref(due->msg);
    if (due->bytes != NULL)
        g_byte_array_unref(due->bytes);
    g_ptr_array_add(sim->spare, due);
}

void sim_due_list_free(struct sim *sim, GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++)
        sim_due_done(sim, g_ptr_array_index(list, i));
    g_ptr_array_unref(list);
}
