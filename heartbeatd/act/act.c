/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One operation in, one answer out. Addresses are changed within the call, for
 * rtnetlink answers at once; their answer waits for the next round of the loop
 * all the same, so that nobody is called back while he still calls.
 */
#include "heartbeatd/act/act.h"

#include <errno.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/act/act_inside.h"
#include "heartbeatd/act/fence.h"
#include "heartbeatd/act/natives.h"
#include "heartbeatd/act/resolve.h"
#include "heartbeatd/act/warm.h"

/* While another still answers for an address, it is looked at this often. */
#define CONTESTED_LOOK_NS (20 * HA_NS_PER_MS)

struct hb_act {
    struct ha_loop *loop;
    struct hb_act_paths paths;
    const struct hb_haresources *resources;
    char **environment;
    struct hb_natives *natives;
    struct hb_warm *warm;
    bool warm_wished; /* by ha.cf */
    uint64_t contested_ms; /* how long another that answers is waited for */
    bool contested_leave;  /* and then not taken from it */
    hb_act_fn fn;
    hb_act_lost_fn lost;
    hb_warm_ready_fn ready;
    void *ctx;
    GQueue jobs; /* of struct job, not yet answered */
};

struct job {
    struct hb_act *act;
    GList link;
    uint32_t op_id;
    struct hb_agent_run *run; /* a script is under way */
    struct hb_group *group;   /* of warm */
    struct hb_warm_op *warm;  /* an order to a standby is under way */
    struct hb_warm_wait *wait; /* what knows of connections gets ready, before addresses go or come */
    struct hb_action op;      /* what it was, should it be a script's after all */
    struct ha_timer timer;    /* or the answer waits here */
    GArray *specs;            /* addresses that another may still answer for */
    uint64_t until_ns;
    bool told;
    enum hb_op_result result;
    char *detail;
};

/* ---- life ---- */

typedef bool (*spec_fn)(void *ctx, const struct hb_group *group,
                        const struct hb_resource *resource, const struct hb_address_spec *spec,
                        const char *why);

/* Every native address, until fn says true; spec is NULL and why says so where it cannot be read. */
static bool each_address(const struct hb_haresources *resources, spec_fn fn, void *ctx)
{
    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++) {
            const struct hb_resource *resource = g_ptr_array_index(group->resources, j);
            struct hb_address_spec spec;
            enum hb_address_kind kind;
            const char *why;
            char *argument;
            bool read;

            if (!resource->native || !hb_address_kind_find(resource->name, &kind))
                continue;
            argument = hb_resolve_argument(resource);
            read = hb_address_spec_parse(kind, argument, &spec, &why);
            g_free(argument);
            if (fn(ctx, group, resource, read ? &spec : NULL, why))
                return true;
        }
    }
    return false;
}

static bool check_address(void *ctx, const struct hb_group *group,
                          const struct hb_resource *resource, const struct hb_address_spec *spec,
                          const char *why)
{
    (void)ctx;
    if (spec == NULL)
        ha_log(HA_LOG_ERROR, "haresources:%u: %s: %s; it will not start", group->line,
               resource->text, why);
    return false;
}

struct lost {
    const struct hb_act *act;
    const struct ha_addr *addr;
    unsigned group, resource;
};

static bool is_the_lost_one(void *ctx, const struct hb_group *group,
                            const struct hb_resource *resource, const struct hb_address_spec *spec,
                            const char *why)
{
    struct lost *lost = ctx;

    (void)why;
    return spec != NULL && ha_addr_equal(&spec->addr, lost->addr) &&
           g_ptr_array_find(lost->act->resources->groups, group, &lost->group) &&
           g_ptr_array_find(group->resources, resource, &lost->resource);
}

/* Whose it is now: haresources may have been reread since it was started. */
static void is_lost(void *ctx, const struct ha_addr *addr, const char *why)
{
    struct hb_act *act = ctx;
    struct lost lost = {.act = act, .addr = addr};

    if (act->lost != NULL && each_address(act->resources, is_the_lost_one, &lost))
        act->lost(act->ctx, lost.group, lost.resource, why);
}

int hb_act_new_at(struct hb_act **out, const struct hb_act_paths *paths, struct ha_loop *loop,
                  const struct hb_config *config, struct hb_haresources *resources,
                  const char *node, hb_act_fn fn, void *ctx)
{
    struct hb_act *act = g_new0(struct hb_act, 1);
    int err;

    *out = NULL;
    act->loop = loop;
    act->paths = *paths;
    act->resources = resources;
    act->fn = fn;
    act->ctx = ctx;
    g_queue_init(&act->jobs);
    act->contested_ms = config->contested_ms;
    act->contested_leave = config->contested_leave;
    err = hb_natives_new(&act->natives, loop, paths->rundir, is_lost, act);
    if (err != 0) {
        hb_act_free(act);
        return err;
    }
    act->environment = hb_agent_environment(paths, config, node);
    hb_resolve(paths, resources);
    act->warm_wished = config->warm_standby;
    if (config->warm_standby)
        act->warm = hb_warm_new(loop, paths, act->environment, resources);
    (void)each_address(resources, check_address, NULL);
    *out = act;
    return 0;
}

void hb_act_verify(const struct hb_config *config, struct hb_haresources *resources, bool addresses,
                   enum ha_severity severity, struct ha_diags *diags)
{
    hb_act_verify_at(hb_act_installed(), resources, addresses, severity, diags);
    hb_fence_verify(config, severity, diags);
}

int hb_act_new(struct hb_act **out, struct ha_loop *loop, const struct hb_config *config,
               struct hb_haresources *resources, const char *node, hb_act_fn fn, void *ctx)
{
    return hb_act_new_at(out, hb_act_installed(), loop, config, resources, node, fn, ctx);
}

static void note_native(GHashTable *native, const struct hb_haresources *resources)
{
    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++) {
            struct hb_resource *resource = g_ptr_array_index(group->resources, j);

            g_hash_table_insert(native, resource->text, GUINT_TO_POINTER(1 + resource->native));
        }
    }
}

void hb_act_renew(struct hb_act *act, const struct hb_config *config,
                  struct hb_haresources *resources, const char *node)
{
    GHashTable *native = g_hash_table_new(g_str_hash, g_str_equal);

    note_native(native, act->resources);
    hb_resolve(&act->paths, resources);
    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++) {
            struct hb_resource *resource = g_ptr_array_index(group->resources, j);
            guint before = GPOINTER_TO_UINT(g_hash_table_lookup(native, resource->text));

            if (before > 0)
                resource->native = before == 2;
        }
    }
    g_hash_table_destroy(native);
    (void)each_address(resources, check_address, NULL);
    act->resources = resources;
    act->contested_ms = config->contested_ms;
    act->contested_leave = config->contested_leave;
    g_strfreev(act->environment);
    act->environment = hb_agent_environment(&act->paths, config, node);
    hb_warm_set_environment(act->warm, act->environment);
    act->warm_wished = config->warm_standby;
}

void hb_act_guard(struct hb_act *act, struct hb_guard_table *guard)
{
    hb_natives_guard(act->natives, guard);
}

void hb_act_taken_off(struct hb_act *act)
{
    hb_natives_taken_off(act->natives);
}

static bool is_address(void *ctx, const struct hb_group *group, const struct hb_resource *resource,
                       const struct hb_address_spec *spec, const char *why)
{
    (void)group;
    (void)resource;
    (void)why;
    return spec != NULL && ha_addr_equal(&spec->addr, ctx);
}

bool hb_act_knows(const struct hb_act *act, const struct ha_addr *addr)
{
    return each_address(act->resources, is_address, (void *)(uintptr_t)addr);
}

void hb_act_on_lost(struct hb_act *act, hb_act_lost_fn lost)
{
    act->lost = lost;
}

static void job_free(struct job *job)
{
    g_queue_unlink(&job->act->jobs, &job->link);
    ha_timer_cancel(job->act->loop, &job->timer);
    if (job->run != NULL)
        hb_agent_abandon(job->run);
    hb_warm_abandon(job->warm);
    hb_warm_wait_abandon(job->wait);
    if (job->group != NULL)
        hb_group_free(job->group);
    if (job->specs != NULL)
        g_array_unref(job->specs);
    g_free(job->detail);
    g_free(job);
}

void hb_act_free(struct hb_act *act)
{
    if (act == NULL)
        return;
    while (act->jobs.head != NULL)
        job_free(act->jobs.head->data);
    hb_natives_free(act->natives);
    hb_warm_free(act->warm);
    g_strfreev(act->environment);
    g_free(act);
}

char *const *hb_act_environment(const struct hb_act *act)
{
    return act->environment;
}

const struct hb_announce *hb_act_announce(const struct hb_act *act)
{
    return hb_natives_announce(act->natives);
}

bool hb_act_real_server(struct hb_act *act, bool look)
{
    return hb_natives_real_server(act->natives, look);
}

struct hb_held *hb_act_held(const struct hb_act *act)
{
    return hb_natives_held(act->natives);
}

/* ---- answers ---- */

static void answer(void *ctx, uint64_t now_ns)
{
    struct job *job = ctx;
    struct hb_act *act = job->act;
    enum hb_op_result result = job->result;
    uint32_t op_id = job->op_id;
    char *detail = g_steal_pointer(&job->detail);

    (void)now_ns;
    job_free(job);
    act->fn(act->ctx, op_id, result, detail); /* may free act */
    g_free(detail);
}

static void answer_later(struct job *job, enum hb_op_result result, char *detail)
{
    job->result = result;
    job->detail = detail;
    ha_timer_set(job->act->loop, &job->timer, 1, answer, job);
}

static void agent_ended(void *ctx, enum hb_op_result result, const char *detail)
{
    struct job *job = ctx;

    job->run = NULL;
    job->result = result;
    job->detail = g_strdup(detail);
    answer(job, 0);
}

/* ---- addresses ---- */

static const struct hb_resource *resource_at(const struct hb_group *group, unsigned i)
{
    return g_ptr_array_index(group->resources, i);
}

/* As long as another answers for one of them, within bounds; then, or if none does, takes them. */
static void start_when_free(void *ctx, uint64_t now_ns)
{
    struct job *job = ctx;
    struct hb_act *act = job->act;
    GString *why = g_string_new("");
    enum hb_op_result result;

    if (hb_natives_contested(act->natives, job->specs, why) && now_ns < job->until_ns) {
        if (!job->told)
            ha_log(HA_LOG_WARNING, "%s", why->str);
        job->told = true;
        g_string_free(why, TRUE);
        ha_timer_set(act->loop, &job->timer, now_ns + CONTESTED_LOOK_NS, start_when_free, job);
        return;
    }
    if (why->len > 0 && act->contested_leave) {
        answer_later(job, HB_OP_FAILED, g_string_free(why, FALSE));
        return;
    }
    if (why->len > 0)
        ha_log(HA_LOG_ERROR, "%s: taking it all the same", why->str);
    g_string_truncate(why, 0);
    result = hb_natives_run(act->natives, job->specs, HB_OP_START, why);
    answer_later(job, result, g_string_free(why, why->len == 0));
}

static void run_addresses(struct job *job, const struct hb_group *group, const struct hb_action *op)
{
    struct hb_act *act = job->act;
    GString *why = g_string_new("");
    GArray *specs = hb_natives_read(group, op, why);
    enum hb_op_result result = HB_OP_FAILED;

    if (op->op == HB_OP_START && op->contest && why->len == 0) {
        uint64_t now_ns = ha_clock_ns();

        job->specs = specs;
        job->until_ns = ha_after_ns(now_ns, ha_ms_to_ns(act->contested_ms));
        g_string_free(why, TRUE);
        start_when_free(job, now_ns);
        return;
    }
    if (op->op == HB_OP_STOP)
        g_string_truncate(why, 0); /* what nobody can read was never started */
    if (op->op != HB_OP_START || why->len == 0)
        result = hb_natives_run(act->natives, specs, op->op, why);
    g_array_unref(specs);
    answer_later(job, result, g_string_free(why, why->len == 0));
}

static void may_go(void *ctx)
{
    struct job *job = ctx;

    job->wait = NULL;
    run_addresses(job, job->group, &job->op);
}

/* Who gives addresses away in good order has time as long as it has them; who takes them so, is to know the
 * connections that come with them. */
static void run_when_ready(struct job *job, const struct hb_group *group, const struct hb_action *op)
{
    job->wait = hb_warm_get_ready(job->act->warm, op->group, op->op, may_go, job);
    if (job->wait == NULL)
        run_addresses(job, group, op);
    else
        job->group = hb_group_copy(group);
}

/* ---- scripts ---- */

static void run_script(struct job *job, const struct hb_resource *resource,
                       const struct hb_action *op)
{
    struct hb_act *act = job->act;
    char *why = NULL;
    char *path = hb_agent_find(&act->paths, resource->name, &why);

    if (path == NULL) {
        answer_later(job, op->op == HB_OP_STATUS ? HB_OP_STOPPED : HB_OP_FAILED, why);
        return;
    }
    g_free(path);
    job->run = hb_agent_start(act->loop, &act->paths, act->environment, resource, op->op,
                              op->deadline_ms, agent_ended, job);
    if (job->run == NULL)
        answer_later(job, HB_OP_FAILED,
                     g_strdup_printf("%s: cannot be run: %s", resource->text, g_strerror(errno)));
}

/* ---- standbys ---- */

static void warm_ended(void *ctx, bool reached, enum hb_op_result result, const char *detail)
{
    struct job *job = ctx;

    job->warm = NULL;
    if (!reached) {
        run_script(job, resource_at(job->group, job->op.first), &job->op);
        return;
    }
    job->result = result;
    job->detail = g_strdup(detail);
    answer(job, 0);
}

/* A director that is a real server as well gets packets for the address from the other one: with a table
 * it would send them on, and back. So it has one only with the address. */
static enum hb_warmth wish_for(struct hb_act *act, const struct hb_core *core, unsigned group)
{
    enum hb_warmth wish = act->warm_wished ? hb_core_warm(core, group) : HB_WARM_OFF;

    return wish == HB_WARM_COMING && hb_natives_real_server(act->natives, true) ? HB_WARM_READY
                                                                                 : wish;
}

void hb_act_keep_warm(struct hb_act *act, const struct hb_core *core)
{
    for (unsigned i = 0; act->warm != NULL && i < act->resources->groups->len; i++)
        hb_warm_wish(act->warm, hb_core_group_number(core, i), wish_for(act, core, i));
}

/* What is not to be warm is not waited for, nor what is not activated ahead of its time. */
static void is_ready(void *ctx, unsigned group, enum hb_ready ready)
{
    struct hb_act *act = ctx;
    bool late = ready == HB_READY_STANDBY && hb_natives_real_server(act->natives, true);

    act->ready(act->ctx, group, act->warm_wished && !late ? ready : HB_READY_NOTHING);
}

void hb_act_on_ready(struct hb_act *act, void (*fn)(void *ctx, unsigned group, enum hb_ready ready))
{
    act->ready = fn;
    hb_warm_on_ready(act->warm, is_ready, act);
}

void hb_act_renew_warm(struct hb_act *act, const struct hb_core *core)
{
    guint count = act->resources->groups->len;
    unsigned *numbers = g_new0(unsigned, MAX(count, 1));

    for (guint i = 0; i < count; i++)
        numbers[i] = hb_core_group_number(core, i);
    if (act->warm == NULL && act->warm_wished)
        act->warm = hb_warm_new(act->loop, &act->paths, act->environment, act->resources);
    if (act->ready != NULL)
        hb_warm_on_ready(act->warm, is_ready, act);
    if (act->warm != NULL)
        hb_warm_renew(act->warm, act->resources, numbers);
    g_free(numbers);
    hb_act_keep_warm(act, core);
}

const char *hb_act_warm_state(const struct hb_act *act, size_t group, size_t at, pid_t *pid)
{
    const struct hb_group *its = g_ptr_array_index(act->resources->groups, group);

    return hb_warm_state(act->warm, resource_at(its, (unsigned)at), pid);
}

/* ---- operations ---- */

void hb_act_run(struct hb_act *act, const struct hb_action *op)
{
    struct job *job = g_new0(struct job, 1);
    const struct hb_group *group = NULL;
    bool native = true;

    job->act = act;
    job->link.data = job;
    job->op_id = op->op_id;
    job->op = *op;
    g_queue_push_tail_link(&act->jobs, &job->link);
    if (op->of != NULL)
        group = op->of;
    else if (op->group < act->resources->groups->len)
        group = g_ptr_array_index(act->resources->groups, op->group);
    if (group == NULL || op->first > op->last || op->last >= group->resources->len ||
        (unsigned)op->op >= HB_OP_COUNT) {
        answer_later(job, HB_OP_FAILED, g_strdup("there is no such resource"));
        return;
    }
    for (unsigned i = op->first; i <= op->last; i++)
        native = native && resource_at(group, i)->native;
    if (native && op->handed)
        run_when_ready(job, group, op);
    else if (native)
        run_addresses(job, group, op);
    else if (op->first == op->last && hb_warm_knows(act->warm, resource_at(group, op->first))) {
        job->group = hb_group_copy(group);
        hb_warm_linger(act->warm, !hb_natives_real_server(act->natives, false));
        job->warm = hb_warm_run(act->warm, resource_at(group, op->first), op, warm_ended, job);
    } else if (op->first == op->last)
        run_script(job, resource_at(group, op->first), op);
    else
        answer_later(job, HB_OP_FAILED, g_strdup("a script among addresses must be run alone"));
}

void hb_act_probe(struct hb_act *act, const struct hb_action *action)
{
    const struct hb_group *group = action->of;
    struct hb_action range = *action;

    for (unsigned i = 0; group != NULL && i < group->resources->len; i++) {
        GString *ignored;
        GArray *specs;

        if (!resource_at(group, i)->native)
            continue;
        ignored = g_string_new("");
        range.first = range.last = i;
        while (range.last + 1 < group->resources->len && resource_at(group, range.last + 1)->native)
            range.last++;
        i = range.last;
        specs = hb_natives_read(group, &range, ignored);
        hb_natives_probe(act->natives, specs);
        g_array_unref(specs);
        g_string_free(ignored, TRUE);
    }
}

void hb_act_cancel(struct hb_act *act, uint32_t op_id)
{
    for (GList *at = act->jobs.head; at != NULL; at = at->next) {
        struct job *job = at->data;

        if (job->op_id != op_id ||
            (job->run == NULL && job->warm == NULL && job->timer.fn != start_when_free))
            continue;
        if (job->run != NULL)
            hb_agent_abandon(job->run);
        hb_warm_abandon(job->warm);
        job->run = NULL;
        job->warm = NULL;
        answer_later(job, HB_OP_FAILED, g_strdup("no longer wanted"));
        return;
    }
}
