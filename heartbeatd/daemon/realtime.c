/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real-time scheduling and locked memory, some of it in reserve. Memory is
 * locked only where there is no limit on it: with one, a later allocation would
 * fail, which is worse than a page fault.
 */
#include "heartbeatd/daemon/realtime.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "common/run/log.h"

/* Has the allocator keep so much at hand: it need not ask the kernel when memory is short. */
static void reserve(uint64_t kib)
{
    size_t size = (size_t)kib * 1024;
    char *reserve;

    mallopt(M_MMAP_THRESHOLD, size > INT32_MAX / 2 ? INT32_MAX : (int)size * 2);
    mallopt(M_TRIM_THRESHOLD, size > INT32_MAX / 2 ? INT32_MAX : (int)size * 2);
    reserve = malloc(size);
    if (!reserve) {
        ha_log(HA_LOG_WARNING, "memreserve: there are no %llu KiB to reserve",
               (unsigned long long)kib);
        return;
    }
    memset(reserve, 1, size);
    __asm__ volatile("" : : "r"(reserve) : "memory"); /* it is meant to be touched */
    free(reserve);
}

static void lock_memory(void)
{
#ifdef __SANITIZE_ADDRESS__
    /* The sanitizer's shadow of the address space cannot be locked. */
    ha_log(HA_LOG_DEBUG, "memory is not locked in a build with AddressSanitizer");
#else
    const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

    if (setrlimit(RLIMIT_MEMLOCK, &none) < 0 || mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
        ha_log(HA_LOG_WARNING, "memory is not locked (%s): heartbeats may be late when memory "
                               "is short",
               strerror(errno));
    }
#endif
}

void hb_realtime_enter(int priority, uint64_t memreserve_kib)
{
    const struct sched_param param = {.sched_priority = priority};

    /* Before we take precedence: a processor that locks memory does nothing else for a while. */
    lock_memory();
    reserve(memreserve_kib);
    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) < 0) {
        ha_log(HA_LOG_WARNING, "no real-time priority (%s): heartbeats may be late when the "
                               "machine is busy",
               strerror(errno));
    }
}
