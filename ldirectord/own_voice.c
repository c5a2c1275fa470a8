/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trap of IPv6: Linux speaks to a host of its own network from the address that
 * was added last, or has the longest prefix, and that is often a virtual one. Real
 * servers behind direct routing or tunnels have it themselves, and answer it to
 * themselves: all their checks run into their timeouts. Where checks do, this looks
 * whether that may be why, and says so. Changes nothing.
 */
#include "common/base/time.h"
#include "common/run/clock.h"
#include "common/run/log.h"
#include "ldirectord/check/vip_sockets.h"
#include "ldirectord/director_inside.h"

#define PAUSE_NS (60 * HA_NS_PER_S)

static bool is_silence(enum ld_verdict verdict)
{
    return verdict == LD_L3TOUT || verdict == LD_L4TOUT || verdict == LD_L7TOUT;
}

/* One of its servers that has the virtual address; NULL: none. */
static const struct ld_real *holder_of(const struct ld_service *service)
{
    if (service->id.protocol == LD_FWM || service->id.addr.family != AF_INET6)
        return NULL;
    for (guint i = 0; i < service->reals->len; i++) {
        const struct ld_real *real = service->reals->pdata[i];

        if (real->method != LD_MASQ)
            return real;
    }
    return NULL;
}

static bool speaks_from_it(const struct ld_service *service, const struct ld_real *real)
{
    struct ha_addr source;

    return ld_vip_source(&real->addr, &source) == 0 && ha_addr_equal(&source, &service->id.addr);
}

void ld_director_mind_voice(struct ld_director *director, enum ld_verdict verdict)
{
    char virtual[HA_ADDR_TEXT], real[HA_ADDR_TEXT];
    uint64_t now_ns;

    if (!is_silence(verdict))
        return;
    now_ns = ha_clock_ns();
    if (now_ns < director->voice_next_ns)
        return;
    director->voice_next_ns = ha_after_ns(now_ns, PAUSE_NS);
    for (guint i = 0; i < director->config->services->len; i++) {
        const struct ld_service *service = director->config->services->pdata[i];
        const struct ld_real *holder = holder_of(service);

        if (holder == NULL || !speaks_from_it(service, holder))
            continue;
        if (!director->voice_told)
            ha_log(HA_LOG_WARNING, "Linux speaks to %s from the virtual address %s, which that server "
                   "has itself: it answers to itself, and its checks fail; give the address here "
                   "preferred_lft 0", ha_addr_text(&holder->addr, real),
                   ha_addr_text(&service->id.addr, virtual));
        director->voice_told = true;
        return;
    }
    director->voice_told = false;
}
