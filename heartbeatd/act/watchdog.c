/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watchdog and the reboot. Any path will do as a device; one that is no
 * watchdog gets the bytes and has no timeout. The reboot is the kernel's call
 * and nothing else: in a container that ends the container, where a trigger in
 * /proc would take the machine below it.
 */
#include "heartbeatd/act/watchdog.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/watchdog.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "common/run/log.h"
#include "heartbeatd/act/power.h"

#define MARGIN_MS 10

uint64_t hb_watchdog_timeout_s(uint64_t deadtime_ms)
{
    return (deadtime_ms + MARGIN_MS + 999) / 1000;
}

void hb_watchdog_set(int fd, const char *path, uint64_t deadtime_ms)
{
    uint64_t seconds = hb_watchdog_timeout_s(deadtime_ms);
    int wanted = seconds > INT32_MAX ? INT32_MAX : (int)seconds;

    if (ioctl(fd, WDIOC_SETTIMEOUT, &wanted) < 0)
        ha_log(HA_LOG_WARNING, "watchdog: the timeout of %s cannot be set to %" PRIu64 " s: %s",
               path, seconds, strerror(errno));
    else if ((uint64_t)wanted != seconds)
        ha_log(HA_LOG_WARNING, "watchdog: %s takes %d s instead of %" PRIu64 " s", path, wanted,
               seconds);
    else
        ha_log(HA_LOG_NOTICE, "watchdog: using %s with a timeout of %" PRIu64 " s", path, seconds);
}

int hb_watchdog_open(const char *path, uint64_t deadtime_ms)
{
    int fd = hb_power_open(HB_POWER_WATCHDOG, path);

    if (fd < 0) {
        ha_log(HA_LOG_ERROR, "watchdog: cannot open %s: %s: nothing restarts this machine when "
                             "heartbeat hangs",
               path, strerror(-fd));
        return -1;
    }
    hb_watchdog_set(fd, path, deadtime_ms);
    hb_watchdog_pet(fd);
    return fd;
}

static void put(int fd, char letter)
{
    if (fd >= 0 && write(fd, &letter, 1) != 1)
        ha_log(HA_LOG_ERROR, "watchdog: cannot be reset: %s", strerror(errno));
}

void hb_watchdog_pet(int fd)
{
    put(fd, '\0');
}

void hb_watchdog_close(int fd, bool orderly)
{
    if (fd < 0)
        return;
    if (orderly)
        put(fd, 'V');
    close(fd);
}

void hb_reboot_now(const char *why)
{
    ha_log(HA_LOG_ERROR, "%s: rebooting this machine now", why);
    ha_log_flush();
    if (hb_power_away())
        hb_power_reboot();
    else
        reboot(RB_AUTOBOOT);
    ha_log(HA_LOG_ERROR, "this machine cannot be rebooted: %s", strerror(errno));
}
