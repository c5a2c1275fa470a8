/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which interface an address needs is the one its line names, or else the one
 * that has an address of the same network. That is asked anew at each change
 * and the last answer kept, for an interface that goes down may lose what it
 * was found by.
 */
#include "heartbeatd/daemon/nics.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "heartbeatd/act/address_spec.h"
#include "heartbeatd/act/resolve.h"
#include "heartbeatd/act/rtnl.h"
#include "heartbeatd/media/follow.h"

/* Notices come in heaps, and a look reads all addresses. */
#define PAUSE_NS (50 * HA_NS_PER_MS)

/* One native address. */
struct need {
    unsigned group;
    struct hb_address_spec spec;
    char nic[IFNAMSIZ]; /* "": not known yet */
};

struct hb_nics {
    struct ha_loop *loop;
    struct ha_timer look;
    struct hb_follow *follow;
    struct hb_rtnl *rtnl;
    int fd;
    GArray *needs;    /* of struct need, by group */
    unsigned groups;
    bool *down;       /* as told, one per group */
    hb_nics_fn fn;
    void *ctx;
};

static void find_nic(struct need *need, const struct hb_kernel *kernel)
{
    int best = -1;

    if (need->spec.nic[0] != '\0') {
        g_strlcpy(need->nic, need->spec.nic, sizeof(need->nic));
        return;
    }
    for (guint i = 0; i < kernel->addresses->len; i++) {
        const struct hb_kernel_address *of =
            &g_array_index(kernel->addresses, struct hb_kernel_address, i);
        const struct hb_link *link = hb_kernel_link(kernel, of->index);

        if (link != NULL && of->bits > best && of->bits < ha_addr_bits(&of->addr) &&
            ha_addr_within(&need->spec.addr, &of->addr, of->bits)) {
            best = of->bits;
            g_strlcpy(need->nic, link->name, sizeof(need->nic));
        }
    }
}

static bool has_link(const struct hb_nics *nics, const char *nic)
{
    struct ifreq request = {0};

    g_strlcpy(request.ifr_name, nic, sizeof(request.ifr_name));
    return ioctl(nics->fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) &&
           (request.ifr_flags & IFF_RUNNING);
}

/* The first of the group's interfaces that has none; else NULL, and *last is one that has. */
static const char *without_link(const struct hb_nics *nics, unsigned group, const char **last)
{
    for (guint i = 0; i < nics->needs->len; i++) {
        const struct need *need = &g_array_index(nics->needs, struct need, i);

        if (need->group != group || need->nic[0] == '\0') {
            continue;
        }
        if (!has_link(nics, need->nic)) {
            return need->nic;
        }
        *last = need->nic;
    }
    return NULL;
}

static void look(struct hb_nics *nics)
{
    struct hb_kernel *kernel;

    if (hb_rtnl_read(nics->rtnl, &kernel) == 0) {
        for (guint i = 0; i < nics->needs->len; i++) {
            find_nic(&g_array_index(nics->needs, struct need, i), kernel);
        }
        hb_kernel_free(kernel);
    }
    for (unsigned group = 0; group < nics->groups; group++) {
        const char *linked = "?", *missing = without_link(nics, group, &linked);

        if ((missing != NULL) == nics->down[group]) {
            continue;
        }
        nics->down[group] = missing != NULL;
        nics->fn(nics->ctx, group, missing == NULL, missing != NULL ? missing : linked);
    }
}

static void due(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    look(ctx);
}

static void changed(void *ctx)
{
    struct hb_nics *nics = ctx;

    if (nics->look.at_ns == 0) {
        ha_timer_set(nics->loop, &nics->look, ha_clock_ns() + PAUSE_NS, due, nics);
    }
}

static void read_needs(struct hb_nics *nics, const struct hb_haresources *resources)
{
    for (guint i = 0; i < resources->groups->len; i++) {
        const struct hb_group *group = g_ptr_array_index(resources->groups, i);

        for (guint j = 0; j < group->resources->len; j++) {
            const struct hb_resource *resource = g_ptr_array_index(group->resources, j);
            struct need need = {.group = i};
            enum hb_address_kind kind;
            const char *why;
            char *text;

            if (!resource->native || !hb_address_kind_find(resource->name, &kind)) {
                continue;
            }
            text = hb_resolve_argument(resource);
            if (hb_address_spec_parse(kind, text, &need.spec, &why)) {
                g_array_append_val(nics->needs, need);
            }
            g_free(text);
        }
    }
}

int hb_nics_new(struct hb_nics **out, struct ha_loop *loop, const struct hb_haresources *resources,
                hb_nics_fn fn, void *ctx)
{
    struct hb_nics *nics = g_new0(struct hb_nics, 1);
    int status;

    nics->loop = loop;
    nics->needs = g_array_new(FALSE, FALSE, sizeof(struct need));
    nics->groups = resources->groups->len;
    nics->down = g_new0(bool, MAX(nics->groups, 1));
    nics->fn = fn;
    nics->ctx = ctx;
    read_needs(nics, resources);
    nics->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    status = nics->fd < 0 ? -errno : hb_rtnl_open(&nics->rtnl);
    if (status == 0) {
        status = hb_follow_open(&nics->follow, loop, changed, nics);
    }
    if (status < 0) {
        hb_nics_free(nics);
        return status;
    }
    look(nics);
    *out = nics;
    return 0;
}

void hb_nics_free(struct hb_nics *nics)
{
    if (nics == NULL) {
        return;
    }
    ha_timer_cancel(nics->loop, &nics->look);
    hb_follow_close(nics->follow);
    hb_rtnl_close(nics->rtnl);
    if (nics->fd >= 0) {
        close(nics->fd);
    }
    g_array_free(nics->needs, TRUE);
    g_free(nics->down);
    g_free(nics);
}
