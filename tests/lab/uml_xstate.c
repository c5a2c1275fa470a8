/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into linux.uml, for processors with more state than it knows of. User-Mode Linux 6.1 hands a
 * process's extended state back to the kernel in a buffer that ends where AVX-512 and the protection keys
 * do; a kernel that runs on a processor with AMX refuses one that is not of the full size (EFAULT), and no
 * guest gets as far as its first program. Here such a buffer is made as long as it has to be. What is
 * added is the state of units that no process of the guest has asked for: it is marked as not in use.
 */
#ifdef __x86_64__ /* elsewhere there is no linux.uml */
#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

#define LEAF_XSTATE 0xd
#define HEADER_AT   512    /* in the buffer: which parts are in use, a bit each */
#define KNOWN_PARTS 0x3ffu /* up to the protection keys */

/* One guest, one processor: nobody else is at it. (Its stacks have no room for it.) */
static union {
    uint64_t align;
    uint8_t bytes[65536];
} whole;
static size_t whole_size;
static long (*next)(int request, pid_t pid, void *addr, void *data);

long ptrace(enum __ptrace_request request, ...) __attribute__((visibility("default")));

static void __attribute__((constructor)) find_out(void)
{
    unsigned eax, ebx = 0, ecx, edx;

    *(void **)&next = dlsym(RTLD_NEXT, "ptrace");
    if (__get_cpuid_count(LEAF_XSTATE, 0, &eax, &ebx, &ecx, &edx) && ebx <= sizeof whole)
        whole_size = ebx;
}

static struct iovec lengthened(const struct iovec *part)
{
    uint64_t in_use;

    memcpy(&whole, part->iov_base, part->iov_len);
    memset(whole.bytes + part->iov_len, 0, whole_size - part->iov_len);
    memcpy(&in_use, whole.bytes + HEADER_AT, sizeof in_use);
    in_use &= KNOWN_PARTS;
    memcpy(whole.bytes + HEADER_AT, &in_use, sizeof in_use);
    return (struct iovec){&whole, whole_size};
}

long ptrace(enum __ptrace_request request, ...)
{
    va_list rest;
    struct iovec longer;
    pid_t pid;
    void *addr, *data;

    va_start(rest, request);
    pid = va_arg(rest, pid_t);
    addr = va_arg(rest, void *);
    data = va_arg(rest, void *);
    va_end(rest);
    if (request == PTRACE_SETREGSET && (uintptr_t)addr == NT_X86_XSTATE) {
        const struct iovec *part = data;

        if (part->iov_len < whole_size && part->iov_len >= HEADER_AT + sizeof(uint64_t)) {
            longer = lengthened(part);
            data = &longer;
        }
    }
    return next((int)request, pid, addr, data);
}
#endif
