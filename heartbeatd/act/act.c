/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One operation in, one answer out. Addresses are changed within the call, for
 * rtnetlink answers at once; their answer waits for the next round of the loop
 * all the same, so that nobody is called back while he still calls.
 */
#include "heartbeatd/act/act.h"

#include <errno.h>

#include "common/run/log.h"
#include "heartbeatd/act/act_inside.h"
#include "heartbeatd/act/address.h"
#include "heartbeatd/act/guard_note.h"
#include "heartbeatd/act/held.h"
#include "heartbeatd/act/hidden.h"
#include "heartbeatd/act/resolve.h"
#include "heartbeatd/act/warm.h"

struct hb_act {
    struct ha_loop *loop;
    struct hb_act_paths paths;
    const struct hb_haresources *resources;
    char **environment;
    struct hb_rtnl *rtnl;
    struct hb_announce *announce;
    struct hb_held *held;
    struct hb_warm *warm;
    bool warm_wished; /* by ha.cf */
    struct hb_guard_table *guard;
    hb_act_fn fn;
    hb_act_lost_fn lost;
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
    struct hb_action op;      /* what it was, should it be a script's after all */
    struct ha_timer timer;    /* or the answer waits here */
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
    err = hb_rtnl_open(&act->rtnl);
    if (err == 0)
        err = hb_announce_new(&act->announce, loop, act->rtnl);
    if (err == 0)
        err = hb_held_new(&act->held, loop, act->rtnl, act->announce, is_lost, act);
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

static const struct hb_act_paths installed = {
    .hadir = HA_HADIR, .initdir = HA_INITDIR, .rundir = HA_RUNDIR "/heartbeat",
    .ldirectord = HA_SBINDIR "/ldirectord", .piddir = HA_RUNDIR};

void hb_act_verify(struct hb_haresources *resources, bool addresses, enum ha_severity severity,
                   struct ha_diags *diags)
{
    hb_act_verify_at(&installed, resources, addresses, severity, diags);
}

int hb_act_new(struct hb_act **out, struct ha_loop *loop, const struct hb_config *config,
               struct hb_haresources *resources, const char *node, hb_act_fn fn, void *ctx)
{
    return hb_act_new_at(out, &installed, loop, config, resources, node, fn, ctx);
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
    g_strfreev(act->environment);
    act->environment = hb_agent_environment(&act->paths, config, node);
    hb_warm_set_environment(act->warm, act->environment);
    act->warm_wished = config->warm_standby;
}

void hb_act_guard(struct hb_act *act, struct hb_guard_table *guard)
{
    act->guard = guard;
    hb_held_guard(act->held, guard);
}

void hb_act_taken_off(struct hb_act *act)
{
    hb_held_taken_off(act->held);
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
    if (job->group != NULL)
        hb_group_free(job->group);
    g_free(job->detail);
    g_free(job);
}

void hb_act_free(struct hb_act *act)
{
    if (act == NULL)
        return;
    while (act->jobs.head != NULL)
        job_free(act->jobs.head->data);
    hb_held_free(act->held);
    hb_warm_free(act->warm);
    hb_announce_free(act->announce);
    hb_rtnl_close(act->rtnl);
    g_strfreev(act->environment);
    g_free(act);
}

char *const *hb_act_environment(const struct hb_act *act)
{
    return act->environment;
}

const struct hb_announce *hb_act_announce(const struct hb_act *act)
{
    return act->announce;
}

struct hb_held *hb_act_held(const struct hb_act *act)
{
    return act->held;
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

/* The addresses of the range; what cannot be read goes into why. */
static GArray *read_specs(const struct hb_group *group, const struct hb_action *op, GString *why)
{
    GArray *specs = g_array_new(FALSE, FALSE, sizeof(struct hb_address_spec));

    for (unsigned i = op->first; i <= op->last; i++) {
        const struct hb_resource *resource = resource_at(group, i);
        char *argument = hb_resolve_argument(resource);
        enum hb_address_kind kind = HB_ADDRESS_IPADDR;
        struct hb_address_spec spec;
        const char *reason;

        (void)hb_address_kind_find(resource->name, &kind);
        if (hb_address_spec_parse(kind, argument, &spec, &reason))
            g_array_append_val(specs, spec);
        else
            g_string_append_printf(why, "%s%s: %s", why->len > 0 ? "; " : "", resource->text,
                                   reason);
        g_free(argument);
    }
    return specs;
}

static int find_route(void *ctx, const struct ha_addr *addr, int *index, int *bits)
{
    return hb_rtnl_route(ctx, addr, index, bits);
}

/* A sentence for each change that failed. */
static void explain(const struct hb_kernel *kernel, const GArray *changes, GString *why)
{
    for (guint i = 0; i < changes->len; i++) {
        const struct hb_change *one = &g_array_index(changes, struct hb_change, i);
        const struct hb_link *link = hb_kernel_link(kernel, one->address.index);
        char text[HA_ADDR_TEXT];

        if (one->error == 0)
            continue;
        g_string_append_printf(why, "%s%s: cannot %s %s: %s", why->len > 0 ? "; " : "",
                               ha_addr_text(&one->address.addr, text),
                               one->kind == HB_CHANGE_ADD ? "be added to" : "be removed from",
                               link != NULL ? link->name : "its interface",
                               g_strerror(-one->error));
    }
}

static int apply(struct hb_act *act, GArray *changes)
{
    return hb_rtnl_apply(act->rtnl, (struct hb_change *)(void *)changes->data, changes->len);
}

/* From here on they are ours to look after. */
static void keep_addresses(struct hb_act *act, const struct hb_kernel *kernel, const GArray *specs,
                           const GArray *places)
{
    hb_announce_start(act->announce, kernel,
                      (const struct hb_kernel_address *)(void *)places->data, places->len);
    for (guint i = 0; i < specs->len && i < places->len; i++)
        hb_held_keep(act->held, kernel, &g_array_index(specs, struct hb_address_spec, i),
                     &g_array_index(places, struct hb_kernel_address, i));
}

static void start_addresses(struct hb_act *act, const struct hb_kernel *kernel, GArray *specs,
                            GString *why)
{
    struct hb_address_plan plan;

    hb_address_plan_init(&plan);
    for (guint i = 0; i < specs->len; i++)
        hb_address_plan_start(&plan, kernel, &g_array_index(specs, struct hb_address_spec, i),
                              find_route, act->rtnl);
    for (guint i = 0; plan.why->len == 0 && i < plan.hidden->len; i++) {
        int err = hb_hidden_remember(act->paths.rundir, kernel,
                                     &g_array_index(plan.hidden, struct hb_kernel_address, i));

        if (err != 0)
            ha_log(HA_LOG_WARNING, "%s: cannot note which address of a real server to put back: %s",
                   act->paths.rundir, g_strerror(-err));
    }
    for (guint i = 0; plan.why->len == 0 && i < plan.hidden->len; i++)
        hb_guard_hold(act->guard, HB_GUARD_RETURN,
                      &g_array_index(plan.hidden, struct hb_kernel_address, i));
    for (guint i = 0; plan.why->len == 0 && i < plan.held->len; i++)
        hb_guard_hold(act->guard, HB_GUARD_REMOVE,
                      &g_array_index(plan.held, struct hb_kernel_address, i));
    if (plan.why->len > 0)
        g_string_append(why, plan.why->str);
    else if (apply(act, plan.changes) != 0)
        explain(kernel, plan.changes, why);
    else
        keep_addresses(act, kernel, specs, plan.held);
    hb_address_plan_clear(&plan);
}

/* Puts back the secondary addresses that went with a primary one. */
static void repair(struct hb_act *act, const struct hb_address_plan *done,
                   const struct hb_kernel *before)
{
    struct hb_address_plan plan;
    struct hb_kernel *after = NULL;

    if (!hb_address_plan_risky(done, before) || hb_rtnl_read(act->rtnl, &after) != 0)
        return;
    hb_address_plan_init(&plan);
    hb_address_plan_lost(&plan, done, before, after);
    if (apply(act, plan.changes) != 0) {
        explain(after, plan.changes, plan.why);
        ha_log(HA_LOG_ERROR, "putting back what went with a primary address: %s", plan.why->str);
    }
    hb_address_plan_clear(&plan);
    hb_kernel_free(after);
}

static void forget(struct hb_act *act, const struct ha_addr *addr)
{
    hb_hidden_forget(act->paths.rundir, addr);
    if (act->guard != NULL)
        hb_guard_drop(act->guard, addr->family, addr->bytes);
}

static void stop_addresses(struct hb_act *act, const struct hb_kernel *kernel, GArray *specs,
                           GString *why)
{
    struct hb_address_plan plan;
    struct hb_kernel_address hidden;

    hb_address_plan_init(&plan);
    for (guint i = 0; i < specs->len; i++) {
        const struct hb_address_spec *spec = &g_array_index(specs, struct hb_address_spec, i);

        hb_held_drop(act->held, &spec->addr);
        hb_announce_stop(act->announce, &spec->addr);
        hb_address_plan_stop(&plan, kernel, spec);
        if (hb_hidden_recall(act->paths.rundir, kernel, &spec->addr, &hidden))
            hb_address_plan_return(&plan, kernel, &hidden);
    }
    if (apply(act, plan.changes) != 0)
        explain(kernel, plan.changes, why);
    else
        for (guint i = 0; i < specs->len; i++)
            forget(act, &g_array_index(specs, struct hb_address_spec, i).addr);
    repair(act, &plan, kernel);
    hb_address_plan_clear(&plan);
}

/* A range is asked for its status when it would not stop: one address that is left is enough. */
static bool any_held(const struct hb_kernel *kernel, const GArray *specs)
{
    for (guint i = 0; i < specs->len; i++) {
        if (hb_address_held(kernel, &g_array_index(specs, struct hb_address_spec, i)))
            return true;
    }
    return false;
}

static void run_addresses(struct job *job, const struct hb_group *group, const struct hb_action *op)
{
    struct hb_act *act = job->act;
    GString *why = g_string_new("");
    GArray *specs = read_specs(group, op, why);
    enum hb_op_result result = HB_OP_OK;
    struct hb_kernel *kernel = NULL;
    bool unreadable = why->len > 0;
    int err = hb_rtnl_read(act->rtnl, &kernel);

    if (err != 0) {
        g_string_append_printf(why, "the kernel's addresses cannot be read: %s", g_strerror(-err));
        result = HB_OP_FAILED;
    } else if (op->op == HB_OP_STATUS) {
        result = any_held(kernel, specs) ? HB_OP_OK : HB_OP_STOPPED;
    } else if (op->op == HB_OP_STOP) {
        g_string_truncate(why, 0); /* what nobody can read was never started */
        stop_addresses(act, kernel, specs, why);
        result = why->len > 0 ? HB_OP_FAILED : HB_OP_OK;
    } else {
        if (!unreadable)
            start_addresses(act, kernel, specs, why);
        for (guint i = 0; why->len > 0 && i < specs->len; i++)
            hb_held_resume(act->held, &g_array_index(specs, struct hb_address_spec, i).addr);
        result = why->len > 0 ? HB_OP_FAILED : HB_OP_OK;
    }
    hb_kernel_free(kernel);
    g_array_unref(specs);
    answer_later(job, result, g_string_free(why, why->len == 0));
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

void hb_act_keep_warm(struct hb_act *act, const struct hb_core *core)
{
    for (unsigned i = 0; act->warm != NULL && i < act->resources->groups->len; i++)
        hb_warm_wish(act->warm, hb_core_group_number(core, i),
                     act->warm_wished ? hb_core_warm(core, i) : HB_WARM_OFF);
}

void hb_act_renew_warm(struct hb_act *act, const struct hb_core *core)
{
    guint count = act->resources->groups->len;
    unsigned *numbers = g_new0(unsigned, MAX(count, 1));

    for (guint i = 0; i < count; i++)
        numbers[i] = hb_core_group_number(core, i);
    if (act->warm == NULL && act->warm_wished)
        act->warm = hb_warm_new(act->loop, &act->paths, act->environment, act->resources);
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
    if (native)
        run_addresses(job, group, op);
    else if (op->first == op->last && hb_warm_knows(act->warm, resource_at(group, op->first))) {
        job->group = hb_group_copy(group);
        job->warm = hb_warm_run(act->warm, resource_at(group, op->first), op, warm_ended, job);
    } else if (op->first == op->last)
        run_script(job, resource_at(group, op->first), op);
    else
        answer_later(job, HB_OP_FAILED, g_strdup("a script among addresses must be run alone"));
}

void hb_act_cancel(struct hb_act *act, uint32_t op_id)
{
    for (GList *at = act->jobs.head; at != NULL; at = at->next) {
        struct job *job = at->data;

        if (job->op_id != op_id || (job->run == NULL && job->warm == NULL))
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
