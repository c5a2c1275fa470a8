/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The heap is the one area that the kernel calls so; large blocks that malloc
 * gets apart from it are for whoever has secrets in them to wipe, and to mark if
 * they stay.
 */
#include "common/run/secret.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/run/file.h"

#define MAPS      "/proc/self/maps"
#define MAPS_MAX  (1 << 20)
#define HEAP_NAME "[heap]"
#define TRIES_MAX 3
/* More than reading and parsing a file takes of it. */
#define STACK_BYTES 65536

/* Where the kernel says that the heap begins; 0: it does not say. */
static uintptr_t find_heap(void)
{
    char *text, *at, *line;
    uintptr_t start = 0;
    size_t length;

    if (ha_file_read(MAPS, MAPS_MAX, &text, &length, NULL) != 0)
        return 0;
    at = strstr(text, HEAP_NAME);
    if (at) {
        *at = '\0';
        line = strrchr(text, '\n');
        start = strtoull(line ? line + 1 : text, NULL, 16);
    }
    g_free(text);
    return start;
}

void ha_secret_heap(void)
{
    static uintptr_t start, marked; /* from, up to; 0: not yet */
    static unsigned tries;
    uintptr_t end = (uintptr_t)sbrk(0), page = (uintptr_t)sysconf(_SC_PAGESIZE);

    end = (end + page - 1) / page * page;
    if (end == marked || tries == TRIES_MAX)
        return;
    if (start == 0) {
        start = marked = find_heap();
        tries += start == 0;
    }
    if (start != 0 && end > marked)
        madvise((void *)marked, end - marked, MADV_DONTDUMP);
    if (start != 0)
        marked = end; /* what was given back is no more, and is marked anew when it comes again */
}

struct secret_text {
    char *bytes;
    size_t length;
};

static void wipe_text(gpointer data)
{
    struct secret_text *text = data;

    explicit_bzero(text->bytes, text->length);
    g_free(text->bytes);
    g_free(text);
}

GBytes *ha_secret_text(char *bytes, size_t length)
{
    struct secret_text *text = g_new(struct secret_text, 1);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)bytes / page * page;

    *text = (struct secret_text){bytes, length};
    if (length > 0)
        madvise((void *)start, (uintptr_t)bytes + length - start, MADV_DONTDUMP);
    return g_bytes_new_with_free_func(bytes, length, wipe_text, text);
}

/* What was copied last is in the vector registers still, and the next function that the dynamic linker looks up
 * has it saved on the stack. */
static void wipe_registers(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" : : : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                         "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    if (__builtin_cpu_supports("avx512f")) /* the compiler does not use them, the C library does */
        __asm__ volatile("vpxord %zmm16, %zmm16, %zmm16; vpxord %zmm17, %zmm17, %zmm17;"
                         "vpxord %zmm18, %zmm18, %zmm18; vpxord %zmm19, %zmm19, %zmm19;"
                         "vpxord %zmm20, %zmm20, %zmm20; vpxord %zmm21, %zmm21, %zmm21;"
                         "vpxord %zmm22, %zmm22, %zmm22; vpxord %zmm23, %zmm23, %zmm23;"
                         "vpxord %zmm24, %zmm24, %zmm24; vpxord %zmm25, %zmm25, %zmm25;"
                         "vpxord %zmm26, %zmm26, %zmm26; vpxord %zmm27, %zmm27, %zmm27;"
                         "vpxord %zmm28, %zmm28, %zmm28; vpxord %zmm29, %zmm29, %zmm29;"
                         "vpxord %zmm30, %zmm30, %zmm30; vpxord %zmm31, %zmm31, %zmm31");
#endif
}

void __attribute__((noinline)) ha_secret_stack(void)
{
    char below[STACK_BYTES];

    wipe_registers();
    memset(below, 0, sizeof(below));
    __asm__ volatile("" : : "r"(below) : "memory"); /* it is meant to be written */
}

void ha_secret_one_heap(void)
{
    mallopt(M_ARENA_MAX, 1);
}
