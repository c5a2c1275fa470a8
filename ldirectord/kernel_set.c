/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the file says of the kernel beside its table: switches, and the
 * connection synchronisation. What the file does not mention is left alone.
 */
#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/director_inside.h"

/* After an activation, for what comes of the last director. */
#define TAKING_NS (5 * HA_NS_PER_S)

static void set_switch(struct ld_director *director, const char *name, enum ld_switch wanted)
{
    int error = 0;

    if (wanted != LD_SWITCH_KEEP)
        error = director->ipvs->ops->set_switch(director->ipvs, name, wanted == LD_SWITCH_ON);
    if (error != 0)
        ha_log(HA_LOG_ERROR, "cannot set %s to %d in /proc/sys/net/ipv4/vs: %s", name,
               wanted == LD_SWITCH_ON, g_strerror(-error));
}

void ld_kernel_set_switches(struct ld_director *director)
{
    set_switch(director, "expire_nodest_conn", director->config->expire_nodest_conn);
    set_switch(director, "expire_quiescent_template", director->config->expire_quiescent_template);
}

static void log_sync(const struct ld_director *director, const struct ld_sync *wanted, int error)
{
    const char *role = ld_sync_role_name(wanted->role);

    if (error != 0)
        ha_log(HA_LOG_ERROR, "cannot make the connection synchronisation %s (interface %s, syncid %u): "
               "%s; it is tried again", role, wanted->interface, wanted->id, g_strerror(-error));
    else if (wanted->role != director->sync_role || director->sync_error != 0)
        ha_log(HA_LOG_NOTICE, "Connection synchronisation: %s (interface %s, syncid %u)", role,
               wanted->interface, wanted->id);
}

bool ld_kernel_sync_taking(const struct ld_director *director)
{
    return director->active_ns != 0 && ha_clock_ns() - director->active_ns < TAKING_NS;
}

/* Whoever was active before hands over its connections after we have become active: our table is written
 * before it lets go. */
static struct ld_sync sync_wanted(const struct ld_director *director, bool stopping)
{
    return ld_sync_wanted(&director->config->sync,
                          stopping                            ? LD_SYNC_STOPPING
                          : ld_core_standby(director->core)   ? LD_SYNC_STANDBY
                          : ld_kernel_sync_taking(director)   ? LD_SYNC_TAKING
                                                              : LD_SYNC_ACTIVE);
}

bool ld_kernel_hands_over(const struct ld_director *director)
{
    enum ld_sync_role role = ld_sync_wanted(&director->config->sync, LD_SYNC_ACTIVE).role;

    return role == LD_SYNC_MASTER || role == LD_SYNC_BOTH;
}

void ld_kernel_sync(struct ld_director *director, bool stopping)
{
    struct ld_sync wanted = sync_wanted(director, stopping);
    struct ld_sync none = {.role = LD_SYNC_NONE};
    int error = 0;

    if (wanted.role == LD_SYNC_NONE && director->sync_role == LD_SYNC_NONE &&
        director->sync_error == 0)
        return; /* never ours */
    if (director->sync_maxlen != 0 && wanted.maxlen == 0) /* the kernel chooses when it starts */
        error = director->ipvs->ops->sync(director->ipvs, &none);
    if (error == 0)
        error = director->ipvs->ops->sync(director->ipvs, &wanted);
    if (error != director->sync_error || wanted.role != director->sync_role)
        log_sync(director, &wanted, error);
    director->sync_role = wanted.role;
    director->sync_error = error;
    director->sync_maxlen = wanted.maxlen;
}
