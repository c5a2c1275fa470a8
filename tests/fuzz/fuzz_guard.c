/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guardian's table, which outlives the daemon, with whatever in it: input
 * lies at the table's begin, repeated to its end. Nothing is sent beyond it.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heartbeatd/act/guard_table.h"
#include "tests/fuzz/fuzz.h"

ssize_t __wrap_sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to,
                      socklen_t size);
ssize_t __wrap_recv(int fd, void *bytes, size_t length, int flags);

static uint32_t sum;

/* Instead of the kernel: each byte is looked at. */
ssize_t __wrap_sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to,
                      socklen_t size)
{
    (void)fd, (void)flags, (void)to, (void)size;
    for (size_t i = 0; i < length; i++)
        sum += ((const uint8_t *)bytes)[i];
    return (ssize_t)length;
}

ssize_t __wrap_recv(int fd, void *bytes, size_t length, int flags)
{
    (void)fd, (void)bytes, (void)length, (void)flags;
    return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hb_guard_table *table = calloc(1, sizeof(*table));
    struct hb_guard_slot slot = {.index = 2, .family = AF_INET, .bits = 24, .addr = {10, 0, 0, 1}};
    unsigned released;

    fuzz_must(table != NULL);
    for (size_t at = 0; size > 0 && at < sizeof(*table); at += size)
        memcpy((uint8_t *)table + at, data, at + size <= sizeof(*table) ? size : sizeof(*table) - at);
    (void)hb_guard_empty(table);
    (void)hb_guard_overdue(table, true, 1000);
    (void)hb_guard_overdue(table, false, UINT64_MAX);
    (void)hb_guard_win(table, true);
    released = hb_guard_release(table, -1);
    fuzz_must(released <= HB_GUARD_SLOTS);
    if (hb_guard_put(table, HB_GUARD_REMOVE, &slot))
        fuzz_must(!hb_guard_empty(table));
    hb_guard_drop(table, AF_INET, slot.addr);
    fuzz_must(table->used <= HB_GUARD_SLOTS);
    free(table);
    return 0;
}
