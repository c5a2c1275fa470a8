/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the kernel's table, plans, applies, and tells those who look after what
 * is held. rtnetlink answers within the call, so nothing here waits.
 */
#include "heartbeatd/act/natives.h"

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/act/address.h"
#include "heartbeatd/act/announce.h"
#include "heartbeatd/act/guard_note.h"
#include "heartbeatd/act/hidden.h"
#include "heartbeatd/act/neighbours.h"
#include "heartbeatd/act/probe.h"
#include "heartbeatd/act/resolve.h"

/* Before a takeover is due: so long is asked. */
#define PROBE_MS 500

struct hb_natives {
    char *rundir;
    struct hb_rtnl *rtnl;
    struct hb_announce *announce;
    struct hb_held *held;
    struct hb_probe *probe;
    struct hb_guard_table *guard;
    bool real_server;
};

int hb_natives_new(struct hb_natives **out, struct ha_loop *loop, const char *rundir,
                   hb_held_lost_fn lost, void *ctx)
{
    struct hb_natives *natives = g_new0(struct hb_natives, 1);
    int err = hb_rtnl_open(&natives->rtnl);

    *out = NULL;
    natives->rundir = g_strdup(rundir);
    if (err == 0)
        err = hb_announce_new(&natives->announce, loop, natives->rtnl);
    if (err == 0)
        err = hb_held_new(&natives->held, loop, natives->rtnl, natives->announce, lost, ctx);
    if (err == 0)
        err = hb_probe_new(&natives->probe, loop);
    if (err != 0) {
        hb_natives_free(natives);
        return err;
    }
    *out = natives;
    return 0;
}

void hb_natives_free(struct hb_natives *natives)
{
    if (natives == NULL)
        return;
    hb_probe_free(natives->probe);
    hb_held_free(natives->held);
    hb_announce_free(natives->announce);
    hb_rtnl_close(natives->rtnl);
    g_free(natives->rundir);
    g_free(natives);
}

void hb_natives_guard(struct hb_natives *natives, struct hb_guard_table *guard)
{
    natives->guard = guard;
    hb_held_guard(natives->held, guard);
}

void hb_natives_taken_off(struct hb_natives *natives)
{
    hb_held_taken_off(natives->held);
}

const struct hb_announce *hb_natives_announce(const struct hb_natives *natives)
{
    return natives->announce;
}

struct hb_held *hb_natives_held(const struct hb_natives *natives)
{
    return natives->held;
}

/* ---- start and stop ---- */

/* The addresses of the range; what cannot be read goes into why. */
GArray *hb_natives_read(const struct hb_group *group, const struct hb_action *op, GString *why)
{
    GArray *specs = g_array_new(FALSE, FALSE, sizeof(struct hb_address_spec));

    for (unsigned i = op->first; i <= op->last; i++) {
        const struct hb_resource *resource = g_ptr_array_index(group->resources, i);
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

static int apply(struct hb_natives *natives, GArray *changes)
{
    return hb_rtnl_apply(natives->rtnl, (struct hb_change *)(void *)changes->data, changes->len);
}

/* From here on they are ours to look after. */
static void keep_addresses(struct hb_natives *natives, const struct hb_kernel *kernel, const GArray *specs,
                           const GArray *places)
{
    hb_announce_start(natives->announce, kernel,
                      (const struct hb_kernel_address *)(void *)places->data, places->len);
    hb_neighbours_forget((const struct hb_kernel_address *)(void *)places->data, places->len);
    for (guint i = 0; i < specs->len && i < places->len; i++)
        hb_held_keep(natives->held, kernel, &g_array_index(specs, struct hb_address_spec, i),
                     &g_array_index(places, struct hb_kernel_address, i));
}

static void start_addresses(struct hb_natives *natives, const struct hb_kernel *kernel, const GArray *specs,
                            GString *why)
{
    struct hb_address_plan plan;

    hb_address_plan_init(&plan);
    for (guint i = 0; i < specs->len; i++)
        hb_address_plan_start(&plan, kernel, &g_array_index(specs, struct hb_address_spec, i),
                              find_route, natives->rtnl);
    natives->real_server |= plan.hidden->len > 0;
    for (guint i = 0; plan.why->len == 0 && i < plan.hidden->len; i++) {
        int err = hb_hidden_remember(natives->rundir, kernel,
                                     &g_array_index(plan.hidden, struct hb_kernel_address, i));

        if (err != 0)
            ha_log(HA_LOG_WARNING, "%s: cannot note which address of a real server to put back: %s",
                   natives->rundir, g_strerror(-err));
    }
    for (guint i = 0; plan.why->len == 0 && i < plan.hidden->len; i++)
        hb_guard_hold(natives->guard, HB_GUARD_RETURN,
                      &g_array_index(plan.hidden, struct hb_kernel_address, i));
    for (guint i = 0; plan.why->len == 0 && i < plan.held->len; i++)
        hb_guard_hold(natives->guard, HB_GUARD_REMOVE,
                      &g_array_index(plan.held, struct hb_kernel_address, i));
    if (plan.why->len > 0)
        g_string_append(why, plan.why->str);
    else if (apply(natives, plan.changes) != 0)
        explain(kernel, plan.changes, why);
    else
        keep_addresses(natives, kernel, specs, plan.held);
    hb_address_plan_clear(&plan);
}

/* Puts back the secondary addresses that went with a primary one. */
static void repair(struct hb_natives *natives, const struct hb_address_plan *done,
                   const struct hb_kernel *before)
{
    struct hb_address_plan plan;
    struct hb_kernel *after = NULL;

    if (!hb_address_plan_risky(done, before) || hb_rtnl_read(natives->rtnl, &after) != 0)
        return;
    hb_address_plan_init(&plan);
    hb_address_plan_lost(&plan, done, before, after);
    if (apply(natives, plan.changes) != 0) {
        explain(after, plan.changes, plan.why);
        ha_log(HA_LOG_ERROR, "putting back what went with a primary address: %s", plan.why->str);
    }
    hb_address_plan_clear(&plan);
    hb_kernel_free(after);
}

static void forget(struct hb_natives *natives, const struct ha_addr *addr)
{
    hb_hidden_forget(natives->rundir, addr);
    if (natives->guard != NULL)
        hb_guard_drop(natives->guard, addr->family, addr->bytes);
}

static void stop_addresses(struct hb_natives *natives, const struct hb_kernel *kernel, const GArray *specs,
                           GString *why)
{
    struct hb_address_plan plan;
    struct hb_kernel_address hidden;

    hb_address_plan_init(&plan);
    for (guint i = 0; i < specs->len; i++) {
        const struct hb_address_spec *spec = &g_array_index(specs, struct hb_address_spec, i);

        hb_held_drop(natives->held, &spec->addr);
        hb_announce_stop(natives->announce, &spec->addr);
        hb_address_plan_stop(&plan, kernel, spec);
        if (hb_hidden_recall(natives->rundir, kernel, &spec->addr, &hidden)) {
            natives->real_server = true;
            hb_address_plan_return(&plan, kernel, &hidden);
        }
    }
    if (apply(natives, plan.changes) != 0)
        explain(kernel, plan.changes, why);
    else
        for (guint i = 0; i < specs->len; i++)
            forget(natives, &g_array_index(specs, struct hb_address_spec, i).addr);
    repair(natives, &plan, kernel);
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

static enum hb_op_result run(struct hb_natives *natives, const struct hb_kernel *kernel,
                             const GArray *specs, enum hb_op op, GString *why)
{
    if (op == HB_OP_STATUS)
        return any_held(kernel, specs) ? HB_OP_OK : HB_OP_STOPPED;
    if (op == HB_OP_STOP)
        stop_addresses(natives, kernel, specs, why);
    else
        start_addresses(natives, kernel, specs, why);
    for (guint i = 0; op == HB_OP_START && why->len > 0 && i < specs->len; i++)
        hb_held_resume(natives->held, &g_array_index(specs, struct hb_address_spec, i).addr);
    return why->len > 0 ? HB_OP_FAILED : HB_OP_OK;
}

enum hb_op_result hb_natives_run(struct hb_natives *natives, const GArray *specs, enum hb_op op,
                                 GString *why)
{
    enum hb_op_result result;
    struct hb_kernel *kernel = NULL;
    int err = hb_rtnl_read(natives->rtnl, &kernel);

    if (err != 0) {
        g_string_append_printf(why, "the kernel's addresses cannot be read: %s", g_strerror(-err));
        return HB_OP_FAILED;
    }
    result = run(natives, kernel, specs, op, why);
    hb_kernel_free(kernel);
    return result;
}

bool hb_natives_real_server(struct hb_natives *natives, bool look)
{
    struct hb_kernel *kernel = NULL;

    if (!look || natives->real_server || hb_rtnl_read(natives->rtnl, &kernel) != 0)
        return natives->real_server;
    for (guint i = 0; i < kernel->addresses->len; i++)
        natives->real_server |= hb_address_hidden(
            kernel, &g_array_index(kernel->addresses, struct hb_kernel_address, i));
    hb_kernel_free(kernel);
    return natives->real_server;
}

/* ---- does another have it? ---- */

/* Where each would be; what cannot be placed is none of the probe's business. */
static void ask(struct hb_natives *natives, const GArray *specs, uint64_t for_ms)
{
    struct hb_kernel *kernel = NULL;

    if (hb_rtnl_read(natives->rtnl, &kernel) != 0)
        return;
    for (guint i = 0; i < specs->len; i++) {
        const struct hb_address_spec *spec = &g_array_index(specs, struct hb_address_spec, i);
        struct hb_address_plan plan;

        if (hb_address_held(kernel, spec))
            continue;
        hb_address_plan_init(&plan);
        hb_address_plan_start(&plan, kernel, spec, find_route, natives->rtnl);
        hb_probe_ask(natives->probe, kernel,
                     (const struct hb_kernel_address *)(void *)plan.held->data, plan.held->len,
                     for_ms);
        hb_address_plan_clear(&plan);
    }
    hb_kernel_free(kernel);
}

void hb_natives_probe(struct hb_natives *natives, const GArray *specs)
{
    ask(natives, specs, PROBE_MS);
}

bool hb_natives_contested(struct hb_natives *natives, const GArray *specs, GString *why)
{
    uint64_t now_ns = ha_clock_ns();
    bool asked = true;

    hb_probe_hear(natives->probe);
    for (guint i = 0; i < specs->len; i++) {
        const struct ha_addr *addr = &g_array_index(specs, struct hb_address_spec, i).addr;
        uint8_t mac[6];
        char text[HA_ADDR_TEXT];

        asked = asked && hb_probe_asked(natives->probe, addr);
        if (hb_probe_answers(natives->probe, addr, now_ns, mac))
            g_string_append_printf(why, "%s%s is still answered for by "
                                   "%02x:%02x:%02x:%02x:%02x:%02x", why->len > 0 ? "; " : "",
                                   ha_addr_text(addr, text), mac[0], mac[1], mac[2], mac[3],
                                   mac[4], mac[5]);
    }
    if (!asked || why->len > 0)
        ask(natives, specs, PROBE_MS);
    return why->len > 0;
}
