/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For keepalived on a kernel without IPVS (LD_PRELOAD): the old interface, by socket options of a raw
 * socket, on which everything succeeds and no table is. What its checks cost is not changed by it.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* linux/ip_vs.h: IP_VS_BASE_CTL and on; the version is the first to be asked for. */
#define FIRST   (64 + 1024 + 64)
#define LAST    (FIRST + 32)
#define VERSION 0x010201

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    int (*real)(int, int, int, const void *, socklen_t) =
        (int (*)(int, int, int, const void *, socklen_t))dlsym(RTLD_NEXT, "setsockopt");

    return level == 0 && name >= FIRST && name < LAST ? 0 : real(fd, level, name, value, size);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
    int (*real)(int, int, int, void *, socklen_t *) =
        (int (*)(int, int, int, void *, socklen_t *))dlsym(RTLD_NEXT, "getsockopt");
    uint32_t version = VERSION;

    if (level != 0 || name < FIRST || name >= LAST)
        return real(fd, level, name, value, size);
    memset(value, 0, *size);
    if (*size >= sizeof(version))
        memcpy(value, &version, sizeof(version));
    return 0;
}
