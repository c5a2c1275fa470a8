/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real-time scheduling and locked memory, some of it in reserve. Memory is
 * locked only where there is no limit on it: with one, a later allocation would
 * fail, which is worse than a page fault. What was in memory once stays there; the code
 * of the program, and of what it is made of, is brought in at once.
 */
#include "heartbeatd/daemon/realtime.h"

#include <errno.h>
#include <link.h>
#include <linux/capability.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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

#ifndef __SANITIZE_ADDRESS__
/* Libraries that a takeover goes through, whose code is here before it is first run. What these bring along
 * themselves (libsystemd, libgcrypt, compression) is locked as far as it is used. */
static const char *const needed[] = {"libc.", "libglib-2.0.", "libnl-3.", "libnl-route-3.", "libqb."};

static bool is_needed(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (strncmp(name, needed[i], strlen(needed[i])) == 0)
            return true;
    return *path == '\0'; /* the program */
}

/* Reads a byte of each page that can be read. */
static int bring_in(struct dl_phdr_info *object, size_t size, void *ctx)
{
    const uintptr_t page = (uintptr_t)*(const long *)ctx;

    (void)size;
    for (int i = 0; is_needed(object->dlpi_name) && i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t from = object->dlpi_addr + part->p_vaddr, to = from + part->p_memsz;

        if (part->p_type != PT_LOAD || !(part->p_flags & PF_R))
            continue;
        for (uintptr_t at = from; at < to; at = (at / page + 1) * page)
            (void)*(const volatile char *)at;
    }
    return 0;
}

static int lock_all(void)
{
    const int all = MCL_CURRENT | MCL_FUTURE;
    long page = sysconf(_SC_PAGESIZE);

    if (!hb_realtime_lift_limit() && !hb_realtime_may_lock())
        return -EPERM;
    if (mlockall(all | MCL_ONFAULT) < 0 && (errno != EINVAL || mlockall(all) < 0)) /* before Linux 4.4 */
        return -errno;
    dl_iterate_phdr(bring_in, &page);
    return 0;
}
#endif

bool hb_realtime_lift_limit(void)
{
    const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

    return setrlimit(RLIMIT_MEMLOCK, &none) == 0;
}

bool hb_realtime_lift_priority(void)
{
    const struct rlimit any = {.rlim_cur = 99, .rlim_max = 99};

    return setrlimit(RLIMIT_RTPRIO, &any) == 0;
}

/* With this the kernel knows no limit for us. */
bool hb_realtime_may_lock(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    return syscall(SYS_capget, &header, data) == 0 && data[0].effective & 1u << CAP_IPC_LOCK;
}

int hb_realtime_lock(void)
{
#ifdef __SANITIZE_ADDRESS__
    return -ENOTSUP; /* the sanitizer's shadow of the address space cannot be locked */
#else
    return lock_all();
#endif
}

static void lock_memory(void)
{
    int error = hb_realtime_lock();

    if (error == -ENOTSUP)
        ha_log(HA_LOG_DEBUG, "memory is not locked in a build with AddressSanitizer");
    else if (error < 0)
        ha_log(HA_LOG_WARNING, "memory is not locked (%s): heartbeats may be late when memory "
                               "is short",
               strerror(-error));
}

void hb_realtime_keep_memory(uint64_t memreserve_kib)
{
    lock_memory();
    reserve(memreserve_kib);
}

void hb_realtime_hurry(int priority)
{
    const struct sched_param param = {.sched_priority = priority};

    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) < 0) {
        ha_log(HA_LOG_WARNING, "no real-time priority (%s): heartbeats may be late when the "
                               "machine is busy",
               strerror(errno));
    }
}
