/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watchdog: a device that reboots the machine unless it is petted. Open
 * while the daemon takes part in the cluster, petted with each status of ours
 * that goes out, and closed with the letter that disarms it only after an
 * orderly end. A daemon that hangs or dies with resources up thus takes the
 * machine along. And the reboot itself, for stop_failure reboot.
 */
#ifndef HB_ACT_WATCHDOG_H
#define HB_ACT_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

/* A timeout of deadtime + 10 ms, rounded up to seconds. */
uint64_t hb_watchdog_timeout_s(uint64_t deadtime_ms);

/* A descriptor, or -1 and a line in the log: a machine without it goes on. */
int hb_watchdog_open(const char *path, uint64_t deadtime_ms);
/* Another dead time. path: for the log. */
void hb_watchdog_set(int fd, const char *path, uint64_t deadtime_ms);
void hb_watchdog_pet(int fd);
/* orderly: disarms it, so that the machine goes on without us. */
void hb_watchdog_close(int fd, bool orderly);

/* At once, without syncing or stopping anything. Returns only when the kernel refuses. */
void hb_reboot_now(const char *why);

#endif
