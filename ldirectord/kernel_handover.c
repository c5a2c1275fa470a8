/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open connections, when another director takes over. In two steps, as the first takes as long as there are
 * connections, and from the addresses' end to the second one's nobody serves:
 *
 *   get ready   addresses are here still: the next director is told of all that is in the kernel's list, and
 *               from before that on connections that begin are watched
 *   hand over   the addresses are gone: it is told of those that began meanwhile
 *
 * and the next director takes in what its kernel was told before it takes the addresses: the first packet of a
 * connection that it does not know is answered with a reset.
 *
 * Who was not told to get ready, or cannot find out of one connection where it went (it goes through a tunnel,
 * or a mark chose its service), reads the list in the second step, for as long as a move can wait for it.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/check/next_hop.h"
#include "ldirectord/core/opening.h"
#include "ldirectord/director_inside.h"
#include "ldirectord/door/door.h"

/* In the second step nobody serves. In the first nobody waits but checks; heartbeat, not longer than half a
 * second (warm_ready.c). */
#define LIST_MS       20
#define LIST_AHEAD_MS 250
/* Longer than this nobody waits for a kernel that has the other's connections to take in. */
#define TAKE_IN_MS    20
/* Whoever did not let go by then is not about to (TAP_NS of the keeper's). */
#define READY_NS      (5 * HA_NS_PER_S)

/* ---- whom packets go to ---- */

static void find_neighbour(int route_fd, const struct ha_addr *server, GArray *neighbours)
{
    struct ld_neighbour neighbour = {.server = *server};
    struct sockaddr_ll hop;

    if (ld_next_hop_known(route_fd, server, &hop) != 0 || hop.sll_halen != sizeof(neighbour.mac))
        return;
    memcpy(neighbour.mac, hop.sll_addr, sizeof(neighbour.mac));
    g_array_append_val(neighbours, neighbour);
}

static guint address_hash(gconstpointer address)
{
    return ha_addr_hash(address);
}

static gboolean address_equal(gconstpointer a, gconstpointer b)
{
    return ha_addr_equal(a, b);
}

/* Of all real servers whose packets go to them without a tunnel. */
static GArray *find_neighbours(const struct ld_table *table)
{
    GArray *neighbours = g_array_new(FALSE, FALSE, sizeof(struct ld_neighbour));
    GHashTable *asked = g_hash_table_new(address_hash, address_equal);
    int route_fd = ld_next_hop_open();

    for (guint i = 0; route_fd >= 0 && i < table->services->len; i++) {
        const struct ld_vs *vs = g_ptr_array_index(table->services, i);

        for (guint j = 0; j < vs->dests->len; j++) {
            struct ld_dest *dest = &g_array_index(vs->dests, struct ld_dest, j);

            if (dest->method != LD_IPIP && g_hash_table_add(asked, &dest->addr))
                find_neighbour(route_fd, &dest->addr, neighbours);
        }
    }
    if (route_fd >= 0)
        close(route_fd);
    g_hash_table_destroy(asked);
    return neighbours;
}

/* ---- the two steps ---- */

static bool has_somebody(const struct ld_director *director)
{
    return !ld_core_standby(director->core) && ld_kernel_hands_over(director);
}

void ld_handover_forget(struct ld_director *director)
{
    if (director->neighbours != NULL)
        g_array_unref(director->neighbours);
    director->neighbours = NULL;
    director->ready_ns = 0;
}

static bool is_ready(const struct ld_director *director)
{
    return director->ready_ns != 0 && ha_clock_ns() - director->ready_ns < READY_NS;
}

void ld_director_get_ready(struct ld_director *director)
{
    uint64_t began_ns = ha_clock_ns();
    struct ld_table *table;
    int error, told;

    if (!has_somebody(director) || is_ready(director))
        return;
    ld_handover_forget(director);
    error = ld_door_tap();
    if (error != 0) {
        ha_log(HA_LOG_INFO, "connections that begin cannot be watched: %s", g_strerror(-error));
        return;
    }
    table = ld_core_wanted(director->core, NULL);
    director->neighbours = find_neighbours(table);
    told = director->ipvs->ops->hand_over(director->ipvs, &director->config->sync, table, NULL, LIST_AHEAD_MS);
    ld_table_free(table);
    if (told < 0) {
        ld_handover_forget(director); /* said when it counts */
        return;
    }
    director->ready_ns = began_ns;
    ha_log(HA_LOG_INFO, "%d open connections told to the next director within %.1f ms", told,
           (double)(ha_clock_ns() - began_ns) / (double)HA_NS_PER_MS);
}

/* The connections that began since we got ready; NULL: not all are known. */
static GArray *began_since(struct ld_director *director, const struct ld_table *table)
{
    GArray *records = g_array_new(FALSE, FALSE, sizeof(struct ld_opening_record));
    GArray *openings = g_array_new(FALSE, FALSE, sizeof(struct ld_opening));
    GArray *began = g_array_new(FALSE, FALSE, sizeof(struct ld_connection));
    int error = ld_door_tapped(records);
    bool known = error == 0;

    for (guint i = 0; known && i < records->len; i++) {
        struct ld_opening opening;

        if (ld_opening_read(&opening, &g_array_index(records, struct ld_opening_record, i)))
            g_array_append_val(openings, opening);
    }
    known = known && ld_openings_resolve(began, openings, director->neighbours, table);
    if (!known)
        ha_log(HA_LOG_INFO, "the kernel's list of connections is read once more: %s", error != 0
               ? g_strerror(-error) : "it is not known where all that began meanwhile went");
    g_array_unref(records);
    g_array_unref(openings);
    if (known)
        return began;
    g_array_unref(began);
    return NULL;
}

void ld_director_hand_over(struct ld_director *director)
{
    const struct ld_sync sync = director->config->sync;
    GArray *began = NULL;
    struct ld_table *table;
    int told;

    if (!has_somebody(director))
        return;
    table = ld_core_wanted(director->core, NULL);
    if (is_ready(director))
        began = began_since(director, table);
    ld_handover_forget(director);
    told = director->ipvs->ops->hand_over(director->ipvs, &sync, table, began, LIST_MS);
    ld_table_free(table);
    director->handed_ns = ha_clock_ns();
    if (told < 0)
        ha_log(HA_LOG_WARNING, "open connections cannot be handed over (interface %s): %s", sync.interface,
               g_strerror(-told));
    else
        ha_log(HA_LOG_INFO, "%d open connections handed over%s (interface %s, syncid %u)", told,
               began != NULL ? " that began meanwhile" : "", sync.interface, sync.id);
    if (began != NULL)
        g_array_unref(began);
}

/* ---- on the other side ---- */

void ld_director_take_in(struct ld_director *director)
{
    uint64_t until_ns = ha_clock_ns() + ha_ms_to_ns(TAKE_IN_MS);
    int untaken;

    if (director->sync_role != LD_SYNC_BACKUP && director->sync_role != LD_SYNC_BOTH)
        return;
    while ((untaken = director->ipvs->ops->untaken(director->ipvs, &director->config->sync)) > 0 &&
           ha_clock_ns() < until_ns)
        poll(NULL, 0, 1);
    if (untaken < 0)
        ha_log(HA_LOG_INFO, "whether connections were taken in cannot be seen: %s", g_strerror(-untaken));
    else if (untaken > 0)
        ha_log(HA_LOG_INFO, "the kernel has %d bytes of the other's connections still to take in", untaken);
}
