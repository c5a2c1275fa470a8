/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record per held address, and one look at the kernel's table when a notice
 * concerns one of them: what should be there and is not is added, all in one
 * batch. The look decides and not the notice, so our own changes, and notices
 * that come late or not at all, do no harm. Does not stop a resource: says that
 * it is lost, and goes on trying until somebody else has decided.
 */
#include "heartbeatd/act/held.h"

#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <string.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "heartbeatd/act/address.h"
#include "heartbeatd/act/guard_note.h"
#include "heartbeatd/act/notices.h"

/* While something is away that no notice will tell of. */
#define RETRY_NS     (500 * HA_NS_PER_MS)
/* Routes waiting to be put back, and the most bytes that one has. */
#define ROUTES_MAX   64
#define ROUTE_BYTES  512
#define ROUTES_LOGGED 5

struct record {
    struct hb_address_spec spec; /* with its place filled in */
    int index;
    unsigned bits;
    bool carrier;
    bool off;             /* taken off: not ours to put back */
    unsigned put_backs;   /* since window_ns */
    uint64_t window_ns;
    uint64_t away_ns;     /* since then it cannot be put back; 0: it is there */
    uint64_t told_ns;     /* last told as lost */
    guint from, to;       /* its changes in the plan under way */
    char *why;            /* it is away */
};

struct lost {
    struct ha_addr addr;
    char *why;
};

struct hb_held {
    struct ha_loop *loop;
    struct hb_rtnl *rtnl;
    struct hb_announce *announce;
    struct hb_notices *notices;
    struct ha_timer look;
    struct ha_timer tell;
    GHashTable *records; /* struct ha_addr * (in the record) to struct record * */
    GPtrArray *routes;   /* of GBytes: messages to be sent again */
    GQueue lost;         /* of struct lost *, to be told */
    hb_held_lost_fn fn;
    void *ctx;
    struct ha_log_limit route_log;
    uint64_t window_ms;
    struct hb_guard_table *guard;
};

static guint addr_hash(gconstpointer addr)
{
    return ha_addr_hash(addr);
}

static gboolean addr_equal(gconstpointer a, gconstpointer b)
{
    return ha_addr_equal(a, b);
}

static void record_free(gpointer item)
{
    struct record *record = item;

    g_free(record->why);
    g_free(record);
}

static void lost_free(gpointer item)
{
    struct lost *lost = item;

    g_free(lost->why);
    g_free(lost);
}

/* ---- telling that one is lost ---- */

static void tell(void *ctx, uint64_t now_ns)
{
    struct hb_held *held = ctx;
    struct lost *lost = g_queue_pop_head(&held->lost);

    (void)now_ns;
    if (held->lost.length > 0)
        ha_timer_set(held->loop, &held->tell, 1, tell, held);
    if (lost == NULL)
        return;
    if (held->fn != NULL)
        held->fn(held->ctx, &lost->addr, lost->why); /* may free held */
    lost_free(lost);
}

static void tell_later(struct hb_held *held, struct record *record, const char *why,
                       uint64_t now_ns)
{
    struct lost *lost;

    if (record->told_ns != 0 && now_ns - record->told_ns < ha_ms_to_ns(held->window_ms))
        return;
    record->told_ns = now_ns;
    lost = g_new0(struct lost, 1);
    lost->addr = record->spec.addr;
    lost->why = g_strdup(why);
    g_queue_push_tail(&held->lost, lost);
    ha_timer_set(held->loop, &held->tell, 1, tell, held);
}

/* ---- one look ---- */

static bool may_put_back(const struct hb_held *held, struct record *record, uint64_t now_ns)
{
    if (now_ns - record->window_ns >= ha_ms_to_ns(held->window_ms)) {
        record->window_ns = now_ns;
        record->put_backs = 0;
    }
    return record->put_backs < HB_HELD_PUT_BACKS;
}

static void is_away(struct hb_held *held, struct record *record, const char *why, uint64_t now_ns)
{
    if (record->away_ns == 0)
        record->away_ns = now_ns;
    if (record->why == NULL || strcmp(record->why, why) != 0) {
        g_free(record->why);
        record->why = g_strdup(why);
        ha_log(HA_LOG_WARNING, "an address that is held here is gone: %s; it will be put back when "
               "that can be done", why);
    }
    if (now_ns - record->away_ns >= ha_ms_to_ns(HB_HELD_LOST_MS))
        tell_later(held, record, why, now_ns);
}

static void is_back(struct record *record)
{
    record->away_ns = record->told_ns = 0;
    g_clear_pointer(&record->why, g_free);
}

/* Taken away too often: says so once in a window, and lets it be for the rest of it. */
static void is_contended(struct hb_held *held, struct record *record, uint64_t now_ns)
{
    unsigned window_s = (unsigned)(held->window_ms / 1000);
    char text[HA_ADDR_TEXT], *why;

    if (record->put_backs++ > HB_HELD_PUT_BACKS)
        return;
    why = g_strdup_printf("%s was removed from %s %d times within %u s: something on this node "
                          "does not want it there",
                          ha_addr_text(&record->spec.addr, text), record->spec.nic,
                          HB_HELD_PUT_BACKS + 1, window_s);
    ha_log(HA_LOG_ERROR, "%s; putting it back only every %u s", why, window_s);
    tell_later(held, record, why, now_ns);
    g_free(why);
}

/* Appends what is missing to the plan; the record remembers which part is its own. */
static void plan_record(struct hb_held *held, struct record *record,
                        const struct hb_kernel *kernel, struct hb_address_plan *plan,
                        uint64_t now_ns)
{
    gsize said = plan->why->len;

    record->from = record->to = plan->changes->len;
    if (record->off)
        return;
    if (hb_address_held(kernel, &record->spec)) {
        is_back(record);
        return;
    }
    if (!may_put_back(held, record, now_ns)) {
        is_contended(held, record, now_ns);
        return;
    }
    hb_address_plan_start(plan, kernel, &record->spec, NULL, NULL);
    record->to = plan->changes->len;
    if (record->to > record->from)
        hb_guard_hold(held->guard, HB_GUARD_REMOVE,
                      &g_array_index(plan->changes, struct hb_change, record->to - 1).address);
    if (plan->why->len > said)
        is_away(held, record, plan->why->str + said + (said > 0 ? 2 : 0), now_ns);
}

static void carried_out(struct hb_held *held, struct record *record,
                        const struct hb_kernel *kernel, const struct hb_address_plan *plan,
                        uint64_t now_ns)
{
    char text[HA_ADDR_TEXT];

    for (guint i = record->from; i < record->to; i++) {
        const struct hb_change *one = &g_array_index(plan->changes, struct hb_change, i);

        if (one->error != 0) {
            char *why = g_strdup_printf("%s: cannot be added to %s: %s",
                                        ha_addr_text(&record->spec.addr, text), record->spec.nic,
                                        g_strerror(-one->error));

            is_away(held, record, why, now_ns);
            g_free(why);
            return;
        }
    }
    if (record->from == record->to)
        return;
    record->put_backs++;
    record->index =
        g_array_index(plan->changes, struct hb_change, record->to - 1).address.index;
    is_back(record);
    ha_log(HA_LOG_WARNING, "%s was removed from %s by somebody else: put back",
           ha_addr_text(&record->spec.addr, text), record->spec.nic);
    hb_announce_start(held->announce, kernel,
                      &g_array_index(plan->changes, struct hb_change, record->to - 1).address, 1);
}

/* Who could not hear us before has to be told again. */
static void watch_carrier(struct hb_held *held, struct record *record,
                          const struct hb_kernel *kernel)
{
    const struct hb_link *link = hb_kernel_link_named(kernel, record->spec.nic);
    bool carrier = link != NULL && link->up && link->carrier, before = record->carrier;

    record->carrier = carrier;
    if (!carrier || before || record->off)
        return;
    for (guint i = 0; i < kernel->addresses->len; i++) {
        const struct hb_kernel_address *address =
            &g_array_index(kernel->addresses, struct hb_kernel_address, i);

        if (address->index == link->index && ha_addr_equal(&address->addr, &record->spec.addr))
            hb_announce_start(held->announce, kernel, address, 1);
    }
}

/* An address has to be local before a route may name it as its source. */
static gint local_first(gconstpointer a, gconstpointer b)
{
    const struct rtmsg *first = nlmsg_data(g_bytes_get_data(*(GBytes *const *)a, NULL));
    const struct rtmsg *second = nlmsg_data(g_bytes_get_data(*(GBytes *const *)b, NULL));

    return (second->rtm_type == RTN_LOCAL) - (first->rtm_type == RTN_LOCAL);
}

static void put_routes_back(struct hb_held *held)
{
    unsigned dropped = 0;

    g_ptr_array_sort(held->routes, local_first);
    for (guint i = 0; i < held->routes->len; i++) {
        const void *message = g_bytes_get_data(g_ptr_array_index(held->routes, i), NULL);
        int err = hb_rtnl_add_route_again(held->rtnl, message);

        if (err == -EEXIST || err == -ENETDOWN || err == -ENODEV || err == -EINVAL)
            continue; /* the kernel was quicker, or its interface or address is gone as well */
        if (!ha_log_allowed(&held->route_log, ha_clock_ns(), ROUTES_LOGGED, &dropped))
            continue;
        if (err == 0)
            ha_log(HA_LOG_WARNING,
                   "a route of an address that is held here was removed by somebody else: put "
                   "back (%u more not shown)",
                   dropped);
        else
            ha_log(HA_LOG_ERROR, "a route of an address that is held here is gone: %s",
                   g_strerror(-err));
    }
    g_ptr_array_set_size(held->routes, 0);
}

static void look(void *ctx, uint64_t now_ns)
{
    struct hb_held *held = ctx;
    struct hb_address_plan plan;
    struct hb_kernel *kernel = NULL;
    struct record *record;
    GHashTableIter iter;
    bool away = false;

    if (hb_rtnl_read(held->rtnl, &kernel) != 0) {
        ha_timer_set(held->loop, &held->look, now_ns + RETRY_NS, look, held);
        return;
    }
    hb_address_plan_init(&plan);
    g_hash_table_iter_init(&iter, held->records);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&record))
        plan_record(held, record, kernel, &plan, now_ns);
    (void)hb_rtnl_apply(held->rtnl, (struct hb_change *)(void *)plan.changes->data,
                        plan.changes->len);
    g_hash_table_iter_init(&iter, held->records);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&record)) {
        carried_out(held, record, kernel, &plan, now_ns);
        watch_carrier(held, record, kernel);
        away = away || record->away_ns != 0 || record->put_backs > HB_HELD_PUT_BACKS;
    }
    put_routes_back(held);
    if (away)
        ha_timer_set(held->loop, &held->look, now_ns + RETRY_NS, look, held);
    hb_address_plan_clear(&plan);
    hb_kernel_free(kernel);
}

static void look_soon(struct hb_held *held)
{
    ha_timer_set(held->loop, &held->look, 1, look, held);
}

/* ---- notices ---- */

/* The network an address lives in, or the address itself as a target of ours. */
static bool needs(const struct record *record, const struct hb_notice *route)
{
    const struct rtmsg *info = nlmsg_data(route->message);

    if (record->index != route->index || record->off)
        return false;
    if (info->rtm_type == RTN_LOCAL)
        return ha_addr_equal(&record->spec.addr, &route->addr) &&
               route->bits == ha_addr_bits(&route->addr);
    return info->rtm_type == RTN_UNICAST && route->bits == record->bits &&
           ha_addr_within(&record->spec.addr, &route->addr, route->bits);
}

static void route_gone(struct hb_held *held, const struct hb_notice *notice)
{
    struct record *record;
    GHashTableIter iter;

    if (held->routes->len >= ROUTES_MAX || notice->message->nlmsg_len > ROUTE_BYTES)
        return;
    g_hash_table_iter_init(&iter, held->records);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&record)) {
        if (!needs(record, notice))
            continue;
        g_ptr_array_add(held->routes,
                        g_bytes_new(notice->message, notice->message->nlmsg_len));
        look_soon(held);
        return;
    }
}

static void noticed(void *ctx, const struct hb_notice *notice)
{
    struct hb_held *held = ctx;

    if (g_hash_table_size(held->records) == 0)
        return;
    if (notice->kind == HB_NOTICE_ROUTE_GONE)
        route_gone(held, notice);
    else if (notice->kind != HB_NOTICE_ADDRESS_GONE ||
             g_hash_table_contains(held->records, &notice->addr))
        look_soon(held);
}

/* ---- what is held ---- */

int hb_held_new(struct hb_held **out, struct ha_loop *loop, struct hb_rtnl *rtnl,
                struct hb_announce *announce, hb_held_lost_fn lost, void *ctx)
{
    struct hb_held *held = g_new0(struct hb_held, 1);
    int err;

    *out = NULL;
    held->loop = loop;
    held->rtnl = rtnl;
    held->announce = announce;
    held->fn = lost;
    held->window_ms = HB_HELD_WINDOW_MS;
    held->ctx = ctx;
    g_queue_init(&held->lost);
    held->records = g_hash_table_new_full(addr_hash, addr_equal, NULL, record_free);
    held->routes = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    err = hb_notices_open(&held->notices, loop, noticed, held);
    if (err != 0) {
        hb_held_free(held);
        return err;
    }
    *out = held;
    return 0;
}

void hb_held_free(struct hb_held *held)
{
    if (held == NULL)
        return;
    hb_notices_close(held->notices);
    ha_timer_cancel(held->loop, &held->look);
    ha_timer_cancel(held->loop, &held->tell);
    g_queue_clear_full(&held->lost, lost_free);
    g_hash_table_unref(held->records);
    g_ptr_array_unref(held->routes);
    g_free(held);
}

void hb_held_keep(struct hb_held *held, const struct hb_kernel *kernel,
                  const struct hb_address_spec *spec, const struct hb_kernel_address *place)
{
    const struct hb_link *link = hb_kernel_link(kernel, place->index);
    struct record *record;

    if (link == NULL)
        return;
    record = g_hash_table_lookup(held->records, &spec->addr);
    if (record == NULL) {
        record = g_new0(struct record, 1);
        record->spec.addr = spec->addr;
        g_hash_table_insert(held->records, &record->spec.addr, record);
    }
    is_back(record);
    record->spec = *spec;
    record->spec.bits = place->bits;
    memcpy(record->spec.nic, link->name, IFNAMSIZ);
    if (place->label[0] != '\0' && strcmp(place->label, link->name) != 0)
        memcpy(record->spec.label, place->label, IFNAMSIZ);
    if (place->addr.family == AF_INET)
        record->spec.broadcast = place->broadcast;
    record->off = false;
    record->index = link->index;
    record->bits = place->bits;
    record->carrier = link->carrier;
}

void hb_held_drop(struct hb_held *held, const struct ha_addr *addr)
{
    g_hash_table_remove(held->records, addr);
}

void hb_held_taken_off(struct hb_held *held)
{
    struct record *record;
    GHashTableIter iter;

    g_hash_table_iter_init(&iter, held->records);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&record)) {
        record->off = true;
        is_back(record);
        hb_announce_stop(held->announce, &record->spec.addr);
    }
    g_ptr_array_set_size(held->routes, 0);
}

void hb_held_resume(struct hb_held *held, const struct ha_addr *addr)
{
    struct record *record = g_hash_table_lookup(held->records, addr);

    if (record == NULL)
        return;
    record->off = false;
    look_soon(held);
}

/* Those that are set, as hb_held_keep() would have it. */
static void note_all(struct hb_held *held)
{
    struct hb_kernel *kernel = NULL;
    GHashTableIter iter;
    gpointer item;

    if (g_hash_table_size(held->records) == 0 || hb_rtnl_read(held->rtnl, &kernel) != 0)
        return;
    g_hash_table_iter_init(&iter, held->records);
    while (g_hash_table_iter_next(&iter, NULL, &item)) {
        const struct record *record = item;

        for (guint i = 0; !record->off && i < kernel->addresses->len; i++) {
            const struct hb_kernel_address *one =
                &g_array_index(kernel->addresses, struct hb_kernel_address, i);

            if (ha_addr_equal(&one->addr, &record->spec.addr))
                hb_guard_hold(held->guard, HB_GUARD_REMOVE, one);
        }
    }
    hb_kernel_free(kernel);
}

void hb_held_guard(struct hb_held *held, struct hb_guard_table *guard)
{
    bool late = held->guard == NULL && guard != NULL;

    held->guard = guard;
    if (late)
        note_all(held);
}

void hb_held_set_window(struct hb_held *held, uint64_t window_ms)
{
    held->window_ms = window_ms;
}

size_t hb_held_count(const struct hb_held *held)
{
    return g_hash_table_size(held->records);
}
