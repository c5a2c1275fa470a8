/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another haresources for nodes that run: a group comes, goes or moves home,
 * its list gets a resource more or less, the lines change places. Usually the
 * other node has the same file within seconds, sometimes much later. From a
 * generator of its own, so that the other lives of a seed stay what they are.
 *
 * sim->resources is everything that may ever be in a file; a group and a
 * resource keep their number there in all files.
 */
#include <string.h>

#include "tests/sim/sim.h"

struct sim_draft {
    bool in[SIM_GROUPS];
    unsigned home[SIM_GROUPS];
    bool has[SIM_GROUPS][SIM_RESOURCES];
    bool early[SIM_GROUPS]; /* the resource that was not there at first stands second, not last */
    unsigned first;         /* which group's line comes first */
};

static unsigned below(struct sim *sim, unsigned bound)
{
    return (unsigned)ha_rand_below(&sim->reload_rand, bound);
}

/* ---- numbers ---- */

/* All texts are as sim_add_resource() makes them, IPaddr::1.0 or script::1.0: the place is the last. */
#define PLACE_AT 10

unsigned sim_slot(const struct hb_resource *resource)
{
    return (unsigned)(resource->text[PLACE_AT] - '0');
}

unsigned sim_group(const struct hb_group *group)
{
    return group->line - 1;
}

const struct hb_owned *sim_owned(const struct sim *sim, unsigned index, unsigned group)
{
    const struct hb_core *core = sim->nodes[index].core;

    if (core != NULL && group < core->group_count && sim_group(core->groups[group].run.group) == group)
        return &core->groups[group]; /* as it is until a reload */
    for (size_t i = 0; core != NULL && i < core->group_count; i++) {
        if (sim_group(core->groups[i].run.group) == group)
            return &core->groups[i];
    }
    return NULL;
}

unsigned sim_listed(const struct hb_group *group)
{
    unsigned slots = 0;

    for (guint i = 0; i < group->resources->len; i++)
        slots |= 1U << sim_slot(g_ptr_array_index(group->resources, i));
    return slots;
}

bool sim_lists(const struct hb_group *group, unsigned slot)
{
    return sim_listed(group) & 1U << slot;
}

bool sim_leaves(const struct sim *sim, unsigned index, unsigned group, unsigned slot)
{
    const struct hb_core *core = sim->nodes[index].core;

    for (guint i = 0; core != NULL && core->leaving != NULL && i < core->leaving->len; i++) {
        const struct hb_leaving *leaving = g_ptr_array_index(core->leaving, i);

        if (sim_group(leaving->group) == group && sim_lists(leaving->group, slot))
            return true;
    }
    return false;
}

bool sim_leaves_any(const struct sim *sim, unsigned index, unsigned group)
{
    bool any = false;

    for (unsigned slot = 0; slot < sim->resource_count[group]; slot++)
        any |= sim_leaves(sim, index, group, slot);
    return any;
}

const struct hb_haresources *sim_file(const struct sim *sim, unsigned index)
{
    const struct hb_haresources *file = sim->nodes[index].file;

    return file != NULL ? file : sim->resources;
}

const struct hb_group *sim_in_file(const struct sim *sim, unsigned index, unsigned group)
{
    const GPtrArray *groups = sim_file(sim, index)->groups;

    for (guint i = 0; i < groups->len; i++) {
        if (sim_group(g_ptr_array_index(groups, i)) == group)
            return g_ptr_array_index(groups, i);
    }
    return NULL;
}

/* ---- files ---- */

static void add_resource(const struct sim *sim, struct hb_group *to, unsigned group, unsigned slot)
{
    const struct hb_group *of = g_ptr_array_index(sim->resources->groups, group);
    const struct hb_resource *resource = g_ptr_array_index(of->resources, slot);
    struct hb_resource *copy = hb_resource_new(resource->name, resource->text);

    copy->native = resource->native;
    g_ptr_array_add(to->resources, copy);
}

static void write_file(struct sim *sim)
{
    const struct sim_draft *draft = sim->draft;
    struct hb_haresources *file = hb_haresources_new();

    for (unsigned i = 0; i < sim->group_count; i++) {
        unsigned group = (draft->first + i) % sim->group_count;
        unsigned last = sim->resource_count[group] - 1;
        struct hb_group *line = hb_group_new(sim_name(draft->home[group]), group + 1);

        if (draft->has[group][0])
            add_resource(sim, line, group, 0);
        if (draft->has[group][last] && draft->early[group])
            add_resource(sim, line, group, last);
        for (unsigned slot = 1; slot <= last; slot++) {
            if (draft->has[group][slot] && !(slot == last && draft->early[group]))
                add_resource(sim, line, group, slot);
        }
        if (draft->in[group])
            g_ptr_array_add(file->groups, line);
        else
            hb_group_free(line);
    }
    g_ptr_array_add(sim->files, file);
}

void sim_reload_init(struct sim *sim)
{
    struct sim_draft *draft = g_new0(struct sim_draft, 1);

    ha_rand_seed(&sim->reload_rand, ~sim->seed);
    sim->draft = draft;
    sim->files = g_ptr_array_new_with_free_func((GDestroyNotify)hb_haresources_free);
    sim_add_group(sim, below(sim, sim->node_count), below(sim, 2) ? "ns" : "n");
    for (unsigned group = 0; group < sim->group_count; group++) {
        const struct hb_group *of = g_ptr_array_index(sim->resources->groups, group);

        sim_add_resource(sim, group, below(sim, 2) ? 'n' : 's');
        draft->in[group] = group + 1 < sim->group_count;
        draft->home[group] = strcmp(of->home, sim_name(0)) != 0;
        for (unsigned slot = 0; slot + 1 < sim->resource_count[group]; slot++)
            draft->has[group][slot] = true;
    }
    write_file(sim);
    for (unsigned i = 0; i < sim->node_count; i++)
        sim->nodes[i].file = g_ptr_array_index(sim->files, 0);
}

void sim_reload_clear(struct sim *sim)
{
    if (sim->files != NULL)
        g_ptr_array_unref(sim->files);
    g_free(sim->draft);
}

/* ---- what happens ---- */

/* The node has the file of that number, or a newer one. */
static void hand_over(struct sim *sim, unsigned index, unsigned number)
{
    struct sim_node *node = &sim->nodes[index];
    const struct hb_haresources *file = g_ptr_array_index(sim->files, number);

    if (node->file_number >= number)
        return;
    if (node->paused) {
        sim_later(sim, 500, index, number, hand_over);
        return;
    }
    sim_say(sim, "%s  has haresources %u: %u groups", sim_name(index), number, file->groups->len);
    node->file = file;
    node->file_number = number;
    if (node->core == NULL)
        return;
    sim_step(sim, index, &(struct hb_event){.kind = HB_EV_CONFIG, .resources = file});
    sim_carrier_tell(sim, index);
}

/* In part of the lives the first resource, which is a group's key, goes and comes as well: to the
 * nodes it is another group then. */
static bool keys_change(const struct sim *sim)
{
    return sim->seed % 35 == 26;
}

static bool is_last(const struct sim_draft *draft, unsigned group)
{
    unsigned count = 0;

    for (unsigned slot = 0; slot < SIM_RESOURCES; slot++)
        count += draft->has[group][slot];
    return count == 1;
}

static void edit(struct sim *sim)
{
    struct sim_draft *draft = sim->draft;
    unsigned group = below(sim, sim->group_count), slots = sim->resource_count[group], slot, in = 0;

    for (unsigned i = 0; i < sim->group_count; i++)
        in += draft->in[i];
    switch (below(sim, 8)) {
    case 0:
        draft->first = below(sim, sim->group_count);
        /* fallthrough */
    case 1:
    case 2:
        draft->in[group] = !draft->in[group] || in == 1;
        break;
    case 3:
        draft->home[group] = below(sim, sim->node_count);
        break;
    default:
        slot = keys_change(sim) && below(sim, 3) == 0 ? 0 : 1 + below(sim, slots - 1);
        draft->has[group][slot] = !draft->has[group][slot] || is_last(draft, group);
        draft->early[group] = below(sim, 2);
        break;
    }
    write_file(sim);
}

static void trouble(struct sim *sim, unsigned node, unsigned unused)
{
    static const unsigned scale_ms[] = {200, 5000, 5000, 60000};
    unsigned number = sim->files->len;

    if (sim->now_ns >= sim->trouble_ns)
        return;
    edit(sim);
    node = below(sim, sim->node_count);
    for (unsigned i = 0; i < sim->node_count; i++) {
        if (i != node)
            sim_later(sim, below(sim, scale_ms[below(sim, 4)]), i, number, hand_over);
    }
    hand_over(sim, node, number);
    sim_later(sim, below(sim, 4) ? 1000 + below(sim, 60000) : below(sim, 3000), node, unused,
              trouble);
}

void sim_reload_begin(struct sim *sim)
{
    if (sim->draft != NULL)
        sim_later(sim, below(sim, 30000), 0, 0, trouble);
}

void sim_reload_agree(struct sim *sim)
{
    for (unsigned i = 0; sim->files != NULL && i < sim->node_count; i++)
        hand_over(sim, i, sim->files->len - 1);
}
