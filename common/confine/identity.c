/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identity and capabilities (identity.h) by the kernel's own calls: no library
 * for capabilities is needed for two numbers.
 */
#include "common/confine/identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- capabilities ---- */

static int set_caps(uint64_t caps)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)caps, .permitted = (uint32_t)caps},
        {.effective = (uint32_t)(caps >> 32), .permitted = (uint32_t)(caps >> 32)},
    };

    return syscall(SYS_capset, &header, data) != 0 ? -errno : 0;
}

static bool has_exactly(uint64_t caps)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};

    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        uint32_t part = (uint32_t)(caps >> (32 * i));

        if (data[i].effective != part || data[i].permitted != part || data[i].inheritable != 0)
            return false;
    }
    return true;
}

/* Those that this kernel does not know end the list. Who may not drop them (no CAP_SETPCAP) has nothing
 * to gain by executing something either, once no_new_privs is set. */
static void narrow_bounds(uint64_t caps)
{
    for (int cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (!(caps & HA_CAP(cap)))
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

/* ---- becoming ---- */

static int become(const struct ha_identity *who, const char **what)
{
    *what = "setgroups";
    if (setgroups(1, &who->gid) != 0)
        return -errno;
    *what = "setresgid";
    if (setresgid(who->gid, who->gid, who->gid) != 0)
        return -errno;
    *what = "setresuid";
    return setresuid(who->uid, who->uid, who->uid) != 0 ? -errno : 0;
}

static bool is_for_good(const struct ha_identity *who, uint64_t caps)
{
    uid_t uid[3];
    gid_t gid[3];

    if (!has_exactly(caps) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return false;
    if (who == NULL)
        return true;
    if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 || getresgid(&gid[0], &gid[1], &gid[2]) != 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (uid[i] != who->uid || gid[i] != who->gid)
            return false;
    return who->uid == 0 || (caps & HA_CAP(CAP_SETUID)) || setresuid(0, 0, 0) != 0;
}

int ha_identity_take(const struct ha_identity *who, uint64_t caps, const char **what)
{
    int error;

    narrow_bounds(caps);
    *what = "prctl(PR_SET_KEEPCAPS)"; /* for a moment: setresuid() would take all */
    if (caps != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
        return -errno;
    error = who != NULL ? become(who, what) : 0;
    if (error != 0)
        return error;
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    *what = "capset";
    error = set_caps(caps);
    if (error != 0)
        return error;
    *what = "prctl(PR_SET_NO_NEW_PRIVS)";
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    *what = "prctl(PR_SET_DUMPABLE)"; /* the leak sanitizer looks into its own process from another */
    if (prctl(PR_SET_DUMPABLE, SANITIZED, 0, 0, 0) != 0)
        return -errno;
    *what = "what the kernel says of this process";
    return is_for_good(who, caps) ? 0 : -EPERM;
}

int ha_identity_put_on(const struct ha_identity *who)
{
    /* Not glibc's, which would speak to threads that are not here. */
    if (syscall(SYS_setgroups, (size_t)who->group_count, who->groups) != 0 ||
        syscall(SYS_setresgid, who->gid, who->gid, who->gid) != 0 ||
        syscall(SYS_setresuid, who->uid, who->uid, who->uid) != 0 ||
        (who->powerless && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0))
        return -errno;
    return who->powerless ? set_caps(0) : 0;
}
