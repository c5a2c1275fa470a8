/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans for addresses. Refuses to guess: an address in no network of ours, an
 * interface that is missing or down, is a sentence and not a change.
 */
#include "heartbeatd/act/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

void hb_address_plan_init(struct hb_address_plan *plan)
{
    plan->changes = g_array_new(FALSE, FALSE, sizeof(struct hb_change));
    plan->held = g_array_new(FALSE, FALSE, sizeof(struct hb_kernel_address));
    plan->hidden = g_array_new(FALSE, FALSE, sizeof(struct hb_kernel_address));
    plan->why = g_string_new("");
    plan->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void hb_address_plan_clear(struct hb_address_plan *plan)
{
    g_array_unref(plan->changes);
    g_array_unref(plan->held);
    g_array_unref(plan->hidden);
    g_string_free(plan->why, TRUE);
    g_hash_table_unref(plan->labels);
}

static const struct hb_kernel_address *address_at(const struct hb_kernel *kernel, guint i)
{
    return &g_array_index(kernel->addresses, struct hb_kernel_address, i);
}

/* Nobody asks there who has it. */
static bool is_off_the_wire(const struct hb_link *link, const struct hb_kernel_address *address)
{
    return link->loopback || (link->noarp && address->bits == ha_addr_bits(&address->addr));
}

static bool is_loopback(const struct ha_addr *addr)
{
    return addr->family == AF_INET ? ntohl(addr->v4.s_addr) >> 24 == IN_LOOPBACKNET
                                   : IN6_IS_ADDR_LOOPBACK(&addr->v6);
}

bool hb_address_hidden(const struct hb_kernel *kernel, const struct hb_kernel_address *address)
{
    const struct hb_link *link = hb_kernel_link(kernel, address->index);

    return link != NULL && is_off_the_wire(link, address) && !is_loopback(&address->addr);
}

/* Is this where a real server keeps it, rather than where spec wants it? */
static bool is_hidden(const struct hb_kernel *kernel, const struct hb_address_spec *spec,
                      const struct hb_kernel_address *address)
{
    const struct hb_link *link = hb_kernel_link(kernel, address->index);

    if (link == NULL || strcmp(link->name, spec->nic) == 0)
        return false;
    return is_off_the_wire(link, address);
}

static const struct hb_kernel_address *find_held(const struct hb_kernel *kernel,
                                                 const struct hb_address_spec *spec)
{
    for (guint i = 0; i < kernel->addresses->len; i++) {
        const struct hb_kernel_address *address = address_at(kernel, i);
        const struct hb_link *link = hb_kernel_link(kernel, address->index);

        if (ha_addr_equal(&address->addr, &spec->addr) && link != NULL && link->up &&
            (address->flags & IFA_F_DADFAILED) == 0 && !is_hidden(kernel, spec, address))
            return address;
    }
    return NULL;
}

bool hb_address_held(const struct hb_kernel *kernel, const struct hb_address_spec *spec)
{
    return find_held(kernel, spec) != NULL;
}

static void change(struct hb_address_plan *plan, enum hb_change_kind kind,
                   const struct hb_kernel_address *address)
{
    struct hb_change one = {.kind = kind, .address = *address};

    g_array_append_val(plan->changes, one);
}

static void G_GNUC_PRINTF(3, 4) cannot(struct hb_address_plan *plan,
                                       const struct hb_address_spec *spec, const char *format, ...)
{
    char text[HA_ADDR_TEXT];
    va_list args;

    g_string_append_printf(plan->why, "%s%s: ", plan->why->len > 0 ? "; " : "",
                           ha_addr_text(&spec->addr, text));
    va_start(args, format);
    g_string_append_vprintf(plan->why, format, args);
    va_end(args);
}

/* ---- where does it belong? ---- */

/* The narrowest network that holds addr, on link if one is given. */
static const struct hb_kernel_address *
find_network(const struct hb_kernel *kernel, const struct ha_addr *addr, const struct hb_link *link)
{
    const struct hb_kernel_address *best = NULL;

    for (guint i = 0; i < kernel->addresses->len; i++) {
        const struct hb_kernel_address *network = address_at(kernel, i);
        const struct hb_link *of = hb_kernel_link(kernel, network->index);

        if (of == NULL || (link != NULL ? of != link : of->loopback || !of->up))
            continue;
        if (network->bits == 0 || network->bits == ha_addr_bits(&network->addr) ||
            (link == NULL && network->scope == RT_SCOPE_LINK))
            continue;
        if (ha_addr_within(addr, &network->addr, network->bits) &&
            (best == NULL || network->bits > best->bits))
            best = network;
    }
    return best;
}

/* Fills index and bits of *to, or says why not. */
static const struct hb_link *find_place(struct hb_address_plan *plan,
                                        const struct hb_kernel *kernel,
                                        const struct hb_address_spec *spec, hb_route_fn route,
                                        void *ctx, int *bits)
{
    const struct hb_link *link = NULL;
    const struct hb_kernel_address *network;
    int index = 0, route_bits = 0;

    if (spec->nic[0] != '\0') {
        link = hb_kernel_link_named(kernel, spec->nic);
        if (link == NULL) {
            cannot(plan, spec, "there is no interface %s", spec->nic);
            return NULL;
        }
    }
    *bits = spec->bits;
    if (link != NULL && *bits > 0)
        return link;
    network = find_network(kernel, &spec->addr, link);
    if (network != NULL) {
        index = network->index;
        route_bits = network->bits;
    } else if (route == NULL || route(ctx, &spec->addr, &index, &route_bits) != 0 ||
               (link != NULL && link->index != index)) {
        if (link != NULL)
            cannot(plan, spec, "is in no network of %s; give the netmask, as in /24/%s", spec->nic,
                   spec->nic);
        else
            cannot(plan, spec, "is in no network of ours; name the interface, as in /24/eth0");
        return NULL;
    }
    if (*bits < 0)
        *bits = route_bits;
    return hb_kernel_link(kernel, index);
}

/* ---- labels ---- */

static bool label_used(const GArray *changes, const struct hb_kernel *kernel, const char *label)
{
    for (guint i = 0; i < kernel->addresses->len; i++) {
        if (strcmp(address_at(kernel, i)->label, label) == 0)
            return true;
    }
    for (guint i = 0; i < changes->len; i++) {
        const struct hb_change *one = &g_array_index(changes, struct hb_change, i);

        if (one->kind == HB_CHANGE_ADD && strcmp(one->address.label, label) == 0)
            return true;
    }
    return false;
}

/* nic:0, nic:1… the lowest that is free; none if the name leaves no room. What was not free for one
 * address of a plan is not for the next: a thousand of them would look at each other a billion times. */
static void choose_label(struct hb_address_plan *plan, const struct hb_kernel *kernel,
                         const char *nic, char label[IFNAMSIZ])
{
    unsigned bound = kernel->addresses->len + plan->changes->len;

    for (unsigned i = GPOINTER_TO_UINT(g_hash_table_lookup(plan->labels, nic)); i <= bound; i++) {
        char text[IFNAMSIZ + 12];

        if (snprintf(text, sizeof text, "%s:%u", nic, i) >= IFNAMSIZ)
            return;
        if (!label_used(plan->changes, kernel, text)) {
            memcpy(label, text, strlen(text) + 1);
            g_hash_table_insert(plan->labels, g_strdup(nic), GUINT_TO_POINTER(i + 1));
            return;
        }
    }
}

static void set_broadcast(const struct hb_address_spec *spec, struct hb_kernel_address *address)
{
    if (spec->addr.family != AF_INET)
        return;
    address->broadcast = spec->broadcast;
    if (address->broadcast.family == AF_UNSPEC && address->bits <= 30) {
        address->broadcast = spec->addr;
        address->broadcast.v4.s_addr |= htonl((uint32_t)(UINT64_C(0xffffffff) >> address->bits));
    }
}

/* ---- plans ---- */

void hb_address_plan_start(struct hb_address_plan *plan, const struct hb_kernel *kernel,
                           const struct hb_address_spec *spec, hb_route_fn route, void *ctx)
{
    const struct hb_kernel_address *there = find_held(kernel, spec);
    struct hb_kernel_address address = {
        .addr = spec->addr, .preferred_s = UINT32_MAX, .valid_s = UINT32_MAX};
    const struct hb_link *link;
    int bits = 0;

    if (there != NULL) {
        g_array_append_val(plan->held, *there);
        return;
    }
    link = find_place(plan, kernel, spec, route, ctx, &bits);
    if (link == NULL)
        return;
    if (!link->up) {
        cannot(plan, spec, "the interface %s is down", link->name);
        return;
    }
    for (guint i = 0; i < kernel->addresses->len; i++) {
        const struct hb_kernel_address *old = address_at(kernel, i);

        if (!ha_addr_equal(&old->addr, &spec->addr))
            continue;
        change(plan, HB_CHANGE_REMOVE, old);
        if (is_hidden(kernel, spec, old))
            g_array_append_val(plan->hidden, *old);
    }
    address.index = link->index;
    address.bits = (uint8_t)bits;
    set_broadcast(spec, &address);
    if (spec->label[0] != '\0')
        memcpy(address.label, spec->label, IFNAMSIZ);
    else if (spec->kind == HB_ADDRESS_IPADDR)
        choose_label(plan, kernel, link->name, address.label);
    change(plan, HB_CHANGE_ADD, &address);
    g_array_append_val(plan->held, address);
}

void hb_address_plan_stop(struct hb_address_plan *plan, const struct hb_kernel *kernel,
                          const struct hb_address_spec *spec)
{
    for (guint i = 0; i < kernel->addresses->len; i++) {
        const struct hb_kernel_address *address = address_at(kernel, i);

        if (ha_addr_equal(&address->addr, &spec->addr) && !is_hidden(kernel, spec, address))
            change(plan, HB_CHANGE_REMOVE, address);
    }
}

void hb_address_plan_return(struct hb_address_plan *plan, const struct hb_kernel *kernel,
                            const struct hb_kernel_address *address)
{
    if (hb_kernel_link(kernel, address->index) != NULL)
        change(plan, HB_CHANGE_ADD, address);
}

/* ---- what goes with a primary address ---- */

static bool removes(const struct hb_address_plan *plan, const struct hb_kernel_address *address)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct hb_change *one = &g_array_index(plan->changes, struct hb_change, i);

        if (one->kind == HB_CHANGE_REMOVE && one->address.index == address->index &&
            one->address.bits == address->bits && ha_addr_equal(&one->address.addr, &address->addr))
            return true;
    }
    return false;
}

bool hb_address_plan_risky(const struct hb_address_plan *plan, const struct hb_kernel *before)
{
    for (guint i = 0; i < before->addresses->len; i++) {
        const struct hb_kernel_address *kept = address_at(before, i);

        if (kept->addr.family != AF_INET || (kept->flags & IFA_F_SECONDARY) == 0 ||
            removes(plan, kept))
            continue;
        for (guint j = 0; j < plan->changes->len; j++) {
            const struct hb_change *one = &g_array_index(plan->changes, struct hb_change, j);

            if (one->kind == HB_CHANGE_REMOVE && one->address.index == kept->index &&
                (one->address.flags & IFA_F_SECONDARY) == 0 && one->address.bits == kept->bits &&
                ha_addr_within(&kept->addr, &one->address.addr, one->address.bits))
                return true;
        }
    }
    return false;
}

void hb_address_plan_lost(struct hb_address_plan *repair, const struct hb_address_plan *done,
                          const struct hb_kernel *before, const struct hb_kernel *after)
{
    for (guint i = 0; i < before->addresses->len; i++) {
        const struct hb_kernel_address *old = address_at(before, i);
        bool there = old->addr.family != AF_INET || removes(done, old);

        for (guint j = 0; !there && j < after->addresses->len; j++) {
            const struct hb_kernel_address *now = address_at(after, j);

            there = now->index == old->index && now->bits == old->bits &&
                    ha_addr_equal(&now->addr, &old->addr);
        }
        if (!there)
            hb_address_plan_return(repair, after, old);
    }
}
