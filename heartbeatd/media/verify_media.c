/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether this machine has what the media lines of ha.cf name. Opens no socket
 * that another could want, so it can be asked while a heartbeat runs: that a
 * port is free is not looked at.
 */
#include "heartbeatd/media/media.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heartbeatd/media/medium.h"

static bool has_broadcast(const struct ifaddrs *list, const char *name)
{
    for (; list; list = list->ifa_next) {
        if (strcmp(list->ifa_name, name) == 0 && list->ifa_addr &&
            list->ifa_addr->sa_family == AF_INET && (list->ifa_flags & IFF_BROADCAST) &&
            list->ifa_broadaddr) {
            return true;
        }
    }
    return false;
}

static char *resolvable(const char *name)
{
    struct ha_addr addr;
    char *why = NULL;

    if (ha_addr_parse(&addr, name) || hb_media_resolve(name, &addr, &why) == 0) {
        return NULL;
    }
    return why ? why : g_strdup_printf("cannot resolve %s", name);
}

static char *verify_hosts(const struct hb_medium *medium)
{
    char *why = NULL;

    for (guint i = 0; !why && medium->hosts && i < medium->hosts->len; i++) {
        why = resolvable(medium->hosts->pdata[i]);
    }
    return why;
}

static char *verify_device(const char *path)
{
    struct stat device;

    if (stat(path, &device) < 0) {
        return g_strdup_printf("%s: %s", path, strerror(errno));
    }
    return S_ISCHR(device.st_mode) ? NULL : g_strdup_printf("%s is not a device", path);
}

/* NULL: nothing is wrong with it. */
static char *fault_of(const struct hb_medium *medium, const struct ifaddrs *list)
{
    if (medium->kind == HB_PING) {
        return verify_hosts(medium);
    }
    if (medium->kind == HB_SERIAL) {
        return verify_device(medium->interface);
    }
    if (if_nametoindex(medium->interface) == 0) {
        return g_strdup_printf("there is no network interface %s", medium->interface);
    }
    if (medium->kind == HB_BCAST && !has_broadcast(list, medium->interface)) {
        return g_strdup_printf("interface %s has no broadcast address", medium->interface);
    }
    return medium->kind == HB_UCAST && medium->to.family == AF_UNSPEC ? resolvable(medium->peer)
                                                                      : NULL;
}

void hb_media_verify(const struct hb_config *config, enum ha_severity severity,
                     struct ha_diags *diags)
{
    struct ifaddrs *list = NULL;

    if (getifaddrs(&list) < 0) {
        list = NULL;
    }
    for (guint i = 0; i < config->media->len; i++) {
        const struct hb_medium *medium = config->media->pdata[i];
        char *why = fault_of(medium, list);

        if (why) {
            ha_diag_add(diags, severity, "ha.cf", medium->line, 0, "%s", why);
        }
        g_free(why);
    }
    freeifaddrs(list);
}
