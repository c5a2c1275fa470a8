/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another haresources for a core that runs (doc/states.md, "Reload"). Groups
 * are matched by their keys. One that stays as it is goes on untouched; a new
 * one is placed by the rules for a group that nobody has; one that is gone is
 * stopped; of one that has changed only the difference is stopped and started.
 * Everything that goes is down before anything that comes is started, for the
 * same address may be in both. A new core inherits the groups of an old one by
 * the same rules. Decides nothing about who should hold what.
 */
#include <string.h>
#include <syslog.h>

#include "common/base/time.h"
#include "heartbeatd/core/state.h"

/* ---- what leaves ---- */

static void group_free(void *item)
{
    if (item != NULL)
        hb_group_free(item);
}

/* Not before the next step: actions of this one may speak of it. */
static void bury(struct hb_core *core, struct hb_group *group)
{
    if (core->buried == NULL)
        core->buried = g_ptr_array_new_with_free_func(group_free);
    g_ptr_array_add(core->buried, group);
}

void hb_reload_step(struct hb_core *core)
{
    if (core->buried != NULL)
        g_ptr_array_set_size(core->buried, 0);
}

static void leaving_free(void *item)
{
    struct hb_leaving *leaving = item;

    group_free(leaving->group);
    g_free(leaving);
}

static struct hb_leaving *add_leaving(struct hb_core *core, struct hb_group *group, bool whole)
{
    struct hb_leaving *leaving = g_new0(struct hb_leaving, 1);

    if (core->leaving == NULL)
        core->leaving = g_ptr_array_new_with_free_func(leaving_free);
    leaving->group = group;
    leaving->whole = whole;
    g_ptr_array_add(core->leaving, leaving);
    return leaving;
}

static guint leaving_count(const struct hb_core *core)
{
    return core->leaving != NULL ? core->leaving->len : 0;
}

static struct hb_leaving *leaving_at(const struct hb_core *core, guint i)
{
    return g_ptr_array_index(core->leaving, i);
}

void hb_reload_free(struct hb_core *core)
{
    for (size_t i = 0; core->groups != NULL && i < core->group_count; i++) {
        if (core->groups[i].former != NULL)
            hb_group_free(core->groups[i].former);
    }
    if (core->leaving != NULL)
        g_ptr_array_free(core->leaving, TRUE);
    if (core->buried != NULL)
        g_ptr_array_free(core->buried, TRUE);
}

/* ---- numbers ---- */

static bool number_is_free(const struct hb_core *core, unsigned number)
{
    for (size_t i = 0; i < core->group_count; i++) {
        if (core->groups[i].run.group != NULL && core->groups[i].run.index == number)
            return false;
    }
    for (guint i = 0; i < leaving_count(core); i++) {
        if (leaving_at(core, i)->run.index == number)
            return false;
    }
    return true;
}

/* Late answers to whoever had the number before are not taken for the new one's: it counts its
 * operations on from there. */
static void init_run(struct hb_core *core, struct hb_group_run *run, const struct hb_group *group,
                     unsigned *from)
{
    while (*from < HB_GROUP_NUMBERS - 1 && !number_is_free(core, *from))
        ++*from;
    hb_group_init(run, group, *from);
    run->ops = core->ops;
    ++*from;
}

struct hb_group_run *hb_reload_run(struct hb_core *core, uint32_t op_id, size_t *index)
{
    unsigned number = hb_group_of_op(op_id);

    *index = number;
    if (number < core->group_count && core->groups[number].run.index == number)
        return &core->groups[number].run; /* as it is until a reload */
    for (*index = 0; *index < core->group_count; ++*index) {
        if (core->groups[*index].run.index == number)
            return &core->groups[*index].run;
    }
    for (guint i = 0; i < leaving_count(core); i++) {
        if (leaving_at(core, i)->run.index == number)
            return &leaving_at(core, i)->run;
    }
    return NULL;
}

/* ---- matching ---- */

static size_t find_node(const struct hb_core *core, const char *name)
{
    size_t i = 0;

    while (i < core->node_count && strcmp(core->nodes[i].name, name) != 0)
        i++;
    return i;
}

static void set_home(struct hb_core *core, struct hb_owned *owned, const struct hb_group *group)
{
    owned->home_node = find_node(core, group->home);
    owned->home = owned->home_node == core->self;
    if (owned->why == HB_WHY_HOME && !owned->home)
        owned->why = HB_WHY_LEFT; /* so it goes there by itself, if it is to */
    else if (owned->why != HB_WHY_NOT && owned->home)
        owned->why = HB_WHY_HOME;
}

static void watch_anew(struct hb_core *core, struct hb_owned *owned)
{
    hb_monitor_clear(&owned->monitor);
    hb_monitor_init(&owned->monitor, owned->run.group, &core->config->monitor);
}

static void forget_former(struct hb_core *core, struct hb_owned *owned)
{
    if (owned->former != NULL)
        bury(core, g_steal_pointer(&owned->former));
    owned->next = NULL;
    owned->pruned = false;
}

/* The group goes on, as fresh has it; at once if that is no difference. */
static void carry_on(struct hb_core *core, struct hb_owned *owned, const struct hb_group *fresh)
{
    set_home(core, owned, fresh);
    if (!owned->pruned && hb_group_same(owned->run.group, fresh)) {
        owned->run.group = fresh;
        forget_former(core, owned);
        return;
    }
    if (owned->former == NULL) {
        owned->former = hb_group_copy(owned->run.group);
        owned->run.group = owned->former;
    }
    owned->next = fresh;
    owned->pruned = false;
}

/* The group is not in haresources any more. */
static void leave(struct hb_core *core, struct hb_owned *owned)
{
    struct hb_group *group = owned->former;
    struct hb_leaving *leaving;

    hb_monitor_clear(&owned->monitor);
    core->ops = MAX(core->ops, owned->run.ops);
    if (!hb_group_claimed(&owned->run) && hb_group_at_rest(&owned->run)) {
        if (group != NULL)
            bury(core, group);
        return;
    }
    if (group == NULL)
        group = hb_group_copy(owned->run.group);
    leaving = add_leaving(core, group, true);
    leaving->run = owned->run;
    leaving->run.group = group;
}

/* A group that was on its way out is back before it was down. */
static bool call_back(struct hb_core *core, struct hb_owned *owned, const struct hb_group *fresh)
{
    for (guint i = 0; i < leaving_count(core); i++) {
        struct hb_leaving *leaving = leaving_at(core, i);

        if (!leaving->whole || strcmp(hb_group_key(leaving->group), hb_group_key(fresh)) != 0)
            continue;
        owned->run = leaving->run;
        owned->former = g_steal_pointer(&leaving->group);
        owned->next = fresh;
        g_ptr_array_set_free_func(core->leaving, NULL);
        g_free(g_ptr_array_remove_index(core->leaving, i));
        g_ptr_array_set_free_func(core->leaving, leaving_free);
        return true;
    }
    return false;
}

/* Takes each of old[] over by its key, or lets it leave. was[i]: where groups[i] was; old_count:
 * nowhere. */
static void match(struct hb_core *core, struct hb_owned *old, size_t old_count, size_t *was)
{
    GHashTable *by_key = g_hash_table_new(g_str_hash, g_str_equal);
    const GPtrArray *groups = core->resources->groups;

    for (size_t i = 0; i < old_count; i++)
        g_hash_table_insert(by_key, (char *)hb_group_key(old[i].run.group),
                            GUINT_TO_POINTER(i + 1));
    for (size_t i = 0; i < core->group_count; i++) {
        const struct hb_group *group = g_ptr_array_index(groups, i);
        size_t at = GPOINTER_TO_UINT(g_hash_table_lookup(by_key, hb_group_key(group)));

        was[i] = at > 0 ? at - 1 : old_count;
        if (at > 0) {
            core->groups[i] = old[at - 1];
            memset(&old[at - 1], 0, sizeof *old);
        }
    }
    g_hash_table_destroy(by_key);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].run.group != NULL)
            leave(core, &old[i]);
    }
}

static void add_new(struct hb_core *core, struct hb_owned *owned, const struct hb_group *group,
                    unsigned *number)
{
    set_home(core, owned, group);
    if (!call_back(core, owned, group))
        init_run(core, &owned->run, group, number);
    owned->fresh = true;
    watch_anew(core, owned);
}

static void adopt(struct hb_core *core, struct hb_owned *old, size_t old_count, size_t *was)
{
    const GPtrArray *groups = core->resources->groups;
    unsigned number = 0;

    core->group_count = groups->len;
    core->groups = g_new0(struct hb_owned, MAX(core->group_count, 1));
    for (size_t i = 0; i < old_count; i++)
        core->ops = MAX(core->ops, old[i].run.ops);
    match(core, old, old_count, was);
    for (size_t i = 0; i < core->group_count; i++) {
        if (was[i] < old_count)
            carry_on(core, &core->groups[i], g_ptr_array_index(groups, i));
    }
    for (size_t i = 0; i < core->group_count; i++) {
        if (was[i] == old_count)
            add_new(core, &core->groups[i], g_ptr_array_index(groups, i), &number);
    }
}

/* ---- the doors ---- */

/* What others said of each group goes with it. Of a new one they said nothing, but a 3.0.6 node
 * has it if it has all others with that home. */
static void move_view(struct hb_core *core, struct hb_node *node, const size_t *was,
                      size_t old_count)
{
    uint8_t *bits = g_malloc0(MAX(core->group_count, 1));
    size_t self = (size_t)(node - core->nodes);
    uint8_t classic[2] = {0, 0}; /* of a home that is not its own, and of its own */

    for (size_t i = 0; i < core->group_count; i++) {
        if (was[i] < old_count) {
            bits[i] = node->view.groups[was[i]];
            classic[core->groups[i].home_node == self] |= bits[i];
        }
    }
    for (size_t i = 0; !node->hearth && i < core->group_count; i++) {
        if (was[i] == old_count)
            bits[i] = classic[core->groups[i].home_node == self];
    }
    g_free(node->view.groups);
    node->view.groups = bits;
}

void hb_reload(struct hb_core *core, const struct hb_haresources *fresh)
{
    struct hb_owned *old = core->groups;
    size_t old_count = core->group_count, *was = g_new0(size_t, MAX(fresh->groups->len, 1));

    core->resources = fresh;
    core->digest = hb_word_digest(fresh);
    adopt(core, old, old_count, was);
    for (size_t i = 0; i < core->node_count; i++) {
        move_view(core, &core->nodes[i], was, old_count);
        core->nodes[i].view.other_resources = core->nodes[i].hearth;
    }
    hb_word_renew_trust(core);
    hb_say(core, LOG_NOTICE, "haresources: %zu groups now", core->group_count);
    g_free(old);
    g_free(was);
}

void hb_core_inherit(struct hb_core *core, struct hb_core *old)
{
    size_t *was = g_new0(size_t, MAX(core->group_count, 1));

    hb_watch_clear(core);
    g_free(core->groups);
    core->ops = old->ops;
    core->leaving = g_steal_pointer(&old->leaving);
    adopt(core, old->groups, old->group_count, was);
    for (size_t i = 0; i < core->group_count; i++) {
        watch_anew(core, &core->groups[i]);
        core->groups[i].lent_to = 0; /* nodes have other numbers */
    }
    for (size_t i = 0; i < old->node_count; i++) {
        size_t node = find_node(core, old->nodes[i].name);

        if (node < core->node_count)
            core->nodes[node].dead_ns = old->nodes[i].dead_ns;
    }
    hb_fence_inherit(core, old);
    g_clear_pointer(&old->groups, g_free);
    old->group_count = 0;
    core->inherited = true;
    g_free(was);
}

unsigned hb_core_group_number(const struct hb_core *core, size_t group)
{
    return group < core->group_count ? core->groups[group].run.index : HB_GROUP_NUMBERS;
}

bool hb_core_going(const struct hb_core *core)
{
    return core->finished || core->heal_ns != HA_NEVER ||
           (core->stage >= HB_STAGE_SHUTDOWN && !(core->config->unmanaged && core->wait_ns == HA_NEVER));
}

/* ---- on the way ---- */

bool hb_reload_busy(const struct hb_core *core)
{
    for (guint i = 0; i < leaving_count(core); i++) {
        if (!leaving_at(core, i)->run.stuck)
            return true;
    }
    return false;
}

void hb_reload_timers(struct hb_core *core)
{
    for (guint i = 0; i < leaving_count(core); i++)
        hb_group_timer(&leaving_at(core, i)->run, hb_mono(core), core->out);
}

uint64_t hb_reload_next_ns(const struct hb_core *core)
{
    uint64_t next_ns = HA_NEVER;

    for (guint i = 0; i < leaving_count(core); i++)
        next_ns = MIN(next_ns, leaving_at(core, i)->run.retry_ns);
    return next_ns;
}

/* Stops what the held group will not have any more, as a group of its own. */
static void prune(struct hb_core *core, struct hb_owned *owned)
{
    struct hb_group *part = hb_group_copy(owned->run.group);
    struct hb_leaving *leaving;
    unsigned from = 0;

    for (guint i = part->resources->len; i-- > 0;) {
        const struct hb_resource *resource = part->resources->pdata[i];

        if (hb_group_has(owned->next, resource->text))
            g_ptr_array_remove_index(part->resources, i);
    }
    owned->pruned = true;
    if (part->resources->len == 0) {
        hb_group_free(part);
        return;
    }
    leaving = add_leaving(core, part, false);
    leaving->run.index = HB_GROUP_NUMBERS; /* not its own yet */
    init_run(core, &leaving->run, part, &from);
    leaving->run.state = HB_GROUP_HELD;
    leaving->run.wanted = true;
    hb_group_want(&leaving->run, false, core->out);
}

/* It did not stop when it had to go, and is wanted again: stopping it goes on. */
static bool still_leaving(const struct hb_core *core, const struct hb_group *next)
{
    for (guint i = 0; i < leaving_count(core); i++) {
        const struct hb_group *group = leaving_at(core, i)->group;

        for (guint j = 0; j < group->resources->len; j++) {
            if (hb_group_has(next, ((struct hb_resource *)group->resources->pdata[j])->text))
                return true;
        }
    }
    return false;
}

static bool gains(const struct hb_group *now, const struct hb_group *next)
{
    for (guint i = 0; i < next->resources->len; i++) {
        if (!hb_group_has(now, ((struct hb_resource *)next->resources->pdata[i])->text))
            return true;
    }
    return false;
}

/* In another's file what this group gains may stand in a group of its own, and be up there. */
static bool may_be_had(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];

    return hb_claims_differ(core) && gains(owned->run.group, owned->next) &&
           !hb_owner_is_free(core, group);
}

static void settle_change(struct hb_core *core, size_t group)
{
    struct hb_owned *owned = &core->groups[group];
    bool held = owned->run.state == HB_GROUP_HELD;
    const struct hb_group *next = owned->next;

    if (!held)
        owned->pruned = false;
    if (!hb_group_at_rest(&owned->run))
        return;
    if (held && !owned->pruned)
        prune(core, owned);
    if ((held && (hb_reload_busy(core) || may_be_had(core, group))) || still_leaving(core, next))
        return;
    owned->failed = false;
    hb_say(core, LOG_INFO, "group %s is another one now", hb_group_key(next));
    hb_group_redefine(&owned->run, next, core->out);
    forget_former(core, owned);
    watch_anew(core, owned);
}

/* What has just been stopped may stand in a file again, and its group have been started meanwhile, with
 * it as it still ran. (One that is about to be another starts all of it anyway.) */
static void put_back(struct hb_core *core, const struct hb_group *gone)
{
    for (size_t i = 0; i < core->group_count; i++) {
        struct hb_group_run *run = &core->groups[i].run;
        guint at = 0;

        while (at < run->group->resources->len &&
               !hb_group_has(gone, ((struct hb_resource *)run->group->resources->pdata[at])->text))
            at++;
        if (at < run->group->resources->len && run->wanted && core->groups[i].next == NULL &&
            !hb_group_restart(run, at, core->out))
            hb_group_tear(run);
    }
}

void hb_reload_settle(struct hb_core *core)
{
    for (guint i = leaving_count(core); i-- > 0;) {
        struct hb_leaving *leaving = leaving_at(core, i);

        hb_group_drop(&leaving->run, core->out);
        hb_group_leave(&leaving->run, core->out); /* held since a life before, and not wanted */
        if (hb_group_claimed(&leaving->run) || !hb_group_at_rest(&leaving->run))
            continue;
        if (leaving->whole)
            hb_say(core, LOG_INFO, "group %s is gone", hb_group_key(leaving->group));
        core->ops = MAX(core->ops, leaving->run.ops);
        put_back(core, leaving->group);
        bury(core, g_steal_pointer(&leaving->group));
        g_ptr_array_remove_index(core->leaving, i);
    }
    for (size_t i = 0; i < core->group_count; i++) {
        if (core->groups[i].next != NULL)
            settle_change(core, i);
        if (core->groups[i].fresh && !hb_reload_busy(core) &&
            !still_leaving(core, core->groups[i].run.group))
            core->groups[i].fresh = false;
    }
}
