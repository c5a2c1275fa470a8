/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is kept warm, and for which groups: read from haresources, and again when
 * it changes. What becomes of the processes is warm.c's.
 */
#include "heartbeatd/act/warm.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/act/warm_inside.h"

#define AGENT        "ldirectord"
#define DEFAULT_FILE "ldirectord.cf"

/* ---- who is kept warm ---- */

static bool same_file(const char *a, const char *b)
{
    struct stat one, other;

    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* Is the ldirectord of resource.d somebody's own? A link to the program itself is none. */
static bool overridden(const struct hb_act_paths *paths)
{
    char *script = g_build_filename(paths->hadir, "resource.d", AGENT, NULL);
    bool link = same_file(script, paths->ldirectord);

    g_free(script);
    return !link && hb_agent_overrides(paths, AGENT);
}

static void member_free(void *item)
{
    struct hb_warm_member *member = item;

    while (member->ops.head != NULL)
        hb_warm_abandon(member->ops.head->data);
    hb_warm_leave(member);
    g_array_free(member->parts, TRUE);
    g_free(member->text);
    g_free(member->file);
    g_free(member);
}

static struct hb_warm_member *member_of(struct hb_warm *warm, const struct hb_resource *resource)
{
    const char *file = resource->args->len > 0 ? g_ptr_array_index(resource->args, 0) : DEFAULT_FILE;
    const char *instance = ha_director_instance(file);
    struct hb_warm_member *member;

    for (guint i = 0; i < warm->members->len; i++) {
        member = g_ptr_array_index(warm->members, i);
        if (strcmp(member->instance, instance) == 0)
            return member;
    }
    member = g_new0(struct hb_warm_member, 1);
    member->warm = warm;
    member->text = g_strdup(resource->text);
    member->file = g_strdup(file);
    member->instance = instance = ha_director_instance(member->file);
    ha_director_socket(instance, member->socket);
    member->parts = g_array_new(FALSE, TRUE, sizeof(struct hb_warm_part));
    member->alive.fd = -1;
    g_queue_init(&member->ops);
    g_ptr_array_add(warm->members, member);
    return member;
}

static void add(struct hb_warm *warm, unsigned group, const struct hb_resource *resource)
{
    struct hb_warm_part part = {.group = group};
    struct hb_warm_member *member;

    if (strcmp(resource->name, AGENT) != 0 || resource->args->len > 1)
        return;
    member = member_of(warm, resource);
    if (hb_warm_part(member, group) == NULL) {
        if (member->parts->len == 1)
            ha_log(HA_LOG_WARNING, "haresources: %s stands in more than one group: its services are "
                   "there while any of them is held", resource->text);
        g_array_append_val(member->parts, part);
    }
    g_hash_table_insert(warm->by_text, g_strdup(resource->text), member);
}

struct hb_warm *hb_warm_new(struct ha_loop *loop, const struct hb_act_paths *paths,
                            char *const *environment, const struct hb_haresources *resources)
{
    struct hb_warm *warm;

    if (paths->ldirectord == NULL || access(paths->ldirectord, X_OK) != 0 || overridden(paths))
        return NULL;
    warm = g_new0(struct hb_warm, 1);
    warm->loop = loop;
    warm->paths = *paths;
    warm->environment = environment;
    warm->look_ms = HB_WARM_LOOK_MS;
    warm->check_ms = HB_WARM_CHECK_MS;
    warm->members = g_ptr_array_new_with_free_func(member_free);
    warm->by_text = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++)
            add(warm, i, g_ptr_array_index(group->resources, j));
    }
    if (warm->members->len > 0)
        return warm;
    hb_warm_free(warm);
    return NULL;
}

/* An operation of that group is under way. */
static bool is_busy(const struct hb_warm_member *member, unsigned group)
{
    for (const GList *at = member->ops.head; at != NULL; at = at->next)
        if (hb_warm_op_group(at->data) == group)
            return true;
    return false;
}

/* Parts that nobody names any more: those that have something to stop yet stay for that. */
static void drop_parts(struct hb_warm_member *member, const GArray *named)
{
    for (guint i = member->parts->len; i-- > 0;) {
        struct hb_warm_part *part = &g_array_index(member->parts, struct hb_warm_part, i);
        bool found = false;

        for (guint j = 0; j < named->len && !found; j++)
            found = g_array_index(named, unsigned, j) == part->group;
        if (found)
            continue;
        part->wish = HB_WARM_OFF;
        if (!part->started && !is_busy(member, part->group))
            g_array_remove_index(member->parts, i);
    }
}

/* ---- who is ready ---- */

static enum hb_ready readiness(const struct hb_warm *warm, unsigned group)
{
    enum hb_ready least = HB_READY_ACTIVE;

    for (guint i = 0; i < warm->members->len; i++) {
        struct hb_warm_member *member = g_ptr_array_index(warm->members, i);
        bool known = member->alive.fd >= 0 && !member->hopeless;

        if (hb_warm_part(member, group) == NULL)
            continue;
        if (!member->checked)
            least = MIN(least, HB_READY_NOT);
        else if (known && member->standby)
            least = MIN(least, HB_READY_STANDBY);
    }
    return least;
}

/* One at a time, for who is told may end us. */
static void tell(void *ctx, uint64_t now_ns)
{
    struct hb_warm *warm = ctx;

    for (guint i = 0; i < warm->members->len; i++) {
        struct hb_warm_member *member = g_ptr_array_index(warm->members, i);

        for (guint j = 0; j < member->parts->len; j++) {
            struct hb_warm_part *part = &g_array_index(member->parts, struct hb_warm_part, j);
            enum hb_ready ready = readiness(warm, part->group);

            if (part->told == ready)
                continue;
            part->told = ready;
            ha_timer_set(warm->loop, &warm->tell, now_ns, tell, warm);
            warm->ready_fn(warm->ready_ctx, part->group, ready);
            return;
        }
    }
}

static void tell_soon(struct hb_warm *warm)
{
    if (warm->ready_fn != NULL)
        ha_timer_set(warm->loop, &warm->tell, ha_clock_ns(), tell, warm);
}

void hb_warm_on_ready(struct hb_warm *warm, hb_warm_ready_fn fn, void *ctx)
{
    if (warm == NULL)
        return;
    warm->ready_fn = fn;
    warm->ready_ctx = ctx;
    for (guint i = 0; i < warm->members->len; i++) {
        struct hb_warm_member *member = g_ptr_array_index(warm->members, i);

        for (guint j = 0; j < member->parts->len; j++)
            g_array_index(member->parts, struct hb_warm_part, j).told = HB_READY_NOTHING;
    }
    tell_soon(warm);
}

void hb_warm_set_checked(struct hb_warm_member *member, bool checked)
{
    ha_timer_cancel(member->warm->loop, &member->patience);
    member->checked = checked;
    tell_soon(member->warm);
}

void hb_warm_set_standby(struct hb_warm_member *member, bool standby)
{
    if (member->standby != standby)
        tell_soon(member->warm);
    member->standby = standby;
}

/* ---- another haresources ---- */

void hb_warm_set_environment(struct hb_warm *warm, char *const *environment)
{
    if (warm != NULL)
        warm->environment = environment;
}

void hb_warm_renew(struct hb_warm *warm, const struct hb_haresources *resources,
                   const unsigned *numbers)
{
    GPtrArray *named = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);

    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++)
            add(warm, numbers[i], g_ptr_array_index(group->resources, j));
    }
    for (guint i = 0; i < warm->members->len; i++)
        g_ptr_array_add(named, g_array_new(FALSE, FALSE, sizeof(unsigned)));
    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++) {
            const struct hb_resource *resource = g_ptr_array_index(group->resources, j);
            void *member = g_hash_table_lookup(warm->by_text, resource->text);
            guint at;

            if (member != NULL && g_ptr_array_find(warm->members, member, &at))
                g_array_append_val((GArray *)g_ptr_array_index(named, at), numbers[i]);
        }
    }
    for (guint i = 0; i < warm->members->len; i++) {
        drop_parts(g_ptr_array_index(warm->members, i), g_ptr_array_index(named, i));
        hb_warm_settle(g_ptr_array_index(warm->members, i));
    }
    tell_soon(warm);
    g_ptr_array_unref(named);
}

void hb_warm_linger(struct hb_warm *warm, bool may)
{
    warm->linger = may;
}

void hb_warm_free(struct hb_warm *warm)
{
    if (warm == NULL)
        return;
    ha_timer_cancel(warm->loop, &warm->tell);
    g_hash_table_destroy(warm->by_text);
    g_ptr_array_free(warm->members, TRUE);
    g_free(warm);
}

bool hb_warm_knows(const struct hb_warm *warm, const struct hb_resource *resource)
{
    return warm != NULL && g_hash_table_contains(warm->by_text, resource->text);
}

const char *hb_warm_state(const struct hb_warm *warm, const struct hb_resource *resource, pid_t *pid)
{
    const struct hb_warm_member *member =
        warm != NULL ? g_hash_table_lookup(warm->by_text, resource->text) : NULL;

    *pid = member != NULL ? member->pid : 0;
    if (member == NULL || member->hopeless)
        return NULL;
    if (*pid == 0)
        return "not running";
    return member->standby ? "in standby" : "active";
}

/* ---- what is wanted of it ---- */

struct hb_warm_part *hb_warm_part(struct hb_warm_member *member, unsigned group)
{
    for (guint i = 0; i < member->parts->len; i++) {
        struct hb_warm_part *part = &g_array_index(member->parts, struct hb_warm_part, i);

        if (part->group == group)
            return part;
    }
    return NULL;
}

bool hb_warm_wanted(const struct hb_warm_member *member)
{
    for (guint i = 0; i < member->parts->len; i++)
        if (g_array_index(member->parts, struct hb_warm_part, i).wish != HB_WARM_OFF)
            return true;
    return false;
}

bool hb_warm_started(const struct hb_warm_member *member, const struct hb_warm_part *but)
{
    for (guint i = 0; i < member->parts->len; i++) {
        const struct hb_warm_part *part = &g_array_index(member->parts, struct hb_warm_part, i);

        if (part != but && part->started)
            return true;
    }
    return false;
}

static bool any_wishes(const struct hb_warm_member *member, enum hb_warmth wish)
{
    for (guint i = 0; i < member->parts->len; i++)
        if (g_array_index(member->parts, struct hb_warm_part, i).wish == wish)
            return true;
    return false;
}

bool hb_warm_in_use(const struct hb_warm_member *member)
{
    return any_wishes(member, HB_WARM_IN_USE);
}

bool hb_warm_coming(const struct hb_warm_member *member)
{
    return any_wishes(member, HB_WARM_COMING);
}

void hb_warm_wish(struct hb_warm *warm, unsigned group, enum hb_warmth wish)
{
    for (guint i = 0; i < warm->members->len; i++) {
        struct hb_warm_member *member = g_ptr_array_index(warm->members, i);
        struct hb_warm_part *part = hb_warm_part(member, group);

        if (part == NULL || part->wish == wish)
            continue;
        part->wish = wish;
        member->wished |= wish != HB_WARM_OFF;
        if (wish == HB_WARM_READY || wish == HB_WARM_COMING)
            part->started = false;
        hb_warm_settle(member);
    }
}
